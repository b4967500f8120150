package lti_test

import (
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

const things store.Collection = "things"

func openThings(t testing.TB, dsn string) store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, things)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// eachStore runs a test on every kind of store.
func eachStore(t *testing.T, test func(t *testing.T, s store.Store)) {
	t.Run("memory", func(t *testing.T) { test(t, openThings(t, "memory")) })
	t.Run("SQLite", func(t *testing.T) { test(t, openThings(t, filepath.Join(t.TempDir(), "things.db"))) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, openThings(t, pgtest.Start(t))) })
}

// kept is an expiring collection that fails the test where it fails.
type kept struct {
	*lti.Expiring[int]
	t *testing.T
	s store.Store
}

func (k kept) put(name string, value int, now, until time.Time) {
	k.t.Helper()
	if err := k.Put(k.t.Context(), name, value, now, until); err != nil {
		k.t.Fatal(err)
	}
}

// has holds what is kept by a name to a value; 0: nothing.
func (k kept) has(name string, now time.Time, want int) {
	k.t.Helper()
	if v, there, err := k.Get(k.t.Context(), name, now); err != nil || v != want || there != (want != 0) {
		k.t.Errorf("%s: %d, %t, %v, want %d", name, v, there, err, want)
	}
}

func (k kept) counts(want int) {
	k.t.Helper()
	if n, err := k.s.Count(k.t.Context(), things); err != nil || n != want {
		k.t.Errorf("%d are kept, %v, want %d", n, err, want)
	}
}

func TestExpiring(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		now := time.Unix(1000, 0)
		k := kept{lti.NewExpiring[int](s, things, 3), t, s}
		for i := range 5 {
			k.put(strconv.Itoa(i), i+100, now, now.Add(time.Minute))
		}
		k.counts(3)
		k.has("1", now, 0) // the oldest
		k.has("4", now, 104)
		k.put("2", 20, now, now.Add(time.Hour)) // again: now it is the newest
		k.has("2", now, 20)
		k.counts(3)
		for range 2 {
			if err := k.Drop(t.Context(), "3"); err != nil {
				t.Error(err)
			}
		}
		later := now.Add(time.Minute)
		k.has("4", later, 0)
		k.put("5", 5, later, later.Add(time.Minute))
		k.has("2", later, 20)
		k.counts(2)
		k.put("a\x00\xff", 1, later, later.Add(time.Minute)) // a name is any text
		k.has("a\x00\xff", later, 1)
	})
}

// Taking things away in any order leaves nothing behind, and a thing is taken once.
func TestExpiringTake(t *testing.T) {
	now := time.Unix(1000, 0)
	s := openThings(t, "memory")
	k := kept{lti.NewExpiring[int](s, things, 10), t, s}
	k.put("stays", 1, now, now.Add(time.Hour))
	for i := range 100 {
		name := strconv.Itoa(i)
		k.put(name, i+1, now, now.Add(time.Minute))
		for _, want := range []bool{true, false} {
			if v, there, err := k.Take(t.Context(), name, now); err != nil || there != want || there && v != i+1 {
				t.Fatalf("%s: %d, %t, %v", name, v, there, err)
			}
		}
	}
	k.counts(1)
	k.put("over", 1, now, now.Add(time.Minute))
	if _, there, err := k.Take(t.Context(), "over", now.Add(time.Minute)); there || err != nil {
		t.Errorf("what is over is taken: %t, %v", there, err)
	}
	k.counts(1)
}

// Of several that add or take the same at once, one does.
func TestExpiringOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		now := time.Unix(1000, 0)
		k := lti.NewExpiring[int](s, things, 10)
		var added, taken atomic.Int32
		atOnce := func(do func() (bool, error), count *atomic.Int32) {
			var wait sync.WaitGroup
			for range 8 {
				wait.Go(func() {
					did, err := do()
					if err != nil {
						t.Error(err)
					}
					if did {
						count.Add(1)
					}
				})
			}
			wait.Wait()
		}
		atOnce(func() (bool, error) { return k.Add(t.Context(), "x", 1, now, now.Add(time.Minute)) }, &added)
		atOnce(func() (bool, error) { _, there, err := k.Take(t.Context(), "x", now); return there, err }, &taken)
		if added.Load() != 1 || taken.Load() != 1 {
			t.Errorf("it was added %d times, and taken %d times", added.Load(), taken.Load())
		}
		if again, err := k.Add(t.Context(), "x", 2, now, now.Add(time.Minute)); !again || err != nil {
			t.Errorf("after it was taken: %t, %v", again, err)
		}
		if again, err := k.Add(t.Context(), "x", 3, now.Add(time.Minute), now.Add(time.Hour)); !again || err != nil {
			t.Errorf("when it was over: %t, %v", again, err)
		}
	})
}

// Who sends many pushes out his own.
func TestExpiringOwners(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		now := time.Unix(1000, 0)
		all := lti.NewExpiring[int](s, things, 3)
		a, b := kept{all.Of("a"), t, s}, kept{all.Of("b"), t, s}
		b.put("x", 1, now, now.Add(time.Minute))
		for i := range 10 {
			a.put(strconv.Itoa(i), i+1, now, now.Add(time.Minute))
		}
		a.counts(4)
		a.has("x", now, 0)
		b.has("x", now, 1)
		a.has("6", now, 0)
		a.has("7", now, 8)
	})
}

// What was put is there when the store is opened again, and what was taken isn't.
func TestExpiringStays(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "things.db")
	now := time.Now()
	s := openThings(t, dsn)
	k := kept{lti.NewExpiring[int](s, things, 3), t, s}
	k.put("stays", 1, now, now.Add(time.Minute))
	k.put("taken", 2, now, now.Add(time.Minute))
	if _, there, err := k.Take(t.Context(), "taken", now); !there || err != nil {
		t.Fatal(there, err)
	}
	s = openThings(t, dsn) // beside the other, which never closed it
	k = kept{lti.NewExpiring[int](s, things, 3), t, s}
	k.has("stays", now, 1)
	k.has("taken", now, 0)
	k.has("stays", now.Add(time.Minute), 0)
}

// BenchmarkExpiring is what a launch asks of it: something is kept, looked at, and taken.
func BenchmarkExpiring(b *testing.B) {
	for name, dsn := range map[string]func() string{
		"memory":     func() string { return "memory" },
		"SQLite":     func() string { return filepath.Join(b.TempDir(), "things.db") },
		"PostgreSQL": func() string { return pgtest.Start(b) },
	} {
		b.Run(name, func(b *testing.B) {
			k := lti.NewExpiring[map[string]string](openThings(b, dsn()), things, 10_000)
			now, n := time.Now(), 0
			value := map[string]string{"issuer": "https://platform.example", "nonce": "a-nonce-of-32-letters-or-thereabout"}
			for b.Loop() {
				n++
				name := strconv.Itoa(n)
				if err := k.Put(b.Context(), name, value, now, now.Add(time.Minute)); err != nil {
					b.Fatal(err)
				}
				if _, there, err := k.Get(b.Context(), name, now); !there || err != nil {
					b.Fatal(there, err)
				}
				if _, there, err := k.Take(b.Context(), name, now); !there || err != nil {
					b.Fatal(there, err)
				}
			}
		})
	}
}
