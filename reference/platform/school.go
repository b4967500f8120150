package platform

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"sync/atomic"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

// school is what the platform takes from the SIS: people, classes, and who is in
// them as what.
type school struct {
	people  map[string]person
	order   []string // of people, by name
	courses []course
	mentors map[string][]string // user → those whom the user accompanies
	// offerings are the courses that classes are taught from, by sourcedId.
	offerings map[string]offering
	// said is who is in the courses by the SIS alone, now is who is in them here; a change makes
	// a new one of the latter.
	said map[string]map[string]membership
	now  atomic.Pointer[roster]
	// places are where courses stand in the list of them, by sourcedId, contexts by context id.
	places, contexts map[string]int
	resources        assigned
}

// roster is who is in the courses at one time.
type roster struct {
	at      int64                            // number of the last change
	members map[string]map[string]membership // course → user
}

// membership is what somebody is in a course. Of those who left it stays, so that it can be
// told that they did.
type membership struct {
	Roles    []string `json:"roles"`
	Inactive bool     `json:"inactive,omitempty"`
	Left     bool     `json:"left,omitempty"`
	At       int64    `json:"at"` // number of the change by which it came about; 0: it was so from the start
}

// in gives who is in a course, with those who left it.
func (s *school) in(course string) map[string]membership { return s.now.Load().members[course] }

// roles are those of somebody in a course; none where they aren't in it, or where it is gone.
func (s *school) roles(course, user string) []string {
	if _, there := s.places[course]; !there {
		return nil
	}
	if m := s.in(course)[user]; !m.Left {
		return m.Roles
	}
	return nil
}

type person struct {
	id, name, given, middle, family, email, username string

	roles []string // in orgs (OneRoster 1.2 information model, RoleEnum)
}

type course struct{ id, title, code, course, term, school string }

type offering struct{ title, code string }

// contextRoles are the roles in a course for those of an enrollment (OneRoster 1.2
// role vocabulary; LTI 1.3 appendix A.2.3).
var contextRoles = map[string][]string{
	"student":       {lti.Membership + "Learner"},
	"teacher":       {lti.Membership + "Instructor"},
	"aide":          {"http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant", lti.Membership + "Instructor"},
	"proctor":       {lti.Membership + "Member"},
	"administrator": {lti.Membership + "Administrator"},
}

// readSchool takes in what a SIS says; context names the context of a course.
func readSchool(d fixtures.District, context func(course string) string) *school {
	s := &school{
		people:    map[string]person{},
		mentors:   map[string][]string{},
		offerings: map[string]offering{},
	}
	members := map[string]map[string]membership{}
	for o := range d.Courses() {
		s.offerings[o.SourcedID] = offering{o.Title, o.CourseCode}
	}
	for u := range d.Users() {
		if u.Status != fixtures.Active || !u.EnabledUser {
			continue
		}
		s.people[u.SourcedID] = person{u.SourcedID, strings.TrimSpace(u.GivenName + " " + u.FamilyName), u.GivenName, u.MiddleName, u.FamilyName,
			u.Email, u.Username, orgRoles(u)}
		for _, a := range u.Agents {
			s.mentors[a] = append(s.mentors[a], u.SourcedID)
		}
	}
	for c := range d.Classes() {
		if c.Status == fixtures.Active {
			term := ""
			if len(c.Terms) > 0 {
				term = c.Terms[0]
			}
			s.courses = append(s.courses, course{c.SourcedID, c.Title, c.ClassCode, c.Course, term, c.School})
			members[c.SourcedID] = map[string]membership{}
		}
	}
	for e := range d.Enrollments() {
		if _, there := s.people[e.User]; e.Status == fixtures.Active && there && members[e.Class] != nil {
			m := members[e.Class][e.User]
			for _, r := range contextRoles[e.Role] {
				if !slices.Contains(m.Roles, r) {
					m.Roles = append(m.Roles, r)
				}
			}
			members[e.Class][e.User] = m
		}
	}
	s.addMentors(members)
	s.said = members
	s.now.Store(&roster{members: maps.Clone(members)})
	s.courses = slices.DeleteFunc(s.courses, func(c course) bool { return len(members[c.id]) == 0 })
	s.places, s.contexts = map[string]int{}, map[string]int{}
	for i, c := range s.courses {
		s.places[c.id], s.contexts[context(c.id)] = i, i
	}
	s.resources = readAssigned(d)
	for id := range s.people {
		s.order = append(s.order, id)
	}
	sort.Slice(s.order, func(i, j int) bool {
		a, b := s.people[s.order[i]], s.people[s.order[j]]
		return a.name+a.id < b.name+b.id
	})
	return s
}

// addMentors lets parents into the courses of their children.
func (s *school) addMentors(all map[string]map[string]membership) {
	agents := map[string][]string{}
	for mentor, children := range s.mentors {
		if _, there := s.people[mentor]; there {
			for _, child := range children {
				agents[child] = append(agents[child], mentor)
			}
		}
	}
	for _, members := range all {
		var mentors []string
		for user := range members {
			mentors = append(mentors, agents[user]...)
		}
		for _, mentor := range mentors {
			if _, in := members[mentor]; !in {
				members[mentor] = membership{Roles: []string{lti.Membership + "Mentor"}}
			}
		}
	}
}

// coursesOf lists the courses that somebody is in.
func (s *school) coursesOf(user string) []course {
	var out []course
	for _, c := range s.courses {
		if s.roles(c.id, user) != nil {
			out = append(out, c)
		}
	}
	return out
}

func (s *school) course(id string) (course, bool) {
	i, there := s.places[id]
	if !there {
		return course{}, false
	}
	return s.courses[i], true
}

func orgRoles(u fixtures.User) []string {
	var out []string
	for _, r := range u.Roles {
		out = append(out, r.Role)
	}
	return out
}

// People gives a teacher, a student and a parent of the same course, and that course, for those
// who write scripts.
func (p *Platform) People() (teacher, student, parent, courseID string) {
	for _, c := range p.school().courses {
		for _, id := range p.school().order {
			switch roles := p.school().roles(c.id, id); {
			case len(roles) == 0:
			case teacher == "" && roles[0] == lti.Membership+"Instructor":
				teacher = id
			case student == "" && roles[0] == lti.Membership+"Learner":
				student = id
			case parent == "" && roles[0] == lti.Membership+"Mentor":
				parent = id
			}
		}
		if teacher != "" && student != "" && parent != "" {
			return teacher, student, parent, c.id
		}
		teacher, student, parent = "", "", ""
	}
	return "", "", "", ""
}
