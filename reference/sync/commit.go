package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// putAtOnce is how many objects are put into the mirror by one call, at most.
const putAtOnce = 2048

// commit makes the mirror what was staged, in one transaction: what is new and what changed in the
// order in which references lead backwards, then what is gone in the opposite one.
func (r *run) commit(ctx context.Context) error {
	r.o.Progress(Progress{Mode: r.s.Mode, Total: -1})
	r.entries = entries{}
	state := r.state
	err := r.m.store.Update(ctx, func(tx store.Tx) error {
		if err := r.owned(tx); err != nil {
			return err
		}
		var err error
		if state, err = readState(tx); err != nil {
			return err
		}
		if state.Version != r.s.Base {
			return errors.New("the mirror is another than the one that was compared with")
		}
		if err := r.apply(tx); err != nil {
			return err
		}
		r.advance(&state)
		if err := r.note(tx, &state); err != nil {
			return err
		}
		return r.clear(tx)
	})
	if err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	r.state = state
	return nil
}

func readState(tx store.Tx) (State, error) {
	s := State{}
	_, body, err := tx.Get(stateKept, stateName)
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	if s.Marks == nil {
		s.Marks = map[store.Collection]time.Time{}
	}
	if s.Active == nil {
		s.Active = map[store.Collection]int{}
	}
	return s, err
}

// apply carries out the steps.
func (r *run) apply(tx store.Tx) error {
	var documents []store.Document
	current := -1
	put := func() error {
		err := tx.PutAll(r.all[max(current, 0)], documents)
		documents = documents[:0]
		return err
	}
	err := r.steps(tx, forwards, func(c int, s step) error {
		if len(documents) > 0 && (c != current || len(documents) == putAtOnce) {
			if err := put(); err != nil {
				return err
			}
		}
		current = c
		switch s.op {
		case opUnfit:
			r.entries.add(r.all[c], s, string(s.body))
		case opAdd, opChange, opFlag, opKeep:
			r.entries.add(r.all[c], s, whyOf[s.op])
			documents = append(documents, store.Document{SourcedID: s.id, Body: s.body})
		}
		return nil
	})
	if err == nil && len(documents) > 0 {
		err = put()
	}
	if err != nil {
		return err
	}
	if err := r.steps(tx, forwards, func(c int, s step) error {
		if s.op != opAgain {
			return nil
		}
		return r.applyAgain(tx, c, s)
	}); err != nil {
		return err
	}
	return r.applyDeletions(tx)
}

var whyOf = map[op]string{
	opAdd: "the source has it", opChange: "the source has it otherwise", opFlag: "the source flags it",
	opAgain: "it came twice, and this is the newer one", opDelete: "the source has it no more",
	opKeep: "the source has it no more, but refers to it",
}

// applyAgain puts an object that came twice where it is newer than what is there, or as new and came
// later.
func (r *run) applyAgain(tx store.Tx, c int, s step) error {
	_, there, err := tx.Get(r.all[c], s.id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil && (string(there) == string(s.body) || modifiedOf(there).After(modifiedOf(s.body))) {
		return nil
	}
	for i := range r.s.Stages {
		x := &r.s.Stages[i]
		if x.Collection != r.all[c] {
			continue
		}
		x.Changed++
		was, is := err == nil && isActive(there), isActive(s.body)
		switch {
		case was && !is:
			x.After--
		case !was && is:
			x.After++
		}
	}
	r.entries.add(r.all[c], s, whyOf[s.op])
	_, err = tx.Put(r.all[c], store.Document{SourcedID: s.id, Body: s.body})
	return err
}

// modifiedOf reads the dateLastModified of a stored object.
func modifiedOf(body []byte) time.Time {
	var o struct {
		At time.Time `json:"dateLastModified"`
	}
	_ = json.Unmarshal(oneroster.AppendDocument(nil, body, oneroster.Addresses{}), &o) // it was stored with one
	return o.At
}

// applyDeletions deletes what is gone: what refers before what is referred to.
func (r *run) applyDeletions(tx store.Tx) error {
	var ids []string
	current := -1
	remove := func() error {
		_, err := tx.DeleteAll(r.all[max(current, 0)], ids)
		ids = ids[:0]
		return err
	}
	err := r.steps(tx, backwards, func(c int, s step) error {
		if s.op != opDelete {
			return nil
		}
		if len(ids) > 0 && c != current {
			if err := remove(); err != nil {
				return err
			}
		}
		current = c
		r.entries.add(r.all[c], s, whyOf[s.op])
		ids = append(ids, s.id)
		return nil
	})
	if err == nil && len(ids) > 0 {
		err = remove()
	}
	return err
}

type direction bool

const (
	forwards  direction = false
	backwards direction = true
)

// steps visits what was staged, pack by pack.
func (r *run) steps(tx store.Tx, d direction, visit func(c int, s step) error) error {
	first := 0
	if d == backwards {
		first = r.s.ReadTo // what is gone stands behind everything else
	}
	for n := first; n < r.s.Packs; n++ {
		i := n
		if d == backwards {
			i = r.s.Packs - 1 - (n - first)
		}
		_, body, err := tx.Get(stagedKept, packName(i))
		if err != nil {
			return err
		}
		err = unpack(body, func(c int, s step) error {
			if c >= len(r.all) {
				return errDamaged
			}
			return visit(c, s)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// advance moves the marks, which is what a sync that failed must not do.
func (r *run) advance(state *State) {
	s := r.s
	if state.Source != s.Source {
		state.Marks, state.LastFull = map[store.Collection]time.Time{}, time.Time{}
	}
	state.Source, state.LastSync, state.Waiting = s.Source, r.o.Now().UTC(), nil
	if s.Mode == Full {
		state.LastFull = s.Started
	}
	for _, x := range s.Stages {
		if x.Left {
			continue
		}
		state.Active[x.Collection] = x.After
		// A date in the future would hide what changes until then.
		mark := x.Newest
		if mark.After(s.Started) {
			mark = s.Started
		}
		if mark.After(state.Marks[x.Collection]) || s.Mode == Full && !mark.IsZero() {
			state.Marks[x.Collection] = mark
		}
	}
}

// note writes the state, the report and what changed.
func (r *run) note(tx store.Tx, state *State) error {
	for _, d := range r.s.Dangles {
		if len(r.entries.Entries) < EntriesMost {
			r.entries.Entries = append(r.entries.Entries, d)
		} else {
			r.entries.more++
		}
	}
	if f := &r.entries.follow; len(f.Entries) > 0 {
		f.Before, f.Version = state.Version, r.s.Number
		if f.All {
			f.Entries = nil
		}
		state.Version = r.s.Number
		state.Commits++
		if err := put(tx, changesKeep, changesName(state.Commits), f); err != nil {
			return err
		}
	}
	if err := put(tx, stateKept, stateName, state); err != nil {
		return err
	}
	if err := put(tx, logKept, logName(r.s.Number), r.report(nil)); err != nil {
		return err
	}
	return tx.SetLabel("mirror of " + r.s.Source)
}
