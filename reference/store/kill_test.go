package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/store/killtest"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// A process that writes is killed, at moments that a seed chooses. When the store is
// opened again all that it had acknowledged is there, and of what was under way all or
// nothing.

const (
	// killsEnv says how many seeds are tried with SQLite; all where it isn't set and
	// the tests aren't short.
	killsEnv   = "ROLLCALL_STORE_KILLS"
	killsAll   = 200
	killsShort = 4
	killsEach  = 5 // that PostgreSQL gets one of

	// In the child: where to write, and by which seed.
	killDSN  = "ROLLCALL_STORE_KILL_DSN"
	killSeed = "ROLLCALL_STORE_KILL_SEED"
)

// TestMain makes a child of this program one that writes until it is killed.
func TestMain(m *testing.M) {
	if dsn := os.Getenv(killDSN); dsn != "" {
		seed, err := strconv.ParseUint(os.Getenv(killSeed), 10, 64)
		if err == nil {
			err = writeForEver(context.Background(), dsn, seed, os.Stdout)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func kills(t *testing.T) int { return killtest.Times(t, killsEnv, killsAll, killsShort) }

func TestKilledSQLite(t *testing.T) {
	for seed := range kills(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			testKilled(t, filepath.Join(t.TempDir(), "killed.db"), uint64(seed))
		})
	}
}

func TestKilledPostgres(t *testing.T) {
	dsn := pgtest.Start(t)
	for seed := range max(1, kills(t)/killsEach) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s, err := store.OpenColumns(t.Context(), dsn, testColumns, users, classes)
			if err != nil {
				t.Fatal(err)
			}
			load(t, s, dataset(0))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			testKilled(t, dsn, uint64(seed))
		})
	}
}

func testKilled(t *testing.T, dsn string, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	acknowledged := -1
	for round := range 2 { // the second child begins from what the first one left
		// So many are waited for, and then a moment that may fall anywhere into the next.
		wait, moment := random.IntN(25), time.Duration(random.IntN(8000))*time.Microsecond
		killed := killtest.Child(t, []string{killDSN + "=" + dsn, killSeed + "=" + strconv.FormatUint(seed, 10)}, moment, func(line string) bool {
			n, err := strconv.Atoi(line)
			if err != nil {
				t.Fatalf("the child wrote %q", line)
			}
			acknowledged = n
			wait--
			return wait < 0
		})
		if !killed {
			t.Fatalf("round %d: the child ended by itself", round)
		}
		checkKilled(t, dsn, seed, acknowledged)
	}
}

// writeForEver writes transactions, each of which the seed and its number decide, and
// acknowledges each by its number. It goes on from the one that the store holds.
func writeForEver(ctx context.Context, dsn string, seed uint64, out io.Writer) error {
	s, err := store.OpenColumns(ctx, dsn, testColumns, users, classes)
	if err != nil {
		return err
	}
	done, err := written(ctx, s)
	if err != nil {
		return err
	}
	expected := newState(seed)
	for n := 0; ; n++ {
		todo := expected.next(n)
		if n <= done {
			continue // it is there, from before
		}
		if todo.load {
			err = s.Load(ctx, expected.dataset())
		} else {
			err = s.Update(ctx, func(tx store.Tx) error { return todo.write(tx) })
		}
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, n); err != nil {
			return err
		}
	}
}

const counter = "counter" // the class that holds the number of the last transaction

// written reads the number of the last transaction; -1 before any.
func written(ctx context.Context, s store.Store) (int, error) {
	key, err := s.Find(ctx, classes, counter)
	if errors.Is(err, store.ErrNotFound) {
		return -1, nil
	}
	n := -1
	if err == nil {
		err = s.Read(ctx, classes, []store.Key{key}, func(_ store.Key, b []byte) error { n, err = strconv.Atoi(string(b)); return err })
	}
	return n, err
}

// state is what a store should hold after some transactions of a seed.
type state struct {
	random *rand.Rand
	number int
	order  []string // users
	bodies map[string]string
	keys   map[string]store.Key
	given  store.Key // keys of users
	listed map[store.Key]bool
}

func newState(seed uint64) *state {
	return &state{random: rand.New(rand.NewPCG(seed, 2)), number: -1, bodies: map[string]string{}, keys: map[string]store.Key{},
		listed: map[store.Key]bool{}}
}

// todo is one transaction.
type todo struct {
	load  bool
	steps []func(store.Tx) error
}

func (d todo) write(tx store.Tx) error {
	for _, step := range d.steps {
		if err := step(tx); err != nil {
			return err
		}
	}
	return nil
}

const everybody = "everybody" // the list of all users

// next decides the transaction of a number, and goes on to what is there after it.
func (s *state) next(n int) todo {
	s.number = n
	if s.random.IntN(12) == 0 {
		s.given = 0
		clear(s.listed)
		for _, name := range s.order {
			s.keys[name] = s.given
			s.listed[s.given] = true
			s.given++
		}
		return todo{load: true}
	}
	var d todo
	for range 1 + s.random.IntN(30) {
		body := fmt.Sprintf("%d %0*d", n, s.random.IntN(3000), 0)
		switch kind := s.random.IntN(4); {
		case kind < 2 || len(s.order) == 0:
			name := fmt.Sprintf("%d-%d", n, len(d.steps))
			key := s.given
			s.given++
			s.order = append(s.order, name)
			s.bodies[name], s.keys[name], s.listed[key] = body, key, true
			d.steps = append(d.steps, func(tx store.Tx) error {
				got, err := tx.Put(users, store.Document{SourcedID: name, Body: []byte(body)})
				if err == nil && got != key {
					err = fmt.Errorf("%s got the key %d, not %d", name, got, key)
				}
				if err != nil {
					return err
				}
				return tx.Link(everybody, store.Whole, key)
			})
		case kind == 2:
			name := s.order[s.random.IntN(len(s.order))]
			s.bodies[name] = body
			d.steps = append(d.steps, func(tx store.Tx) error {
				_, err := tx.Put(users, store.Document{SourcedID: name, Body: []byte(body)})
				return err
			})
		default:
			i := s.random.IntN(len(s.order))
			name, key := s.order[i], s.keys[s.order[i]]
			s.order = slices.Delete(s.order, i, i+1)
			delete(s.bodies, name)
			delete(s.keys, name)
			delete(s.listed, key)
			d.steps = append(d.steps, func(tx store.Tx) error {
				if _, err := tx.Delete(users, name); err != nil {
					return err
				}
				return tx.Unlink(everybody, store.Whole, key)
			})
		}
	}
	d.steps = append(d.steps, func(tx store.Tx) error {
		_, err := tx.Put(classes, store.Document{SourcedID: counter, Body: []byte(strconv.Itoa(n))})
		return err
	})
	return d
}

func (s *state) documents(c store.Collection) []store.Document {
	if c == classes {
		return []store.Document{{SourcedID: counter, Body: []byte(strconv.Itoa(s.number))}}
	}
	var out []store.Document
	for _, name := range s.order {
		out = append(out, store.Document{SourcedID: name, Body: []byte(s.bodies[name])})
	}
	return out
}

func (s *state) dataset() store.Dataset {
	d := dataset(0)
	d.Label = fmt.Sprint("load ", s.number)
	d.Documents = documentsIn(s.documents)
	d.Lists = slices.Values([]store.List{{Relation: everybody, Owner: store.Whole, Members: slices.Sorted(maps.Keys(s.listed))}})
	return d
}

// checkKilled holds a store to the state after the transaction that it says was the
// last, which has to be the last that was acknowledged or the one after it.
func checkKilled(t *testing.T, dsn string, seed uint64, acknowledged int) {
	t.Helper()
	s, err := store.OpenColumns(t.Context(), dsn, testColumns, users, classes)
	if err != nil {
		t.Fatalf("after %d transactions: %v", acknowledged+1, err)
	}
	defer s.Close()
	last, err := written(t.Context(), s)
	if err != nil || last != acknowledged && last != acknowledged+1 {
		t.Fatalf("%d was acknowledged, and %d is the last, %v", acknowledged, last, err)
	}
	expected := newState(seed)
	for n := range last + 1 {
		expected.next(n)
	}
	want(t, s, users, expected.order...)
	i := 0
	err = s.Scan(t.Context(), users, 0, 1<<30, func(key store.Key, b []byte) error {
		if i < len(expected.order) && (expected.keys[expected.order[i]] != key || expected.bodies[expected.order[i]] != string(b)) {
			t.Errorf("%s is not as it was written", expected.order[i])
		}
		i++
		return nil
	})
	if err != nil || i != len(expected.order) {
		t.Errorf("%d users of %d, %v", i, len(expected.order), err)
	}
	members, err := s.Members(t.Context(), everybody, store.Whole)
	if err != nil || !slices.Equal(members, slices.Sorted(maps.Keys(expected.listed))) {
		t.Errorf("%d members of %d, %v", len(members), len(expected.listed), err)
	}
}
