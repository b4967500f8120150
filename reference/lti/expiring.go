package lti

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// Expiring is what a role remembers of strangers, in a collection of a store: things by
// name, each for a time, and no more of them than a number. When there are too many the
// oldest goes, so that whoever fills it up costs no more than a place; a look at all of
// them is never needed. What was put in without an error is there after a restart, and
// what was taken out isn't.
//
// A thing is a JSON document. Its name is kept as a hash: whoever reads the store finds
// no session, token or state in it that could be used, and a name may be any text.
//
// It may be used by several goroutines, and by several processes where the store may.
type Expiring[V any] struct {
	store      store.Store
	collection store.Collection
	most       int
	group      string // what the sourcedIds begin with
}

// expiring is the document of a thing.
type expiring[V any] struct {
	Until time.Time `json:"until"`
	Value V         `json:"value"`
}

// NewExpiring gives what a collection of the store has, at most so many things.
func NewExpiring[V any](s store.Store, c store.Collection, most int) *Expiring[V] {
	return &Expiring[V]{store: s, collection: c, most: most}
}

// Of is the part that belongs to somebody, who has the number of things for himself: who
// sends many pushes out only his own. All that is put into a collection either belongs
// to somebody or to nobody.
func (e *Expiring[V]) Of(owner string) *Expiring[V] {
	part := *e
	part.group = hashed(owner) + "."
	return &part
}

// Put keeps a thing until a point in time, in the place of what had its name.
func (e *Expiring[V]) Put(ctx context.Context, name string, value V, now, until time.Time) error {
	return e.store.Update(ctx, func(tx store.Tx) error { return e.put(tx, name, value, now, until) })
}

// Add keeps a thing as Put does, unless there is one of its name whose time isn't over.
// Of several that add the same, one does.
func (e *Expiring[V]) Add(ctx context.Context, name string, value V, now, until time.Time) (added bool, err error) {
	err = e.store.Update(ctx, func(tx store.Tx) error {
		_, there, err := e.get(tx, name, now)
		if err != nil || there {
			return err
		}
		added = true
		return e.put(tx, name, value, now, until)
	})
	return added && err == nil, err
}

// Get gives what is kept by a name, unless its time is over.
func (e *Expiring[V]) Get(ctx context.Context, name string, now time.Time) (value V, there bool, err error) {
	key, err := e.store.Find(ctx, e.collection, e.id(name))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return value, false, nil
	case err != nil:
		return value, false, err
	}
	err = e.store.Read(ctx, e.collection, []store.Key{key}, func(_ store.Key, body []byte) error {
		value, there, err = e.read(body, now)
		return err
	})
	return value, there, err
}

// Take gives what is kept by a name as Get does, and forgets it. Of several that take the
// same, one gets it.
func (e *Expiring[V]) Take(ctx context.Context, name string, now time.Time) (value V, there bool, err error) {
	err = e.store.Update(ctx, func(tx store.Tx) error {
		var err error
		if value, there, err = e.get(tx, name, now); err != nil {
			return err
		}
		return e.drop(tx, e.id(name))
	})
	return value, there && err == nil, err
}

// Drop forgets a thing.
func (e *Expiring[V]) Drop(ctx context.Context, name string) error {
	return e.store.Update(ctx, func(tx store.Tx) error { return e.drop(tx, e.id(name)) })
}

func (e *Expiring[V]) put(tx store.Tx, name string, value V, now, until time.Time) error {
	body, err := json.Marshal(expiring[V]{until, value})
	if err != nil {
		return fmt.Errorf("writing what is kept in %s: %w", e.collection, err)
	}
	// Not in its former place: the order is that in which things were put in.
	if err := e.drop(tx, e.id(name)); err != nil {
		return err
	}
	if err := e.makeRoom(tx, now); err != nil {
		return err
	}
	_, err = tx.Put(e.collection, store.Document{SourcedID: e.id(name), Body: body})
	return err
}

// makeRoom forgets the oldest while their time is over, or there are too many.
func (e *Expiring[V]) makeRoom(tx store.Tx, now time.Time) error {
	for {
		id, count, err := tx.Oldest(e.collection, e.group)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if count < e.most {
			_, body, err := tx.Get(e.collection, id)
			if err != nil {
				return err
			}
			if _, there, err := e.read(body, now); err != nil || there {
				return err
			}
		}
		if err := e.drop(tx, id); err != nil {
			return err
		}
	}
}

func (e *Expiring[V]) get(tx store.Tx, name string, now time.Time) (value V, there bool, err error) {
	_, body, err := tx.Get(e.collection, e.id(name))
	if errors.Is(err, store.ErrNotFound) {
		return value, false, nil
	}
	if err != nil {
		return value, false, err
	}
	return e.read(body, now)
}

// read gives the thing of a document, unless its time is over.
func (e *Expiring[V]) read(body []byte, now time.Time) (value V, there bool, err error) {
	var d expiring[V]
	if err := json.Unmarshal(body, &d); err != nil {
		return value, false, fmt.Errorf("reading what is kept in %s: %w", e.collection, err)
	}
	if !now.Before(d.Until) {
		return value, false, nil
	}
	return d.Value, true, nil
}

func (e *Expiring[V]) drop(tx store.Tx, id string) error {
	if _, err := tx.Delete(e.collection, id); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

// id is the sourcedId of a thing.
func (e *Expiring[V]) id(name string) string { return e.group + hashed(name) }

func hashed(name string) string {
	sum := sha256.Sum256([]byte(name))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
