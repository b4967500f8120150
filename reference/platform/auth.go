package platform

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// Asked is an authentication request with what it is compared with.
type Asked struct {
	Query   url.Values
	Pending *Pending // nil: no launch has this hint
	Tool    Registration
	Known   bool   // the client id is registered
	User    string // sourcedId of whoever is signed in; empty: nobody
	// Barred says that whoever began the launch may not end it: they left the course since, say.
	Barred bool
}

// Check is one thing that an authentication request is held to. Broken gives the
// OAuth error (OpenID Connect Core §3.1.2.6; RFC 6749 §4.1.2.1), "" when all is
// well.
type Check struct {
	ID     string
	Broken func(*Asked) (code security.ErrorCode, text string)
	// Page says that the browser must not be sent to the redirect URI, for it is
	// not to be trusted yet.
	Page bool
}

// readOnce are the parameters of a request that the platform reads. What else comes
// is ignored, however often (RFC 6749 §3.1).
var readOnce = []string{"scope", "response_type", "response_mode", "prompt", "client_id", "redirect_uri", "state", "nonce", "login_hint",
	"lti_message_hint"}

// Checks lists what an authentication request is held to, in order: first what
// decides whether the redirect URI may be used at all (Security Framework 1.0 §5.1.1.2).
func Checks() []Check {
	when := func(broken bool, code security.ErrorCode, text string) (security.ErrorCode, string) {
		if broken {
			return code, text
		}
		return "", ""
	}
	return []Check{
		// Of two values nobody knows which one the others mean, of the redirect URI neither.
		{"once", func(a *Asked) (security.ErrorCode, string) {
			i := slices.IndexFunc(readOnce, func(name string) bool { return len(a.Query[name]) > 1 })
			if i < 0 {
				return "", ""
			}
			return security.InvalidRequest, readOnce[i] + " comes more than once."
		}, true},
		{"client_id", func(a *Asked) (security.ErrorCode, string) {
			return when(!a.Known, security.UnauthorizedClient, "This client_id is not registered.")
		}, true},
		{"redirect_uri", func(a *Asked) (security.ErrorCode, string) {
			return when(!slices.Contains(a.Tool.RedirectURIs, a.Query.Get("redirect_uri")), security.InvalidRequest,
				"This redirect_uri is not registered for the client.")
		}, true},
		{"response_type", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Query.Get("response_type") != "id_token", security.UnsupportedResponseType, "response_type has to be id_token.")
		}, false},
		{"scope", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Query.Get("scope") != "openid", security.InvalidScope, "scope has to be openid.")
		}, false},
		{"response_mode", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Query.Get("response_mode") != "form_post", security.InvalidRequest, "response_mode has to be form_post.")
		}, false},
		{"prompt", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Query.Get("prompt") != "none", security.InvalidRequest, "prompt has to be none.")
		}, false},
		{"nonce", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Query.Get("nonce") == "", security.InvalidRequest, "nonce is missing.")
		}, false},
		{"state", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Query.Get("state") == "", security.InvalidRequest, "state is missing.")
		}, false},
		{"login_hint", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Query.Get("login_hint") == "", security.InvalidRequest, "login_hint is missing.")
		}, false},
		{"session", func(a *Asked) (security.ErrorCode, string) {
			return when(a.User == "", security.LoginRequired, "Nobody is signed in.")
		}, false},
		{"lti_message_hint", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Pending == nil, security.InvalidRequest, "No launch waits for this lti_message_hint; each is good once.")
		}, false},
		{"client", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Pending != nil && a.Pending.Tool.ClientID != a.Tool.ClientID, security.UnauthorizedClient,
				"The launch was begun for another client.")
		}, false},
		{"user", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Pending != nil && (a.Pending.User != a.User || a.Query.Get("login_hint") != a.Pending.Login), security.AccessDenied,
				"login_hint is not that of the user who is signed in.")
		}, false},
		{"member", func(a *Asked) (security.ErrorCode, string) {
			return when(a.Barred, security.AccessDenied, "The user is not in the course any more, or the tool is not there for them.")
		}, false},
	}
}

// auth is the authorization endpoint. It takes GET and POST.
func (p *Platform) auth(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		p.problem(w, http.StatusMethodNotAllowed, "An authentication request comes by GET or POST.")
		return
	}
	if err := r.ParseForm(); err != nil {
		p.problem(w, http.StatusBadRequest, "The parameters can't be read.")
		return
	}
	a := &Asked{Query: r.Form}
	a.Tool, a.Known = p.tool(r.Form.Get("client_id"))
	s, err := p.signedIn(r)
	if err != nil {
		p.forgetful(w)
		return
	}
	if s != nil {
		a.User = s.User
	}
	hint := r.Form.Get("lti_message_hint")
	if launch, waits, err := p.pending.Get(r.Context(), hint, p.c.Now()); err != nil {
		p.forgetful(w)
		return
	} else if waits {
		a.Pending, a.Barred = &launch, !p.admits(launch)
	}
	for _, c := range p.c.Checks {
		code, text := c.Broken(a)
		if code == "" {
			continue
		}
		if c.Page {
			p.problem(w, http.StatusBadRequest, text)
			return
		}
		p.post(w, r.Form.Get("redirect_uri"), url.Values{"error": {string(code)}, "error_description": {text}, "state": r.Form["state"]})
		return
	}
	// A launch is good for one token: of two requests that come at once, one gets it.
	if _, waits, err := p.pending.Take(r.Context(), hint, p.c.Now()); err != nil {
		p.forgetful(w)
		return
	} else if a.Pending == nil || !waits {
		p.problem(w, http.StatusBadRequest, "No launch waits for this request.")
		return
	}
	claims := p.claims(a.Pending, r.Form.Get("nonce"))
	if p.c.Claims != nil {
		p.c.Claims(claims, a.Pending)
	}
	token, err := p.c.Sign(p.keys, claims)
	if err != nil {
		p.problem(w, http.StatusInternalServerError, "The token can't be made now.")
		return
	}
	values := url.Values{"id_token": {token}, "state": {r.Form.Get("state")}}
	if a.Pending.storage() {
		values.Set("lti_storage_target", storageTarget)
	}
	if p.c.Respond != nil {
		p.c.Respond(values)
	}
	p.post(w, r.Form.Get("redirect_uri"), values)
}

// admits tells whether whoever began a launch takes part in its course, with its tool.
func (p *Platform) admits(l Pending) bool {
	school := p.school()
	return school.roles(l.Link.Course, l.User) != nil && !school.in(l.Link.Course)[l.User].Inactive &&
		school.offers(l.Tool, l.Link.Course, l.User)
}

// storageTarget is the window that keeps things for tools: the page around the
// frame, or the course page that opened the window (LTI postMessage Storage 0.1).
const storageTarget = "_parent"

// storage tells whether such a window is there.
func (l *Pending) storage() bool { return l.As == "frame" || l.As == "window" }

// about is what is said of this platform, beside its name.
const (
	platformName = "Riverbend Unified"
	aboutText    = "A school district that is made up, for trying out tools"
	contactEmail = "support@riverbend.example"
)

// claims are the id_token of a launch (LTI 1.3 §5.3, §5.4).
func (p *Platform) claims(l *Pending, nonce string) map[string]any {
	now := p.c.Now()
	who, c := p.school().people[l.User], course{}
	c, _ = p.school().course(l.Link.Course)
	roles := p.school().roles(c.id, l.User)
	out := map[string]any{
		"iss": p.c.Origin, "aud": l.Tool.ClientID, "azp": l.Tool.ClientID, "iat": now.Unix(), "exp": now.Add(tokenLife).Unix(), "nonce": nonce,
		"sub": p.pseudonym("user", l.User), "locale": "en-US",
		lti.Namespace + "message_type": cmp.Or(l.Message, lti.ResourceLinkRequest), lti.Namespace + "version": lti.Version,
		lti.Namespace + "deployment_id":   l.Link.Deployment,
		lti.Namespace + "target_link_uri": l.Target, lti.Namespace + "roles": slices.Clone(roles),
		lti.Namespace + "context": map[string]any{"id": p.pseudonym("course", c.id), "title": c.title, "label": c.code,
			"type": []string{"http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"}},
		lti.Namespace + "tool_platform": map[string]any{"guid": p.pseudonym("platform"), "name": platformName, "description": aboutText,
			"url": p.c.Origin, "contact_email": contactEmail, "product_family_code": "rollcall-reference", "version": "1"},
		lti.Namespace + "launch_presentation": p.presentation(l, c),
	}
	if l.Link.ID != "" { // a deep linking request is about none
		out[lti.Namespace+"resource_link"] = map[string]any{"id": l.Link.ID, "title": l.Link.Title, "description": l.Link.Description}
	}
	maps.Copy(out, l.Own)
	lis := map[string]any{"course_section_sourcedid": c.id, "course_offering_sourcedid": c.course}
	if !l.Tool.Anonymous {
		lis["person_sourcedid"] = who.id
		for name, v := range map[string]string{"name": who.name, "given_name": who.given, "middle_name": who.middle, "family_name": who.family,
			"email": who.email} {
			if v != "" {
				out[name] = v
			}
		}
	}
	out[lti.Namespace+"lis"] = lis
	if slices.Contains(roles, lti.Membership+"Mentor") {
		scope := []string{} // where the children left there is nobody, and never null
		for _, child := range p.school().mentors[l.User] {
			if p.school().roles(c.id, child) != nil {
				scope = append(scope, p.pseudonym("user", child))
			}
		}
		out[lti.Namespace+"role_scope_mentor"] = scope
	}
	for _, s := range p.services {
		if name, claim := s.Claim(l); name != "" {
			out[name] = claim
		}
	}
	if custom := p.custom(l, out); len(custom) > 0 {
		out[lti.Namespace+"custom"] = custom
	}
	return out
}

// presentation says how the tool is shown, and where to go afterwards.
func (p *Platform) presentation(l *Pending, c course) map[string]any {
	target := map[string]string{"frame": "iframe", "window": "window", "same": "window"}[l.As]
	out := map[string]any{"document_target": target, "return_url": p.c.Origin + "/courses/" + url.PathEscape(c.id), "locale": "en-US"}
	if l.As == "frame" {
		out["height"] = frameHeight // it is as wide as the window, which nobody knows here
	}
	return out
}

// frameHeight is that of the frame in which tools are, in pixels.
const frameHeight = 576
