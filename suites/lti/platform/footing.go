package platform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// Each step of a launch has one requirement that owns it: the link that leads to a login,
// the token that answers a right request, the keys that can be read, the token endpoint
// that issues. What stands on a step that doesn't work is blocked by its owner.

// Owners of the first steps.
const (
	reqBegun     = Prefix + "login.begun"
	reqToken     = Prefix + "response.token"
	reqKeys      = Prefix + "keys.readable"
	reqIssue     = Prefix + "access.token"
	reqError     = Prefix + "access.error"
	reqErrorText = Prefix + "access.error-text"
	// What breaks down gives nobody access, and is a failure of its own, whatever it was
	// asked for.
	reqBroken  = Prefix + "error.status"
	reqTold    = Prefix + "error.told"
	reqTripped = Prefix + "access.status"
	// reqFraming owns launches in a frame whose answer may not be shown there.
	reqFraming = Prefix + "response.framing"
)

const (
	stepsRemedy   = "Correct the steps in the target file; run with --keep-personal-data to see where they ended."
	personRemedy  = "Open the link when it is asked for; see that the platform has the addresses of `rollcall registration`."
	browserRemedy = "See that Chromium runs here, and run again."
	deafRemedy    = "Run again (--resume) while this machine has little else to do; where it happens again, a script of the page never ends."
)

// owner names the requirement that governs an answer which checks merely stand on.
func owner(s *harness.Session, r *harness.Response) string {
	switch p := lti.Of(s.Target).Platform; r.Request.URL {
	case p.JWKSURL:
		return reqKeys
	case p.TokenURL:
		return reqIssue
	}
	return ""
}

// stepsError says that the steps of the target file could not be taken.
type stepsError struct{ error }

// idleError says that the steps were taken and no login came of them.
type idleError struct{ error }

// personError says that whoever opens the launches didn't.
type personError struct{ error }

// halt says why a good launch brought no token, by the requirement that owns the step at
// which it ended.
func (j *judge) halt(s *seen) harness.Obstacle {
	var (
		steps  stepsError
		idle   idleError
		person personError
		failed *browser.NavigationError
	)
	last := s.last(originOf(j.target.Platform.AuthURL))
	switch p := s.problem; {
	case errors.Is(p, context.Canceled), errors.Is(p, context.DeadlineExceeded):
		return unknown(p.Error())
	case errors.Is(p, browser.ErrDeaf):
		return harness.Unconfigured("the browser failed: "+p.Error(), deafRemedy)
	case errors.As(p, &failed) && slices.ContainsFunc(away, func(why string) bool { return strings.HasPrefix(failed.Why, why) }):
		return unknown(p.Error())
	case last == http.StatusTooManyRequests:
		return unknown("the platform answered 429 (too many requests)")
	case errors.As(p, &idle):
		return harness.BlockedBy(reqBegun, p.Error())
	case errors.As(p, &steps) && (last >= 500 || failed != nil):
		return harness.BlockedBy(reqBegun, fmt.Sprintf("%s; the page before was answered with %d", p, last))
	case errors.As(p, &steps):
		return harness.Unconfigured(p.Error(), stepsRemedy)
	case errors.As(p, &person):
		return harness.Unconfigured(p.Error(), personRemedy)
	case p != nil:
		return harness.Unconfigured("the browser failed: "+p.Error(), browserRemedy)
	}
	if x, by := s.unframed(originOf(j.target.Platform.AuthURL)); x != nil {
		return harness.BlockedBy(reqFraming, fmt.Sprintf("the browser did not show %s %s in the frame of the link, for it says %s", x.Method,
			place(x.URL), by))
	}
	if s.came && s.claims != nil {
		return unknown("the launch brought its token, and what Rollcall's own page asked after that wasn't done in time")
	}
	return harness.BlockedBy(reqToken, "a good launch brought no token: "+s.what())
}

// broke lays a breakdown of the platform at its own door: whoever is answered with 500 has
// got in nowhere, so what asks for that is kept, and why they were refused can't be told.
func (j *judge) broke(t *harness.T, s *seen, id, title string, ids []string) {
	if worst := s.worst(originOf(j.target.Platform.AuthURL)); worst >= 500 {
		t.NotTested(harness.BlockedBy(reqBroken, fmt.Sprintf("%s: nobody got in, and the reason is lost, for the platform broke down with %d", title, worst)).Seen(ids...), id)
	}
}

// away begins the reasons of Chromium that say nothing of a launch: the platform is down, or
// the way to it is.
var away = []string{"net::ERR_CONNECTION_REFUSED", "net::ERR_NAME_NOT_RESOLVED", "net::ERR_ADDRESS_UNREACHABLE",
	"net::ERR_CONNECTION_TIMED_OUT", "net::ERR_CERT_"}

// unknown says that nothing can be held against the platform.
func unknown(problem string) harness.Obstacle {
	return harness.BlockedBy("", problem, &harness.Response{Unreachable: true, Problem: problem})
}

// last is the status of the last document of the platform; 0: there was none, or no answer.
func (s *seen) last(origin string) int {
	if x := s.lastDocument(origin); x != nil {
		return x.Status
	}
	return 0
}

// lastDocument is the last document of the platform; nil where there is none.
func (s *seen) lastDocument(origin string) *browser.Exchange {
	for i := range slices.Backward(s.log) {
		if x := &s.log[i]; x.Document && originOf(x.URL) == origin {
			return x
		}
	}
	return nil
}

// halted is halt with what was seen among the evidence, which is kept once.
func (j *judge) halted(t *harness.T, s *seen, what string) harness.Obstacle {
	s.once.Do(func() { s.shown = s.keep(t, what) })
	return j.halt(s).Seen(s.shown...)
}

// noToken is the obstacle that a launch is which came to an answer without a token.
func (s *seen) noToken(t *harness.T, what string) harness.Obstacle {
	s.once.Do(func() { s.shown = s.keep(t, what) })
	return harness.BlockedBy(reqToken, what+" brought no token: "+s.what()).Seen(s.shown...)
}

// footless is the obstacle that a good launch, on which a check stands, is which brought no
// token; the owner of the step at which that ended, where the check has it, fails.
func (j *judge) footless(t *harness.T, s *seen, what string) harness.Obstacle {
	o := j.halted(t, s, what)
	expected := map[string]string{reqBegun: "a login initiation at " + j.tool.origin + "/login", reqToken: "a token",
		reqFraming: "an answer that may be shown in a frame"}[o.Owner()]
	return o.Failing(harness.Finding{Sent: s.sent(), Expected: expected, Seen: o.Reason(), Cause: j.cause(s), Exchanges: s.shown})
}

// cause words what was seen on the way that goes beyond what a page shows: the status by
// which the platform answered, and what the browser did not take.
func (j *judge) cause(s *seen) string {
	origin := originOf(j.target.Platform.AuthURL)
	for _, x := range s.log {
		if !x.Document || x.Started.Before(s.since) || originOf(x.URL) != origin {
			continue
		}
		switch where := x.Method + " " + place(x.URL); {
		case x.Status >= 400:
			return fmt.Sprintf("%s was answered with %d %s.", where, x.Status, http.StatusText(x.Status))
		case x.Status == 0 && x.Problem != "":
			return fmt.Sprintf("%s had no answer: %s.", where, x.Problem)
		case len(x.Blocked) > 0:
			return fmt.Sprintf("the browser did not take a cookie of %s: %s.", where, strings.Join(x.Blocked, "; "))
		}
	}
	return ""
}
