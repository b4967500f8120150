package provider

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

type token struct {
	scopes []string
	ended  bool // it was good for some calls
}

func (p *Provider) token(c *Call, r *http.Request) reply {
	c.Token = true
	form, _ := url.ParseQuery(string(c.Body))
	c.Scopes = strings.Fields(form.Get("scope"))
	id, secret, basic := basicOf(r.Header.Get("Authorization"))
	if !basic {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	oauth := func(status int, code string) reply {
		a := unstored(p.say(status, map[string]any{"error": code}))
		if status == http.StatusUnauthorized {
			a.header.Set("WWW-Authenticate", `Basic realm="Rollcall"`)
		}
		return a
	}
	switch {
	case r.Method != http.MethodPost || form.Get("grant_type") != "client_credentials":
		c.Problems = append(c.Problems, Problem{"token", "a POST of a form with grant_type=client_credentials", r.Method, "body"})
		return oauth(http.StatusBadRequest, "unsupported_grant_type")
	case id != p.client || secret != p.secret:
		c.Problems = append(c.Problems, Problem{"token", "the client's id and secret", "others", "header Authorization"})
		return oauth(http.StatusUnauthorized, "invalid_client")
	case p.behaviour.Trouble == "token-refused":
		c.Trouble = "token-refused"
		return oauth(http.StatusUnauthorized, "invalid_client")
	}
	var granted []string
	for _, scope := range c.Scopes {
		known := slices.ContainsFunc(p.services, func(s *service.Service) bool {
			return slices.ContainsFunc(s.Scopes.All(), func(one string) bool { return s.Scopes.Prefix+one == scope })
		})
		if !known {
			c.Problems = append(c.Problems, Problem{"scope", "a scope of OneRoster " + p.version, scope, "scope"})
			continue
		}
		granted = append(granted, scope)
	}
	if p.behaviour.Trouble == "scopes-partly" {
		granted = slices.DeleteFunc(granted, func(s string) bool {
			return strings.Contains(s, "/roster.readonly") || strings.Contains(s, "/roster-core.readonly")
		})
	}
	if len(c.Scopes) > 0 && len(granted) == 0 && p.behaviour.Trouble == "" {
		return oauth(http.StatusBadRequest, "invalid_scope")
	}
	life := 3600
	if p.behaviour.Trouble == "scopes-partly" {
		life = 1
	}
	given := rand.Text()
	if p.minted != nil {
		p.minted(given)
	}
	p.tokens[given] = token{scopes: granted}
	return unstored(p.say(http.StatusOK, map[string]any{"access_token": given, "token_type": "Bearer", "expires_in": life,
		"scope": strings.Join(granted, " ")}))
}

func (p *Provider) noToken() reply {
	a := p.refuse(http.StatusUnauthorized, p.minor("unauthorisedrequest"), "A token is needed.")
	a.header.Set("WWW-Authenticate", "Bearer")
	return a
}

// bearer is the token of a header; the name of its scheme has no case (RFC 9110 §11.1).
func bearer(header string) string {
	scheme, given, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(given)
}

func basicOf(header string) (id, secret string, is bool) {
	text, is := strings.CutPrefix(header, "Basic ")
	if !is {
		return "", "", false
	}
	plain, _ := base64.StdEncoding.DecodeString(text)
	a, b, _ := strings.Cut(string(plain), ":")
	id, _ = url.QueryUnescape(a)
	secret, _ = url.QueryUnescape(b)
	return id, secret, true
}
