package tool

import (
	"context"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// sharedBrowser are the checks of several people at one computer.
func sharedBrowser() []harness.Check {
	return []harness.Check{
		{ID: "tool.next-person", Title: "Shows a learner nothing of the instructor who launched before", Needs: opening(teacher()), Body: nextPerson, Requirements: []string{reqTeacher}},
		{ID: "tool.two-people", Title: "Keeps an instructor and a learner apart in two tabs of one browser", Needs: opening(teacher()), Body: twoPeople, Requirements: []string{reqTeacher}},
		{ID: "tool.next-learner", Title: "Shows a learner nothing of the one who launched before", Needs: opening(), Body: nextLearner, Requirements: ids("browser.next-person")},
	}
}

// nextLearner has a learner launch in the page in which another one did: what the tool
// shows must be of the second.
func nextLearner(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	p := j.page(ctx, t)
	if p == nil {
		return
	}
	defer p.Close()
	id := Prefix + "browser.next-person"
	first := j.launchIn(ctx, p, Launch{ID: "learners.first", User: "learner", Expect: "open"})
	if j.unopened(ctx, t, first) {
		return
	}
	d, err := data()
	if err != nil {
		panic(err) // embedded data, read before
	}
	person := d.People["learner"]
	if trace(first.page.Text, person) == "" {
		t.NotApplicable(id, "the tool's page doesn't show whose launch it is")
		return
	}
	second := j.launchIn(ctx, p, Launch{ID: "learners.second", User: "classmate", Expect: "open"})
	exchanges := second.keep(t, "the second learner's launch")
	if j.unopened(ctx, t, second) {
		return
	}
	// A page that names both may list who is in the course.
	seen, own := trace(second.page.Text, person), trace(second.page.Text, d.People["classmate"])
	t.Assert(id, seen == "" || own != "", harness.Finding{
		Sent:      "launch: a learner, in a browser in which another learner launched before",
		Expected:  "the page of the second learner",
		Seen:      "the first one's " + seen + ", and nothing of the second",
		Where:     t.Where(second.page.URL),
		Exchanges: exchanges,
	})
}

// trace tells by what a text names somebody, "" where it doesn't.
func trace(text string, person map[string]any) string {
	for _, x := range []struct{ claim, word string }{{"name", "name"}, {"email", "e-mail address"}, {"sub", "id"},
		{"family_name", "family name"}} {
		if v, _ := person[x.claim].(string); v != "" && strings.Contains(text, v) {
			return x.word
		}
	}
	return ""
}

// teaches makes the instructor's launch that the others come after; false where it says
// nothing.
func teaches(ctx context.Context, t *harness.T, j *judge, s *sight) bool {
	switch {
	case j.unopened(ctx, t, s):
	case !s.teacher:
		t.NotTested(harness.Unconfigured("the instructor doesn't see what lti.tool.teacher says that those who teach see",
			teacherRemedy), reqTeacher)
	default:
		return true
	}
	return false
}

// learns judges the learner's launch after it.
func learns(ctx context.Context, t *harness.T, j *judge, s *sight, how string) {
	exchanges := s.keep(t, "the learner's launch")
	if j.unopened(ctx, t, s) {
		return
	}
	t.Assert(reqTeacher, !s.teacher, harness.Finding{
		Sent:      how,
		Expected:  "the page of somebody who doesn't teach",
		Seen:      "the page of somebody who teaches",
		Where:     t.Where(s.page.URL),
		Exchanges: exchanges,
	})
}

// classroom gives a page for several people, or says why there is none.
func classroom(ctx context.Context, t *harness.T) (*judge, *browser.Page) {
	j := judgeOf(t)
	return j, j.page(ctx, t)
}

// nextPerson has a learner launch in the page in which an instructor did: a computer of
// a classroom.
func nextPerson(ctx context.Context, t *harness.T) {
	j, p := classroom(ctx, t)
	if p == nil {
		return
	}
	defer p.Close()
	if !teaches(ctx, t, j, j.launchIn(ctx, p, Launch{ID: "next.instructor", User: "instructor", Expect: "open"})) {
		return
	}
	learns(ctx, t, j, j.launchIn(ctx, p, Launch{ID: "next.learner", User: "learner", Expect: "open"}),
		"launch: a learner, in a browser in which an instructor launched before")
}

// twoPeople begins a learner's login, completes an instructor's launch in another tab,
// and then the learner's.
func twoPeople(ctx context.Context, t *harness.T) {
	j, p := classroom(ctx, t)
	if p == nil {
		return
	}
	defer p.Close()
	a, beside := j.heldBeside(ctx, t, p, Launch{ID: "people.learner", User: "learner"}, "the learner's login")
	if beside == nil {
		return
	}
	defer beside.Close()
	if !teaches(ctx, t, j, j.launchIn(ctx, beside, Launch{ID: "people.instructor", User: "instructor", Expect: "open"})) {
		return
	}
	learns(ctx, t, j, j.again(ctx, p, a), "launch: a learner, whose login began before an instructor launched in another tab")
}
