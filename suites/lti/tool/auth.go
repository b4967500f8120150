package tool

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// firstRequest gives the authentication request of a launch.
func (a *attempt) firstRequest() (url.Values, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.requests) == 0 {
		return nil, ""
	}
	return a.requests[0], a.method
}

// authRequest judges the request for authentication (Security Framework 1.0 §5.1.1.2).
func authRequest(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	var requests []url.Values
	var attempts []*attempt
	var exchanges []string
	var bare *sight // the login without lti_message_hint
	for _, l := range []Launch{
		{ID: "auth.1", User: "learner"}, {ID: "auth.2", User: "instructor", Login: Login{Post: true}},
		{ID: "auth.3", User: "learner", Login: Login{Omit: []string{"lti_message_hint"}}},
		{ID: "auth.4", User: "learner", Login: Login{Set: map[string]string{"target_link_uri": side.Joined(j.platform.target, url.Values{"chapter": {"2"}})}}},
	} {
		s := j.launch(ctx, l)
		exchanges = append(exchanges, s.keep(t, "login "+l.ID)...)
		if len(l.Login.Omit) > 0 {
			bare = s
		}
		r := j.request(s)
		if s.problem != nil || r == nil && len(requests) == 0 {
			t.NotTested(j.halt(s).Seen(exchanges...))
			return
		}
		if r != nil {
			requests, attempts = append(requests, r), append(attempts, s.attempt)
		}
	}
	fixed := func(id, name, want string) {
		for _, r := range requests {
			t.Assert(Prefix+id, r.Get(name) == want, harness.Finding{
				Sent:      "a login initiation",
				Expected:  name + "=" + want,
				Seen:      seen(r, name),
				Where:     name,
				Exchanges: exchanges,
			})
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
		t.Assert(Prefix+"auth.login-hint", r.Get("login_hint") == a.hint, harness.Finding{
			Sent:      "login_hint=" + a.hint,
			Expected:  "the same",
			Seen:      seen(r, "login_hint"),
			Where:     "login_hint",
			Exchanges: exchanges,
		})
		if a.sent.Has("lti_message_hint") {
			t.Assert(Prefix+"auth.message-hint", r.Get("lti_message_hint") == a.note, harness.Finding{
				Sent:      "lti_message_hint=" + a.note,
				Expected:  "the same, byte for byte",
				Seen:      seen(r, "lti_message_hint"),
				Where:     "lti_message_hint",
				Exchanges: exchanges,
			})
		} else {
			t.Assert(Prefix+"auth.no-message-hint", !r.Has("lti_message_hint") || r.Get("lti_message_hint") == "", harness.Finding{
				Sent:      "a login without lti_message_hint",
				Expected:  "none",
				Seen:      seen(r, "lti_message_hint"),
				Where:     "lti_message_hint",
				Exchanges: exchanges,
			})
		}
		redirect := r.Get("redirect_uri")
		u, err := url.Parse(redirect)
		t.Assert(Prefix+"auth.redirect", err == nil && u.Host != "" && u.Fragment == "", harness.Finding{
			Expected:  "an absolute address",
			Seen:      seen(r, "redirect_uri"),
			Where:     "redirect_uri",
			Exchanges: exchanges,
		})
		t.Assert(Prefix+"auth.redirect-constant", redirect == requests[0].Get("redirect_uri"), harness.Finding{
			Sent:      "logins for targets that differ in their query",
			Expected:  requests[0].Get("redirect_uri"),
			Seen:      redirect,
			Where:     "redirect_uri",
			Exchanges: exchanges,
		})
		// Of a target that we made up nobody can have registered anything.
		if registered := j.target.Tool.RedirectURIs; len(registered) > 0 && a.sent.Get("target_link_uri") == j.platform.target {
			t.Assert(Prefix+"auth.redirect-registered", slices.Contains(registered, redirect), harness.Finding{
				Expected:  "one of " + strings.Join(registered, ", "),
				Seen:      redirect,
				Where:     "redirect_uri",
				Exchanges: exchanges,
			})
		}
		for _, name := range []string{"state", "nonce"} {
			v := r.Get(name)
			ok := len(v) >= 8 && !fresh[name+v]
			what := seen(r, name)
			if fresh[name+v] {
				what = "the same as in another login"
			}
			fresh[name+v] = true
			t.Assert(Prefix+"auth."+name, ok, harness.Finding{
				Expected:  "a value that nobody can guess, of its own for each login",
				Seen:      what,
				Where:     name,
				Exchanges: exchanges,
			})
		}
	}
	if j.request(bare) == nil {
		t.NotTested(harness.BlockedBy(Prefix+"login.no-message-hint",
			"a login without lti_message_hint led to no authentication request: "+bare.what()).Seen(exchanges...), Prefix+"auth.no-message-hint")
	}
}

func seen(r url.Values, name string) string {
	if !r.Has(name) {
		return "no " + name
	}
	return fmt.Sprintf("%s=%q", name, r.Get(name))
}
