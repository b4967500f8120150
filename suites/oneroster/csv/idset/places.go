package idset

import "math/bits"

// placeBits bounds how many places there are. The other bits of a slot tell hashes apart
// that belong to the same slot.
const (
	placeBits = 26
	tagBits   = 64 - placeBits
	noPlace   = 1<<placeBits - 1 // as a mask: the place of a slot, one up
)

// MaxPlaces is how many hashes Places can number.
const MaxPlaces = noPlace - 1

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
		return uint32(*s&noPlace) - 1, false
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
	return uint32(s&noPlace) - 1, s != 0
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
