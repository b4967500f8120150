package idset

import "math/bits"

// Table gives each hash a number, counted from zero in the order of insertion.
// Not safe for concurrent insertion; lookups may run side by side.
type Table struct {
	hashes []uint64 // 0: free
	places []uint32
	n      int
}

// fill is the share of places that may be taken before the table grows, in
// percent.
const fill = 70

// known makes a hash usable as a key: zero means free.
func known(hash uint64) uint64 {
	if hash == 0 {
		return 1
	}
	return hash
}

// Len gives how many different hashes the table holds.
func (t *Table) Len() int { return t.n }

// Insert gives the number of a hash, a new one when it is new.
func (t *Table) Insert(hash uint64) (place uint32, fresh bool) {
	if (t.n+1)*100 > len(t.hashes)*fill {
		t.grow(max(1024, 2*len(t.hashes)))
	}
	hash = known(hash)
	i := t.slot(hash)
	if t.hashes[i] == hash {
		return t.places[i], false
	}
	t.hashes[i], t.places[i] = hash, uint32(t.n)
	t.n++
	return t.places[i], true
}

// Find gives the number of a hash.
func (t *Table) Find(hash uint64) (place uint32, ok bool) {
	if t.n == 0 {
		return 0, false
	}
	hash = known(hash)
	i := t.slot(hash)
	return t.places[i], t.hashes[i] == hash
}

// Reserve makes room for n hashes at once.
func (t *Table) Reserve(n int) {
	if want := 1 << bits.Len(uint(n*100/fill)); want > len(t.hashes) && n > 0 {
		t.grow(max(1024, want))
	}
}

// slot finds the place of a hash, or the free one where it belongs.
func (t *Table) slot(hash uint64) int {
	mask := len(t.hashes) - 1
	// The low bits are left to the partitions of a Sink.
	for i := int(hash>>20) & mask; ; i = (i + 1) & mask {
		if h := t.hashes[i]; h == hash || h == 0 {
			return i
		}
	}
}

func (t *Table) grow(size int) {
	hashes, places := t.hashes, t.places
	t.hashes, t.places = make([]uint64, size), make([]uint32, size)
	for i, h := range hashes {
		if h != 0 {
			j := t.slot(h)
			t.hashes[j], t.places[j] = h, places[i]
		}
	}
}
