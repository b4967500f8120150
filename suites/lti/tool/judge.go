package tool

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// judge is what all checks of a run share: Rollcall's platform, the browser, and
// what the tool's pages look like.
type judge struct {
	target   lti.Section
	platform *platform
	browser  *browser.Browser
	budget   time.Duration

	ctx     context.Context // of the run
	keep    bool            // pictures are kept
	parts   sync.Map        // what the checks of a part share, by its type
	earlier earlier

	footing footing
	ahead   ahead
	wires   wires
	good    []browser.Frame                  // pages of good launches
	bad     []browser.Frame                  // pages of launches that have to be refused
	blind   string                           // why opened and refused can't be told apart
	worded  bool                             // opened pages say what refusals do, such as "error"
	pace    pace                             // of good launches
	stalls  atomic.Int32                     // launches in a row that the tool didn't answer
	stalled atomic.Pointer[harness.Obstacle] // the last of them
	fell    atomic.Pointer[string]           // title of the launch that brought the tool down last
	accused atomic.Bool                      // of which a check has told, or will
	breaks  atomic.Bool                      // refusals end as what may pass does, each time
	rotated atomic.Bool                      // a launch by a new key has opened
	unmoved atomic.Bool                      // the tool never read the keys again for a new one
}

// open starts the platform that the section tells of, and prepares the browser.
func open(ctx context.Context, s *harness.Session, l lti.Section) (*judge, error) {
	b, err := side.Browser(s.Target)
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, l)
	if err != nil {
		return nil, err
	}
	j := &judge{target: l, platform: p, browser: b, ahead: ahead{}, budget: time.Duration(l.LaunchTimeout)}
	if j.budget == 0 {
		j.budget = defaultBudget
	}
	j.ctx, j.keep = ctx, s.KeepPersonal()
	p.minted = func(token string) { s.Redactor().Secret(token) }
	p.services.made = p.minted
	context.AfterFunc(ctx, func() { b.Close(); p.close() })
	return j, nil
}

// Close ends the browser and the platform.
func (j *judge) Close() { j.browser.Close(); j.platform.close() }

// outcome is what became of a launch.
type outcome int

const (
	unclear outcome = iota // opened and refused can't be told apart
	opened
	refused
	lost // nothing was seen: the browser failed, or the tool could not be reached
)

// requested tells whether the tool asked for authentication.
func (s *sight) requested() bool {
	if s.attempt == nil {
		return false
	}
	s.attempt.mu.Lock()
	defer s.attempt.mu.Unlock()
	return len(s.attempt.requests) > 0
}

// answered tells whether the authentication response reached the tool.
func (s *sight) answered() bool { return !s.times().answered.IsZero() }

// moments are when things of a launch happened; zero: they didn't.
type moments struct{ asked, answered time.Time }

// times tells when the tool asked for authentication, and when it had the answer.
func (s *sight) times() (m moments) {
	if s.attempt == nil {
		return m
	}
	requested := s.requested()
	if requested {
		m.asked = s.began // the answer may come in another page than the request
	}
	s.attempt.mu.Lock()
	redirect, hint := s.attempt.redirect, s.attempt.hint
	s.attempt.mu.Unlock()
	for _, x := range s.log {
		switch {
		case x.Started.Before(s.began): // of another launch in the same page
		case requested && strings.Contains(x.URL, "/auth") && strings.Contains(x.URL+x.Body, hint):
			m.asked = x.Started
		case redirect != "" && sameAddress(x.URL, redirect) && (x.Status > 0 || brokenOff(x.Problem)):
			m.answered = x.Started
		}
	}
	if s.window && m.answered.IsZero() { // the window may have begun before it was looked at
		s.attempt.mu.Lock()
		m.answered = s.attempt.given
		s.attempt.mu.Unlock()
	}
	return m
}

// brokenOff tells whether a request reached the tool, which then broke off, or gave what no
// browser can read: what it was sent it has all the same.
func brokenOff(problem string) bool {
	return strings.HasPrefix(problem, "net::ERR_") && !slices.ContainsFunc(notSent,
		func(why string) bool { return strings.HasPrefix(problem, why) })
}

// notSent begins the reasons of Chromium for which a request never reached the tool, or
// for which nobody knows.
var notSent = append([]string{"net::ERR_ABORTED", "net::ERR_BLOCKED", "net::ERR_UNSAFE", "net::ERR_TIMED_OUT", "net::ERR_SSL",
	"net::ERR_INTERNET", "net::ERR_NETWORK", "net::ERR_CONNECTION_FAILED", "net::ERR_TOO_MANY_REDIRECTS"}, unreachable...)

// sameAddress compares two addresses without their queries.
func sameAddress(a, b string) bool {
	x, err := url.Parse(a)
	y, err2 := url.Parse(b)
	return err == nil && err2 == nil && x.Scheme == y.Scheme && x.Host == y.Host && x.Path == y.Path
}

// The likeness of pages from which on they are called the same, and below which they are
// called different.
const (
	same      = 0.8
	different = 0.5
)

// decide tells what became of a launch. control is the page of the same launch
// unbroken, where there is one.
func (j *judge) decide(s *sight, control *browser.Frame) outcome {
	switch {
	case s.problem != nil:
		return lost
	case s.page.Closed, s.page.Failed:
		return refused
	case j.target.Tool.Launched.Set():
		switch {
		case s.page.Status >= 400:
			return refused // whatever the marker says: it is on error pages too
		case s.marked:
			return opened
		case s.busy:
			return unclear
		}
		return refused
	case s.page.Status >= 400:
		return refused
	case !s.answered():
		return refused // whatever it shows, there was no token to open it by
	}
	good := 0.0
	for _, f := range j.good {
		good = max(good, likeness(s.page, f))
	}
	if control != nil {
		good = likeness(s.page, *control)
	}
	bad, byStatus := 0.0, len(j.bad) > 0 // refusals have a status of their own
	for _, f := range j.bad {
		if f.Status < 400 && !f.Failed {
			bad, byStatus = max(bad, likeness(s.page, f)), false
		}
	}
	switch {
	case good >= same && good > bad:
		return opened
	case good < same && j.refusing(s):
		if good < different || control != nil {
			return refused
		}
		return unclear
	case byStatus && good >= different:
		return opened
	case bad > good && good < same && (control != nil || bad >= different):
		return refused
	case control == nil && good > bad && good >= different:
		return opened
	case control == nil && byStatus:
		return opened
	}
	return unclear
}

// describeStatus words a page without what is on it, which may be of real people.
func describeStatus(f browser.Frame) string {
	return fmt.Sprintf("a page with status %d at %s", f.Status, browser.Bare(f.URL))
}

// describe words what a page shows.
func describe(f browser.Frame) string {
	text := strings.Join(strings.Fields(f.Text), " ")
	if r := []rune(text); len(r) > 160 {
		text = string(r[:160]) + "…"
	}
	switch {
	case f.Closed:
		text = "nothing: the page closed itself"
	case f.Failed:
		text = "an error of the browser, which could not open " + browser.Bare(f.URL)
		if f.Why != "" {
			text += ": " + f.Why
		}
	case text == "" && f.Title != "":
		text = "nothing; its title is “" + strings.Join(strings.Fields(f.Title), " ") + "”"
	case text == "":
		text = "nothing"
	}
	status := ""
	if f.Status > 0 {
		status = fmt.Sprintf("%d %s: ", f.Status, http.StatusText(f.Status))
	}
	return status + text
}

// shows words what a launch ended with, where it wasn't opened: an error page is the
// tool's, and names nobody.
func (s *sight) shows() string {
	if s.stalled != "" {
		return "nothing: no answer came from " + browser.Bare(s.stalled)
	}
	return describe(s.page)
}

// what words what came of a launch, whatever it was.
func (s *sight) what() string {
	if s.problem != nil {
		return s.problem.Error()
	}
	return s.shows()
}

// openedPage words the page of a launch that was opened. It may show real people, so that
// it is quoted only where personal data are kept.
func (s *sight) openedPage(t *harness.T) string {
	if t.Session().KeepPersonal() {
		return describe(s.page)
	}
	return describeStatus(s.page)
}

// keep takes what was seen into the evidence of a check, and gives the ids of the
// exchanges.
func (s *sight) keep(t *harness.T, what string) []string {
	var ids []string
	for _, x := range s.log {
		if !x.Document {
			continue
		}
		ids = append(ids, t.Watch(side.Watched(x)))
	}
	if s.attempt != nil {
		s.attempt.mu.Lock()
		header, claims := s.attempt.header, s.attempt.claims
		s.attempt.mu.Unlock()
		if claims != nil {
			text, _ := json.MarshalIndent(map[string]any{"header": header, "claims": claims}, "", "  ") // it was a token before
			t.Text(what+": the id_token, decoded", string(text))
		}
	}
	if len(s.console) > 0 {
		t.Text(what+": console and dialogs", strings.Join(s.console, "\n"))
	}
	if s.wired {
		t.Text(what+": what the tool answered, without a browser", describe(s.page))
	} else if t.Session().KeepPersonal() {
		if len(s.picture) > 0 {
			t.Picture(what+": what a person sees", "image/jpeg", s.picture)
		}
	} else {
		t.Text(what+": what a person sees", "No picture is kept, for a tool may show real people. Run with --keep-personal-data for one.")
	}
	return ids
}
