package sis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// selection is the documents that a collection request is about, in their order
// and before paging. It holds ranks; a whole collection in the default order
// needs not even those.
type selection struct {
	collection store.Collection
	whole      bool
	total      int
	ranks      []int32 // shared with the cache: never changed
}

// page returns the ranks of one page.
func (s *selector) page(ctx context.Context, from selection, offset, limit int) ([]int32, error) {
	if from.whole {
		return s.store.Keys(ctx, from.collection, offset, limit)
	}
	offset = min(offset, from.total)
	return from.ranks[offset : offset+min(limit, from.total-offset)], nil
}

// scope is where a selection begins: a collection, and the list in it that an
// endpoint or a parent cuts out. An empty relation means all of it.
type scope struct {
	collection store.Collection
	relation   string
	owner      int32
}

// selector turns a scope with a filter and an order into a selection, and keeps
// what it computed. It is for the life of one loaded dataset.
type selector struct {
	store      store.Store
	properties map[store.Collection]*property
	cache      *rankCache
}

func newSelector(s store.Store) *selector {
	return &selector{
		store:      s,
		properties: objectProperties(),
		cache:      newRankCache(cachedRanks),
	}
}

// cachedRanks bounds the cache: eight million ranks are 32 MiB, room for a crawl
// of a few sorted and filtered collections of a million.
const cachedRanks = 8 << 20

func (s *selector) choose(ctx context.Context, from scope, f filter, sort string, descending bool) (selection, error) {
	if from.relation == "" && f == nil && sort == "" {
		n, err := s.store.Count(ctx, from.collection)
		return selection{collection: from.collection, whole: true, total: n}, err
	}
	key := fmt.Sprintf("%s %s %d %q %q %t", from.collection, from.relation, from.owner, f.String(), sort, descending)
	ranks, err := s.cache.get(key, func() ([]int32, error) {
		// Others may be waiting for the same ranks, so the work goes on when
		// the one who asked first has left.
		ctx := context.WithoutCancel(ctx)
		ranks, err := s.candidates(ctx, from, f)
		if err != nil {
			return nil, err
		}
		if ranks, err = s.filter(ctx, from.collection, ranks, f); err != nil {
			return nil, err
		}
		return s.sort(ctx, from.collection, ranks, sort, descending)
	})
	if err != nil {
		return selection{}, err
	}
	return selection{collection: from.collection, total: len(ranks), ranks: ranks}, nil
}

// candidates returns the ranks that a filter has to look at, ascending; nil
// stands for the whole collection, and an empty list for nothing.
func (s *selector) candidates(ctx context.Context, from scope, f filter) ([]int32, error) {
	var ranks []int32
	if from.relation != "" {
		members, err := s.members(ctx, from.relation, from.owner)
		if err != nil {
			return nil, err
		}
		ranks = members
	}
	if len(f) != 1 {
		return ranks, nil // OR: no single clause narrows it
	}
	for _, c := range f[0] {
		found, ok, err := s.shortcut(ctx, from.collection, c)
		if err != nil {
			return nil, err
		}
		if ok {
			if ranks != nil {
				found = intersect(ranks, found)
			}
			return found, nil
		}
	}
	return ranks, nil
}

// shortcuts are the references by which consumers filter most, and the relations
// that answer them without reading the collection.
var shortcuts = []struct {
	collection store.Collection
	path       string
	owners     store.Collection
	relation   string
}{
	{Enrollments, "class.sourcedId", Classes, relationClassEnrollments},
	{Enrollments, "user.sourcedId", Users, relationUserEnrollments},
	{Enrollments, "school.sourcedId", Orgs, relationSchoolEnrollments},
	{Classes, "school.sourcedId", Orgs, relationSchoolClasses},
	{Classes, "course.sourcedId", Courses, relationCourseClasses},
}

// shortcut finds the documents that fulfil a clause by an index. ok is false
// when there is none for it.
func (s *selector) shortcut(ctx context.Context, c store.Collection, by clause) (ranks []int32, ok bool, err error) {
	if by.predicate != equal {
		return nil, false, nil
	}
	if by.path == "sourcedId" {
		rank, err := s.store.Find(ctx, c, by.literal)
		if errors.Is(err, store.ErrNotFound) {
			return []int32{}, true, nil
		}
		return []int32{rank}, err == nil, err
	}
	for _, known := range shortcuts {
		if known.collection != c || known.path != by.path {
			continue
		}
		owner, err := s.store.Find(ctx, known.owners, by.literal)
		if errors.Is(err, store.ErrNotFound) {
			return nil, false, nil // a dangling reference has no list but may be there
		}
		if err != nil {
			return nil, false, err
		}
		ranks, err := s.members(ctx, known.relation, owner)
		return ranks, err == nil, err
	}
	return nil, false, nil
}

// members returns a list that is never nil.
func (s *selector) members(ctx context.Context, relation string, owner int32) ([]int32, error) {
	members, err := s.store.Members(ctx, relation, owner)
	if members == nil {
		members = []int32{}
	}
	return members, err
}

// intersect returns what two ascending lists have in common.
func intersect(a, b []int32) []int32 {
	common := []int32{}
	for _, rank := range b {
		if _, ok := slices.BinarySearch(a, rank); ok {
			common = append(common, rank)
		}
	}
	return common
}

// filter keeps those of the ranks whose documents pass, in their order.
func (s *selector) filter(ctx context.Context, c store.Collection, ranks []int32, f filter) ([]int32, error) {
	if f == nil {
		return ranks, nil
	}
	matches, err := compile(f, s.properties[c])
	if err != nil {
		return nil, err
	}
	passed := []int32{}
	err = s.visit(ctx, c, ranks, func(rank int32, body []byte) error {
		if matches(body) {
			passed = append(passed, rank)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.Clip(passed), nil
}

// visit reads the documents of the ranks, or all when ranks is nil.
func (s *selector) visit(ctx context.Context, c store.Collection, ranks []int32, visit store.Visit) error {
	if ranks == nil {
		return s.store.Scan(ctx, c, 0, math.MaxInt32, visit)
	}
	return s.store.Read(ctx, c, ranks, visit)
}
