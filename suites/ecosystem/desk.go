package ecosystem

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// desk is Rollcall as one more tool at a platform: it lets itself be launched, and asks for names, roles and grades.
type desk struct {
	section lti.Section
	key     mint.Key
	server  *http.Server

	mu   sync.Mutex
	last string // the last token that came
}

// seat opens the desk of a platform, or gives the one that listens there already.
func (d *district) seat(ctx context.Context, at *system) (*desk, error) {
	l := *lti.Of(at.target)
	if k := d.desks[l.Listen]; k != nil {
		return k, nil
	}
	k := &desk{section: l}
	var err error
	if k.key, err = mint.NewKey("rollcall-" + side.Random()[:12]); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if r.ParseForm() != nil {
			return
		}
		auth, client := l.Platform.AuthURL, l.ClientID
		for _, other := range d.of(Platform) { // two platforms may share one desk
			if o := lti.Of(other.target); o.Listen == l.Listen && o.Platform.Issuer == r.Form.Get("iss") {
				auth, client = o.Platform.AuthURL, o.ClientID
			}
		}
		q := url.Values{"scope": {"openid"}, "response_type": {"id_token"}, "response_mode": {"form_post"}, "prompt": {"none"},
			"client_id": {client}, "redirect_uri": {l.PublicURL + "/callback"}, "state": {side.Random()}, "nonce": {side.Random()},
			"login_hint": {r.Form.Get("login_hint")}}
		if r.Form.Has("lti_message_hint") {
			q.Set("lti_message_hint", r.Form.Get("lti_message_hint"))
		}
		http.Redirect(w, r, side.Joined(auth, q), http.StatusFound)
	})
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		if r.ParseForm() == nil {
			k.mu.Lock()
			k.last = r.PostForm.Get("id_token")
			k.mu.Unlock()
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><html lang=en><title>Rollcall</title><p>Rollcall has the answer.</p></html>")
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{k.key.JWK()}}) // the client may be gone
	})
	if k.server, err = side.Serve(ctx, l, mux); err != nil {
		return nil, err
	}
	d.desks[l.Listen] = k
	return k, nil
}

// granted is an access token.
type granted struct {
	token string
	until time.Time
}

// own asks a service of a platform, with a token of Rollcall's registration there.
func (d *district) own(ctx context.Context, at *system, r harness.Request) (*harness.Response, string) {
	l := lti.Of(at.target)
	if at.token.token == "" || time.Now().After(at.token.until) {
		k, err := d.seat(ctx, at)
		if err != nil {
			return &harness.Response{Request: r, Problem: cause(err)}, ""
		}
		audience := l.Platform.Audience
		if audience == "" {
			audience = l.Platform.TokenURL
		}
		now := time.Now().Unix()
		assertion, err := mint.Sign(map[string]any{"alg": "RS256", "typ": "JWT", "kid": k.key.ID}, map[string]any{"iss": l.ClientID,
			"sub": l.ClientID, "aud": audience, "iat": now, "exp": now + 60, "jti": side.Random()}, k.key, "")
		if err != nil {
			return &harness.Response{Request: r, Problem: err.Error()}, ""
		}
		d.session.Redactor().Secret(assertion)
		form := url.Values{"grant_type": {"client_credentials"}, "client_assertion": {assertion},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "scope": {strings.Join(l.Platform.Scopes, " ")}}
		got, id := d.ask(ctx, at, harness.Request{Method: http.MethodPost, URL: l.Platform.TokenURL, Body: []byte(form.Encode()), Secret: true,
			Auth: harness.AuthNone, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}})
		var answer object
		if json.Unmarshal(got.Body, &answer) != nil || answer.text("access_token") == "" {
			return &harness.Response{Request: r, Problem: "no access token is granted: " + got.Summary()}, id
		}
		life, _ := answer["expires_in"].(float64)
		at.token = granted{answer.text("access_token"), time.Now().Add(time.Duration(life)*time.Second - 10*time.Second)}
		d.session.Redactor().Secret(at.token.token)
	}
	r.Auth, r.Told = harness.AuthNone, true // a launch named the address
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization", "Bearer "+at.token.token)
	return d.ask(ctx, at, r)
}

// claims reads a token without asking whose it is: whether it is signed rightly is judged elsewhere.
func claims(token string) object {
	_, c, err := mint.Decode(token)
	if err != nil {
		return nil
	}
	return c
}
