package platform

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// The codes of RFC 6749 §5.2 that fit a wrong assertion: platforms differ in how they
// say that they don't trust it.
var (
	distrusted = []string{"invalid_client", "invalid_request", "invalid_grant", "unauthorized_client"}
	incomplete = []string{"invalid_request", "invalid_client", "unsupported_grant_type"}
)

// bad is a token request that has to be refused.
type bad struct {
	id, what string
	a        asked
	codes    []string // that fit; nil: what answers need not be the token endpoint
}

// badRequests lists them; reused is a jti that was used.
func (j *judge) badRequests(reused string) []bad {
	now := time.Now().Unix()
	foreign := j.tool.foreign
	claims := func(m map[string]any) asked { return asked{claims: m} }
	form := func(name, value string) asked { return asked{form: map[string]string{name: value}} }
	again := func(name, value string) asked { return asked{again: map[string]string{name: value}} }
	return []bad{
		{"access.key", "an assertion signed by a foreign key", asked{key: foreign}, distrusted},
		{"access.key", "an assertion signed by a foreign key, which its header brings along", asked{key: foreign, header: map[string]any{"jwk": foreign.JWK()}}, distrusted},
		{"access.key", "an assertion signed by a foreign key, whose address its header names", asked{key: foreign, header: map[string]any{"jku": j.tool.origin + "/foreign-jwks", "kid": foreign.ID}}, distrusted},
		{"access.kid", "an assertion whose kid is not published", asked{key: foreign, header: map[string]any{"kid": foreign.ID}}, distrusted},
		{"access.kid", "an assertion without a kid, by a foreign key", asked{key: foreign, header: map[string]any{"kid": nil}}, distrusted},
		{"access.alg", "an assertion whose alg is none", asked{way: mint.None, header: map[string]any{"alg": "none"}}, distrusted},
		{"access.alg", "an assertion signed by HS256 with the public key as the secret", asked{way: mint.HS256, header: map[string]any{"alg": "HS256"}}, distrusted},
		{"access.aud", "an assertion for another audience", claims(map[string]any{"aud": "https://somewhere-else.example/token"}), distrusted},
		{"access.aud-missing", "an assertion without aud", claims(map[string]any{"aud": nil}), distrusted},
		{"access.iat-missing", "an assertion without iat", claims(map[string]any{"iat": nil}), distrusted},
		{"access.life", "an assertion that is good for a year", claims(map[string]any{"exp": now + 365*86_400}), distrusted},
		{"access.expired", "an assertion that expired an hour ago", claims(map[string]any{"iat": now - 3700, "exp": now - 3600}), distrusted},
		{"access.expired", "an assertion that expired an hour ago, though it was issued just now", claims(map[string]any{"iat": now - 5, "exp": now - 3600}), distrusted},
		{"access.exp-missing", "an assertion without exp", claims(map[string]any{"exp": nil}), distrusted},
		{"access.future", "an assertion that is good in an hour", claims(map[string]any{"iat": now + 3600, "nbf": now + 3600, "exp": now + 3660}), distrusted},
		{"access.jti-missing", "an assertion without jti", claims(map[string]any{"jti": nil}), distrusted},
		{"access.replay", "an assertion whose jti was used", claims(map[string]any{"jti": reused}), distrusted},
		{"access.iss", "an assertion of another client", claims(map[string]any{"iss": "somebody-else", "sub": "somebody-else"}), distrusted},
		{"access.iss-sub", "an assertion whose iss is another client", claims(map[string]any{"iss": "somebody-else"}), distrusted},
		{"access.iss-sub", "an assertion whose sub is another client", claims(map[string]any{"sub": "somebody-else"}), distrusted},
		{"access.grant", "another grant_type", form("grant_type", "password"), []string{"unsupported_grant_type", "invalid_request", "unauthorized_client"}},
		{"access.assertion-type", "another client_assertion_type", form("client_assertion_type", "urn:example:other"), slices.Concat(distrusted, incomplete)},
		{"access.assertion-type", "no client_assertion_type", asked{omit: []string{"client_assertion_type"}}, slices.Concat(distrusted, incomplete)},
		{"access.scope", "a scope that there isn't", form("scope", unknownScope), []string{"invalid_scope", "invalid_request"}},
		{"access.scope", "no scope", asked{omit: []string{"scope"}}, []string{"invalid_scope", "invalid_request"}},
		{"access.missing", "no client_assertion", asked{omit: []string{"client_assertion"}}, incomplete},
		{"access.missing", "no grant_type", asked{omit: []string{"grant_type"}}, incomplete},
		{"access.repeated", "two values of grant_type", again("grant_type", "password"), slices.Concat(distrusted, incomplete)},
		{"access.repeated", "two values of client_assertion", again("client_assertion", "a.b.c"), distrusted},
		{"access.repeated", "two values of scope", again("scope", unknownScope), slices.Concat(distrusted, []string{"invalid_scope"})},
		{"access.get", "a request by GET", asked{get: true}, nil},
	}
}

func accessRefused(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	reused := side.Random()
	j.ask(ctx, t, asked{claims: map[string]any{"jti": reused}})
	all, silent, refuses := j.badRequests(reused), 0, false
	var let harness.Obstacle       // of a request that was answered with a token
	var nameless *harness.Response // a refusal without an error
	for i, c := range all {
		r := j.ask(ctx, t, c.a)
		f := harness.Finding{
			Sent:      c.what,
			Expected:  "an answer below 500: it is the request that is wrong",
			Seen:      refusal(r),
			Responses: []*harness.Response{r},
		}
		switch {
		case r.Status == 0:
			t.NotTested(harness.BlockedBy(reqTripped, c.what+": no answer came, which is no refusal: "+r.Problem, r), Prefix+c.id)
			if silent++; silent < mostSilent {
				continue
			}
			j.mute(ctx, t, r, all[i+1:])
			return
		case !t.Assert(Prefix+c.id, !issues(r), harness.Finding{Sent: c.what, Expected: "no token", Seen: "a token", Responses: f.Responses}):
			let = harness.BlockedBy(Prefix+c.id, c.what+" was answered with a token", r)
			continue
		}
		refuses = true
		if !t.Assert(reqTripped, r.Status < 500, f) {
			t.NotTested(harness.BlockedBy(reqTripped, c.what+" was answered with "+r.Summary()+": no token, and no reason either", r),
				Prefix+c.id, reqError, reqErrorText)
			continue
		}
		if c.codes == nil {
			continue
		}
		var e struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(r.Body, &e) // no code, then
		f.Expected = "400 or 401 with an error code of RFC 6749 §5.2 that fits"
		t.Assert(reqError, (r.Status == 400 || r.Status == 401) && slices.Contains(c.codes, e.Error), f)
		if nameless = r; e.Error != "" {
			spoilt := harness.SpoiltTokenError(r.Body)
			f.Expected, f.Seen = "printable ASCII, without the quote and the backslash", spoilt
			t.Assert(reqErrorText, spoilt == "", f)
		}
	}
	// An endpoint that never refuses has no errors to be judged by.
	if !refuses {
		t.NotTested(let, reqTripped, reqError, reqErrorText)
	} else if t.Looked(reqError) && !t.Looked(reqErrorText) {
		t.NotTested(harness.BlockedBy(reqError, "no refusal names an error", nameless), reqErrorText)
	}
}

// mute says of an endpoint that it doesn't answer wrong requests, and of the others that
// they were not sent. That a right one is still answered shows whose fault it is.
func (j *judge) mute(ctx context.Context, t *harness.T, r *harness.Response, left []bad) {
	if good := j.ask(ctx, t, asked{}); issues(good) {
		t.Fail(reqTripped, harness.Finding{
			Sent:      "wrong requests",
			Expected:  "an answer below 500: it is the request that is wrong",
			Seen:      "no answer, while a right request has one: " + r.Problem,
			Responses: []*harness.Response{good},
			Exchanges: []string{r.Evidence},
		})
	}
	o := harness.BlockedBy(reqTripped, "two wrong requests were not answered: "+r.Problem, r)
	for _, c := range left { // what was examined to its end is not half tested
		t.NotTested(o, Prefix+c.id)
	}
	for _, id := range []string{reqError, reqErrorText} {
		if !t.Looked(id) {
			t.NotTested(o, id)
		}
	}
}

// mostSilent is how many requests without an answer are enough.
const mostSilent = 2
