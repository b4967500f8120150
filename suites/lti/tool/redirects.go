package tool

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// redirections are the checks of where browsers are sent, and what they carry there.
func redirections() []harness.Check {
	return []harness.Check{
		{ID: "tool.open-redirect", Title: "Sends nobody to a target on a stranger's site", Needs: opening(), Body: openRedirect, Requirements: ids("refuse.open-redirect")},
		{ID: "tool.target", Title: "Opens the target of the launch, with its query", Needs: opening(target()), Body: targetOpens, Requirements: ids("launch.target")},
		{ID: "tool.token-in-address", Title: "Keeps the token out of addresses", Needs: opening(), Body: tokenInAddress, Requirements: ids("response.token-in-address")},
		{ID: "tool.messages", Title: "Tells the platform alone what its storage is to keep", Needs: []harness.Need{plainOpens()}, Body: messages, Requirements: ids("browser.message-origin")},
		{ID: "tool.forged-answers", Title: "Takes what the storage kept from the platform alone", Needs: opening(), Body: forgedAnswers, Requirements: ids("browser.answer-origin")},
		{ID: "tool.storage-alone", Title: "Opens by what the platform's storage kept, where the browser keeps no cookie", Needs: opening(), Body: storageAlone, Requirements: ids("browser.storage-alone")},
	}
}

// strangersHost is a site that no tool owns.
const strangersHost = "stranger.example"

// strangers gives targets on that site: plainly, and such that begin as the tool's own
// do.
func strangers(target string) []string {
	out := []string{"https://" + strangersHost + "/landing"}
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		out = append(out, u.Scheme+"://"+u.Host+"@"+strangersHost+"/", u.Scheme+"://"+u.Hostname()+"."+strangersHost+"/")
	}
	return out
}

// strange tells whether an address leads to the stranger's site.
func strange(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Hostname() == strangersHost || strings.HasSuffix(u.Hostname(), "."+strangersHost))
}

// openRedirect names a stranger's site as the target: a tool may refuse, or open a
// page of its own, but not send people there. The target of the login is signed by
// nobody.
func openRedirect(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	if j.control(ctx, t) == nil {
		return
	}
	id := Prefix + "refuse.open-redirect"
	for i, target := range strangers(j.platform.target) {
		for _, both := range []bool{true, false} {
			if i > 0 && !both {
				continue // one says enough of the login alone
			}
			l := Launch{ID: "redirect", User: "learner", Early: true, Login: Login{Set: map[string]string{"target_link_uri": target}}}
			sent := "target_link_uri=" + target + " in the login"
			if both {
				l.Claims = map[string]any{"target_link_uri": target}
				sent += " and in the token"
			}
			s := j.launch(ctx, l)
			exchanges := s.keep(t, sent)
			if s.problem != nil {
				t.NotTested(j.failing(s.problem))
				continue
			}
			f := harness.Finding{Sent: sent, Expected: "a refusal, or a page of the tool", Exchanges: exchanges}
			at := slices.IndexFunc(s.log, func(x browser.Exchange) bool { return strange(x.URL) || strange(x.Response.Get("Location")) })
			if at >= 0 {
				f.Seen, f.Where = "the browser was sent to "+strangersHost, t.Where(s.log[at].URL)
			}
			t.Assert(id, at < 0, f)
		}
	}
}

// targetOpens names a target with a query. What a tool shows can't be told from outside;
// but where it goes to the address of the target, the query has to go along.
func targetOpens(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	id, target := Prefix+"launch.target", j.platform.target
	if u, err := url.Parse(target); err == nil && u.RawQuery == "" {
		target = side.Joined(target, url.Values{"rollcall_chapter": {"9"}})
	}
	l := Launch{ID: "target", Title: "a target with a query", User: "learner", Expect: "open",
		Login: Login{Set: map[string]string{"target_link_uri": target}}, Claims: map[string]any{"target_link_uri": target}}
	s := j.steady(ctx, l)
	exchanges := s.keep(t, l.Title)
	if j.decide(s, nil) != opened {
		if !j.unopened(ctx, t, j.steady(ctx, Launch{ID: "target.control", User: "learner", Expect: "open"})) {
			t.NotTested(harness.NoData("a launch to a target with a query that is made up was not opened: "+s.what(),
				"Give a lti.tool.target_link_uri that has a query.").Seen(exchanges...), id)
		}
		return
	}
	s.attempt.mu.Lock()
	redirect := s.attempt.redirect
	s.attempt.mu.Unlock()
	if sameAddress(redirect, target) {
		t.NotApplicable(id, "the tool takes answers at the address of the target, and nothing tells which of its pages opens")
		return
	}
	wanted, seen := query(target), ""
	for _, x := range s.log {
		if x.Started.Before(s.times().answered) || !x.Document || x.Method != http.MethodGet || !sameAddress(x.URL, target) {
			continue
		}
		if got := query(x.URL); holds(got, wanted) {
			t.Examined(id, 1)
			return
		}
		seen = x.URL
	}
	if seen == "" {
		t.NotApplicable(id, "the tool shows what opens without going to the address of the target")
		return
	}
	t.Fail(id, harness.Finding{
		Sent:      "target_link_uri=" + target + " in the login and in the token",
		Expected:  "the browser goes there with " + wanted.Encode(),
		Seen:      "it went there without",
		Where:     t.Where(seen),
		Exchanges: exchanges,
	})
}

// query gives the parameters of an address.
func query(address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return u.Query()
}

// holds tells whether all parameters are among others.
func holds(got, wanted url.Values) bool {
	for name, values := range wanted {
		if !slices.Equal(got[name], values) {
			return false
		}
	}
	return true
}

// tokenInAddress looks for the token in addresses, with their fragments, and in
// Referer headers.
func tokenInAddress(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	id := Prefix + "response.token-in-address"
	s := j.launch(ctx, Launch{ID: "address", User: "learner", Expect: "open"})
	if j.unopened(ctx, t, s) {
		return
	}
	exchanges := s.keep(t, "a good launch")
	found := func(where, address string) {
		t.Assert(id, where == "", harness.Finding{
			Sent:      "a good launch",
			Expected:  "the token in the form post alone",
			Seen:      "it is in " + where,
			Where:     t.Where(strings.Split(address, "#")[0]),
			Exchanges: exchanges,
		})
	}
	for _, x := range s.log {
		where := ""
		switch token := s.attempt.token; {
		case strings.Contains(x.URL, token):
			where = "the address of a request"
		case strings.Contains(x.Request.Get("Referer"), token):
			where = "a Referer header"
		case strings.Contains(x.Response.Get("Location"), token):
			where = "a Location header"
		}
		found(where, x.URL)
	}
	if strings.Contains(s.page.URL, s.attempt.token) {
		found("the address of the page", s.page.URL)
	}
}
