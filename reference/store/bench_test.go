package store_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// A transaction that puts one new document, replaces one and deletes one, in a collection
// of a hundred thousand.
func BenchmarkUpdate(b *testing.B) {
	const loaded = 100_000
	for name, dsn := range map[string]func(*testing.B) string{
		"memory":     func(*testing.B) string { return "memory" },
		"SQLite":     func(b *testing.B) string { return filepath.Join(b.TempDir(), "bench.db") },
		"PostgreSQL": func(b *testing.B) string { return pgtest.Start(b) },
	} {
		b.Run(name, func(b *testing.B) {
			s, err := store.OpenColumns(b.Context(), dsn(b), testColumns, users, classes)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			if err := s.Load(b.Context(), dataset(loaded)); err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				err := s.Update(b.Context(), func(tx store.Tx) error {
					for _, d := range []store.Document{
						{SourcedID: fmt.Sprint("new ", n), Body: document(1)},
						{SourcedID: id(int32(n % 5000)), Body: document(2)},
					} {
						if _, err := tx.Put(users, d); err != nil {
							return err
						}
					}
					if n >= loaded-5000 {
						return nil // none is left
					}
					_, err := tx.Delete(users, id(int32(5000+n)))
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}

// Pages at the beginning and near the end of a collection from which much was deleted.
func BenchmarkKeys(b *testing.B) {
	s, err := store.Open(b.Context(), "memory", users, classes)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var all []store.Document
	for i := range 1_000_000 {
		all = append(all, store.Document{SourcedID: fmt.Sprint(i)})
	}
	if err := s.Load(b.Context(), store.Dataset{Documents: documentsOf(all), Lists: func(func(store.List) bool) {}}); err != nil {
		b.Fatal(err)
	}
	err = s.Update(b.Context(), func(tx store.Tx) error {
		for i := 0; i < len(all); i += 23 {
			if _, err := tx.Delete(users, all[i].SourcedID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, offset := range []int{0, 900_000} {
		b.Run(fmt.Sprint("offset=", offset), func(b *testing.B) {
			for b.Loop() {
				if keys, err := s.Keys(b.Context(), users, offset, 100); err != nil || len(keys) != 100 {
					b.Fatalf("%d keys, %v", len(keys), err)
				}
			}
		})
	}
}
