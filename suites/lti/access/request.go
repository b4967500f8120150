package access

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"mime"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// ask is a request of an access token, taken apart.
type ask struct {
	tool.Call
	form           url.Values
	header, claims map[string]any
	problem        string // why the assertion can't be read
}

func takeApart(c tool.Call) ask {
	a := ask{Call: c}
	a.form, _ = url.ParseQuery(string(c.Body)) // what can't be read lacks what it needs
	var err error
	if a.header, a.claims, err = mint.Decode(a.form.Get("client_assertion")); err != nil {
		a.problem = "client_assertion can't be read: " + err.Error()
	}
	return a
}

func scopesOf(c tool.Call) []string { return strings.Fields(takeApart(c).form.Get("scope")) }

// The values of the form that are fixed (RFC 7523 §2.2; Security Framework 1.0 §4.1.1).
const (
	grantType     = "client_credentials"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// formProblem says what is wrong with the form.
func (a ask) formProblem() string {
	media, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return fmt.Sprintf("Content-Type is %q", a.Header.Get("Content-Type"))
	}
	for _, name := range []string{"grant_type", "client_assertion_type", "client_assertion", "scope"} {
		if n := len(a.form[name]); n != 1 {
			return fmt.Sprintf("%s is there %d times", name, n)
		}
	}
	switch {
	case a.form.Get("grant_type") != grantType:
		return "grant_type is " + a.form.Get("grant_type")
	case a.form.Get("client_assertion_type") != assertionType:
		return "client_assertion_type is " + a.form.Get("client_assertion_type")
	case len(strings.Fields(a.form.Get("scope"))) == 0:
		return "scope is empty"
	}
	return a.problem
}

// mostAsks bounds how many requests are judged: they come from one piece of code.
const mostAsks = 5

// asks gives the requests of tokens that came, of which there is one at least.
func (p provokes) asks(t *harness.T) []ask {
	var out []ask
	for _, c := range tool.Asked(t) {
		if out = append(out, takeApart(c)); len(out) == mostAsks {
			break
		}
	}
	return out
}

// request holds each request of a token to the rules.
func (p provokes) request(ctx context.Context, t *harness.T) {
	list := p.asks(t)
	if len(list) == 0 { // a token of an earlier run: the need has seen that the service is called
		by, _, _ := p.first(ctx, t)
		if _, o, ok := p.revoked(ctx, t, by, nil); !ok {
			t.NotTested(o)
			return
		}
		if list = p.asks(t); len(list) == 0 {
			t.NotTested(harness.BlockedBy(reqRenewed, "no token was asked for, though those of earlier are answered with 401"))
			return
		}
	}
	l := tool.Section(t)
	for _, a := range list {
		assert := func(requirement, expected, seen, where string) bool {
			return t.Assert(Prefix+requirement, seen == "",
				harness.Finding{Sent: "nothing: the tool asks for an access token", Expected: expected, Seen: seen,
					Where: where, Exchanges: []string{a.Exchange}})
		}
		assert("form", "a form with grant_type, client_assertion_type, client_assertion and scope, once each", a.formProblem(), "the body")
		if a.problem != "" {
			t.NotTested(harness.BlockedBy(Prefix+"form", a.problem).Seen(a.Exchange), except(t.Check().Requirements, Prefix+"form")...)
			continue
		}
		assert("issuer", "iss and sub are the client id "+l.ClientID, a.issuerProblem(l), "iss, sub")
		assert("audience", "aud holds "+tool.Origin(t)+"/token", a.audienceProblem(tool.Origin(t)+"/token"), "aud")
		several := ""
		if n := len(texts(a.claims["aud"])); n > 1 {
			several = fmt.Sprintf("%d entries, which some platforms can't read", n)
		}
		assert("audience-single", "one aud", several, "aud")
		times, long := a.timesProblem()
		assert("times", "iat and exp, of which the second is yet to come", times, "iat, exp")
		if times == "" {
			assert("short-lived", "an assertion that is good for an hour at most", long, "exp")
		} else {
			t.NotTested(harness.BlockedBy(Prefix+"times", times).Seen(a.Exchange), Prefix+"short-lived")
		}
		jti := ""
		if s, is := a.claims["jti"].(string); !is || s == "" {
			jti = "none that is a text"
		}
		assert("jti", "an id", jti, "jti")
		alg := ""
		if v, _ := a.header["alg"].(string); v != "RS256" {
			alg = fmt.Sprintf("alg is %q", v)
		} else if kid, _ := a.header["kid"].(string); kid == "" {
			alg = "kid is missing"
		}
		assert("alg", "alg is RS256, and kid names the key", alg, "the header of client_assertion")
	}
}

func except(list []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == id })
}

func (a ask) issuerProblem(l *lti.Section) string {
	for _, name := range []string{"iss", "sub"} {
		if v, _ := a.claims[name].(string); v != l.ClientID && (v == "" || v != l.OtherClientID) {
			return fmt.Sprintf("%s is %q", name, v)
		}
	}
	return ""
}

func (a ask) audienceProblem(endpoint string) string {
	if list := texts(a.claims["aud"]); !slices.Contains(list, endpoint) {
		return fmt.Sprintf("aud is %q", strings.Join(list, " "))
	}
	return ""
}

// texts reads a text or a list of them.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			s, _ := x.(string)
			out = append(out, s)
		}
		return out
	}
	return nil
}

const (
	// skew is what two clocks may differ.
	skew = time.Minute
	// longLife is what platforms are known to take at most.
	longLife = time.Hour
)

// timesProblem says what is wrong with the times, and whether they are far apart.
func (a ask) timesProblem() (wrong, long string) {
	iat, is := a.claims["iat"].(float64)
	exp, is2 := a.claims["exp"].(float64)
	now := float64(a.At.Unix())
	switch {
	case !is || !is2:
		return "iat or exp is no number", ""
	case exp <= iat:
		return "exp is not behind iat", ""
	case exp < now-skew.Seconds():
		return "exp is over", ""
	case iat > now+skew.Seconds():
		return "iat is yet to come", ""
	case exp-iat > longLife.Seconds():
		return "", fmt.Sprintf("it is good for %.4g hours", (exp-iat)/time.Hour.Seconds())
	}
	return "", ""
}

// fresh looks whether each assertion has an id of its own.
func (p provokes) fresh(t *harness.T) {
	seen := map[string]bool{}
	n := 0
	for _, c := range tool.Asked(t) {
		jti, _ := takeApart(c).claims["jti"].(string)
		if jti == "" {
			continue
		}
		n++
		if n > 1 {
			t.Assert(Prefix+"jti-fresh", !seen[jti],
				harness.Finding{Sent: "nothing: the tool asks for an access token again", Expected: "another jti each time",
					Seen: "one that came before", Where: "jti", Exchanges: []string{c.Exchange}})
		}
		seen[jti] = true
	}
	if n < 2 {
		owner := Prefix + "jti"
		if len(tool.Asked(t)) < 2 {
			owner = reqRenewed // for then the old token was kept
		}
		t.NotTested(harness.BlockedBy(owner, "there are no two assertions with an id to compare"), Prefix+"jti-fresh")
	}
}

// published needs the address of the tool's keys.
func published() harness.Need {
	return tool.Setting("the address of the tool's keys in lti.tool.jwks_url",
		harness.Unconfigured("the target file doesn't say where the tool publishes its keys", "Add lti.tool.jwks_url."),
		func(l *lti.Section) bool { return l.Tool.JWKSURL == "" })
}

// signature verifies the assertions by the keys that the tool publishes.
func (p provokes) signature(ctx context.Context, t *harness.T) {
	id := Prefix + "signature"
	r := t.Do(ctx, harness.Request{URL: tool.Section(t).Tool.JWKSURL, Auth: harness.AuthNone})
	var set struct {
		Keys []struct {
			Kty string `json:"kty"`
			Kid string `json:"kid"`
			N   string `json:"n"`
			E   string `json:"e"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(r.Body, &set); r.Status != 200 || err != nil {
		t.Fail(id, harness.Finding{Expected: "a set of keys at lti.tool.jwks_url", Seen: "none that can be read",
			Responses: []*harness.Response{r}})
		return
	}
	list := p.asks(t)
	if len(list) == 0 {
		t.NotTested(harness.BlockedBy(reqRenewed, "no token was asked for, though those of earlier are answered with 401"))
	}
	for _, a := range list {
		if a.problem != "" {
			t.NotTested(harness.BlockedBy(Prefix+"form", a.problem).Seen(a.Exchange))
			continue
		}
		kid, _ := a.header["kid"].(string)
		if alg, _ := a.header["alg"].(string); kid == "" || alg != "RS256" {
			t.NotTested(harness.BlockedBy(Prefix+"alg", "the header doesn't say by which key it is signed, and how").Seen(a.Exchange))
			continue
		}
		f := harness.Finding{Sent: "nothing: the tool asks for an access token", Expected: "a signature by the published key that kid names",
			Seen: "no such key is published", Where: "client_assertion", Responses: []*harness.Response{r}, Exchanges: []string{a.Exchange}}
		verified := false
		for _, k := range set.Keys {
			if k.Kid == kid && k.Kty == "RSA" {
				f.Seen = "a signature by another key, or of something else"
				verified = verified || verifies(a.form.Get("client_assertion"), k.N, k.E)
			}
		}
		t.Assert(id, verified, f)
	}
}

// verifies holds a token to a key.
func verifies(token, n, e string) bool {
	text, signature, _ := lastCut(token)
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	modulus, err2 := base64.RawURLEncoding.DecodeString(n)
	exponent, err3 := base64.RawURLEncoding.DecodeString(e)
	if err != nil || err2 != nil || err3 != nil || len(exponent) > 4 {
		return false
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(new(big.Int).SetBytes(exponent).Int64())}
	sum := sha256.Sum256([]byte(text))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw) == nil
}

func lastCut(token string) (before, after string, found bool) {
	i := strings.LastIndex(token, ".")
	if i < 0 {
		return token, "", false
	}
	return token[:i], token[i+1:], true
}
