package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresStore keeps the documents in PostgreSQL, one table a collection,
// whose primary key is the rank.
type postgresStore struct {
	pool *pgxpool.Pool
}

// OpenPostgres opens the PostgreSQL database that a postgres:// URL names and
// creates the tables of the store in its current schema when they are missing.
// The user needs the right to create tables there.
func OpenPostgres(ctx context.Context, dsn string) (Store, error) {
	// The error of ParseConfig quotes the DSN; pgx blanks the password in it.
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the PostgreSQL store: %w", err)
	}
	config.MaxConns = postgresConnections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("opening the PostgreSQL store: %w", err)
	}
	s := &postgresStore{pool: pool}
	if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return s.createTables(ctx, tx) }); err != nil {
		pool.Close()
		return nil, fmt.Errorf("opening the PostgreSQL store: %w", err)
	}
	return s, nil
}

// postgresConnections is how many requests read at the same time; well below
// the hundred connections that a server grants by default.
const postgresConnections = 8

// table quotes the name, since PostgreSQL folds unquoted ones to lower case.
func table(c Collection) string { return pgx.Identifier{string(c)}.Sanitize() }

func (s *postgresStore) createTables(ctx context.Context, tx pgx.Tx) error {
	statements := []string{
		`CREATE TABLE IF NOT EXISTS dataset (label text NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS lists (relation text NOT NULL, owner integer NOT NULL, members bytea NOT NULL,
			PRIMARY KEY (relation, owner))`,
	}
	for _, c := range Collections() {
		// COLLATE "C" makes equality of sourcedIds that of their bytes and
		// spares the index a locale. EXTERNAL keeps bodies uncompressed: they
		// are short and read far more often than written.
		statements = append(statements, fmt.Sprintf(
			`CREATE TABLE IF NOT EXISTS %[1]s (rank integer PRIMARY KEY, "sourcedId" text COLLATE "C" NOT NULL,
				body bytea NOT NULL, CONSTRAINT %[2]s UNIQUE ("sourcedId"))`,
			table(c), constraint(c)),
			fmt.Sprintf(`ALTER TABLE %s ALTER COLUMN body SET STORAGE EXTERNAL`, table(c)))
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func constraint(c Collection) string { return pgx.Identifier{string(c) + "_sourcedId"}.Sanitize() }

func (s *postgresStore) Load(ctx context.Context, data Dataset) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return s.load(ctx, tx, data) })
	if err != nil {
		return fmt.Errorf("loading the PostgreSQL store: %w", err)
	}
	// Outside the transaction: it only tells the planner what is there now.
	tables := []string{"lists"}
	for _, c := range Collections() {
		tables = append(tables, table(c))
	}
	if _, err := s.pool.Exec(ctx, `ANALYZE `+strings.Join(tables, ", ")); err != nil {
		return fmt.Errorf("analyzing the PostgreSQL store: %w", err)
	}
	return nil
}

func (s *postgresStore) load(ctx context.Context, tx pgx.Tx, data Dataset) error {
	for _, c := range Collections() {
		if err := s.loadCollection(ctx, tx, c, data); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
	}
	if err := s.loadLists(ctx, tx, data); err != nil {
		return fmt.Errorf("lists: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM dataset`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO dataset (label) VALUES ($1)`, data.Label)
	return err
}

func (s *postgresStore) loadCollection(ctx context.Context, tx pgx.Tx, c Collection, data Dataset) error {
	// As in SQLite, the index comes after the rows.
	for _, statement := range []string{
		fmt.Sprintf(`ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s`, table(c), constraint(c)),
		fmt.Sprintf(`TRUNCATE %s`, table(c)),
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	next, stop := iter.Pull2(data.Documents(c))
	defer stop()
	rank := int32(-1)
	_, err := tx.CopyFrom(ctx, pgx.Identifier{string(c)}, []string{"rank", "sourcedId", "body"},
		pgx.CopyFromFunc(func() ([]any, error) {
			document, err, more := next()
			if !more || err != nil {
				return nil, err
			}
			rank++
			return []any{rank, document.SourcedID, document.Body}, nil
		}))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(`ALTER TABLE %s ADD CONSTRAINT %s UNIQUE ("sourcedId")`, table(c), constraint(c))); err != nil {
		return fmt.Errorf("indexing by sourcedId: %w", err)
	}
	return nil
}

func (s *postgresStore) loadLists(ctx context.Context, tx pgx.Tx, data Dataset) error {
	if _, err := tx.Exec(ctx, `TRUNCATE lists`); err != nil {
		return err
	}
	next, stop := iter.Pull(data.Lists)
	defer stop()
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"lists"}, []string{"relation", "owner", "members"},
		pgx.CopyFromFunc(func() ([]any, error) {
			list, more := next()
			if !more {
				return nil, nil
			}
			members, err := encodeMembers(list.Members)
			if err != nil {
				return nil, fmt.Errorf("%s of %d: %w", list.Relation, list.Owner, err)
			}
			return []any{list.Relation, list.Owner, members}, nil
		}))
	return err
}

func (s *postgresStore) Label(ctx context.Context) (string, error) {
	var label string
	err := s.pool.QueryRow(ctx, `SELECT label FROM dataset`).Scan(&label)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("reading the label of the PostgreSQL store: %w", err)
	}
	return label, nil
}

func (s *postgresStore) Count(ctx context.Context, c Collection) (int, error) {
	if err := knownCollection(c); err != nil {
		return 0, err
	}
	var n int
	if err := s.pool.QueryRow(ctx, fmt.Sprintf(`SELECT coalesce(max(rank)+1, 0) FROM %s`, table(c))).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting %s: %w", c, err)
	}
	return n, nil
}

func (s *postgresStore) Rank(ctx context.Context, c Collection, sourcedID string) (int32, error) {
	if err := knownCollection(c); err != nil {
		return 0, err
	}
	if !storableText(sourcedID) {
		return 0, ErrNotFound
	}
	var rank int32
	err := s.pool.QueryRow(ctx, fmt.Sprintf(`SELECT rank FROM %s WHERE "sourcedId" = $1`, table(c)), sourcedID).Scan(&rank)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("finding a document in %s: %w", c, err)
	}
	return rank, nil
}

// storableText says whether PostgreSQL can hold the text at all: a sourcedId
// from a request may be any bytes, and those it cannot hold name no document.
func storableText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

func (s *postgresStore) Scan(ctx context.Context, c Collection, first, end int32, visit Visit) error {
	return s.query(ctx, c, visit, `SELECT rank, body FROM %s WHERE rank >= $1 AND rank < $2 ORDER BY rank`, first, end)
}

func (s *postgresStore) Read(ctx context.Context, c Collection, ranks []int32, visit Visit) error {
	return readInBatches(ranks, visit, func(batch []int32, keep Visit) error {
		return s.query(ctx, c, keep, `SELECT rank, body FROM %s WHERE rank = ANY($1)`, batch)
	}, func(first, end int32, visit Visit) error {
		return s.Scan(ctx, c, first, end, visit)
	})
}

// query runs a text in which %s stands for the table and visits its rows.
func (s *postgresStore) query(ctx context.Context, c Collection, visit Visit, text string, arguments ...any) error {
	if err := knownCollection(c); err != nil {
		return err
	}
	rows, err := s.pool.Query(ctx, fmt.Sprintf(text, table(c)), arguments...)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c, err)
	}
	defer rows.Close()
	var rank int32
	var body pgtype.DriverBytes // valid until the next row; spares a copy
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

func (s *postgresStore) Members(ctx context.Context, relation string, owner int32) ([]int32, error) {
	var encoded []byte
	err := s.pool.QueryRow(ctx, `SELECT members FROM lists WHERE relation = $1 AND owner = $2`, relation, owner).Scan(&encoded)
	if errors.Is(err, pgx.ErrNoRows) {
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

func (s *postgresStore) Close() error {
	s.pool.Close()
	return nil
}
