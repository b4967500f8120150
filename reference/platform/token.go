package platform

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// granted is an access token that was issued.
type granted struct {
	client string
	scopes []string
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
	fail := func(status int, code, text string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": text}) // the client may be gone
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		fail(http.StatusMethodNotAllowed, "invalid_request", "Tokens are asked for by POST.")
		return
	}
	if err := r.ParseForm(); err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		fail(http.StatusBadRequest, "invalid_request", "The request has to be a form.")
		return
	}
	f := r.PostForm
	for _, name := range []string{"grant_type", "client_assertion_type", "client_assertion", "scope"} {
		if len(f[name]) > 1 { // RFC 6749 §3.2
			fail(http.StatusBadRequest, "invalid_request", name+" comes more than once.")
			return
		}
	}
	if f.Get("grant_type") == "" || f.Get("client_assertion") == "" || f.Get("scope") == "" {
		fail(http.StatusBadRequest, "invalid_request", "grant_type, client_assertion and scope are needed.")
		return
	}
	if f.Get("grant_type") != "client_credentials" {
		fail(http.StatusBadRequest, "unsupported_grant_type", "grant_type has to be client_credentials.")
		return
	}
	if f.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		fail(http.StatusBadRequest, "invalid_request", "client_assertion_type has to be that of a JWT.")
		return
	}
	tool, why := p.client(r, f.Get("client_assertion"))
	if why != "" {
		fail(http.StatusBadRequest, "invalid_client", why)
		return
	}
	var scopes []string
	for _, s := range strings.Fields(f.Get("scope")) {
		if slices.Contains(tool.Scopes, s) && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) == 0 {
		fail(http.StatusBadRequest, "invalid_scope", "None of the scopes is granted to this client.")
		return
	}
	value, now := random(), p.c.Now()
	p.mu.Lock()
	p.tokens.Put(value, granted{tool.ClientID, scopes}, now, now.Add(accessLife))
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Pragma", "no-cache")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": value, "token_type": "Bearer", "expires_in": int(accessLife.Seconds()),
		"scope": strings.Join(scopes, " ")})
}

// client finds out which tool signed an assertion: the one that the assertion
// names, by its published keys.
func (p *Platform) client(r *http.Request, assertion string) (Registration, string) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return Registration{}, "The assertion is no signed JWT."
	}
	var named struct {
		Subject string `json:"sub"`
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &named) != nil {
		return Registration{}, "The assertion is no signed JWT."
	}
	t, known := p.tool(named.Subject)
	if !known {
		return Registration{}, "sub names no client that is registered."
	}
	p.mu.Lock()
	keys := p.remote[t.ClientID]
	p.mu.Unlock()
	payload, err := keys.Verify(r.Context(), assertion)
	if err != nil {
		return Registration{}, "The assertion can't be trusted: " + security.Reason(err) + "."
	}
	a := &Asserted{Client: t.ClientID, TokenURL: p.TokenURL(), Now: p.c.Now()}
	a.used = func(id string, until time.Time) bool { return p.spent(t.ClientID, id, a.Now, until) }
	if err := json.Unmarshal(payload, a); err != nil {
		return Registration{}, "The claims of the assertion can't be read."
	}
	for _, c := range p.c.Assertions {
		if why := c.Broken(a); why != "" {
			return Registration{}, why
		}
	}
	return t, ""
}

// spent burns the id of a client's assertion; true when it was burnt before.
func (p *Platform) spent(client, id string, now, until time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids := p.used[client]
	if ids == nil {
		ids = lti.NewKept[struct{}](most)
		p.used[client] = ids
	}
	if _, used := ids.Get(id, now); used {
		return true
	}
	ids.Put(id, struct{}{}, now, until)
	return false
}
