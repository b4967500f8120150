package idset

import (
	"math/bits"
	"slices"
	"sync"
)

const (
	partitions = 256
	chunk      = 1024
)

// Sink takes hashes, eight bytes each, and tells at the end which came more than
// once. Each goroutine fills a sink of its own; Join puts them together.
type Sink struct {
	parts  [partitions][][]uint64 // full chunks
	open   [partitions][]uint64   // the one of each that is being filled
	n      int
	sorted bool
}

// Add takes one hash.
func (s *Sink) Add(hash uint64) {
	c := &s.open[hash%partitions]
	if len(*c) == cap(*c) {
		s.turn(int(hash % partitions))
	}
	*c = append(*c, hash)
	s.n++
}

// turn puts a full chunk aside and begins another. Small files take little: chunks
// grow with what came before.
func (s *Sink) turn(i int) {
	if cap(s.open[i]) > 0 {
		s.parts[i] = append(s.parts[i], s.open[i])
	}
	size := chunk
	if n := len(s.parts[i]); n < 4 {
		size = 16 << (2 * n)
	}
	s.open[i] = make([]uint64, 0, min(size, chunk))
}

// settle puts all chunks together.
func (s *Sink) settle() {
	for i, c := range s.open {
		if len(c) > 0 {
			s.parts[i] = append(s.parts[i], c)
		}
		s.open[i] = nil
	}
}

// Len gives how many hashes came.
func (s *Sink) Len() int { return s.n }

// Join takes over what others hold.
func (s *Sink) Join(others ...*Sink) {
	s.settle()
	for _, o := range others {
		if o == nil || o == s {
			continue
		}
		o.settle()
		for i := range o.parts {
			s.parts[i] = append(o.parts[i], s.parts[i]...)
		}
		s.n += o.n
		*o = Sink{}
	}
}

// Sort orders what came, for Repeated and Has.
func (s *Sink) Sort() {
	if s.sorted {
		return
	}
	s.sorted = true
	s.settle()
	each(func(i int) {
		if len(s.parts[i]) == 0 {
			return
		}
		total := 0
		for _, c := range s.parts[i] {
			total += len(c)
		}
		all := make([]uint64, 0, total)
		for _, c := range s.parts[i] {
			all = append(all, c...)
		}
		slices.Sort(all)
		s.parts[i] = [][]uint64{all}
	})
}

// Has tells whether a hash came; Sort first.
func (s *Sink) Has(hash uint64) bool {
	p := s.parts[hash%partitions]
	if len(p) == 0 {
		return false
	}
	_, found := slices.BinarySearch(p[0], hash)
	return found
}

// Repeated gives how many hashes came again, and at most limit of them, each
// once. It empties the sink as it goes, to save memory.
func (s *Sink) Repeated(limit int) (again int, some []uint64) {
	s.settle()
	var mu sync.Mutex
	var scratch sync.Pool // of tables that fit a core's cache
	each(func(i int) {
		total := 0
		for _, c := range s.parts[i] {
			total += len(c)
		}
		if total < 2 {
			s.parts[i] = nil
			return
		}
		size := 1 << bits.Len(uint(total+total/2))
		table, _ := scratch.Get().(*[]uint64)
		if table == nil || len(*table) < size {
			fresh := make([]uint64, size)
			table = &fresh
		}
		clear((*table)[:size])
		n, repeated := count(s.parts[i], (*table)[:size], limit)
		scratch.Put(table)
		s.parts[i] = nil
		if n > 0 {
			mu.Lock()
			defer mu.Unlock()
			again += n
			some = append(some, repeated...)
		}
	})
	slices.Sort(some)
	some = slices.Compact(some)
	return again, some[:min(len(some), limit)]
}

// count enters hashes into an empty table, a power of two in size, and counts
// those that are there already.
func count(chunks [][]uint64, table []uint64, limit int) (again int, some []uint64) {
	mask := uint64(len(table) - 1)
	for _, c := range chunks {
		for _, h := range c {
			h = known(h)
			for i := (h >> 8) & mask; ; i = (i + 1) & mask {
				if table[i] == 0 {
					table[i] = h
					break
				}
				if table[i] == h {
					again++
					if len(some) < limit {
						some = append(some, h)
					}
					break
				}
			}
		}
	}
	return again, some
}

// each visits all partitions, on every core.
func each(visit func(i int)) {
	var group sync.WaitGroup
	const workers = 4
	for w := range workers {
		group.Go(func() {
			for i := w; i < partitions; i += workers {
				visit(i)
			}
		})
	}
	group.Wait()
}
