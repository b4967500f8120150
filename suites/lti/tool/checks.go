package tool

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Prefix begins the ids of the requirements on tools.
const Prefix = "lti13.tool."

// Requirements that hold for every refusal.
const (
	reqVisible = Prefix + "refusal.visible"
	reqNoCrash = Prefix + "refusal.no-crash"
	reqUp      = Prefix + "launch.stays-up"
	reqMethods = Prefix + "refusal.methods"
	reqTeacher = Prefix + "roles.least-privilege"
	reqAtOnce  = Prefix + "keys.rotation-at-once"
	rotation   = "keys.rotation" // of launches
)

// run makes one launch of the data and judges it.
func run(ctx context.Context, t *harness.T, l Launch) {
	switch l.Expect {
	case "open":
		runGood(ctx, t, l)
	case "answer":
		runEither(ctx, t, l)
	default:
		runBad(ctx, t, l)
	}
}

const anonymousRemedy = "Set lti.tool.anonymous to served or to refused."

// runEither judges a launch that a tool may open or refuse, as long as a person sees
// what became of it.
func runEither(ctx context.Context, t *harness.T, l Launch) {
	j := judgeOf(t)
	id := Prefix + l.Requirement
	s := j.proven(ctx, l, j.steady(ctx, l))
	if s.fell {
		j.felled(t, l, s)
		return
	}
	exchanges := s.keep(t, l.Title)
	if s.problem != nil || s.page.Status == http.StatusTooManyRequests {
		t.NotTested(j.halt(s))
		return
	}
	f := harness.Finding{Sent: "launch: " + l.Title, Expected: "the tool opens, or a page says why not, with a status of 200 or 400 to 499",
		Seen: s.shows(), Exchanges: exchanges, Where: t.Where(s.page.URL)}
	if s.busy {
		f.Seen = "the page never came to rest: " + f.Seen
	}
	t.Assert(id, !s.busy && !s.page.Closed && !s.page.Failed && s.page.Status < 500 && len(s.page.Text) > 2, f)
	t.Examined(reqUp, 1)
}

// rotationTries is how often a launch with a new key is tried again, after a pause: tools
// may bound how often they read the keys.
const rotationTries = 4

// pause is the time between two tries: a budget, or what tools usually wait.
func (j *judge) pause() time.Duration { return min(j.budget, 11*time.Second) }

// runGood judges a launch that has to be opened.
func runGood(ctx context.Context, t *harness.T, l Launch) {
	j := judgeOf(t)
	id := Prefix + l.Requirement
	if err := j.platform.publish(l.Keys); err != nil {
		t.NotTested(harness.Unconfigured(err.Error(), "Run again."))
		return
	}
	defer func() { _ = j.platform.publish("") }() // makes no key
	var s *sight
	if l.fresh() {
		s = j.patiently(ctx, l)
	} else if made := j.take(ctx, t, l); made != nil {
		s = made.seen
	} else {
		s = j.proven(ctx, l, j.steady(ctx, l))
	}
	if s.fell {
		j.felled(t, l, s)
		return
	}
	exchanges := s.keep(t, l.Title)
	if l.Early && s.problem == nil && !j.asked(s) {
		f := harness.Finding{
			Sent:      "login: " + l.Title,
			Expected:  "an authentication request, or a page that says what is missing, with a status of 200 or 400 to 499",
			Seen:      s.shows(),
			Exchanges: exchanges,
			Where:     t.Where(s.page.URL),
		}
		t.Assert(id, s.page.Status < 500 && !s.page.Failed && len(s.page.Text) > 2, f)
		return
	}
	if l.Second && s.requested() {
		asked, _ := s.attempt.firstRequest()
		if client := asked.Get("client_id"); client != j.platform.clientID && client != j.platform.second {
			t.Fail(id, harness.Finding{
				Sent:      "login: " + l.Title,
				Expected:  "client_id=" + j.platform.clientID + " or " + j.platform.second,
				Seen:      seen(asked, "client_id"),
				Where:     "client_id",
				Exchanges: exchanges,
			})
			return
		}
	}
	switch j.result(t, s, nil) {
	case opened:
		t.Examined(id, 1)
		privilege(t, l, s)
		if l.Requirement == rotation {
			t.Assert(reqAtOnce, !s.late, harness.Finding{
				Sent:      "launch: " + l.Title,
				Expected:  "the first launch opens",
				Exchanges: exchanges,
				Where:     t.Where(s.page.URL),
				Seen:      "the tool read the new key, refused the launch all the same, and opened the next one",
			})
		}
	case refused:
		if l.Requirement == rotation {
			t.NotTested(harness.BlockedBy(id, "no launch by a new key was opened").Seen(exchanges...), reqAtOnce)
		}
		if l.fresh() {
			j.platform.withdraw() // what the tool doesn't take, it is not asked to take again
		}
		if o, hangs := j.foundation(ctx, t, l, id); hangs {
			t.NotTested(o)
			return
		}
		if l.Requirement == "launch.anonymous" && j.target.Tool.Anonymous == "" {
			t.NotTested(harness.Unconfigured("a launch without a user was not opened, and the target file doesn't say whether such launches are served", anonymousRemedy).Seen(exchanges...))
			return
		}
		f := harness.Finding{
			Sent:      "launch: " + l.Title,
			Expected:  "the tool opens",
			Seen:      "it was not opened: " + s.shows(),
			Cause:     j.cause(s),
			Exchanges: exchanges,
			Where:     t.Where(s.page.URL),
		}
		t.Fail(id, f)
		if l.Teacher != nil {
			t.NotTested(harness.BlockedBy(id, "the launch was not opened").Seen(exchanges...), reqTeacher)
		}
	}
}

// privilege judges whether the page of an opened launch shows what only those who teach
// may see.
func privilege(t *harness.T, l Launch, s *sight) {
	if l.Teacher == nil || !t.Met(reqTeacher) {
		return
	}
	expected := "the page of somebody who doesn't teach"
	if *l.Teacher {
		expected = "the page of somebody who teaches"
	}
	seen := "the page of somebody who doesn't teach"
	if s.teacher {
		seen = "the page of somebody who teaches"
	}
	t.Assert(reqTeacher, s.teacher == *l.Teacher, harness.Finding{Sent: "launch: " + l.Title, Expected: expected, Seen: seen,
		Where: t.Where(s.page.URL)})
}

// result gives the outcome of a launch, and says of all requirements of the check why
// they can't be judged where it has none.
func (j *judge) result(t *harness.T, s, control *sight) outcome {
	var page *browser.Frame
	if control != nil {
		page = &control.page
	}
	o := j.decide(s, page)
	switch {
	case o == lost, s.page.Status == http.StatusTooManyRequests:
		t.NotTested(j.halt(s))
		return lost
	case o == unclear:
		t.NotTested(harness.Unconfigured("an opened page and a refusal look alike: "+s.shows(), markerRemedy))
	}
	return o
}

func runBad(ctx context.Context, t *harness.T, l Launch) {
	id := Prefix + l.Requirement
	j := judgeOf(t)
	made := j.take(ctx, t, l)
	switch {
	case made == nil:
	case !made.fell:
		j.judgeRefusal(t, id, l, made.seen, made.control)
		return
	case !made.back(): // nothing tells more any more
		j.felled(t, l, made.seen)
		return
	}
	fell := made != nil
	control, s := j.trial(ctx, t, l, fell)
	if s == nil {
		return
	}
	if !fell && (control.fell || s.fell) && j.up() {
		fell = true
		if control, s = j.trial(ctx, t, l, fell); s == nil {
			return
		}
	}
	if s.fell {
		s.proven = fell
		j.judgeRefusal(t, id, l, s, control)
		return
	}
	if j.decide(control, nil) != opened { // the two may disturb each other in a tool
		control = j.steady(ctx, l.unbroken())
	}
	if j.unopened(ctx, t, control) {
		return
	}
	if wait, is := s.comes(); is && l.Keys == "" && !j.breaks.Load() {
		pass(ctx, wait)
		s = j.launch(ctx, l)
		_, again := s.comes()
		j.breaks.Store(again) // it is how this tool refuses, then
	}
	j.judgeRefusal(t, id, l, s, control)
	if fell {
		t.Fail(reqNoCrash, harness.Finding{
			Sent:      "launch: " + l.Title,
			Expected:  "the tool refuses, and goes on",
			Seen:      fellText + "; somebody started it again, and the same launch did it no harm the second time",
			Exchanges: s.keep(t, l.Title),
		})
	}
}

// trial makes a launch that has to be refused and the same one unbroken: side by side, each
// in a browser context of its own, where neither changes the keys and nothing has to be told
// apart. Where it can't be made it says why, and gives nothing.
func (j *judge) trial(ctx context.Context, t *harness.T, l Launch, apart bool) (control, s *sight) {
	if l.Keys == "" && !apart {
		var both sync.WaitGroup
		both.Go(func() { control = j.launch(ctx, l.unbroken()) })
		both.Go(func() { s = j.launch(ctx, l) })
		both.Wait()
		return control, s
	}
	control = j.launch(ctx, l.unbroken())
	if err := j.platform.publish(l.Keys); err != nil {
		t.NotTested(harness.Unconfigured(err.Error(), "Run again."))
		return control, nil
	}
	s = j.launch(ctx, l)
	_ = j.platform.publish("") // makes no key
	return control, s
}

// unopened tells whether a good launch was not opened beside which another has to be
// refused: then a refusal proves nothing, and all requirements of the check are blocked by
// what the good one hangs on.
func (j *judge) unopened(ctx context.Context, t *harness.T, control *sight) bool {
	switch j.decide(control, nil) {
	case opened:
		return false
	case unclear:
		t.NotTested(harness.Unconfigured("a good launch is not clearly opened: "+control.shows(), markerRemedy))
		return true
	case refused:
		if o, hangs := j.foundation(ctx, t, control.attempt.launch, ""); hangs {
			t.NotTested(o)
			return true
		}
	}
	t.NotTested(j.halted(t, control, "the same, unbroken"))
	return true
}

// judgeRefusal judges a launch that has to be refused: that it was, that a person
// can see it, and that the tool didn't break.
func (j *judge) judgeRefusal(t *harness.T, id string, l Launch, s, control *sight) {
	exchanges := s.keep(t, l.Title)
	f := harness.Finding{
		Sent:      "launch: " + l.Title,
		Expected:  "the tool refuses, and says so",
		Exchanges: exchanges,
		Where:     t.Where(s.page.URL),
	}
	if s.problem == nil && !s.requested() && !l.Early {
		t.NotTested(j.halt(s).Seen(exchanges...))
		return
	}
	if s.fell && (s.proven || s.gone) {
		j.felled(t, l, s)
		return
	}
	blocked := func(why string) { t.NotTested(harness.BlockedBy(id, why).Seen(exchanges...), reqVisible, reqNoCrash) }
	if s.busy && l.Keys == "slow" {
		f.Expected, f.Seen = fmt.Sprintf("an answer within %s", j.patience(s)), "none"
		t.Fail(id, f)
		blocked("no answer came in time")
		return
	}
	outcome := j.result(t, s, control)
	if s.problem == nil && !s.fell {
		t.Examined(reqUp, 1)
	}
	if l.Respond.Get && (outcome == opened || outcome == refused) {
		judgeMethods(t, l, s)
	}
	switch outcome {
	case opened:
		f.Seen = "it was opened: " + s.openedPage(t)
		t.Fail(id, f)
		blocked("the launch was opened")
	case refused:
		t.Examined(id, 1)
		f.Expected, f.Seen = "a page that says that something went wrong", "an empty page"
		if s.stalled != "" {
			f.Seen = s.shows()
			t.Fail(reqVisible, f)
			t.NotTested(harness.BlockedBy(reqVisible, f.Seen).Seen(exchanges...), reqNoCrash)
			return
		}
		if s.page.Failed {
			// Chromium's own words are no page of the tool's.
			f.Seen = describe(s.page)
			t.Fail(reqVisible, f)
			f.Expected = "a status of 200, or 400 to 499"
			if s.fell {
				f.Seen = fellText
			}
			t.Fail(reqNoCrash, f)
			return
		}
		t.Assert(reqVisible, len(s.page.Text) > 2, f)
		if l.Keys != "" {
			t.NotApplicable(reqNoCrash, "here the platform is at fault, and the tool may say so")
			return
		}
		f.Expected, f.Seen = "a status of 200, or 400 to 499", fmt.Sprintf("%d", s.page.Status)
		t.Assert(reqNoCrash, s.page.Status < 500, f)
	}
}

// judgeMethods holds a tool that answers 405 to what that status promises: the methods that
// there are (RFC 9110 §15.5.6).
func judgeMethods(t *harness.T, l Launch, s *sight) {
	i := slices.IndexFunc(s.log, func(x browser.Exchange) bool { return x.Document && x.Status == http.StatusMethodNotAllowed })
	if i < 0 {
		t.NotApplicable(reqMethods, "no answer by GET is answered 405")
		return
	}
	allow := s.log[i].Response.Get("Allow")
	t.Assert(reqMethods, strings.Contains(allow, http.MethodPost), harness.Finding{
		Sent:      "launch: " + l.Title,
		Expected:  "405 with a header Allow that names POST",
		Seen:      seenAllow(allow),
		Where:     "Allow",
		Exchanges: s.keep(t, l.Title),
	})
}

func seenAllow(allow string) string {
	if allow == "" {
		return "405 without the header"
	}
	return "405 with Allow: " + allow
}
