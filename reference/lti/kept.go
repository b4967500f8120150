package lti

import (
	"container/list"
	"time"
)

// Kept is what a role remembers of strangers: things by name, each for a time, and
// no more of them than a number. When there are too many the oldest goes, so that
// whoever fills it up costs no more than a place; a look at all of them is never
// needed. It is not safe for concurrent use: its owner has a lock.
type Kept[V any] struct {
	most  int
	named map[string]*list.Element
	order *list.List // of *thing[V], the oldest first
}

type thing[V any] struct {
	name  string
	value V
	until time.Time
}

// NewKept makes an empty one.
func NewKept[V any](most int) *Kept[V] {
	return &Kept[V]{most: most, named: map[string]*list.Element{}, order: list.New()}
}

// Put keeps a thing until a point in time, in the place of what had its name.
func (k *Kept[V]) Put(name string, value V, now, until time.Time) {
	k.Drop(name)
	for first := k.order.Front(); first != nil; first = k.order.Front() {
		t := first.Value.(*thing[V])
		if now.Before(t.until) && k.order.Len() < k.most {
			break
		}
		k.Drop(t.name)
	}
	k.named[name] = k.order.PushBack(&thing[V]{name, value, until})
}

// Get gives what is kept by a name, unless its time is over.
func (k *Kept[V]) Get(name string, now time.Time) (value V, there bool) {
	e := k.named[name]
	if e == nil {
		return value, false
	}
	t := e.Value.(*thing[V])
	if !now.Before(t.until) {
		k.Drop(name)
		return value, false
	}
	return t.value, true
}

// Drop forgets a thing.
func (k *Kept[V]) Drop(name string) {
	if e := k.named[name]; e != nil {
		k.order.Remove(e)
		delete(k.named, name)
	}
}

// Len tells how many are kept, those included whose time is over.
func (k *Kept[V]) Len() int { return k.order.Len() }
