package platform

import (
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

type exchange = browser.Exchange

// wrong are authentication requests that are wrong in one way, with the codes that
// fit (OpenID Connect Core §3.1.2.6, RFC 6749 §4.1.2.1). Without codes nothing may be
// posted at all: nobody vouches for the redirect_uri.
var wrong = []struct {
	sent  string
	p     plan
	codes []string
	owner string // that a token is the breach of
}{
	{"response_type=code", plan{set: map[string]string{"response_type": "code"}}, []string{"unsupported_response_type", "invalid_request", "unauthorized_client"}, "refuse.response-type-wrong"},
	{"scope=profile", plan{set: map[string]string{"scope": "profile"}}, []string{"invalid_scope", "invalid_request"}, "refuse.scope-wrong"},
	{"no nonce", plan{omit: []string{"nonce"}}, []string{"invalid_request"}, "refuse.nonce-missing"},
	{"a login_hint that nobody has", plan{set: map[string]string{"login_hint": "somebody-else"}}, []string{"access_denied", "login_required", "interaction_required", "account_selection_required", "invalid_request"}, "refuse.login-hint-foreign"},
	{"a client_id that was never issued", plan{set: map[string]string{"client_id": "never-issued-5512"}}, nil, ""},
	{"no client_id", plan{omit: []string{"client_id"}}, nil, ""},
}

// errorAnswers looks how errors come back.
func errorAnswers(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	posted, last := false, (*seen)(nil)
	for _, w := range wrong {
		p := w.p
		p.refused = true
		bad := j.begin(ctx, s.user, s.link, p, nil)
		ids := bad.keep(t, w.sent)
		bad.shown = ids
		if bad.problem != nil {
			t.NotTested(j.halt(bad).Seen(ids...))
			continue
		}
		f := harness.Finding{Sent: w.sent + ", with a registered redirect_uri", Exchanges: ids}
		if j.person == nil {
			worst := bad.worst(originOf(j.target.Platform.AuthURL))
			f.Expected, f.Seen = "a status below 500: it is the request that is wrong", fmt.Sprint(worst)
			t.Assert(Prefix+"error.status", worst < 500, f)
		}
		if w.codes == nil {
			f.Expected, f.Seen = "an error page of the platform", "an answer at the tool: "+bad.what()
			t.Assert(Prefix+"error.client", !bad.came || bad.token != "", f) // a token is judged elsewhere
			continue
		}
		posted = judgeError(t, bad, w.codes, w.owner, f) || posted
		last = bad
	}
	if j.person != nil {
		t.NotTested(harness.Unconfigured("the platform's own pages are in a browser that isn't ours", "Give lti.platform.users and links with steps, and run without --interactive."), Prefix+"error.status")
	}
	if !posted && last != nil {
		t.NotTested(harness.BlockedBy(Prefix+"error.posted", "no error came back: "+last.what()).Seen(last.shown...), Prefix+"error.state", Prefix+"error.code")
	}
}

// judgeError judges the answer to a request that is wrong; posted tells whether an error
// came. owner is the requirement that a token is the breach of.
func judgeError(t *harness.T, bad *seen, codes []string, owner string, f harness.Finding) (posted bool) {
	f.Expected, f.Seen = "an error, posted to the redirect_uri", bad.what()
	code := bad.answer.form.Get("error")
	if code == "" {
		code = bad.answer.query.Get("error")
	}
	if bad.token != "" {
		t.NotTested(harness.BlockedBy(Prefix+owner, f.Sent+", brought a token").Seen(f.Exchanges...), Prefix+"error.posted")
		return false
	}
	if !t.Assert(Prefix+"error.posted", bad.came && code != "", f) {
		return false
	}
	state := bad.answer.form.Get("state") + bad.answer.query.Get("state")
	f.Expected, f.Seen = "state="+bad.launch.state, "state="+state
	t.Assert(Prefix+"error.state", state == bad.launch.state, f)
	f.Expected, f.Seen = fmt.Sprintf("one of %v", codes), code
	t.Assert(Prefix+"error.code", slices.Contains(codes, code), f)
	return true
}

// worst is the highest status of the platform's documents in a launch.
func (s *seen) worst(origin string) int {
	worst := 0
	for _, x := range s.log {
		if x.Document && !x.Started.Before(s.since) && originOf(x.URL) == origin {
			worst = max(worst, x.Status)
		}
	}
	return worst
}
