package platform

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// Tools are registered at start, by whoever composes the platform, or here by hand:
// whoever administers a course may say where a tool is, and gets a client id and
// deployment ids to tell it (LTI 1.3 §3.1.3).

// mostTools bounds what one platform has registered, mostDeployments what one tool
// has.
const (
	mostTools       = 200
	mostDeployments = 20
)

// administers tells whether somebody has the role of an administrator anywhere.
func (s *school) administers(user string) bool {
	return slices.ContainsFunc(s.courses, func(c course) bool {
		return slices.Contains(s.roles(c.id, user), lti.Membership+"Administrator")
	})
}

// mayRegister finds the session of somebody who may register tools.
func (p *Platform) mayRegister(w http.ResponseWriter, r *http.Request) *session {
	s, err := p.signedIn(r)
	switch {
	case err != nil:
		p.forgetful(w)
		return nil
	case s == nil:
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	case !p.school().administers(s.User):
		p.problem(w, http.StatusForbidden, "Only administrators register tools; sign in as one.")
		return nil
	}
	return s
}

// showTools lists the tools that are registered, and what they have to be told.
func (p *Platform) showTools(w http.ResponseWriter, r *http.Request) {
	s := p.mayRegister(w, r)
	if s == nil {
		return
	}
	p.mu.Lock()
	tools := slices.Clone(p.c.Tools)
	p.mu.Unlock()
	p.page(w, http.StatusOK, "tools", struct {
		CSRF                         string
		Issuer, Auth, JWKS, TokenURL string
		Tools                        []Registration
		Scopes                       []string
	}{s.CSRF, p.Issuer(), p.AuthURL(), p.JWKSURL(), p.TokenURL(), tools, p.scopes()})
}

// registerTool takes the form of showTools: a new tool, or a further deployment of one
// that is there (client_id).
func (p *Platform) registerTool(w http.ResponseWriter, r *http.Request) {
	s := p.mayRegister(w, r)
	if s == nil {
		return
	}
	if r.ParseForm() != nil || subtle.ConstantTimeCompare([]byte(s.CSRF), []byte(r.PostForm.Get("token"))) != 1 {
		p.problem(w, http.StatusForbidden, "This form was not opened here.")
		return
	}
	t, problem := p.registration(r.PostForm)
	if problem != "" {
		p.problem(w, http.StatusBadRequest, problem)
		return
	}
	if err := p.keepTool(r.Context(), t); err != nil {
		p.forgetful(w)
		return
	}
	p.Register(t)
	http.Redirect(w, r, "/tools", http.StatusSeeOther)
}

// registration makes the registration that a form asks for, or says what is wrong.
func (p *Platform) registration(f url.Values) (t Registration, problem string) {
	if id := f.Get("client_id"); id != "" {
		t, known := p.tool(id)
		switch {
		case !known:
			return t, "No tool has this client id."
		case len(t.Deployments) >= mostDeployments:
			return t, "The tool has " + strconv.Itoa(mostDeployments) + " deployments, which is all there is room for."
		}
		t.Deployments = append(slices.Clone(t.Deployments), deploymentID())
		return t, ""
	}
	p.mu.Lock()
	full := len(p.c.Tools) >= mostTools
	p.mu.Unlock()
	if full {
		return t, "There is no room for more tools."
	}
	t = Registration{
		ClientID:     "tool-" + lti.Random()[:12],
		Name:         strings.TrimSpace(f.Get("name")),
		LoginURL:     f.Get("login_url"),
		RedirectURIs: strings.Fields(f.Get("redirect_uris")),
		TargetURI:    f.Get("target_link_uri"),
		JWKSURL:      f.Get("jwks_url"),
		Deployments:  []string{deploymentID()},
		Scopes:       f["scopes"],
		Anonymous:    f.Get("anonymous") != "",
	}
	for _, x := range []struct{ what, value string }{{"login URL", t.LoginURL}, {"target link URI", t.TargetURI}, {"JWKS URL", t.JWKSURL}} {
		if !absolute(x.value) {
			return t, "The " + x.what + " has to be an absolute http or https address."
		}
	}
	switch {
	case slices.ContainsFunc(t.Scopes, func(s string) bool { return !slices.Contains(p.scopes(), s) }):
		return t, "There is no such scope here."
	case t.Name == "" || len(t.Name) > 255:
		return t, "The tool needs a name, of 255 characters at most."
	case len(t.RedirectURIs) == 0 || slices.ContainsFunc(t.RedirectURIs,
		func(u string) bool { return !absolute(u) || strings.Contains(u, "#") }):
		return t, "Redirect URIs have to be absolute http or https addresses without a fragment, one a line."
	}
	return t, ""
}

func deploymentID() string { return "riverbend-" + lti.Random()[:8] }

func absolute(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}
