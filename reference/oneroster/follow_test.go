package oneroster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// countingStore counts the documents that are read.
type countingStore struct {
	store.Store
	read atomic.Int64
}

func (s *countingStore) Scan(ctx context.Context, c store.Collection, first, end store.Key, visit store.Visit) error {
	return s.Store.Scan(ctx, c, first, end, s.counted(visit))
}

func (s *countingStore) Read(ctx context.Context, c store.Collection, keys []store.Key, visit store.Visit) error {
	return s.Store.Read(ctx, c, keys, s.counted(visit))
}

func (s *countingStore) counted(visit store.Visit) store.Visit {
	return func(key store.Key, body []byte) error { s.read.Add(1); return visit(key, body) }
}

// Lists that follow what is written are what would be made anew, and cost a few
// documents each.
func TestListsFollow(t *testing.T) {
	ctx := t.Context()
	inner := openMiniature(t)
	district, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	loadMiniature(t, inner, district)
	counting := &countingStore{Store: inner}
	s := newSelector(counting, miniature())
	var lists []wanted
	for _, from := range []scope{{collection: people}, {collection: people, relation: students, owner: store.Whole}} {
		for _, text := range []string{"", "status='active'", "familyName>'m' OR roles.role='teacher'"} {
			for _, property := range []string{"", "familyName", "sourcedId", "dateLastModified", "roles.role", "metadata.nothing"} {
				w := wanted{scope: from, sort: property}
				if text != "" {
					if w.filter, err = parseFilter(text); err != nil {
						t.Fatal(err)
					}
				}
				lists = append(lists, w)
			}
		}
	}
	random := rand.New(rand.NewPCG(5, 5))
	names := []string{"Adams", "adams", "Ábel", "de la Cruz", "O'Brien", "Zhou", "zz", "m", ""}
	ids := userIDs(t, inner)
	for _, w := range lists { // made here, followed from now on
		if _, err := s.choose(ctx, w.scope, w.filter, w.sort, false); err != nil {
			t.Fatal(err)
		}
	}
	for range 25 {
		err := inner.Update(ctx, func(tx store.Tx) error {
			for range 1 + random.IntN(5) {
				id := fmt.Sprint("new-", random.Int32())
				switch random.IntN(3) {
				case 0:
					ids = append(ids, id)
				case 1:
					id = ids[random.IntN(len(ids))]
				default:
					i := random.IntN(len(ids))
					if _, err := tx.Delete(people, ids[i]); err != nil {
						return err
					}
					ids = slices.Delete(ids, i, i+1)
					continue
				}
				modified := DateTime(fmt.Sprintf("2026-01-%02dT00:00:00.000Z", 1+random.IntN(28)))
				u := person{Base: Base{SourcedID: id, Status: pick(random, "active", "tobedeleted"), DateLastModified: modified},
					FamilyName: names[random.IntN(len(names))]}
				for range random.IntN(3) {
					u.Roles = append(u.Roles, part{pick(random, "student", "teacher"), ReferTo("org", "orgs", "o")})
				}
				body, err := EncodeDocument(u)
				if err != nil {
					return err
				}
				key, err := tx.Put(people, store.Document{SourcedID: id, Body: body})
				if err != nil {
					return err
				}
				by := tx.Unlink
				if slices.ContainsFunc(u.Roles, func(r part) bool { return r.Role == "student" }) {
					by = tx.Link
				}
				if err := by(students, store.Whole, key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		n, err := inner.Count(ctx, people)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range lists {
			before := counting.read.Load()
			got, err := s.choose(ctx, w.scope, w.filter, w.sort, false)
			if err != nil {
				t.Fatal(err)
			}
			if read := counting.read.Load() - before; read > int64(n)/2 {
				t.Errorf("%s: %d documents of %d were read to follow", w, read, n)
			}
			compareList(t, s, w, got)
		}
	}
}

// compareList holds a list to one that is made anew.
func compareList(t *testing.T, s *selector, w wanted, got selection) {
	t.Helper()
	if got.whole {
		return // the store's own
	}
	want, err := s.derive(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.keys, want.keys) {
		t.Fatalf("%s:\n%v\nmade anew it is\n%v", w, got.keys, want.keys)
	}
}

func userIDs(t *testing.T, s store.Store) (ids []string) {
	t.Helper()
	err := s.Scan(t.Context(), people, 0, 1<<30, func(_ store.Key, body []byte) error {
		eachValue(body, "sourcedId", func(v []byte) bool { ids = append(ids, string(v)); return false })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// A provider shows what is written under it, and forgets what is deleted.
func TestWrittenWhileServing(t *testing.T) {
	ctx := t.Context()
	inner := openMiniature(t)
	s := newSelector(inner, miniature())
	put := func(id, name string) {
		t.Helper()
		body, err := EncodeDocument(person{Base: Base{SourcedID: id, Status: "active"}, FamilyName: name})
		if err != nil {
			t.Fatal(err)
		}
		err = inner.Update(ctx, func(tx store.Tx) error {
			_, err := tx.Put(people, store.Document{SourcedID: id, Body: body})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(descending bool, want ...store.Key) {
		t.Helper()
		selected, err := s.choose(ctx, scope{collection: people}, nil, "familyName", descending)
		if err != nil {
			t.Fatal(err)
		}
		for offset := range len(want) + 1 {
			page, err := s.page(ctx, selected, offset, 2)
			if err != nil || !slices.Equal(page, want[offset:min(offset+2, len(want))]) {
				t.Errorf("page at %d: %v, %v, of %v", offset, page, err, want)
			}
		}
	}
	want(false)
	put("a", "Y")
	put("b", "x")
	put("c", "Z")
	want(false, 1, 0, 2)
	want(true, 2, 0, 1)
	put("b", "zz")
	want(false, 0, 2, 1)
	if err := inner.Update(ctx, func(tx store.Tx) error { _, err := tx.Delete(people, "c"); return err }); err != nil {
		t.Fatal(err)
	}
	want(true, 1, 0)
}
