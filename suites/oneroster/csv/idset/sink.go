package idset

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
)

const (
	partitions = 128 // few enough for the ends of all chunks to stay at hand, and for a table of one as well
	keptBytes  = 6
	chunk      = 4096 // bytes that lie together
)

// Sink takes hashes, six bytes each, and tells at the end which came more than
// once. Each goroutine fills a sink of its own; Join puts them together.
type Sink struct {
	parts  [partitions][][]byte // full chunks
	open   [partitions]filling
	n      int
	sorted [][]uint64 // by partition
}

// filling is a chunk while it is filled. Behind what a chunk holds there is room for the
// rest of eight bytes, so that a hash is written and read at one stroke.
type filling struct {
	bytes []byte
	n     int // bytes that are taken
}

// Trim gives a hash as a Sink knows it. The partition tells the lowest bits, six bytes
// those above, and the highest are left out: of a hundred million hashes, two would be
// taken for the same once in seven times.
func Trim(hash uint64) uint64 { return hash & (partitions<<(8*keptBytes) - 1) }

// Add takes one hash.
func (s *Sink) Add(hash uint64) {
	c := &s.open[hash%partitions]
	if c.n+8 > len(c.bytes) {
		s.turn(int(hash % partitions))
	}
	binary.LittleEndian.PutUint64(c.bytes[c.n:], hash/partitions)
	c.n += keptBytes
	s.n++
}

// turn puts a full chunk aside and begins another. Small files take little: chunks
// grow with what came before.
func (s *Sink) turn(i int) {
	c := &s.open[i]
	if c.n > 0 {
		s.parts[i] = append(s.parts[i], c.bytes[:c.n])
	}
	size := chunk
	if n := len(s.parts[i]); n < 3 {
		size = min(chunk, 128<<(2*n))
	}
	*c = filling{bytes: make([]byte, size)}
}

// settle puts all chunks together.
func (s *Sink) settle() {
	for i, c := range s.open {
		if c.n > 0 {
			s.parts[i] = append(s.parts[i], c.bytes[:c.n])
		}
		s.open[i] = filling{}
	}
}

// whole gives a chunk with what keptIn reads of its last hash.
func whole(chunk []byte) []byte { return chunk[:len(chunk)+8-keptBytes] }

// keptIn gives the hash at the beginning of what is left of a whole chunk, without the
// bits that are the same in all of a partition.
func keptIn(whole []byte) uint64 {
	return binary.LittleEndian.Uint64(whole) & (1<<(8*keptBytes) - 1)
}

// lenOf gives how many hashes a partition has.
func (s *Sink) lenOf(partition int) (n int) {
	for _, c := range s.parts[partition] {
		n += len(c) / keptBytes
	}
	return n
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

// Sort orders what came, for Has. It empties the sink of all else.
func (s *Sink) Sort() {
	s.settle()
	s.sorted = make([][]uint64, partitions)
	each(func(i int) {
		all := make([]uint64, 0, s.lenOf(i))
		for _, c := range s.parts[i] {
			for whole := whole(c); len(whole) >= 8; whole = whole[keptBytes:] {
				all = append(all, keptIn(whole))
			}
		}
		slices.Sort(all)
		s.sorted[i], s.parts[i] = all, nil
	})
}

// Has tells whether a hash came; Sort first.
func (s *Sink) Has(hash uint64) bool {
	_, found := slices.BinarySearch(s.sorted[hash%partitions], Trim(hash)/partitions)
	return found
}

// Repeated gives how many hashes came again, and at most limit of them, trimmed and each
// once. It empties the sink as it goes, to save memory.
func (s *Sink) Repeated(limit int) (again int, some []uint64) {
	s.settle()
	var mu sync.Mutex
	var scratch sync.Pool // of tables that fit a core's cache
	each(func(i int) {
		total := s.lenOf(i)
		size := 1 << bits.Len(uint(total+total/2))
		table, _ := scratch.Get().(*[]uint64)
		if table == nil || len(*table) < size {
			fresh := make([]uint64, size)
			table = &fresh
		}
		clear((*table)[:size])
		n, repeated := s.count(i, (*table)[:size], limit)
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

// count enters the hashes of a partition into an empty table, a power of two in size,
// and counts those that are there already.
func (s *Sink) count(partition int, table []uint64, limit int) (again int, some []uint64) {
	for _, c := range s.parts[partition] {
		for whole := whole(c); len(whole) >= 8; whole = whole[keptBytes:] {
			kept := keptIn(whole)
			if !enter(table, kept+1) {
				continue
			}
			if again++; len(some) < limit {
				some = append(some, kept*partitions+uint64(partition))
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
