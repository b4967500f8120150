package oneroster

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"golang.org/x/text/collate"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// mostFollowed is how many changes a list follows. Each asks for some twenty documents
// where the list is sorted; beyond this it is made anew.
const mostFollowed = 2000

// follow brings a list up to date with what was written since it was made: documents
// that changed are taken off, looked at again, and put where they belong now. ok is
// false where it has to be made anew.
func (s *selector) follow(ctx context.Context, w wanted, was derived) (d derived, ok bool, err error) {
	at := s.store.Version()
	changed, known := s.store.Changed(w.collection, was.at)
	if w.relation != "" && known {
		var linked []store.Key
		linked, known = s.relinked(w.scope, was.at)
		changed = slices.Concat(changed, linked)
		slices.Sort(changed)
		changed = slices.Compact(changed)
	}
	if !known || len(changed) > mostFollowed {
		return derived{}, false, nil
	}
	if len(changed) == 0 {
		return derived{was.keys, at}, true, nil
	}
	fresh, err := s.qualify(ctx, w, changed)
	if err != nil {
		return derived{}, false, err
	}
	kept := without(was.keys, changed)
	compare := func(a, b store.Key) (int, error) { return cmp.Compare(a, b), nil }
	if w.sort != "" {
		compare = s.comparison(ctx, w)
	}
	keys, err := merge(kept, fresh, compare)
	if errors.Is(err, errGone) {
		return derived{}, false, nil
	}
	return derived{keys, at}, err == nil, err
}

// qualify finds those of the keys that belong in a list, ascending.
func (s *selector) qualify(ctx context.Context, w wanted, keys []store.Key) ([]store.Key, error) {
	if w.relation != "" {
		members, err := s.members(ctx, w.scope)
		if err != nil {
			return nil, err
		}
		keys = intersect(members, keys)
	}
	if w.filter != nil {
		return s.filter(ctx, w.collection, keys, w.filter)
	}
	return s.store.There(ctx, w.collection, keys)
}

// without returns the list without some keys.
func without(list, keys []store.Key) []store.Key {
	gone := setOf(keys)
	kept := make([]store.Key, 0, len(list))
	for _, key := range list {
		if !gone.has(key) {
			kept = append(kept, key)
		}
	}
	return kept
}

// merge puts keys into a list that is sorted, each where it belongs.
func merge(list, keys []store.Key, compare func(a, b store.Key) (int, error)) ([]store.Key, error) {
	type insertion struct {
		before int // this place of the list
		key    store.Key
	}
	var failed error
	order := func(a, b store.Key) int {
		if failed != nil {
			return 0
		}
		var n int
		n, failed = compare(a, b)
		return n
	}
	insertions := make([]insertion, len(keys))
	for i, key := range keys {
		before, _ := slices.BinarySearchFunc(list, key, order)
		insertions[i] = insertion{before, key}
	}
	slices.SortFunc(insertions, func(a, b insertion) int {
		if byPlace := cmp.Compare(a.before, b.before); byPlace != 0 {
			return byPlace
		}
		return order(a.key, b.key)
	})
	if failed != nil {
		return nil, failed
	}
	merged := make([]store.Key, 0, len(list)+len(keys))
	from := 0
	for _, i := range insertions {
		merged = append(merged, list[from:i.before]...)
		merged = append(merged, i.key)
		from = i.before
	}
	return append(merged, list[from:]...), nil
}

// errGone says that a document of a list is there no longer, and so the list is older
// than was thought.
var errGone = errors.New("the document was deleted meanwhile")

// comparison compares objects by a property, as sort does, and by their keys where
// that is equal. It reads each object once.
func (s *selector) comparison(ctx context.Context, w wanted) func(a, b store.Key) (int, error) {
	found, _ := s.properties[w.collection].find(w.sort)
	collator, buffer := newCollator(), &collate.Buffer{}
	values := map[store.Key][]byte{}
	value := func(key store.Key) ([]byte, error) {
		if v, read := values[key]; read {
			return v, nil
		}
		err := s.store.Scan(ctx, w.collection, key, key+1, func(_ store.Key, body []byte) error {
			of := func(visit func([]byte) bool) { eachValue(s.seen(w.collection, w.sort, body), w.sort, visit) }
			values[key] = appendSortValue([]byte{}, of, found.many)
			return nil
		})
		if err == nil && values[key] == nil {
			err = errGone
		}
		return values[key], err
	}
	return func(a, b store.Key) (int, error) {
		x, err := value(a)
		if err != nil {
			return 0, err
		}
		y, err := value(b)
		if err != nil {
			return 0, err
		}
		if found.kind == numberProperty {
			x, y = numberKey(x), numberKey(y)
		}
		// Where no value collates unlike its bytes, both orders are the same one.
		if !byBytes(found.kind) && found.kind != numberProperty && (collatesUnlikeBytes(x) || collatesUnlikeBytes(y)) {
			x, y = bytes.Clone(collator.Key(buffer, x)), collator.Key(buffer, y)
			buffer.Reset()
		}
		if byValue := bytes.Compare(x, y); byValue != 0 {
			return byValue, nil
		}
		return cmp.Compare(a, b), nil
	}
}
