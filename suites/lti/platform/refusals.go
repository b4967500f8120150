package platform

import (
	"context"
	"net/url"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// refusalChecks judge what a platform must not answer with a token. Each is a good
// launch whose authentication request is wrong in one way; a plain launch just
// before shows that the same steps lead to a token.
func refusalChecks() []harness.Check {
	one := func(id, title string, p func(j *judge) plan) harness.Check {
		return harness.Check{ID: "platform.refuse." + id, Title: title, Requirements: []string{"refuse." + id}, Body: func(ctx context.Context, t *harness.T) {
			j, s := token(ctx, t)
			if s != nil {
				j.refuse(ctx, t, Prefix+"refuse."+id, title, p(j), nil)
			}
		}}
	}
	set := func(name, value string) func(*judge) plan {
		return func(*judge) plan { return plan{set: map[string]string{name: value}} }
	}
	omit := func(name string) func(*judge) plan { return func(*judge) plan { return plan{omit: []string{name}} } }
	change := func(f func(q url.Values)) func(*judge) plan { return func(*judge) plan { return plan{change: f} } }
	tamper := func(name string) func(*judge) plan {
		return change(func(q url.Values) {
			v := q.Get(name)
			if v == "" {
				q.Set(name, "x")
				return
			}
			last := byte('x')
			if v[len(v)-1] == 'x' {
				last = 'y'
			}
			q.Set(name, v[:len(v)-1]+string(last))
		})
	}
	return []harness.Check{
		one("redirect-unregistered", "A redirect_uri that is not registered", func(j *judge) plan { return plan{redirect: j.tool.origin + "/elsewhere"} }),
		one("redirect-below", "A redirect_uri below the registered one", func(j *judge) plan { return plan{redirect: j.tool.origin + "/callback/elsewhere"} }),
		one("redirect-query", "The registered redirect_uri with a query", func(j *judge) plan { return plan{redirect: j.tool.redirectURI() + "?x=1"} }),
		one("redirect-missing", "No redirect_uri", omit("redirect_uri")),
		one("client-unknown", "A client_id that was never issued", set("client_id", "never-issued-5512")),
		{ID: "platform.refuse.client-other", Title: "client_id is of another registration", Requirements: []string{"refuse.client-other"}, Body: otherClient},
		one("client-missing", "No client_id", omit("client_id")),
		one("login-hint-tampered", "login_hint is changed", tamper("login_hint")),
		{ID: "platform.refuse.login-hint-foreign", Title: "login_hint is somebody else's", Requirements: []string{"refuse.login-hint-foreign"}, Body: foreignLoginHint},
		one("login-hint-missing", "No login_hint", omit("login_hint")),
		one("message-hint-tampered", "lti_message_hint is changed", func(j *judge) plan { return tamper("lti_message_hint")(j) }),
		{ID: "platform.refuse.message-hint-foreign", Title: "lti_message_hint is of somebody else's launch", Requirements: []string{"refuse.message-hint-foreign"}, Body: foreignMessageHint},
		one("nonce-missing", "No nonce", omit("nonce")),
		one("state-missing", "No state", omit("state")),
		one("scope-wrong", "A scope that is not openid", set("scope", "profile")),
		one("scope-missing", "No scope", omit("scope")),
		one("response-type-wrong", "Another response_type", set("response_type", "code")),
		one("response-type-missing", "No response_type", omit("response_type")),
		one("response-mode-wrong", "Another response_mode", set("response_mode", "query")),
		one("prompt-login", "prompt is login", set("prompt", "login")),
		{ID: "platform.refuse.signed-out", Title: "Nobody is signed in any more", Requirements: []string{"refuse.signed-out"}, Body: signedOut},
		{ID: "platform.refuse.hint-replay", Title: "The same request again, once it was answered", Requirements: []string{"refuse.hint-replay"}, Body: hintReplay},
		{ID: "platform.error", Title: "Errors go to the redirect_uri, with the state", Requirements: []string{"error.posted", "error.state", "error.code"}, Body: errorAnswer},
		{ID: "platform.markup", Title: "Markup in an authentication request", Requirements: []string{"response.markup", "error.markup"}, Body: markups},
	}
}

// control makes a good launch just before one that has to be refused; a person is
// not asked for it again and again.
func (j *judge) control(ctx context.Context, u harness.LTIUser, l harness.LTILink) *seen {
	if j.person != nil {
		return j.good(ctx, u, l)
	}
	return j.begin(ctx, u, l, plan{}, nil)
}

// refuse makes a launch by a plan that has to be refused.
func (j *judge) refuse(ctx context.Context, t *harness.T, id, title string, p plan, then func(*browser.Page, *launch) error) {
	users, links := j.target.Platform.Users, j.target.Platform.Links
	control := j.control(ctx, users[0], links[0])
	if control.token == "" {
		control.keep(t, "the same, unbroken")
		t.NotTested(id, "the same launch unbroken brought no token, so a refusal proves nothing: "+control.what(), "Mend the good launches first.")
		return
	}
	before := j.tool.strays()
	s := j.begin(ctx, users[0], links[0], p, then)
	ids := s.keep(t, title)
	if s.problem != nil {
		t.NotTested(id, s.problem.Error(), "Run again; if it happens again, look at the evidence.")
		return
	}
	if p.change != nil && s.launch.login != nil && p.omit == nil && s.launch.asked != nil && unchanged(s.launch) {
		t.NotTested(id, "the platform sent nothing that could be changed", "Nothing has to be done.")
		return
	}
	f := harness.Finding{Sent: title, Expected: "no token", Exchanges: ids, Cause: "The platform answers without a look at this parameter."}
	switch {
	case j.tool.strays() > before:
		f.Seen = "an answer came to an address that is not registered"
		t.Fail(id, f)
	case s.launch.tokens() > 0:
		f.Seen = "a token"
		t.Fail(id, f)
	default:
		t.Examined(id, 1)
	}
}

// unchanged tells whether there was no lti_message_hint to be changed.
func unchanged(l *launch) bool {
	return l.asked.Get("lti_message_hint") == "x" && !l.login.Has("lti_message_hint")
}

// signedOut forgets the session between the login and the authentication request.
func signedOut(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	j.refuse(ctx, t, Prefix+"refuse.signed-out", "a request without a session", plan{hold: true}, func(p *browser.Page, _ *launch) error {
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
	again := j.begin(ctx, s.user, s.link, plan{twice: true}, nil)
	ids := again.keep(t, "the same request twice")
	id := Prefix + "refuse.hint-replay"
	switch n := again.launch.tokens(); {
	case n == 0:
		t.NotTested(id, "the first request brought no token: "+again.what(), "Mend that first.")
	default:
		t.Assert(id, n == 1, harness.Finding{Sent: "the same authentication request twice", Expected: "one token: a hint is good once", Seen: "two tokens", Exchanges: ids})
	}
}

// errorAnswer looks how an error comes back.
func errorAnswer(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	bad := j.begin(ctx, s.user, s.link, plan{set: map[string]string{"response_type": "code"}}, nil)
	ids := bad.keep(t, "response_type=code")
	f := harness.Finding{Sent: "response_type=code, with a registered redirect_uri", Exchanges: ids}
	f.Expected, f.Seen = "an error, posted to the redirect_uri", bad.what()
	code := bad.answer.form.Get("error")
	if code == "" {
		code = bad.answer.query.Get("error")
	}
	if !t.Assert(Prefix+"error.posted", bad.came && code != "", f) {
		t.NotTested(Prefix+"error.state", "no error came back", "Mend that first.")
		t.NotTested(Prefix+"error.code", "no error came back", "Mend that first.")
		return
	}
	state := bad.answer.form.Get("state") + bad.answer.query.Get("state")
	f.Expected, f.Seen = "state="+bad.launch.state, "state="+state
	t.Assert(Prefix+"error.state", state == bad.launch.state, f)
	f.Expected, f.Seen = "unsupported_response_type or invalid_request", code
	t.Assert(Prefix+"error.code", code == "unsupported_response_type" || code == "invalid_request", f)
}
