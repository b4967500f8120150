package sis

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/text/collate"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// sort orders the ranks (nil: the whole collection) by a property, or leaves
// them in the default order when the property is empty.
//
// The order is total: what compares equal stays in the default order, so that no
// object shows up on two pages or on none. desc is asc backwards. Objects without
// the property come first in asc.
func (s *selector) sort(ctx context.Context, c store.Collection, ranks []int32, property string, descending bool) ([]int32, error) {
	if property == "" {
		return ranks, nil
	}
	// Properties repeat: a million enrollments have two roles and some thousand
	// classes. So the distinct values are ordered, and the objects by a number.
	distinct := map[string]int32{}
	var values []string
	type entry struct{ rank, value int32 }
	entries := make([]entry, 0, len(ranks))
	err := s.visit(ctx, c, ranks, func(rank int32, body []byte) error {
		value := sortValue(body, property)
		number, ok := distinct[value]
		if !ok {
			number = int32(len(values))
			values = append(values, value)
			if property != "sourcedId" { // of which no two are equal
				distinct[value] = number
			}
		}
		entries = append(entries, entry{rank, number})
		return nil
	})
	if err != nil {
		return nil, err
	}
	found, _ := s.properties[c].find(property)
	order := places(values, found.kind)
	slices.SortFunc(entries, func(a, b entry) int {
		if byValue := cmp.Compare(order[a.value], order[b.value]); byValue != 0 {
			return byValue
		}
		return cmp.Compare(a.rank, b.rank)
	})
	sorted := make([]int32, len(entries))
	for i, e := range entries {
		sorted[i] = e.rank
	}
	if descending {
		slices.Reverse(sorted)
	}
	return sorted, nil
}

// sortValue is what an object is sorted by: its value, or all its values in
// their order, or nothing.
func sortValue(body []byte, property string) string {
	var values []string
	eachValue(body, property, func(value string) bool {
		values = append(values, value)
		return true
	})
	return strings.Join(values, ",")
}

// places returns the place of each value among all; values that compare equal
// share one. Dates and date-times are written in one form each, in which the order
// of bytes is that of time; everything else follows Unicode collation.
func places(values []string, kind propertyKind) []int32 {
	byBytes := kind == dateProperty || kind == dateTimeProperty || !slices.ContainsFunc(values, collatesUnlikeBytes)
	compare := func(a, b int32) int { return strings.Compare(values[a], values[b]) }
	if !byBytes {
		keys := collationKeys(values)
		compare = func(a, b int32) int { return bytes.Compare(keys[a], keys[b]) }
	}
	order := make([]int32, len(values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, compare)
	places := make([]int32, len(values))
	for i, value := range order {
		places[value] = int32(i)
		if i > 0 && compare(order[i-1], value) == 0 {
			places[value] = places[order[i-1]]
		}
	}
	return places
}

func collationKeys(values []string) [][]byte {
	collator, buffer := newCollator(), &collate.Buffer{}
	keys := make([][]byte, len(values))
	for i, value := range values {
		keys[i] = bytes.Clone(collator.KeyFromString(buffer, value))
		buffer.Reset()
	}
	return keys
}

// collatesUnlikeBytes says whether a value has a character other than hyphens,
// digits and small letters, whose order in Unicode collation is that of their
// bytes. Most sourcedIds have none, and a million of their collation keys would
// take more memory than everything else here.
func collatesUnlikeBytes(value string) bool {
	for _, b := range []byte(value) {
		if b != '-' && (b < '0' || b > '9') && (b < 'a' || b > 'z') {
			return true
		}
	}
	return false
}
