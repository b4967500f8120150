package executor

import (
	"context"
	"sync"
	"time"
)

// clock is the time that a body has left. It stands still while the body waits for
// somebody else, as long as patience for that lasts.
type clock struct {
	mu       sync.Mutex
	left     time.Duration
	patience time.Duration
	since    time.Time // when it began to run, or to stand still
	waiting  int       // goroutines of the body that wait
	timer    *time.Timer
	expire   func()
	over     bool
}

type clockKey struct{}

// Pause stops the clock of the spec whose body has been given ctx, until resume is
// called: time for which the body does nothing but wait, because it was asked to, is
// not time that it takes. Once Spec.Patience is used up the clock runs on. Outside of
// a spec it does nothing.
func Pause(ctx context.Context) (resume func()) {
	c, ok := ctx.Value(clockKey{}).(*clock)
	if !ok {
		return func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting++; c.waiting == 1 {
		c.turn(false)
	}
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.waiting--; c.waiting == 0 {
			c.turn(true)
		}
	})
}

// turn accounts for the time since the last turn, and lets the clock run or stand.
func (c *clock) turn(run bool) {
	passed := time.Since(c.since)
	c.since = time.Now()
	if c.timer != nil {
		c.timer.Stop()
	}
	if run { // it stood still; what went beyond patience counts
		c.left -= max(0, passed-c.patience)
		c.patience = max(0, c.patience-passed)
		c.timer = time.AfterFunc(max(0, c.left), c.end)
		return
	}
	c.left -= passed
	c.timer = time.AfterFunc(max(0, c.left)+c.patience, c.end)
}

func (c *clock) end() {
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	c.expire()
}

// bounded runs a body within its time, and leaves it behind where it doesn't end
// within grace of that. It tells whether the time ran out. A panic of the body is
// one of the caller's.
func bounded(ctx context.Context, spec Spec) (late bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &clock{left: spec.Timeout, patience: spec.Patience, since: time.Now(), expire: cancel}
	c.mu.Lock()
	c.timer = time.AfterFunc(c.left, c.end)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.timer.Stop()
		late = c.over
	}()
	type outcome struct{ panicked any }
	ended := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() { ended <- o }()
		defer func() { o.panicked = recover() }()
		spec.Body(context.WithValue(ctx, clockKey{}, c))
	}()
	pass := func(o outcome) {
		if o.panicked != nil {
			panic(o.panicked)
		}
	}
	select {
	case o := <-ended:
		pass(o)
	case <-ctx.Done():
		select {
		case o := <-ended:
			pass(o)
		case <-time.After(grace):
		}
	}
	return false
}
