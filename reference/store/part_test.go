package store_test

import (
	"path/filepath"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// Two parts of a database, and the database itself, keep the same collections beside each other.
func TestParts(t *testing.T) {
	for name, dsn := range map[string]string{"SQLite": filepath.Join(t.TempDir(), "parts.db"), "PostgreSQL": pgtest.Start(t)} {
		t.Run(name, func(t *testing.T) {
			stores := map[string]store.Store{}
			open := func(part string) {
				t.Helper()
				at := dsn
				if part != "" {
					at = store.Part(dsn, part)
				}
				s, err := store.Open(t.Context(), at, users, classes)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { s.Close() })
				stores[part] = s
			}
			open("")
			open("one")
			open("two")
			for part, s := range stores {
				err := s.Update(t.Context(), func(tx store.Tx) error {
					key, err := tx.Put(users, store.Document{SourcedID: "u", Body: []byte("of " + part)})
					if err == nil {
						err = tx.Link("those", key, key)
					}
					if err == nil {
						err = tx.SetLabel("label of " + part)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := stores["one"].Load(t.Context(), store.Dataset{}); err == nil {
				t.Error("a part can be loaded as a whole")
			}
			err := stores["one"].Update(t.Context(), func(tx store.Tx) error {
				if members, err := tx.Members("those", 0); err != nil || len(members) != 1 {
					t.Errorf("within a part the list is %v, %v", members, err)
				}
				if id, n, err := tx.Oldest(users, ""); id != "u" || n != 1 || err != nil {
					t.Errorf("the oldest is %q of %d, %v", id, n, err)
				}
				_, err := tx.Delete(users, "u")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for part, want := range map[string]string{"": "of ", "one": "", "two": "of two"} {
				open(part) // again, as after a restart
				got := ""
				err := stores[part].Lookup(t.Context(), users, []string{"u"}, func(_ int, body []byte) error {
					got = string(body)
					return nil
				})
				label, failed := stores[part].Label(t.Context())
				if err != nil || failed != nil || got != want || label != "label of "+part {
					t.Errorf("%q has %q and the label %q: %v, %v", part, got, label, err, failed)
				}
			}
		})
	}
	if got := store.Part("", "one"); got != "" {
		t.Errorf("a part of memory is %q", got)
	}
}
