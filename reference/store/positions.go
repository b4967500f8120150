package store

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// positions are the keys of a collection that are there: they find a key by its
// place in the order. Its owner has a lock.
type positions struct {
	live *roaring.Bitmap
	next Key // the next one to be given
}

// newPositions makes those of a collection that has given all keys below next, of
// which some are gone.
func newPositions(next Key, gone []Key) *positions {
	p := &positions{live: roaring.New(), next: next}
	p.live.AddRange(0, uint64(next))
	for _, key := range gone {
		p.live.Remove(uint32(key))
	}
	return p
}

func (p *positions) count() int { return int(p.live.GetCardinality()) }

// page returns the keys from a place on.
func (p *positions) page(offset, limit int) []Key {
	count := p.count()
	if offset < 0 || offset >= count || limit <= 0 {
		return nil
	}
	first, err := p.live.Select(uint32(offset))
	if err != nil {
		return nil // there are no so many, which was looked at
	}
	keys := make([]Key, 0, min(limit, count-offset))
	i := p.live.Iterator()
	for i.AdvanceIfNeeded(first); i.HasNext() && len(keys) < cap(keys); {
		keys = append(keys, Key(i.Next()))
	}
	return keys
}

// there leaves out the keys that are gone.
func (p *positions) there(keys []Key) []Key {
	if p.count() == int(p.next) { // none is
		return slices.DeleteFunc(slices.Clone(keys), func(key Key) bool { return key < 0 || key >= p.next })
	}
	return slices.DeleteFunc(slices.Clone(keys), func(key Key) bool { return key < 0 || !p.live.Contains(uint32(key)) })
}

// history tells which keys changed and when, as far back as it goes.
type history struct {
	changes []change
	since   Version // nothing is known of what was before, or at it
}

type change struct {
	at         Version
	owner, key Key
}

// historyLength bounds a history. Whoever wants to know of more changes than these
// has less work when it begins anew.
const historyLength = 1 << 15

func (h *history) add(at Version, owner, key Key) {
	if len(h.changes) >= historyLength {
		half := len(h.changes) / 2
		h.since = h.changes[half-1].at
		h.changes = slices.Delete(h.changes, 0, half)
	}
	h.changes = append(h.changes, change{at, owner, key})
}

// keys lists what changed for an owner after a version.
func (h *history) keys(owner Key, after Version) ([]Key, bool) {
	if after < h.since {
		return nil, false
	}
	first, _ := slices.BinarySearchFunc(h.changes, after+1, func(c change, at Version) int { return int(c.at - at) })
	var keys []Key
	for _, c := range h.changes[first:] {
		if c.owner == owner {
			keys = append(keys, c.key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), true
}
