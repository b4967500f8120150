package district

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
)

// PushedGrades is told what became of a push, each time that anything did.
type PushedGrades func(push.Pushed, error)

// PushGrades has the platform push its grades to a SIS so often, what changed since the push
// before, until ctx ends or the platform does. What the SIS didn't take is tried again the next
// time.
func (p *Platform) PushGrades(ctx context.Context, to push.SIS, every time.Duration, told PushedGrades) {
	ctx = p.living(ctx)
	pusher := &push.Pusher{To: to, Store: p.store, Now: time.Now}
	p.rotations.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			done, err := p.pushGrades(ctx, pusher)
			if ctx.Err() == nil && (err != nil || done.Sent+done.Deleted+len(done.Refused) > 0) {
				told(done, err)
			}
		}
	})
}

// pushGrades pushes them once.
func (p *Platform) pushGrades(ctx context.Context, pusher *push.Pusher) (done push.Pushed, err error) {
	from := func(d fixtures.District) (err error) {
		done, err = pusher.Push(ctx, push.Grades{Platform: p.Platform, Book: p.Grades, Roster: d})
		return err
	}
	if p.options.Roster != "" {
		_, err = withMirror(ctx, p.options.Roster, func(m *sync.Mirror, _ int64) error {
			d, err := m.District(ctx)
			if err == nil {
				err = errors.Join(from(d), d.Err())
			}
			return err
		})
		return done, err
	}
	d, err := fixtures.New(p.options.Data, p.options.DataSeed)
	if err == nil {
		err = from(d)
	}
	return done, err
}

// AssessmentFeed is a feed of a consumer that has a class take the assessment app's test, and
// pushes what its students got to the SIS. What was pushed is remembered in the store of a DSN,
// which is that of the mirror. close ends it.
func AssessmentFeed(ctx context.Context, dsn, class string, to push.SIS) (feed service.Feed, close func() error, err error) {
	kept, err := store.Open(ctx, dsn, push.Kept)
	if err != nil {
		return feed, nil, err
	}
	pusher := &push.Pusher{To: to, Store: kept, Now: time.Now}
	return service.Feed{Name: "assessment results", Always: true, Do: func(ctx context.Context, roster fixtures.District) (string, error) {
		done, err := pusher.Push(ctx, push.Assessment{Class: class, Roster: roster})
		if err == nil && len(done.Refused) > 0 {
			err = fmt.Errorf("%d were not taken; the first: %w", len(done.Refused), done.Refused[0])
		}
		return fmt.Sprintf("%d pushed, %d deleted, %d as they were", done.Sent, done.Deleted, done.Unchanged), err
	}}, kept.Close, nil
}
