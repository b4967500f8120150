package platform

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

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
	owner string // that is broken where the request isn't refused
}{
	{"response_type=code", plan{set: map[string]string{"response_type": "code"}}, []string{"unsupported_response_type", "invalid_request", "unauthorized_client"}, "refuse.response-type-wrong"},
	{"scope=profile", plan{set: map[string]string{"scope": "profile"}}, []string{"invalid_scope", "invalid_request"}, "refuse.scope-wrong"},
	{"no nonce", plan{omit: []string{"nonce"}}, []string{"invalid_request"}, "refuse.nonce-missing"},
	{"a login_hint that nobody has", plan{set: map[string]string{"login_hint": "somebody-else"}}, []string{"access_denied", "login_required", "interaction_required", "account_selection_required", "invalid_request"}, "refuse.login-hint-foreign"},
	{"no login_hint", plan{omit: []string{"login_hint"}}, []string{"invalid_request", "login_required", "interaction_required", "account_selection_required", "access_denied"}, "refuse.login-hint-missing"},
	{"no response_type", plan{omit: []string{"response_type"}}, []string{"invalid_request", "unsupported_response_type", "unauthorized_client"}, "refuse.response-type-missing"},
	{"a client_id that was never issued", plan{set: map[string]string{"client_id": "never-issued-5512"}}, nil, "refuse.client-unknown"},
	{"no client_id", plan{omit: []string{"client_id"}}, nil, "refuse.client-missing"},
}

// wrongOf finds a plan among those that are wrong; -1 where it isn't.
func wrongOf(p plan) int {
	if p.post || p.change != nil || p.redirect != "" || p.then != nil {
		return -1
	}
	for i, w := range wrong {
		if maps.Equal(p.set, w.p.set) && slices.Equal(p.omit, w.p.omit) {
			return i
		}
	}
	return -1
}

// fits tells whether the answer to a wrong request is as it should be.
func (j *judge) fits(s *seen, codes []string) bool {
	if s.problem != nil || s.unrefused() != "" || s.worst(originOf(j.target.Platform.AuthURL)) >= http.StatusInternalServerError {
		return false
	}
	if codes == nil {
		return !s.came
	}
	a := s.answer
	return s.came && a.method == http.MethodPost && !a.query.Has("error") && slices.Contains(codes, a.form.Get("error")) &&
		a.form.Get("state") == s.launch.state
}

// errorAnswers looks how errors come back.
func errorAnswers(ctx context.Context, t *harness.T) {
	j, s := launchOf(t)
	posted, last, given := false, (*seen)(nil), false
	quiet := 0 // requests of unknown clients after which nothing came to the tool
	for i, w := range wrong {
		bad := j.ahead.wrong[i]
		if bad == nil || !j.fits(bad, w.codes) { // what is held against it comes of a launch made for that
			p := w.p
			p.refused = true
			bad = j.begin(ctx, s.user, s.link, p)
		}
		ids := bad.keep(t, w.sent)
		bad.shown = ids
		if bad.problem != nil {
			t.NotTested(j.halt(bad).Seen(ids...))
			continue
		}
		f := harness.Finding{Sent: w.sent + ", with a registered redirect_uri", Exchanges: ids}
		worst := bad.worst(originOf(j.target.Platform.AuthURL))
		if t.Met(reqBroken) {
			f.Expected, f.Seen = "a status below 500: it is the request that is wrong", fmt.Sprint(worst)
			t.Assert(reqBroken, worst < 500, f)
		}
		if t.Met(reqTold) && bad.unrefused() == "" {
			f.Expected, f.Seen = "an error at the tool, or a page that says what is wrong", "an empty page with status 200"
			t.Assert(reqTold, bad.told(originOf(j.target.Platform.AuthURL)), f)
		}
		judged := []string{Prefix + "error.posted"}
		if w.codes == nil {
			judged = []string{Prefix + "error.client"}
		}
		// What is no refusal at all is told where that is asked for, and errors are judged
		// by what was refused.
		if why := bad.unrefused(); why != "" {
			if w.codes == nil {
				given = true
			} else {
				last = bad
			}
			t.NotTested(harness.BlockedBy(Prefix+w.owner, f.Sent+": "+why).Seen(ids...), judged...)
			continue
		}
		switch {
		case w.codes == nil:
			f.Expected, f.Seen = "an error page of the platform", "an answer at the tool: "+bad.what()
			if bad.came {
				t.Fail(Prefix+"error.client", f)
			} else {
				quiet++
			}
			continue
		case worst >= 500 && !bad.came:
			t.NotTested(harness.BlockedBy(reqBroken, fmt.Sprintf("%s: the platform broke down with %d", f.Sent, worst)).Seen(ids...), judged...)
		default:
			posted = judgeError(t, bad, w.codes, f) || posted
		}
		last = bad
	}
	if !given { // where one of them is let in, nothing is said of all of them
		t.Examined(Prefix+"error.client", quiet)
	}
	if !posted && last != nil {
		t.NotTested(harness.BlockedBy(Prefix+"error.posted", "no error came back: "+last.what()).Seen(last.shown...), Prefix+"error.state",
			Prefix+"error.code", Prefix+"error.form-post")
	}
}

// unrefused says why what was answered to a wrong request is no refusal; "" where it is.
func (s *seen) unrefused() string {
	switch {
	case s.token != "":
		return "a token came"
	case s.circles != "":
		return "the page goes in circles, by " + s.circles
	}
	return ""
}

// told tells whether somebody learns that a request was refused: the tool by an error, or the
// person by a page that shows anything, or that the browser knows for an error.
func (s *seen) told(origin string) bool {
	if s.came {
		return true
	}
	x := s.lastDocument(origin)
	if x == nil || x.Status != http.StatusOK {
		return true
	}
	at := slices.IndexFunc(s.frames, func(f browser.Frame) bool { return f.URL == x.URL })
	return at < 0 || strings.TrimSpace(s.frames[at].Title+s.frames[at].Text) != "" || len(s.frames[at].Marks) > 0
}

// judgeError judges the answer to a request that was refused; posted tells whether an error
// came.
func judgeError(t *harness.T, bad *seen, codes []string, f harness.Finding) (posted bool) {
	f.Expected, f.Seen = "an error, posted to the redirect_uri", bad.what()
	a := bad.answer
	code := cmp.Or(a.form.Get("error"), a.query.Get("error"))
	if !t.Assert(Prefix+"error.posted", bad.came && code != "", f) {
		return false
	}
	f.Expected, f.Seen = "POST, and nothing of it in the address, for response_mode=form_post was asked for", a.method+
		" with the error in the address"
	t.Assert(Prefix+"error.form-post", a.method == http.MethodPost && !a.query.Has("error"), f)
	state := cmp.Or(a.form.Get("state"), a.query.Get("state"))
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
