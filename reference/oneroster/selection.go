package oneroster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// selection is the documents that a collection request is about, in their order
// and before paging. It holds keys; a whole collection in the default order
// needs not even those.
type selection struct {
	collection store.Collection
	whole      bool
	total      int
	keys       []store.Key // shared with the cache: never changed
	backwards  bool        // the last of keys comes first
}

// page returns the keys of one page.
func (s *selector) page(ctx context.Context, from selection, offset, limit int) ([]store.Key, error) {
	if from.whole {
		return s.store.Keys(ctx, from.collection, offset, limit)
	}
	offset = min(offset, from.total)
	end := offset + min(limit, from.total-offset)
	if !from.backwards {
		return from.keys[offset:end], nil
	}
	keys := slices.Clone(from.keys[from.total-end : from.total-offset])
	slices.Reverse(keys)
	return keys, nil
}

// scope is where a selection begins: a collection, and the list in it that an
// endpoint or a parent cuts out. An empty relation means all of it. Where there is a
// second list, it narrows the first.
type scope struct {
	collection store.Collection
	relation   string
	owner      store.Key
	within     string
	whole      store.Key // the owner of that second list
}

// selector turns a scope with a filter and an order into a selection. It keeps what
// it made, and has it follow what is written.
type selector struct {
	store      store.Store
	properties map[store.Collection]*property
	views      map[store.Collection]View
	shown      map[store.Collection]Shown
	shortcuts  []Shortcut
	composed   map[string][]Step
	cache      *derivedCache
}

func newSelector(s store.Store, services []Service) *selector {
	return &selector{
		store:      s,
		properties: objectProperties(services),
		views:      views(services),
		shown:      shownOf(services),
		shortcuts:  shortcuts(services),
		composed:   composed(services),
		cache:      newDerivedCache(cachedKeys),
	}
}

// cachedKeys bounds the cache: eight million keys are 32 MiB, room for a crawl
// of a few sorted and filtered collections of a million.
const cachedKeys = 8 << 20

// wanted is what a list is made of: a scope, what is left of it, and in which order.
type wanted struct {
	scope
	filter filter // nil for all
	sort   string // empty for the order of the collection
}

func (w wanted) String() string {
	return fmt.Sprintf("%s %s %d %s %d %q %q", w.collection, w.relation, w.owner, w.within, w.whole, w.filter, w.sort)
}

func (s *selector) choose(ctx context.Context, from scope, f filter, sort string, descending bool) (selection, error) {
	if from.relation == "" && f == nil && sort == "" && !s.limited(from.collection) {
		n, err := s.store.Count(ctx, from.collection)
		return selection{collection: from.collection, whole: true, total: n}, err
	}
	w := wanted{from, f, sort}
	d, err := s.cache.get(w.String(), s.store.Version(), func(was *derived) (derived, error) {
		// Others may be waiting for the same keys, so the work goes on when
		// the one who asked first has left.
		ctx := context.WithoutCancel(ctx)
		if was != nil && !s.limited(from.collection) {
			if d, ok, err := s.follow(ctx, w, *was); ok || err != nil {
				return d, err
			}
		}
		return s.derive(ctx, w)
	})
	if err != nil {
		return selection{}, err
	}
	// desc is asc backwards, so that one list serves both.
	return selection{collection: from.collection, total: len(d.keys), keys: d.keys, backwards: descending && sort != ""}, nil
}

// derive makes a list by reading what may be in it.
func (s *selector) derive(ctx context.Context, w wanted) (derived, error) {
	// What is written from here on is looked at again when the list is used next.
	at := s.store.Version()
	keys, err := s.candidates(ctx, w.scope, w.filter)
	if err != nil {
		return derived{}, err
	}
	if keys, err = s.show(ctx, w.collection, keys); err != nil {
		return derived{}, err
	}
	if keys, err = s.filter(ctx, w.collection, keys, w.filter); err != nil {
		return derived{}, err
	}
	keys, err = s.sort(ctx, w.collection, keys, w.sort)
	return derived{keys, at}, err
}

// candidates returns the keys that a filter has to look at, ascending; nil
// stands for the whole collection, and an empty list for nothing.
func (s *selector) candidates(ctx context.Context, from scope, f filter) ([]store.Key, error) {
	var keys []store.Key
	if from.relation != "" {
		members, err := s.members(ctx, from)
		if err != nil {
			return nil, err
		}
		keys = members
	}
	if len(f) != 1 {
		return keys, nil // OR: no single clause narrows it
	}
	for _, c := range f[0] {
		found, ok, err := s.shortcut(ctx, from.collection, c)
		if err != nil {
			return nil, err
		}
		if ok {
			if keys != nil {
				found = intersect(keys, found)
			}
			return found, nil
		}
	}
	return keys, nil
}

// shortcut finds the documents that fulfil a clause by an index. ok is false
// when there is none for it.
func (s *selector) shortcut(ctx context.Context, c store.Collection, by clause) (keys []store.Key, ok bool, err error) {
	if by.predicate != equal {
		return nil, false, nil
	}
	if by.path == "sourcedId" {
		key, err := s.store.Find(ctx, c, by.literal)
		if errors.Is(err, store.ErrNotFound) {
			return []store.Key{}, true, nil
		}
		return []store.Key{key}, err == nil, err
	}
	for _, known := range s.shortcuts {
		if known.Collection != c || known.Path != by.path {
			continue
		}
		owner, err := s.store.Find(ctx, known.Owners, by.literal)
		if errors.Is(err, store.ErrNotFound) {
			return nil, false, nil // a dangling reference has no list but may be there
		}
		if err != nil {
			return nil, false, err
		}
		keys, err := s.members(ctx, scope{collection: c, relation: known.Relation, owner: owner})
		return keys, err == nil, err
	}
	return nil, false, nil
}

// members returns the keys of a list, ascending. It is never nil.
func (s *selector) members(ctx context.Context, of scope) ([]store.Key, error) {
	members, err := s.list(ctx, of.collection, of.relation, of.owner)
	if err != nil || of.within == "" {
		return members, err
	}
	within, err := s.list(ctx, of.collection, of.within, of.whole)
	return intersect(within, members), err
}

// list returns the members of an owner in a relation that are there, by way of others
// where the relation is composed.
func (s *selector) list(ctx context.Context, c store.Collection, relation string, owner store.Key) ([]store.Key, error) {
	steps, is := s.composed[relation]
	if !is {
		steps = []Step{{relation, c}}
	}
	owners := []store.Key{owner}
	for _, step := range steps {
		members := []store.Key{}
		for _, owner := range owners {
			more, err := s.store.Members(ctx, step.Relation, owner)
			if err != nil {
				return nil, err
			}
			members = append(members, more...)
		}
		if len(owners) > 1 {
			slices.Sort(members)
			members = slices.Compact(members)
		}
		there, err := s.store.There(ctx, step.Collection, members)
		if err != nil {
			return nil, err
		}
		owners = there
	}
	if owners == nil {
		owners = []store.Key{}
	}
	return owners, nil
}

// relinked lists the members that came to the list or lists of a scope, or left, since a
// version. What goes by way of others is not followed.
func (s *selector) relinked(of scope, since store.Version) (members []store.Key, known bool) {
	for _, list := range []struct {
		relation string
		owner    store.Key
	}{{of.relation, of.owner}, {of.within, of.whole}} {
		if list.relation == "" {
			continue
		}
		if _, is := s.composed[list.relation]; is {
			return nil, false
		}
		linked, known := s.store.Relinked(list.relation, list.owner, since)
		if !known {
			return nil, false
		}
		members = append(members, linked...)
	}
	return members, true
}

// intersect returns what two ascending lists have in common.
func intersect(a, b []store.Key) []store.Key {
	common := []store.Key{}
	for _, key := range b {
		if _, ok := slices.BinarySearch(a, key); ok {
			common = append(common, key)
		}
	}
	return common
}
