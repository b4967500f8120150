package platform

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// refusalChecks judge what a platform must not answer with a token.
func refusalChecks() []harness.Check {
	var out []harness.Check
	for _, r := range breaches() {
		out = append(out, r.checked())
	}
	return append(out,
		harness.Check{
			ID:           "platform.refuse.hint-replay",
			Title:        "Sends no second token for a request that was answered",
			Requirements: []string{"refuse.hint-replay"},
			Needs:        upon(),
			Body:         hintReplay,
		},
		harness.Check{
			ID:           "platform.error",
			Title:        "Errors go to the redirect_uri, with the state",
			Requirements: []string{"error.posted", "error.form-post", "error.state", "error.code", "error.client", "error.status", "error.told"},
			Needs:        upon(unattended("the platform's own pages are in a browser that isn't ours").For(reqBroken, reqTold)),
			Body:         errorAnswers,
		},
		harness.Check{
			ID:           "platform.markup",
			Title:        "Shows markup in an authentication request as text",
			Requirements: []string{"response.markup", "error.markup"},
			Needs:        upon(unattended("the pages on which it would show are in a browser that isn't ours").For(Prefix + "error.markup")),
			Body:         markups,
		})
}

// breach is what a platform must not answer with a token: a good launch whose
// authentication request is wrong in one way, which the title says.
type breach struct {
	id    string
	title string                         // of its check, where that isn't made of what is sent
	plans func(j *judge) map[string]plan // by what is sent
	post  bool                           // by POST too, where a good request by POST is answered
	needs []harness.Need                 // beside a good launch
	// more looks beyond the launches of its plans, unless it is nil.
	more func(ctx context.Context, t *harness.T, j *judge, s *seen, r breach)
}

func (r breach) check() string { return "platform.refuse." + r.id }

// trials are the launches of its plans, by GET, in the order in which they are asked for.
func (r breach) trials(j *judge) []trial {
	if r.plans == nil {
		return nil
	}
	var out []trial
	all := r.plans(j)
	for _, sent := range slices.Sorted(maps.Keys(all)) {
		out = append(out, r.trial(cmp.Or(sent, titles[r.id]), all[sent]))
	}
	return out
}

func (r breach) trial(sent string, p plan) trial {
	p.refused = true
	return trial{owner: Prefix + "refuse." + r.id, sent: sent, p: p}
}

// byPost is the same by POST.
func (x trial) byPost() trial {
	x.sent += ", by POST"
	x.p.post = true
	return x
}

// checked gives the check of a breach: a plain launch beside each that has to be refused
// shows that the same steps lead to a token.
func (r breach) checked() harness.Check {
	return harness.Check{
		ID:           r.check(),
		Title:        cmp.Or(r.title, "Refuses a request: "+titles[r.id]),
		Requirements: []string{"refuse." + r.id},
		Needs:        upon(r.needs...),
		Body: func(ctx context.Context, t *harness.T) {
			j, s := launchOf(t)
			for _, x := range r.trials(j) {
				if !j.refuse(ctx, t, x, r.post) {
					return
				}
			}
			if r.more != nil {
				r.more(ctx, t, j, s, r)
			}
		},
	}
}

// breaches are listed in the order of their checks.
func breaches() []breach {
	one := func(p func(j *judge) plan) func(*judge) map[string]plan {
		return func(j *judge) map[string]plan { return map[string]plan{"": p(j)} }
	}
	set := func(name, value string) func(*judge) map[string]plan {
		return one(func(*judge) plan { return plan{set: map[string]string{name: value}} })
	}
	omit := func(name string) func(*judge) map[string]plan {
		return one(func(*judge) plan { return plan{omit: []string{name}} })
	}
	tamper := func(name string) func(*judge) map[string]plan {
		return one(func(*judge) plan {
			return plan{alone: true, change: func(q url.Values) { q.Set(name, tampered(q.Get(name))) }}
		})
	}
	redirect := func(address func(j *judge) string) func(*judge) map[string]plan {
		return one(func(j *judge) plan { return plan{redirect: address(j), silent: true} })
	}
	return []breach{
		{id: "redirect-unregistered", post: true, plans: redirect(func(j *judge) string { return j.tool.origin + "/elsewhere" })},
		{id: "redirect-below", plans: redirect(func(j *judge) string { return j.tool.origin + "/callback/elsewhere" })},
		{id: "redirect-query", plans: redirect(func(j *judge) string { return j.tool.redirectURI() + "?x=1" })},
		{id: "redirect-spelling", plans: respelled},
		{id: "redirect-missing", plans: one(func(*judge) plan { return plan{omit: []string{"redirect_uri"}, silent: true} })},
		{id: "client-unknown", post: true, plans: set("client_id", "never-issued-5512")},
		{id: "client-other", title: "Refuses a client_id of another registration", post: true, plans: otherClient, needs: []harness.Need{otherRegistration()}},
		{id: "client-missing", plans: omit("client_id")},
		{id: "login-hint-tampered", plans: tamper("login_hint")},
		{id: "login-hint-foreign", title: "Refuses somebody else's login_hint", post: true, plans: nobodysLoginHint, more: foreignLoginHint},
		{id: "login-hint-missing", plans: omit("login_hint")},
		{id: "message-hint-tampered", plans: tamper("lti_message_hint")},
		{id: "message-hint-foreign", title: "Refuses the lti_message_hint of somebody else's launch", post: true, more: foreignMessageHint,
			needs: append([]harness.Need{messageHint()}, foreignHint()...)},
		{id: "nonce-missing", post: true, plans: omit("nonce")},
		{id: "state-missing", plans: omit("state")},
		{id: "scope-wrong", plans: set("scope", "profile")},
		{id: "scope-missing", plans: omit("scope")},
		{id: "response-type-wrong", plans: set("response_type", "code")},
		{id: "response-type-missing", plans: omit("response_type")},
		{id: "response-mode-wrong", plans: func(*judge) map[string]plan {
			return map[string]plan{"response_mode=query": {set: map[string]string{"response_mode": "query"}},
				"no response_mode": {omit: []string{"response_mode"}}}
		}},
		{id: "prompt-login", plans: func(*judge) map[string]plan {
			return map[string]plan{"prompt=login": {set: map[string]string{"prompt": "login"}},
				"prompt=consent": {set: map[string]string{"prompt": "consent"}}, "no prompt": {omit: []string{"prompt"}}}
		}},
		{id: "repeated", plans: func(j *judge) map[string]plan {
			twice := func(name, value string) plan { return plan{change: func(q url.Values) { q.Add(name, value) }} }
			return map[string]plan{"redirect_uri comes twice": twice("redirect_uri", j.tool.origin+"/elsewhere"),
				"nonce comes twice": twice("nonce", "another"), "client_id comes twice": twice("client_id", "never-issued-5512")}
		}},
		{id: "signed-out", title: "Sends no token once nobody is signed in any more", post: true, plans: signedOut},
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
	u, l := j.target.Platform.Users[0], j.target.Platform.Links[0]
	if j.covered(u) {
		return true
	}
	control := (*seen)(nil)
	if j.person != nil {
		control = j.good(ctx, u, l)
	} else {
		control = j.begin(ctx, u, l, plan{})
	}
	if control.claims == nil {
		j.uncover(u)
		t.NotTested(j.halted(t, control, "the same, unbroken"), id)
		return false
	}
	j.cover(u)
	return true
}

// refuse tells of a launch that has to be refused: by GET, and by POST where that is asked
// for and a good request by POST is answered. It gives false where good launches come to
// nothing.
func (j *judge) refuse(ctx context.Context, t *harness.T, x trial, post bool) bool {
	if !j.refused(ctx, t, x) {
		return false
	}
	return !post || j.posted(ctx).token == "" || j.refused(ctx, t, x.byPost())
}

// refused does so once.
func (j *judge) refused(ctx context.Context, t *harness.T, x trial) bool {
	id := x.owner
	s := j.take(ctx, t, x)
	if s == nil {
		if !j.controlled(ctx, t, id) {
			return false
		}
		u := j.target.Platform.Users[0]
		j.count(u)
		s = j.begin(ctx, u, j.target.Platform.Links[0], x.p)
	}
	ids := s.keep(t, x.sent)
	if s.problem != nil {
		t.NotTested(j.halt(s).Seen(ids...), id)
		return true
	}
	if s.last(originOf(j.target.Platform.AuthURL)) == http.StatusTooManyRequests {
		t.NotTested(j.halt(s).Seen(ids...), id)
		return true
	}
	if x.p.change != nil && unchanged(s.launch) {
		t.NotApplicable(id, "the login carries no lti_message_hint, which is optional")
		return true
	}
	if i := wrongOf(x.p); i >= 0 {
		j.ahead.wrong[i] = s
	}
	f := harness.Finding{Sent: x.sent, Expected: "no token", Exchanges: ids}
	switch {
	case s.launch.strayed() || s.strayed(j.tool.redirectURI()):
		f.Expected, f.Seen = "an error page of the platform", "the browser was sent to an address that is not registered"
		t.Fail(id, f)
	case s.launch.tokens() > 0:
		f.Seen = "a token"
		t.Fail(id, f)
	case x.p.silent && s.came:
		f.Expected, f.Seen = "an error page of the platform", "an answer at the tool: "+s.what()
		t.Fail(id, f)
	case s.circles != "":
		f.Expected, f.Seen = "a refusal: an error, or a page that says what is wrong", "the page goes in circles, by "+s.circles+
			", and never says that anything is wrong"
		t.Fail(id, f)
	default:
		t.Examined(id, 1)
		j.broke(t, s, id, x.sent, ids)
	}
	return true
}

// unchanged tells whether there was no lti_message_hint to be changed.
func unchanged(l *launch) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked.Get("lti_message_hint") == "x" && !l.login.Has("lti_message_hint")
}

// signedOut forgets the session between the login and the authentication request.
func signedOut(j *judge) map[string]plan {
	return map[string]plan{"a request without a session": {
		hold:  true,
		fresh: true,
		then: func(ctx context.Context, p *browser.Page, l *launch) error {
			j.settled(ctx, p)
			if err := p.Forget(); err != nil {
				return err
			}
			j.stamp(p, l.plan.mark)
			return p.Go(j.tool.origin + "/ask")
		},
	}}
}

// hintReplay repeats an authentication request that was answered.
func hintReplay(ctx context.Context, t *harness.T) {
	j, s := launchOf(t)
	again := j.begin(ctx, s.user, s.link, plan{twice: true, refused: true})
	ids := again.keep(t, "the same request twice")
	id := Prefix + "refuse.hint-replay"
	if again.problem != nil {
		t.NotTested(j.halt(again).Seen(ids...), id)
		return
	}
	f := harness.Finding{
		Sent:      "the same authentication request twice",
		Expected:  "one token: a hint is good once",
		Seen:      "two tokens",
		Exchanges: ids,
	}
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
