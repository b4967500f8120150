package oneroster

import (
	"context"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// leastPart is how many documents are worth a goroutine and a connection of their own.
const leastPart = 4096

// visitParts reads the documents of the keys, or all when keys is nil, in parts that
// lie side by side and are read at the same time. visitor is called for each part, in
// their order, before any is read, and gives what visits its documents.
func (s *selector) visitParts(ctx context.Context, c store.Collection, keys []store.Key, visitor func() store.Visit) error {
	total := len(keys)
	if keys == nil {
		var err error
		if total, err = s.store.Count(ctx, c); err != nil {
			return err
		}
	}
	parts := max(1, min(runtime.GOMAXPROCS(0), total/leastPart))
	work, ctx := errgroup.WithContext(ctx)
	first := store.Key(0)
	for part := range parts {
		visit := visitor()
		if keys != nil {
			mine := keys[total*part/parts : total*(part+1)/parts]
			work.Go(func() error { return s.store.Read(ctx, c, mine, visit) })
			continue
		}
		from, end := first, store.Key(math.MaxInt32)
		if part < parts-1 {
			next, err := s.store.Keys(ctx, c, total*(part+1)/parts, 1)
			if err != nil {
				return err
			}
			if len(next) == 1 { // or so much was deleted meanwhile that this part is the last one
				end = next[0]
			}
		}
		first = end
		work.Go(func() error { return s.store.Scan(ctx, c, from, end, visit) })
	}
	return work.Wait()
}

// filter keeps those of the keys whose documents pass, in their order, which is
// ascending; nil stands for the whole collection.
func (s *selector) filter(ctx context.Context, c store.Collection, keys []store.Key, f filter) ([]store.Key, error) {
	if f == nil {
		return keys, nil
	}
	if _, err := compile(f, s.properties[c]); err != nil {
		return nil, err
	}
	view := s.view(c)
	inColumns := manyEnough(keys) && !view.differsIn(f)
	for _, group := range f {
		for _, by := range group {
			found, _ := s.properties[c].find(by.path)
			inColumns = inColumns && inColumn(by.path, found)
		}
	}
	if inColumns {
		return s.filterByColumns(ctx, c, keys, f)
	}
	return s.filterByDocuments(ctx, c, keys, f)
}

// view gives the form of a collection's objects; nil where it is the stored one.
func (s *selector) view(c store.Collection) *View {
	if v, differs := s.views[c]; differs {
		return &v
	}
	return nil
}

// seen gives a document in the form in which it has a property.
func (s *selector) seen(c store.Collection, property string, document []byte) []byte {
	if v := s.view(c); v.differs(property) {
		return v.Show(document)
	}
	return document
}

// manyEnough says whether a column, which is read as a whole, is read sooner than the
// documents of these keys; nil stands for all.
func manyEnough(keys []store.Key) bool { return keys == nil || len(keys) > leastPart }

// mostRemembered bounds the values of a column whose verdict is remembered: beyond it
// hardly any comes twice.
const mostRemembered = 1 << 16

// filterByColumns decides each clause by a column, and each different value once.
func (s *selector) filterByColumns(ctx context.Context, c store.Collection, keys []store.Key, f filter) ([]store.Key, error) {
	collator := newCollator()
	var passed keySet // of any group
	for _, group := range f {
		var left keySet // of all clauses so far
		for i, by := range group {
			fulfils, err := compileClause(by, s.properties[c], collator)
			if err != nil {
				return nil, err
			}
			var now keySet
			verdicts := map[string]bool{}
			err = s.store.Column(ctx, c, by.path, func(key store.Key, tuple []byte) error {
				if i > 0 && !left.has(key) {
					return nil
				}
				verdict, known := verdicts[string(tuple)]
				if !known {
					verdict = fulfils(valuesOf(tuple))
					if len(verdicts) < mostRemembered {
						verdicts[string(tuple)] = verdict
					}
				}
				if verdict {
					now.add(key)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
			left = now
		}
		for i, word := range left {
			if i == len(passed) {
				passed = append(passed, 0)
			}
			passed[i] |= word
		}
	}
	if keys != nil {
		return slices.DeleteFunc(slices.Clone(keys), func(key store.Key) bool { return !passed.has(key) }), nil
	}
	return passed.keys(), nil
}

func (s *selector) filterByDocuments(ctx context.Context, c store.Collection, keys []store.Key, f filter) ([]store.Key, error) {
	var parts []*[]store.Key
	view := s.view(c)
	if !view.differsIn(f) {
		view = nil
	}
	err := s.visitParts(ctx, c, keys, func() store.Visit {
		matches, _ := compile(f, s.properties[c]) // one for each goroutine
		passed := new([]store.Key)
		parts = append(parts, passed)
		return func(key store.Key, body []byte) error {
			if matches(view.show(body)) {
				*passed = append(*passed, key)
			}
			return nil
		}
	})
	if err != nil {
		return nil, err
	}
	passed := []store.Key{}
	for _, part := range parts {
		passed = append(passed, *part...)
	}
	return slices.Clip(passed), nil
}
