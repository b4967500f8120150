package rest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

const tokenAt = "token."

// tokenChecks judge the OAuth 2 client-credentials token endpoint.
func tokenChecks() []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = tokenAt + requirements[i]
		}
		return Check{ID: "token." + name, Title: title, Requirements: requirements, Labels: []string{"security", "token"},
			Needs: append([]Need{tokenEndpoint()}, needs...), Body: body}
	}
	return []Check{
		c("grant", "The token endpoint grants a token, and says what the standard asks", nil, tokenGrant, "issue", "json", "access-token",
			"token-type", "expires-in", "expires-in-number", "no-store", "no-refresh-token", "scope", "official-scopes"),
		c("authentication", "The client authenticates by HTTP Basic, and may by form",
			[]Need{formPosted(), someGrant("basic", "form", "basic-raw")}, tokenAuthentication, "basic-auth", "basic-encoded", "form-auth"),
		c("refusals", "What deserves no token gets none, and an error by name", nil, tokenRefusals, "wrong-secret", "invalid-client",
			"unsupported-grant", "unknown-scope", "error-body", "error-text", "post-only", "method-status"),
		c("lifetime", "A token serves again and again, and a new one leaves it valid", nil, tokenLifetime, "reusable", "independent"),
	}
}

// tokenMembers reads a token response, however broken.
func tokenMembers(r *harness.Response) map[string]any {
	var members map[string]any
	_ = json.Unmarshal(r.Body, &members)
	return members
}

func tokenGrant(ctx context.Context, t *T) {
	at := func(name string) string { return tokenAt + name }
	_, r := t.RequestToken(ctx, harness.TokenRequest{Scopes: t.Session().Scopes})
	shown := []*harness.Response{r}
	if way, standard := t.Session().TokenWay(); !standard {
		_, asked := t.RequestToken(ctx, harness.TokenRequest{Method: t.Session().Credentials().Method, Scopes: t.Session().Scopes})
		t.Fail(at("issue"), harness.Finding{Expected: "200 with a token, for a form in the body",
			Seen:  asked.Summary() + "; a token is granted for " + way,
			Cause: "The parameters are not read from a body of type application/x-www-form-urlencoded.", Responses: []*harness.Response{asked, r}})
	} else if !t.Assert(at("issue"), r.Status == 200 && r.Problem == "",
		harness.Finding{Expected: "200 with a token", Seen: r.Summary(), Responses: shown}) {
		t.NotTested(t.BlockedBy(at("issue"), "no token is granted: "+r.Summary(), r), t.Requirements()[1:]...)
		return
	}
	members := tokenMembers(r)
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	t.Assert(at("json"), err == nil && kind == "application/json" && members != nil,
		harness.Finding{Expected: "a JSON object as application/json", Seen: r.Summary(), Where: "header Content-Type", Responses: shown})
	access, _ := members["access_token"].(string)
	t.Assert(at("access-token"), access != "",
		harness.Finding{Expected: "access_token, a text", Seen: present(members, "access_token"), Where: "/access_token", Responses: shown})
	typ, _ := members["token_type"].(string)
	t.Assert(at("token-type"), strings.EqualFold(typ, "bearer"),
		harness.Finding{Expected: "bearer, in any case", Seen: present(members, "token_type"), Where: "/token_type", Responses: shown})
	expiry, has := members["expires_in"]
	t.Assert(at("expires-in"), has, harness.Finding{Expected: "expires_in", Seen: "no such member", Where: "/expires_in", Responses: shown})
	if has {
		seconds, isNumber := expiry.(float64)
		t.Assert(at("expires-in-number"), isNumber && seconds > 0,
			harness.Finding{Expected: "a number greater than zero", Seen: fmt.Sprintf("%T %v", expiry, expiry), Where: "/expires_in",
				Responses: shown})
	} else {
		t.NotApplicable(at("expires-in-number"), "no expires_in is sent; its absence is judged by itself")
	}
	cache := strings.ToLower(strings.Join(r.Header.Values("Cache-Control"), ","))
	t.Assert(at("no-store"), strings.Contains(cache, "no-store"),
		harness.Finding{Expected: "Cache-Control: no-store", Seen: quoteEmpty(cache), Where: "header Cache-Control", Responses: shown})
	t.Assert(at("no-refresh-token"), members["refresh_token"] == nil,
		harness.Finding{Expected: "no refresh_token", Seen: "one", Where: "/refresh_token", Responses: shown})
	judgeScopes(ctx, t, at)
}

// judgeScopes asks for each official scope alone, and looks that what was
// granted is named where it differs.
func judgeScopes(ctx context.Context, t *T, at func(string) string) {
	for _, scope := range t.Session().Scopes {
		// By its official name, whatever the target file would have asked for instead.
		got, r := t.RequestToken(ctx, harness.TokenRequest{Scopes: []string{scope}, Extra: url.Values{"scope": {scope}}})
		shown := []*harness.Response{r}
		if !t.Assert(at("official-scopes"), got != nil, harness.Finding{Expected: "a token for " + scope, Seen: r.Summary(), Responses: shown}) {
			continue
		}
		if got.Scope == "" {
			t.Examined(at("scope"), 1) // absent means: as asked
			continue
		}
		named := strings.Fields(got.Scope)
		// What was granted must work as named: a list that leaves out the scope
		// asked for says that it was not granted, and then it must not open.
		t.Assert(at("scope"), slices.Contains(named, scope),
			harness.Finding{Expected: "scope with " + scope + ", which the token has", Seen: got.Scope, Where: "/scope", Responses: shown})
	}
	judgeSeparators(ctx, t, at("scope"))
	if len(t.Session().Scopes) == 0 {
		t.Outside("a scope", at("official-scopes"), at("scope"))
		return
	}
	t.Settle(t.BlockedBy(at("official-scopes"), "no token is granted for a single scope"), at("scope"))
}

// judgeSeparators asks for all scopes at once and looks that those that are named can be
// told apart: in a list with commas a client finds none of them.
func judgeSeparators(ctx context.Context, t *T, id string) {
	scopes := t.Session().Scopes
	if len(scopes) < 2 {
		return
	}
	got, r := t.RequestToken(ctx, harness.TokenRequest{Scopes: scopes})
	if got == nil {
		return // judged by token.issue
	}
	for _, scope := range scopes {
		if strings.Contains(got.Scope, scope) &&
			!slices.ContainsFunc(strings.Fields(got.Scope), func(named string) bool { return strings.HasPrefix(named, scope) }) {
			t.Fail(id, harness.Finding{Expected: "scopes with nothing but blanks between them", Seen: got.Scope, Where: "/scope",
				Responses: []*harness.Response{r}})
			return
		}
	}
}

func present(members map[string]any, name string) string {
	v, there := members[name]
	if !there {
		return "no such member"
	}
	if text, isText := v.(string); isText && name == "token_type" {
		return text
	}
	return fmt.Sprintf("a value of type %T", v)
}

func tokenAuthentication(ctx context.Context, t *T) {
	const basic, encoded, form = tokenAt + "basic-auth", tokenAt + "basic-encoded", tokenAt + "form-auth"
	reserved := t.Session().Credentials().Reserved()
	if !reserved {
		t.NotApplicable(encoded, "client_id and client_secret hold no character that is encoded for HTTP Basic")
	}
	for _, try := range []struct{ id, method string }{{basic, "basic"}, {form, "form"}} {
		got, r := t.RequestToken(ctx, harness.TokenRequest{Method: try.method, Scopes: t.Session().Scopes})
		if got == nil && Between(r) {
			t.NotTested(t.BlockedAt(r, r.Summary()), try.id)
			continue
		}
		if try.id == basic && reserved && got != nil {
			t.Examined(encoded, 1)
		} else if try.id == basic && reserved {
			if raw, asked := t.RequestToken(ctx, harness.TokenRequest{Method: "basic-raw", Scopes: t.Session().Scopes}); raw != nil {
				t.Fail(encoded, harness.Finding{Expected: "200 with a token, for parts that are form-encoded",
					Seen: r.Summary() + "; a token is granted for parts that are not", Where: "header Authorization",
					Cause: "The parts of HTTP Basic are compared without decoding them first.", Responses: []*harness.Response{r, asked}})
				t.NotTested(t.BlockedBy(encoded, "the parts of HTTP Basic are not decoded: "+r.Summary(), r), basic)
				continue
			}
			t.NotTested(t.BlockedBy(basic, "HTTP Basic is refused, encoded or not: "+r.Summary(), r), encoded)
		}
		t.Assert(try.id, got != nil, harness.Finding{Expected: "200 with a token", Seen: r.Summary(),
			Where: "client authentication: " + try.method, Responses: []*harness.Response{r}})
	}
}

// granting tells whether a token is granted for one of the ways of asking, and for which
// first; else it gives the first refusal.
func granting(ctx context.Context, t *T, ways ...string) (way string, first *harness.Response, ok bool) {
	for _, way := range ways {
		got, r := t.RequestToken(ctx, harness.TokenRequest{Method: way, Scopes: t.Session().Scopes})
		if got != nil {
			return way, nil, true
		}
		first = cmp.Or(first, r)
	}
	return "", first, false
}

// ungranted is the obstacle that no token is granted.
func (t *T) ungranted(r *harness.Response) harness.Obstacle {
	return t.BlockedAt(r, "no token is granted: "+r.Summary())
}

// oauthErrors are the codes of RFC 6749 §5.2; others may be registered (§8.5).
var oauthErrors = []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
	"invalid_scope"}

func tokenRefusals(ctx context.Context, t *T) {
	at := func(name string) string { return tokenAt + name }
	auth := t.Session().Credentials()
	ways := []string{"basic", "form", "basic-raw"}
	if _, standard := t.Session().TokenWay(); !standard {
		ways = []string{""} // the one that works
	}
	method, first, ok := granting(ctx, t, ways...)
	if !ok { // a refusal says nothing, then, of what was wrong with a request
		t.NotTested(t.ungranted(first))
		return
	}
	type refusal struct {
		name string
		ask  harness.TokenRequest
		id   string
		ok   func(r *harness.Response, code string) bool
		want string
	}
	var refusedWith *harness.Response
	unauthenticated := func(r *harness.Response, code string) bool {
		return r.Status == 401 && r.Header.Get("WWW-Authenticate") != "" && code == "invalid_client"
	}
	for _, x := range []refusal{
		{"a wrong secret", harness.TokenRequest{ClientID: auth.ClientID, ClientSecret: "not-" + "the-secret", Method: method,
			Scopes: t.Session().Scopes}, at("invalid-client"), unauthenticated, "401 with WWW-Authenticate and invalid_client"},
		{"an unknown client", harness.TokenRequest{ClientID: missing, ClientSecret: "x", Method: method, Scopes: t.Session().Scopes},
			at("invalid-client"), unauthenticated, "401 with WWW-Authenticate and invalid_client"},
		{"an unknown grant type", harness.TokenRequest{GrantType: "urn:example:no-such-grant", Method: method, Scopes: t.Session().Scopes},
			at("unsupported-grant"),
			func(r *harness.Response, code string) bool {
				return r.Status == 400 && code == "unsupported_grant_type"
			}, "400 with unsupported_grant_type"},
	} {
		got, r := t.RequestToken(ctx, x.ask)
		shown := []*harness.Response{r}
		code, isError := oauthCode(r)
		if Between(r) {
			t.NotTested(t.BlockedAt(r, r.Summary()), x.id, at("wrong-secret"))
			continue
		}
		refusedWith = r
		if x.id == at("invalid-client") {
			t.Assert(at("wrong-secret"), got == nil && r.Status >= 400,
				harness.Finding{Expected: "an error, and no token", Seen: r.Summary(), Where: x.name, Responses: shown})
		}
		t.Assert(x.id, got == nil && x.ok(r, code),
			harness.Finding{Expected: x.want,
				Seen: fmt.Sprintf("%s, error %q, WWW-Authenticate %q", r.Summary(), code,
					r.Header.Get("WWW-Authenticate")), Where: x.name, Responses: shown})
		if got == nil && r.Status >= 400 && r.Status < 500 {
			t.Assert(at("error-body"), isError && slices.Contains(oauthErrors, code),
				harness.Finding{Expected: "a JSON object with error, one of the codes of OAuth 2.0",
					Seen: fmt.Sprintf("%s, error %q", r.Summary(), code), Where: x.name + ": /error", Responses: shown})
			judgeErrorText(t, r, x.name)
		}
	}
	if refusedWith != nil {
		by := at("wrong-secret")
		if refusedWith.Status >= 500 {
			by = at("invalid-client") // refused it is, but as the server's own error
		}
		if t.Looked(at("error-body")) {
			t.Settle(t.BlockedBy(at("error-body"), "no refusal names an error", refusedWith), at("error-text"))
		}
		t.Settle(t.BlockedBy(by, "no token request is refused with a client error", refusedWith), at("error-body"), at("error-text"))
	}
	unknown := t.Service.Scopes.Prefix + "no-such.scope"
	got, r := t.RequestToken(ctx, harness.TokenRequest{Scopes: []string{unknown}})
	ok = got == nil && r.Status < 500
	if got != nil {
		// Some leave the unknown out and name what is granted instead.
		ok = got.Scope != "" && !slices.Contains(strings.Fields(got.Scope), unknown)
		if ok && r.Status == 200 && len(strings.Fields(got.Scope)) > 0 {
			ok = false // nothing that was asked for is left to grant
		}
	}
	if got == nil {
		judgeErrorText(t, r, "scope="+unknown)
	}
	t.Assert(at("unknown-scope"), ok, harness.Finding{Expected: "invalid_scope, or no token", Seen: grantSeen(got, r),
		Where: "scope=" + unknown, Responses: []*harness.Response{r}})
	g := t.Do(ctx, harness.Request{URL: auth.TokenURL + "?grant_type=client_credentials", Auth: harness.AuthNone})
	members := tokenMembers(g)
	t.Assert(at("post-only"), members["access_token"] == nil && g.Status != 200,
		harness.Finding{Expected: "a refusal of GET", Seen: g.Summary(), Responses: []*harness.Response{g}})
	if g.Status != http.StatusMethodNotAllowed {
		t.NotApplicable(at("method-status"), "GET is answered otherwise than with 405")
		return
	}
	t.Assert(at("method-status"), namesMethod(g.Header.Values("Allow"), http.MethodPost),
		harness.Finding{Expected: "an Allow header that names POST", Seen: fmt.Sprintf("Allow: %q", strings.Join(g.Header.Values("Allow"), ", ")),
			Where: "header Allow", Responses: []*harness.Response{g}})
}

// judgeErrorText looks at the characters of an error, where one is named.
func judgeErrorText(t *T, r *harness.Response, where string) {
	if _, isError := oauthCode(r); !isError {
		return
	}
	spoilt := harness.SpoiltTokenError(r.Body)
	t.Assert(tokenAt+"error-text", spoilt == "", harness.Finding{
		Expected: "printable ASCII, without the quote and the backslash", Seen: spoilt,
		Where: where, Responses: []*harness.Response{r}})
}

// namesMethod tells whether an Allow header (RFC 9110 §10.2.1) names a method.
func namesMethod(allow []string, method string) bool {
	return slices.ContainsFunc(strings.Split(strings.Join(allow, ","), ","),
		func(name string) bool { return strings.TrimSpace(name) == method })
}

func grantSeen(got *harness.Token, r *harness.Response) string {
	if got != nil {
		return "a token with scope " + got.Scope
	}
	return r.Summary()
}

func oauthCode(r *harness.Response) (string, bool) {
	members := tokenMembers(r)
	code, isText := members["error"].(string)
	return code, isText
}

func tokenLifetime(ctx context.Context, t *T) {
	const reusable, independent = tokenAt + "reusable", tokenAt + "independent"
	first, r := t.RequestToken(ctx, harness.TokenRequest{Scopes: t.Session().Scopes})
	if first == nil {
		t.NotTested(t.ungranted(r))
		return
	}
	sample := t.sample().List
	path := sample.Path + "?limit=1"
	for range 3 {
		r := withToken(ctx, t, path, first.AccessToken)
		if r.Status != 200 && !t.ItsOwn(ctx, r, reusable) || r.Status == 200 && !t.ReadyPage(t.apart(r, sample.Wrapper), reusable) {
			continue
		}
		t.Assert(reusable, r.Status != http.StatusUnauthorized && r.Status != 403,
			harness.Finding{Expected: "200, each time", Seen: r.Summary(), Responses: []*harness.Response{r}})
	}
	if second, r := t.RequestToken(ctx, harness.TokenRequest{Scopes: t.Session().Scopes}); second == nil {
		t.NotTested(t.BlockedAt(r, "no second token is granted: "+r.Summary()), independent)
	} else if old := withToken(ctx, t, path, first.AccessToken); old.Status == 200 &&
		t.ReadyPage(t.apart(old, sample.Wrapper), independent) || old.Status != 200 && t.ItsOwn(ctx, old, independent) {
		t.Assert(independent, old.Status != http.StatusUnauthorized,
			harness.Finding{Expected: "200 with the older token", Seen: old.Summary(), Responses: []*harness.Response{old}})
	}
}
