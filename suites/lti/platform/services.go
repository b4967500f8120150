package platform

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// serviceChecks judge the key set and the token endpoint.
func serviceChecks() []harness.Check {
	return []harness.Check{
		{ID: "platform.keys", Title: "The key set", Body: keySet, Requirements: []string{"keys.readable", "keys.public", "keys.kid", "keys.size"}},
		{ID: "platform.access-token", Title: "Access tokens for a signed assertion", Body: accessToken, Requirements: []string{"access.token", "access.form", "access.no-store", "access.aud-list", "access.scope-subset", "access.scope-named"}},
		{ID: "platform.access-refused", Title: "Assertions and requests that are wrong in one way", Body: accessRefused, Requirements: []string{"access.key", "access.alg", "access.kid", "access.aud", "access.expired", "access.exp-missing", "access.future", "access.replay",
			"access.jti-missing", "access.iss", "access.iss-sub", "access.grant", "access.assertion-type", "access.scope", "access.missing", "access.get", "access.error"}},
	}
}

func keySet(ctx context.Context, t *harness.T) {
	j := t.Session().Shared.(*judge)
	r, keys := j.published(ctx, t)
	proof := []*harness.Response{r}
	if !t.Assert(Prefix+"keys.readable", len(keys) > 0, harness.Finding{Expected: "200 and a key set with a key", Seen: r.Summary(), Responses: proof}) {
		t.NothingToTest("the key set can't be read", "Mend that first.")
		return
	}
	seen := map[any]bool{}
	for i, k := range keys {
		at := fmt.Sprintf("/keys/%d", i)
		var secret []string
		for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if _, there := k.raw[name]; there {
				secret = append(secret, name)
			}
		}
		t.Assert(Prefix+"keys.public", len(secret) == 0, harness.Finding{Expected: "public members alone", Seen: "private members: " + strings.Join(secret, ", "), Where: at, Responses: proof})
		kid, _ := k.raw["kid"].(string)
		t.Assert(Prefix+"keys.kid", kid != "" && !seen[kid], harness.Finding{Expected: "a kid of its own", Seen: fmt.Sprint(k.raw["kid"]), Where: at + "/kid", Responses: proof})
		seen[kid] = true
		if public, is := k.public.(*rsa.PublicKey); is {
			t.Assert(Prefix+"keys.size", public.N.BitLen() >= 2048, harness.Finding{Expected: "2048 bits at least", Seen: fmt.Sprint(public.N.BitLen(), " bits"), Where: at + "/n", Responses: proof})
		}
	}
	t.NothingToTest("there is no RSA key", "Nothing has to be done where other keys are used.")
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// asked is a token request: a good one, changed.
type asked struct {
	claims map[string]any
	header map[string]any
	key    mint.Key
	way    mint.Way
	form   map[string]string
	omit   []string
	get    bool // the parameters in the address, instead of a form
}

// ask asks for an access token.
func (j *judge) ask(ctx context.Context, t *harness.T, a asked) *harness.Response {
	now := time.Now().Unix()
	claims := map[string]any{"iss": j.tool.clientID, "sub": j.tool.clientID, "aud": j.target.Platform.TokenURL, "iat": now, "exp": now + 60, "jti": side.Random()}
	overlay(claims, a.claims)
	header := map[string]any{"alg": "RS256", "typ": "JWT", "kid": j.tool.key.ID}
	overlay(header, a.header)
	k := j.tool.key
	if a.key.Private != nil {
		k = a.key
	}
	assertion, err := mint.Sign(header, claims, k, a.way)
	if err != nil {
		return &harness.Response{Problem: err.Error()}
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}, "scope": {strings.Join(j.target.Platform.Scopes, " ")}}
	for name, v := range a.form {
		form.Set(name, v)
	}
	for _, name := range a.omit {
		form.Del(name)
	}
	if a.get {
		return t.Do(ctx, harness.Request{URL: side.Joined(j.target.Platform.TokenURL, form), Secret: true, Auth: harness.AuthNone, Header: http.Header{"Accept": {"application/json"}}})
	}
	return t.Do(ctx, harness.Request{Method: http.MethodPost, URL: j.target.Platform.TokenURL, Body: []byte(form.Encode()), Secret: true, Auth: harness.AuthNone,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}})
}

// overlay sets members; nil removes one.
func overlay(into, changes map[string]any) {
	maps.Copy(into, changes)
	maps.DeleteFunc(into, func(_ string, v any) bool { return v == nil })
}

// granted reads a token response; ok tells whether there is a token in it.
func granted(r *harness.Response) (token map[string]any, ok bool) {
	if r.Status != http.StatusOK && r.Status != http.StatusCreated || json.Unmarshal(r.Body, &token) != nil {
		return nil, false
	}
	s, _ := token["access_token"].(string)
	return token, s != ""
}

// services tells whether the target file says enough to ask for tokens.
func services(t *harness.T) (*judge, bool) {
	j := t.Session().Shared.(*judge)
	if j.target.Platform.TokenURL == "" || len(j.target.Platform.Scopes) == 0 {
		for _, id := range t.Check().Requirements {
			t.NotApplicable(id, "the target file names no token endpoint with scopes: the platform offers no services to Rollcall")
		}
		return j, false
	}
	return j, true
}

func accessToken(ctx context.Context, t *harness.T) {
	j, ok := services(t)
	if !ok {
		return
	}
	r := j.ask(ctx, t, asked{})
	token, ok := granted(r)
	proof := []*harness.Response{r}
	if !t.Assert(Prefix+"access.token", ok, harness.Finding{Sent: "a token request with a signed assertion", Expected: "200 and an access token", Seen: refusal(r), Responses: proof,
		Cause: "Rollcall's keys (" + j.tool.origin + "/jwks) are not registered or can't be read by the platform, or another audience is expected."}) {
		t.NothingToTest("no token is issued", "Mend that first.")
		return
	}
	kind, _ := token["token_type"].(string)
	life, number := token["expires_in"].(float64)
	media := strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
	scope, said := token["scope"].(string)
	t.Assert(Prefix+"access.form", strings.EqualFold(kind, "bearer") && number && life > 0 && media && (said || token["scope"] == nil), harness.Finding{Expected: "JSON with token_type Bearer, expires_in in seconds, scope as a text",
		Seen: fmt.Sprintf("%s, token_type %q, expires_in %v, scope %q", r.Header.Get("Content-Type"), kind, token["expires_in"], scope), Responses: proof})
	t.Assert(Prefix+"access.no-store", strings.Contains(r.Header.Get("Cache-Control"), "no-store"), harness.Finding{Expected: "Cache-Control: no-store", Seen: "Cache-Control: " + r.Header.Get("Cache-Control"), Responses: proof})
	list := j.ask(ctx, t, asked{claims: map[string]any{"aud": []string{j.target.Platform.TokenURL}}})
	_, ok = granted(list)
	t.Assert(Prefix+"access.aud-list", ok, harness.Finding{Sent: "aud as a list with one entry", Expected: "an access token", Seen: refusal(list), Responses: []*harness.Response{list}})
	for _, c := range []struct{ sent, scope string }{{"a scope that is granted and one that there isn't", j.target.Platform.Scopes[0] + " " + unknownScope}, {"a scope that there isn't", unknownScope}} {
		r := j.ask(ctx, t, asked{form: map[string]string{"scope": c.scope}})
		token, ok := granted(r)
		got, said := token["scope"].(string)
		proof := []*harness.Response{r}
		t.Assert(Prefix+"access.scope-subset", !slices.Contains(strings.Fields(got), unknownScope), harness.Finding{Sent: c.sent, Expected: "those alone that are granted, or a refusal", Seen: "scope " + got, Responses: proof})
		t.Assert(Prefix+"access.scope-named", !ok || said, harness.Finding{Sent: c.sent, Expected: "the scopes that are granted, by name, or a refusal", Seen: "a token without scope, which stands for all that were asked for", Responses: proof})
	}
}

// unknownScope is one that nobody grants.
const unknownScope = "https://example.org/scope/unknown"

// refusal words an answer of the token endpoint, with the error that it names.
func refusal(r *harness.Response) string {
	var e struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(r.Body, &e) != nil || e.Error == "" {
		return r.Summary()
	}
	return strings.TrimSuffix(r.Summary()+": "+e.Error+", "+e.Description, ", ")
}

func accessRefused(ctx context.Context, t *harness.T) {
	j, ok := services(t)
	if !ok {
		return
	}
	if _, ok := granted(j.ask(ctx, t, asked{})); !ok {
		t.NothingToTest("a right request is refused, so a refusal proves nothing", "Mend that first.")
		return
	}
	now := time.Now().Unix()
	foreign := j.tool.foreign
	unpublished := foreign
	reused := side.Random()
	j.ask(ctx, t, asked{claims: map[string]any{"jti": reused}})
	for _, c := range []struct {
		id, what string
		a        asked
	}{
		{"access.key", "an assertion signed by a foreign key", asked{key: foreign}},
		{"access.kid", "an assertion whose kid is not published", asked{key: unpublished, header: map[string]any{"kid": foreign.ID}}},
		{"access.kid", "an assertion without a kid, by a foreign key", asked{key: unpublished, header: map[string]any{"kid": nil}}},
		{"access.alg", "an assertion whose alg is none", asked{way: mint.None, header: map[string]any{"alg": "none"}}},
		{"access.alg", "an assertion signed by HS256 with the public key as the secret", asked{way: mint.HS256, header: map[string]any{"alg": "HS256"}}},
		{"access.aud", "an assertion for another audience", asked{claims: map[string]any{"aud": "https://somewhere-else.example/token"}}},
		{"access.expired", "an assertion that expired an hour ago", asked{claims: map[string]any{"iat": now - 3700, "exp": now - 3600}}},
		{"access.exp-missing", "an assertion without exp", asked{claims: map[string]any{"exp": nil}}},
		{"access.future", "an assertion that is good in an hour", asked{claims: map[string]any{"iat": now + 3600, "nbf": now + 3600, "exp": now + 3660}}},
		{"access.jti-missing", "an assertion without jti", asked{claims: map[string]any{"jti": nil}}},
		{"access.replay", "an assertion whose jti was used", asked{claims: map[string]any{"jti": reused}}},
		{"access.iss", "an assertion of another client", asked{claims: map[string]any{"iss": "somebody-else", "sub": "somebody-else"}}},
		{"access.iss-sub", "an assertion whose iss is another client", asked{claims: map[string]any{"iss": "somebody-else"}}},
		{"access.iss-sub", "an assertion whose sub is another client", asked{claims: map[string]any{"sub": "somebody-else"}}},
		{"access.grant", "another grant_type", asked{form: map[string]string{"grant_type": "password"}}},
		{"access.assertion-type", "another client_assertion_type", asked{form: map[string]string{"client_assertion_type": "urn:example:other"}}},
		{"access.scope", "a scope that there isn't", asked{form: map[string]string{"scope": unknownScope}}},
		{"access.missing", "no client_assertion", asked{omit: []string{"client_assertion"}}},
		{"access.missing", "no grant_type", asked{omit: []string{"grant_type"}}},
		{"access.get", "a request by GET", asked{get: true}},
	} {
		r := j.ask(ctx, t, c.a)
		_, got := granted(r)
		proof := []*harness.Response{r}
		t.Assert(Prefix+c.id, !got, harness.Finding{Sent: c.what, Expected: "no token", Seen: "a token", Responses: proof})
		if got {
			continue
		}
		var e struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(r.Body, &e) // no code, then
		known := slices.Contains([]string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}, e.Error)
		if c.a.get {
			continue // what answers another method need not be the token endpoint
		}
		t.Assert(Prefix+"access.error", (r.Status == 400 || r.Status == 401) && known, harness.Finding{Sent: c.what, Expected: "400 or 401 with an error code of RFC 6749 §5.2", Seen: refusal(r), Responses: proof})
	}
}
