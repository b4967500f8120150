// Package desk is Rollcall as a tool at a platform, for suites that only have to see who comes there and with what: it
// lets itself be launched (LTI 1.3 over OpenID Connect), and keeps what each launch said. Whether a launch is signed and
// worded rightly is judged elsewhere (suites/lti/platform).
package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// Launch is somebody who came.
type Launch struct {
	Target string         // target_link_uri of the initiation, where it had one
	Claims map[string]any // of the token; nil: it can't be read
	Token  string
	At     time.Time
}

// Desk is where they come.
type Desk struct {
	mu       sync.Mutex
	launches []Launch
	targets  map[string]string // by state
}

// Open listens where the section says, until ctx ends. Told is told of each token that comes, which is a secret; nil: nobody
// is. The error is a *harness.ConfigError where the set-up is at fault.
func Open(ctx context.Context, l lti.Section, told func(token string)) (*Desk, error) {
	d := &Desk{targets: map[string]string{}}
	key, err := mint.NewKey("rollcall-" + side.Random()[:12])
	if err != nil {
		return nil, fmt.Errorf("making a key for Rollcall's tool: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if r.ParseForm() != nil {
			return
		}
		state := side.Random()
		d.mu.Lock()
		d.targets[state] = r.Form.Get("target_link_uri")
		d.mu.Unlock()
		q := url.Values{"scope": {"openid"}, "response_type": {"id_token"}, "response_mode": {"form_post"}, "prompt": {"none"},
			"client_id": {l.ClientID}, "redirect_uri": {l.PublicURL + "/callback"}, "state": {state}, "nonce": {side.Random()},
			"login_hint": {r.Form.Get("login_hint")}}
		if r.Form.Has("lti_message_hint") {
			q.Set("lti_message_hint", r.Form.Get("lti_message_hint"))
		}
		http.Redirect(w, r, side.Joined(l.Platform.AuthURL, q), http.StatusFound)
	})
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		if r.ParseForm() == nil && r.PostForm.Get("id_token") != "" {
			token := r.PostForm.Get("id_token")
			if told != nil {
				told(token)
			}
			_, claims, _ := mint.Decode(token) // what can't be read has none
			d.mu.Lock()
			d.launches = append(d.launches, Launch{Target: d.targets[r.PostForm.Get("state")], Claims: claims, Token: token, At: time.Now()})
			d.mu.Unlock()
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><html lang=en><title>Rollcall</title><p>Rollcall has seen who came.</p></html>")
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{key.JWK()}}) // the client may be gone
	})
	if _, err := side.Serve(ctx, l, mux); err != nil {
		return nil, err
	}
	return d, nil
}

// Launches gives all so far.
func (d *Desk) Launches() []Launch {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.launches)
}
