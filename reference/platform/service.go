package platform

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Service is one of LTI Advantage that the platform offers to tools beside launches. It is
// made with the platform (Config.Services), asks it who is in which course and which tokens
// are good, and keeps what it has in the platform's store.
type Service interface {
	// Handle adds what the service answers, to tools and to browsers.
	Handle(mux *http.ServeMux)
	// Claim gives the claim by which a launch tells of the service; where the launch has
	// none the name is "".
	Claim(l *Pending) (name string, claim any)
}

// Scoped is a Service that has scopes, which tools may be given that are registered by hand.
type Scoped interface {
	Scopes() []string
}

// scopes lists those of all services.
func (p *Platform) scopes() []string {
	var out []string
	for _, s := range p.services {
		if scoped, is := s.(Scoped); is {
			out = append(out, scoped.Scopes()...)
		}
	}
	return out
}

// Shower is a service that has something to show on the page of a course.
type Shower interface {
	// Shown gives what somebody in the course sees there, nil where that is nothing.
	Shown(r *http.Request, course, user string) []Section
}

// Section is a part of the page of a course.
type Section struct {
	Title string
	Body  template.HTML
}

// Member is somebody in a course, as services tell of people. What is unknown, or may not be
// told to the tool, is "".
type Member struct {
	User    string // sourcedId
	Subject string // sub of launches, user_id of services
	Roles   []string
	Status  string // Active, Inactive, or Deleted of somebody who left, among changes alone
	// Place is where somebody comes among all people, by name. It never changes.
	Place int

	Name, Given, Middle, Family, Email string
	SourcedID                          string // told as lis_person_sourcedid
}

// Course is a course as services tell of it.
type Course struct {
	ID      string // sourcedId of the class
	Context string // context.id of launches
	Title   string
	Label   string
	School  string // sourcedId of the org whose class it is
}

// Members lists who is in a course, by name; to a tool that is told nothing personal they are
// ids with roles.
func (p *Platform) Members(course string, t Registration) []Member {
	members, _ := p.Roster(course, t)
	return members
}

// Roster is Members with the number of the last change that it knows of.
func (p *Platform) Roster(course string, t Registration) (members []Member, at int64) {
	return p.roster(course, t, func(m membership) bool { return !m.Left })
}

// Changes lists those whose membership in a course changed after the change of that number,
// and the number of the last one.
func (p *Platform) Changes(course string, t Registration, since int64) (members []Member, at int64) {
	return p.roster(course, t, func(m membership) bool { return m.At > since })
}

func (p *Platform) roster(course string, t Registration, wanted func(membership) bool) (members []Member, at int64) {
	school := p.school()
	now := school.now.Load()
	in := now.members[course]
	for i, id := range school.order {
		is, there := in[id]
		if !there || !wanted(is) {
			continue
		}
		m := Member{User: id, Subject: p.Subject(id), Roles: slices.Clone(is.Roles), Status: is.status(), Place: i}
		if who := school.people[id]; !t.Anonymous {
			m.Name, m.Given, m.Middle, m.Family, m.Email, m.SourcedID = who.name, who.given, who.middle, who.family, who.email, who.id
		}
		members = append(members, m)
	}
	return members, now.at
}

// Message gives what a launch of a link by somebody would say of them, for services that tell
// it beforehand.
func (p *Platform) Message(user string, l Link, t Registration) map[string]any {
	claims := p.claims(&Pending{User: user, Link: l, Tool: t.In(l.Deployment), Target: cmp.Or(l.Target, t.TargetURI), As: "same"}, "")
	out := map[string]any{}
	for _, name := range []string{"message_type", "custom"} {
		if v, there := claims[lti.Namespace+name]; there {
			out[lti.Namespace+name] = v
		}
	}
	return out
}

// Courses lists the courses of the platform.
func (p *Platform) Courses() []Course {
	var out []Course
	for _, c := range p.school().courses {
		out = append(out, p.describe(c))
	}
	return out
}

// Course finds one by the sourcedId of its class.
func (p *Platform) Course(id string) (Course, bool) {
	c, there := p.school().course(id)
	return p.describe(c), there
}

// CourseIn finds one by its context id.
func (p *Platform) CourseIn(context string) (Course, bool) {
	school := p.school()
	i, there := school.contexts[context]
	if !there {
		return Course{}, false
	}
	return p.describe(school.courses[i]), true
}

func (p *Platform) describe(c course) Course {
	return Course{ID: c.id, Context: p.contextOf(c.id), Title: c.title, Label: c.code, School: c.school}
}

// Links lists the places in a course that open a tool.
func (p *Platform) Links(course, client string) []Link {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Link
	for _, l := range p.links {
		if l.Course == course && l.Tool == client {
			out = append(out, l)
		}
	}
	return out
}

// Link finds one by its id, which launches tell as resource_link.id.
func (p *Platform) Link(id string) (Link, bool) { return p.link(id) }

// Tool finds a registration by its client id.
func (p *Platform) Tool(client string) (Registration, bool) { return p.tool(client) }

// Subject is what tools know somebody by.
func (p *Platform) Subject(user string) string { return p.pseudonym("user", user) }

// SignedIn tells who has signed in with a browser, by sourcedId, and the token that forms of
// their pages carry; ok is false where nobody has, or where the store can't be read.
func (p *Platform) SignedIn(r *http.Request) (user, csrf string, ok bool) {
	s, err := p.signedIn(r)
	if err != nil || s == nil {
		return "", "", false
	}
	return s.User, s.CSRF, true
}

// Name gives the name of somebody, for pages of the platform's own.
func (p *Platform) Name(user string) string { return p.school().people[user].name }

// Called gives the first, by name, who is called so; empty where nobody is.
func (p *Platform) Called(name string) (user string) {
	school := p.school()
	for _, id := range school.order {
		if school.people[id].name == name {
			return id
		}
	}
	return ""
}

// Roles gives the roles of somebody in a course; none where they aren't in it.
func (p *Platform) Roles(course, user string) []string {
	return slices.Clone(p.school().roles(course, user))
}

// Problem shows what is wrong, without sending the browser anywhere.
func (p *Platform) Problem(w http.ResponseWriter, status int, text string) {
	p.problem(w, status, text)
}

// Forgetful says that the store can't be reached.
func (p *Platform) Forgetful(w http.ResponseWriter) { p.forgetful(w) }

// Page shows a page of a service, with what is in the body; a script there has the nonce, and
// forms are for the platform's own addresses. Where storage is set the page keeps things for
// tools that it opens (LTI postMessage Storage 0.1).
func (p *Platform) Page(w http.ResponseWriter, status int, title string, storage bool, body func(nonce string) template.HTML) {
	nonce := lti.Random()
	p.write(w, status, "service", nonce, struct {
		Title   string
		Body    template.HTML
		Storage bool
	}{title, body(nonce), storage})
}

// Frame shows a page with a tool in a frame, whose launch begins at an address of the platform.
func (p *Platform) Frame(w http.ResponseWriter, title, course, begin string) {
	p.page(w, http.StatusOK, "frame", struct {
		Title, Course, Begin string
		Height               int
	}{title, url.PathEscape(course), begin, frameHeight})
}

// Verify checks the signature of what a tool has signed, by its published keys, and gives the
// payload. The error is one of package security.
func (p *Platform) Verify(ctx context.Context, client, token string) ([]byte, error) {
	p.mu.Lock()
	keys := p.remote[client]
	p.mu.Unlock()
	if keys == nil {
		return nil, security.ErrUnknownKey
	}
	return keys.Verify(ctx, token)
}

// Spares tells whether a rule of a service is to be forgotten (Config.Spared).
func (p *Platform) Spares(rule string) bool { return slices.Contains(p.c.Spared, rule) }

// Given is what a tool has given for a course as it is kept (Config.Content).
func (p *Platform) Given(items []lti.ContentItem) []lti.ContentItem {
	if p.c.Content == nil {
		return items
	}
	return p.c.Content(items)
}

// Tools lists the tools that are registered.
func (p *Platform) Tools() []Registration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.c.Tools)
}

// Now is the time by the platform's clock.
func (p *Platform) Now() time.Time { return p.c.Now() }

// Store is what the platform and its services keep things in.
func (p *Platform) Store() store.Store { return p.c.Store }
