package store

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"modernc.org/sqlite"
)

// sqliteEngine runs statements in SQLite. It has connections of its own and speaks
// to the driver: what a reader keeps prepared, and which connection it has, is its own
// to say.
type sqliteEngine struct {
	name string

	// readers are the connections that nobody reads by and that were opened, and unopened
	// those that never were: each has a page cache of its own, and so one is opened where
	// all others are read by. closed ends waiting for one.
	readers  chan *sqliteConnection
	unopened chan *sqliteConnection
	closed   chan struct{}
	writer   *sqliteConnection

	// alone is held by whoever writes to a store in memory. In a file the log of
	// SQLite keeps readers and the writer apart; memory has none, and readers would
	// wait by sleeping. nil: no need.
	alone *sync.RWMutex
}

// memoryName tells the in-memory databases of one process apart.
var memoryName atomic.Int64

// openMemory opens an empty SQLite database in memory. It is gone when closed, and
// holds at most 1 GiB, about a million enrollments; larger data needs a file.
func openMemory() (engine, error) {
	// The memdb VFS shares one database among the connections of this process
	// without the table locks of SQLite's shared-cache mode.
	return openSQLite(fmt.Sprintf("file:/rollcall-%d?vfs=memdb", memoryName.Add(1)), new(sync.RWMutex))
}

// openFile opens the SQLite file at path, creating it when missing. Its folder
// must exist.
func openFile(path string) (engine, error) {
	if path == "" {
		return nil, errors.New("the path of the SQLite file is empty")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// It may hold people's data and private keys: a file that is made here is the owner's alone,
	// and so are the logs beside it. What is wrong with the path SQLite says.
	if made, err := os.OpenFile(absolute, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
		if err := made.Close(); err != nil {
			return nil, err
		}
	}
	// With a log that is written ahead, whoever reads waits for nobody who writes. It is
	// synced when it is copied into the file: a transaction survives the process at
	// once, and a power cut may take the latest but leaves nothing half done.
	name := (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}).String() +
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=journal_size_limit(" + strconv.Itoa(logSize) + ")"
	return openSQLite(name, nil)
}

const (
	// sqliteReaders is how many read at the same time. Each has a page cache of its own
	// (cache_size below), so that they bound the memory.
	sqliteReaders = 8
	// logSize is what the log is cut to after a large transaction such as a load.
	logSize = 64 << 20
)

func openSQLite(name string, alone *sync.RWMutex) (engine, error) {
	// 16 KiB pages hold some thirty enrollments, so that a page of a hundred touches
	// few of them.
	e := &sqliteEngine{
		name:     name + "&_pragma=page_size(16384)&_pragma=busy_timeout(10000)&_pragma=cache_size(-8192)",
		readers:  make(chan *sqliteConnection, sqliteReaders),
		unopened: make(chan *sqliteConnection, sqliteReaders),
		closed:   make(chan struct{}),
		writer:   &sqliteConnection{},
		alone:    alone,
	}
	if err := e.writer.open(e.name); err != nil {
		return nil, fmt.Errorf("SQLite: %w", err)
	}
	for range sqliteReaders {
		e.unopened <- &sqliteConnection{}
	}
	return e, nil
}

func (e *sqliteEngine) words() words {
	return words{
		name: "SQLite", text: "TEXT", blob: "BLOB", clear: `DELETE FROM %s`,
		tables: `SELECT count(*), '' FROM sqlite_master WHERE type = 'table' AND name = $1`,
		// One text for every number of keys keeps the number of prepared statements
		// small; json_each costs little beside reading the bodies.
		chosen: `SELECT t.key, t.body FROM json_each($1) AS wanted JOIN %s AS t ON t.key = wanted.value`,
		keys: func(keys []Key) any {
			b := []byte{'['}
			for i, key := range keys {
				if i > 0 {
					b = append(b, ',')
				}
				b = strconv.AppendInt(b, int64(key), 10)
			}
			return string(append(b, ']'))
		},
		named: `SELECT wanted.key, %[2]s FROM json_each($1) AS wanted CROSS JOIN %[1]s AS t ON t."sourcedId" = wanted.value`,
		texts: func(texts []string) any {
			b, _ := json.Marshal(texts) // texts can always be
			return string(b)
		},
		remove: `DELETE FROM %s WHERE key IN (SELECT value FROM json_each($1))`,
	}
}

var errClosed = errors.New("the store is closed")

func (e *sqliteEngine) query(ctx context.Context, statement string, arguments []any, visit func(int64, []byte) error) error {
	c, err := e.reader(ctx)
	if err != nil {
		return err
	}
	defer e.release(c)
	if e.alone != nil {
		e.alone.RLock()
		defer e.alone.RUnlock()
	}
	if c.driver == nil {
		if err := c.open(e.name); err != nil {
			return err
		}
	}
	return c.query(ctx, statement, arguments, visit)
}

// reader waits for a connection to read by, one that was opened where there is one.
func (e *sqliteEngine) reader(ctx context.Context) (*sqliteConnection, error) {
	select {
	case <-e.closed:
		return nil, errClosed
	case c := <-e.readers:
		return c, nil
	default:
	}
	select {
	case <-e.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	case c := <-e.readers:
		return c, nil
	case c := <-e.unopened:
		return c, nil
	}
}

// release gives a connection back.
func (e *sqliteEngine) release(c *sqliteConnection) {
	if c.driver == nil {
		e.unopened <- c
	} else {
		e.readers <- c
	}
}

func (e *sqliteEngine) begin(ctx context.Context, everything bool) (transaction, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	release := func() {}
	switch {
	case e.alone != nil:
		e.alone.Lock()
		release = e.alone.Unlock
	case everything:
		var err error
		if release, err = e.withoutLog(ctx); err != nil {
			return nil, err
		}
	}
	t := &sqliteTransaction{sqliteConnection: e.writer, release: release}
	// At once for writing: another process may have the file too.
	if err := t.execute(ctx, `BEGIN IMMEDIATE`); err != nil {
		t.release()
		return nil, err
	}
	return t, nil
}

// withoutLog has the file written in place until release is called, with a journal of
// what was there before: whatever is appended is written once, and by way of the log
// twice. Nobody may have the file open, so the readers are closed; where another process
// has it, it stays as it is.
func (e *sqliteEngine) withoutLog(ctx context.Context) (release func(), err error) {
	taken := 0
	release = func() {
		_ = e.writer.execute(context.Background(), `PRAGMA journal_mode = WAL`) // it is tried again at the next opening
		for range taken {
			e.unopened <- &sqliteConnection{}
		}
	}
	for taken < sqliteReaders {
		var c *sqliteConnection
		select {
		case c = <-e.readers:
		case c = <-e.unopened:
		case <-ctx.Done():
			release()
			return nil, ctx.Err()
		}
		taken++
		if err := c.close(); err != nil {
			release()
			return nil, err
		}
	}
	_ = e.writer.execute(ctx, `PRAGMA journal_mode = DELETE`) // see above
	return release, nil
}

// analyze does nothing: each statement has one way to go.
func (e *sqliteEngine) analyze(context.Context, []string) error { return nil }

func (e *sqliteEngine) close() error {
	close(e.closed)
	var first error
	for range sqliteReaders {
		var c *sqliteConnection
		select {
		case c = <-e.readers:
		case c = <-e.unopened:
		}
		first = errors.Join(first, c.close())
	}
	return errors.Join(first, e.writer.close())
}

// sqliteConnection is for one goroutine at a time.
type sqliteConnection struct {
	driver   sqliteDriver // nil: not opened yet
	prepared map[string]sqliteStatement
}

type sqliteDriver interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
}

type sqliteStatement interface {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
}

func (c *sqliteConnection) open(name string) error {
	opened, err := (&sqlite.Driver{}).Open(name)
	if err != nil {
		return err
	}
	d, ok := opened.(sqliteDriver)
	if !ok {
		_ = opened.Close()
		return errors.New("the driver takes no contexts")
	}
	c.driver, c.prepared = d, map[string]sqliteStatement{}
	return nil
}

// prepare returns the statement for a text, compiled once for the connection.
func (c *sqliteConnection) prepare(ctx context.Context, text string) (sqliteStatement, error) {
	if s := c.prepared[text]; s != nil {
		return s, nil
	}
	prepared, err := c.driver.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s, ok := prepared.(sqliteStatement)
	if !ok {
		_ = prepared.Close()
		return nil, errors.New("the driver takes no contexts")
	}
	c.prepared[text] = s
	return s, nil
}

// contextRows is how many rows are read between two looks at the context. The driver
// would look at it for each, and start a goroutine for each statement.
const contextRows = 256

func (c *sqliteConnection) query(ctx context.Context, text string, arguments []any, visit func(int64, []byte) error) error {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.WithoutCancel(ctx), driverValues(arguments))
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]driver.Value, 2)
	for n := 0; ; n++ {
		if n%contextRows == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := rows.Next(row); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		number, isNumber := row[0].(int64)
		if !isNumber {
			return fmt.Errorf("the database has %T where a number belongs", row[0])
		}
		var value []byte
		switch v := row[1].(type) {
		case []byte:
			value = v
		case string:
			value = []byte(v)
		}
		if err := visit(number, value); err != nil {
			return err
		}
	}
}

// execute runs a statement to its end once it has begun. Where a client leaves meanwhile the
// driver would say that a BEGIN or a COMMIT failed which was carried out: the transaction
// would stay open, and all others wait for it.
func (c *sqliteConnection) execute(ctx context.Context, text string, arguments ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if len(arguments) == 0 {
		_, err := c.driver.ExecContext(ctx, text, nil)
		return err
	}
	s, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, driverValues(arguments))
	return err
}

// driverValues are arguments as drivers take them.
func driverValues(arguments []any) []driver.NamedValue {
	out := make([]driver.NamedValue, len(arguments))
	for i, a := range arguments {
		if key, is := a.(Key); is {
			a = int64(key)
		}
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return out
}

func (c *sqliteConnection) close() error {
	if c.driver == nil {
		return nil
	}
	var first error
	for _, s := range c.prepared {
		first = errors.Join(first, s.Close())
	}
	return errors.Join(first, c.driver.Close())
}

type sqliteTransaction struct {
	*sqliteConnection
	release func()
	over    bool
}

// sqliteBatch is how many rows one INSERT carries: enough to hide the cost of a
// statement, few enough for a short text.
const sqliteBatch = 64

func (t *sqliteTransaction) insert(ctx context.Context, table string, columns []string, rows iter.Seq2[[]any, error]) error {
	text := func(rows int) string {
		var b strings.Builder
		fmt.Fprintf(&b, `INSERT INTO %s (%s) VALUES `, quoted(table), `"`+strings.Join(columns, `", "`)+`"`)
		for i := range rows * len(columns) {
			b.WriteString([]string{"(?", ",?"}[min(i%len(columns), 1)])
			if (i+1)%len(columns) == 0 {
				b.WriteString("),")
			}
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	full := text(sqliteBatch)
	pending := make([]any, 0, sqliteBatch*len(columns))
	for row, err := range rows {
		if err != nil {
			return err
		}
		if pending = append(pending, row...); len(pending) < cap(pending) {
			continue
		}
		if err := t.execute(ctx, full, pending...); err != nil {
			return err
		}
		pending = pending[:0]
	}
	if len(pending) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := t.driver.ExecContext(context.WithoutCancel(ctx), text(len(pending)/len(columns)), driverValues(pending))
	return err
}

func (t *sqliteTransaction) replace(ctx context.Context, table string, keys []Key, bodies [][]byte) error {
	statement := fmt.Sprintf(`UPDATE %s SET body = $2 WHERE key = $1`, quoted(table))
	for i, key := range keys {
		if err := t.execute(ctx, statement, key, bodies[i]); err != nil {
			return err
		}
	}
	return nil
}

func (t *sqliteTransaction) commit(ctx context.Context) error {
	if err := t.execute(ctx, `COMMIT`); err != nil {
		return err
	}
	t.end()
	return nil
}

func (t *sqliteTransaction) rollback() {
	if t.over {
		return
	}
	// The context may have ended. An error means that SQLite rolled back by itself.
	_ = t.execute(context.Background(), `ROLLBACK`)
	t.end()
}

func (t *sqliteTransaction) end() {
	t.over = true
	t.release()
}
