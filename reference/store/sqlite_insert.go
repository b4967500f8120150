package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// sqliteInserter collects rows and inserts them sqliteBatch at a time. It keeps
// references to the values of a row until the batch is written.
type sqliteInserter struct {
	ctx     context.Context
	tx      *sql.Tx
	into    string // table and columns
	width   int
	full    *sql.Stmt // for a whole batch; prepared at the first
	pending []any
}

func newSQLiteInserter(ctx context.Context, tx *sql.Tx, table, columns string, width int) *sqliteInserter {
	return &sqliteInserter{
		ctx: ctx, tx: tx, width: width,
		into:    fmt.Sprintf(`INSERT INTO %s (%s) VALUES `, table, columns),
		pending: make([]any, 0, sqliteBatch*width),
	}
}

func (i *sqliteInserter) row(values ...any) error {
	i.pending = append(i.pending, values...)
	if len(i.pending) < sqliteBatch*i.width {
		return nil
	}
	if i.full == nil {
		statement, err := i.tx.PrepareContext(i.ctx, i.text(sqliteBatch))
		if err != nil {
			return err
		}
		i.full = statement
	}
	_, err := i.full.ExecContext(i.ctx, i.pending...)
	i.pending = i.pending[:0]
	return err
}

func (i *sqliteInserter) flush() error {
	if len(i.pending) == 0 {
		return nil
	}
	_, err := i.tx.ExecContext(i.ctx, i.text(len(i.pending)/i.width), i.pending...)
	i.pending = i.pending[:0]
	return err
}

func (i *sqliteInserter) text(rows int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", i.width), ",") + "),"
	return i.into + strings.TrimSuffix(strings.Repeat(row, rows), ",")
}

func (i *sqliteInserter) close() {
	if i.full != nil {
		i.full.Close()
	}
}
