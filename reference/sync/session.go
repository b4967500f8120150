package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// session is one sync, as far as it is durable: it is written in the transaction of each page, so
// that whoever finds it goes on behind the last page that is there.
type session struct {
	Owner    string    `json:"owner"` // the process that stages
	Number   int64     `json:"number"`
	Source   string    `json:"source"`
	Mode     Mode      `json:"mode"`
	Why      string    `json:"why,omitempty"`
	Started  time.Time `json:"started"`
	Written  time.Time `json:"written"` // when the last page came
	Resumed  int       `json:"resumed"`
	Barren   int       `json:"barren"` // how often in a row it was resumed and came no page further
	Base     int64     `json:"base"`   // the version of the mirror that it is compared with
	At       int       `json:"at"`     // the collection that is read, by its place in Stages
	From     string    `json:"from"`   // the place in it
	Stages   []stage   `json:"stages"`
	Packs    int       `json:"packs"` // that are staged
	Used     int       `json:"used"`  // the most that ever were
	Read     bool      `json:"read"`  // all collections are; what is gone isn't staged yet
	ReadTo   int       `json:"readTo"`
	Finished bool      `json:"finished"` // what is gone is staged too
	Dangles  []Entry   `json:"dangles,omitempty"`
	Breaches []Breach  `json:"breaches,omitempty"`
	Waiting  *Waiting  `json:"waiting,omitempty"`
	// Confirmed says that a person let breaches through.
	Confirmed bool `json:"confirmed,omitempty"`
}

// stage is one collection of a session.
type stage struct {
	Staged
	Since    time.Time `json:"since"`    // where a delta begins
	Pack     int       `json:"pack"`     // its first one
	Searched bool      `json:"searched"` // what is gone was looked for
	// What becomes of the number of active objects: those that came, and those that are gone.
	Gained   int `json:"gained"`
	LostGone int `json:"lostGone"`
}

// resumeWithin is how old what was staged may be to go on with it: pages of a roster that was another
// by then don't fit together.
const resumeWithin = time.Hour

// barrenMost is how often what was staged may be of no use before it is forgotten: its place in the
// source may be one that the source doesn't know any more.
const barrenMost = 3

// write makes steps durable, with how far the session is.
func (r *run) write(ctx context.Context, packs ...[]byte) error {
	documents := make([]store.Document, 0, len(packs))
	for _, p := range packs {
		documents = append(documents, store.Document{SourcedID: packName(r.s.Packs), Body: p})
		r.s.Packs++
	}
	r.s.Used = max(r.s.Used, r.s.Packs)
	r.s.Written = r.o.Now().UTC()
	err := r.m.store.Update(ctx, func(tx store.Tx) error {
		if err := r.owned(tx); err != nil {
			return err
		}
		if err := tx.PutAll(stagedKept, documents); err != nil {
			return err
		}
		return put(tx, stateKept, sessionName, r.s)
	})
	if err != nil {
		return fmt.Errorf("staging: %w", err)
	}
	return nil
}

var errTakenOver = errors.New("another process goes on with this sync")

// owned says whether this process is still the one that stages.
func (r *run) owned(tx store.Tx) error {
	_, owner, err := tx.Get(stateKept, ownerName)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case string(owner) != r.s.Owner:
		return errTakenOver
	}
	return nil
}

// takeOver makes this process the one that stages.
func (r *run) takeOver(ctx context.Context) error {
	err := r.m.store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.Put(stateKept, store.Document{SourcedID: ownerName, Body: []byte(r.s.Owner)})
		if err != nil {
			return err
		}
		// Numbers are given here, so that none is given twice.
		state := r.state
		state.Number, state.Waiting = max(state.Number, r.s.Number), r.s.Waiting
		if err := put(tx, stateKept, stateName, state); err != nil {
			return err
		}
		r.state = state
		return put(tx, stateKept, sessionName, r.s)
	})
	if err != nil {
		return fmt.Errorf("beginning a sync: %w", err)
	}
	return nil
}

// clear forgets what was staged. Its documents stay, empty, for the next sync.
func (r *run) clear(tx store.Tx) error {
	documents := make([]store.Document, r.s.Used)
	for i := range documents {
		documents[i] = store.Document{SourcedID: packName(i), Body: []byte{}}
	}
	if err := tx.PutAll(stagedKept, documents); err != nil {
		return err
	}
	_, err := tx.Put(stateKept, store.Document{SourcedID: sessionName, Body: []byte{}})
	return err
}
