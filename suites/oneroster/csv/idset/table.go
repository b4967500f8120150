package idset

// Table gives each hash a number, counted from zero in the order of insertion.
// Not safe for concurrent insertion; lookups may run side by side.
type Table struct {
	slots []slot
	n     int
}

// slot is one place of a table: hash and number lie together, so that looking one up
// costs one way to memory. The hash is in halves, which keeps a slot at twelve bytes.
type slot struct {
	low, high uint32 // both 0: free
	place     uint32
}

func (s *slot) hash() uint64 { return uint64(s.high)<<32 | uint64(s.low) }

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
	if (t.n+1)*100 > len(t.slots)*fill {
		t.grow(max(1024, 2*len(t.slots)))
	}
	hash = known(hash)
	s := t.slot(hash)
	if s.hash() == hash {
		return s.place, false
	}
	*s = slot{uint32(hash), uint32(hash >> 32), uint32(t.n)}
	t.n++
	return s.place, true
}

// Find gives the number of a hash.
func (t *Table) Find(hash uint64) (place uint32, ok bool) {
	if t.n == 0 {
		return 0, false
	}
	hash = known(hash)
	s := t.slot(hash)
	return s.place, s.hash() == hash
}

// slot finds the place of a hash, or the free one where it belongs.
func (t *Table) slot(hash uint64) *slot {
	mask := len(t.slots) - 1
	// The low bits are left to the partitions of a Sink.
	for i := int(hash>>20) & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if h := s.hash(); h == hash || h == 0 {
			return s
		}
	}
}

func (t *Table) grow(size int) {
	old := t.slots
	t.slots = make([]slot, size)
	for i := range old {
		if h := old[i].hash(); h != 0 {
			*t.slot(h) = old[i]
		}
	}
}
