package tool

import (
	"maps"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/lti/mint"
)

// token makes the id_token of a launch.
func (p *platform) token(a *attempt, nonce string) error {
	l := a.launch
	a.now = time.Now()
	claims := p.claims(a, nonce)
	p.change(claims, l.Claims, a)
	if len(l.Only) > 0 {
		maps.DeleteFunc(claims, func(name string, _ any) bool { return !slices.Contains(l.Only, name) })
	}
	p.mu.Lock()
	key, foreign := p.key, p.foreign
	if n := len(p.old); n > 0 && l.Key == "old" {
		key = p.old[n-1]
	}
	p.mu.Unlock()
	header := map[string]any{"alg": l.Signing.Alg(), "typ": "JWT", "kid": key.ID}
	switch l.Key {
	case "foreign":
		key.Private = foreign.Private
	case "unpublished":
		key = foreign
		header["kid"] = foreign.ID
	}
	p.change(header, l.Header, a)
	token, err := mint.Sign(header, claims, key, l.Signing)
	a.token, a.header, a.claims = token, header, claims
	if p.minted != nil {
		p.minted(token)
	}
	return err
}

// claims are those of a good launch, as the certification suite sends them and a
// little more.
func (p *platform) claims(a *attempt, nonce string) map[string]any {
	d, err := data()
	if err != nil {
		panic(err) // embedded data, read before
	}
	out := map[string]any{
		"iss": p.issuer, "aud": p.clientID, "nonce": nonce, "iat": a.now.Unix(), "exp": a.now.Unix() + 300, "locale": "en-US",
		names["message_type"]: "LtiResourceLinkRequest", names["version"]: "1.3.0", names["deployment_id"]: p.deployments[0],
		names["target_link_uri"]: p.target,
		names["resource_link"]:   map[string]any{"id": "link-1", "title": "Algebra, chapter 1", "description": "Sets and functions"},
		names["context"]: map[string]any{"id": "course-1", "label": "ALG-1", "title": "Algebra 1",
			"type": []any{"http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"}},
	}
	p.change(out, d.People[a.launch.User], a)
	return out
}
