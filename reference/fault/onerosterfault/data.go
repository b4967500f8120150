package onerosterfault

import (
	"iter"
	"net/http"
	"slices"

	"github.com/rollcall-edu/rollcall/fixtures"
)

// reshapes are the faults and variants that are about what a district holds rather than
// how it is served.
func reshapes() map[string]func(fixtures.District) fixtures.District {
	return map[string]func(fixtures.District) fixtures.District{
		"no-demographics":     func(d fixtures.District) fixtures.District { return noDemographics{d} },
		"one-school":          func(d fixtures.District) fixtures.District { return newOneSchool(d) },
		"no-optional-members": func(d fixtures.District) fixtures.District { return bare{untaught{d}} },
		"nothing-deleted":     func(d fixtures.District) fixtures.District { return onlyActive{d} },
		"class-of-department": func(d fixtures.District) fixtures.District {
			return otherParents{District: d, school: orgOf(d, "department")}
		},
		"course-in-a-term": func(d fixtures.District) fixtures.District {
			return otherParents{District: d, year: sessionOf(d, "term")}
		},
		"teacher-as-agent":  func(d fixtures.District) fixtures.District { return teacherAgents{d} },
		"semesters-alone":   func(d fixtures.District) fixtures.District { return semesters{d} },
		"semesters-in-part": func(d fixtures.District) fixtures.District { return semesters{d} },
		"enrolled-twice":    func(d fixtures.District) fixtures.District { return enrolledTwice{d} },
	}
}

// otherParents hangs classes and courses on objects of the wrong kind.
type otherParents struct {
	fixtures.District
	school, year string // the org of a class, the session of a course; empty: as it was
}

func orgOf(d fixtures.District, kind string) string {
	for o := range d.Orgs() {
		if o.Type == kind {
			return o.SourcedID
		}
	}
	return ""
}

func sessionOf(d fixtures.District, kind string) string {
	for s := range d.AcademicSessions() {
		if s.Type == kind {
			return s.SourcedID
		}
	}
	return ""
}

func (o otherParents) Classes() iter.Seq[fixtures.Class] {
	first := o.school != ""
	return changed(o.District.Classes(), func(c fixtures.Class) fixtures.Class {
		if first {
			c.School, first = o.school, false
		}
		return c
	})
}

func (o otherParents) Courses() iter.Seq[fixtures.Course] {
	first := o.year != ""
	return changed(o.District.Courses(), func(c fixtures.Course) fixtures.Course {
		if first {
			c.SchoolYear, first = o.year, false
		}
		return c
	})
}

// semesters has the terms called semesters, so that there is no term.
type semesters struct{ fixtures.District }

func (s semesters) AcademicSessions() iter.Seq[fixtures.AcademicSession] {
	return changed(s.District.AcademicSessions(), func(v fixtures.AcademicSession) fixtures.AcademicSession {
		if v.Type == "term" {
			v.Type = "semester"
		}
		return v
	})
}

// teacherAgents enters a teacher among the agents of the first student.
type teacherAgents struct{ fixtures.District }

func (t teacherAgents) Users() iter.Seq[fixtures.User] {
	plays := func(u fixtures.User, role string) bool {
		return len(u.Roles) > 0 && !slices.ContainsFunc(u.Roles, func(r fixtures.Role) bool { return r.Role != role })
	}
	teacher := ""
	for u := range t.District.Users() {
		if plays(u, "teacher") {
			teacher = u.SourcedID
			break
		}
	}
	done := false
	return changed(t.District.Users(), func(u fixtures.User) fixtures.User {
		if !done && plays(u, "student") {
			u.Agents, done = append(slices.Clone(u.Agents), teacher), true
		}
		return u
	})
}

// bySetup are those that the set-up of the reference makes: see the tables.
func bySetup() map[string]wrapper {
	same := func(h http.Handler) http.Handler { return h }
	return map[string]wrapper{
		"credentials-reserved": same, "path-prefix": same, "limit-capped-by-provider": same, "https": same, "tls-1.0-accepted": same,
	}
}

type noDemographics struct{ fixtures.District }

func (noDemographics) Demographics() iter.Seq[fixtures.Demographics] {
	return func(func(fixtures.Demographics) bool) {}
}

func filtered[T any](all iter.Seq[T], keep func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range all {
			if keep(v) && !yield(v) {
				return
			}
		}
	}
}

func changed[T any](all iter.Seq[T], change func(T) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range all {
			if !yield(change(v)) {
				return
			}
		}
	}
}

// oneSchool keeps one school, its classes, and whoever is enrolled there.
type oneSchool struct {
	fixtures.District
	school  string
	classes map[string]bool
	users   map[string]bool
	orgs    map[string]bool
	taught  map[string]bool // the resources that those who are kept have
}

func newOneSchool(d fixtures.District) oneSchool {
	o := oneSchool{District: d, classes: map[string]bool{}, users: map[string]bool{}, orgs: map[string]bool{}, taught: map[string]bool{}}
	size := map[string]int{}
	for e := range d.Enrollments() {
		size[e.School]++
		if size[e.School] > size[o.school] {
			o.school = e.School
		}
	}
	parent := map[string]string{}
	for g := range d.Orgs() {
		parent[g.SourcedID] = g.Parent
	}
	for id := o.school; id != "" && !o.orgs[id]; id = parent[id] {
		o.orgs[id] = true
	}
	for c := range d.Classes() {
		o.classes[c.SourcedID] = c.School == o.school
	}
	for u := range d.Users() {
		for _, r := range u.Roles {
			if o.orgs[r.Org] {
				o.users[u.SourcedID] = true
			}
		}
	}
	for r := range d.CourseResources() {
		o.taught[r.Resource] = true
	}
	for r := range o.ClassResources() {
		o.taught[r.Resource] = true
	}
	for r := range o.UserResources() {
		o.taught[r.Resource] = true
	}
	return o
}

func (o oneSchool) keep(list []string, in map[string]bool) []string {
	var out []string
	for _, id := range list {
		if in[id] {
			out = append(out, id)
		}
	}
	return out
}

func (o oneSchool) Orgs() iter.Seq[fixtures.Org] {
	return changed(filtered(o.District.Orgs(), func(g fixtures.Org) bool { return o.orgs[g.SourcedID] }), func(g fixtures.Org) fixtures.Org {
		g.Children = o.keep(g.Children, o.orgs)
		return g
	})
}

func (o oneSchool) Courses() iter.Seq[fixtures.Course] {
	return changed(o.District.Courses(), func(c fixtures.Course) fixtures.Course {
		if !o.orgs[c.Org] {
			c.Org = o.school
		}
		return c
	})
}

func (o oneSchool) Classes() iter.Seq[fixtures.Class] {
	return filtered(o.District.Classes(), func(c fixtures.Class) bool { return o.classes[c.SourcedID] })
}

func (o oneSchool) Users() iter.Seq[fixtures.User] {
	return changed(filtered(o.District.Users(), func(u fixtures.User) bool { return o.users[u.SourcedID] }),
		func(u fixtures.User) fixtures.User {
			var roles []fixtures.Role
			for _, r := range u.Roles {
				if o.orgs[r.Org] {
					roles = append(roles, r)
				}
			}
			u.Roles, u.Agents = roles, o.keep(u.Agents, o.users)
			if !o.orgs[u.PrimaryOrg] {
				u.PrimaryOrg = roles[0].Org
			}
			return u
		})
}

func (o oneSchool) Enrollments() iter.Seq[fixtures.Enrollment] {
	return filtered(o.District.Enrollments(), func(e fixtures.Enrollment) bool { return o.classes[e.Class] && o.users[e.User] })
}

func (o oneSchool) Demographics() iter.Seq[fixtures.Demographics] {
	return filtered(o.District.Demographics(), func(d fixtures.Demographics) bool { return o.users[d.SourcedID] })
}

func (o oneSchool) Resources() iter.Seq[fixtures.Resource] {
	return filtered(o.District.Resources(), func(r fixtures.Resource) bool { return o.taught[r.SourcedID] })
}

func (o oneSchool) ClassResources() iter.Seq[fixtures.ClassResource] {
	return filtered(o.District.ClassResources(), func(r fixtures.ClassResource) bool { return o.classes[r.Class] })
}

func (o oneSchool) UserResources() iter.Seq[fixtures.UserResource] {
	return filtered(o.District.UserResources(), func(r fixtures.UserResource) bool { return o.users[r.User] })
}

// bare leaves out what the standard makes optional: so nobody refers to a resource, and
// there is none that somebody had to have.
type bare struct{ untaught }

func none[T any](func(T) bool) {}

func (b bare) Users() iter.Seq[fixtures.User] {
	return changed(b.District.Users(), func(u fixtures.User) fixtures.User {
		// Agents stay: a parent must have them.
		plain := fixtures.User{Base: u.Base, EnabledUser: u.EnabledUser, GivenName: u.GivenName, FamilyName: u.FamilyName, Agents: u.Agents}
		plain.Metadata = nil
		for _, r := range u.Roles {
			plain.Roles = append(plain.Roles, fixtures.Role{RoleType: r.RoleType, Role: r.Role, Org: r.Org})
		}
		return plain
	})
}

func (b bare) Classes() iter.Seq[fixtures.Class] {
	return changed(b.District.Classes(), func(c fixtures.Class) fixtures.Class {
		base := c.Base
		base.Metadata = nil
		return fixtures.Class{Base: base, Title: c.Title, Course: c.Course, School: c.School, Terms: c.Terms}
	})
}

func (b bare) Courses() iter.Seq[fixtures.Course] {
	return changed(b.District.Courses(), func(c fixtures.Course) fixtures.Course {
		base := c.Base
		base.Metadata = nil
		return fixtures.Course{Base: base, Title: c.Title, CourseCode: c.CourseCode}
	})
}

func (b bare) Orgs() iter.Seq[fixtures.Org] {
	return changed(b.District.Orgs(), func(o fixtures.Org) fixtures.Org {
		o.Parent, o.Children, o.Metadata = "", nil, nil
		return o
	})
}

func (b bare) AcademicSessions() iter.Seq[fixtures.AcademicSession] {
	return changed(b.District.AcademicSessions(), func(s fixtures.AcademicSession) fixtures.AcademicSession {
		s.Parent, s.Children, s.Metadata = "", nil, nil
		return s
	})
}

func (b bare) Enrollments() iter.Seq[fixtures.Enrollment] {
	return changed(b.District.Enrollments(), func(e fixtures.Enrollment) fixtures.Enrollment {
		e.Primary, e.BeginDate, e.EndDate, e.Metadata = "", "", "", nil
		return e
	})
}

// onlyActive holds no record that is flagged for deletion.
type onlyActive struct{ fixtures.District }

func active(b fixtures.Base) bool { return b.Status == fixtures.Active }

func (o onlyActive) gone() map[string]bool {
	gone := map[string]bool{}
	note := func(b fixtures.Base) { gone[b.SourcedID] = gone[b.SourcedID] || !active(b) }
	for v := range o.District.Orgs() {
		note(v.Base)
	}
	for v := range o.District.AcademicSessions() {
		note(v.Base)
	}
	for v := range o.District.Users() {
		note(v.Base)
	}
	return gone
}

func without(list []string, gone map[string]bool) []string {
	var out []string
	for _, id := range list {
		if !gone[id] {
			out = append(out, id)
		}
	}
	return out
}

func (o onlyActive) Orgs() iter.Seq[fixtures.Org] {
	gone := o.gone()
	return changed(filtered(o.District.Orgs(), func(v fixtures.Org) bool { return active(v.Base) }), func(v fixtures.Org) fixtures.Org {
		v.Children = without(v.Children, gone)
		return v
	})
}

func (o onlyActive) AcademicSessions() iter.Seq[fixtures.AcademicSession] {
	gone := o.gone()
	return changed(filtered(o.District.AcademicSessions(), func(v fixtures.AcademicSession) bool { return active(v.Base) }),
		func(v fixtures.AcademicSession) fixtures.AcademicSession {
			v.Children = without(v.Children, gone)
			return v
		})
}

func (o onlyActive) Courses() iter.Seq[fixtures.Course] {
	return filtered(o.District.Courses(), func(v fixtures.Course) bool { return active(v.Base) })
}

func (o onlyActive) Classes() iter.Seq[fixtures.Class] {
	return filtered(o.District.Classes(), func(v fixtures.Class) bool { return active(v.Base) })
}

func (o onlyActive) Users() iter.Seq[fixtures.User] {
	gone := o.gone()
	return changed(filtered(o.District.Users(), func(v fixtures.User) bool { return active(v.Base) }), func(v fixtures.User) fixtures.User {
		v.Agents = without(v.Agents, gone)
		return v
	})
}

func (o onlyActive) Enrollments() iter.Seq[fixtures.Enrollment] {
	return filtered(o.District.Enrollments(), func(v fixtures.Enrollment) bool { return active(v.Base) })
}

func (o onlyActive) Demographics() iter.Seq[fixtures.Demographics] {
	return filtered(o.District.Demographics(), func(v fixtures.Demographics) bool { return active(v.Base) })
}

func (o onlyActive) Resources() iter.Seq[fixtures.Resource] {
	return filtered(o.District.Resources(), func(v fixtures.Resource) bool { return active(v.Base) })
}

func (o onlyActive) CourseResources() iter.Seq[fixtures.CourseResource] {
	return filtered(o.District.CourseResources(), func(v fixtures.CourseResource) bool { return active(v.Base) })
}

func (o onlyActive) ClassResources() iter.Seq[fixtures.ClassResource] {
	return filtered(o.District.ClassResources(), func(v fixtures.ClassResource) bool { return active(v.Base) })
}

func (o onlyActive) UserResources() iter.Seq[fixtures.UserResource] {
	return filtered(o.District.UserResources(), func(v fixtures.UserResource) bool { return active(v.Base) })
}

// enrolledTwice has a student in one class by two enrollments, as a schedule has that lists
// every period.
type enrolledTwice struct{ fixtures.District }

func (d enrolledTwice) Enrollments() iter.Seq[fixtures.Enrollment] {
	return func(yield func(fixtures.Enrollment) bool) {
		done := false
		for e := range d.District.Enrollments() {
			if !yield(e) {
				return
			}
			if done || e.Status != fixtures.Active || e.Role != "student" {
				continue
			}
			done = true
			e.SourcedID += "-2"
			if !yield(e) {
				return
			}
		}
	}
}
