package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// The contract that every store keeps, run on each of them.

const (
	users   store.Collection = "users"
	classes store.Collection = "classes"
)

func TestSQLiteMemory(t *testing.T) {
	testContract(t, func(t *testing.T) store.Store { return open(t, "memory") })
}

func TestSQLiteFile(t *testing.T) {
	testContract(t, func(t *testing.T) store.Store { return open(t, filepath.Join(t.TempDir(), "a b%?#.db")) })
}

func TestPostgres(t *testing.T) {
	dsn := pgtest.Start(t)
	testContract(t, func(t *testing.T) store.Store { return open(t, dsn) })
}

func open(t *testing.T, dsn string) store.Store {
	t.Helper()
	s, err := store.OpenColumns(t.Context(), dsn, testColumns, users, classes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func testContract(t *testing.T, open func(*testing.T) store.Store) {
	t.Run("writing", func(t *testing.T) { testWrites(t, open) })
	t.Run("bulk", func(t *testing.T) { testBulk(t, open) })
	t.Run("columns", func(t *testing.T) { testColumnsOf(t, open) })

	t.Run("an empty dataset is empty", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(0))
		for _, c := range []store.Collection{users, classes} {
			if n, err := s.Count(t.Context(), c); err != nil || n != 0 {
				t.Errorf("Count(%s) = %d, %v", c, n, err)
			}
			if err := s.Scan(t.Context(), c, 0, 10, func(store.Key, []byte) error { return errors.New("a document") }); err != nil {
				t.Errorf("Scan(%s): %v", c, err)
			}
		}
	})

	t.Run("documents come back by key and by sourcedId", func(t *testing.T) {
		const n = 1000
		s := open(t)
		load(t, s, dataset(n))
		if got, err := s.Count(t.Context(), users); err != nil || got != n {
			t.Fatalf("Count = %d, %v", got, err)
		}
		if got := scan(t, s, 0, n); !slices.Equal(got, span(0, n)) {
			t.Errorf("scanning everything gave %d documents", len(got))
		}
		if got := scan(t, s, 900, 2000); !slices.Equal(got, span(900, n)) {
			t.Errorf("scanning beyond the end gave %v", got)
		}
		if got := scan(t, s, 500, 500); got != nil {
			t.Errorf("scanning nothing gave %v", got)
		}
		for _, i := range []store.Key{0, 1, 63, 64, n - 1} {
			if key, err := s.Find(t.Context(), users, id(i)); err != nil || key != i {
				t.Errorf("Find(%q) = %d, %v, want %d", id(i), key, err, i)
			}
		}
	})

	t.Run("keys are read in the order asked for", func(t *testing.T) {
		const n = 1000
		s := open(t)
		load(t, s, dataset(n))
		random := rand.New(rand.NewPCG(1, 2))
		wanted := span(0, n)
		random.Shuffle(len(wanted), func(i, j int) { wanted[i], wanted[j] = wanted[j], wanted[i] })
		backwards := span(0, n)
		slices.Reverse(backwards)
		for _, keys := range [][]store.Key{wanted, wanted[:1], nil, {7, 8, 9}, {9, 8, 7}, {3, 3, 5, 3}, backwards} {
			var got []store.Key
			err := s.Read(t.Context(), users, keys, func(key store.Key, body []byte) error {
				if !bytes.Equal(body, document(key)) {
					t.Errorf("key %d has another document", key)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			err = s.Read(t.Context(), users, keys, func(_ store.Key, body []byte) error {
				var i store.Key
				if _, err := fmt.Sscanf(string(body[:8]), "%08d", &i); err != nil {
					return err
				}
				got = append(got, i)
				return nil
			})
			if err != nil || !slices.Equal(got, keys) {
				t.Errorf("Read gave %d documents of %d, %v", len(got), len(keys), err)
			}
		}
		for _, keys := range [][]store.Key{{n}, {n, n - 1, n}, {n + 3, 5}, {-1}, {n - 1, n}} {
			var got []store.Key
			err := s.Read(t.Context(), users, keys, func(key store.Key, _ []byte) error { got = append(got, key); return nil })
			there := slices.DeleteFunc(slices.Clone(keys), func(key store.Key) bool { return key < 0 || key >= n })
			if err != nil || !slices.Equal(got, there) {
				t.Errorf("Read(%v) gave %v, %v", keys, got, err)
			}
		}
	})

	t.Run("an unknown sourcedId is not found", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(10))
		for _, unknown := range []string{"", "nobody", id(3) + " ", "USER-00000003", "\x00", "\xff", "'; DROP TABLE users; --"} {
			if _, err := s.Find(t.Context(), users, unknown); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Find(%q): %v", unknown, err)
			}
		}
	})

	t.Run("an unknown collection is refused", func(t *testing.T) {
		s := open(t)
		if _, err := s.Count(t.Context(), "users; DROP TABLE users"); err == nil {
			t.Error("Count took it")
		}
		if _, err := s.Find(t.Context(), "nothing", "x"); err == nil {
			t.Error("Find took it")
		}
		if err := s.Scan(t.Context(), "nothing", 0, 1, nil); err == nil {
			t.Error("Scan took it")
		}
		if err := s.Read(t.Context(), "nothing", []store.Key{2, 1}, nil); err == nil {
			t.Error("Read took it")
		}
	})

	t.Run("lists come back", func(t *testing.T) {
		s := open(t)
		data := dataset(10)
		lists := []store.List{
			{"students", store.Whole, []store.Key{0, 1, 5, 9}},
			{"class.students", 0, []store.Key{1 << 30, 1<<31 - 1}},
			{"class.students", 7, []store.Key{0}},
			{"class.teachers", 7, nil},
		}
		data.Lists = slices.Values(lists)
		load(t, s, data)
		for _, want := range lists {
			got, err := s.Members(t.Context(), want.Relation, want.Owner)
			if err != nil || !slices.Equal(got, want.Members) {
				t.Errorf("Members(%s, %d) = %v, %v", want.Relation, want.Owner, got, err)
			}
		}
		if got, err := s.Members(t.Context(), "class.students", 8); err != nil || len(got) != 0 {
			t.Errorf("a list that was not loaded: %v, %v", got, err)
		}
	})

	t.Run("a load replaces everything", func(t *testing.T) {
		s := open(t)
		first := dataset(100)
		first.Lists = slices.Values([]store.List{{"students", store.Whole, []store.Key{1}}})
		load(t, s, first)
		second := dataset(5)
		second.Label = "the second"
		load(t, s, second)
		if n, err := s.Count(t.Context(), users); err != nil || n != 5 {
			t.Errorf("Count = %d, %v", n, err)
		}
		if members, err := s.Members(t.Context(), "students", store.Whole); err != nil || len(members) != 0 {
			t.Errorf("a list survived: %v, %v", members, err)
		}
		if label, err := s.Label(t.Context()); err != nil || label != "the second" {
			t.Errorf("Label = %q, %v", label, err)
		}
		if _, err := s.Find(t.Context(), users, id(50)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a document survived: %v", err)
		}
	})

	t.Run("a failed load changes nothing", func(t *testing.T) {
		broken := errors.New("the source broke")
		faults := map[string]func(*store.Dataset){
			"an error of the source": func(d *store.Dataset) {
				d.Documents = func(store.Collection) iter.Seq2[store.Document, error] {
					return func(yield func(store.Document, error) bool) {
						_ = yield(store.Document{SourcedID: "a", Body: []byte("{}")}, nil) && yield(store.Document{}, broken)
					}
				}
			},
			"a sourcedId twice": func(d *store.Dataset) {
				d.Documents = func(store.Collection) iter.Seq2[store.Document, error] {
					return func(yield func(store.Document, error) bool) {
						for range 2 {
							if !yield(store.Document{SourcedID: "twin", Body: []byte("{}")}, nil) {
								return
							}
						}
					}
				}
			},
			"a list out of order": func(d *store.Dataset) {
				d.Lists = slices.Values([]store.List{{"students", store.Whole, []store.Key{2, 1}}})
			},
			"an owner twice": func(d *store.Dataset) {
				l := store.List{Relation: "students", Owner: 1, Members: []store.Key{2}}
				d.Lists = slices.Values([]store.List{l, l})
			},
		}
		for name, spoil := range faults {
			t.Run(name, func(t *testing.T) {
				s := open(t)
				good := dataset(20)
				good.Label = "good"
				load(t, s, good)
				bad := dataset(3)
				bad.Label = "bad"
				spoil(&bad)
				if err := s.Load(t.Context(), bad); err == nil {
					t.Fatal("the load succeeded")
				}
				if n, err := s.Count(t.Context(), users); err != nil || n != 20 {
					t.Errorf("Count = %d, %v", n, err)
				}
				if key, err := s.Find(t.Context(), users, id(19)); err != nil || key != 19 {
					t.Errorf("Find = %d, %v", key, err)
				}
				if label, err := s.Label(t.Context()); err != nil || label != "good" {
					t.Errorf("Label = %q, %v", label, err)
				}
			})
		}
	})

	t.Run("an error of the visitor ends the reading", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(50))
		enough := errors.New("enough")
		for name, read := range map[string]func(store.Visit) error{
			"Scan":      func(v store.Visit) error { return s.Scan(t.Context(), users, 0, 50, v) },
			"Read":      func(v store.Visit) error { return s.Read(t.Context(), users, span(0, 50), v) },
			"scattered": func(v store.Visit) error { return s.Read(t.Context(), users, []store.Key{5, 3, 1}, v) },
		} {
			visits := 0
			err := read(func(store.Key, []byte) error { visits++; return enough })
			if !errors.Is(err, enough) || visits != 1 {
				t.Errorf("%s: %d visits, %v", name, visits, err)
			}
		}
	})

	t.Run("a cancelled context ends the reading", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(50))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Scan(ctx, users, 0, 50, func(store.Key, []byte) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("Scan: %v", err)
		}
		if err := s.Load(ctx, dataset(5)); !errors.Is(err, context.Canceled) {
			t.Errorf("Load: %v", err)
		}
	})

	t.Run("many read at once, more than there are connections", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(2000))
		var wait sync.WaitGroup
		for reader := range 24 {
			wait.Go(func() {
				keys := span(store.Key(reader*50), store.Key(reader*50+300))
				seen := 0
				err := s.Read(t.Context(), users, keys, func(key store.Key, body []byte) error {
					if !bytes.Equal(body, document(key)) {
						t.Errorf("key %d has another document", key)
					}
					seen++
					return nil
				})
				if err != nil || seen != len(keys) {
					t.Errorf("%d of %d documents, %v", seen, len(keys), err)
				}
			})
		}
		wait.Wait()
	})
}

func TestOpenRefuses(t *testing.T) {
	for _, dsn := range []string{"mysql://localhost/x", "sqlite:", filepath.Join(t.TempDir(), "no", "such", "folder", "x.db"), "postgres://127.0.0.1:1/x?connect_timeout=1", "postgres://%zz"} {
		if s, err := store.OpenColumns(t.Context(), dsn, testColumns, users, classes); err == nil {
			s.Close()
			t.Errorf("Open(%q) succeeded", dsn)
		}
	}
}

func TestFileKeepsItsContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kept.db")
	s, err := store.OpenColumns(t.Context(), "sqlite:"+path, testColumns, users, classes)
	if err != nil {
		t.Fatal(err)
	}
	data := dataset(30)
	data.Label = "kept"
	load(t, s, data)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	if label, err := again.Label(t.Context()); err != nil || label != "kept" {
		t.Errorf("Label = %q, %v", label, err)
	}
	if n, err := again.Count(t.Context(), users); err != nil || n != 30 {
		t.Errorf("Count = %d, %v", n, err)
	}
}

func TestMemoryStoresAreApart(t *testing.T) {
	a, b := open(t, ""), open(t, "")
	load(t, a, dataset(5))
	if n, err := b.Count(t.Context(), users); err != nil || n != 0 {
		t.Errorf("the other store has %d documents, %v", n, err)
	}
}

// dataset has n users, whose ids do not sort in the order of their keys, and
// nothing else.
func dataset(n store.Key) store.Dataset {
	return store.Dataset{
		Documents: func(c store.Collection) iter.Seq2[store.Document, error] {
			return func(yield func(store.Document, error) bool) {
				for i := range n {
					if c != users || !yield(store.Document{SourcedID: id(i), Body: document(i)}, nil) {
						return
					}
				}
			}
		},
		Lists: func(func(store.List) bool) {},
	}
}

func id(i store.Key) string { return fmt.Sprintf("%04d/üser-%d", (i*7919)%10007, i) }

// document begins with its key; some are larger than a page of the database,
// and all hold bytes that are no text.
func document(i store.Key) []byte {
	body := fmt.Appendf(nil, "%08d\x00\x01\xff", i)
	if i%100 == 99 {
		body = append(body, bytes.Repeat([]byte("x"), 40_000)...)
	}
	return body
}

func span(from, end store.Key) []store.Key {
	var keys []store.Key
	for key := from; key < end; key++ {
		keys = append(keys, key)
	}
	return keys
}

// documentsOf yields these as users, and nothing else.
func documentsOf(documents []store.Document) func(store.Collection) iter.Seq2[store.Document, error] {
	return documentsIn(func(c store.Collection) []store.Document {
		if c != users {
			return nil
		}
		return documents
	})
}

// documentsIn yields what there is of each collection.
func documentsIn(documents func(store.Collection) []store.Document) func(store.Collection) iter.Seq2[store.Document, error] {
	return func(c store.Collection) iter.Seq2[store.Document, error] {
		return func(yield func(store.Document, error) bool) {
			for _, d := range documents(c) {
				if !yield(d, nil) {
					return
				}
			}
		}
	}
}

func load(t *testing.T, s store.Store, data store.Dataset) {
	t.Helper()
	if err := s.Load(t.Context(), data); err != nil {
		t.Fatal(err)
	}
}

func scan(t *testing.T, s store.Store, first, end store.Key) []store.Key {
	t.Helper()
	var keys []store.Key
	err := s.Scan(t.Context(), users, first, end, func(key store.Key, body []byte) error {
		if !bytes.Equal(body, document(key)) {
			t.Errorf("key %d has another document", key)
		}
		keys = append(keys, key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
