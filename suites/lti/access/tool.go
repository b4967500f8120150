package access

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// Prefix begins the ids of the requirements on access tokens.
const Prefix = "sec10.tool.token."

// ReqScope is the requirement that governs requests that come with a token for something else.
const ReqScope = Prefix + "by-scope"

// ReqHeader is the one that governs requests that come without any token that was given, and
// reqRenewed the one that governs those that come with one that is good no more.
const (
	ReqHeader  = Prefix + "header"
	reqRenewed = Prefix + "renewed"
)

// Unauthorized is why a request of a service was answered with 401.
func Unauthorized(c tool.Call) harness.Obstacle {
	if _, issued := tool.Issued(c.Header); issued {
		return harness.BlockedBy(reqRenewed, "the request has a token that is good no more, and no new one was asked for").Seen(c.Exchange)
	}
	return harness.BlockedBy(ReqHeader, "the request has no token that was given").Seen(c.Exchange)
}

// Provoke has a tool call a service.
type Provoke struct {
	Service string                      // as findings say it
	Key     string                      // of the steps in the target file
	Offered func(t *harness.T) []string // the scopes that its launches offer
	// Plain does it as it always is; what came of it is kept for the run.
	Plain func(ctx context.Context, t *harness.T) (tool.Acted, harness.Obstacle, bool)
	// Again does it once more, with other answers at the token endpoint.
	Again func(ctx context.Context, t *harness.T, token func(w http.ResponseWriter, r *http.Request) bool) (
		tool.Acted, harness.Obstacle, bool)
}

// ToolPart is what the suite for tools has of access tokens.
func ToolPart(by ...Provoke) tool.Part {
	p := provokes(by)
	needs := []harness.Need{tool.Opens(), p.calling()}
	return tool.Part{Prefix: Prefix, Checks: []harness.Check{
		{ID: "access.request", Title: "Asks for an access token in the form of the standard", Needs: needs, Body: p.request,
			Requirements: []string{"form", "issuer", "audience", "audience-single", "times", "short-lived", "jti", "alg"}},
		{ID: "access.signature", Title: "Signs the assertion by a key that the tool publishes", Needs: append(slices.Clone(needs), published()),
			Body: p.signature, Requirements: []string{"signature"}},
		{ID: "access.header", Title: "Sends the token in the header of each request", Needs: needs, Body: p.header, Requirements: []string{"header"}},
		{ID: "access.cached", Title: "Asks for one token for several requests", Needs: needs, Body: p.cached, Requirements: []string{"cached"}},
		{ID: "access.renewed", Title: "Gets a new token where the old one isn't taken", Needs: needs, Body: p.renewed,
			Requirements: []string{"renewed", "jti-fresh", "scopes-offered"}},
		{ID: "access.created", Title: "Takes a token that comes with status 201", Needs: needs, Body: p.given(tool.Grant{Status: http.StatusCreated}, "created"),
			Requirements: []string{"created"}},
		{ID: "access.bearer-case", Title: "Takes a token of type bearer in small letters", Needs: needs,
			Body: p.given(tool.Grant{Type: "bearer"}, "bearer-case"), Requirements: []string{"bearer-case"}},
		{ID: "access.ended", Title: "Uses no token beyond its end", Needs: needs, Body: p.ended, Requirements: []string{"ended"}},
		{ID: "access.by-scope", Title: "Uses each token for what it was granted", Needs: needs, Body: p.byScope, Requirements: []string{"by-scope"}},
	}}
}

type provokes []Provoke

// calling needs a tool that calls a service.
func (p provokes) calling() harness.Need {
	return harness.Need{Text: "steps by which the tool calls a service, or one that does so by itself",
		Unmet: func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
			_, o, ok := p.first(ctx, t)
			return o, !ok && len(tool.Asked(t)) == 0
		}}
}

// Refused is why a tool calls no service: its requests of a token are not in the form of the
// standard, and were refused.
func Refused(a tool.Acted) (o harness.Obstacle, is bool) {
	for _, c := range a.Calls {
		if c.Token && c.Status >= http.StatusBadRequest {
			return harness.BlockedBy(Prefix+"form", "the request of an access token is not in the form of the standard, and was refused").Seen(c.Exchange), true
		}
	}
	return o, false
}

// first gives the first service that the tool calls, and how.
func (p provokes) first(ctx context.Context, t *harness.T) (by Provoke, o harness.Obstacle, ok bool) {
	var why harness.Obstacle
	for i, x := range p {
		_, o, called := x.Plain(ctx, t)
		if called {
			return x, o, true
		}
		if i == 0 || why.Owner() == "" && o.Owner() != "" {
			why = o
		}
	}
	return by, why, false
}

// why says why no service is called.
func (p provokes) why(ctx context.Context, t *harness.T) harness.Obstacle {
	_, o, _ := p.first(ctx, t)
	return o
}

// all gives what came of each service that the tool calls.
func (p provokes) all(ctx context.Context, t *harness.T) (acted []tool.Acted, by []Provoke) {
	for _, x := range p {
		if a, _, ok := x.Plain(ctx, t); ok {
			acted, by = append(acted, a), append(by, x)
		}
	}
	return acted, by
}

// calls are those of services, and requests those of tokens.
func calls(a tool.Acted) (services, tokens []tool.Call) {
	for _, c := range a.Calls {
		if c.Token {
			tokens = append(tokens, c)
		} else {
			services = append(services, c)
		}
	}
	return services, tokens
}

// header looks how tokens are sent.
func (p provokes) header(ctx context.Context, t *harness.T) {
	acted, by := p.all(ctx, t)
	if len(acted) == 0 {
		t.NotTested(p.why(ctx, t))
		return
	}
	for i, a := range acted {
		services, _ := calls(a)
		for _, c := range services {
			f := harness.Finding{Sent: by[i].Service, Expected: "Authorization: Bearer and a token that was given", Where: "header Authorization",
				Exchanges: []string{c.Exchange}}
			_, issued := tool.Issued(c.Header)
			switch {
			case strings.Contains(c.Query, "access_token="):
				f.Seen = "the token is in the address, which ends in logs"
			case c.Header.Get("Authorization") == "":
				f.Seen = "no such header"
			case !issued:
				f.Seen = "something else: " + scheme(c.Header)
			}
			t.Assert(ReqHeader, f.Seen == "", f)
		}
	}
}

// scheme names the scheme of a header without what may be secret.
func scheme(h http.Header) string {
	s, _, _ := strings.Cut(h.Get("Authorization"), " ")
	return fmt.Sprintf("the scheme %q", s)
}

// cached looks whether a tool asks for a token for each request.
func (p provokes) cached(ctx context.Context, t *harness.T) {
	acted, by := p.all(ctx, t)
	if len(acted) == 0 {
		if n, ids := granted(tool.Asked(t)); n > 1 {
			t.Fail(Prefix+"cached", harness.Finding{Sent: "an access token as the standard has it",
				Expected: "a service is called with it", Where: "the token endpoint", Exchanges: ids,
				Seen: fmt.Sprintf("%d tokens were asked for with the same scopes and given, and no service was called", n)})
			return
		}
		t.NotTested(p.why(ctx, t))
		return
	}
	several := false
	for i, a := range acted {
		services, tokens := calls(a)
		if len(services) < 2 {
			continue
		}
		several = true
		asked := map[string]int{}
		var ids []string
		for _, c := range tokens {
			asked[sorted(scopesOf(c))]++
			ids = append(ids, c.Exchange)
		}
		most := 0
		for _, n := range asked {
			most = max(most, n)
		}
		t.Assert(Prefix+"cached", most < 2, harness.Finding{Sent: fmt.Sprintf("%s: %d requests", by[i].Service, len(services)),
			Expected: "one token for each set of scopes, used as long as it is good (an hour)",
			Seen:     fmt.Sprintf("%d requests of a token for the same scopes", most), Where: "the token endpoint", Exchanges: ids})
	}
	if !several {
		t.NotTested(harness.NoData("the tool makes one request of each service only", "Let the steps lead to several requests, such as several scores."))
	}
}

// granted counts the tokens that were given for the same scopes, and the requests of them.
func granted(asked []tool.Call) (most int, ids []string) {
	by := map[string]int{}
	for _, c := range asked {
		if c.Status == http.StatusOK || c.Status == http.StatusCreated {
			by[sorted(scopesOf(c))]++
			ids = append(ids, c.Exchange)
		}
	}
	for _, n := range by {
		most = max(most, n)
	}
	return most, ids
}

// renewed has no token be good any more, and looks what the tool makes of it.
func (p provokes) renewed(ctx context.Context, t *harness.T) {
	by, o, ok := p.first(ctx, t)
	if !ok {
		t.NotTested(o)
		return
	}
	a, o, ok := p.revoked(ctx, t, by, nil)
	if !ok {
		t.NotTested(o)
		return
	}
	services, tokens := calls(a)
	id := reqRenewed
	f := harness.Finding{Sent: by.Service + "; its tokens are no longer good, and are answered with 401",
		Expected: "a new token is asked for, and the request made again", Where: "the token endpoint", Exchanges: a.Exchanges}
	f.Seen = "no request of a token, or none by which the service was called then"
	t.Assert(id, p.came(a), f)
	const most = 5
	if len(tokens) > most {
		f.Expected, f.Seen = fmt.Sprintf("%d requests of a token at most", most),
			fmt.Sprintf("%d, and %d of the service", len(tokens), len(services))
		t.Fail(id, f)
	}
	p.fresh(t)
	p.offered(t, by, tokens)
	for _, x := range p { // what came of the others is kept
		if plain, _, ok := x.Plain(ctx, t); ok {
			_, tokens := calls(plain)
			p.offered(t, x, tokens)
		}
	}
	if !t.Looked(Prefix + "scopes-offered") {
		t.NotTested(harness.BlockedBy(id, "no token was asked for").Seen(a.Exchanges...), Prefix+"scopes-offered")
	}
}

// offered looks whether requests of tokens keep to what a launch offers.
func (provokes) offered(t *harness.T, by Provoke, tokens []tool.Call) {
	scopes := by.Offered(t)
	for _, c := range tokens {
		beyond := slices.DeleteFunc(scopesOf(c), func(s string) bool { return slices.Contains(scopes, s) })
		t.Assert(Prefix+"scopes-offered", len(beyond) == 0, harness.Finding{Sent: "a launch that offers " + strings.Join(scopes, " "),
			Expected: "no scope beyond", Seen: strings.Join(beyond, " "), Where: "scope", Exchanges: []string{c.Exchange}})
	}
}

// came tells whether a service was called by a token that is good now.
func (provokes) came(a tool.Acted) bool {
	services, _ := calls(a)
	return slices.ContainsFunc(services, func(c tool.Call) bool {
		_, issued := tool.Issued(c.Header)
		return issued && c.Status != http.StatusUnauthorized
	})
}

// revoked has a service called when no token is good any more.
func (p provokes) revoked(ctx context.Context, t *harness.T, by Provoke, token func(w http.ResponseWriter, r *http.Request) bool) (
	tool.Acted, harness.Obstacle, bool) {
	defer tool.Revoke(t)()
	a, o, ok := by.Again(ctx, t, token)
	services, _ := calls(a)
	bare := !slices.ContainsFunc(services, func(c tool.Call) bool { return c.Header.Get("Authorization") != "" })
	switch {
	case !ok:
	case len(services) == 0:
		if o, is := Refused(a); is {
			return a, o, false
		}
		return a, a.Missing("request of "+by.Service, by.Key), false
	case bare:
		return a, harness.BlockedBy(ReqHeader, "no request has the header Authorization").Seen(a.Exchanges...), false
	}
	return a, o, ok
}

// given has the token endpoint answer in another way, and looks whether the tool takes it.
func (p provokes) given(g tool.Grant, requirement string) func(context.Context, *harness.T) {
	return func(ctx context.Context, t *harness.T) {
		by, o, ok := p.first(ctx, t)
		if !ok {
			t.NotTested(o)
			return
		}
		a, o, ok := p.revoked(ctx, t, by, func(w http.ResponseWriter, r *http.Request) bool { tool.Give(t, w, r, g); return true })
		if !ok {
			t.NotTested(o)
			return
		}
		if _, tokens := calls(a); len(tokens) == 0 {
			t.NotTested(harness.BlockedBy(reqRenewed, "no token was asked for when the old one was answered with 401").Seen(a.Exchanges...))
			return
		}
		answer := "an access token, "
		if g.Status != 0 {
			answer += fmt.Sprintf("with status %d", g.Status)
		} else {
			answer += "with token_type " + g.Type
		}
		t.Assert(Prefix+requirement, p.came(a), harness.Finding{Sent: answer, Expected: "it is used to call the service",
			Seen: "no request came with it", Where: "header Authorization", Exchanges: a.Exchanges})
	}
}

// shortLife is how long the token lasts by which it is seen whether a tool minds its end.
const shortLife = 2 * time.Second

// ended gives a token that is over soon, and has the tool call once more when it is.
func (p provokes) ended(ctx context.Context, t *harness.T) {
	by, o, ok := p.first(ctx, t)
	if !ok {
		t.NotTested(o)
		return
	}
	a, o, ok := p.revoked(ctx, t, by, func(w http.ResponseWriter, r *http.Request) bool {
		tool.Give(t, w, r, tool.Grant{Life: shortLife})
		return true
	})
	if !ok {
		t.NotTested(o)
		return
	}
	if !p.came(a) {
		t.NotTested(harness.BlockedBy(reqRenewed, "the service was not called by a new token").Seen(a.Exchanges...))
		return
	}
	select {
	case <-ctx.Done():
		return
	case <-time.After(shortLife):
	}
	a, o, ok = by.Again(ctx, t, nil)
	if !ok {
		t.NotTested(o)
		return
	}
	services, _ := calls(a)
	if len(services) == 0 {
		t.NotTested(a.Missing("request of "+by.Service, by.Key))
		return
	}
	over := 0
	for _, c := range services {
		if end, issued := tool.Issued(c.Header); issued && c.At.After(end) {
			over++
		}
	}
	t.Assert(Prefix+"ended", over == 0, harness.Finding{
		Sent:     fmt.Sprintf("a token with expires_in %.0f, and %s when that is over", shortLife.Seconds(), by.Service),
		Expected: "a new token", Seen: fmt.Sprintf("%d requests with the one that is over, of %d", over, len(services)),
		Where: "header Authorization", Exchanges: a.Exchanges})
}

// byScope looks whether a token is used for what another service asks.
func (p provokes) byScope(ctx context.Context, t *harness.T) {
	acted, by := p.all(ctx, t)
	if len(acted) < 2 && len(p) > 1 {
		_, o, _ := p[0].Plain(ctx, t)
		if len(by) > 0 && by[0].Key == p[0].Key {
			_, o, _ = p[1].Plain(ctx, t)
		}
		t.NotTested(o)
		return
	}
	for i, a := range acted {
		services, _ := calls(a)
		for _, c := range services {
			t.Assert(ReqScope, c.Status != http.StatusForbidden, harness.Finding{Sent: by[i].Service, Expected: "a token that was granted for it",
				Seen: "one for something else", Where: "header Authorization", Exchanges: []string{c.Exchange}})
		}
	}
}

func sorted(list []string) string {
	slices.Sort(list)
	return strings.Join(list, " ")
}
