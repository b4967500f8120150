package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// sqliteStore keeps the documents in SQLite, one table a collection, its
// rowid being the rank.
type sqliteStore struct {
	db *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// memoryName tells the in-memory databases of one process apart.
var memoryName atomic.Int64

// OpenMemory opens an empty SQLite store in memory. It is gone when closed, and
// holds at most 1 GiB, about a million enrollments; larger data needs a file.
func OpenMemory(ctx context.Context) (Store, error) {
	// The memdb VFS shares one database among the connections of this process
	// without the table locks of SQLite's shared-cache mode.
	return openSQLite(ctx, fmt.Sprintf("file:/rollcall-%d?vfs=memdb", memoryName.Add(1)))
}

// OpenFile opens the SQLite file at path, creating it when missing. Its folder
// must exist.
func OpenFile(ctx context.Context, path string) (Store, error) {
	if path == "" {
		return nil, errors.New("opening the store: the path of the SQLite file is empty")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	name := (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}).String()
	return openSQLite(ctx, name)
}

func openSQLite(ctx context.Context, name string) (Store, error) {
	separator := "?"
	if strings.Contains(name, "?") {
		separator = "&"
	}
	// 16 KiB pages hold some thirty enrollments, so that a page of a hundred
	// touches few of them. The rollback journal suits a store that is written
	// once: a load appends, and appended pages are not journaled. Losing the
	// last load to a power cut is harmless, hence synchronous(OFF).
	db, err := sql.Open("sqlite", name+separator+
		"_pragma=page_size(16384)&_pragma=synchronous(OFF)&_pragma=busy_timeout(10000)&_pragma=cache_size(-8192)")
	if err != nil {
		return nil, fmt.Errorf("opening the SQLite store: %w", err)
	}
	// Each connection has a page cache of its own (cache_size above); eight
	// bound the memory, and leave a slow reader of a large page some company.
	db.SetMaxOpenConns(sqliteConnections)
	db.SetMaxIdleConns(sqliteConnections)
	s := &sqliteStore{db: db, prepared: map[string]*sql.Stmt{}}
	if err := s.inTransaction(ctx, s.createTables); err != nil {
		db.Close()
		return nil, fmt.Errorf("opening the SQLite store: %w", err)
	}
	return s, nil
}

// sqliteConnections is how many requests read at the same time.
const sqliteConnections = 8

func (s *sqliteStore) createTables(ctx context.Context, tx *sql.Tx) error {
	statements := []string{
		`CREATE TABLE IF NOT EXISTS dataset (label TEXT NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS lists (relation TEXT NOT NULL, owner INTEGER NOT NULL, members BLOB NOT NULL,
			PRIMARY KEY (relation, owner))`,
	}
	for _, c := range Collections() {
		statements = append(statements,
			fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (rank INTEGER PRIMARY KEY, sourcedId TEXT NOT NULL, body BLOB NOT NULL)`, c),
			fmt.Sprintf(`CREATE UNIQUE INDEX IF NOT EXISTS %s_sourcedId ON %s (sourcedId)`, c, c))
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (s *sqliteStore) inTransaction(ctx context.Context, work func(context.Context, *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if err := work(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *sqliteStore) Load(ctx context.Context, data Dataset) error {
	err := s.inTransaction(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return s.load(ctx, tx, data)
	})
	if err != nil {
		return fmt.Errorf("loading the SQLite store: %w", err)
	}
	return nil
}

func (s *sqliteStore) load(ctx context.Context, tx *sql.Tx, data Dataset) error {
	for _, c := range Collections() {
		// The index is built after the rows: sorting a million random ids once
		// is several times faster than inserting each in its place.
		for _, statement := range []string{
			fmt.Sprintf(`DROP INDEX IF EXISTS %s_sourcedId`, c),
			fmt.Sprintf(`DELETE FROM %s`, c),
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		if err := s.loadCollection(ctx, tx, c, data); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(`CREATE UNIQUE INDEX %s_sourcedId ON %s (sourcedId)`, c, c)); err != nil {
			return fmt.Errorf("%s: indexing by sourcedId: %w", c, err)
		}
	}
	if err := s.loadLists(ctx, tx, data); err != nil {
		return fmt.Errorf("lists: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM dataset`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO dataset (label) VALUES (?)`, data.Label)
	return err
}

// sqliteBatch is how many rows one INSERT carries while loading: enough to hide
// the cost of a statement, few enough for a short prepared text.
const sqliteBatch = 64

func (s *sqliteStore) loadCollection(ctx context.Context, tx *sql.Tx, c Collection, data Dataset) error {
	insert := newSQLiteInserter(ctx, tx, string(c), "rank, sourcedId, body", 3)
	defer insert.close()
	rank := int32(0)
	for document, err := range data.Documents(c) {
		if err != nil {
			return err
		}
		if err := insert.row(rank, document.SourcedID, document.Body); err != nil {
			return err
		}
		rank++
	}
	return insert.flush()
}

func (s *sqliteStore) loadLists(ctx context.Context, tx *sql.Tx, data Dataset) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM lists`); err != nil {
		return err
	}
	insert := newSQLiteInserter(ctx, tx, "lists", "relation, owner, members", 3)
	defer insert.close()
	for list := range data.Lists {
		members, err := encodeMembers(list.Members)
		if err != nil {
			return fmt.Errorf("%s of %d: %w", list.Relation, list.Owner, err)
		}
		if err := insert.row(list.Relation, list.Owner, members); err != nil {
			return err
		}
	}
	return insert.flush()
}

func (s *sqliteStore) Label(ctx context.Context) (string, error) {
	var label string
	err := s.db.QueryRowContext(ctx, `SELECT label FROM dataset`).Scan(&label)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading the label of the SQLite store: %w", err)
	}
	return label, nil
}

func (s *sqliteStore) Count(ctx context.Context, c Collection) (int, error) {
	if err := knownCollection(c); err != nil {
		return 0, err
	}
	// Ranks are dense, and the largest rowid is found without counting.
	var n int
	if err := s.db.QueryRowContext(ctx, fmt.Sprintf(`SELECT coalesce(max(rank)+1, 0) FROM %s`, c)).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting %s: %w", c, err)
	}
	return n, nil
}

func (s *sqliteStore) Rank(ctx context.Context, c Collection, sourcedID string) (int32, error) {
	if err := knownCollection(c); err != nil {
		return 0, err
	}
	statement, err := s.prepare(ctx, fmt.Sprintf(`SELECT rank FROM %s WHERE sourcedId = ?`, c))
	if err != nil {
		return 0, err
	}
	var rank int32
	err = statement.QueryRowContext(ctx, sourcedID).Scan(&rank)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("finding a document in %s: %w", c, err)
	}
	return rank, nil
}

func (s *sqliteStore) Scan(ctx context.Context, c Collection, first, end int32, visit Visit) error {
	if err := knownCollection(c); err != nil {
		return err
	}
	statement, err := s.prepare(ctx, fmt.Sprintf(`SELECT rank, body FROM %s WHERE rank >= ? AND rank < ? ORDER BY rank`, c))
	if err != nil {
		return err
	}
	rows, err := statement.QueryContext(ctx, first, end)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c, err)
	}
	defer rows.Close()
	var rank int32
	var body sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&rank, &body); err != nil {
			return fmt.Errorf("reading %s: %w", c, err)
		}
		if err := visit(rank, body); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading %s: %w", c, err)
	}
	return nil
}

func (s *sqliteStore) Read(ctx context.Context, c Collection, ranks []int32, visit Visit) error {
	return readInBatches(ranks, visit, func(batch []int32, keep Visit) error {
		return s.readSet(ctx, c, batch, keep)
	}, func(first, end int32, visit Visit) error {
		return s.Scan(ctx, c, first, end, visit)
	})
}

func (s *sqliteStore) readSet(ctx context.Context, c Collection, ranks []int32, visit Visit) error {
	if err := knownCollection(c); err != nil {
		return err
	}
	// One text for every batch size keeps the number of prepared statements
	// small; json_each costs little beside reading the bodies.
	statement, err := s.prepare(ctx, fmt.Sprintf(
		`SELECT t.rank, t.body FROM json_each(?) AS wanted JOIN %s AS t ON t.rank = wanted.value`, c))
	if err != nil {
		return err
	}
	wanted := []byte{'['}
	for i, rank := range ranks {
		if i > 0 {
			wanted = append(wanted, ',')
		}
		wanted = strconv.AppendInt(wanted, int64(rank), 10)
	}
	rows, err := statement.QueryContext(ctx, string(append(wanted, ']')))
	if err != nil {
		return fmt.Errorf("reading %s: %w", c, err)
	}
	defer rows.Close()
	var rank int32
	var body sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&rank, &body); err != nil {
			return fmt.Errorf("reading %s: %w", c, err)
		}
		if err := visit(rank, body); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading %s: %w", c, err)
	}
	return nil
}

func (s *sqliteStore) Members(ctx context.Context, relation string, owner int32) ([]int32, error) {
	statement, err := s.prepare(ctx, `SELECT members FROM lists WHERE relation = ? AND owner = ?`)
	if err != nil {
		return nil, err
	}
	var encoded []byte
	err = statement.QueryRowContext(ctx, relation, owner).Scan(&encoded)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the list %s of %d: %w", relation, owner, err)
	}
	members, err := decodeMembers(encoded)
	if err != nil {
		return nil, fmt.Errorf("reading the list %s of %d: %w", relation, owner, err)
	}
	return members, nil
}

// prepare returns the statement for a text, compiled once for the store.
func (s *sqliteStore) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if statement, ok := s.prepared[text]; ok {
		return statement, nil
	}
	statement, err := s.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("preparing a query of the SQLite store: %w", err)
	}
	s.prepared[text] = statement
	return statement, nil
}

func (s *sqliteStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, statement := range s.prepared {
		statement.Close()
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("closing the SQLite store: %w", err)
	}
	return nil
}
