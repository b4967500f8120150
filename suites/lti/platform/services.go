package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
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
		{ID: "platform.keys", Title: "The key set can be read, and holds public keys alone", Body: keySet, Requirements: []string{"keys.readable", "keys.public", "keys.kid", "keys.size", "keys.form"}},
		{ID: "platform.access-token", Title: "Grants an access token for a signed assertion", Needs: []harness.Need{services()}, Body: accessToken, Requirements: []string{"access.token", "access.form", "access.expires", "access.no-store", "access.aud-list", "access.scope-subset", "access.scope-named", "access.scope-present", "access.fractions", "access.rotation"}},
		{ID: "platform.access-refused", Title: "Refuses assertions and requests that are wrong in one way", Needs: []harness.Need{services(), issuing()}, Body: accessRefused, Requirements: []string{"access.key", "access.alg", "access.kid", "access.aud", "access.expired", "access.exp-missing", "access.aud-missing", "access.iat-missing", "access.life", "access.future", "access.replay",
			"access.jti-missing", "access.iss", "access.iss-sub", "access.grant", "access.assertion-type", "access.scope", "access.missing", "access.repeated", "access.get", "access.error", "access.error-text", "access.status"}},
	}
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// asked is a token request: a good one, changed.
type asked struct {
	claims map[string]any
	header map[string]any
	key    mint.Key
	way    mint.Signing
	form   map[string]string
	omit   []string
	again  map[string]string // parameters that come once more
	get    bool              // the parameters in the address, instead of a form
}

// audience is what the platform knows its token endpoint by.
func (j *judge) audience() string {
	if a := j.target.Platform.Audience; a != "" {
		return a
	}
	return j.target.Platform.TokenURL
}

// ask asks for an access token.
func (j *judge) ask(ctx context.Context, t *harness.T, a asked) *harness.Response {
	now := time.Now().Unix()
	claims := map[string]any{"iss": j.tool.clientID, "sub": j.tool.clientID, "aud": j.audience(), "iat": now, "exp": now + 60,
		"jti": side.Random()}
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
	t.Session().Redactor().Secret(assertion)
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {assertion},
		"scope": {strings.Join(j.target.Platform.Scopes, " ")}}
	for name, v := range a.form {
		form.Set(name, v)
	}
	for _, name := range a.omit {
		form.Del(name)
	}
	for name, v := range a.again {
		form.Add(name, v)
	}
	if a.get {
		return t.Do(ctx, harness.Request{
			URL:    side.Joined(j.target.Platform.TokenURL, form),
			Secret: true,
			Auth:   harness.AuthNone,
			Header: http.Header{"Accept": {"application/json"}},
		})
	}
	return t.Do(ctx, harness.Request{
		Method: http.MethodPost,
		URL:    j.target.Platform.TokenURL,
		Body:   []byte(form.Encode()),
		Secret: true,
		Auth:   harness.AuthNone,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
	})
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

// issues tells whether an answer of the token endpoint has a token.
func issues(r *harness.Response) bool {
	_, ok := granted(r)
	return ok
}

func accessToken(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	before := j.tool.readings()
	r := j.ask(ctx, t, asked{})
	token, ok := granted(r)
	proof := []*harness.Response{r}
	f := harness.Finding{
		Sent:      "a token request with a signed assertion",
		Expected:  "200 and an access token",
		Seen:      refusal(r),
		Responses: proof,
	}
	if j.tool.readings() == before {
		f.Cause = "the platform has not asked for Rollcall's keys at " + j.tool.origin + "/jwks."
	}
	if !t.Assert(reqIssue, ok, f) {
		for _, id := range t.Check().Requirements {
			if id != reqIssue {
				t.NotTested(harness.BlockedBy(reqIssue, "no token is issued: "+refusal(r), r), id)
			}
		}
		return
	}
	kind, _ := token["token_type"].(string)
	value, _ := token["access_token"].(string)
	life, number := token["expires_in"].(float64)
	whole := token["expires_in"] == nil || number && life > 0 && life == math.Trunc(life)
	media := strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
	scope, said := token["scope"].(string)
	t.Assert(Prefix+"access.form", strings.EqualFold(kind, "bearer") && visible.MatchString(value) && whole && media &&
		(said || token["scope"] == nil), harness.Finding{
		Expected:  "JSON with token_type Bearer, expires_in in whole seconds, scope as a text, access_token of visible ASCII",
		Seen:      fmt.Sprintf("%s, token_type %q, expires_in %v, scope %q", r.Header.Get("Content-Type"), kind, token["expires_in"], scope),
		Responses: proof,
	})
	t.Assert(Prefix+"access.expires", token["expires_in"] != nil,
		harness.Finding{Expected: "expires_in", Seen: "none", Where: "/expires_in", Responses: proof})
	t.Assert(Prefix+"access.no-store", strings.Contains(r.Header.Get("Cache-Control"), "no-store"), harness.Finding{
		Expected:  "Cache-Control: no-store",
		Seen:      "Cache-Control: " + r.Header.Get("Cache-Control"),
		Responses: proof,
	})
	list := j.ask(ctx, t, asked{claims: map[string]any{"aud": []string{j.audience()}}})
	_, ok = granted(list)
	t.Assert(Prefix+"access.aud-list", ok, harness.Finding{
		Sent:      "aud as a list with one entry",
		Expected:  "an access token",
		Seen:      refusal(list),
		Responses: []*harness.Response{list},
	})
	now := float64(time.Now().Unix())
	fine := j.ask(ctx, t, asked{claims: map[string]any{"iat": now - 0.75, "exp": now + 59.5}})
	t.Assert(Prefix+"access.fractions", issues(fine), harness.Finding{
		Sent:      "iat and exp with fractions of a second",
		Expected:  "an access token",
		Seen:      refusal(fine),
		Responses: []*harness.Response{fine},
	})
	t.Assert(Prefix+"access.scope-present", said, harness.Finding{
		Sent:      "a token request for scopes that are granted",
		Expected:  "the scopes that are granted, by name",
		Seen:      "no scope",
		Responses: proof,
	})
	for _, c := range []struct{ sent, scope string }{{"a scope that is granted and one that there isn't",
		j.target.Platform.Scopes[0] + " " + unknownScope}, {"a scope that there isn't", unknownScope}} {
		r := j.ask(ctx, t, asked{form: map[string]string{"scope": c.scope}})
		token, ok := granted(r)
		got, said := token["scope"].(string)
		proof := []*harness.Response{r}
		t.Assert(Prefix+"access.scope-subset", !slices.Contains(strings.Fields(got), unknownScope), harness.Finding{
			Sent:      c.sent,
			Expected:  "those alone that are granted, or a refusal",
			Seen:      "scope " + got,
			Responses: proof,
		})
		t.Assert(Prefix+"access.scope-named", !ok || said, harness.Finding{
			Sent:      c.sent,
			Expected:  "the scopes that are granted, by name, or a refusal",
			Seen:      "a token without scope, which stands for all that were asked for",
			Responses: proof,
		})
		if r.Status >= 500 {
			t.NotTested(harness.BlockedBy(reqTripped, c.sent+" was answered with "+r.Summary()+": no token, and no reason either", r),
				Prefix+"access.scope-subset", Prefix+"access.scope-named")
		}
	}
	rotated(ctx, t, j)
}

// rotated signs by a new key, which is published beside the one before.
func rotated(ctx context.Context, t *harness.T, j *judge) {
	k, err := mint.NewKey("rollcall-" + side.Random()[:12])
	if err != nil {
		t.NotTested(harness.Unconfigured(err.Error(), "Run again."), Prefix+"access.rotation")
		return
	}
	j.tool.rotate(k)
	r := j.ask(ctx, t, asked{})
	_, ok := granted(r)
	t.Assert(Prefix+"access.rotation", ok, harness.Finding{
		Sent:      "an assertion by a key that was published just now",
		Expected:  "an access token: the keys are read again when one isn't known",
		Seen:      refusal(r),
		Responses: []*harness.Response{r},
	})
}

// visible are the characters of an access token (RFC 6749 appendix A.12).
var visible = regexp.MustCompile(`^[ -~]+$`)

// unknownScope is one that nobody grants.
const unknownScope = "https://example.org/scope/unknown"

// refusal words an answer of the token endpoint, with the error that it names.
func refusal(r *harness.Response) string {
	var e struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if to := r.Header.Get("Location"); to != "" {
		return r.Summary() + ", Location: " + to
	}
	if json.Unmarshal(r.Body, &e) != nil || e.Error == "" {
		return r.Summary()
	}
	return strings.TrimSuffix(r.Summary()+": "+e.Error+", "+e.Description, ", ")
}
