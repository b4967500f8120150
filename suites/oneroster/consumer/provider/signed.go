package provider

import (
	"net/http"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// unsigned refuses a request that the product did not sign as OAuth 1.0a has it; ok tells that it did.
func (p *Provider) unsigned(c *Call) (refusal reply, ok bool) {
	err := harness.VerifySignature(c.Method, c.URL, c.Header.Get("Authorization"), p.client, p.secret)
	switch {
	case err != nil && harness.Signed(c.Header.Get("Authorization")):
		c.Problems = append(c.Problems, Problem{"signature", "a request that is signed as OAuth 1.0a has it", err.Error(),
			"header Authorization"})
	case err != nil:
		c.Problems = append(c.Problems, Problem{"unauthorized", "a request that is signed by OAuth 1.0a", "none", "header Authorization"})
	case p.behaviour.Trouble == "token-refused":
		c.Trouble = "token-refused"
	default:
		return reply{}, true
	}
	a := p.refuse(http.StatusUnauthorized, "unauthorisedrequest", "A signature is needed.")
	a.header.Set("WWW-Authenticate", "OAuth")
	return a, false
}
