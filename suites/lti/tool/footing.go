package tool

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Each step of a launch has one requirement that owns it: the login that leads to an
// authentication request, the hint by which that can be read, the plain good launch that
// opens. What stands on a step that doesn't work is blocked by its owner, and is not
// launched again and again.

// Owners of the first steps.
const (
	reqGet        = Prefix + "login.get"
	reqPost       = Prefix + "login.post"
	reqHint       = Prefix + "auth.login-hint"
	reqRedirect   = Prefix + "auth.redirect"
	reqRegistered = Prefix + "auth.redirect-registered"
	reqLearner    = Prefix + "launch.learner"
	reqInstructor = Prefix + "launch.instructor"
	reqRotation   = Prefix + "keys.rotation"
)

const (
	markerRemedy   = "Give lti.tool.launched in the target file: a CSS selector, a text or a part of the address that only an opened launch shows."
	browserRemedy  = "See that Chromium runs here, and run again."
	deafRemedy     = "Run again (--resume) while this machine has little else to do; where it happens again, a script of the page never ends."
	redirectRemedy = "Name all redirect URIs of the tool in lti.tool.redirect_uris of the target file."
)

// footing is what all launches stand on, as it was found at the beginning.
type footing struct {
	mu     sync.Mutex
	tries  int
	known  bool
	byGet  *sight  // the first login, by GET
	first  *sight  // the plain good launch
	byPost bool    // logins go by POST, for those by GET lead nowhere
	broken *broken // nil: launches open
}

// broken is a first step that doesn't work.
type broken struct {
	harness.Obstacle
	sight     *sight
	kept      sync.Once
	exchanges []string
}

// blame is the obstacle with the exchanges that show it, which are kept once.
func (b *broken) blame(t *harness.T) harness.Obstacle {
	b.kept.Do(func() { b.exchanges = b.sight.keep(t, "a plain good launch") })
	return b.Seen(b.exchanges...)
}

// expected says what an owner of a first step asks for.
var expected = map[string]string{
	reqGet:        "the browser is sent to the platform's authorization endpoint",
	reqPost:       "the browser is sent to the platform's authorization endpoint",
	reqHint:       "the login_hint that was sent",
	reqRedirect:   "an absolute address",
	reqRegistered: "one of the redirect URIs that the target file names",
	reqLearner:    "the tool opens",
}

// footless is the obstacle of a first step that doesn't work; the owner of the step, where a
// check has it, fails.
func (j *judge) footless(t *harness.T, b *broken) harness.Obstacle {
	o := b.blame(t)
	return o.Failing(harness.Finding{Sent: "a plain good launch", Expected: expected[o.Owner()], Seen: o.Reason(), Cause: j.cause(b.sight),
		Where: t.Where(b.sight.page.URL), Exchanges: b.exchanges})
}

// mostTries is how often a run looks for its footing where the browser failed, or the
// tool was not to be reached.
const mostTries = 2

// stand finds the footing, once.
func (j *judge) stand() *broken {
	f := &j.footing
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known || f.tries >= mostTries {
		return f.broken
	}
	f.tries++
	s, ok := j.tread(j.ctx, f)
	f.first = s
	f.broken = nil
	if !ok {
		f.broken = &broken{Obstacle: j.halt(s), sight: s}
	}
	f.known = ok || f.broken.Owner() != ""
	if ok {
		if why := j.learn(j.ctx, s); why != "" {
			f.broken = &broken{Obstacle: harness.BlockedBy(s.attempt.launch.owner(), why), sight: s}
		} else if j.blind == "" {
			j.launchEarlier()
		}
	}
	return f.broken
}

// tread makes the first launch: of a learner, with nothing special. Where its login by GET
// leads nowhere it is begun by POST, and so are all others then.
func (j *judge) tread(ctx context.Context, f *footing) (s *sight, opened bool) {
	first := Launch{ID: learningID + "learner", Title: "a plain good launch", User: "learner"}
	if j.target.Tool.Launched.Set() {
		first.Expect = "open"
	}
	s = j.steady(ctx, first)
	f.byGet = s
	if s.problem == nil && !j.asked(s) {
		post := first
		post.Login.Post = true
		if p := j.steady(ctx, post); p.problem == nil && j.asked(p) {
			f.byPost, s = true, p
		}
	}
	if opened = j.plainly(s); !opened && s.problem == nil && s.requested() && s.stalled == "" {
		first.Login.Post = f.byPost
		if j.platform.unread() { // it may keep the keys of a run before for a while
			pass(ctx, j.pause())
		}
		s = j.launch(ctx, first) // what comes and goes is no footing, and no breach either
		opened = j.plainly(s)
	}
	return s, opened
}

// plainly tells whether a good launch was opened as far as that can be told before
// anything is known of the tool's pages.
func (j *judge) plainly(s *sight) bool {
	if s.problem != nil || s.busy || !s.answered() || s.page.Status >= 400 || s.page.Failed || s.page.Closed {
		return false
	}
	if j.target.Tool.Launched.Set() {
		return s.marked
	}
	return s.page.Text != "" || len(s.page.Marks) > 0
}

// passing are the statuses of what may be well a moment later.
var passing = []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}

// comes tells whether a launch ended in what may be well a moment later, and how long
// that may take.
func (s *sight) comes() (wait time.Duration, is bool) {
	switch {
	case s.problem != nil, s.fell, s.stalled != "":
		return 0, false
	case slices.Contains(passing, s.page.Status):
		wait = time.Second
		for _, x := range slices.Backward(s.log) {
			if seconds, err := time.ParseDuration(x.Response.Get("Retry-After") + "s"); err == nil && x.Status == s.page.Status {
				wait = min(max(seconds, 0), maxWait)
				break
			}
		}
		return wait, true
	}
	return 0, strings.HasPrefix(s.page.Why, "net::ERR_EMPTY_RESPONSE") || strings.HasPrefix(s.page.Why, "net::ERR_CONNECTION_")
}

// maxWait bounds what a tool may have the judge wait by Retry-After.
const maxWait = 10 * time.Second

// steady makes a launch, and once more where the first one ended in what may be well a
// moment later (RFC 9110 §9.2.2).
func (j *judge) steady(ctx context.Context, l Launch) *sight {
	s := j.launch(ctx, l)
	if wait, is := s.comes(); is {
		pass(ctx, wait)
		s = j.launch(ctx, l)
	}
	return s
}

// asked tells whether an authentication request came to the platform, be it one that
// can't be read.
func (j *judge) asked(s *sight) bool { return s.requested() || j.request(s) != nil }

// request gives the authentication request of a launch, as the browser sent it.
func (j *judge) request(s *sight) url.Values {
	if s.attempt != nil {
		if r, _ := s.attempt.firstRequest(); r != nil {
			return r
		}
	}
	for _, x := range s.log {
		if x.Started.Before(s.began) || !sameAddress(x.URL, j.platform.issuer+"/auth") {
			continue
		}
		u, _ := url.Parse(x.URL) // sameAddress read it
		values := u.Query()
		if form, err := url.ParseQuery(x.Body); err == nil {
			for name, list := range form {
				values[name] = list
			}
		}
		return values
	}
	return nil
}

// login names the requirement that governs the login of a launch.
func (l Launch) login() string {
	for _, name := range l.Login.Omit { // what is left out is what a tool can't do without
		if owner := loginWithout[name]; owner != "" {
			return owner
		}
	}
	if l.Login.Post {
		return reqPost
	}
	return reqGet
}

// loginWithout names the requirement on a login that leaves out what is optional.
var loginWithout = map[string]string{
	"client_id":         Prefix + "login.no-client",
	"lti_message_hint":  Prefix + "login.no-message-hint",
	"lti_deployment_id": Prefix + "login.no-deployment",
}

// owner names the requirement by which a good launch of this kind opens.
func (l Launch) owner() string {
	switch {
	case l.fresh():
		return reqRotation
	case l.Window:
		return Prefix + "browser.window"
	case l.Blocked && l.Storage:
		return Prefix + "browser.blocked-storage"
	case l.Blocked:
		return Prefix + "browser.blocked"
	case l.Frame && l.Storage:
		return Prefix + "browser.storage-offered"
	case l.Frame:
		return Prefix + "browser.frame"
	case l.User == "instructor":
		return reqInstructor
	}
	return reqLearner
}

// busyProblem says that the tool refused for now (RFC 6585 §4).
const busyProblem = "the tool answered 429 (too many requests), twice"

// halt says what kept a good launch from being opened, by the requirement that owns the
// step at which it ended.
func (j *judge) halt(s *sight) harness.Obstacle {
	if s.problem != nil {
		return j.failing(s.problem)
	}
	l := s.attempt.launch
	switch {
	case s.fell:
		return harness.BlockedBy(reqUp, fellText)
	case s.page.Status == http.StatusTooManyRequests:
		return unknown(busyProblem)
	case !j.asked(s) && (l.Blocked || l.Frame || l.Window): // for the login of a plain launch works
		return harness.BlockedBy(l.owner(), "no authentication request came; the tool showed "+s.shows())
	case !j.asked(s):
		return harness.BlockedBy(l.login(), "a good login led to no authentication request; the tool showed "+s.shows())
	case !s.requested():
		return harness.BlockedBy(reqHint, "the authentication request has neither the login_hint nor the lti_message_hint that were sent")
	case s.astray():
		redirect := j.request(s).Get("redirect_uri")
		switch u, err := url.Parse(redirect); {
		case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
			return harness.BlockedBy(reqRedirect, fmt.Sprintf("the authentication request has redirect_uri=%q, which is no absolute address", redirect))
		case len(j.target.Tool.RedirectURIs) > 0:
			return harness.BlockedBy(reqRegistered, "the authentication request has a redirect_uri on a host that is not the tool's: "+redirect)
		}
		return harness.Unconfigured("the tool wants the answer on a host that isn't known as its own: "+redirect, redirectRemedy)
	case !s.answered():
		return harness.BlockedBy(l.owner(), "the answer to a good launch did not come through; the tool showed "+s.shows())
	}
	return harness.BlockedBy(l.owner(), "a good launch was not opened; the tool showed "+s.shows())
}

// astray tells whether the request wanted the answer at a stranger's.
func (s *sight) astray() bool {
	if s.attempt == nil {
		return false
	}
	s.attempt.mu.Lock()
	defer s.attempt.mu.Unlock()
	return len(s.attempt.requests) > 0 && s.attempt.redirect == ""
}

// unknown says that nothing can be held against the tool.
func unknown(problem string) harness.Obstacle {
	return harness.BlockedBy("", problem, &harness.Response{Unreachable: true, Problem: problem})
}

// awayError says that the tool can't be reached: it is down, or the way to it is.
type awayError struct{ error }

func (e awayError) Unwrap() error { return e.error }

// fallenError says that a launch brought the tool down, and that nothing started it again.
type fallenError struct{ error }

// failing says why a launch could not be made at all.
func (j *judge) failing(problem error) harness.Obstacle {
	var away awayError
	var fallen fallenError
	switch {
	case errors.As(problem, &fallen):
		o := harness.BlockedBy(reqUp, problem.Error())
		if j.accused.Load() {
			o = o.Told()
		}
		return o
	case errors.Is(problem, browser.ErrDeaf):
		return harness.Unconfigured("the browser failed: "+problem.Error(), deafRemedy)
	case errors.Is(problem, errStalls):
		if o := j.stalled.Load(); o != nil {
			return harness.BlockedBy(o.Owner(), problem.Error())
		}
	case errors.As(problem, &away), errors.Is(problem, context.Canceled), errors.Is(problem, context.DeadlineExceeded):
		return unknown(problem.Error())
	}
	return harness.Unconfigured("the browser failed: "+problem.Error(), browserRemedy)
}

// halted is halt with what was seen among the evidence of the check.
func (j *judge) halted(t *harness.T, s *sight, what string) harness.Obstacle {
	return j.halt(s).Seen(s.keep(t, what)...)
}

// foundation looks why a good launch was not opened: where what it stands on doesn't open
// either, that is why. What it stands on is the same launch without what is special in it,
// and a plain one.
func (j *judge) foundation(ctx context.Context, t *harness.T, l Launch, id string) (harness.Obstacle, bool) {
	var worst *sight
	l.Login.Post = l.Login.Post || j.footing.byPost
	tried := []Launch{l}
	for _, base := range []Launch{l.unbroken(), {User: l.User}, {User: "learner"}} {
		base.ID, base.Title, base.Expect = l.ID+".base", "a plainer launch", "open"
		base.Login.Post = base.Login.Post || j.footing.byPost
		if slices.ContainsFunc(tried, base.like) {
			continue
		}
		tried = append(tried, base)
		s := j.steady(ctx, base)
		if j.decide(s, nil) == opened {
			break
		}
		worst = s
	}
	if worst == nil {
		return harness.Obstacle{}, false
	}
	o := j.halted(t, worst, "a plainer launch")
	return o, o.Owner() != id
}

// like tells whether two launches are of one kind, whatever they are called.
func (l Launch) like(other Launch) bool {
	bare := func(l Launch) Launch {
		l.ID, l.Title, l.Requirement, l.Expect, l.Teacher, l.Early, l.Second, l.Sole = "", "", "", "", nil, false, false, false
		return l
	}
	return reflect.DeepEqual(bare(l), bare(other))
}

// cause words what was seen on the way that goes beyond what the page shows: what the tool
// answered with and said by headers, cookies that the browser did not take, an exception
// of a script, keys that nobody asked for.
func (j *judge) cause(s *sight) string {
	if s.problem != nil {
		return ""
	}
	for _, x := range s.log {
		u, err := url.Parse(x.URL)
		if err != nil || x.Started.Before(s.began) || !x.Document || !j.platform.known(u.Host) {
			continue
		}
		if x.Status >= 400 {
			text := fmt.Sprintf("%s %s was answered with %d %s", x.Method, u.Path, x.Status, http.StatusText(x.Status))
			for _, name := range []string{"Allow", "WWW-Authenticate", "Retry-After"} {
				if v := x.Response.Get(name); v != "" {
					text += ", " + name + ": " + v
				}
			}
			return text + "."
		}
		if len(x.Blocked) > 0 {
			return fmt.Sprintf("the browser did not take a cookie of %s: %s.", u.Path, strings.Join(x.Blocked, "; "))
		}
	}
	for _, line := range s.console {
		if strings.HasPrefix(line, "exception:") {
			return "a script of the page threw an exception, which the console has."
		}
	}
	if s.answered() && j.platform.unread() {
		return "the tool has not asked for the keys of the platform at " + j.platform.issuer + "/jwks."
	}
	return ""
}
