package store

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// A store of the first form is taken over with all that it has.
func TestFirstForm(t *testing.T) {
	for name, dsn := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "old.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			dsn := dsn(t)
			makeFirstForm(t, dsn)
			for range 2 { // it is taken over once
				s, err := Open(t.Context(), dsn, oldCollections...)
				if err != nil {
					t.Fatal(err)
				}
				if label, err := s.Label(t.Context()); err != nil || label != "old" {
					t.Errorf("Label = %q, %v", label, err)
				}
				n, err := s.Count(t.Context(), "users")
				if err != nil || n < 3 {
					t.Errorf("Count = %d, %v", n, err)
				}
				if key, err := s.Find(t.Context(), "users", "u1"); err != nil || key != 1 {
					t.Errorf("Find = %d, %v", key, err)
				}
				members, err := s.Members(t.Context(), "students", Whole)
				if err != nil || !slices.Equal(members[:2], []Key{0, 2}) {
					t.Errorf("Members: %v, %v", members, err)
				}
				err = s.Update(t.Context(), func(tx Tx) error {
					key, err := tx.Put("users", Document{SourcedID: fmt.Sprint("new ", n)})
					if err != nil {
						return err
					}
					return tx.Link("students", Whole, key)
				})
				if err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
			s, err := Open(t.Context(), dsn, oldCollections...)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			empty := Dataset{Documents: func(Collection) iter.Seq2[Document, error] { return func(func(Document, error) bool) {} },
				Lists: func(func(List) bool) {}}
			if err := s.Load(t.Context(), empty); err != nil {
				t.Error(err)
			}
		})
	}
}

func makeFirstForm(t *testing.T, dsn string) {
	t.Helper()
	ctx := context.Background()
	e, err := openEngine(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	tx, err := e.begin(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.rollback()
	w := e.words()
	execute := func(statement string, arguments ...any) {
		t.Helper()
		if err := tx.execute(ctx, statement, arguments...); err != nil {
			t.Fatal(err)
		}
	}
	execute(fmt.Sprintf(`CREATE TABLE dataset (label %s NOT NULL)`, w.text))
	execute(fmt.Sprintf(`CREATE TABLE lists (relation %s NOT NULL, owner INTEGER NOT NULL, members %s NOT NULL,
		PRIMARY KEY (relation, owner))`, w.text, w.blob))
	for _, c := range oldCollections {
		execute(fmt.Sprintf(`CREATE TABLE %s (rank INTEGER PRIMARY KEY, "sourcedId" %s NOT NULL, body %s NOT NULL)`, table(c), w.text, w.blob))
		if len(w.unique) > 0 {
			execute(fmt.Sprintf(`ALTER TABLE %s ADD CONSTRAINT %s UNIQUE ("sourcedId")`, table(c), index(c)))
		} else {
			execute(fmt.Sprintf(createIndex, index(c), table(c)))
		}
	}
	for i := range 3 {
		execute(`INSERT INTO "users" (rank, "sourcedId", body) VALUES ($1, $2, $3)`, Key(i), fmt.Sprint("u", i), []byte("{}"))
	}
	members, err := encodeMembers([]Key{0, 2})
	if err != nil {
		t.Fatal(err)
	}
	execute(`INSERT INTO lists (relation, owner, members) VALUES ($1, $2, $3)`, "students", Whole, members)
	execute(`INSERT INTO dataset (label) VALUES ($1)`, "old")
	if err := tx.commit(ctx); err != nil {
		t.Fatal(err)
	}
}
