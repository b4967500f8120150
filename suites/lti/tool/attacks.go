package tool

import (
	"context"
	"fmt"
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

// firstRequest gives the authentication request of a launch.
func (a *attempt) firstRequest() (url.Values, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.requests) == 0 {
		return nil, ""
	}
	return a.requests[0], a.method
}

// authRequest judges the request for authentication (LTI 1.3 §5.1.1.2).
func authRequest(ctx context.Context, t *harness.T) {
	j := t.Session().Shared.(*judge)
	var requests []url.Values
	var attempts []*attempt
	var exchanges []string
	for _, l := range []Launch{
		{ID: "auth.1", User: "learner"}, {ID: "auth.2", User: "instructor", Login: Login{Post: true}},
		{ID: "auth.3", User: "learner", Login: Login{Omit: []string{"lti_message_hint"}}},
		{ID: "auth.4", User: "learner", Login: Login{Set: map[string]string{"target_link_uri": joined(j.platform.target, url.Values{"chapter": {"2"}})}}},
	} {
		s := j.launch(ctx, l)
		exchanges = append(exchanges, s.keep(t, "login "+l.ID)...)
		if s.problem != nil {
			t.NothingToTest("the browser failed: "+s.problem.Error(), "Run again.")
			return
		}
		r, _ := s.attempt.firstRequest()
		if r == nil && len(requests) == 0 {
			t.NothingToTest("the tool sent no authentication request; it showed "+describe(s.page), "See that the registration at the tool names Rollcall's addresses (`rollcall registration`).")
			return
		}
		if r != nil {
			requests, attempts = append(requests, r), append(attempts, s.attempt)
		}
	}
	fixed := func(id, name, want string) {
		for _, r := range requests {
			t.Assert(Prefix+id, r.Get(name) == want, harness.Finding{Sent: "a login initiation", Expected: name + "=" + want, Seen: seen(r, name), Where: name, Exchanges: exchanges})
		}
	}
	fixed("auth.scope", "scope", "openid")
	fixed("auth.response-type", "response_type", "id_token")
	fixed("auth.response-mode", "response_mode", "form_post")
	fixed("auth.prompt", "prompt", "none")
	fixed("auth.client", "client_id", j.platform.clientID)
	fresh := map[string]bool{}
	for i, r := range requests {
		a := attempts[i]
		t.Assert(Prefix+"auth.login-hint", r.Get("login_hint") == a.hint, harness.Finding{Sent: "login_hint=" + a.hint, Expected: "the same", Seen: seen(r, "login_hint"), Where: "login_hint", Exchanges: exchanges})
		if a.sent.Has("lti_message_hint") {
			t.Assert(Prefix+"auth.message-hint", r.Get("lti_message_hint") == a.note, harness.Finding{Sent: "lti_message_hint=" + a.note, Expected: "the same, byte for byte",
				Seen: seen(r, "lti_message_hint"), Where: "lti_message_hint", Cause: "The hint is not encoded when the address is put together, or decoded twice.", Exchanges: exchanges})
		} else {
			t.Assert(Prefix+"auth.no-message-hint", !r.Has("lti_message_hint") || r.Get("lti_message_hint") == "", harness.Finding{Sent: "a login without lti_message_hint", Expected: "none",
				Seen: seen(r, "lti_message_hint"), Where: "lti_message_hint", Exchanges: exchanges})
		}
		redirect := r.Get("redirect_uri")
		u, err := url.Parse(redirect)
		t.Assert(Prefix+"auth.redirect", err == nil && u.Host != "" && u.Fragment == "", harness.Finding{Expected: "an absolute address", Seen: seen(r, "redirect_uri"), Where: "redirect_uri", Exchanges: exchanges})
		t.Assert(Prefix+"auth.redirect-constant", redirect == requests[0].Get("redirect_uri"), harness.Finding{Sent: "logins for targets that differ in their query",
			Expected: requests[0].Get("redirect_uri"), Seen: redirect, Where: "redirect_uri", Cause: "The target is used as the redirect URI; platforms compare that with what is registered, letter by letter.", Exchanges: exchanges})
		if registered := j.target.Tool.RedirectURIs; len(registered) > 0 {
			t.Assert(Prefix+"auth.redirect-registered", slices.Contains(registered, redirect), harness.Finding{Expected: "one of " + strings.Join(registered, ", "), Seen: redirect, Where: "redirect_uri", Exchanges: exchanges})
		}
		for _, name := range []string{"state", "nonce"} {
			v := r.Get(name)
			ok := len(v) >= 8 && !fresh[name+v]
			what := seen(r, name)
			if fresh[name+v] {
				what = "the same as in another login"
			}
			fresh[name+v] = true
			t.Assert(Prefix+"auth."+name, ok, harness.Finding{Expected: "a value that nobody can guess, of its own for each login", Seen: what, Where: name, Exchanges: exchanges})
		}
	}
	if len(j.target.Tool.RedirectURIs) == 0 {
		t.NotTested(Prefix+"auth.redirect-registered", "the target file doesn't say which redirect URIs are registered", "Add lti.tool.redirect_uris.")
	}
	t.NotTested(Prefix+"auth.no-message-hint", "the tool answered no login without lti_message_hint", "Mend that first.")
}

func seen(r url.Values, name string) string {
	if !r.Has(name) {
		return "no " + name
	}
	return fmt.Sprintf("%s=%q", name, r.Get(name))
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
