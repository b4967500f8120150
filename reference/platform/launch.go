package platform

import (
	"net/http"
	"net/url"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// mayOpen finds the link of a request and whoever opens it.
func (p *Platform) mayOpen(w http.ResponseWriter, r *http.Request) (Link, *session, bool) {
	s, err := p.signedIn(r)
	if err != nil {
		p.forgetful(w)
		return Link{}, nil, false
	}
	if s == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return Link{}, nil, false
	}
	l, there := p.link(r.PathValue("link"))
	if !there || p.school().roles(l.Course, s.User) == nil {
		p.problem(w, http.StatusNotFound, "There is no such link in your courses.")
		return Link{}, nil, false
	}
	if t, there := p.tool(l.Tool); there && !p.Offers(t, l.Course, s.User) {
		p.problem(w, http.StatusNotFound, "There is no such link in your courses.")
		return Link{}, nil, false
	}
	if p.school().in(l.Course)[s.User].Inactive {
		p.problem(w, http.StatusForbidden, "You take no part in this course just now.")
		return Link{}, nil, false
	}
	if l.Item != nil && !l.Item.Available.Open(p.c.Now()) && !lti.Teaches(p.school().roles(l.Course, s.User)) {
		p.problem(w, http.StatusForbidden, "This is not open now.")
		return Link{}, nil, false
	}
	return l, s, true
}

// openLink shows a link in a frame of its page, or goes to it.
func (p *Platform) openLink(w http.ResponseWriter, r *http.Request) {
	l, _, ok := p.mayOpen(w, r)
	if !ok {
		return
	}
	if r.URL.Query().Get("as") != "frame" {
		p.begin(w, r)
		return
	}
	p.page(w, http.StatusOK, "frame", struct {
		Title, Course, Begin string
		Height               int
	}{l.Title, url.PathEscape(l.Course), "/links/" + url.PathEscape(l.ID) + "/begin?as=frame", frameHeight})
}

// begin initiates a login at the tool (LTI 1.3 §4.1).
func (p *Platform) begin(w http.ResponseWriter, r *http.Request) {
	l, s, ok := p.mayOpen(w, r)
	if !ok {
		return
	}
	t, there := p.tool(l.Tool)
	if !there {
		p.problem(w, http.StatusNotFound, "The tool of this link is no longer registered.")
		return
	}
	p.Begin(w, r, &Pending{User: s.User, Link: l, Tool: t, As: r.URL.Query().Get("as"), Target: l.Target})
}

// Begin initiates a login at the tool for a launch, which says who launches what, as what and
// with which message.
func (p *Platform) Begin(w http.ResponseWriter, r *http.Request, launch *Pending) {
	l, t := launch.Link, launch.Tool
	launch.Hint, launch.Login = lti.Random(), p.pseudonym("login", launch.User)
	if launch.As != "frame" && launch.As != "window" {
		launch.As = "same"
	}
	launch.Tool = t.In(l.Deployment)
	if launch.Target == "" {
		launch.Target = t.TargetURI
	}
	now := p.c.Now()
	if err := p.pending.Put(r.Context(), launch.Hint, *launch, now, now.Add(launchLife)); err != nil {
		p.forgetful(w)
		return
	}
	v := url.Values{"iss": {p.c.Origin}, "login_hint": {launch.Login}, "lti_message_hint": {launch.Hint}, "target_link_uri": {launch.Target},
		"client_id": {t.ClientID}, "lti_deployment_id": {l.Deployment}}
	if launch.storage() {
		v.Set("lti_storage_target", storageTarget)
	}
	if p.c.Login != nil {
		p.c.Login(v, launch)
	}
	p.post(w, t.LoginURL, v)
}
