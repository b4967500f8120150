package provider

import (
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Kinds of a Problem with a call that is signed by OAuth 1.0a.
const (
	ProblemSignature = "signature"
	ProblemBlank     = "signature-blank" // it has a blank in its query, and would be right if that were signed as +
)

// signature looks at a call that is signed by OAuth 1.0a (RFC 5849); refused tells that the answer is a refusal.
func (p *Provider) signature(c *Call, r *http.Request, s harness.Signed) (a reply, refused bool) {
	c.Signed = true
	problem := func(kind, expected, seen string) (reply, bool) {
		c.Problems = append(c.Problems, Problem{Kind: kind, Expected: expected, Seen: seen, Where: "header Authorization"})
		a := p.refuse(http.StatusUnauthorized, "unauthorisedrequest", "The signature is not right: "+seen+".")
		a.header.Set("WWW-Authenticate", "OAuth")
		return a, true
	}
	if s.Key != p.client {
		return problem(ProblemSignature, "oauth_consumer_key is the client's id", "it is another one")
	}
	fault, plus := s.Fault(r.Method, c.URL, p.secret, time.Now())
	switch {
	case plus && strings.ContainsAny(c.RawQuery, "+") || plus && strings.Contains(c.RawQuery, "%20"):
		return problem(ProblemBlank, "a signature over %20 for a blank (RFC 5849, §3.6)", "it is one over +")
	case fault != "":
		return problem(ProblemSignature, "a signature by which the provider can tell who calls (RFC 5849, §3.4)", fault)
	case p.nonces[s.Nonce]:
		return problem(ProblemSignature, "a nonce of its own for every call (RFC 5849, §3.3)", "the nonce was used before")
	}
	p.nonces[s.Nonce] = true
	return reply{}, false
}
