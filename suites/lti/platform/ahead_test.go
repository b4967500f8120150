package platform

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// campus is a judge of a platform with three people, whose first launch brought a token.
func campus() *judge {
	l := lti.Section{OtherClientID: "other", Platform: lti.Platform{AuthURL: "https://campus.example/auth",
		Users: []lti.User{{Name: "a teacher"}, {Name: "a student"}, {Name: "a parent"}},
		Links: []lti.Link{{Name: "quiz", Steps: []browser.Step{{Open: "https://campus.example/quiz"}}}}}}
	j := &judge{target: l, tool: &tool{origin: "https://tool.example", clientID: "1", authURL: l.Platform.AuthURL}, kept: map[string]*seen{}, failed: map[string]int{}, visits: noVisits(), ahead: nothingAhead()}
	token := &seen{claims: map[string]any{}, token: "x", launch: j.tool.expect(plan{mark: "1"})}
	j.keep(keyOf(l.Platform.Users[0], l.Platform.Links[0]), token)
	j.keep(byPost, token)
	return j
}

// What is made ahead is of the plan and comes next, each launch once.
func TestSalvosComeOfThePlan(t *testing.T) {
	j := campus()
	var planned []string
	for _, c := range refusalChecks() {
		planned = append(planned, c.ID)
	}
	all := breaches()
	var order []string // in which the checks ask
	for _, b := range all {
		for _, x := range b.trials(j) {
			if x.p.alone {
				continue
			}
			order = append(order, x.key())
			if b.post {
				order = append(order, x.byPost().key())
			}
		}
	}
	if len(order) < 35 {
		t.Fatalf("%d launches only can be made ahead", len(order))
	}
	for _, b := range all {
		check := func(planned []string) *harness.T {
			return harness.NewT(&harness.Session{Checks: planned}, harness.Check{ID: b.check()})
		}
		for _, x := range b.trials(j) {
			if x.p.alone {
				continue
			}
			var got []string
			for _, x := range j.salvoOf(check(planned), x) {
				got = append(got, x.key())
			}
			at := slices.Index(order, x.key())
			if want := order[at:min(at+salvo, len(order))]; !slices.Equal(got, want) {
				t.Errorf("beside %s are made\n%s\nand not\n%s", x.key(), strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for _, other := range j.salvoOf(check([]string{b.check()}), x) {
				if other.owner != x.owner {
					t.Errorf("%s is the only one planned, and %s is made beside it", x.owner, other.owner)
				}
			}
		}
	}
	if alone := (trial{owner: "x", sent: "a hint", p: plan{refused: true, alone: true}}); j.take(t.Context(), harness.NewT(&harness.Session{Checks: planned}, harness.Check{ID: planned[0]}), alone) != nil || len(j.ahead.made) > 0 {
		t.Error("what uses up somebody's hint is made ahead")
	}
}

// Errors are judged by launches that were made for the refusals, all of them.
func TestWrongRequestsAreShared(t *testing.T) {
	j, found := campus(), map[int]bool{}
	for _, b := range breaches() {
		for _, x := range b.trials(j) {
			found[wrongOf(x.p)] = true
			if wrongOf(x.byPost().p) >= 0 {
				t.Errorf("%s by POST counts as the same by GET", x.sent)
			}
		}
	}
	for i, w := range wrong {
		if !found[i] {
			t.Errorf("%s is asked for twice", w.sent)
		}
	}
}

// What has something told of it is made again by itself.
func TestOddLaunchesAreMadeAgain(t *testing.T) {
	j := campus()
	now := time.Now()
	shown := func(status int) []browser.Exchange {
		return []browser.Exchange{{Document: true, Started: now, URL: "https://campus.example/auth?x=1", Status: status}}
	}
	answered := func(p plan, form url.Values) *launch {
		return &launch{plan: p, asked: url.Values{}, answers: []answer{{form: form}}}
	}
	marked := plan{mark: "1", refused: true}
	for name, test := range map[string]struct {
		s     *seen
		usual bool
	}{
		"refused by a page":        {&seen{launch: answered(marked, nil), log: shown(400)}, true},
		"an error came":            {&seen{launch: answered(marked, url.Values{"error": {"invalid_request"}}), came: true, log: shown(200)}, true},
		"a token came":             {&seen{launch: answered(marked, url.Values{"id_token": {"x"}}), came: true, log: shown(200)}, true},
		"the steps went wrong":     {&seen{problem: errors.New("there is no link")}, false},
		"a breakdown":              {&seen{launch: answered(marked, nil), log: shown(500)}, false},
		"too many requests":        {&seen{launch: answered(marked, nil), log: shown(429)}, false},
		"in circles":               {&seen{launch: answered(marked, nil), log: shown(200), circles: "GET /"}, false},
		"it strayed":               {&seen{launch: &launch{plan: marked, strays: 1}, log: shown(400)}, true},
		"it may be of another":     {&seen{launch: &launch{plan: marked, unmarked: true}, log: shown(400)}, false},
		"nobody knows whose it is": {&seen{launch: &launch{plan: plan{refused: true}}, log: shown(400)}, false},
	} {
		if j.usual(test.s) != test.usual {
			t.Errorf("%s: usual is %t", name, !test.usual)
		}
	}
}

// Launches are made side by side where nothing speaks against it.
func TestFitForLaunchesSideBySide(t *testing.T) {
	for name, test := range map[string]struct {
		change func(j *judge)
		people int
	}{
		"three people":          {func(*judge) {}, 3},
		"two people":            {func(j *judge) { j.target.Platform.Users = j.target.Platform.Users[:2] }, 2},
		"one person":            {func(j *judge) { j.target.Platform.Users = j.target.Platform.Users[:1] }, 0},
		"one of them gets none": {func(j *judge) { j.ahead.unfit["a student"] = true }, 2},
		"somebody is asked":     {func(j *judge) { j.person = &person{} }, 0},
		"sessions end":          {func(j *judge) { j.visits.lost = mostLost }, 0},
		"odd things happened":   {func(j *judge) { j.ahead.odd = mostOdd }, 0},
		"contexts aren't told":  {func(j *judge) { j.first().launch.unmarked = true }, 0},
		"a click comes first": {func(j *judge) {
			j.target.Platform.Links = []lti.Link{{Name: "quiz", Steps: []browser.Step{{Click: "#quiz"}}}}
		}, 0},
		"no token came": {func(j *judge) { j.first().claims = nil }, 0},
	} {
		j := campus()
		test.change(j)
		if got := len(j.people()); got != test.people {
			t.Errorf("%s: %d launch side by side, not %d", name, got, test.people)
		}
	}
}

// A request belongs to the launch of the context from which it comes.
func TestRequestsAreOfTheirContext(t *testing.T) {
	side := &tool{origin: "https://tool.example", clientID: "1", authURL: "https://campus.example/auth"}
	one, two := side.expect(plan{mark: "one"}), side.expect(plan{mark: "two"})
	send := func(mark, address string) {
		r := httptest.NewRequest(http.MethodPost, address, strings.NewReader("login_hint="+mark))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if mark != "" {
			r.AddCookie(&http.Cookie{Name: markCookie, Value: mark})
		}
		side.handler().ServeHTTP(httptest.NewRecorder(), r)
	}
	send("one", "/login")
	send("two", "/login")
	send("one", "/elsewhere")
	if one.login.Get("login_hint") != "one" || two.login.Get("login_hint") != "two" {
		t.Errorf("the logins are taken for %v and %v", one.login, two.login)
	}
	if !one.strayed() || two.strayed() || !one.marked() || !two.marked() {
		t.Error("a request is told of the launch that it isn't of")
	}
	send("two", "/callback?state="+url.QueryEscape(one.state)) // wherever an answer comes from
	if one.count() != 1 || two.count() != 0 {
		t.Error("an answer is told of the launch whose state it hasn't")
	}
	send("", "/elsewhere")
	if two.marked() || !two.strayed() {
		t.Error("a request that doesn't tell its context isn't told of the last launch, with a doubt")
	}
}
