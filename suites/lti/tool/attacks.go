package tool

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// attacks are the checks that take more than one launch, or look at what is not a
// launch.
func attacks() []harness.Check {
	return slices.Concat([]harness.Check{
		{ID: "tool.login", Title: "Leads from a login by GET to an authentication request", Body: loginByGet, Requirements: []string{reqGet}},
		{ID: "tool.auth-request", Title: "Sends the authentication request that the standard asks for", Needs: []harness.Need{begun(), redirects().For(reqRegistered)}, Body: authRequest, Requirements: ids("auth.scope", "auth.response-type", "auth.response-mode",
			"auth.prompt", "auth.client", "auth.login-hint", "auth.message-hint", "auth.no-message-hint", "auth.redirect", "auth.redirect-registered", "auth.redirect-constant", "auth.state", "auth.nonce")},
		{ID: "tool.two-tabs", Title: "Opens two launches side by side in one browser", Needs: opening(), Body: twoTabs, Requirements: ids("browser.two-tabs")},
		{ID: "tool.replay", Title: "Refuses the same answer again from the same browser", Needs: opening(), Body: replay(false), Requirements: append(ids("refuse.replay"), reqVisible, reqNoCrash, reqUp)},
		{ID: "tool.replay-elsewhere", Title: "Refuses the same answer again from another browser", Needs: opening(), Body: replay(true), Requirements: append(ids("refuse.replay"), reqVisible, reqNoCrash, reqUp)},
		{ID: "tool.nonce-elsewhere", Title: "Refuses a token with the nonce of another login", Needs: opening(), Body: nonceElsewhere, Requirements: append(ids("refuse.nonce-elsewhere"), reqVisible, reqNoCrash, reqUp)},
		{ID: "tool.cookies", Title: "Sets cookies that can come back to a frame", Needs: []harness.Need{begun()}, Body: cookies, Requirements: ids("browser.cookie-same-site", "browser.cookie-secure")},
	}, bindings(), headers(), markups(), redirections(), sharedBrowser(), lateBindings(), keySets())
}

func ids(names ...string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = Prefix + name
	}
	return out
}

// loginByGet looks at the first login of the run.
func loginByGet(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	j.stand()
	s := j.footing.byGet
	switch {
	case s.problem != nil, !j.asked(s) && s.page.Status == http.StatusTooManyRequests:
		t.NotTested(j.halted(t, s, "a login by GET"))
	default:
		cause := j.cause(s)
		if !j.footing.byPost && s.page.Status < 500 {
			cause = strings.TrimSpace(cause + " A login by POST leads on neither. " + j.unregistered(ctx, s))
		}
		t.Assert(reqGet, j.asked(s), harness.Finding{Sent: "a login initiation by GET", Expected: expected[reqGet], Seen: s.shows(), Cause: cause,
			Where: t.Where(s.page.URL), Exchanges: s.keep(t, "a login by GET")})
	}
}

// sameRefusal is how alike two pages are that say the same of two issuers, whose names they may
// show.
const sameRefusal = 0.9

// unregistered says of a login that leads nowhere whether the tool treats the platform as one
// that nobody has registered, which a login of an issuer that nobody can know shows.
func (j *judge) unregistered(ctx context.Context, s *sight) string {
	const enter = "`rollcall registration` prints what to enter there."
	nobody := j.launch(ctx, Launch{ID: learningID + "nobody", Title: "a login of an issuer that nobody has registered", User: "learner",
		Login: Login{Set: map[string]string{"iss": "https://nobody.example", "client_id": "never-issued-5512"}}})
	if nobody.problem == nil && nobody.page.Status == s.page.Status && likeness(nobody.page, s.page) >= sameRefusal {
		return "It answers a login of an issuer that nobody has registered in the same way: Rollcall's platform is not registered at " +
			"the tool, or not as the target file says. " + enter
	}
	return "If Rollcall's platform isn't registered at the tool yet, that is all: " + enter
}

// held begins a login and keeps the answer back.
func (j *judge) held(ctx context.Context, p *browser.Page, l Launch) (*attempt, *sight) {
	a, address := j.begin(l)
	a.hold = true
	return a, j.visit(ctx, p, a, address)
}

// heldBeside does so, and opens another tab beside the one of the login; nil where the login
// didn't come so far, which it has told.
func (j *judge) heldBeside(ctx context.Context, t *harness.T, p *browser.Page, l Launch, title string) (*attempt, *browser.Page) {
	a, s := j.held(ctx, p, l)
	if s.problem != nil || !s.requested() {
		t.NotTested(j.halted(t, s, title))
		return nil, nil
	}
	beside, err := p.Beside(ctx)
	if err != nil {
		t.NotTested(j.failing(err))
		return nil, nil
	}
	return a, beside
}

// again has a browser post the answer of a launch, for the first time or once
// more.
func (j *judge) again(ctx context.Context, p *browser.Page, a *attempt) *sight {
	address := j.platform.issuer + "/again/" + a.hint
	if a.launch.Frame {
		address = j.platform.issuer + "/courses/" + a.hint + "/again"
	}
	return j.visit(ctx, p, a, address)
}

func (j *judge) page(ctx context.Context, t *harness.T) *browser.Page {
	p, err := j.browser.Open(ctx, browser.PageOptions{})
	if err != nil {
		t.NotTested(j.failing(err))
		return nil
	}
	return p
}

// twoTabs begins a login in one tab, completes another beside it, and then the
// first.
func twoTabs(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	p := j.page(ctx, t)
	if p == nil {
		return
	}
	defer p.Close()
	id := Prefix + "browser.two-tabs"
	a, beside := j.heldBeside(ctx, t, p, Launch{ID: "tabs.1", User: "learner"}, "the first tab")
	if beside == nil {
		return
	}
	defer beside.Close()
	second := j.launchIn(ctx, beside, Launch{ID: "tabs.2", User: "learner"})
	first := j.again(ctx, p, a)
	for i, s := range []*sight{second, first} {
		name := []string{"the second tab", "the first tab"}[i]
		f := harness.Finding{
			Sent:      "two launches side by side; " + name,
			Expected:  "both open",
			Seen:      t.Show("page", describe(s.page)),
			Exchanges: s.keep(t, name),
			Cause:     j.cause(s),
		}
		switch j.result(t, s, nil) {
		case opened:
			t.Examined(id, 1)
		case refused:
			t.Fail(id, f)
		}
	}
}

// replay makes a good launch and posts its answer again.
func replay(elsewhere bool) func(context.Context, *harness.T) {
	return func(ctx context.Context, t *harness.T) {
		j := judgeOf(t)
		p := j.page(ctx, t)
		if p == nil {
			return
		}
		defer p.Close()
		control := j.launchIn(ctx, p, Launch{ID: "replay", User: "learner"})
		if j.unopened(ctx, t, control) {
			return
		}
		title := "the same answer again, from the same browser"
		if elsewhere {
			title = "the same answer again, from another browser"
			if p = j.page(ctx, t); p == nil {
				return
			}
			defer p.Close()
		}
		j.judgeRefusal(t, Prefix+"refuse.replay", Launch{Title: title}, j.again(ctx, p, control.attempt), control)
	}
}

// nonceElsewhere answers one login with a token that was made for another login of
// the same browser.
func nonceElsewhere(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	control := j.launch(ctx, Launch{ID: "nonce.control", User: "learner"})
	p := j.page(ctx, t)
	if p == nil {
		return
	}
	defer p.Close()
	if j.unopened(ctx, t, control) {
		return
	}
	a, first := j.held(ctx, p, Launch{ID: "nonce.1", User: "learner"})
	r, _ := a.firstRequest()
	if r == nil {
		t.NotTested(j.halted(t, first, "another login"))
		return
	}
	l := Launch{
		ID:     "nonce.2",
		Title:  "a token with the nonce of another login",
		User:   "learner",
		Claims: map[string]any{"nonce": r.Get("nonce")},
	}
	j.judgeRefusal(t, Prefix+"refuse.nonce-elsewhere", l, j.launchIn(ctx, p, l), control)
}

// cookies judges those that the tool sets on the way to the authentication request,
// in a frame: one of them at least has to come back with a form post from another site.
// What else a server sets there (a load balancer's, one for old browsers) is its own
// affair.
func cookies(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	s := j.launch(ctx, Launch{ID: "cookies", User: "learner", Frame: true, Expect: "open"})
	exchanges := s.keep(t, "a launch in a frame")
	if s.problem != nil || !s.requested() {
		t.NotTested(j.halt(s).Seen(exchanges...))
		return
	}
	var set []*http.Cookie
	asked := s.times().asked
	for _, x := range s.log {
		if u, err := url.Parse(x.URL); err != nil || !j.platform.known(u.Host) || x.Started.After(asked) {
			continue
		}
		r := http.Response{Header: x.Response}
		set = append(set, r.Cookies()...)
	}
	if len(set) == 0 {
		for _, id := range t.Check().Requirements {
			t.NotApplicable(id, "the login of the tool sets no cookie")
		}
		return
	}
	for _, x := range []struct {
		id, expected string
		has          func(*http.Cookie) bool
		seen         func(*http.Cookie) string
	}{
		{"browser.cookie-same-site", "SameSite=None", func(c *http.Cookie) bool { return c.SameSite == http.SameSiteNoneMode }, func(c *http.Cookie) string { return sameSite(c.SameSite) }},
		{"browser.cookie-secure", "Secure", func(c *http.Cookie) bool { return c.Secure }, func(*http.Cookie) string { return "no Secure" }},
	} {
		if slices.ContainsFunc(set, x.has) {
			t.Examined(Prefix+x.id, 1)
			continue
		}
		for _, c := range set {
			t.Fail(Prefix+x.id, harness.Finding{
				Sent:      "a login in a frame",
				Expected:  x.expected + " on the cookie that holds the state",
				Seen:      x.seen(c),
				Exchanges: exchanges,
				Where:     "Set-Cookie: " + c.Name,
			})
		}
	}
}

func sameSite(s http.SameSite) string {
	switch s {
	case http.SameSiteLaxMode:
		return "SameSite=Lax"
	case http.SameSiteStrictMode:
		return "SameSite=Strict"
	case http.SameSiteNoneMode:
		return "SameSite=None"
	}
	return "no SameSite: browsers take it as Lax"
}
