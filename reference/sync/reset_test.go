package sync_test

import (
	"testing"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// A mirror that was made empty is as one that has never synced, but that its versions go on: also where a roster waited.
func TestReset(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	if err := m.Reset(t.Context()); err != nil {
		t.Fatalf("of a mirror that was never synced: %v", err)
	}
	run(t, m, r, sync.Full)
	version, err := m.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other := school(t, 1)
	if _, err := sync.Run(t.Context(), m, other, options(sync.Full)); err == nil {
		t.Fatal("a roster of one is taken in")
	}
	if err := m.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range sis.Collections() {
		if held := holds(t, m, c); len(held) > 0 {
			t.Errorf("%s has %v", c, held)
		}
	}
	log, err := m.Log(t.Context(), 10)
	if err != nil || len(log) > 0 {
		t.Errorf("the log has %v: %v", log, err)
	}
	state, err := m.State(t.Context())
	if err != nil || state.Waiting != nil || !state.LastFull.IsZero() || !state.LastSync.IsZero() || len(state.Marks)+len(state.Active) > 0 {
		t.Errorf("it knows %+v: %v", state, err)
	}
	if _, known, err := m.ChangedSince(t.Context(), version); err != nil || known {
		t.Errorf("who followed is told what changed: %v", err)
	}
	// Fewer than before are no deletion, and a delta is a full sync.
	if report := run(t, m, other, sync.Delta); report.Mode != sync.Full || report.Number <= version {
		t.Errorf("%+v", report)
	}
	same(t, m, other)
	// Of changes alone nothing can be made.
	if err := m.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	other.only = sync.Delta
	if _, err := sync.Run(t.Context(), m, other, options(sync.Auto)); err == nil {
		t.Error("changes are taken in where there is nothing to change")
	}
}
