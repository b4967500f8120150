package sis

import (
	"container/list"
	"sync"

	"golang.org/x/sync/singleflight"
)

// rankCache keeps computed lists of ranks, those used least recently making room
// for new ones. Callers that want the same list at the same time wait for one
// computation.
type rankCache struct {
	capacity int // in ranks
	group    singleflight.Group

	mu      sync.Mutex
	size    int
	recent  *list.List // of *cachedList, the latest first
	entries map[string]*list.Element
}

type cachedList struct {
	key   string
	ranks []int32
}

// weight counts a little for the entry itself, or empty lists would be free and
// a client could pile them up.
func (c *cachedList) weight() int { return len(c.ranks) + 64 + len(c.key)/4 }

func newRankCache(capacity int) *rankCache {
	return &rankCache{capacity: capacity, recent: list.New(), entries: map[string]*list.Element{}}
}

// get returns the list of that key, computing it when it is not there. An error
// is not kept.
func (c *rankCache) get(key string, compute func() ([]int32, error)) ([]int32, error) {
	if ranks, ok := c.lookup(key); ok {
		return ranks, nil
	}
	value, err, _ := c.group.Do(key, func() (any, error) {
		if ranks, ok := c.lookup(key); ok {
			return ranks, nil
		}
		ranks, err := compute()
		if err != nil {
			return nil, err
		}
		c.keep(&cachedList{key, ranks})
		return ranks, nil
	})
	if err != nil {
		return nil, err
	}
	return value.([]int32), nil
}

func (c *rankCache) lookup(key string) ([]int32, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[key]
	if !ok {
		return nil, false
	}
	c.recent.MoveToFront(element)
	return element.Value.(*cachedList).ranks, true
}

func (c *rankCache) keep(entry *cachedList) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries[entry.key] = c.recent.PushFront(entry)
	c.size += entry.weight()
	// The newest stays even if it alone is too large.
	for c.size > c.capacity && c.recent.Len() > 1 {
		oldest := c.recent.Remove(c.recent.Back()).(*cachedList)
		delete(c.entries, oldest.key)
		c.size -= oldest.weight()
	}
}
