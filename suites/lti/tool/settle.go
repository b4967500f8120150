package tool

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// When is a launch over? Pages with scripts go on by themselves after a moment: they
// test cookies, wait for the platform's storage, fill themselves. A page without any
// is what it is. Another is waited for while what has to follow hasn't come, and for as
// long as good launches took.

// The timing of a launch.
const (
	defaultBudget = 15 * time.Second
	// Without a request or a navigation for so long, a page has come to rest: a
	// still one soon, one with scripts later.
	stillTime  = 60 * time.Millisecond
	activeTime = 300 * time.Millisecond
	// For so long a page with scripts must stay the same until it counts as what a
	// launch ends with, where nothing else tells.
	stableTime = 3 * time.Second
	// For so long at least a marker is waited for that a good launch must show.
	markerTime = 5 * time.Second
	// A page that has come to rest has what a step needs, or it hasn't.
	stepPatience = 500 * time.Millisecond
)

// pace is how long good launches take at most: to the authentication request, and
// from the answer to the page that a person sees.
type pace struct {
	mu          sync.Mutex
	login, page time.Duration
}

func (p *pace) saw(login, page time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.login, p.page = max(p.login, login), max(p.page, page)
}

// patient gives how long is waited for each: longer than was ever needed, for the
// machine may be busy.
func (p *pace) patient() (login, page time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	longer := func(d time.Duration) time.Duration { return d + d/2 + activeTime }
	return longer(p.login), longer(p.page)
}

// sight is what was seen of a launch.
type sight struct {
	attempt *attempt
	began   time.Time
	page    browser.Frame // what the tool shows at the end
	log     []browser.Exchange
	console []string
	picture []byte
	busy    bool   // it never came to rest
	stalled string // an address that didn't answer
	window  bool   // the tool went on in a window that it opened itself
	fell    bool   // the tool answered at first, and then couldn't be reached any more
	gone    bool   // it fell, and nothing has started it again
	proven  bool   // it fell in the same launch before
	marked  bool   // the marker of the target file is there
	teacher bool   // the marker of those who teach is there
	late    bool   // it was opened at a second try, though the tool had read the keys at the first
	wired   bool   // it was made without a browser
	problem error
}

// begin takes a launch in and gives the address that a person would be at.
func (j *judge) begin(l Launch) (*attempt, string) {
	l.Login.Post = l.Login.Post || j.footing.byPost
	return j.platform.begin(l)
}

// launch makes one launch in a fresh browser context.
func (j *judge) launch(ctx context.Context, l Launch) *sight {
	p, err := j.opens(ctx, l)
	if err != nil {
		return &sight{problem: err}
	}
	defer p.Close()
	return j.launchIn(ctx, p, l)
}

// opens opens an empty page for a launch.
func (j *judge) opens(ctx context.Context, l Launch) (*browser.Page, error) {
	if l.Frame || l.Window || l.Blocked || l.Storage {
		return j.browser.Open(ctx, browser.PageOptions{BlockThirdParty: l.Blocked})
	}
	return j.browser.OpenSwept(ctx)
}

// launchIn makes a launch in a page that is open already.
func (j *judge) launchIn(ctx context.Context, p *browser.Page, l Launch) *sight {
	a, address := j.begin(l)
	var steps []browser.Step
	if l.Window {
		// The window is at a page of ours first, so that all that follows is seen.
		steps = []browser.Step{{Click: "#open"}, {Window: true}, {Click: "#go"}}
	}
	return j.visit(ctx, p, a, address, steps...)
}

// visit has a page open an address of an attempt, takes steps there, and looks what
// comes of it.
func (j *judge) visit(ctx context.Context, p *browser.Page, a *attempt, address string, steps ...browser.Step) *sight {
	s := &sight{attempt: a, began: time.Now()}
	if j.stalls.Load() >= mostStalls {
		s.problem = fmt.Errorf("%w: %d launches within %s each, and it is not asked any more", errStalls, mostStalls, j.budget)
		return s
	}
	defer j.stalling(s)
	if s.problem = j.opening(p.Go(address)); s.problem != nil {
		return s
	}
	if s.problem = p.Run(ctx, steps); s.problem != nil {
		return s
	}
	j.look(ctx, p, s)
	return s
}

// opening sorts what went wrong when the page was opened: an answer that breaks off is the
// tool's, and is looked at as any; a tool that can't be reached is nobody's breach.
func (j *judge) opening(err error) error {
	var failed *browser.NavigationError
	switch {
	case !errors.As(err, &failed):
		return err
	case slices.ContainsFunc(unreachable, func(why string) bool { return strings.HasPrefix(failed.Why, why) }):
		return awayError{j.since(err)}
	}
	return nil
}

// look waits until the page has come to rest and reads what it shows.
func (j *judge) look(ctx context.Context, p *browser.Page, s *sight) {
	if s.began.IsZero() {
		s.began = time.Now()
	}
	end := time.Now().Add(j.patience(s))
	if !j.rest(ctx, p, s, end) {
		if errors.Is(s.problem, browser.ErrGone) { // nobody but the tool can have closed it
			s.problem, s.page = nil, browser.Frame{Closed: true}
			s.log, s.console = p.Log(), p.Console()
		}
		return
	}
	if steps := j.target.Tool.Steps; len(steps) > 0 && s.page.Status < 400 && (s.answered() || !s.requested()) {
		// What they are about need not be there: a refusal has no terms to agree to.
		// A page on the way to the platform may want a click too.
		if p.Try(ctx, s.page.ID, steps, stepPatience) && !j.rest(ctx, p, s, time.Now().Add(j.patience(s))) {
			return
		}
	}
	s.log, s.console = p.Log(), p.Console()
	if j.keep {
		s.picture, _ = p.Screenshot(ctx) // a picture less
	}
}

// rest waits until the launch is over, or until end; false where there is nothing to
// see.
func (j *judge) rest(ctx context.Context, p *browser.Page, s *sight, end time.Time) bool {
	quiet, changed, before := stillTime, time.Now(), ""
	for {
		switch err := p.Settle(ctx, quiet, max(time.Until(end), quiet), nil); {
		case errors.Is(err, browser.ErrBusy):
			s.busy, s.stalled = true, p.Stalled()
		case err != nil:
			s.problem = err
			return false
		}
		s.log, s.console = p.Log(), p.Console()
		if s.stalled != "" { // a page that waits for its document can't be read, and shows nothing
			return false
		}
		frames, err := p.Look(ctx)
		if err != nil && s.busy && !errors.Is(err, browser.ErrGone) {
			return false // it hangs: there is nothing to see
		}
		if err != nil {
			s.problem = err
			return false
		}
		s.page = shown(frames)
		if s.problem = j.gone(ctx, s); s.problem != nil {
			return false
		}
		s.marked = j.marked(ctx, p, frames, s.page, j.target.Tool.Launched)
		s.teacher = j.marked(ctx, p, frames, s.page, j.target.Tool.Teacher)
		if s.attempt.launch.Frame && !j.arrived(s) {
			if popped, err := p.Popped(ctx); err == nil && popped {
				s.window, quiet = true, stillTime
				continue
			}
		}
		if now := s.page.URL + "\n" + s.page.Text + strings.Join(s.page.Marks, " "); now != before {
			before, changed = now, time.Now()
		}
		switch {
		case s.busy:
			return true
		case s.page.Active == 0 && s.page.Status > 0 && s.page.Text != "":
			j.paced(s, changed)
			return true
		case quiet == stillTime:
			quiet = activeTime
		case !j.unfinished(s, changed) || time.Now().After(end):
			j.paced(s, changed)
			return true
		default:
			select {
			case <-ctx.Done():
				s.problem = ctx.Err()
				return false
			case <-time.After(activeTime / 3):
			}
		}
	}
}

// arrived tells whether a launch is where it was to come to: what opens after that is not
// gone after.
func (j *judge) arrived(s *sight) bool {
	if j.target.Tool.Launched.Set() {
		return s.marked
	}
	return s.answered() && j.decide(s, nil) == opened
}

// unfinished tells whether a page that may go on by itself has to be waited for.
// changed is when it last did.
func (j *judge) unfinished(s *sight, changed time.Time) bool {
	login, page := j.pace.patient()
	l, m := s.attempt.launch, s.times()
	switch {
	case s.page.Status >= 400, s.page.Failed:
		return false
	case m.asked.IsZero():
		// Where a login may be refused, good ones tell how long that can take.
		return !l.Early || time.Since(s.began) < login
	case m.answered.IsZero():
		return !s.attempt.hold // else the answer is held back
	case s.marked:
		return false
	case l.Expect == "open" && j.target.Tool.Launched.Set():
		// Once good launches have told how long the marker takes, it is waited for three times that.
		return login == activeTime || time.Since(m.answered) < max(3*page, markerTime) || time.Since(changed) < activeTime
	case strings.HasPrefix(l.ID, learningID):
		return time.Since(changed) < stableTime
	}
	return time.Since(m.answered) < page
}

// paced notes how long a launch took that was opened, or by which is learned what
// opened pages look like. changed is when its page did for the last time.
func (j *judge) paced(s *sight, changed time.Time) {
	m := s.times()
	if m.asked.IsZero() || m.answered.IsZero() || !s.marked && !strings.HasPrefix(s.attempt.launch.ID, learningID) {
		return
	}
	j.pace.saw(max(m.asked.Sub(s.began), 0), max(changed.Sub(m.answered), 0))
}

// unreachable begins the reasons of Chromium that say nothing of a launch: the tool is
// down, or the set-up is wrong.
var unreachable = []string{nobodyListens, "net::ERR_NAME_NOT_RESOLVED", "net::ERR_ADDRESS_UNREACHABLE", "net::ERR_CONNECTION_TIMED_OUT",
	"net::ERR_CERT_"}

// gone tells that the tool itself can't be reached. Where it was at the beginning of the
// launch, the launch brought it down: that is no matter of the set-up.
func (j *judge) gone(ctx context.Context, s *sight) error {
	u, err := url.Parse(s.page.URL)
	because := func(why string) bool { return strings.HasPrefix(s.page.Why, why) }
	if err != nil || !s.page.Failed || !j.platform.known(u.Host) {
		return nil
	}
	reached := slices.ContainsFunc(s.log, func(x browser.Exchange) bool {
		to, err := url.Parse(x.URL)
		return err == nil && to.Host == u.Host && x.Status > 0 && !x.Started.Before(s.began)
	})
	switch {
	case reached && because(nobodyListens), slices.ContainsFunc(cutOff, because) && deserted(ctx, u):
		j.fall(ctx, s, u)
	case slices.ContainsFunc(unreachable, because):
		return awayError{j.since(fmt.Errorf("the tool can't be reached at %s: %s", browser.Bare(s.page.URL), s.page.Why))}
	}
	return nil
}

// since words an error of the set-up in the same way for every launch that met it, so that
// all it hinders is told once: where the tool went down, by the launch that brought it down.
func (j *judge) since(err error) error {
	var failed *browser.NavigationError
	if title := j.fell.Load(); err != nil && title != nil && strings.Contains(err.Error(), nobodyListens) {
		return fallenError{fmt.Errorf("the tool went down in the launch “%s”, and nothing listens there any more (%s)", *title, nobodyListens)}
	}
	if errors.As(err, &failed) {
		return fmt.Errorf("the tool can't be reached at %s: %s", browser.Bare(cmp.Or(failed.At, failed.Address)), failed.Why)
	}
	return err
}

// Launches that the tool never answered, one after the other: so many, and it isn't
// asked any more.
const mostStalls = 3

var errStalls = errors.New("the tool did not answer")

// stalling notes a launch that wasn't answered, or that one was.
func (j *judge) stalling(s *sight) {
	switch {
	case s.stalled == "":
		j.stalls.Store(0)
	case s.attempt.launch.Keys == "": // else it may wait for the platform's keys
		o := j.halt(s)
		j.stalled.Store(&o)
		j.stalls.Add(1)
	}
}

// patience is how long a launch may take. Where the platform's keys don't come, the
// tool has to wait for a while itself, and a short time limit says nothing of it.
func (j *judge) patience(s *sight) time.Duration {
	if s.attempt.launch.Keys == "slow" {
		return max(j.budget, defaultBudget)
	}
	return j.budget
}

// shown picks the frame in which the tool is: the platform's page has it in a
// frame of that name, otherwise it is the page itself. Where it is hardly more than a
// frame for another page of the tool's, that one's elements and words are its own.
func shown(frames []browser.Frame) browser.Frame {
	out := frames[0]
	for _, f := range frames {
		if f.Name == "tool" {
			out = f
			break
		}
	}
	const little = 40
	if len(strings.TrimSpace(out.Text)) >= little {
		return out
	}
	for _, f := range within(frames, out.ID) {
		out.Text = strings.TrimSpace(out.Text + "\n" + f.Text)
		out.Marks = append(out.Marks[:len(out.Marks):len(out.Marks)], f.Marks...)
		out.Active += f.Active
	}
	return out
}

// within gives the frames in a frame, at any depth.
func within(frames []browser.Frame, id string) []browser.Frame {
	inside := map[string]bool{id: true}
	var out []browser.Frame
	for _, f := range frames { // the outer ones come first
		if inside[f.Parent] {
			inside[f.ID] = true
			out = append(out, f)
		}
	}
	return out
}

// marked tells whether a frame, or one within, has a marker.
func (j *judge) marked(ctx context.Context, p *browser.Page, frames []browser.Frame, f browser.Frame, m lti.Marker) bool {
	if !m.Set() {
		return false
	}
	for _, f := range append([]browser.Frame{f}, within(frames, f.ID)...) {
		if m.Text != "" && !strings.Contains(f.Text, m.Text) || m.URL != "" && !strings.Contains(f.URL, m.URL) {
			continue
		}
		if m.Selector == "" {
			return true
		}
		quoted, _ := json.Marshal(m.Selector) // of a string
		found, err := p.Eval(ctx, f.ID, "String(!!document.querySelector("+string(quoted)+"))")
		if err == nil && found == "true" {
			return true
		}
	}
	return false
}

// known tells whether a host is the tool's.
func (p *platform) known(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.hosts, host)
}
