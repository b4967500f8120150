package tool

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Prefix begins the ids of the requirements on tools.
const Prefix = "lti13.tool."

// Requirements that hold for every refusal.
const (
	reqVisible = Prefix + "refusal.visible"
	reqNoCrash = Prefix + "refusal.no-crash"
	reqTeacher = Prefix + "roles.least-privilege"
)

const markerRemedy = "Give lti.tool.launched in the target file: a CSS selector, a text or a part of the address that only an opened launch shows."

// ready learns what the tool's pages look like; false, and every requirement not
// tested, when that can't be.
func ready(ctx context.Context, t *harness.T) (*judge, bool) {
	j := t.Session().Shared.(*judge)
	j.learn(ctx)
	if j.blind != "" {
		t.UnsortedAll(j.blind, "Launch the tool by hand first: see that the registration at the tool names Rollcall's addresses (`rollcall registration`).")
		return j, false
	}
	return j, true
}

// run makes one launch of the data and judges it.
func run(ctx context.Context, t *harness.T, l Launch) {
	second := t.Session().Shared.(*judge).platform.second
	if l.Second && second == "" || l.Sole && second != "" {
		why := "the target file names no second registration (lti.other_client_id)"
		if l.Sole {
			why = "there are two registrations, between which only the client id decides"
		}
		for _, id := range t.Check().Requirements {
			t.NotApplicable(id, why)
		}
		return
	}
	switch l.Expect {
	case "open":
		runGood(ctx, t, l)
	case "answer":
		runEither(ctx, t, l)
	default:
		runBad(ctx, t, l)
	}
}

// runEither judges a launch that a tool may open or refuse, as long as a person sees
// what became of it.
func runEither(ctx context.Context, t *harness.T, l Launch) {
	j := t.Session().Shared.(*judge)
	id := Prefix + l.Requirement
	s := j.launch(ctx, l)
	exchanges := s.keep(t, l.Title)
	if s.problem != nil {
		t.Unsorted(id, "the browser failed: "+s.problem.Error(), "See that the tool is up and that Chromium runs here, and run again.")
		return
	}
	f := harness.Finding{Sent: "launch: " + l.Title, Expected: "the tool opens, or a page says why not, with a status of 200 or 400 to 499",
		Seen: s.shows(), Exchanges: exchanges, Where: t.Where(s.page.URL)}
	if s.busy {
		f.Seen = "the page never came to rest: " + f.Seen
	}
	if s.fell {
		f.Seen, f.Cause = fellText, fellCause
	}
	t.Assert(id, !s.busy && !s.page.Closed && !s.page.Failed && s.page.Status < 500 && len(s.page.Text) > 2, f)
}

// What is seen of a tool that a launch brought down, and why that may be.
const (
	fellText  = "the tool went down: it answered at first, and nothing listens there any more"
	fellCause = "An error that nothing catches ends the whole process. Anybody can send such a request."
)

// rotationPatience is how often, and after which pause, a launch with a new key is
// tried again: tools may bound how often they read the keys.
const rotationTries = 4

// pause is the time between two tries: a budget, or what tools usually wait.
func (j *judge) pause() time.Duration { return min(j.budget, 11*time.Second) }

func runGood(ctx context.Context, t *harness.T, l Launch) {
	j := t.Session().Shared.(*judge)
	id := Prefix + l.Requirement
	// A plain good launch that fails is the finding itself; the others need to
	// know what an opened page looks like.
	j.learn(ctx)
	if err := j.platform.publish(l.Keys); err != nil {
		t.Unsorted(id, err.Error(), "Run again.")
		return
	}
	defer func() { _ = j.platform.publish("") }()
	s := j.launch(ctx, l)
	for try := 1; l.fresh() && try < rotationTries && j.decide(s, nil) == refused; try++ {
		select {
		case <-ctx.Done():
		case <-time.After(j.pause()):
		}
		s = j.launch(ctx, l)
	}
	exchanges := s.keep(t, l.Title)
	if l.Early && s.problem == nil && !s.requested() {
		f := harness.Finding{Sent: "login: " + l.Title, Expected: "an authentication request, or a page that says what is missing, with a status of 200 or 400 to 499",
			Seen: s.shows(), Exchanges: exchanges, Where: t.Where(s.page.URL)}
		t.Assert(id, s.page.Status < 500 && !s.page.Failed && len(s.page.Text) > 2, f)
		return
	}
	if l.Second && s.requested() {
		asked, _ := s.attempt.firstRequest()
		if client := asked.Get("client_id"); client != j.platform.clientID && client != j.platform.second {
			t.Fail(id, harness.Finding{Sent: "login: " + l.Title, Expected: "client_id=" + j.platform.clientID + " or " + j.platform.second, Seen: seen(asked, "client_id"), Where: "client_id", Exchanges: exchanges})
			return
		}
	}
	f := harness.Finding{Sent: "launch: " + l.Title, Expected: "the tool opens", Exchanges: exchanges, Where: t.Where(s.page.URL)}
	switch j.result(t, s, id, f, nil) {
	case opened:
		t.Examined(id, 1)
	case refused:
		f.Seen = "it was not opened: " + s.shows()
		if s.fell {
			f.Seen, f.Cause = fellText, fellCause
		}
		t.Fail(id, f)
	}
	privilege(t, j, l, s)
}

// privilege judges whether the page shows what only those who teach may see.
func privilege(t *harness.T, j *judge, l Launch, s *sight) {
	if l.Teacher == nil || !slices.Contains(t.Check().Requirements, reqTeacher) {
		return
	}
	if !j.target.Tool.Teacher.Set() {
		t.Unsorted(reqTeacher, "nothing tells a page for those who teach from others", "Give lti.tool.teacher in the target file: what only those who teach are shown.")
		return
	}
	if s.problem != nil || !s.answered() || s.page.Status >= 400 {
		t.Unsorted(reqTeacher, "the launch was not opened", "Mend that first.")
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
	t.Assert(reqTeacher, s.teacher == *l.Teacher, harness.Finding{Sent: "launch: " + l.Title, Expected: expected, Seen: seen, Where: t.Where(s.page.URL)})
}

// result reports what can't be judged, and gives the outcome otherwise.
func (j *judge) result(t *harness.T, s *sight, id string, f harness.Finding, control *sight) outcome {
	var o outcome
	if j.blind == "" || j.target.Tool.Launched.Set() {
		var c = control
		if c != nil {
			o = j.decide(s, &c.page)
		} else {
			o = j.decide(s, nil)
		}
	} else {
		// Nothing is known of the tool's pages yet: only a plain failure counts.
		switch {
		case s.problem != nil:
			o = lost
		case !s.requested(), s.page.Status >= 400:
			o = refused
		default:
			o = unclear
		}
	}
	switch o {
	case lost:
		t.Unsorted(id, "the launch could not be made: "+s.problem.Error(), "See that the tool is up and that Chromium runs here, and run again.")
	case unclear:
		if j.blind != "" {
			t.Unsorted(id, "what an opened page looks like could not be learned: "+j.blind, "Mend the launches of a plain learner and a plain instructor first. "+markerRemedy)
			break
		}
		t.Unsorted(id, "an opened page and a refusal look alike: "+s.shows(), markerRemedy)
	}
	return o
}

func runBad(ctx context.Context, t *harness.T, l Launch) {
	id := Prefix + l.Requirement
	j, ok := ready(ctx, t)
	if !ok {
		return
	}
	var control, s *sight
	if l.Keys == "" {
		// Side by side: each has a browser context of its own.
		var both sync.WaitGroup
		both.Go(func() { control = j.launch(ctx, l.unbroken()) })
		both.Go(func() { s = j.launch(ctx, l) })
		both.Wait()
	} else {
		control = j.launch(ctx, l.unbroken())
		if err := j.platform.publish(l.Keys); err != nil {
			t.UnsortedAll(err.Error(), "Run again.")
			return
		}
		s = j.launch(ctx, l)
		_ = j.platform.publish("")
	}
	if j.decide(control, nil) != opened {
		// The two may disturb each other in a tool: the broken one may even bring it down.
		fell := control.fell || s.fell
		if control = j.launch(ctx, l.unbroken()); fell && j.decide(control, nil) != opened {
			t.Fail(reqNoCrash, harness.Finding{Sent: "launch: " + l.Title + ", and beside it the same unbroken", Expected: "the tool refuses, and goes on", Seen: fellText, Exchanges: s.keep(t, l.Title), Cause: fellCause})
		}
	}
	if o := j.decide(control, nil); o != opened {
		control.keep(t, "the same, unbroken")
		t.UnsortedAll("the same launch unbroken was not opened, so a refusal proves nothing: "+control.what(), "Mend the good launches first.")
		return
	}
	j.judgeRefusal(t, id, l, s, control)
}

// judgeRefusal judges a launch that has to be refused: that it was, that a person
// can see it, and that the tool didn't break.
func (j *judge) judgeRefusal(t *harness.T, id string, l Launch, s, control *sight) {
	exchanges := s.keep(t, l.Title)
	f := harness.Finding{Sent: "launch: " + l.Title, Expected: "the tool refuses, and says so", Exchanges: exchanges, Where: t.Where(s.page.URL)}
	if s.problem == nil && !s.requested() && !l.Early {
		t.UnsortedAll("the tool sent no authentication request this time: "+s.shows(), "Run again; if it happens again, look at the evidence.")
		return
	}
	if s.busy && l.Keys == "slow" {
		f.Expected, f.Seen = fmt.Sprintf("an answer within %s", j.patience(s)), "none"
		t.Fail(id, f)
		t.Unsorted(reqVisible, "no answer came in time", "Mend that first.")
		t.Unsorted(reqNoCrash, "no answer came in time", "Mend that first.")
		return
	}
	switch j.result(t, s, id, f, control) {
	case opened:
		f.Seen = "it was opened: " + s.openedPage(t)
		t.Fail(id, f)
		t.Unsorted(reqVisible, "the launch was opened", "Mend that first.")
		t.Unsorted(reqNoCrash, "the launch was opened", "Mend that first.")
	case refused:
		t.Examined(id, 1)
		if s.busy {
			t.Unsorted(reqVisible, "the page never came to rest", "Look at the picture.")
			t.Unsorted(reqNoCrash, "the page never came to rest", "Look at the picture.")
			return
		}
		f.Expected, f.Seen = "a page that says that something went wrong", "an empty page"
		if s.page.Failed {
			// Chromium's own words are no page of the tool's.
			f.Seen = describe(s.page)
			t.Fail(reqVisible, f)
			f.Expected = "a status of 200, or 400 to 499"
			if s.fell {
				f.Seen, f.Cause = fellText, fellCause
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
	default:
		t.Unsorted(reqVisible, "it is not clear whether the launch was refused", markerRemedy)
		t.Unsorted(reqNoCrash, "it is not clear whether the launch was refused", markerRemedy)
	}
}
