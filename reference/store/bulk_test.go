package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// The part of the contract that is about many documents at once: they are as one by one.

func testBulk(t *testing.T, open func(*testing.T) store.Store) {
	many := func(from, to int, text string) []store.Document {
		var out []store.Document
		for i := from; i < to; i++ {
			out = append(out, store.Document{SourcedID: fmt.Sprintf("many-%d", i), Body: fmt.Appendf(nil, "%s %d", text, i)})
		}
		return out
	}
	names := func(from, to int) []string {
		var out []string
		for _, d := range many(from, to, "") {
			out = append(out, d.SourcedID)
		}
		return out
	}
	putAll := func(t *testing.T, s store.Store, documents []store.Document) {
		t.Helper()
		if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.PutAll(users, documents) }); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("many are put into an empty collection, then some replaced and some appended", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(0))
		putAll(t, s, many(0, 3000, "first"))
		putAll(t, s, nil)
		want(t, s, users, names(0, 3000)...)
		putAll(t, s, many(2900, 5000, "second"))
		want(t, s, users, names(0, 5000)...)
		for name, text := range map[string]string{"many-0": "first 0", "many-2899": "first 2899", "many-2900": "second 2900", "many-4999": "second 4999"} {
			if got := body(t, s, users, name); got != text {
				t.Errorf("%s is %q", name, got)
			}
		}
	})

	t.Run("a sourcedId that comes twice into an empty collection is an error, and nothing is there", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(0))
		err := s.Update(t.Context(), func(tx store.Tx) error {
			return errors.Join(tx.PutAll(users, many(0, 1000, "a")), tx.PutAll(users, many(999, 1001, "b")))
		})
		if err == nil {
			t.Error("it was taken")
		}
		want(t, s, users)
		putAll(t, s, many(0, 1000, "again"))
		putAll(t, s, many(0, 1, "once more"))
		want(t, s, users, names(0, 1000)...)
	})

	t.Run("many are deleted, and their keys given to nobody", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(0))
		putAll(t, s, many(0, 5000, "x"))
		err := s.Update(t.Context(), func(tx store.Tx) error {
			n, err := tx.DeleteAll(users, append(names(1000, 4000), "nobody", "many-1000\x00", "many-1500"))
			if n != 3000 {
				t.Errorf("%d were deleted", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, users, append(names(0, 1000), names(4000, 5000)...)...)
		putAll(t, s, many(1000, 1002, "y"))
		want(t, s, users, slices.Concat(names(0, 1000), names(4000, 5000), names(1000, 1002))...)
	})

	t.Run("many are deleted in the transaction that put them", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(0))
		err := s.Update(t.Context(), func(tx store.Tx) error {
			if err := tx.PutAll(users, many(0, 600, "x")); err != nil {
				return err
			}
			_, err := tx.DeleteAll(users, names(100, 600))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, users, names(0, 100)...)
	})

	t.Run("many are looked up by their sourcedIds", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(0))
		odd := []store.Document{{SourcedID: "", Body: []byte("nameless")}, {SourcedID: `q"\u0000<ß`, Body: []byte("odd")}}
		putAll(t, s, append(many(0, 3000, "x"), odd...))
		asked := append(names(2999, 3001), `q"\u0000<ß`, "bad\xff", "many-7\x00", "")
		asked = append(asked, names(0, 2000)...)
		got := map[string]string{}
		err := s.Lookup(t.Context(), users, asked, func(n int, body []byte) error { got[asked[n]] = string(body); return nil })
		if err != nil || len(got) != 2003 || got["many-2999"] != "x 2999" || got["many-1999"] != "x 1999" || got[`q"\u0000<ß`] != "odd" ||
			got[""] != "nameless" {
			t.Errorf("%d were found, %v", len(got), err)
		}
		stop := errors.New("stop")
		if err := s.Lookup(t.Context(), users, asked, func(int, []byte) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("the error of visit became %v", err)
		}
		var ids []string
		err = s.SourcedIDs(t.Context(), users, func(id []byte) error { ids = append(ids, string(id)); return nil })
		all := append(names(0, 3000), "", `q"\u0000<ß`)
		slices.Sort(all)
		if err != nil || !slices.Equal(ids, all) {
			t.Errorf("%d sourcedIds, %v", len(ids), err)
		}
	})

	t.Run("one is found in the transaction that put many", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(0))
		err := s.Update(t.Context(), func(tx store.Tx) error {
			if err := tx.PutAll(users, many(0, 600, "x")); err != nil {
				return err
			}
			if _, b, err := tx.Get(users, "many-599"); err != nil || string(b) != "x 599" {
				t.Errorf("%s, %v", b, err)
			}
			return tx.PutAll(users, many(599, 700, "y"))
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, s, users, names(0, 700)...)
		has, err := s.Has(t.Context(), users, []string{"many-599", "nobody", "many-0", "many-0\x00"})
		if err != nil || !slices.Equal(has, []bool{true, false, true, false}) {
			t.Errorf("%v, %v", has, err)
		}
	})

	t.Run("what was replaced among many is right in columns", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(10_000))
		var documents []store.Document
		for i := range store.Key(1500) {
			documents = append(documents, store.Document{SourcedID: id(i), Body: fmt.Appendf(nil, "%05d new", i)})
		}
		putAll(t, s, documents)
		n := 0
		err := s.Column(t.Context(), users, "head", func(key store.Key, value []byte) error {
			if key < 1500 && string(value) != fmt.Sprintf("%05d", key) {
				t.Errorf("%d has %q", key, value)
			}
			n++
			return nil
		})
		if err != nil || n != 10_000 {
			t.Errorf("%d values, %v", n, err)
		}
	})

	t.Run("a label is replaced", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(1))
		if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.SetLabel("another") }); err != nil {
			t.Fatal(err)
		}
		if label, err := s.Label(t.Context()); err != nil || label != "another" {
			t.Errorf("%q, %v", label, err)
		}
	})
}
