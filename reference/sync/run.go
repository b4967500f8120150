package sync

import (
	"context"
	"errors"
)

// Run brings a mirror into step with a source: all of what it read, or nothing. The report is
// there with an error too, which is a *RefusedError where the roster broke rules and a
// *WaitingError where a person has to confirm.
func Run(ctx context.Context, m *Mirror, from Source, o Options) (*Report, error) {
	return nil, errors.New("not made yet")
}

// Rules lists what a roster is held to.
func Rules() []Rule { return nil }
