package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Mirror is the roster that is kept in step. Its documents are as sis.Load stores them. Its
// methods may be called from several goroutines; of syncs one at a time goes on.
type Mirror struct {
	store store.Store
}

// Open opens a mirror by a DSN as store.Open takes it, and makes it where there is none.
func Open(ctx context.Context, dsn string) (*Mirror, error) {
	s, err := oneroster.OpenStore(ctx, dsn, sis.Services(), sis.Collections()...)
	if err != nil {
		return nil, fmt.Errorf("opening the mirror: %w", err)
	}
	return &Mirror{store: s}, nil
}

// Close closes its store.
func (m *Mirror) Close() error { return m.store.Close() }

// Store is where its objects are, to be read. Nobody but a sync may write to them.
func (m *Mirror) Store() store.Store { return m.store }

// District reads the mirror as a district, for whoever is fed by one.
func (m *Mirror) District(ctx context.Context) (*sis.Stored, error) { return sis.Unload(ctx, m.store) }

// Version is the number of the last sync that was committed; 0 before any.
func (m *Mirror) Version(ctx context.Context) (int64, error) { return 0, errors.New("not made yet") }

// ChangedSince lists what committed syncs changed after a version, oldest first. known is false
// where that is forgotten or was too much: then everything may have changed.
func (m *Mirror) ChangedSince(ctx context.Context, version int64) (entries []Entry, known bool, err error) {
	return nil, false, errors.New("not made yet")
}

// Log reads the reports of the last syncs, the newest first, up to so many; those of failed ones
// too.
func (m *Mirror) Log(ctx context.Context, most int) ([]Report, error) { return nil, nil }

// State is what the mirror knows of itself.
type State struct {
	Version  int64     `json:"version"`
	Source   string    `json:"source"` // of the last committed sync
	LastFull time.Time `json:"lastFull"`
	LastSync time.Time `json:"lastSync"`
	Waiting  *Waiting  `json:"waiting,omitempty"`
	// Marks are the newest dateLastModified that was taken in, by collection: deltas begin there.
	Marks map[store.Collection]time.Time `json:"marks,omitempty"`
}

// State reads it.
func (m *Mirror) State(ctx context.Context) (State, error) { return State{}, nil }

// Confirm takes in a roster that waits, exactly as it was read: a person says so.
func (m *Mirror) Confirm(ctx context.Context, id string, o Options) (*Report, error) {
	return nil, errors.New("not made yet")
}
