package tool

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// attacks are the checks that take more than one launch, or look at what is not a
// launch.
func attacks() []harness.Check {
	ids := func(names ...string) []string {
		for i := range names {
			names[i] = Prefix + names[i]
		}
		return names
	}
	return []harness.Check{
		{ID: "tool.auth-request", Title: "The authentication request is what the standard asks for", Body: authRequest, Requirements: ids("auth.scope", "auth.response-type", "auth.response-mode",
			"auth.prompt", "auth.client", "auth.login-hint", "auth.message-hint", "auth.no-message-hint", "auth.redirect", "auth.redirect-registered", "auth.redirect-constant", "auth.state", "auth.nonce")},
		{ID: "tool.two-tabs", Title: "Two launches side by side in one browser", Body: twoTabs, Requirements: ids("browser.two-tabs")},
		{ID: "tool.replay", Title: "The same answer comes again from the same browser", Body: replay(false), Requirements: append(ids("refuse.replay"), reqVisible, reqNoCrash)},
		{ID: "tool.replay-elsewhere", Title: "The same answer comes again from another browser", Body: replay(true), Requirements: append(ids("refuse.replay"), reqVisible, reqNoCrash)},
		{ID: "tool.state-elsewhere", Title: "The answer to a login comes from another browser", Body: stateElsewhere, Requirements: append(ids("refuse.state-elsewhere"), reqVisible, reqNoCrash)},
		{ID: "tool.nonce-elsewhere", Title: "A token with the nonce of another login", Body: nonceElsewhere, Requirements: append(ids("refuse.nonce-elsewhere"), reqVisible, reqNoCrash)},
		{ID: "tool.error-response", Title: "The platform answers with an error, and markup in it", Body: errorResponse, Requirements: append(ids("response.error", "response.error-markup"), reqVisible, reqNoCrash)},
		{ID: "tool.login-markup", Title: "Markup in the parameters of a login", Body: loginMarkup, Requirements: ids("login.markup")},
		{ID: "tool.open-redirect", Title: "A target on somebody else's site, in the login and in the token", Body: openRedirect, Requirements: ids("refuse.open-redirect")},
		{ID: "tool.token-in-address", Title: "The token doesn't appear in addresses", Body: tokenInAddress, Requirements: ids("response.token-in-address")},
		{ID: "tool.cookies", Title: "Cookies that a launch in a frame needs can come back", Body: cookies, Requirements: ids("browser.cookie-same-site", "browser.cookie-secure")},
	}
}

// held begins a login and keeps the answer back.
func (j *judge) held(ctx context.Context, p *browser.Page, l Launch) (*attempt, *sight) {
	a, address := j.platform.begin(l)
	a.hold = true
	s := &sight{attempt: a}
	if s.problem = p.Go(address); s.problem == nil {
		j.look(ctx, p, s)
	}
	return a, s
}

// again has a browser post the answer of a launch, for the first time or once
// more.
func (j *judge) again(ctx context.Context, p *browser.Page, a *attempt) *sight {
	s := &sight{attempt: a}
	if s.problem = p.Go(j.platform.issuer + "/again/" + a.hint); s.problem == nil {
		j.look(ctx, p, s)
	}
	return s
}

func (j *judge) page(ctx context.Context, t *harness.T) *browser.Page {
	p, err := j.browser.Open(ctx, browser.PageOptions{})
	if err != nil {
		t.NothingToTest("the browser failed: "+err.Error(), "See that Chromium runs here, and run again.")
		return nil
	}
	return p
}

// twoTabs begins a login in one tab, completes another beside it, and then the
// first.
func twoTabs(ctx context.Context, t *harness.T) {
	j, ok := ready(ctx, t)
	if !ok {
		return
	}
	p := j.page(ctx, t)
	if p == nil {
		return
	}
	defer p.Close()
	id := Prefix + "browser.two-tabs"
	a, s := j.held(ctx, p, Launch{ID: "tabs.1", User: "learner"})
	if s.problem != nil || !s.requested() {
		t.NotTested(id, "the first login didn't come to the platform", "Mend the good launches first.")
		return
	}
	beside, err := p.Beside(ctx)
	if err != nil {
		t.NotTested(id, err.Error(), "Run again.")
		return
	}
	defer beside.Close()
	second := j.launchIn(ctx, beside, Launch{ID: "tabs.2", User: "learner"})
	first := j.again(ctx, p, a)
	for i, s := range []*sight{second, first} {
		name := []string{"the second tab", "the first tab"}[i]
		f := harness.Finding{Sent: "two launches side by side; " + name, Expected: "both open", Seen: t.Show("page", describe(s.page)), Exchanges: s.keep(t, name),
			Cause: "One cookie or session value holds the state of the last login only."}
		switch j.result(t, s, id, f, nil) {
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
		j, ok := ready(ctx, t)
		if !ok {
			return
		}
		p := j.page(ctx, t)
		if p == nil {
			return
		}
		defer p.Close()
		control := j.launchIn(ctx, p, Launch{ID: "replay", User: "learner"})
		if j.decide(control, nil) != opened {
			t.NothingToTest("the launch to be replayed was not opened: "+describe(control.page), "Mend the good launches first.")
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

// stateElsewhere begins a login in one browser and answers it in another: whoever
// is lured to such an answer would work under a stranger's name.
func stateElsewhere(ctx context.Context, t *harness.T) {
	j, ok := ready(ctx, t)
	if !ok {
		return
	}
	control := j.launch(ctx, Launch{ID: "elsewhere.control", User: "learner"})
	if j.decide(control, nil) != opened {
		t.NothingToTest("a good launch was not opened: "+describe(control.page), "Mend the good launches first.")
		return
	}
	p, other := j.page(ctx, t), j.page(ctx, t)
	if p == nil || other == nil {
		return
	}
	defer p.Close()
	defer other.Close()
	a, _ := j.held(ctx, p, Launch{ID: "elsewhere", User: "learner"})
	j.judgeRefusal(t, Prefix+"refuse.state-elsewhere", Launch{Title: "the answer to another browser's login"}, j.again(ctx, other, a), control)
}

// nonceElsewhere answers one login with a token that was made for another login of
// the same browser.
func nonceElsewhere(ctx context.Context, t *harness.T) {
	j, ok := ready(ctx, t)
	if !ok {
		return
	}
	control := j.launch(ctx, Launch{ID: "nonce.control", User: "learner"})
	p := j.page(ctx, t)
	if p == nil {
		return
	}
	defer p.Close()
	a, _ := j.held(ctx, p, Launch{ID: "nonce.1", User: "learner"})
	r, _ := a.firstRequest()
	if j.decide(control, nil) != opened || r == nil {
		t.NothingToTest("a good launch was not opened", "Mend the good launches first.")
		return
	}
	l := Launch{ID: "nonce.2", Title: "a token with the nonce of another login", User: "learner", Claims: map[string]any{"nonce": r.Get("nonce")}}
	j.judgeRefusal(t, Prefix+"refuse.nonce-elsewhere", l, j.launchIn(ctx, p, l), control)
}

// mark is an element that Rollcall tries to bring into the tool's pages.
const (
	mark       = "rollcall-markup"
	markup     = `"><img id=` + mark + ` src=x>`
	markScript = `String(!!document.getElementById("` + mark + `"))`
)

// errorResponse answers with an OAuth error (LTI 1.3 §5.1.1.5; RFC 6749 §4.1.2.1)
// whose description holds markup.
func errorResponse(ctx context.Context, t *harness.T) {
	j, ok := ready(ctx, t)
	if !ok {
		return
	}
	control := j.launch(ctx, Launch{ID: "error.control", User: "learner"})
	if j.decide(control, nil) != opened {
		t.NothingToTest("a good launch was not opened: "+describe(control.page), "Mend the good launches first.")
		return
	}
	p := j.page(ctx, t)
	if p == nil {
		return
	}
	defer p.Close()
	l := Launch{ID: "error", Title: "an error instead of a token", User: "learner", Respond: Respond{Error: "login_required", Set: map[string]string{"error_description": "Nobody is signed in " + markup}}}
	s := j.launchIn(ctx, p, l)
	j.judgeRefusal(t, Prefix+"response.error", l, s, control)
	j.judgeMarkup(ctx, t, p, s, Prefix+"response.error-markup", "error_description="+l.Respond.Set["error_description"])
}

// judgeMarkup looks whether a page shows as an element what was sent as text.
func (j *judge) judgeMarkup(ctx context.Context, t *harness.T, p *browser.Page, s *sight, id, sent string) {
	if s.problem != nil {
		t.NotTested(id, "the browser failed: "+s.problem.Error(), "Run again.")
		return
	}
	frames, err := p.Look(ctx)
	if err != nil {
		t.NotTested(id, err.Error(), "Run again.")
		return
	}
	for _, f := range frames {
		found, err := p.Eval(ctx, f.ID, markScript)
		t.Assert(id, err != nil || found != "true", harness.Finding{Sent: sent, Expected: "text, shown as text or not at all", Seen: "an element of the page: scripts could come in the same way", Where: t.Where(f.URL),
			Cause: "A parameter is put into HTML without escaping."})
	}
}

// loginMarkup sends markup in the parameters of a login that has to be refused.
func loginMarkup(ctx context.Context, t *harness.T) {
	j := t.Session().Shared.(*judge)
	id := Prefix + "login.markup"
	for _, name := range []string{"iss", "client_id", "target_link_uri"} {
		p := j.page(ctx, t)
		if p == nil {
			return
		}
		value := "https://x.example/" + markup
		s := j.launchIn(ctx, p, Launch{ID: "markup." + name, User: "learner", Login: Login{Set: map[string]string{name: value}}})
		s.keep(t, "markup in "+name)
		j.judgeMarkup(ctx, t, p, s, id, name+"="+value)
		p.Close()
	}
}

// stranger is a site that no tool owns.
const stranger = "https://stranger.example/landing"

// openRedirect names a stranger's site as the target: a tool may refuse, or open a
// page of its own, but not send people there.
func openRedirect(ctx context.Context, t *harness.T) {
	j, ok := ready(ctx, t)
	if !ok {
		return
	}
	id := Prefix + "refuse.open-redirect"
	s := j.launch(ctx, Launch{ID: "redirect", User: "learner", Login: Login{Set: map[string]string{"target_link_uri": stranger}}, Claims: map[string]any{"target_link_uri": stranger}})
	exchanges := s.keep(t, "a target on a stranger's site")
	if s.problem != nil {
		t.NotTested(id, "the browser failed: "+s.problem.Error(), "Run again.")
		return
	}
	i := slices.IndexFunc(s.log, func(x browser.Exchange) bool { return strings.HasPrefix(x.URL, "https://stranger.example") })
	f := harness.Finding{Sent: "target_link_uri=" + stranger + " in the login and in the token", Expected: "a refusal, or a page of the tool", Exchanges: exchanges,
		Cause: "The target is used as an address to go to without a look at whose it is."}
	if i >= 0 {
		f.Seen, f.Where = "the browser was sent to "+t.Show("address", s.log[i].URL), t.Where(s.log[i].URL)
	}
	t.Assert(id, i < 0, f)
}

// tokenInAddress looks for the token in addresses and Referer headers.
func tokenInAddress(ctx context.Context, t *harness.T) {
	j, ok := ready(ctx, t)
	if !ok {
		return
	}
	id := Prefix + "response.token-in-address"
	s := j.launch(ctx, Launch{ID: "address", User: "learner"})
	if j.decide(s, nil) != opened {
		t.NotTested(id, "a good launch was not opened: "+describe(s.page), "Mend the good launches first.")
		return
	}
	exchanges := s.keep(t, "a good launch")
	for _, x := range s.log {
		where := ""
		if strings.Contains(x.URL, s.attempt.token) {
			where = "the address of a request"
		} else if strings.Contains(x.Request.Get("Referer"), s.attempt.token) {
			where = "a Referer header"
		}
		t.Assert(id, where == "", harness.Finding{Sent: "a good launch", Expected: "the token in the form post alone", Seen: "it is in " + where, Where: t.Show("address", strings.Split(x.URL, "?")[0]), Exchanges: exchanges})
	}
}

// cookies judges those that the tool's login sets within a frame: they have to
// come back with a form post from another site.
func cookies(ctx context.Context, t *harness.T) {
	j := t.Session().Shared.(*judge)
	s := j.launch(ctx, Launch{ID: "cookies", User: "learner", Frame: true})
	if s.problem != nil {
		t.NothingToTest("the browser failed: "+s.problem.Error(), "Run again.")
		return
	}
	exchanges := s.keep(t, "a launch in a frame")
	found := 0
	for _, x := range s.log {
		if !sameAddress(x.URL, j.platform.login) {
			continue
		}
		r := http.Response{Header: x.Response}
		for _, c := range r.Cookies() {
			found++
			f := harness.Finding{Sent: "a login in a frame", Exchanges: exchanges, Where: "Set-Cookie: " + c.Name}
			f.Expected, f.Seen = "SameSite=None", sameSite(c.SameSite)
			t.Assert(Prefix+"browser.cookie-same-site", c.SameSite == http.SameSiteNoneMode, f)
			f.Expected, f.Seen = "Secure", "no Secure"
			t.Assert(Prefix+"browser.cookie-secure", c.Secure, f)
		}
	}
	if found == 0 {
		for _, id := range t.Check().Requirements {
			t.NotApplicable(id, "the login of the tool sets no cookie")
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
