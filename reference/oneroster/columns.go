package oneroster

import (
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// What the store keeps in columns: each property of an object that is a scalar, by its
// dotted path, but for what is in metadata, of which there is no telling, and addresses,
// which are made of what else is there.

// columns tells what is kept of the objects of some collections.
func columns(properties map[store.Collection]*property) *store.Columns {
	readers := map[store.Collection]*columnReader{}
	var form strings.Builder
	form.WriteString("tuples 1")
	for _, c := range slices.Sorted(maps.Keys(properties)) {
		r := newColumnReader(properties[c])
		readers[c] = r
		form.WriteString("\n" + string(c) + " " + strings.Join(r.names, " "))
	}
	return &store.Columns{
		Form: form.String(),
		Values: func(c store.Collection, body []byte, yield func(string, []byte)) {
			if r := readers[c]; r != nil {
				r.read(body, yield)
			}
		},
	}
}

// inColumn says whether a property is kept in a column.
func inColumn(path string, l leaf) bool {
	return l.kind != openProperty && path != "href" && !strings.HasSuffix(path, ".href")
}

// columnReader takes all values of an object in one go.
type columnReader struct {
	root   *columnNode
	names  []string
	tuples sync.Pool // of *[][]byte, by column
}

// columnNode is a property, whose values go to a column unless that is negative.
type columnNode struct {
	members map[string]*columnNode
	column  int
}

func newColumnReader(p *property) *columnReader {
	r := &columnReader{}
	r.root = r.node(p, "")
	r.tuples.New = func() any { t := make([][]byte, len(r.names)); return &t }
	return r
}

func (r *columnReader) node(p *property, path string) *columnNode {
	n := &columnNode{column: -1}
	switch {
	case p.kind == objectProperty:
		n.members = map[string]*columnNode{}
		for _, name := range slices.Sorted(maps.Keys(p.members)) {
			n.members[name] = r.node(p.members[name], strings.TrimPrefix(path+"."+name, "."))
		}
	case inColumn(path, leaf{kind: p.kind}):
		n.column = len(r.names)
		r.names = append(r.names, path)
	}
	return n
}

func (r *columnReader) read(object []byte, yield func(column string, value []byte)) {
	tuples := r.tuples.Get().(*[][]byte)
	defer r.tuples.Put(tuples)
	for i := range *tuples {
		(*tuples)[i] = (*tuples)[i][:0]
	}
	r.root.take(object, *tuples)
	for i, t := range *tuples {
		if len(t) > 0 {
			yield(r.names[i], t)
		}
	}
}

func (n *columnNode) take(value []byte, tuples [][]byte) {
	switch {
	case len(value) == 0:
	case value[0] == '[':
		eachElement(value, func(element []byte) bool {
			n.take(element, tuples)
			return true
		})
	case value[0] == '{':
		eachMember(value, func(name, member []byte) bool {
			if m := n.members[string(name)]; m != nil {
				m.take(member, tuples)
			}
			return true
		})
	case n.column >= 0:
		tuples[n.column] = appendTuple(tuples[n.column], text(value))
	}
}

// A tuple is all values of one property that an object has, each with its length before
// it: none is not the same as an empty one.

func appendTuple(tuple, value []byte) []byte {
	tuple = binary.AppendUvarint(tuple, uint64(len(value)))
	return append(tuple, value...)
}

// valuesOf gives the values of a tuple.
func valuesOf(tuple []byte) values {
	return func(visit func(value []byte) bool) {
		for rest := tuple; len(rest) > 0; {
			length, w := binary.Uvarint(rest)
			if w <= 0 || length > uint64(len(rest)-w) {
				return // the store holds to what it was given
			}
			end := w + int(length)
			if !visit(rest[w:end]) {
				return
			}
			rest = rest[end:]
		}
	}
}

// keySet is a set of keys: a bit for each.
type keySet []uint64

func setOf(keys []store.Key) keySet {
	var s keySet
	for _, key := range keys {
		s.add(key)
	}
	return s
}

func (s *keySet) add(key store.Key) {
	for int(key/64) >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[key/64] |= 1 << (key % 64)
}

func (s keySet) has(key store.Key) bool {
	return int(key/64) < len(s) && s[key/64]&(1<<(key%64)) != 0
}

// keys lists them, ascending.
func (s keySet) keys() []store.Key {
	keys := []store.Key{}
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			keys = append(keys, store.Key(i*64+bits.TrailingZeros64(word)))
		}
	}
	return slices.Clip(keys)
}
