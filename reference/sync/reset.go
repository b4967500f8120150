package sync

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Reset makes the mirror empty: its roster, what was staged, what waits, and the log of its syncs are gone, and the
// next sync is a full one. It is for those who put a consumer to the test. Versions go on, so that whoever follows
// the mirror sees that everything may have changed.
func (m *Mirror) Reset(ctx context.Context) error {
	release, err := m.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	state, err := m.State(ctx)
	if err != nil {
		return err
	}
	// What is held can't be listed within a transaction: that nobody else has committed since is seen there.
	roster := append(sis.Collections(), stagedKept, logKept)
	held := make([][]string, len(roster))
	for i, c := range roster {
		err := m.store.SourcedIDs(ctx, c, func(id []byte) error {
			held[i] = append(held[i], string(id))
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading what is to be deleted of %s: %w", c, err)
		}
	}
	err = m.store.Update(ctx, func(tx store.Tx) error {
		now, err := readState(tx)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if now.Version != state.Version {
			return errors.New("another process has synced meanwhile")
		}
		for i, c := range slices.Backward(roster) { // what refers before what is referred to
			if _, err := tx.DeleteAll(c, held[i]); err != nil {
				return err
			}
		}
		// Another process that stages finds that it is no longer the one.
		if _, err := tx.Put(stateKept, store.Document{SourcedID: ownerName, Body: []byte(rand.Text())}); err != nil {
			return err
		}
		if _, err := tx.Put(stateKept, store.Document{SourcedID: sessionName, Body: []byte{}}); err != nil {
			return err
		}
		number := now.Number + 1
		if err := put(tx, changesKeep, changesName(now.Commits+1), changes{Version: number, Before: now.Version, All: true}); err != nil {
			return err
		}
		return put(tx, stateKept, stateName, State{Version: number, Number: number, Commits: now.Commits + 1,
			Marks: map[store.Collection]time.Time{}, Active: map[store.Collection]int{}})
	})
	if err != nil {
		return fmt.Errorf("making the mirror empty: %w", err)
	}
	return nil
}
