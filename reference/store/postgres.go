package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresEngine runs statements in PostgreSQL.
type postgresEngine struct{ pool *pgxpool.Pool }

// openPostgres opens the database that a postgres:// URL names. The user needs the
// right to create tables in its current schema.
func openPostgres(ctx context.Context, dsn string) (engine, error) {
	// The error of ParseConfig quotes the DSN; pgx blanks the password in it.
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	config.MaxConns = postgresConnections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	return &postgresEngine{pool}, nil
}

// postgresConnections is how many read and write at the same time; well below
// the hundred connections that a server grants by default.
const postgresConnections = 9

func (e *postgresEngine) words() words {
	return words{
		name: "PostgreSQL",
		// COLLATE "C" makes equality of sourcedIds that of their bytes and spares the
		// index a locale.
		text: `text COLLATE "C"`, blob: "bytea", lock: ` FOR UPDATE`, clear: `TRUNCATE %s`,
		tables: `SELECT count(*), '' FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1`,
		chosen: `SELECT key, body FROM %s WHERE key = ANY($1)`,
		keys:   func(keys []Key) any { return keys },
		named: `SELECT wanted.n - 1, %[2]s FROM unnest($1::text[]) WITH ORDINALITY AS wanted (id, n)
			JOIN %[1]s AS t ON t."sourcedId" = wanted.id`,
		texts:  func(texts []string) any { return texts },
		remove: `DELETE FROM %s WHERE key = ANY($1)`,
		// EXTERNAL keeps bodies uncompressed: they are short and read far more often
		// than written.
		made:   `ALTER TABLE %s ALTER COLUMN body SET STORAGE EXTERNAL`,
		unique: []string{`ALTER TABLE %s DROP CONSTRAINT %s`, `CREATE UNIQUE INDEX %[2]s ON %[1]s ("sourcedId")`},
	}
}

// postgresQueryer is a pool or a transaction.
type postgresQueryer interface {
	Query(ctx context.Context, statement string, arguments ...any) (pgx.Rows, error)
}

func queryPostgres(ctx context.Context, q postgresQueryer, statement string, arguments []any, visit func(int64, []byte) error) error {
	rows, err := q.Query(ctx, statement, arguments...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		// Valid until the next row, which spares a copy. Numbers come in binary form, and
		// bytes and texts have but one.
		raw := rows.RawValues()
		var number int64
		switch len(raw[0]) {
		case 4:
			number = int64(int32(binary.BigEndian.Uint32(raw[0])))
		case 8:
			number = int64(binary.BigEndian.Uint64(raw[0]))
		default:
			return fmt.Errorf("the database has %d bytes where a number belongs", len(raw[0]))
		}
		if err := visit(number, raw[1]); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (e *postgresEngine) query(ctx context.Context, statement string, arguments []any, visit func(int64, []byte) error) error {
	return queryPostgres(ctx, e.pool, statement, arguments, visit)
}

func (e *postgresEngine) begin(ctx context.Context, _ bool) (transaction, error) {
	tx, err := e.pool.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return &postgresTransaction{tx}, nil
}

func (e *postgresEngine) analyze(ctx context.Context, tables []string) error {
	_, err := e.pool.Exec(ctx, `ANALYZE `+strings.Join(tables, ", "))
	return err
}

func (e *postgresEngine) close() error {
	e.pool.Close()
	return nil
}

type postgresTransaction struct{ tx pgx.Tx }

func (t *postgresTransaction) query(ctx context.Context, statement string, arguments []any, visit func(int64, []byte) error) error {
	return queryPostgres(ctx, t.tx, statement, arguments, visit)
}

func (t *postgresTransaction) execute(ctx context.Context, statement string, arguments ...any) error {
	_, err := t.tx.Exec(ctx, statement, arguments...)
	return err
}

func (t *postgresTransaction) insert(ctx context.Context, table string, columns []string, rows iter.Seq2[[]any, error]) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	_, err := t.tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		row, err, more := next()
		if !more || err != nil {
			return nil, err
		}
		return row, nil
	}))
	return err
}

func (t *postgresTransaction) replace(ctx context.Context, table string, keys []Key, bodies [][]byte) error {
	_, err := t.tx.Exec(ctx, fmt.Sprintf(`UPDATE %s AS t SET body = new.body FROM unnest($1::integer[], $2::bytea[]) AS new (key, body)
		WHERE t.key = new.key`, quoted(table)), keys, bodies)
	return err
}

func (t *postgresTransaction) commit(ctx context.Context) error { return t.tx.Commit(ctx) }

// rollback ends the transaction even where its context has ended.
func (t *postgresTransaction) rollback() { _ = t.tx.Rollback(context.Background()) }
