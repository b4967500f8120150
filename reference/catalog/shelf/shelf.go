package shelf

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Entry is what is kept of one resource.
type Entry struct {
	Document []byte
	Values   []Value
	// Words are those that the resource is found by, each [Weights] list for one weight, the
	// heaviest first. A word has letters and digits alone.
	Words [Weights][]string
}

// Weights is how many weights a word may have.
const Weights = 4

// Value is one value of a field. Fields with several values have them in their order.
type Value struct {
	Field string
	Text  string // as texts are compared and looked into
	// Low and High are the ends of the value where it is a number or a span of them, as Numeric
	// says; a number has both the same.
	Low, High float64
	Numeric   bool
}

// Shelf is a catalogue's persistence. Its methods may be called from several goroutines.
type Shelf struct {
	db     *sql.DB
	engine engine
}

// form is that of the tables: others are made anew.
const form = "1"

const (
	stateTable     = "catalog_state"
	documentsTable = "catalog_documents"
	valuesTable    = "catalog_values"
	wordsTable     = "catalog_words"
)

// Open opens the shelf in a database, with its tables where they are missing.
//
//   - "" or "memory": SQLite in memory, private to this shelf
//   - "postgres://…" or "postgresql://…": PostgreSQL
//   - "sqlite:PATH" or any other text: an SQLite file, created when missing
func Open(ctx context.Context, dsn string) (*Shelf, error) {
	e, name, err := engineOf(dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the catalogue: %w", err)
	}
	db, err := sql.Open(e.driver, name)
	if err != nil {
		return nil, fmt.Errorf("opening the catalogue: %w", err)
	}
	// What is in memory is gone with the last connection: none that is idle ends.
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	s := &Shelf{db, e}
	if err := s.prepare(ctx); err != nil {
		_ = db.Close() // the first error says more
		return nil, fmt.Errorf("opening the catalogue: %w", err)
	}
	return s, nil
}

// connections are how many searches run at the same time; others wait.
const connections = 8

// Close releases the database. What was in memory is gone.
func (s *Shelf) Close() error { return s.db.Close() }

// prepare makes the tables where there are none, or such of another form.
func (s *Shelf) prepare(ctx context.Context) error {
	if err := s.run(ctx, `CREATE TABLE IF NOT EXISTS `+stateTable+` (form TEXT NOT NULL, label TEXT NOT NULL)`); err != nil {
		return err
	}
	var found string
	err := s.db.QueryRowContext(ctx, `SELECT form FROM `+stateTable).Scan(&found)
	if err == nil && found == form {
		return nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	statements := []string{
		`DROP TABLE IF EXISTS ` + documentsTable,
		`DROP TABLE IF EXISTS ` + valuesTable,
		`DROP TABLE IF EXISTS ` + wordsTable,
		`CREATE TABLE ` + documentsTable + ` (key INTEGER PRIMARY KEY, body ` + s.engine.blob + ` NOT NULL)`,
		`CREATE TABLE ` + valuesTable + ` (field TEXT NOT NULL, key INTEGER NOT NULL, place INTEGER NOT NULL, head ` + s.engine.text +
			` NOT NULL, value ` + s.engine.text + ` NOT NULL, low ` + s.engine.number + `, high ` + s.engine.number +
			`, PRIMARY KEY (field, key, place))` + s.engine.clustered,
	}
	statements = append(statements, s.engine.made...)
	statements = append(statements, makeIndexes...)
	statements = append(statements, `DELETE FROM `+stateTable, `INSERT INTO `+stateTable+` (form, label) VALUES ('`+form+`', '')`)
	return s.run(ctx, statements...)
}

// The indexes of values are made anew behind many of them, which takes less time than to keep them.
var (
	dropIndexes = []string{`DROP INDEX IF EXISTS ` + valuesTable + `_head`, `DROP INDEX IF EXISTS ` + valuesTable + `_low`}
	makeIndexes = []string{
		`CREATE INDEX ` + valuesTable + `_head ON ` + valuesTable + ` (field, head)`,
		`CREATE INDEX ` + valuesTable + `_low ON ` + valuesTable + ` (field, low) WHERE low IS NOT NULL`,
	}
)

// run runs statements in one transaction.
func (s *Shelf) run(ctx context.Context, statements ...string) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	if err := inside(ctx, tx, statements); err != nil {
		return err
	}
	return tx.Commit()
}

// inside runs statements in a transaction.
func inside(ctx context.Context, tx *sql.Tx, statements []string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Label is what the shelf was filled with, in the words of whoever filled it; empty where it
// never was.
func (s *Shelf) Label(ctx context.Context) (string, error) {
	var label string
	if err := s.db.QueryRowContext(ctx, `SELECT label FROM `+stateTable).Scan(&label); err != nil {
		return "", fmt.Errorf("reading what the catalogue was filled with: %w", err)
	}
	return label, nil
}

// Fill replaces what is on the shelf, in one transaction: after an error it holds what it held
// before. The order of the entries is the order in which they are found where no other is
// asked for.
func (s *Shelf) Fill(ctx context.Context, label string, entries iter.Seq2[Entry, error]) error {
	if err := s.fill(ctx, label, entries); err != nil {
		return fmt.Errorf("filling the catalogue: %w", err)
	}
	return nil
}

func (s *Shelf) fill(ctx context.Context, label string, entries iter.Seq2[Entry, error]) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	before := slices.Concat(dropIndexes, []string{`DELETE FROM ` + documentsTable, `DELETE FROM ` + valuesTable, `DELETE FROM ` + wordsTable})
	if err := inside(ctx, tx, before); err != nil {
		return err
	}
	documents := &rows{tx: tx, engine: s.engine, table: documentsTable, columns: []string{"key", "body"}}
	values := &rows{tx: tx, engine: s.engine, table: valuesTable, columns: []string{"field", "key", "place", "head", "value", "low", "high"}}
	words := &rows{tx: tx, engine: s.engine, table: wordsTable, columns: s.engine.wordColumns}
	key := 0
	for e, err := range entries {
		if err != nil {
			return err
		}
		key++
		if err := documents.add(ctx, key, e.Document); err != nil {
			return err
		}
		places := map[string]int{}
		for _, v := range e.Values {
			var low, high any
			if v.Numeric {
				low, high = v.Low, v.High
			}
			if err := values.add(ctx, v.Field, key, places[v.Field], head(v.Text), v.Text, low, high); err != nil {
				return err
			}
			places[v.Field]++
		}
		if err := words.add(ctx, s.engine.wordRow(key, e.Words)...); err != nil {
			return err
		}
	}
	for _, r := range []*rows{documents, values, words} {
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	if err := inside(ctx, tx, makeIndexes); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE `+stateTable+` SET label = `+s.engine.parameter(1), label); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, s.engine.analyze)
	return err
}

// headLength bounds what of a text is in an index: PostgreSQL takes no long ones.
const headLength = 64

// head is the beginning of a text, in whole characters.
func head(text string) string {
	if len(text) <= headLength {
		return text
	}
	return strings.ToValidUTF8(text[:headLength], "")
}

// rows are put into a table many at a time.
type rows struct {
	tx      *sql.Tx
	engine  engine
	table   string
	columns []string
	waiting []any
	many    *sql.Stmt // for rowsAtOnce
}

// rowsAtOnce is how many rows one statement has; twice as many would gain little.
const rowsAtOnce = 100

func (r *rows) add(ctx context.Context, row ...any) error {
	r.waiting = append(r.waiting, row...)
	if len(r.waiting) < rowsAtOnce*len(r.columns) {
		return nil
	}
	if r.many == nil {
		var err error
		if r.many, err = r.tx.PrepareContext(ctx, r.statement(rowsAtOnce)); err != nil {
			return err
		}
	}
	_, err := r.many.ExecContext(ctx, r.waiting...)
	r.waiting = r.waiting[:0]
	return err
}

func (r *rows) flush(ctx context.Context) error {
	if len(r.waiting) == 0 {
		return nil
	}
	_, err := r.tx.ExecContext(ctx, r.statement(len(r.waiting)/len(r.columns)), r.waiting...)
	return err
}

func (r *rows) statement(n int) string {
	var b strings.Builder
	b.WriteString(r.engine.insert + ` INTO ` + r.table + ` (` + strings.Join(r.columns, ", ") + `) VALUES `)
	for row := range n {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for column := range r.columns {
			if column > 0 {
				b.WriteString(", ")
			}
			b.WriteString(r.engine.parameter(row*len(r.columns) + column + 1))
			b.WriteString(r.engine.cast(r.columns[column]))
		}
		b.WriteByte(')')
	}
	return b.String()
}
