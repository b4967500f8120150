package idset

import "math/bits"

const (
	shortBits = 10
	shortSize = 1 << shortBits
	nearBits  = 12  // keys that differ in these alone share a partition
	run       = 256 // keys that lie together
)

// Short takes keys of at most 42 bits, four bytes each, and tells at the end which came
// more than once. Longer keys may be taken for each other. Keys that follow each other
// are often near each other, and go to few partitions then, which processors have at hand.
type Short struct {
	parts [][][]uint32 // full chunks
	open  [][]uint32   // the one of each partition that is being filled
	n     int
}

// Add takes one key.
func (s *Short) Add(key uint64) {
	if s.open == nil {
		s.parts, s.open = make([][][]uint32, shortSize), make([][]uint32, shortSize)
	}
	part := key >> nearBits % shortSize
	c := &s.open[part]
	if len(*c) == cap(*c) {
		s.turn(int(part))
	}
	*c = append(*c, uint32(key>>(shortBits+nearBits)<<nearBits|key%(1<<nearBits)))
	s.n++
}

// turn puts a full chunk aside and begins another.
func (s *Short) turn(i int) {
	if cap(s.open[i]) > 0 {
		s.parts[i] = append(s.parts[i], s.open[i])
	}
	s.open[i] = make([]uint32, 0, min(run, 8<<(2*len(s.parts[i])))) // small files take little
}

// settle puts all chunks together.
func (s *Short) settle() {
	for i, c := range s.open {
		if len(c) > 0 {
			s.parts[i] = append(s.parts[i], c)
		}
	}
	s.open = nil
}

// Len gives how many keys came.
func (s *Short) Len() int { return s.n }

// Join takes over what another holds.
func (s *Short) Join(o *Short) {
	s.settle()
	o.settle()
	if o.parts == nil {
		return
	}
	if s.parts == nil {
		s.parts = make([][][]uint32, shortSize)
	}
	for i, p := range o.parts {
		s.parts[i] = append(p, s.parts[i]...)
	}
	s.n += o.n
	*o = Short{}
}

// Repeated gives at most limit of the keys that came again, by the bits that are
// kept. It empties the list as it goes.
func (s *Short) Repeated(limit int) map[uint64]bool {
	s.settle()
	out := map[uint64]bool{}
	var table []uint64
	for i, p := range s.parts {
		total := 0
		for _, c := range p {
			total += len(c)
		}
		size := 1 << bits.Len(uint(total+total/2))
		if len(table) < size {
			table = make([]uint64, size)
		}
		here := table[:size]
		clear(here)
		for _, c := range p {
			for _, k := range c {
				if enter(here, uint64(k)+1) && len(out) < limit {
					out[uint64(k)>>nearBits<<(shortBits+nearBits)|uint64(i)<<nearBits|uint64(k)%(1<<nearBits)] = true
				}
			}
		}
		s.parts[i] = nil
	}
	s.parts, s.n = nil, 0
	return out
}

// enter puts a key that is not zero into a table; true when it is there already.
func enter(table []uint64, key uint64) bool {
	mask := uint64(len(table) - 1)
	for i := key * 0x9E3779B97F4A7C15 >> 32 & mask; ; i = (i + 1) & mask {
		switch table[i] {
		case 0:
			table[i] = key
			return false
		case key:
			return true
		}
	}
}

// Kept gives a key as Repeated gives it back.
func Kept(key uint64) uint64 { return key & (1<<(32+shortBits) - 1) }
