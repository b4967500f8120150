package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// testColumns keep the first letters of each body, and the last one of those that are
// short.
// testColumns spoils each value once it was yielded, as a role does that has one buffer for
// many documents.
var testColumns = &store.Columns{Form: "test", Values: func(_ store.Collection, body []byte, yield func(string, []byte)) {
	give := func(column string, value []byte) {
		value = bytes.Clone(value)
		yield(column, value)
		clear(value)
	}
	give("head", body[:min(len(body), 5)])
	if n := len(body); n > 0 && n < 8 {
		give("last", body[n-1:])
	}
}}

func testColumnsOf(t *testing.T, open func(*testing.T) store.Store) {
	t.Run("columns follow the documents", func(t *testing.T) {
		s := open(t)
		random := rand.New(rand.NewPCG(4, 4))
		var all []store.Document
		for i := range 9000 { // two rows, and some behind
			all = append(all, store.Document{SourcedID: fmt.Sprint(i), Body: fmt.Append(nil, random.IntN(20_000))})
		}
		load(t, s, store.Dataset{Documents: documentsOf(all), Lists: func(func(store.List) bool) {}})
		compareColumns(t, s)
		made := 9000
		some := func(puts, replaces, deletes int) {
			t.Helper()
			update(t, s, func(tx store.Tx) {
				for range puts {
					put(t, tx, users, fmt.Sprint(made), fmt.Sprint(made%777))
					made++
				}
				for range replaces {
					put(t, tx, users, fmt.Sprint(random.IntN(made-500)+500), fmt.Sprint("replaced ", random.IntN(10)))
				}
				for range deletes {
					_, _ = tx.Delete(users, fmt.Sprint(random.IntN(500))) // or it is gone already
				}
			})
			compareColumns(t, s)
		}
		some(10, 20, 30)
		some(0, 1000, 0)
		some(33_000, 10, 10)   // so many that rows are made of them
		some(100, 20_000, 300) // so many that all rows are made anew
		some(1, 1, 1)
		if err := s.Column(t.Context(), users, "nothing", func(_ store.Key, value []byte) error {
			if value != nil {
				return fmt.Errorf("the value is %q", value)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		if err := s.Column(t.Context(), "others", "head", nil); err == nil {
			t.Error("it has a column of no collection")
		}
	})
}

// compareColumns holds columns to the documents.
func compareColumns(t *testing.T, s store.Store) {
	t.Helper()
	for _, column := range []string{"head", "last"} {
		var keys []store.Key
		var values [][]byte
		err := s.Column(t.Context(), users, column, func(key store.Key, value []byte) error {
			keys, values = append(keys, key), append(values, bytes.Clone(value))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		err = s.Scan(t.Context(), users, 0, 1<<30, func(key store.Key, body []byte) error {
			var want []byte
			testColumns.Values(users, body, func(name string, value []byte) {
				if name == column {
					want = bytes.Clone(value)
				}
			})
			if i >= len(keys) || keys[i] != key || !bytes.Equal(values[i], want) {
				return fmt.Errorf("the value of %d is not %q", key, want)
			}
			i++
			return nil
		})
		if err != nil || i != len(keys) {
			t.Fatalf("%s: %d values, %d documents, %v", column, len(keys), i, err)
		}
	}
}

// Columns of another form are not believed, and a store without any has none.
func TestColumnsOfAnotherForm(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kept.db")
	var all []store.Document
	for i := range 5000 {
		all = append(all, store.Document{SourcedID: fmt.Sprint(i), Body: fmt.Append(nil, i)})
	}
	s := open(t, path)
	load(t, s, store.Dataset{Documents: documentsOf(all), Lists: func(func(store.List) bool) {}})
	other := &store.Columns{Form: "other", Values: func(_ store.Collection, body []byte, yield func(string, []byte)) {
		yield("head", slices.Concat([]byte("x"), body))
	}}
	for range 2 {
		again, err := store.OpenColumns(t.Context(), path, other, users, classes)
		if err != nil {
			t.Fatal(err)
		}
		err = again.Column(t.Context(), users, "head", func(key store.Key, value []byte) error {
			if string(value) != fmt.Sprint("x", key) {
				return fmt.Errorf("%q is the value of %d", value, key)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		update(t, again, func(tx store.Tx) { put(t, tx, users, "17", "17") })
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
	without, err := store.Open(t.Context(), path, users)
	if err != nil {
		t.Fatal(err)
	}
	defer without.Close()
	if err := without.Column(t.Context(), users, "head", nil); err == nil {
		t.Error("a store that was opened without columns has one")
	}
}
