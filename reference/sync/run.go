package sync

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

const (
	fullEvery = 24 * time.Hour
	overlap   = time.Minute
	// again is how often a collection is read once more that breaks a rule which says so.
	again = 2
)

// run is a sync that goes on.
type run struct {
	m     *Mirror
	from  Source
	o     Options
	s     *session
	state State

	all      []store.Collection // by whose places steps name collections
	place    map[store.Collection]int
	seen     []*idset   // what this sync read, by collection, or what is held where it isn't read
	gone     [][]string // what is held and didn't come, by collection
	pending  map[target]*referred
	held     map[store.Collection]bool // whether the mirror has any
	progress int                       // pages since this process began
	entries  entries
}

// target is something that is referred to.
type target struct {
	collection int
	hash       uint64
}

// referred tells who refers to it: one of them by name.
type referred struct {
	from  int
	id    string
	count int
	kept  bool
}

func newRun(m *Mirror, from Source, o Options, s *session) *run {
	if o.Rules == nil {
		o.Rules = Rules()
	}
	if o.FullEvery == 0 {
		o.FullEvery = fullEvery
	}
	if o.Overlap == 0 {
		o.Overlap = overlap
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	r := &run{m: m, from: from, o: o, s: s, all: sis.Collections(), place: map[store.Collection]int{},
		pending: map[target]*referred{}, held: map[store.Collection]bool{}}
	for i, c := range r.all {
		r.place[c] = i
	}
	r.seen, r.gone = make([]*idset, len(r.all)), make([][]string, len(r.all))
	return r
}

// Run brings a mirror into step with a source: all of what it read, or nothing. The report is
// there with an error too, which is a *RefusedError where the roster broke rules and a
// *WaitingError where a person has to confirm.
func Run(ctx context.Context, m *Mirror, from Source, o Options) (*Report, error) {
	r := newRun(m, from, o, nil)
	unbegun := func(err error) (*Report, error) {
		now := r.o.Now().UTC()
		return &Report{Source: from.Name(), Mode: o.Mode, Started: now, Ended: now, Outcome: Failed, Error: err.Error()}, err
	}
	release, err := m.take(ctx)
	if err != nil {
		return unbegun(err)
	}
	defer release()
	if err := r.begin(ctx); err != nil {
		return unbegun(err)
	}
	err = r.stageAll(ctx)
	if err == nil {
		err = r.judge(ctx)
	}
	if err == nil {
		err = r.commit(ctx)
	}
	return r.settle(ctx, err)
}

// begin goes on with what an earlier process staged, or begins anew.
func (r *run) begin(ctx context.Context) error {
	var err error
	if r.state, err = r.m.State(ctx); err != nil {
		return err
	}
	mode, why, err := r.mode()
	if err != nil {
		return err
	}
	for _, c := range r.from.Collections() {
		if _, known := r.place[c]; !known {
			return fmt.Errorf("the source %s has a collection %q, which no roster has", r.from.Name(), c)
		}
	}
	before := &session{}
	there, err := r.m.read(ctx, stateKept, sessionName, before)
	if err != nil {
		return fmt.Errorf("reading what was staged: %w", err)
	}
	for _, c := range r.all {
		n, err := r.m.store.Count(ctx, c)
		if err != nil {
			return err
		}
		r.held[c] = n > 0
	}
	if there && r.goesOn(before, mode) {
		r.s = before
		r.s.Resumed++
		r.s.Owner = rand.Text()
		if err := r.remember(ctx); err != nil {
			return err
		}
		return r.takeOver(ctx)
	}
	r.s = &session{Owner: rand.Text(), Number: r.state.Number + 1, Source: r.from.Name(), Mode: mode, Why: why,
		Started: r.o.Now().UTC(), Written: r.o.Now().UTC(), Base: r.state.Version, Used: before.Used}
	for _, c := range r.from.Collections() {
		s := stage{Staged: Staged{Collection: c, Mode: mode, Total: -1, First: -1, Before: r.state.Active[c]}}
		if mark := r.state.Marks[c]; mode == Delta && !mark.IsZero() && r.state.Source == r.from.Name() {
			s.Since = mark.Add(-r.o.Overlap)
		}
		r.s.Stages = append(r.s.Stages, s)
	}
	return r.takeOver(ctx)
}

// mode decides how much is read.
func (r *run) mode() (mode Mode, why string, err error) {
	only := Auto
	if l, is := r.from.(Limited); is {
		only = l.Only()
	}
	if only != Auto {
		if r.o.Mode != Auto && r.o.Mode != only {
			return "", "", fmt.Errorf("%s can only be read as %s", r.from.Name(), only)
		}
		if only == Delta && r.state.LastSync.IsZero() {
			return "", "", fmt.Errorf("%s has changes alone, and the mirror is empty: begin with a whole roster", r.from.Name())
		}
		return only, "the source has nothing else", nil
	}
	foreign := r.state.Source != r.from.Name() || r.state.LastFull.IsZero()
	switch {
	case r.o.Mode == Full:
		return Full, "", nil
	case r.o.Mode != Auto && r.o.Mode != Delta:
		return "", "", fmt.Errorf("there is no mode %q", r.o.Mode)
	case foreign:
		return Full, "nothing was read of this source before", nil
	case r.o.Mode == Auto && r.o.Now().Sub(r.state.LastFull) >= r.o.FullEvery:
		return Full, "the last full one was long ago", nil
	case r.o.Mode == Auto:
		return Delta, "the last full one was not long ago", nil
	}
	return Delta, "", nil
}

// goesOn says whether what was staged is what would be staged now.
func (r *run) goesOn(before *session, mode Mode) bool {
	age := r.o.Now().Sub(before.Written)
	var collections []store.Collection
	for _, s := range before.Stages {
		collections = append(collections, s.Collection)
	}
	return before.Waiting == nil && before.Source == r.from.Name() && before.Mode == mode && before.Base == r.state.Version &&
		age >= 0 && age < resumeWithin && slices.Equal(collections, r.from.Collections())
}

// remember reads what was staged back into memory: which objects came, and what is referred to.
func (r *run) remember(ctx context.Context) error {
	s := r.s
	if s.Read {
		s.Packs, s.Finished, s.Dangles = s.ReadTo, false, nil // what is gone is found anew
		for i := range s.Stages {
			x := &s.Stages[i].Staged
			x.Lost -= s.Stages[i].LostGone
			x.Deleted, x.Kept, x.Dangling, s.Stages[i].LostGone = 0, 0, 0, 0
		}
	}
	for i := range s.Stages {
		if x := &s.Stages[i]; x.Left {
			if err := r.seeHeld(ctx, r.place[x.Collection]); err != nil {
				return err
			}
		}
	}
	for i := range s.Packs {
		err := r.m.store.Lookup(ctx, stagedKept, []string{packName(i)}, func(_ int, body []byte) error {
			return unpack(body, func(c int, x step) error {
				if c >= len(r.all) || x.to >= len(r.all) {
					return errDamaged
				}
				switch x.op {
				case opSame:
					r.see(c).add(x.hash)
				case opRefers:
					r.refer(target{x.to, x.hash}, c, x.id)
				case opGone:
					r.gone[c] = append(r.gone[c], x.id)
				default:
					r.see(c).add(hashOf(x.id))
				}
				return nil
			})
		})
		if err != nil {
			return fmt.Errorf("reading what was staged: %w", err)
		}
	}
	for _, x := range s.Stages {
		if x.Searched && !sis.Referred(x.Collection) {
			r.seen[r.place[x.Collection]] = nil
		}
	}
	return nil
}

// see is the set of what came of a collection.
func (r *run) see(c int) *idset {
	if r.seen[c] == nil {
		r.seen[c] = &idset{}
	}
	return r.seen[c]
}

// seeHeld takes what is held of a collection as what came, for nothing of it changes.
func (r *run) seeHeld(ctx context.Context, c int) error {
	set := r.see(c)
	return r.m.store.SourcedIDs(ctx, r.all[c], func(id []byte) error { set.add(hashOf(string(id))); return nil })
}

func (r *run) refer(t target, from int, id string) {
	p := r.pending[t]
	if p == nil {
		p = &referred{from: from, id: id}
		r.pending[t] = p
	}
	p.count++
}

// judge holds what was staged to the rules.
func (r *run) judge(ctx context.Context) error {
	var refused, waits []Breach
	for _, s := range r.s.Stages {
		refused = append(refused, breaches(r.o.Rules, s.Staged, func(x Rule) bool { return !x.Confirmable })...)
		waits = append(waits, breaches(r.o.Rules, s.Staged, func(x Rule) bool { return x.Confirmable })...)
	}
	r.s.Breaches = append(refused, waits...)
	switch {
	case len(refused) > 0:
		return &RefusedError{refused}
	case len(waits) > 0 && r.o.Confirmed:
		r.s.Confirmed = true
	case len(waits) > 0:
		w := Waiting{ID: rand.Text(), Source: r.s.Source, Mode: r.s.Mode, Since: r.o.Now().UTC(), Breaches: waits}
		r.s.Waiting, r.state.Waiting = &w, &w
		return &WaitingError{w}
	}
	return nil
}

// settle notes what became of the sync, and makes its report.
func (r *run) settle(ctx context.Context, err error) (*Report, error) {
	report := r.report(err)
	if err == nil {
		return report, nil // the report went with the transaction
	}
	interrupted := ctx.Err() != nil
	if r.progress > 0 {
		r.s.Barren = 0
	} else if r.s.Resumed > 0 && !interrupted {
		r.s.Barren++
	}
	// Where the context has ended it is noted all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	var refused *RefusedError
	noted := r.m.store.Update(ctx, func(tx store.Tx) error {
		if err := r.owned(tx); err != nil {
			return err
		}
		switch {
		case r.s.Waiting != nil && !r.s.Confirmed:
			if err := put(tx, stateKept, sessionName, r.s); err != nil {
				return err
			}
			if err := put(tx, stateKept, stateName, r.state); err != nil {
				return err
			}
		case errors.As(err, &refused), r.s.Barren >= barrenMost:
			// It wouldn't be another the next time.
			if err := r.clear(tx); err != nil {
				return err
			}
		default:
			if err := r.keepBarren(tx); err != nil {
				return err
			}
		}
		return put(tx, logKept, logName(r.s.Number), report)
	})
	if noted != nil && !errors.Is(noted, errTakenOver) {
		err = errors.Join(err, fmt.Errorf("noting that the sync failed: %w", noted))
	}
	return report, err
}

// keepBarren notes how often what was staged was of no use, and nothing else: what is in memory of the
// session may be of a page that wasn't written.
func (r *run) keepBarren(tx store.Tx) error {
	_, body, err := tx.Get(stateKept, sessionName)
	if err != nil {
		return err
	}
	s := session{}
	if err := json.Unmarshal(body, &s); err != nil {
		return err
	}
	s.Barren = r.s.Barren
	return put(tx, stateKept, sessionName, s)
}

func (r *run) report(err error) *Report {
	s := r.s
	report := &Report{
		Number: s.Number, Source: s.Source, Mode: s.Mode, Why: s.Why, Started: s.Started, Ended: r.o.Now().UTC(), Resumed: s.Resumed,
		Outcome: Committed, Breaches: s.Breaches, Confirmed: s.Confirmed, Entries: r.entries.Entries, More: r.entries.more,
	}
	if err != nil {
		report.Outcome, report.Error = Failed, err.Error()
		if s.Waiting != nil && !s.Confirmed {
			report.Outcome = Held
		}
	}
	for _, x := range s.Stages {
		report.Collections = append(report.Collections, x.Staged)
	}
	return report
}
