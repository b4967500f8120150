package tool

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// launch takes the authentication response (Security Framework 1.0 §5.1.1.3): a form post with
// state and id_token, or an error.
func (t *Tool) launch(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		t.refuse(w, http.StatusMethodNotAllowed, "response.method", "The platform has to answer by a form post.")
		return
	}
	if err := r.ParseForm(); err != nil || len(r.PostForm["id_token"]) > 1 || len(r.PostForm["state"]) > 1 || len(r.PostForm["error"]) > 1 {
		t.refuse(w, http.StatusBadRequest, "response.form", "The answer of the platform can't be read.")
		return
	}
	state := r.PostForm.Get("state")
	login, there, err := t.pending.Get(r.Context(), state, t.c.Now())
	if err != nil {
		t.forgetful(w)
		return
	}
	if state == "" || !there {
		t.refuse(w, http.StatusUnauthorized, "response.state", "The state of this answer is not known here: the login is over, or was never begun.")
		return
	}
	known, proven := t.proof(r, state, &login)
	if known && !proven || !known && login.Storage == "" {
		t.refuse(w, http.StatusUnauthorized, "response.browser", "This answer belongs to a login of another browser, or the browser keeps no cookies.")
		return
	}
	if code := r.PostForm.Get("error"); code != "" {
		if !t.forget(w, r, state) {
			return
		}
		t.refuse(w, http.StatusUnauthorized, "response.error", "The platform refused the login: "+code+". "+r.PostForm.Get("error_description"))
		return
	}
	launch, failed := t.check(r, &login, r.PostForm.Get("id_token"))
	if failed != nil {
		if !t.forget(w, r, state) {
			return
		}
		t.refuse(w, failed.Status, failed.Rule, failed.Text)
		return
	}
	if !proven {
		login.Waiting = launch
		if err := t.pending.Put(r.Context(), state, login, t.c.Now(), login.Until); err != nil {
			t.forgetful(w)
			return
		}
		t.askStorage(w, state, &login)
		return
	}
	if t.forget(w, r, state) {
		t.open(w, r, launch)
	}
}

// proof tells whether the browser brought a proof for the state, and whether it is
// the right one.
func (t *Tool) proof(r *http.Request, state string, login *pending) (known, right bool) {
	cookie, err := r.Cookie("lti_" + state)
	if err != nil {
		return false, false
	}
	return true, subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(login.Proof)) == 1
}

// forget burns a state, which is good for one answer. Where it can't it says so to the
// browser.
func (t *Tool) forget(w http.ResponseWriter, r *http.Request, state string) bool {
	if err := t.pending.Drop(r.Context(), state); err != nil {
		t.forgetful(w)
		return false
	}
	return true
}

// check holds an id_token to the signature and to every rule.
func (t *Tool) check(r *http.Request, login *pending, token string) (*Launch, *Failure) {
	p := login.Platform
	verifier, registered := t.verifiers[p.key()]
	if !registered {
		return nil, &Failure{Rule: "login.registration", Status: http.StatusBadRequest, Text: "This platform is no longer registered here."}
	}
	payload, err := verifier.Verify(r.Context(), token)
	switch {
	case errors.Is(err, security.ErrUnavailable):
		return nil, &Failure{Rule: "token.keys", Status: http.StatusBadGateway, Text: "The keys of the platform can't be read now; try again."}
	case err != nil:
		return nil, &Failure{
			Rule:   "token.signature",
			Status: http.StatusUnauthorized,
			Text:   "The token can't be trusted: " + security.Reason(err) + ".",
		}
	}
	a := &Attempt{
		Now:      t.c.Now(),
		Origin:   t.c.Origin,
		Platform: p,
		Nonce:    login.Nonce,
		Target:   login.Target,
		Hinted:   login.Hinted,
	}
	var failed error
	a.used = func(nonce string, until time.Time) bool {
		var fresh bool
		fresh, failed = t.nonces.Add(r.Context(), nonce, true, a.Now, until)
		return !fresh
	}
	if err := json.Unmarshal(payload, &a.Claims); err != nil {
		return nil, &Failure{Rule: "token.claims", Status: http.StatusBadRequest, Text: "The claims of the token can't be read."}
	}
	for _, rule := range t.c.Rules {
		why := rule.Broken(a)
		if failed != nil {
			return nil, &Failure{Rule: "store", Status: http.StatusServiceUnavailable, Text: forgetfulText}
		}
		if why != "" {
			return nil, &Failure{Rule: rule.ID, Status: http.StatusUnauthorized, Text: why}
		}
	}
	return &Launch{ID: lti.Random(), Platform: p, Claims: a.Claims, Raw: payload, At: a.Now, Proof: lti.Random()}, nil
}

// open begins a session for the launch and goes to the resource. The launch is a part
// of the address, so that two of them side by side don't disturb each other, and is
// bound to the browser by a cookie, if that keeps any.
func (t *Tool) open(w http.ResponseWriter, r *http.Request, launch *Launch) {
	if err := t.launches.Put(r.Context(), launch.ID, *launch, launch.At, launch.At.Add(launchLife)); err != nil {
		t.forgetful(w)
		return
	}
	target := t.TargetURL("deep-linking") // of whatever a deep linking request names
	if c := launch.Claims; c.Target != nil && !launch.picks() {
		target = *c.Target
	}
	u, err := url.Parse(target)
	if err != nil {
		t.refuse(w, http.StatusBadRequest, "target.form", "The address of the resource can't be read.")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: launch.cookie(), Value: launch.Proof, Path: "/", MaxAge: int(launchLife.Seconds()),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode, Partitioned: true})
	q := u.Query()
	q.Set("launch", launch.ID)
	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

// cookie is the name of the cookie that binds the launch.
func (l *Launch) cookie() string { return "launch_" + l.ID }

// find gives the launch that an address belongs to, or why this browser may not see it.
func (t *Tool) find(r *http.Request) (*Launch, *Failure) {
	refused := func(why string) (*Launch, *Failure) {
		return nil, &Failure{Rule: "session", Status: http.StatusUnauthorized, Text: why}
	}
	forgotten := &Failure{Rule: "store", Status: http.StatusServiceUnavailable, Text: forgetfulText}
	id, now := r.URL.Query().Get("launch"), t.c.Now()
	l, there, err := t.launches.Get(r.Context(), id, now)
	switch {
	case err != nil:
		return nil, forgotten
	case !there:
		return refused("There is no launch for this page; open it from your course.")
	}
	own := slices.ContainsFunc(r.CookiesNamed(l.cookie()), func(c *http.Cookie) bool {
		return subtle.ConstantTimeCompare([]byte(c.Value), []byte(l.Proof)) == 1
	})
	switch {
	case own && !l.Bound:
		l.Bound = true // from now on nobody else has it
		if err := t.launches.Put(r.Context(), id, l, now, l.At.Add(launchLife)); err != nil {
			return nil, forgotten
		}
	case own:
	case l.Bound:
		return refused("This launch belongs to another browser; open the page from your course.")
	case !now.Before(l.At.Add(unboundLife)):
		return refused("This browser keeps no cookies here, and then an address is good for a few minutes only; open the page from your course again.")
	}
	return &l, nil
}

// picks tells whether content is to be picked.
func (l *Launch) picks() bool { return l.Claims.MessageType == lti.DeepLinkingRequest }
