package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// The part of the contract that is about writing.

func testWrites(t *testing.T, open func(*testing.T) store.Store) {
	t.Run("what was put is found, in its place", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(3))
		update(t, s, func(tx store.Tx) {
			put(t, tx, users, "new", "1")
			put(t, tx, users, id(1), "replaced")
			put(t, tx, classes, "c", "class")
			put(t, tx, classes, "empty", "")
		})
		want(t, s, users, id(0), id(1), id(2), "new")
		if got := body(t, s, users, id(1)); got != "replaced" {
			t.Errorf("the body is %q", got)
		}
		if got := body(t, s, classes, "empty"); got != "" {
			t.Errorf("the body is %q", got)
		}
		update(t, s, func(tx store.Tx) { put(t, tx, users, "new", "2") })
		if got := body(t, s, users, "new"); got != "2" {
			t.Errorf("the body is %q", got)
		}
		want(t, s, classes, "c", "empty")
	})

	t.Run("what was deleted leaves the order as it was, and its key to nobody", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(5))
		last, err := s.Find(t.Context(), users, id(4))
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx store.Tx) { remove(t, tx, users, id(4)); remove(t, tx, users, id(1)) })
		want(t, s, users, id(0), id(2), id(3))
		if _, err := s.Find(t.Context(), users, id(4)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Find: %v", err)
		}
		update(t, s, func(tx store.Tx) {
			if key := put(t, tx, users, id(4), "again"); key <= last {
				t.Errorf("the key %d was given again after %d", key, last)
			}
		})
		want(t, s, users, id(0), id(2), id(3), id(4))
	})

	t.Run("the oldest of all, and of those that begin alike", func(t *testing.T) {
		s := open(t)
		oldest := func(tx store.Tx, prefix, want string, count int) {
			t.Helper()
			got, n, err := tx.Oldest(classes, prefix)
			if got != want || n != count || (count == 0) != errors.Is(err, store.ErrNotFound) || count > 0 && err != nil {
				t.Errorf("the oldest of %q: %q of %d, %v, want %q of %d", prefix, got, n, err, want, count)
			}
		}
		update(t, s, func(tx store.Tx) {
			oldest(tx, "", "", 0)
			oldest(tx, "a", "", 0)
			for _, name := range []string{"b2", "a\uD7FF1", "a2", "a1", "b1", "\U0010FFFF2", "\U0010FFFF1"} {
				put(t, tx, classes, name, "")
			}
			oldest(tx, "", "b2", 7)
			remove(t, tx, classes, "b2")
			oldest(tx, "", "a\uD7FF1", 6)
		})
		update(t, s, func(tx store.Tx) {
			oldest(tx, "", "a\uD7FF1", 6)
			oldest(tx, "a", "a\uD7FF1", 3)
			oldest(tx, "a\uD7FF", "a\uD7FF1", 1)
			oldest(tx, "b", "b1", 1)
			oldest(tx, "\U0010FFFF", "\U0010FFFF2", 2)
			oldest(tx, "c", "", 0)
			oldest(tx, "a\x00", "", 0)
			put(t, tx, classes, "a2", "replaced, where it is")
			remove(t, tx, classes, "a\uD7FF1")
			oldest(tx, "a", "a2", 2)
			remove(t, tx, classes, "a2")
			put(t, tx, classes, "a2", "the last now")
			oldest(tx, "a", "a1", 2)
		})
		err := s.Update(t.Context(), func(tx store.Tx) error { _, _, err := tx.Oldest("nothing", ""); return err })
		if err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("of a collection that isn't there: %v", err)
		}
	})

	t.Run("a transaction sees itself, and nobody else does", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(2))
		update(t, s, func(tx store.Tx) {
			key := put(t, tx, users, "x", "inner")
			if got, b, err := tx.Get(users, "x"); err != nil || got != key || string(b) != "inner" {
				t.Errorf("Get: %d, %q, %v", got, b, err)
			}
			remove(t, tx, users, id(0))
			if _, _, err := tx.Get(users, id(0)); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Get of what was deleted: %v", err)
			}
			if _, err := tx.Delete(users, id(0)); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Delete of what was deleted: %v", err)
			}
			link(t, tx, "students", store.Whole, key)
			if m, err := tx.Members("students", store.Whole); err != nil || !slices.Equal(m, []store.Key{key}) {
				t.Errorf("Members: %v, %v", m, err)
			}
			if n, err := s.Count(t.Context(), users); err != nil || n != 2 {
				t.Errorf("Count from outside: %d, %v", n, err)
			}
		})
		want(t, s, users, id(1), "x")
	})

	t.Run("a transaction that fails changes nothing", func(t *testing.T) {
		broken := errors.New("broken")
		for name, work := range map[string]func(store.Tx) error{
			"by itself":               func(store.Tx) error { return broken },
			"by a collection":         func(tx store.Tx) error { _, err := tx.Put("others", store.Document{SourcedID: "x"}); return err },
			"by a text":               func(tx store.Tx) error { _, err := tx.Put(users, store.Document{SourcedID: "\x00"}); return err },
			"by a text, unnoticed":    func(tx store.Tx) error { _, _ = tx.Put(users, store.Document{SourcedID: "\xff"}); return nil },
			"by a member":             func(tx store.Tx) error { return tx.Link("students", store.Whole, -1) },
			"by a member, unnoticed":  func(tx store.Tx) error { _ = tx.Link("students", store.Whole, -1); return nil },
			"by what is not there":    func(tx store.Tx) error { _, err := tx.Delete(users, "nobody"); return err },
			"by what can't be undone": func(store.Tx) error { panic(broken) },
		} {
			t.Run(name, func(t *testing.T) {
				s := open(t)
				load(t, s, dataset(2))
				before := s.Version()
				err := func() (err error) {
					defer func() {
						if recover() != nil {
							err = broken
						}
					}()
					return s.Update(t.Context(), func(tx store.Tx) error {
						put(t, tx, users, "x", "x")
						put(t, tx, users, id(1), "changed")
						link(t, tx, "students", store.Whole, 1)
						remove(t, tx, users, id(0))
						return work(tx)
					})
				}()
				if err == nil {
					t.Fatal("it succeeded")
				}
				want(t, s, users, id(0), id(1))
				if got := body(t, s, users, id(1)); got != string(document(1)) {
					t.Errorf("the body is %q", got)
				}
				if m, err := s.Members(t.Context(), "students", store.Whole); err != nil || len(m) > 0 {
					t.Errorf("Members: %v, %v", m, err)
				}
				if keys, known := s.Changed(users, before); !known || len(keys) > 0 {
					t.Errorf("Changed: %v, %t", keys, known)
				}
				update(t, s, func(tx store.Tx) { put(t, tx, users, "y", "y") }) // the next one is not hindered
				want(t, s, users, id(0), id(1), "y")
			})
		}
	})

	t.Run("a transaction is over when it is over", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(0))
		var kept store.Tx
		update(t, s, func(tx store.Tx) { kept = tx })
		if _, err := kept.Put(users, store.Document{SourcedID: "late"}); err == nil {
			t.Error("it still takes something")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Update(ctx, func(store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("of a context that has ended: %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		err := s.Update(ctx, func(tx store.Tx) error {
			put(t, tx, users, "x", "x")
			cancel()
			_, err := tx.Put(users, store.Document{SourcedID: "y"})
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("of a context that ends: %v", err)
		}
		want(t, s, users)
		update(t, s, func(tx store.Tx) { put(t, tx, users, "z", "z") })
		want(t, s, users, "z")
	})

	t.Run("what changed is told", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(5))
		begun := s.Version()
		update(t, s, func(tx store.Tx) { put(t, tx, users, id(3), "a"); remove(t, tx, users, id(1)) })
		between := s.Version()
		update(t, s, func(tx store.Tx) { put(t, tx, users, id(3), "b"); put(t, tx, users, "new", "c") })
		update(t, s, func(tx store.Tx) { put(t, tx, classes, "k", "d"); link(t, tx, "class.users", 7, 2) })
		for since, want := range map[store.Version][]store.Key{begun: {1, 3, 5}, between: {3, 5}, s.Version(): nil} {
			if keys, known := s.Changed(users, since); !known || !slices.Equal(keys, want) {
				t.Errorf("Changed since %d: %v, %t, want %v", since, keys, known, want)
			}
		}
		if _, known := s.Changed("others", begun); known {
			t.Error("the changes of a collection that isn't there are known")
		}
		if m, known := s.Relinked("class.users", 7, begun); !known || !slices.Equal(m, []store.Key{2}) {
			t.Errorf("Relinked: %v, %t", m, known)
		}
		if m, known := s.Relinked("class.users", 8, begun); !known || len(m) > 0 {
			t.Errorf("Relinked of another owner: %v, %t", m, known)
		}
		update(t, s, func(tx store.Tx) { link(t, tx, "class.users", 7, 2) })
		if m, known := s.Relinked("class.users", 7, s.Version()-1); !known || len(m) > 0 {
			t.Errorf("linking twice: %v, %t", m, known)
		}
		load(t, s, dataset(1))
		if _, known := s.Changed(users, begun); known {
			t.Error("after a load the changes before are known")
		}
		if _, known := s.Relinked("class.users", 7, begun); known {
			t.Error("after a load the links before are known")
		}
		if keys, known := s.Changed(users, s.Version()); !known || len(keys) > 0 {
			t.Errorf("after a load: %v, %t", keys, known)
		}
	})

	t.Run("too many changes are forgotten", func(t *testing.T) {
		s := open(t)
		begun := s.Version()
		many := []store.Document{}
		for i := range 40_000 {
			many = append(many, store.Document{SourcedID: fmt.Sprint(i)})
		}
		load(t, s, store.Dataset{Documents: documentsOf(many), Lists: func(func(store.List) bool) {}})
		loaded := s.Version()
		update(t, s, func(tx store.Tx) {
			for i := range 3000 {
				remove(t, tx, users, fmt.Sprint(i))
			}
		})
		if keys, known := s.Changed(users, loaded); !known || len(keys) != 3000 {
			t.Errorf("%d changes, %t", len(keys), known)
		}
		if _, known := s.Changed(users, begun); known {
			t.Error("what was before the load is known")
		}
		keys, err := s.Keys(t.Context(), users, 36_990, 100)
		if err != nil || len(keys) != 10 || keys[0] != 39_990 {
			t.Errorf("the last page: %v, %v", keys, err)
		}
	})

	t.Run("lists grow and shrink", func(t *testing.T) {
		s := open(t)
		data := dataset(1)
		model := map[store.Key]bool{}
		var loaded []store.Key
		for i := range store.Key(10_000) {
			loaded = append(loaded, 3*i+1)
			model[3*i+1] = true
		}
		data.Lists = slices.Values([]store.List{{Relation: "students", Owner: store.Whole, Members: loaded}})
		load(t, s, data)
		random := rand.New(rand.NewPCG(1, 3))
		check := func() {
			t.Helper()
			got, err := s.Members(t.Context(), "students", store.Whole)
			if err != nil || !slices.Equal(got, slices.Sorted(maps.Keys(model))) {
				t.Fatalf("%d members of %d, %v", len(got), len(model), err)
			}
		}
		for range 8 {
			update(t, s, func(tx store.Tx) {
				for range 800 {
					member := store.Key(random.IntN(3000)) // within one row, which is split
					if random.IntN(3) > 0 {
						link(t, tx, "students", store.Whole, member)
						model[member] = true
					} else {
						if err := tx.Unlink("students", store.Whole, member); err != nil {
							t.Error(err)
						}
						delete(model, member)
					}
				}
				link(t, tx, "students", 5, 1)
			})
			check()
		}
		update(t, s, func(tx store.Tx) {
			for member := range model {
				if member < 20_000 { // the first rows go
					if err := tx.Unlink("students", store.Whole, member); err != nil {
						t.Error(err)
					}
					delete(model, member)
				}
			}
			link(t, tx, "students", store.Whole, 17)
			model[17] = true
		})
		check()
	})

	t.Run("writers and readers side by side", func(t *testing.T) {
		s := open(t)
		load(t, s, dataset(300))
		var wait sync.WaitGroup
		for writer := range 3 {
			wait.Go(func() {
				for i := range 20 {
					err := s.Update(t.Context(), func(tx store.Tx) error {
						// Each transaction puts two that belong together.
						for _, name := range []string{"a", "b"} {
							if _, err := tx.Put(classes, store.Document{SourcedID: fmt.Sprintf("%d %s", writer, name), Body: fmt.Append(nil, i)}); err != nil {
								return err
							}
						}
						if i%5 == 4 {
							_, err := tx.Delete(users, id(int32(writer*50+i)))
							return err
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		for range 3 {
			wait.Go(func() {
				for range 30 {
					keys, err := s.Keys(t.Context(), users, 50, 200)
					if err != nil {
						t.Error(err)
					}
					last := store.Key(-1)
					err = s.Read(t.Context(), users, keys, func(key store.Key, b []byte) error {
						if key <= last {
							t.Errorf("%d after %d", key, last)
						}
						last = key
						return nil
					})
					if err != nil {
						t.Error(err)
					}
					seen := map[string]int{}
					err = s.Scan(t.Context(), classes, 0, 100, func(_ store.Key, b []byte) error { seen[string(b)]++; return nil })
					if err != nil {
						t.Error(err)
					}
					for b, n := range seen {
						if n%2 != 0 {
							t.Errorf("half a transaction is seen: %q %d times", b, n)
						}
					}
				}
			})
		}
		wait.Wait()
		if n, err := s.Count(t.Context(), users); err != nil || n != 288 {
			t.Errorf("Count = %d, %v", n, err)
		}
	})

	t.Run("as a map would", func(t *testing.T) {
		s := open(t)
		random := rand.New(rand.NewPCG(7, 7))
		load(t, s, dataset(50))
		m := newModel(50)
		for range 60 {
			update(t, s, func(tx store.Tx) {
				for range random.IntN(6) {
					m.step(t, tx, random)
				}
			})
			m.compare(t, s)
		}
	})
}

// model is what users should be, in order.
type model struct {
	order  []string
	bodies map[string]string
	made   int
}

func newModel(n int32) *model {
	m := &model{bodies: map[string]string{}, made: int(n)}
	for i := range n {
		m.order = append(m.order, id(i))
		m.bodies[id(i)] = string(document(i))
	}
	return m
}

// step does one thing to both.
func (m *model) step(t *testing.T, tx store.Tx, random *rand.Rand) {
	t.Helper()
	m.made++
	switch kind := random.IntN(3); {
	case kind == 0 || len(m.order) == 0:
		name := fmt.Sprint("made ", m.made)
		put(t, tx, users, name, name)
		m.order = append(m.order, name)
		m.bodies[name] = name
	case kind == 1:
		name := m.order[random.IntN(len(m.order))]
		put(t, tx, users, name, fmt.Sprint(m.made))
		m.bodies[name] = fmt.Sprint(m.made)
	default:
		i := random.IntN(len(m.order))
		remove(t, tx, users, m.order[i])
		delete(m.bodies, m.order[i])
		m.order = slices.Delete(m.order, i, i+1)
	}
}

func (m *model) compare(t *testing.T, s store.Store) {
	t.Helper()
	want(t, s, users, m.order...)
	for offset := 0; offset <= len(m.order)+3; offset += 7 {
		keys, err := s.Keys(t.Context(), users, offset, 7)
		if err != nil {
			t.Fatal(err)
		}
		page := m.order[min(offset, len(m.order)):min(offset+7, len(m.order))]
		i := 0
		err = s.Read(t.Context(), users, keys, func(key store.Key, b []byte) error {
			if i >= len(page) || m.bodies[page[i]] != string(b) {
				t.Errorf("offset %d: %q is no. %d of %q", offset, b, i, page)
			}
			i++
			return nil
		})
		if err != nil || i != len(page) {
			t.Errorf("offset %d: %d documents of %d, %v", offset, i, len(page), err)
		}
	}
}

// What was written is there when the store is opened again.
func TestReopened(t *testing.T) {
	for name, dsn := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "kept.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			dsn := dsn(t)
			s, err := store.OpenColumns(t.Context(), dsn, testColumns, users, classes)
			if err != nil {
				t.Fatal(err)
			}
			load(t, s, dataset(100))
			random, m := rand.New(rand.NewPCG(3, 3)), newModel(100)
			for range 4 {
				update(t, s, func(tx store.Tx) {
					for range 10 {
						m.step(t, tx, random)
					}
					remove(t, tx, users, m.order[len(m.order)-1]) // the key of the last is not given again
					m.order = m.order[:len(m.order)-1]
				})
				last, err := s.Find(t.Context(), users, m.order[len(m.order)-1])
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if s, err = store.OpenColumns(t.Context(), dsn, testColumns, "others", users); err != nil {
					t.Fatal(err)
				}
				m.compare(t, s)
				update(t, s, func(tx store.Tx) {
					if key := put(t, tx, users, fmt.Sprint("last ", last), "x"); key <= last+1 {
						t.Errorf("key %d after %d, of which one was deleted behind", key, last)
					}
					m.order = append(m.order, fmt.Sprint("last ", last))
					m.bodies[m.order[len(m.order)-1]] = "x"
				})
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Two that have the same store open write one after the other, and each goes on from
// what the other left.
func TestTwoWriters(t *testing.T) {
	for name, dsn := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "shared.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			dsn := dsn(t)
			a, b := open(t, dsn), open(t, dsn)
			begun := a.Version()
			update(t, a, func(tx store.Tx) { put(t, tx, users, "1", "a") })
			update(t, b, func(tx store.Tx) { put(t, tx, users, "2", "b"); link(t, tx, "r", 1, 1) })
			update(t, a, func(tx store.Tx) { put(t, tx, users, "3", "a"); link(t, tx, "r", 1, 2) })
			want(t, a, users, "1", "2", "3")
			if _, known := a.Changed(users, begun); known {
				t.Error("what another one did is known")
			}
			if _, known := a.Relinked("r", 1, begun); known {
				t.Error("what another one linked is known")
			}
			update(t, b, func(tx store.Tx) { remove(t, tx, users, "3") })
			want(t, b, users, "1", "2")
		})
	}
}

func update(t *testing.T, s store.Store, work func(store.Tx)) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx store.Tx) error { work(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, tx store.Tx, c store.Collection, sourcedID, body string) store.Key {
	t.Helper()
	key, err := tx.Put(c, store.Document{SourcedID: sourcedID, Body: []byte(body)})
	if err != nil {
		t.Error(err)
	}
	return key
}

func remove(t *testing.T, tx store.Tx, c store.Collection, sourcedID string) {
	t.Helper()
	if _, err := tx.Delete(c, sourcedID); err != nil {
		t.Error(err)
	}
}

func link(t *testing.T, tx store.Tx, relation string, owner, member store.Key) {
	t.Helper()
	if err := tx.Link(relation, owner, member); err != nil {
		t.Error(err)
	}
}

func body(t *testing.T, s store.Store, c store.Collection, sourcedID string) (out string) {
	t.Helper()
	key, err := s.Find(t.Context(), c, sourcedID)
	if err == nil {
		err = s.Read(t.Context(), c, []store.Key{key}, func(_ store.Key, b []byte) error { out = string(b); return nil })
	}
	if err != nil {
		t.Errorf("%s: %v", sourcedID, err)
	}
	return out
}

// want holds a collection to the sourcedIds that it should have, in order.
func want(t *testing.T, s store.Store, c store.Collection, sourcedIDs ...string) {
	t.Helper()
	if n, err := s.Count(t.Context(), c); err != nil || n != len(sourcedIDs) {
		t.Fatalf("Count = %d, %v, want %d", n, err, len(sourcedIDs))
	}
	keys, err := s.Keys(t.Context(), c, 0, len(sourcedIDs)+5)
	if err != nil || len(keys) != len(sourcedIDs) {
		t.Fatalf("%d keys, %v, want %d", len(keys), err, len(sourcedIDs))
	}
	for i, sourcedID := range sourcedIDs {
		if key, err := s.Find(t.Context(), c, sourcedID); err != nil || key != keys[i] {
			t.Errorf("%q is %d, %v, want %d", sourcedID, key, err, keys[i])
		}
	}
	read := 0
	if err := s.Read(t.Context(), c, keys, func(store.Key, []byte) error { read++; return nil }); err != nil || read != len(keys) {
		t.Errorf("%d documents, %v, want %d", read, err, len(keys))
	}
}

// TestAbandonedWrites: whoever leaves in the midst of writing keeps nobody waiting. What goes
// wrong there is a matter of microseconds, which the race detector makes long.
func TestAbandonedWrites(t *testing.T) {
	for name, dsn := range map[string]func(t *testing.T) string{
		"memory":     func(*testing.T) string { return "memory" },
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "left.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, dsn(t))
			load(t, s, dataset(1))
			var writers, readers sync.WaitGroup
			for n := range 3 {
				writers.Go(func() {
					for i := range 300 {
						ctx, leave := context.WithTimeout(t.Context(), time.Duration(i%15)*100*time.Microsecond)
						_ = s.Update(ctx, func(tx store.Tx) error { // it may be in time
							_, err := tx.Put(users, store.Document{SourcedID: fmt.Sprintf("%d left %d", n, i%20), Body: []byte("1")})
							return err
						})
						leave()
					}
				})
			}
			over := make(chan struct{})
			for range 2 {
				readers.Go(func() {
					for {
						select {
						case <-over:
							return
						default:
						}
						if err := s.Scan(t.Context(), users, 0, 100, func(store.Key, []byte) error { return nil }); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			writers.Wait()
			close(over)
			readers.Wait()
			update(t, s, func(tx store.Tx) { put(t, tx, users, "after", "1") })
		})
	}
}
