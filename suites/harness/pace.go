package harness

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness/executor"
)

// pace keeps requests to what the target says it takes, at one door: its token
// endpoint, or all the rest, for products count these apart. It is followed before
// a target has to refuse anything.
type pace struct {
	share int // processes of the run among which each quota is divided

	mu       sync.Mutex
	policies []policy
	limit    int           // of a window of unknown length
	span     time.Duration // the longest that such a window was seen to last
	until    time.Time     // before which the target wants to hear nothing
	sent     []time.Time   // of the last requests, in order
	refused  time.Time     // when the last answer was 429 after all patience; zero when it was not
}

const (
	// maxSent bounds the requests that are remembered. A policy with a larger quota
	// is followed by what the target says is left.
	maxSent = 4096
	// slack keeps a request that travels fast from falling into the window of one
	// that travelled slowly.
	slack = 200 * time.Millisecond
)

// ask tells how long to wait before the next request; where that is nothing the
// request counts as sent. A wait longer than most is not asked of anybody: whether
// the target means it, its answer tells.
func (p *pace) ask(now time.Time, most time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := p.until.Sub(now)
	for _, policy := range p.policies {
		may := max(1, policy.requests/p.share)
		if n := len(p.sent); n >= may && may <= maxSent {
			wait = max(wait, p.sent[n-may].Add(policy.window+slack).Sub(now))
		}
	}
	if wait > 0 && wait <= most {
		return wait
	}
	if len(p.sent) >= 2*maxSent {
		p.sent = append(p.sent[:0], p.sent[len(p.sent)-maxSent:]...)
	}
	p.sent = append(p.sent, now)
	return 0
}

// hear takes in what an answer tells.
func (p *pace) hear(h http.Header, now time.Time) {
	q := quotaOf(h, now)
	if q.remaining < 0 && len(q.policies) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(q.policies) > 0 {
		p.policies = q.policies
	}
	if q.limit > 0 {
		p.limit, p.span = q.limit, max(p.span, q.fresh)
	}
	if q.remaining >= 0 && q.remaining < p.share && q.fresh > 0 { // the others may have taken the rest by now
		p.hold(now.Add(q.fresh))
	}
}

// hold lets nothing out before an instant. It must be called with the lock held.
func (p *pace) hold(until time.Time) {
	if until.After(p.until) {
		p.until = until
	}
}

// slowest gives the policy that bounds a long run, and whether there is one. Where a
// limit came without its window, the window is taken to be the next usual one.
func (p *pace) slowest() (policy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := slices.Clone(p.policies)
	if p.limit > 0 && len(told) == 0 {
		for _, window := range []time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour} {
			if p.span <= window+soonest {
				told = append(told, policy{p.limit, window})
				break
			}
		}
	}
	if len(told) == 0 {
		return policy{}, false
	}
	return slices.MinFunc(told, func(a, b policy) int {
		if a.perSecond() < b.perSecond() {
			return -1
		}
		return 1
	}), true
}

// paces holds a pace for each door.
type paces struct {
	mu     sync.Mutex
	share  int
	byDoor map[string]*pace
}

// of gives the pace at a door.
func (p *paces) of(door string) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byDoor == nil {
		p.byDoor = map[string]*pace{}
	}
	if p.byDoor[door] == nil {
		p.byDoor[door] = &pace{share: max(1, p.share)}
	}
	return p.byDoor[door]
}

// door tells where a request goes to: requests with credentials of a client, to a
// token endpoint, are counted apart from those with a token.
func door(r Request) string {
	if r.Secret {
		return "token endpoint"
	}
	return "service"
}

// pause waits, without that counting against the time of the check. It is false
// when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	defer executor.Pause(ctx)()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// turn waits until a request may be sent, by the target file and by what the target
// has told. It is false when ctx ended first.
func (c *client) turn(ctx context.Context, p *pace) bool {
	if c.limiter != nil {
		resume := executor.Pause(ctx)
		err := c.limiter.Wait(ctx)
		resume()
		if err != nil {
			return false
		}
	}
	for {
		wait := p.ask(time.Now(), c.budgets.Patience)
		if wait <= 0 {
			return ctx.Err() == nil
		}
		if !pause(ctx, wait) {
			return false
		}
	}
}

const (
	// firstWait and longestWait bound the wait after a 429 that names none that can
	// be believed: it doubles from one to the other.
	firstWait   = time.Second
	longestWait = 15 * time.Second
	// leastWait is the least after a 429 that names a wait of nothing. It doubles
	// too: a target that goes on refusing is asked ever more rarely.
	leastWait = 100 * time.Millisecond
)

// patient sends r by send, and again while the target answers 429 (RFC 6585 §4) and
// patience lasts. The whole process waits with it: the target means the client and
// not a request. What was waited for in vain, or not to the end, is never evidence.
func (c *client) patient(ctx context.Context, r Request, send func() *Response) *Response {
	p := c.paces.of(door(r))
	began := time.Now()
	for unsaid, least := firstWait, leastWait; ; unsaid, least = min(unsaid*2, longestWait), min(least*2, longestWait) {
		if p.hopeless(longestWait) {
			return c.unsent(r, "the target answers nothing but 429 (too many requests), and is asked no further for the moment"+busyRemedy)
		}
		response := send()
		now := time.Now()
		if response.Status != http.StatusTooManyRequests {
			if response.Status > 0 {
				p.answered(true)
			}
			return response
		}
		c.observed.add(observedBusy, response.Line(), response.Evidence)
		wait, named := retryAfter(response.Header, now)
		if !named {
			if q := quotaOf(response.Header, now); q.remaining <= 0 && q.fresh > 0 {
				wait, named = q.fresh, true
			}
		}
		if !named {
			wait = unsaid
		}
		wait = max(wait, least)
		waited := now.Sub(began)
		if p.hopeless(farthest) || waited+wait > c.budgets.Patience {
			p.answered(false)
			response.Unreachable = true
			response.Problem = busy(waited, wait, named)
			return response
		}
		p.mu.Lock()
		p.hold(now.Add(wait))
		p.mu.Unlock()
		if !pause(ctx, wait) {
			response.Unreachable = true
			response.Problem = "the target answered 429 (too many requests), and the check ended while Rollcall waited to ask again"
			return response
		}
	}
}

// hopeless tells whether all patience was spent at this door before, and nothing but
// 429 has come since: it is not spent twice. What lies back for longer than within
// is tried again.
func (p *pace) hopeless(within time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.refused.IsZero() && time.Since(p.refused) < within
}

func (p *pace) answered(well bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = time.Time{}
	if !well {
		p.refused = time.Now()
	}
}

// busyRemedy is what helps against a target that stays busy.
const busyRemedy = "; raise limits.patience in the target file, lower limits.requests_per_second, or let the product take more requests"

// busy words a wait that is given up.
func busy(waited, wait time.Duration, named bool) string {
	said := "and names no time to wait"
	if named {
		said = fmt.Sprintf("and wants to be asked again in %s", wait.Round(time.Second))
	}
	if waited < time.Second {
		return "the target answers 429 (too many requests) " + said + ", which is more than it is waited for" + busyRemedy
	}
	return fmt.Sprintf("the target kept answering 429 (too many requests) for %s %s%s", waited.Round(time.Second), said, busyRemedy)
}
