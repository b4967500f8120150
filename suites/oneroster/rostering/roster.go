package rostering

import (
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Roster is the crawl as the checks of rosters read it: small kinds as decoded objects,
// enrollments in compact form. It is read-only.
type Roster struct {
	*rest.Corpus

	Sessions     []AcademicSession
	Orgs         []Org
	Courses      []Course
	Classes      []Class
	Users        []User
	Enrollments  []Enrollment
	Demographics []Demographics

	*rest.Symbols
	shared  map[string]string // texts that objects have in common
	derived map[string]derivation
	alone   bool // users have one role each, as in 1.1
	astray  func() bool
}

// Enrollment in compact form; the numbers are symbols of the roster.
type Enrollment struct {
	User, Class, School, Role, Status, Primary, Begin, End uint32
	Modified                                               int64 // milliseconds since 1970; 0 when unreadable
}

// open reads the crawl of a session.
func open(of *service.Service, s *harness.Session) (r *Roster, err error) {
	r = &Roster{Symbols: rest.NewSymbols(), shared: map[string]string{}, derived: map[string]derivation{}}
	r.astray = sync.OnceValue(r.goneAstray)
	_, r.alone = of.Kinds["user"].Member("/role")
	for _, d := range derivations(of) {
		r.derived[d.Name] = d
	}
	r.Corpus, err = rest.Open(of, nil, s, r.take)
	return r, err
}

// take keeps an object of a whole collection.
func (r *Roster) take(kind string, object []byte) {
	switch kind {
	case "academicSession":
		r.Sessions = append(r.Sessions, rest.Read[AcademicSession](object))
	case "org":
		r.Orgs = append(r.Orgs, rest.Read[Org](object))
	case "course":
		r.Courses = append(r.Courses, rest.Read[Course](object))
	case "class":
		r.Classes = append(r.Classes, rest.Read[Class](object))
	case "user":
		u := rest.Read[User](object)
		if r.alone {
			u.Roles = nil // of 1.2, and not this version's
			u = u.once()
		}
		r.Users = append(r.Users, r.slim(u))
	case "demographics":
		r.Demographics = append(r.Demographics, r.slimDemographics(rest.Read[Demographics](object)))
	case "enrollment":
		r.Enrollments = append(r.Enrollments, r.compact(rest.Read[enrollment](object)))
	}
}

// once gives one copy of a text that many objects share.
func (r *Roster) once(text string) string {
	if text == "" {
		return ""
	}
	if kept, met := r.shared[text]; met {
		return kept
	}
	text = strings.Clone(text)
	r.shared[text] = text
	return text
}

// slim lets users share the texts that they have in common, such as roles, orgs
// and instants, and drops what no check reads: a state has a million of them.
func (r *Roster) slim(u User) User {
	lean := func(ref *Ref) {
		if ref != nil {
			*ref = Ref{SourcedID: r.once(ref.SourcedID)}
		}
	}
	u.Status, u.DateLastModified = r.once(u.Status), r.once(u.DateLastModified)
	for i := range u.Roles {
		role := &u.Roles[i]
		role.RoleType, role.Role, role.BeginDate, role.EndDate = r.once(role.RoleType), r.once(role.Role),
			r.once(role.BeginDate), r.once(role.EndDate)
		lean(role.Org)
	}
	lean(u.PrimaryOrg)
	for i := range u.Agents {
		u.Agents[i] = Ref{SourcedID: u.Agents[i].SourcedID}
	}
	return u
}

func (r *Roster) slimDemographics(d Demographics) Demographics {
	d.Status, d.DateLastModified, d.BirthDate = r.once(d.Status), r.once(d.DateLastModified), r.once(d.BirthDate)
	return d
}

func (r *Roster) compact(e enrollment) Enrollment {
	id := func(ref *Ref) uint32 {
		if ref == nil {
			return 0
		}
		return r.Intern(ref.SourcedID)
	}
	out := Enrollment{User: id(e.User), Class: id(e.Class), School: id(e.School), Role: r.Intern(e.Role), Status: r.Intern(e.Status),
		Primary: r.Intern(e.Primary), Begin: r.Intern(e.BeginDate), End: r.Intern(e.EndDate)}
	if at, err := time.Parse(time.RFC3339Nano, e.DateLastModified); err == nil {
		out.Modified = at.UnixMilli()
	}
	return out
}

// roster gives the crawl to a check.
func roster(t *rest.T) *Roster { return t.Session().Shared.(*Roster) }

// Org finds one object, as Session, Course, Class and User do; nil when there is none.
func (r *Roster) Org(id string) *Org { return at(r.Orgs, r.Index("org", id)) }
func (r *Roster) Session(id string) *AcademicSession {
	return at(r.Sessions, r.Index("academicSession", id))
}
func (r *Roster) Course(id string) *Course { return at(r.Courses, r.Index("course", id)) }
func (r *Roster) Class(id string) *Class   { return at(r.Classes, r.Index("class", id)) }
func (r *Roster) User(id string) *User     { return at(r.Users, r.Index("user", id)) }

// Status gives the status of an object of a small kind; empty when the crawl has
// none.
func (r *Roster) Status(kind, id string) string {
	var b *Base
	switch kind {
	case "org":
		if o := r.Org(id); o != nil {
			b = &o.Base
		}
	case "academicSession":
		if o := r.Session(id); o != nil {
			b = &o.Base
		}
	case "course":
		if o := r.Course(id); o != nil {
			b = &o.Base
		}
	case "class":
		if o := r.Class(id); o != nil {
			b = &o.Base
		}
	case "user":
		if o := r.User(id); o != nil {
			b = &o.Base
		}
	}
	if b == nil {
		return ""
	}
	return b.Status
}

func at[T any](list []T, i int) *T {
	if i < 0 {
		return nil
	}
	return &list[i]
}
