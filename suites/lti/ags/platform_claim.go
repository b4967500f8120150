package ags

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// claims looks at what launches say of the service, by every user from the first link.
func claims(ctx context.Context, t *harness.T) {
	p := lti.Of(t.Session().Target).Platform
	for _, user := range p.Users {
		l, o, ok := platform.As(ctx, t, user, p.Links[0])
		if !ok {
			t.NotTested(o)
			continue
		}
		e := endpointOf(l)
		if !t.Assert(reqClaim, e.there, harness.Finding{Sent: l.User.Name + " opens " + l.Link.Name, Expected: "the claim " + claimName,
			Seen: "none, or no object", Where: claimName, Exchanges: l.Exchanges}) {
			continue
		}
		claimForm(t, l, e)
		if reads := slices.Contains(e.scopes, scopeItems) || slices.Contains(e.scopes, scopeReading); reads {
			t.Assert(PlatformPrefix+"claim.lineitems", e.items != "", harness.Finding{Sent: l.User.Name + " opens " + l.Link.Name,
				Expected: "lineitems, for line items may be read", Seen: "none", Where: "/lineitems", Exchanges: l.Exchanges})
		}
	}
	t.NotApplicable(PlatformPrefix+"claim.lineitems", "no launch offers a scope by which line items are read")
	if !t.Looked(reqForm) {
		t.NotTested(harness.BlockedBy(reqClaim, "no launch tells of the service"), reqForm)
	}
	e := endpointOf(platform.First(t))
	if !t.Met(PlatformPrefix + "claim.scopes") {
		return
	}
	for _, scope := range e.scopes {
		if strings.Contains(scope, "/spec/lti-ags/") || slices.Contains(allScopes, scope) {
			claimedScope(ctx, t, scope)
		}
	}
	if !t.Looked(PlatformPrefix + "claim.scopes") {
		t.NotTested(harness.BlockedBy(reqForm, "the launch names no scopes of the service").Seen(platform.First(t).Exchanges...),
			PlatformPrefix+"claim.scopes")
	}
}

// claimForm holds the claim to its schema.
func claimForm(t *harness.T, l platform.Launch, e endpoint) {
	text, err := json.Marshal(e.raw)
	if err != nil {
		return // it came as JSON
	}
	findings, err := schemas.MustLoad("lti/ags/2.0/claim").Validate(text)
	fine := err == nil
	for _, f := range findings {
		if f.Severity != schemas.Error || f.Pointer == "/lineitem" && f.Seen == "null" {
			continue
		}
		fine = false
		t.Fail(reqForm, harness.Finding{Sent: l.User.Name + " opens " + l.Link.Name, Expected: f.Expected, Seen: f.Message, Where: f.Pointer,
			Exchanges: l.Exchanges})
	}
	if fine {
		t.Examined(reqForm, 1)
	}
}

// claimedScope asks for a token with a scope that the claim offers.
func claimedScope(ctx context.Context, t *harness.T, scope string) {
	const id = PlatformPrefix + "claim.scopes"
	known := slices.Contains(allScopes, scope)
	if !t.Assert(id, known, harness.Finding{Expected: "scopes of the standard", Seen: scope, Where: "/scope",
		Exchanges: platform.First(t).Exchanges}) {
		return
	}
	token, r := platform.AccessToken(ctx, t, scope)
	if o := platform.Ungranted(id, "no token is issued for "+short(scope)+", which the launch offers", r); token == "" && o.Owner() != id {
		t.NotTested(o, id)
		return
	}
	got := grantedOf(r)
	t.Assert(id, token != "" && (got == nil || slices.Contains(got, scope)), harness.Finding{
		Sent:      "a token request for " + scope + ", which the launch offers",
		Expected:  "an access token of this scope",
		Seen:      platform.Refused(r) + scopesOf(got),
		Where:     "/scope",
		Responses: []*harness.Response{r},
	})
}

func scopesOf(got []string) string {
	if got == nil {
		return ""
	}
	return ", scope " + strings.Join(got, " ")
}

// grantedOf gives the scopes that a token response names; nil: it names none.
func grantedOf(r *harness.Response) []string {
	if scope, is := objectOf(r)["scope"].(string); is {
		return append([]string{}, strings.Fields(scope)...)
	}
	return nil
}

// claimedItem makes line items of the link, and looks at what its launches say then.
func claimedItem(ctx context.Context, d *desk) {
	link, _ := d.launch.Claims["https://purl.imsglobal.org/spec/lti/claim/resource_link"].(map[string]any)
	id := textOf(link, "id")
	if id == "" {
		d.NotTested(harness.BlockedBy("lti13.platform.message.resource-link", "the launch names no link").Seen(d.launch.Exchanges...))
		return
	}
	kinds := []string{"no line item", "one line item", "several line items"}
	for n := range 3 {
		if n > 0 {
			made, ok := d.make(ctx, map[string]any{"resourceLinkId": id})
			if !ok || !d.attached(made) { // what belongs to no link is told in no launch
				return
			}
		}
		all, problem := d.walk(ctx, d.at.items)
		if problem != "" {
			d.NotTested(harness.BlockedBy(all.owner, problem, all.last()...))
			return
		}
		// What isn't filtered doesn't belong to the link.
		own := slices.DeleteFunc(all.objects, func(m map[string]any) bool { return textOf(m, "resourceLinkId") != id })
		l, o, ok := platform.Anew(ctx, d.T, d.launch.User, d.launch.Link)
		if !ok {
			d.NotTested(o)
			return
		}
		e := endpointOf(l)
		want, expected := "", "no lineitem, or a blank one"
		if len(own) == 1 {
			want = textOf(own[0], "id")
			expected = "lineitem " + want
		}
		d.Assert(PlatformPrefix+"claim.single", e.item == want, harness.Finding{
			Sent:      "a launch of a link with " + kinds[min(len(own), 2)],
			Expected:  expected,
			Seen:      "lineitem " + e.item,
			Where:     "/lineitem",
			Responses: all.last(),
			Exchanges: l.Exchanges,
		})
	}
}

// by asks with one token or another.
type by func(harness.Request) *harness.Response

// operation is one thing that can be done, of the right kind in all but its token.
type operation struct {
	name  string
	opens []string // scopes, any of which will do
	owner string
	do    func(ctx context.Context, d *desk, by by) *harness.Response
}

// operations lists those of the service. Each leaves a line item as it was, and what it makes
// is noted.
func operations(item, user string) []operation {
	request := func(method, address, kind string, v any) harness.Request {
		r := harness.Request{Method: method, URL: address, Header: http.Header{"Accept": {kind}}}
		if v != nil {
			text, err := json.Marshal(v)
			if err != nil {
				panic(err) // it is ours
			}
			r.Body = text
			r.Header.Set("Content-Type", kind)
		}
		return r
	}
	reads, writes := []string{scopeItems, scopeReading}, []string{scopeItems}
	return []operation{
		{"lists line items", reads, reqList, func(_ context.Context, d *desk, by by) *harness.Response {
			return by(request(http.MethodGet, d.at.items, typeItems, nil))
		}},
		{"reads a line item", reads, reqRead, func(_ context.Context, _ *desk, by by) *harness.Response {
			return by(request(http.MethodGet, item, typeItem, nil))
		}},
		{"makes a line item", writes, reqCreate, func(_ context.Context, d *desk, by by) *harness.Response {
			r := by(request(http.MethodPost, d.at.items, typeItem, d.item(nil)))
			d.note(r)
			return r
		}},
		{"replaces a line item", writes, reqPut, func(_ context.Context, d *desk, by by) *harness.Response {
			return by(request(http.MethodPut, item, typeItem, d.item(map[string]any{"id": item})))
		}},
		{"deletes a line item", writes, PlatformPrefix + "delete.answers",
			func(ctx context.Context, d *desk, by by) *harness.Response {
				one, r := d.post(ctx, d.item(nil))
				if one == "" {
					return r
				}
				return by(request(http.MethodDelete, one, typeItem, nil))
			}},
		{"posts a score", []string{scopeScores}, reqScore, func(_ context.Context, d *desk, by by) *harness.Response {
			return by(request(http.MethodPost, below(item, "scores"), typeScore, d.score(user, nil)))
		}},
		{"reads results", []string{scopeResults}, reqResults, func(_ context.Context, _ *desk, by by) *harness.Response {
			return by(request(http.MethodGet, below(item, "results"), typeResults, nil))
		}},
	}
}

// denials say which requirement speaks of what a scope must not open.
func denials(scope string, o operation) string {
	switch {
	case scope == scopeReading && (o.owner == reqCreate || o.owner == reqPut || o.owner == PlatformPrefix+"delete.answers"):
		return "access.read-only"
	case o.owner == reqResults:
		return "access.results"
	case o.owner == reqScore:
		return "access.scores"
	}
	return "access.items"
}

// access tries each operation with each scope alone, with tokens of others, and with none.
func access(ctx context.Context, d *desk) {
	item, user, ok := d.sheet(ctx, nil)
	if !ok {
		return
	}
	if _, ok = d.make(ctx, nil); !ok { // what is deleted here has to be another one
		return
	}
	own := lti.Of(d.Session().Target).Platform.Scopes
	over, why, expired := platform.Expired(ctx, d.T, func(token string) bool {
		return taken(platform.Do(ctx, d.T, token, harness.Request{URL: d.at.items, Header: http.Header{"Accept": {typeItems}}}))
	})
	if !expired {
		d.NotTested(why, PlatformPrefix+"access.expired")
	}
	for _, o := range operations(item, user) {
		works := false
		for _, scope := range intersect(o.opens, own) {
			r := o.do(ctx, d, func(r harness.Request) *harness.Response { return d.ask(ctx, scope, r) })
			works = works || taken(r)
			if slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, r.Status) {
				d.Fail(PlatformPrefix+"access.allowed", harness.Finding{Sent: "whoever has a token of the scope " + short(scope) + " " + o.name,
					Expected: "it is done", Seen: r.Summary(), Responses: []*harness.Response{r}})
				continue
			}
			if !taken(r) {
				d.NotTested(harness.BlockedBy(o.owner, "whoever has the right token "+o.name+": "+r.Summary(), r))
				continue
			}
			d.Examined(PlatformPrefix+"access.allowed", 1)
		}
		if !works { // a refusal proves nothing
			continue
		}
		for _, scope := range intersect(allScopes, own) {
			if !slices.Contains(o.opens, scope) {
				d.denied(ctx, o, denials(scope, o), scope)
			}
		}
		if scope := otherScope(lti.Of(d.Session().Target)); d.Met(PlatformPrefix+"access.other-service") && scope != "" {
			d.denied(ctx, o, "access.other-service", scope)
		}
		d.shut(ctx, o, "access.none", "no token", "")
		d.shut(ctx, o, "access.unknown", "a token that was never issued", "rollcall-"+d.mark)
		if expired {
			d.shut(ctx, o, "access.expired", "a token whose time is over", over)
		}
		if d.Met(PlatformPrefix + "access.other-client") {
			d.strange(ctx, o, item)
		}
	}
}

// denied has an operation tried with a token that doesn't open it.
func (d *desk) denied(ctx context.Context, o operation, id, scope string) {
	id = PlatformPrefix + id
	token, r := platform.AccessToken(ctx, d.T, scope)
	if token == "" {
		d.NotTested(harness.Unconfigured("no token is issued for "+short(scope)+" alone: "+platform.Refused(r),
			"Have the platform grant "+scope+" to Rollcall, or take it out of lti.platform.scopes."), id)
		return
	}
	if got := grantedOf(r); slices.ContainsFunc(got, func(s string) bool { return slices.Contains(o.opens, s) }) {
		d.NotTested(harness.Unconfigured("tokens have more scopes than are asked for: "+strings.Join(got, " "),
			"Register Rollcall so that a token has the scopes that it asks for, or judge the scopes by hand."), id)
		return
	}
	d.closed(id, "whoever has a token of the scope "+short(scope)+" "+o.name, http.StatusForbidden,
		o.do(ctx, d, func(r harness.Request) *harness.Response { return platform.Do(ctx, d.T, token, r) }))
}

// shut has an operation tried with no good token at all.
func (d *desk) shut(ctx context.Context, o operation, id, with, token string) {
	r := o.do(ctx, d, func(r harness.Request) *harness.Response { return platform.Do(ctx, d.T, token, r) })
	d.closed(PlatformPrefix+id, "whoever has "+with+" "+o.name, http.StatusUnauthorized, r)
	if r.Status == http.StatusUnauthorized {
		scheme := strings.ToLower(r.Header.Get("WWW-Authenticate"))
		d.Assert(PlatformPrefix+"access.challenge", strings.HasPrefix(scheme, "bearer"), harness.Finding{
			Sent: "a request with " + with, Expected: "WWW-Authenticate: Bearer", Seen: "WWW-Authenticate: " + r.Header.Get("WWW-Authenticate"),
			Where: "WWW-Authenticate", Responses: []*harness.Response{r}})
		return
	}
	if owner := PlatformPrefix + "access.status"; !d.Looked(PlatformPrefix + "access.challenge") {
		if taken(r) {
			owner = PlatformPrefix + id
		}
		d.NotTested(harness.BlockedBy(owner, "nobody is refused by 401", r), PlatformPrefix+"access.challenge")
	}
}

// strange has an operation on a line item of ours tried with a token of another registration.
func (d *desk) strange(ctx context.Context, o operation, item string) {
	const id = PlatformPrefix + "access.other-client"
	token, r := d.others(ctx)
	if token == "" {
		d.NotTested(harness.Unconfigured("the second registration gets no token: "+platform.Refused(r),
			"Grant the scopes of the service to lti.other_client_id too."), id)
		return
	}
	if o.owner == reqCreate { // it may make some of its own
		return
	}
	r = o.do(ctx, d, func(r harness.Request) *harness.Response { return platform.Do(ctx, d.T, token, r) })
	sent := "another tool " + o.name + " that is not its own"
	if o.owner == reqList {
		list, _ := listOf(r)
		seen := slices.ContainsFunc(list, func(m map[string]any) bool { return textOf(m, "id") == item })
		d.Assert(id, !seen, harness.Finding{
			Sent:      "another tool lists line items",
			Expected:  "those alone that are its own",
			Seen:      "one of Rollcall's",
			Responses: []*harness.Response{r},
		})
		return
	}
	switch {
	case r.Status >= 500:
		d.NotTested(harness.BlockedBy(reqBroke, sent+": "+r.Summary(), r), id)
	default:
		d.Assert(id, r.Status >= 400, harness.Finding{Sent: sent, Expected: "a refusal, such as 404 Not Found", Seen: r.Summary(),
			Responses: []*harness.Response{r}})
	}
}

// others gets a token of the second registration, once a run.
func (d *desk) others(ctx context.Context) (token string, r *harness.Response) {
	kept := platform.Shared(d.T, func() *another { return &another{} })
	if kept.token == "" {
		kept.token, kept.answer = platform.OtherAccessToken(ctx, d.T, allScopes...)
	}
	return kept.token, kept.answer
}

// another is the token of the second registration. The checks of the suite come one after the
// other.
type another struct {
	token  string
	answer *harness.Response
}

// closed holds an answer to being a refusal of access.
func (d *desk) closed(id, sent string, status int, r *harness.Response) {
	d.note(r)
	f := harness.Finding{Sent: sent, Expected: codes([]int{status}), Seen: r.Summary(), Responses: []*harness.Response{r}}
	switch {
	case r.Status >= 500:
		d.NotTested(harness.BlockedBy(reqBroke, sent+": "+r.Summary(), r), id)
	case r.Status >= 400:
		d.Examined(id, 1)
		// 401 is what many answer to a lack of scope too.
		fine := r.Status == status || status == http.StatusForbidden && r.Status == http.StatusUnauthorized
		d.Assert(PlatformPrefix+"access.status", fine, f)
	default:
		d.Fail(id, f)
	}
}
