package scan

import (
	"fmt"
	"slices"
)

// listChunk is how many items of a list lie together.
const listChunk = 2048

// list is an append-only list that never copies what it holds, so that it takes
// no more memory than that.
type list[T any] struct{ chunks [][]T }

func (l *list[T]) add(v T) {
	last := len(l.chunks) - 1
	if last < 0 || len(l.chunks[last]) == cap(l.chunks[last]) {
		size := listChunk
		if last < 3 {
			size = 16 << (2 * (last + 1)) // small files take little
		}
		l.chunks = append(l.chunks, make([]T, 0, size))
		last++
	}
	l.chunks[last] = append(l.chunks[last], v)
}

func (l *list[T]) len() (n int) {
	for _, c := range l.chunks {
		n += len(c)
	}
	return n
}

// drain visits all items, a few at a time, and lets go of each chunk once it is visited.
func (l *list[T]) drain(few int, visit func(items []T)) {
	for i, c := range l.chunks {
		for part := range slices.Chunk(c, few) {
			visit(part)
		}
		l.chunks[i] = nil
	}
	l.chunks = nil
}

// maxKept bounds how many rows of one file are kept because others refer to them:
// several times the people of the largest state, and some two gigabytes. idset.Places has room
// for more.
const maxKept = 40_000_000

// TooMany tells that a file has more records than are kept at once.
type TooMany struct {
	File string
	Most int64
}

func (e *TooMany) Error() string {
	return fmt.Sprintf("%s has more than %d records", e.File, e.Most)
}

// tooMany tells whether a worker keeps more than its share.
func (w *worker) tooMany() error {
	n := w.entries.len()
	for _, l := range w.later {
		n += len(l)
	}
	if n > maxKept/len(w.f.workers) {
		return &TooMany{w.f.stream.entry.Path, maxKept}
	}
	return nil
}
