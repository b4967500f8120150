package platform

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// person is somebody who opens the launches in a browser of their own, where there
// are no scripted steps. They are told what to do, and the run goes on by itself
// when the login arrives.
type person struct {
	ask   func(text string)
	count int
	as    string // who they are signed in as
	gone  bool
}

// patience is how long a person may take for one launch.
const patience = 10 * time.Minute

// openPerson prepares a run without steps and without a browser of ours.
func openPerson(ctx context.Context, s *harness.Session) (any, error) {
	t, err := start(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	j := &judge{
		target: *lti.Of(s.Target),
		tool:   t,
		budget: time.Duration(lti.Of(s.Target).LaunchTimeout),
		kept:   map[string]*seen{},
		failed: map[string]int{},
		person: &person{ask: s.Ask},
		visits: noVisits(),
		ahead:  nothingAhead(),
		secret: s.Redactor().Secret,
	}
	if j.budget == 0 {
		j.budget = defaultBudget
	}
	p := &j.target.Platform
	if len(p.Users) == 0 {
		p.Users = []lti.User{{Name: "a teacher", Role: "instructor"}, {Name: "a student", Role: "learner"}}
	}
	if len(p.Links) == 0 {
		p.Links = []lti.Link{{Name: "a link to Rollcall"}, {Name: "another link to Rollcall, in the same course"}}
	}
	context.AfterFunc(ctx, func() { _ = t.server.Close() })
	return j, nil
}

// asked has a person make a launch. There is no page of ours to look at: what came
// to our addresses is the evidence.
func (j *judge) asked(ctx context.Context, user lti.User, link lti.Link, p plan) *seen {
	s := &seen{user: user, link: link}
	if j.person.gone {
		s.problem = personError{fmt.Errorf("nobody opens launches any more: a launch was waited for %s in vain", patience)}
		return s
	}
	p.manual = true
	s.since, s.launch = time.Now(), j.tool.expect(p)
	j.tell(user, link, p)
	defer j.say("")
	waiting := time.NewTimer(patience)
	defer waiting.Stop()
	select {
	case <-s.launch.loggedIn:
	case <-waiting.C:
		j.person.gone = true
		s.problem = personError{fmt.Errorf("no login initiation came within %s", patience)}
		return s
	case <-ctx.Done():
		s.problem = ctx.Err()
		return s
	}
	if p.hold {
		if !until(ctx, patience, func() bool { s.launch.mu.Lock(); defer s.launch.mu.Unlock(); return s.launch.asked != nil }) {
			s.problem = personError{fmt.Errorf("the link on Rollcall's page was not followed within %s", patience)}
			return s
		}
		j.person.as = "" // they have signed out
	}
	// Where the platform refuses, its page is in a browser that isn't ours: all that
	// can be seen is that nothing comes.
	want := 1
	if p.twice {
		want = 2
	}
	until(ctx, j.budget, func() bool { return s.launch.count() >= want })
	if p.probe {
		until(ctx, probeLimit, func() bool { _, there := s.launch.probedAt(atAnswer); return there })
	}
	j.read(s)
	s.log = s.launch.exchanges(j.tool.origin)
	return s
}

// tell words what a person is to do.
func (j *judge) tell(user lti.User, link lti.Link, p plan) {
	j.person.count++
	text := fmt.Sprintf("Launch %d: open %s", j.person.count, link.Name)
	switch link.As {
	case "frame":
		text += " (in a frame)"
	case "window":
		text += " (in a new window)"
	}
	if j.person.as == user.Name {
		text += fmt.Sprintf(", still as %s.", user.Name)
	} else {
		text += fmt.Sprintf(", signed in at the platform as %s (%s).", user.Name, user.Role)
	}
	j.person.as = user.Name
	if p.hold {
		text += " Then sign out in another tab, and follow the link on Rollcall's page."
	}
	if j.person.count == 1 {
		text += " Any browser will do that reaches " + j.tool.origin + ", where this is shown too."
	}
	j.say(text)
	j.person.ask(text)
}

func (j *judge) say(text string) {
	j.tool.mu.Lock()
	defer j.tool.mu.Unlock()
	j.tool.task = text
}

// until waits for what a person, or the platform in their browser, does.
func until(ctx context.Context, limit time.Duration, done func() bool) bool {
	end := time.Now().Add(limit)
	for !done() {
		if time.Now().After(end) || ctx.Err() != nil {
			return false
		}
		time.Sleep(50 * time.Millisecond)
	}
	return true
}

// exchanges gives what came to our addresses, as a browser would tell it.
func (l *launch) exchanges(origin string) []browser.Exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []browser.Exchange
	for _, r := range l.requests {
		x := browser.Exchange{
			Started:  r.started,
			Ended:    r.started,
			Method:   r.method,
			URL:      origin + r.url,
			Request:  r.header,
			Status:   http.StatusOK,
			Document: true,
		}
		if r.method == http.MethodPost {
			x.Body = r.form.Encode()
		}
		if r.location != "" {
			x.Status, x.Response = http.StatusFound, http.Header{"Location": {r.location}}
		}
		out = append(out, x)
	}
	return out
}
