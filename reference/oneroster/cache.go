package oneroster

import (
	"container/list"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// derived is a list of keys that was made from documents, with the version of the
// store that it is up to date with. It is shared and never changed.
type derived struct {
	keys []store.Key
	at   store.Version
}

// derivedCache keeps lists that were made, those used least recently making room
// for new ones. Callers that want the same list at the same time wait for one
// that makes it.
type derivedCache struct {
	capacity int // in keys
	group    singleflight.Group

	mu      sync.Mutex
	size    int
	recent  *list.List // of *cachedList, the latest first
	entries map[string]*list.Element
}

type cachedList struct {
	name string
	derived
}

// weight counts a little for the entry itself, or empty lists would be free and
// a client could pile them up.
func (c *cachedList) weight() int { return len(c.keys) + 64 + len(c.name)/4 }

func newDerivedCache(capacity int) *derivedCache {
	return &derivedCache{capacity: capacity, recent: list.New(), entries: map[string]*list.Element{}}
}

// get returns the list of that name, at least as new as now. Where there is none, make
// makes it from what there was before, nil where that is forgotten. An error is not kept.
func (c *derivedCache) get(name string, now store.Version, make func(was *derived) (derived, error)) (derived, error) {
	for {
		if d := c.lookup(name); d != nil && d.at >= now {
			return *d, nil
		}
		value, err, _ := c.group.Do(name, func() (any, error) {
			was := c.lookup(name)
			if was != nil && was.at >= now {
				return *was, nil
			}
			d, err := make(was)
			if err != nil {
				return nil, err
			}
			c.keep(&cachedList{name, d})
			return d, nil
		})
		if err != nil {
			return derived{}, err
		}
		// One that somebody else began to make before this caller's version won't do.
		if d := value.(derived); d.at >= now {
			return d, nil
		}
	}
}

func (c *derivedCache) lookup(name string) *derived {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[name]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(element)
	return &element.Value.(*cachedList).derived
}

func (c *derivedCache) keep(entry *cachedList) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if was, ok := c.entries[entry.name]; ok {
		c.drop(was)
	}
	c.entries[entry.name] = c.recent.PushFront(entry)
	c.size += entry.weight()
	// The newest stays even if it alone is too large.
	for c.size > c.capacity && c.recent.Len() > 1 {
		c.drop(c.recent.Back())
	}
}

func (c *derivedCache) drop(element *list.Element) {
	entry := c.recent.Remove(element).(*cachedList)
	delete(c.entries, entry.name)
	c.size -= entry.weight()
}
