package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// judge is what all checks of a run share: Rollcall's platform, the browser, and
// what the tool's pages look like.
type judge struct {
	target   harness.LTI
	platform *platform
	browser  *browser.Browser
	budget   time.Duration

	learnt sync.Once
	good   []browser.Frame // pages of good launches
	bad    []browser.Frame // pages of one that has to be refused
	blind  string          // why opened and refused can't be told apart
}

// The timing of a launch.
const (
	defaultBudget = 15 * time.Second
	// Without a request or a navigation for so long, a page has come to rest: a
	// still one soon, one with scripts later.
	stillTime  = 60 * time.Millisecond
	activeTime = 300 * time.Millisecond
	// A page that has come to rest has what a step needs, or it hasn't.
	stepPatience = 500 * time.Millisecond
)

// open starts the platform and prepares the browser.
func open(ctx context.Context, s *harness.Session) (any, error) {
	b, err := side.Browser(s.Target)
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	j := &judge{target: s.Target.LTI, platform: p, browser: b, budget: time.Duration(s.Target.LTI.LaunchTimeout)}
	if j.budget == 0 {
		j.budget = defaultBudget
	}
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
	unreached // the tool never came to the point that the launch is about
	lost      // the browser or the judge failed
)

// sight is what was seen of a launch.
type sight struct {
	attempt *attempt
	page    browser.Frame // what the tool shows at the end
	log     []browser.Exchange
	console []string
	picture []byte
	busy    bool // it never came to rest
	marked  bool // the marker of the target file is there
	teacher bool // the marker of those who teach is there
	problem error
}

// launch makes one launch in a fresh browser context.
func (j *judge) launch(ctx context.Context, l Launch) *sight {
	p, err := j.browser.Open(ctx, browser.PageOptions{BlockThirdParty: l.Blocked})
	if err != nil {
		return &sight{problem: err}
	}
	defer p.Close()
	return j.launchIn(ctx, p, l)
}

// launchIn makes a launch in a page that is open already.
func (j *judge) launchIn(ctx context.Context, p *browser.Page, l Launch) *sight {
	a, address := j.platform.begin(l)
	s := &sight{attempt: a}
	if s.problem = p.Go(address); s.problem != nil {
		return s
	}
	if l.Window {
		// The window is at a page of ours first, so that all that follows is seen.
		if s.problem = p.Run(ctx, []browser.Step{{Click: "#open"}, {Window: true}, {Click: "#go"}}); s.problem != nil {
			return s
		}
	}
	j.look(ctx, p, s)
	return s
}

// look waits until the page has come to rest and reads what it shows.
func (j *judge) look(ctx context.Context, p *browser.Page, s *sight) {
	if !j.rest(ctx, p, s) {
		if errors.Is(s.problem, browser.ErrGone) { // nobody but the tool can have closed it
			s.problem, s.page = nil, browser.Frame{Closed: true}
			s.log, s.console = p.Log(), p.Console()
		}
		return
	}
	if steps := j.target.Tool.Steps; len(steps) > 0 && s.page.Status < 400 && s.answered() {
		// What they are about need not be there: a refusal has no terms to agree to.
		if p.Try(ctx, s.page.ID, steps, stepPatience) && !j.rest(ctx, p, s) {
			return
		}
	}
	s.marked = j.marked(ctx, p, s.page, j.target.Tool.Launched)
	s.teacher = j.marked(ctx, p, s.page, j.target.Tool.Teacher)
	s.log, s.console = p.Log(), p.Console()
	s.picture, _ = p.Screenshot(ctx) // a picture less
}

// rest waits until the page has come to rest; false where there is nothing to see.
func (j *judge) rest(ctx context.Context, p *browser.Page, s *sight) bool {
	s.log = nil
	for _, quiet := range []time.Duration{stillTime, activeTime} {
		switch err := p.Settle(ctx, quiet, j.patience(s), nil); {
		case errors.Is(err, browser.ErrBusy):
			s.busy = true
		case err != nil:
			s.problem = err
			return false
		}
		frames, err := p.Look(ctx)
		if err != nil && s.busy && !errors.Is(err, browser.ErrGone) {
			s.log, s.console = p.Log(), p.Console()
			return false // it hangs: there is nothing to see
		}
		if err != nil {
			s.problem = err
			return false
		}
		if s.page = j.shown(frames); s.page.Active == 0 && s.page.Status > 0 && s.page.Text != "" {
			break
		}
	}
	s.log, s.console = p.Log(), p.Console()
	return true
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
// frame of that name, otherwise it is the page itself.
func (j *judge) shown(frames []browser.Frame) browser.Frame {
	for _, f := range frames {
		if f.Name == "tool" {
			return f
		}
	}
	return frames[0]
}

// marked tells whether a frame, or one within, has a marker.
func (j *judge) marked(ctx context.Context, p *browser.Page, f browser.Frame, m harness.Marker) bool {
	if !m.Set() {
		return false
	}
	if m.Text != "" && !strings.Contains(f.Text, m.Text) || m.URL != "" && !strings.Contains(f.URL, m.URL) {
		return false
	}
	if m.Selector == "" {
		return true
	}
	quoted, _ := json.Marshal(m.Selector) // of a string
	found, err := p.Eval(ctx, f.ID, "String(!!document.querySelector("+string(quoted)+"))")
	return err == nil && found == "true"
}

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
func (s *sight) answered() bool {
	s.attempt.mu.Lock()
	redirect := s.attempt.redirect
	s.attempt.mu.Unlock()
	return redirect != "" && slices.ContainsFunc(s.log, func(x browser.Exchange) bool {
		return sameAddress(x.URL, redirect) && x.Status > 0
	})
}

// sameAddress compares two addresses without their queries.
func sameAddress(a, b string) bool {
	x, err := url.Parse(a)
	y, err2 := url.Parse(b)
	return err == nil && err2 == nil && x.Scheme == y.Scheme && x.Host == y.Host && x.Path == y.Path
}

// learn sees once what an opened page and a refusal look like: two good launches,
// of a learner and an instructor, and one whose token is signed wrongly.
func (j *judge) learn(ctx context.Context) {
	if j.target.Tool.Launched.Set() {
		return // nothing has to be learned
	}
	j.learnt.Do(func() {
		for _, l := range []Launch{{ID: "learn.learner", User: "learner"}, {ID: "learn.instructor", User: "instructor"}} {
			s := j.launch(ctx, l)
			switch {
			case s.problem != nil:
				j.blind = "a good launch could not be made: " + s.problem.Error()
				return
			case !s.requested():
				j.blind = "the tool sent no authentication request; it showed " + describe(s.page)
				return
			case !s.answered() || s.page.Status >= 400:
				j.blind = "a good launch was not opened; the tool showed " + describe(s.page)
				return
			}
			j.good = append(j.good, s.page)
		}
		// The tool may open what it has to refuse: then that is no sample.
		for _, l := range []Launch{{Way: "corrupt"}, {Claims: map[string]any{"version": nil}}, {Claims: map[string]any{"exp": "$now-7200", "iat": "$now-7500"}}, {Respond: Respond{Omit: []string{"id_token"}}}} {
			l.ID, l.User = "learn.refusal", "learner"
			s := j.launch(ctx, l)
			if s.problem != nil {
				j.blind = "a bad launch could not be made: " + s.problem.Error()
				return
			}
			if s.page.Status >= 400 || likeness(s.page, j.good[0]) < same {
				j.bad = append(j.bad, s.page)
				return
			}
		}
	})
}

// The likeness of pages from which on they are called the same, and from which on
// they are called related where nothing speaks against it.
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
	case s.page.Closed:
		return refused
	case j.target.Tool.Launched.Set():
		if s.marked {
			return opened
		}
		if s.busy {
			return unclear
		}
		return refused
	case s.page.Status >= 400, s.page.Failed:
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
	bad := 0.0
	byStatus := len(j.bad) > 0 && j.bad[0].Status >= 400 // refusals have a status of their own
	if len(j.bad) > 0 && !byStatus {
		bad = likeness(s.page, j.bad[0])
	}
	switch {
	case good >= same && good > bad, byStatus && good >= different:
		return opened
	case bad > good && good < same:
		return refused
	case control == nil && good > bad && good >= different:
		return opened
	case control == nil && byStatus:
		return opened
	}
	return unclear
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
		text = strings.TrimSpace("an error of the browser, which could not open " + f.URL + " " + text)
	case text == "":
		text = "nothing"
	}
	status := ""
	if f.Status > 0 {
		status = fmt.Sprintf("%d %s: ", f.Status, http.StatusText(f.Status))
	}
	return status + text
}

// keep takes what was seen into the evidence of a check, and gives the ids of the
// exchanges.
func (s *sight) keep(t *harness.T, what string) []string {
	var ids []string
	for _, x := range s.log {
		if !x.Document {
			continue
		}
		ids = append(ids, t.Watch(harness.Watched{Started: x.Started, Ended: x.Ended, Method: x.Method, URL: x.URL, Request: x.Request, Body: x.Body,
			Form:   strings.Contains(x.Request.Get("Content-Type"), "form") || x.Method == http.MethodPost,
			Status: x.Status, Response: x.Response, Problem: strings.TrimSpace(x.Problem + " " + strings.Join(x.Blocked, "; "))}))
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
	if len(s.picture) > 0 {
		t.Picture(what+": what a person sees", "image/jpeg", s.picture)
	}
	return ids
}
