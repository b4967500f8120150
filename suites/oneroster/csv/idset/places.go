package idset

import "math/bits"

// placeBits bounds how many places there are, to 67 million. The other bits of a slot tell
// hashes apart that belong to the same slot.
const (
	placeBits = 26
	placeMask = 1<<placeBits - 1
)

// Places gives each hash a number, counted from zero in the order of insertion, as Table
// does. How many will come has to be known: in return a slot takes eight bytes, for what
// the place of a slot tells of its hash isn't kept. Two hashes are taken for one where
// their low 38 bits are the same and their high bits lead to slots side by side. Not safe
// for concurrent insertion; lookups may run side by side.
type Places struct {
	slots []uint64 // the low bits of a hash, then its place, one up; 0: free
	n     int
}

// Reserve makes room for n hashes; before the first of them.
func (t *Places) Reserve(n int) { t.slots = make([]uint64, n+n/3+8) }

// Len gives how many different hashes there are.
func (t *Places) Len() int { return t.n }

// Insert gives the place of a hash, a new one when it is new.
func (t *Places) Insert(hash uint64) (place uint32, fresh bool) {
	s := t.slot(hash)
	if *s != 0 {
		return uint32(*s&placeMask) - 1, false
	}
	t.n++
	*s = hash<<placeBits | uint64(t.n)
	return uint32(t.n) - 1, true
}

// Find gives the place of a hash.
func (t *Places) Find(hash uint64) (place uint32, ok bool) {
	if t.n == 0 {
		return 0, false
	}
	s := *t.slot(hash)
	return uint32(s&placeMask) - 1, s != 0
}

// FindAll gives the places of some hashes, one up; 0 for those that didn't come. Processors
// wait for memory that is out of the way once, not once for each.
func (t *Places) FindAll(hashes []uint64, places []uint32) {
	if t.n == 0 {
		clear(places)
		return
	}
	var homes [16]uint64
	for len(hashes) > 0 {
		n := min(len(hashes), len(homes))
		for i, h := range hashes[:n] {
			home, _ := bits.Mul64(h, uint64(len(t.slots)))
			homes[i] = t.slots[home]
		}
		for i, h := range hashes[:n] {
			s := homes[i]
			if s != 0 && (s^h<<placeBits)>>placeBits != 0 {
				s = *t.slot(h)
			}
			places[i] = uint32(s & placeMask)
		}
		hashes, places = hashes[n:], places[n:]
	}
}

// slot finds the slot of a hash, or the free one where it belongs.
func (t *Places) slot(hash uint64) *uint64 {
	home, _ := bits.Mul64(hash, uint64(len(t.slots)))
	for i := int(home); ; {
		if s := &t.slots[i]; *s == 0 || (*s^hash<<placeBits)>>placeBits == 0 {
			return s
		}
		if i++; i == len(t.slots) {
			i = 0
		}
	}
}
