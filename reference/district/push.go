package district

import (
	"context"
	"errors"
	"fmt"
	gosync "sync"
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
		_, err = withMirror(ctx, p.options.Roster, func(m *sync.Mirror, _ int64) error { return readOpen(ctx, m, from) })
		return done, err
	}
	d, err := fixtures.New(p.options.Data, p.options.DataSeed)
	if err == nil {
		err = from(d)
	}
	return done, err
}

// GradesPushing gives what has a consumer push the grades of a platform to its SIS. What was pushed is remembered in
// the platform's store. bend changes what is pushed, before it is compared with that; nil: nothing does.
func (p *Platform) GradesPushing(bend func(push.From) push.From, sender func(push.Sender) push.Sender) service.Pushing {
	return pushing(p.store, sender, func(roster fixtures.District) []push.From {
		from := push.From(push.Grades{Platform: p.Platform, Book: p.Grades, Roster: roster})
		if bend != nil {
			from = bend(from)
		}
		return []push.From{from}
	})
}

// pushing pushes all that there is, one after the other.
func pushing(kept store.Store, sender func(push.Sender) push.Sender, what func(fixtures.District) []push.From) service.Pushing {
	var mu gosync.Mutex
	pusher := &push.Pusher{Store: kept, Now: time.Now}
	return func(ctx context.Context, to push.SIS, roster fixtures.District) (all push.Pushed, err error) {
		mu.Lock()
		defer mu.Unlock()
		if sender != nil {
			to.Sender = sender(to.Sender)
		}
		pusher.To = to
		for _, from := range what(roster) {
			done, failed := pusher.Push(ctx, from)
			all.Sent, all.Deleted, all.Unchanged = all.Sent+done.Sent, all.Deleted+done.Deleted, all.Unchanged+done.Unchanged
			all.Refused, err = append(all.Refused, done.Refused...), errors.Join(err, failed)
		}
		return all, err
	}
}

// PushFeed is a feed of a consumer that has it push after each sync.
func PushFeed(name string, consumer func() *Consumer) service.Feed {
	return service.Feed{Name: name, Always: true, Do: func(ctx context.Context, _ fixtures.District) (string, error) {
		c := consumer()
		if c == nil {
			return "not up yet", nil
		}
		done, err := c.Push(ctx)
		return fmt.Sprintf("%d pushed, %d deleted, %d as they were", done.Sent, done.Deleted, done.Unchanged), err
	}}
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
