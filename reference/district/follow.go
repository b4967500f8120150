package district

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// readAgain is how often a mirror is read again that changes while it is read.
const readAgain = 5

// readMirror gives the roster of a mirror to use, unless it is of the version that is known. The
// mirror is opened each time: what another process writes to it is seen by who opens it then.
func readMirror(ctx context.Context, dsn string, known int64, use func(fixtures.District) error) (version int64, err error) {
	for range readAgain {
		before, err := withMirror(ctx, dsn, func(m *sync.Mirror, version int64) error {
			if version == known {
				return nil
			}
			d, err := m.District(ctx)
			if err == nil {
				err = use(d)
			}
			if err == nil {
				err = d.Err()
			}
			return err
		})
		if err != nil || before == known {
			return before, err
		}
		// Its collections were read one after the other; where a sync came between, they are of
		// two rosters.
		after, err := withMirror(ctx, dsn, func(*sync.Mirror, int64) error { return nil })
		if err != nil || after == before {
			return before, err
		}
	}
	return known, errors.New("the mirror changes faster than it can be read")
}

// readOpen gives the roster of a mirror that is open to use.
func readOpen(ctx context.Context, m *sync.Mirror, use func(fixtures.District) error) error {
	d, err := m.District(ctx)
	if err == nil {
		err = errors.Join(use(d), d.Err())
	}
	return err
}

func withMirror(ctx context.Context, dsn string, use func(*sync.Mirror, int64) error) (version int64, err error) {
	m, err := sync.Open(ctx, dsn)
	if err != nil {
		return 0, err
	}
	defer m.Close()
	if version, err = m.Version(ctx); err == nil {
		err = use(m, version)
	}
	return version, err
}

// Followed is told what became of following a mirror: what changed, or why it could not be read.
type Followed func(platform.Followed, error)

// FollowMirror has the platform go by a mirror, which others keep in step: it looks at it so
// often, until ctx ends or the platform does. What can't be read is tried again the next time.
func (p *Platform) FollowMirror(ctx context.Context, dsn string, every time.Duration, told Followed) {
	ctx = p.living(ctx)
	p.rotations.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			var changed platform.Followed
			version, err := readMirror(ctx, dsn, p.roster, func(d fixtures.District) (err error) {
				changed, err = p.Follow(ctx, d)
				return err
			})
			switch {
			case ctx.Err() != nil:
			case err != nil:
				told(changed, fmt.Errorf("following the mirror: %w", err))
			case version != p.roster:
				p.roster = version
				told(changed, nil)
			}
		}
	})
}

// living gives a context that ends with the platform.
func (p *Platform) living(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		<-p.ended
		cancel()
	}()
	return ctx
}
