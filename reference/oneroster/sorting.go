package oneroster

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"golang.org/x/text/collate"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// sort orders the keys (nil: the whole collection) by a property, or leaves
// them in the default order when the property is empty.
//
// The order is total: what compares equal stays in the default order, so that no
// object shows up on two pages or on none. Objects without the property come first.
func (s *selector) sort(ctx context.Context, c store.Collection, keys []store.Key, property string) ([]store.Key, error) {
	if property == "" {
		return keys, nil
	}
	found, _ := s.properties[c].find(property)
	repeats := property != "sourcedId" // of which no two are equal
	if inColumn(property, found) && manyEnough(keys) && !s.view(c).differs(property) {
		return s.sortByColumn(ctx, c, keys, property, newColumn(repeats), found)
	}
	return s.sortByDocuments(ctx, c, keys, property, found)
}

func (s *selector) sortByDocuments(ctx context.Context, c store.Collection, keys []store.Key, property string,
	found leaf,
) ([]store.Key, error) {
	var parts []*column
	err := s.visitParts(ctx, c, keys, func() store.Visit {
		part := newColumn(property != "sourcedId")
		parts = append(parts, part)
		var value []byte
		return func(key store.Key, body []byte) error {
			of := func(visit func([]byte) bool) { eachValue(s.seen(c, property, body), property, visit) }
			value = appendSortValue(value[:0], of, found.many)
			part.add(key, value)
			return nil
		}
	})
	if err != nil {
		return nil, err
	}
	whole := parts[0]
	for _, part := range parts[1:] {
		whole.append(part)
	}
	return whole.sorted(found.kind), nil
}

func (s *selector) sortByColumn(ctx context.Context, c store.Collection, keys []store.Key, property string,
	into *column, found leaf,
) ([]store.Key, error) {
	wanted := setOf(keys)
	var value []byte
	err := s.store.Column(ctx, c, property, func(key store.Key, tuple []byte) error {
		if keys == nil || wanted.has(key) {
			value = appendSortValue(value[:0], valuesOf(tuple), found.many)
			into.add(key, value)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return into.sorted(found.kind), nil
}

// appendSortValue appends what an object is sorted by: its value, or all its values in
// their order, or nothing.
func appendSortValue(dst []byte, of values, many bool) []byte {
	first := true
	of(func(value []byte) bool {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, value...)
		return many
	})
	return dst
}

// column is one property of many objects. Properties repeat: a million enrollments
// have two roles and some thousand classes. So each value is kept once, and the objects
// have numbers of values.
type column struct {
	keys    []store.Key
	numbers []int32 // of the values, by object
	values  texts
	known   map[string]int32 // the numbers of values; nil where no two are equal
}

func newColumn(repeats bool) *column {
	c := &column{}
	if repeats {
		c.known = map[string]int32{}
	}
	return c
}

func (c *column) add(key store.Key, value []byte) {
	c.keys = append(c.keys, key)
	c.numbers = append(c.numbers, c.number(value))
}

func (c *column) number(value []byte) int32 {
	number, known := c.known[string(value)]
	if !known {
		number = c.values.add(value)
		if c.known != nil {
			c.known[string(value)] = number
		}
	}
	return number
}

// append puts the objects of another column behind.
func (c *column) append(other *column) {
	numbers := make([]int32, other.values.count())
	if c.known == nil {
		for i := range numbers {
			numbers[i] = int32(c.values.count() + i)
		}
		c.values.append(&other.values)
	} else {
		for i := range numbers {
			numbers[i] = c.number(other.values.at(int32(i)))
		}
	}
	c.keys = append(c.keys, other.keys...)
	for _, number := range other.numbers {
		c.numbers = append(c.numbers, numbers[number])
	}
}

// sorted gives the keys in the order of the values, and those of one value in the order
// in which they were added: it counts how many belong to each place and deals them out.
func (c *column) sorted(kind propertyKind) []store.Key {
	places := places(&c.values, kind)
	begins := make([]int32, len(places)+1)
	for _, number := range c.numbers {
		begins[places[number]+1]++
	}
	for i := 1; i < len(begins); i++ {
		begins[i] += begins[i-1]
	}
	sorted := make([]store.Key, len(c.keys))
	for i, number := range c.numbers {
		place := places[number]
		sorted[begins[place]] = c.keys[i]
		begins[place]++
	}
	return sorted
}

// texts are many texts in large pieces of memory, which never move.
type texts struct {
	pieces [][]byte
	spans  []span
}

// span is where a text lies.
type span struct{ piece, from, end uint32 }

// pieceSize is large beside a text and small beside all of them.
const pieceSize = 1 << 18

func (t *texts) add(text []byte) int32 {
	last := len(t.pieces) - 1
	if last < 0 || cap(t.pieces[last])-len(t.pieces[last]) < len(text) {
		t.pieces = append(t.pieces, make([]byte, 0, max(pieceSize, len(text))))
		last++
	}
	from := len(t.pieces[last])
	t.pieces[last] = append(t.pieces[last], text...)
	t.spans = append(t.spans, span{uint32(last), uint32(from), uint32(len(t.pieces[last]))})
	return int32(len(t.spans) - 1)
}

func (t *texts) count() int { return len(t.spans) }

func (t *texts) at(i int32) []byte {
	s := t.spans[i]
	return t.pieces[s.piece][s.from:s.end]
}

// append puts the texts of another behind, and shares their memory.
func (t *texts) append(other *texts) {
	shift := uint32(len(t.pieces))
	t.pieces = append(t.pieces, other.pieces...)
	t.spans = slices.Grow(t.spans, len(other.spans))
	for _, s := range other.spans {
		t.spans = append(t.spans, span{s.piece + shift, s.from, s.end})
	}
}

// places returns the place of each value among all; values that compare equal
// share one.
func places(values *texts, kind propertyKind) []int32 {
	switch {
	case kind == numberProperty:
		values = mapped(values, numberKey)
	case !byBytes(kind):
		for i := range values.count() {
			if collatesUnlikeBytes(values.at(int32(i))) {
				values = collationKeys(values)
				break
			}
		}
	}
	// Of most pairs the first bytes decide, beyond those that all have in common. They
	// are compared as a number, without a way to memory.
	type entry struct {
		first uint64
		value int32
	}
	common := commonPrefix(values)
	entries := make([]entry, values.count())
	for i := range entries {
		var first [8]byte
		copy(first[:], values.at(int32(i))[common:])
		entries[i] = entry{binary.BigEndian.Uint64(first[:]), int32(i)}
	}
	compare := func(a, b entry) int {
		if byFirst := cmp.Compare(a.first, b.first); byFirst != 0 {
			return byFirst
		}
		return bytes.Compare(values.at(a.value)[common:], values.at(b.value)[common:])
	}
	slices.SortFunc(entries, compare)
	places := make([]int32, len(entries))
	for i, e := range entries {
		places[e.value] = int32(i)
		if i > 0 && compare(entries[i-1], e) == 0 {
			places[e.value] = places[entries[i-1].value]
		}
	}
	return places
}

// commonPrefix is the length of what all texts begin with.
func commonPrefix(t *texts) int {
	if t.count() == 0 {
		return 0
	}
	prefix := t.at(0)
	for i := 1; i < t.count() && len(prefix) > 0; i++ {
		text := t.at(int32(i))
		n := 0
		for n < min(len(prefix), len(text)) && prefix[n] == text[n] {
			n++
		}
		prefix = prefix[:n]
	}
	return len(prefix)
}

// byBytes says whether values of a kind are ordered by their bytes. Dates and
// date-times are written in one form each, in which the order of bytes is that of
// time; everything else follows Unicode collation.
func byBytes(kind propertyKind) bool { return kind == dateProperty || kind == dateTimeProperty }

func collationKeys(values *texts) *texts {
	collator, buffer := newCollator(), &collate.Buffer{}
	return mapped(values, func(value []byte) []byte {
		buffer.Reset()
		return collator.Key(buffer, value)
	})
}

// mapped gives each text what it is ordered by, which is used before the next is made.
func mapped(values *texts, key func([]byte) []byte) *texts {
	keys := &texts{}
	for i := range values.count() {
		keys.add(key(values.at(int32(i))))
	}
	return keys
}

// numberKey turns a number, or several with commas between them, into bytes that have the
// order of the numbers; nothing stays nothing.
func numberKey(value []byte) []byte {
	var key []byte
	for len(value) > 0 {
		number, rest, _ := bytes.Cut(value, []byte{','})
		v, _ := strconv.ParseFloat(string(number), 64) // our own values are well-formed
		bits := math.Float64bits(v + 0)                // there is a zero below zero
		if bits>>63 != 0 {
			bits = ^bits
		} else {
			bits |= 1 << 63
		}
		key = binary.BigEndian.AppendUint64(key, bits)
		value = rest
	}
	return key
}

// collatesUnlikeBytes says whether a value has a character other than hyphens,
// digits and small letters, whose order in Unicode collation is that of their
// bytes. Most sourcedIds have none, and a million of their collation keys would
// take more memory than everything else here.
func collatesUnlikeBytes(value []byte) bool {
	for _, b := range value {
		if b != '-' && (b < '0' || b > '9') && (b < 'a' || b > 'z') {
			return true
		}
	}
	return false
}
