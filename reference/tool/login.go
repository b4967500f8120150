package tool

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// login answers a login initiation, which may come by GET and by POST (LTI 1.3
// §5.1.1.1): it remembers a state and a nonce, binds both to this browser, and
// sends it to the platform's authorization endpoint.
func (t *Tool) login(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		t.refuse(w, http.StatusMethodNotAllowed, "login.method", "A login is initiated by GET or POST.")
		return
	}
	if err := r.ParseForm(); err != nil {
		t.refuse(w, http.StatusBadRequest, "login.form", "The parameters of the login can't be read.")
		return
	}
	f := parameters(r)
	for _, name := range []string{"iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id",
		"lti_storage_target"} {
		if len(f[name]) > 1 {
			t.refuse(w, http.StatusBadRequest, "login.twice", "The login has more than one "+name+".")
			return
		}
	}
	for _, name := range []string{"iss", "login_hint", "target_link_uri"} {
		if f.Get(name) == "" {
			t.refuse(w, http.StatusBadRequest, "login."+name, "The login has no "+name+".")
			return
		}
	}
	p, problem := t.registration(f.Get("iss"), f.Get("client_id"))
	if problem != "" {
		t.refuse(w, http.StatusBadRequest, "login.registration", problem)
		return
	}
	if d := f.Get("lti_deployment_id"); d != "" && !slices.Contains(p.Deployments, d) {
		t.refuse(w, http.StatusForbidden, "login.deployment", "This deployment is not known here; ask for it to be added.")
		return
	}
	state := t.c.Random()
	now := t.c.Now()
	login := &pending{
		Platform: p,
		Nonce:    t.c.Random(),
		Proof:    lti.Random(),
		Target:   f.Get("target_link_uri"),
		Storage:  f.Get("lti_storage_target"),
		Hinted:   f.Get("lti_deployment_id"),
		Until:    now.Add(loginLife),
	}
	if err := t.pending.Put(r.Context(), state, *login, now, login.Until); err != nil {
		t.forgetful(w)
		return
	}

	http.SetCookie(w, bound(state, login.Proof))
	address := authentication(p, login.Nonce, state, t.RedirectURL(), f)
	if login.Storage != "" {
		t.keepInStorage(w, state, login, address)
		return
	}
	http.Redirect(w, r, address, http.StatusFound)
}

// parameters are those of a login: of a GET what its address says, of a POST what its
// body says and nothing else.
func parameters(r *http.Request) url.Values {
	f := maps.Clone(r.Form)
	if r.Method != http.MethodPost {
		return f
	}
	for name, address := range r.URL.Query() { // its values come behind those of the body
		f[name] = f[name][:max(0, len(f[name])-len(address))]
	}
	return f
}

// bound is the cookie that ties a state to a browser: one for each state, so that
// two launches side by side don't disturb each other. It has to come back in a
// form post from another site, and from within a frame.
func bound(state, proof string) *http.Cookie {
	return &http.Cookie{Name: "lti_" + state, Value: proof, Path: "/launch", MaxAge: int(loginLife.Seconds()),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode, Partitioned: true}
}

// registration finds the platform. Without a client id the issuer has to be
// enough (LTI 1.3 §4.1.3).
func (t *Tool) registration(issuer, client string) (p Platform, problem string) {
	var found []Platform
	for _, p := range t.c.Platforms {
		if p.Issuer == issuer && (client == "" || p.ClientID == client) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], ""
	case len(found) > 1:
		return p, "Several registrations are known for this issuer; the login has to name its client_id."
	}
	return p, "This platform is not registered here."
}

// authentication is the request for an id_token (Security Framework 1.0 §5.1.1.2; OpenID Connect
// Core §3.2.2.1). Hints go back exactly as they came.
func authentication(p Platform, nonce, state, redirect string, login url.Values) string {
	q := url.Values{
		"scope": {"openid"}, "response_type": {"id_token"}, "response_mode": {"form_post"}, "prompt": {"none"},
		"client_id": {p.ClientID}, "redirect_uri": {redirect}, "state": {state}, "nonce": {nonce}, "login_hint": {login.Get("login_hint")},
	}
	if login.Has("lti_message_hint") {
		q.Set("lti_message_hint", login.Get("lti_message_hint"))
	}
	u, err := url.Parse(p.AuthURL)
	if err != nil {
		return p.AuthURL // what was registered is not checked here
	}
	all := u.Query()
	for k, v := range q {
		all[k] = v
	}
	u.RawQuery = all.Encode()
	return u.String()
}
