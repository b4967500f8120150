package platform

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// refusalChecks judge what a platform must not answer with a token. Each is a good
// launch whose authentication request is wrong in one way; a plain launch just
// before shows that the same steps lead to a token.
func refusalChecks() []harness.Check {
	// Each title says what is wrong with the requests of its plans.
	several := func(id string, plans func(j *judge) map[string]plan) harness.Check {
		return harness.Check{ID: "platform.refuse." + id, Title: "Refuses a request: " + titles[id], Requirements: []string{"refuse." + id}, Body: func(ctx context.Context, t *harness.T) {
			j, s := token(ctx, t)
			if s == nil || !j.controlled(ctx, t, Prefix+"refuse."+id) {
				return
			}
			all := plans(j)
			for _, title := range slices.Sorted(maps.Keys(all)) {
				j.refused(ctx, t, Prefix+"refuse."+id, title, all[title], nil)
			}
		}}
	}
	one := func(id string, p func(j *judge) plan) harness.Check {
		return several(id, func(j *judge) map[string]plan { return map[string]plan{titles[id]: p(j)} })
	}
	// both asks by GET, and by POST where that is answered at all.
	both := func(id string, p func(j *judge) plan) harness.Check {
		c := one(id, p)
		c.Body = func(ctx context.Context, t *harness.T) {
			j, s := token(ctx, t)
			if s != nil {
				j.refuse(ctx, t, Prefix+"refuse."+id, titles[id], p(j), nil)
			}
		}
		return c
	}
	set := func(name, value string) func(*judge) plan {
		return func(*judge) plan { return plan{set: map[string]string{name: value}} }
	}
	omit := func(name string) func(*judge) plan { return func(*judge) plan { return plan{omit: []string{name}} } }
	tamper := func(name string) func(*judge) plan {
		return func(*judge) plan { return plan{change: func(q url.Values) { q.Set(name, tampered(q.Get(name))) }} }
	}
	redirect := func(address func(j *judge) string) func(*judge) plan {
		return func(j *judge) plan { return plan{redirect: address(j), silent: true} }
	}
	return []harness.Check{
		both("redirect-unregistered", redirect(func(j *judge) string { return j.tool.origin + "/elsewhere" })),
		one("redirect-below", redirect(func(j *judge) string { return j.tool.origin + "/callback/elsewhere" })),
		one("redirect-query", redirect(func(j *judge) string { return j.tool.redirectURI() + "?x=1" })),
		several("redirect-spelling", respelled),
		one("redirect-missing", func(*judge) plan { return plan{omit: []string{"redirect_uri"}, silent: true} }),
		both("client-unknown", set("client_id", "never-issued-5512")),
		{ID: "platform.refuse.client-other", Title: "Refuses a client_id of another registration", Requirements: []string{"refuse.client-other"}, Body: otherClient},
		one("client-missing", omit("client_id")),
		one("login-hint-tampered", tamper("login_hint")),
		{ID: "platform.refuse.login-hint-foreign", Title: "Refuses somebody else's login_hint", Requirements: []string{"refuse.login-hint-foreign"}, Body: foreignLoginHint},
		one("login-hint-missing", omit("login_hint")),
		one("message-hint-tampered", tamper("lti_message_hint")),
		{ID: "platform.refuse.message-hint-foreign", Title: "Refuses the lti_message_hint of somebody else's launch", Requirements: []string{"refuse.message-hint-foreign"}, Body: foreignMessageHint},
		both("nonce-missing", omit("nonce")),
		one("state-missing", omit("state")),
		one("scope-wrong", set("scope", "profile")),
		one("scope-missing", omit("scope")),
		one("response-type-wrong", set("response_type", "code")),
		one("response-type-missing", omit("response_type")),
		several("response-mode-wrong", func(*judge) map[string]plan {
			return map[string]plan{"response_mode=query": {set: map[string]string{"response_mode": "query"}}, "no response_mode": {omit: []string{"response_mode"}}}
		}),
		several("prompt-login", func(*judge) map[string]plan {
			return map[string]plan{"prompt=login": {set: map[string]string{"prompt": "login"}}, "prompt=consent": {set: map[string]string{"prompt": "consent"}}, "no prompt": {omit: []string{"prompt"}}}
		}),
		several("repeated", func(j *judge) map[string]plan {
			twice := func(name, value string) plan { return plan{change: func(q url.Values) { q.Add(name, value) }} }
			return map[string]plan{"redirect_uri comes twice": twice("redirect_uri", j.tool.origin+"/elsewhere"), "nonce comes twice": twice("nonce", "another"), "client_id comes twice": twice("client_id", "never-issued-5512")}
		}),
		{ID: "platform.refuse.signed-out", Title: "Sends no token once nobody is signed in any more", Requirements: []string{"refuse.signed-out"}, Body: signedOut},
		{ID: "platform.refuse.hint-replay", Title: "Sends no second token for a request that was answered", Requirements: []string{"refuse.hint-replay"}, Body: hintReplay},
		{ID: "platform.error", Title: "Errors go to the redirect_uri, with the state", Requirements: []string{"error.posted", "error.form-post", "error.state", "error.code", "error.client", "error.status"}, Body: errorAnswers},
		{ID: "platform.markup", Title: "Shows markup in an authentication request as text", Requirements: []string{"response.markup", "error.markup"}, Body: markups},
	}
}

var titles = map[string]string{
	"redirect-unregistered": "A redirect_uri that is not registered",
	"redirect-below":        "A redirect_uri below the registered one",
	"redirect-query":        "The registered redirect_uri with a query",
	"redirect-spelling":     "The registered redirect_uri written in another way",
	"redirect-missing":      "No redirect_uri",
	"client-unknown":        "A client_id that was never issued",
	"client-missing":        "No client_id",
	"login-hint-tampered":   "login_hint is changed",
	"login-hint-missing":    "No login_hint",
	"message-hint-tampered": "lti_message_hint is changed",
	"nonce-missing":         "No nonce",
	"state-missing":         "No state",
	"scope-wrong":           "A scope that is not openid",
	"scope-missing":         "No scope",
	"response-type-wrong":   "Another response_type",
	"response-type-missing": "No response_type",
	"response-mode-wrong":   "Another response_mode, or none",
	"prompt-login":          "prompt is not none",
	"repeated":              "A parameter comes twice",
}

// tampered changes a hint in the middle: what ends a text in base64 may mean nothing,
// and so may a bracket at either end.
func tampered(hint string) string {
	for i := range len(hint) {
		at := (len(hint)/2 + i) % len(hint)
		c := hint[at]
		if c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' || c > 'z' {
			continue
		}
		other := byte('x')
		if c == 'x' {
			other = 'y'
		}
		return hint[:at] + string(other) + hint[at+1:]
	}
	return hint + "x"
}

// mostRefused is how many launches that have to be refused one good launch stands for: a
// platform that has shut somebody out in the meantime must not seem to refuse them.
const mostRefused = 8

// controlled makes a good launch beside those that have to be refused, unless one was made
// just before; false where it brought no token. A person is not asked for it again and again.
func (j *judge) controlled(ctx context.Context, t *harness.T, id string) bool {
	if j.controls > 0 && j.controls <= mostRefused {
		return true
	}
	u, l := j.target.Platform.Users[0], j.target.Platform.Links[0]
	control := (*seen)(nil)
	if j.person != nil {
		control = j.good(ctx, u, l)
	} else {
		control = j.begin(ctx, u, l, plan{}, nil)
	}
	if control.claims == nil {
		j.controls = 0
		t.NotTested(j.halted(t, control, "the same, unbroken"), id)
		return false
	}
	j.controls = 1
	return true
}

// refuse makes a launch by a plan that has to be refused: by GET, and by POST where a
// good request by POST is answered.
func (j *judge) refuse(ctx context.Context, t *harness.T, id, title string, p plan, then func(*browser.Page, *launch) error) {
	if !j.controlled(ctx, t, id) {
		return
	}
	j.refused(ctx, t, id, title, p, then)
	if j.byPost(ctx).token != "" {
		p.post = true
		j.refused(ctx, t, id, title+", by POST", p, then)
	}
}

// refused does so once.
func (j *judge) refused(ctx context.Context, t *harness.T, id, title string, p plan, then func(*browser.Page, *launch) error) {
	p.refused = true
	j.controls++
	before := j.tool.strays()
	s := j.begin(ctx, j.target.Platform.Users[0], j.target.Platform.Links[0], p, then)
	ids := s.keep(t, title)
	if s.problem != nil {
		t.NotTested(j.halt(s).Seen(ids...), id)
		return
	}
	if s.last(originOf(j.target.Platform.AuthURL)) == http.StatusTooManyRequests {
		t.NotTested(j.halt(s).Seen(ids...), id)
		return
	}
	if p.change != nil && unchanged(s.launch) {
		t.NotApplicable(id, "the login carries no lti_message_hint, which is optional")
		return
	}
	f := harness.Finding{Sent: title, Expected: "no token", Exchanges: ids}
	switch {
	case j.tool.strays() > before || s.strayed(j.tool.redirectURI()):
		f.Expected, f.Seen = "an error page of the platform", "the browser was sent to an address that is not registered"
		t.Fail(id, f)
	case s.launch.tokens() > 0:
		f.Seen = "a token"
		t.Fail(id, f)
	case p.silent && s.came:
		f.Expected, f.Seen = "an error page of the platform", "an answer at the tool: "+s.what()
		t.Fail(id, f)
	case s.circles != "":
		f.Expected, f.Seen = "a refusal: an error, or a page that says what is wrong", "the page goes in circles, by "+s.circles+", and never says that anything is wrong"
		t.Fail(id, f)
	default:
		t.Examined(id, 1)
		j.broke(t, s, id, title, ids)
	}
}

// unchanged tells whether there was no lti_message_hint to be changed.
func unchanged(l *launch) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked.Get("lti_message_hint") == "x" && !l.login.Has("lti_message_hint")
}

// signedOut forgets the session between the login and the authentication request.
func signedOut(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	j.refuse(ctx, t, Prefix+"refuse.signed-out", "a request without a session", plan{hold: true, fresh: true}, func(p *browser.Page, _ *launch) error {
		j.settled(ctx, p)
		if err := p.Forget(); err != nil {
			return err
		}
		return p.Go(j.tool.origin + "/ask")
	})
}

// hintReplay repeats an authentication request that was answered.
func hintReplay(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	again := j.begin(ctx, s.user, s.link, plan{twice: true, refused: true}, nil)
	ids := again.keep(t, "the same request twice")
	id := Prefix + "refuse.hint-replay"
	if again.problem != nil {
		t.NotTested(j.halt(again).Seen(ids...), id)
		return
	}
	f := harness.Finding{Sent: "the same authentication request twice", Expected: "one token: a hint is good once", Seen: "two tokens", Exchanges: ids}
	switch n := again.launch.tokens(); {
	case n == 0:
		t.NotTested(harness.BlockedBy(reqToken, "the first request brought no token: "+again.what()).Seen(ids...), id)
	case n == 1 && again.circles != "":
		f.Seen = "one token, and then a page that goes in circles, by " + again.circles
		t.Fail(id, f)
	case t.Assert(id, n == 1, f):
		j.broke(t, again, id, f.Sent, ids)
	}
}
