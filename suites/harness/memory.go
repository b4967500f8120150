package harness

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// defaultMemory is what all processes of a run may take together, in MiB: what a
	// small machine of a pipeline has to spare.
	defaultMemory = 600
	// ownMemory is what a process takes before it holds anything of a target: the
	// program itself, schemas, the catalogue, and the answer that it is reading.
	ownMemory = 60
	// keptShare is the part of the rest that may be held for good. The other is for
	// what comes and goes: answers, what is decoded of them, and garbage.
	keptShare = 0.6
	// objectCost is what an object that was prepared comes to in the memory of each
	// process: a user is the dearest.
	objectCost = 600
)

// DefaultMaxObjects is how many objects of one collection are read unless the
// target file says otherwise.
const DefaultMaxObjects = 1_000_000

// memory gives what one of n processes that work side by side may take, in bytes.
// The parent is one more.
func (t *Target) memory(n int) int64 {
	all := defaultMemory
	if t.Limits.MemoryMiB > 0 {
		all = t.Limits.MemoryMiB
	}
	return max(2*ownMemory, (int64(all)-ownMemory)/int64(max(1, n))) << 20
}

// forGood gives how much of that may be held for good.
func forGood(memory int64) int64 { return int64(float64(memory-ownMemory<<20) * keptShare) }

// fit gives the number of processes, at most n, each of which has the memory to hold
// the objects that were prepared.
func (t *Target) fit(n, objects int) int {
	for ; n > 1 && forGood(t.memory(n)) < int64(objects)*objectCost; n-- {
	}
	return n
}

// limitMemory has the collector work harder the nearer this process comes to what it
// may take, and seldom before: what may be taken need not be saved.
func limitMemory(bytes int64) {
	if bytes > 0 {
		debug.SetMemoryLimit(bytes)
		if os.Getenv("GOGC") == "" {
			debug.SetGCPercent(seldom)
		}
	}
}

// seldom is by how many percent the heap may grow between two collections.
const seldom = 400

// Crowded tells whether this process holds as much of the target for good as it may.
func (s *Session) Crowded() bool {
	if s.memory <= 0 || held() < forGood(s.memory) {
		return false
	}
	runtime.GC() // some of it may be garbage
	return held() >= forGood(s.memory)
}

// held gives the bytes of all objects on the heap, garbage included.
func held() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// MaxObjects is how many objects of one collection are read.
func (s *Session) MaxObjects() int {
	if n := s.Target.Limits.MaxObjects; n > 0 {
		return n
	}
	return DefaultMaxObjects
}
