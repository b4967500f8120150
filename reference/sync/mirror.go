package sync

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// What a mirror keeps beside the roster.
const (
	stateKept   store.Collection = "syncState"
	stagedKept  store.Collection = "syncStaged"
	logKept     store.Collection = "syncLog"
	changesKeep store.Collection = "syncChanges"

	stateName   = "state"
	sessionName = "session" // what is staged, and how far it is
	ownerName   = "owner"   // which process stages
)

// Mirror is the roster that is kept in step. Its documents are as sis.Load stores them, without the
// lists that a SIS serves sub-collections from. Its methods may be called from several goroutines; of
// syncs one goes on at a time.
type Mirror struct {
	store store.Store
	// one holds a token, which a sync takes: a lock that is not waited for longer than the context lasts.
	one chan struct{}
}

// Open opens a mirror by a DSN as store.Open takes it, and makes it where there is none.
func Open(ctx context.Context, dsn string) (*Mirror, error) {
	// Without columns: nobody sorts or filters a mirror, and a commit would wait for them.
	s, err := store.Open(ctx, dsn, append(sis.Collections(), stateKept, stagedKept, logKept, changesKeep)...)
	if err != nil {
		return nil, fmt.Errorf("opening the mirror: %w", err)
	}
	return &Mirror{store: s, one: make(chan struct{}, 1)}, nil
}

// Close closes its store.
func (m *Mirror) Close() error { return m.store.Close() }

// Store is where its objects are, to be read. Nobody but a sync may write to them.
func (m *Mirror) Store() store.Store { return m.store }

// District reads the mirror as a district, for whoever is fed by one.
func (m *Mirror) District(ctx context.Context) (*sis.Stored, error) { return sis.Unload(ctx, m.store) }

// State is what a mirror knows of itself.
type State struct {
	Version  int64     `json:"version"` // the number of the last sync that changed anything; 0 before any
	Number   int64     `json:"number"`  // of the last sync that began
	Source   string    `json:"source"`  // of the last committed sync; marks are of it
	LastFull time.Time `json:"lastFull"`
	LastSync time.Time `json:"lastSync"` // the last that was committed, whether or not it changed anything
	// Marks are the newest dateLastModified that was taken in, by collection: deltas begin there.
	Marks map[store.Collection]time.Time `json:"marks,omitempty"`
	// Active is how many objects are held that are not flagged.
	Active map[store.Collection]int `json:"active,omitempty"`
	// Waiting is a roster that waits for a person; nil: none does.
	Waiting *Waiting `json:"waiting,omitempty"`

	Commits int64 `json:"commits"` // that changed anything
}

// State reads it.
func (m *Mirror) State(ctx context.Context) (State, error) {
	s := State{}
	_, err := m.read(ctx, stateKept, stateName, &s)
	if err != nil {
		return s, fmt.Errorf("reading the state of the mirror: %w", err)
	}
	if s.Marks == nil {
		s.Marks = map[store.Collection]time.Time{}
	}
	if s.Active == nil {
		s.Active = map[store.Collection]int{}
	}
	return s, nil
}

// Version is the number of the last sync that changed anything; 0 before any.
func (m *Mirror) Version(ctx context.Context) (int64, error) {
	s, err := m.State(ctx)
	return s.Version, err
}

// read reads one of its own documents, and says whether it is there and not empty.
func (m *Mirror) read(ctx context.Context, c store.Collection, name string, into any) (bool, error) {
	there := false
	err := m.store.Lookup(ctx, c, []string{name}, func(_ int, body []byte) error {
		if len(body) == 0 {
			return nil
		}
		there = true
		return json.Unmarshal(body, into)
	})
	return there, err
}

// put writes one of its own documents.
func put(tx store.Tx, c store.Collection, name string, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", name, err)
	}
	_, err = tx.Put(c, store.Document{SourcedID: name, Body: body})
	return err
}

// changes is what one committed sync changed, one by one.
type changes struct {
	Version int64   `json:"version"`
	Before  int64   `json:"before"` // the version before
	All     bool    `json:"all"`    // it was too much: everything may have changed
	Entries []Entry `json:"entries,omitempty"`
}

func changesName(commits int64) string { return fmt.Sprintf("%04d", commits%changesKept) }

// ChangedSince lists what committed syncs changed after a version, oldest first. known is false
// where that is forgotten or was too much: then everything may have changed.
func (m *Mirror) ChangedSince(ctx context.Context, version int64) (entries []Entry, known bool, err error) {
	state, err := m.State(ctx)
	if err != nil {
		return nil, false, err
	}
	var found []changes
	for at := state.Commits; state.Version > version; at-- {
		c := changes{}
		there, err := m.read(ctx, changesKeep, changesName(at), &c)
		switch {
		case err != nil:
			return nil, false, fmt.Errorf("reading what changed: %w", err)
		case !there || at <= state.Commits-changesKept || c.Version != state.Version || c.All:
			return nil, false, nil
		}
		found = append(found, c)
		state.Version = c.Before
	}
	if state.Version < version {
		return nil, false, nil // a version of another mirror
	}
	for _, c := range slices.Backward(found) {
		entries = append(entries, c.Entries...)
	}
	return entries, true, nil
}

func logName(number int64) string { return fmt.Sprintf("%04d", number%LogMost) }

// Log reads the reports of the last syncs, the newest first, up to so many; those of failed ones
// too.
func (m *Mirror) Log(ctx context.Context, most int) ([]Report, error) {
	var all []Report
	err := m.store.Scan(ctx, logKept, 0, math.MaxInt32, func(_ store.Key, body []byte) error {
		r := Report{}
		err := json.Unmarshal(body, &r)
		all = append(all, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the log of the mirror: %w", err)
	}
	slices.SortFunc(all, func(a, b Report) int { return cmp.Compare(b.Number, a.Number) })
	return all[:min(len(all), most)], nil
}

// take waits for its turn; release gives it back.
func (m *Mirror) take(ctx context.Context) (release func(), err error) {
	select {
	case m.one <- struct{}{}:
		return func() { <-m.one }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ErrNotWaiting says that no roster waits under the id: it was taken in, or another sync began since.
var ErrNotWaiting = errors.New("no roster of that id waits to be confirmed")

// Confirm takes in a roster that waits, exactly as it was read: a person says so.
func (m *Mirror) Confirm(ctx context.Context, id string, o Options) (*Report, error) {
	release, err := m.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	s := &session{}
	there, err := m.read(ctx, stateKept, sessionName, s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading what waits: %w", err)
	case !there || s.Waiting == nil || s.Waiting.ID != id:
		return nil, ErrNotWaiting
	}
	r := newRun(m, nil, o, s)
	if r.state, err = m.State(ctx); err != nil {
		return nil, err
	}
	if s.Base != r.state.Version {
		return nil, ErrNotWaiting
	}
	s.Owner, s.Confirmed = rand.Text(), true
	s.Breaches = s.Waiting.Breaches
	if err := r.takeOver(ctx); err != nil {
		return nil, err
	}
	return r.settle(ctx, r.commit(ctx))
}
