package platform

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// Granted is what an access token that was issued is good for.
type Granted struct {
	Client string
	Scopes []string
}

const (
	accessLife   = time.Hour
	assertionMax = time.Hour // how long a client assertion may be good for
	leeway       = 30 * time.Second
)

// Asserted is a client assertion whose signature is good (RFC 7523 §3).
type Asserted struct {
	Issuer   string       `json:"iss"`
	Subject  string       `json:"sub"`
	Audience lti.Audience `json:"aud"`
	Expires  *lti.Date    `json:"exp"`
	IssuedAt *lti.Date    `json:"iat"`
	ID       string       `json:"jti"`

	Client   string    `json:"-"`
	TokenURL string    `json:"-"`
	Now      time.Time `json:"-"`
	used     func(id string, until time.Time) bool
	failed   error // of used
}

// Assertion is one thing that a client assertion is held to.
type Assertion struct {
	ID     string
	Broken func(*Asserted) string
}

// Assertions lists what a client assertion is held to (1EdTech Security Framework
// 1.0 §4.1.1; RFC 7523 §3).
func Assertions() []Assertion {
	unless := func(ok bool, why string) string {
		if ok {
			return ""
		}
		return why
	}
	return []Assertion{
		{"iss", func(a *Asserted) string { return unless(a.Issuer == a.Client, "iss has to be the client id.") }},
		{"sub", func(a *Asserted) string { return unless(a.Subject == a.Client, "sub has to be the client id.") }},
		{"aud", func(a *Asserted) string {
			return unless(slices.Contains(a.Audience, a.TokenURL), "aud has to hold the address of this endpoint.")
		}},
		{"exp", func(a *Asserted) string {
			return unless(a.Expires != nil && a.Now.Before(a.Expires.Time().Add(leeway)), "exp is absent or over.")
		}},
		{"iat", func(a *Asserted) string {
			return unless(a.IssuedAt != nil && !a.IssuedAt.Time().After(a.Now.Add(leeway)), "iat is absent or in the future.")
		}},
		{"life", func(a *Asserted) string {
			return unless(a.Expires != nil && a.Expires.Time().Sub(a.Now) < assertionMax+leeway, "exp is too far away.")
		}},
		{"jti", func(a *Asserted) string { return unless(a.ID != "", "jti is absent.") }},
		{"jti-used", func(a *Asserted) string {
			// As long as the assertion is good, the leeway included.
			until := a.Now.Add(assertionMax)
			if a.Expires != nil {
				until = a.Expires.Time()
			}
			return unless(!a.used(a.ID, until.Add(leeway)), "jti was used before.")
		}},
	}
}

// token issues access tokens for services (Security Framework 1.0 §4.1; RFC 6749
// §4.4).
func (p *Platform) token(w http.ResponseWriter, r *http.Request) {
	fail := func(status int, code security.ErrorCode, text string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": string(code), "error_description": text}) // the client may be gone
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		fail(http.StatusMethodNotAllowed, security.InvalidRequest, "Tokens are asked for by POST.")
		return
	}
	if err := r.ParseForm(); err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		fail(http.StatusBadRequest, security.InvalidRequest, "The request has to be a form.")
		return
	}
	f := r.PostForm
	for _, name := range []string{"grant_type", "client_assertion_type", "client_assertion", "scope"} {
		if len(f[name]) > 1 { // RFC 6749 §3.2
			fail(http.StatusBadRequest, security.InvalidRequest, name+" comes more than once.")
			return
		}
	}
	if f.Get("grant_type") == "" || f.Get("client_assertion") == "" || f.Get("scope") == "" {
		fail(http.StatusBadRequest, security.InvalidRequest, "grant_type, client_assertion and scope are needed.")
		return
	}
	if f.Get("grant_type") != "client_credentials" {
		fail(http.StatusBadRequest, security.UnsupportedGrantType, "grant_type has to be client_credentials.")
		return
	}
	if f.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		fail(http.StatusBadRequest, security.InvalidRequest, "client_assertion_type has to be that of a JWT.")
		return
	}
	tool, why, err := p.client(r, f.Get("client_assertion"))
	if err != nil {
		fail(http.StatusServiceUnavailable, security.ServerError, forgetfulText)
		return
	}
	if why != "" {
		fail(http.StatusBadRequest, security.InvalidClient, why)
		return
	}
	var scopes []string
	for _, s := range strings.Fields(f.Get("scope")) {
		if slices.Contains(tool.Scopes, s) && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) == 0 {
		fail(http.StatusBadRequest, security.InvalidScope, "None of the scopes is granted to this client.")
		return
	}
	value, err := p.Grant(r.Context(), Granted{tool.ClientID, scopes}, p.c.Now().Add(accessLife))
	if err != nil {
		fail(http.StatusServiceUnavailable, security.ServerError, forgetfulText)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Pragma", "no-cache")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": value, "token_type": "Bearer", "expires_in": int(accessLife.Seconds()),
		"scope": strings.Join(scopes, " ")})
}

// Grant issues an access token that is good until a time; one that is over opens nothing.
func (p *Platform) Grant(ctx context.Context, what Granted, until time.Time) (token string, err error) {
	token = lti.Random()
	return token, p.tokens.Put(ctx, token, what, p.c.Now(), until)
}

// client finds out which tool signed an assertion: the one that the assertion
// names, by its published keys.
func (p *Platform) client(r *http.Request, assertion string) (t Registration, why string, failed error) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return Registration{}, "The assertion is no signed JWT.", nil
	}
	var named struct {
		Subject string `json:"sub"`
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &named) != nil {
		return Registration{}, "The assertion is no signed JWT.", nil
	}
	t, known := p.tool(named.Subject)
	if !known {
		return Registration{}, "sub names no client that is registered.", nil
	}
	p.mu.Lock()
	keys := p.remote[t.ClientID]
	p.mu.Unlock()
	payload, err := keys.Verify(r.Context(), assertion)
	if err != nil {
		return Registration{}, "The assertion can't be trusted: " + security.Reason(err) + ".", nil
	}
	a := &Asserted{Client: t.ClientID, TokenURL: p.TokenURL(), Now: p.c.Now()}
	a.used = func(id string, until time.Time) bool {
		var fresh bool
		fresh, a.failed = p.used.Of(t.ClientID).Add(r.Context(), id, true, a.Now, until)
		return !fresh
	}
	if err := json.Unmarshal(payload, a); err != nil {
		return Registration{}, "The claims of the assertion can't be read.", nil
	}
	for _, c := range p.c.Assertions {
		if why := c.Broken(a); why != "" {
			return Registration{}, why, a.failed
		}
	}
	return t, "", nil
}

// Authorized tells what the access token of a request is good for, if it has the scope
// that is asked for. Otherwise the error is one of package security, or ErrScope (RFC 6750
// §3.1), or the store's.
func (p *Platform) Authorized(r *http.Request, scope string) (Granted, error) {
	token, err := security.BearerToken(r)
	if err != nil {
		return Granted{}, err
	}
	g, there, err := p.tokens.Get(r.Context(), token, p.c.Now())
	switch {
	case err != nil:
		return Granted{}, err
	case !there:
		return Granted{}, security.ErrUnknownToken
	case !slices.Contains(g.Scopes, scope):
		return Granted{}, ErrScope
	}
	return g, nil
}

// ErrScope says that an access token is good, but not for what was asked.
var ErrScope = errors.New("the access token is not good for this")
