package platform

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Who is in which course comes from the SIS. Whoever teaches or administers a course may
// change that for this platform: enroll somebody, have them pause, or leave. What was changed
// is kept, one document for each person in each course, so that it is there after a restart
// and services can tell what changed since (NRPS 2.0, differences).

// Why somebody can't be enrolled, or leave.
var (
	ErrNoCourse  = errors.New("there is no such course")
	ErrNobody    = errors.New("there is nobody of that id")
	ErrNotMember = errors.New("they are not in this course")
	ErrNoRole    = errors.New("there is no such role in courses")
)

// Enroll puts somebody into a course, in a role of an enrollment (student, teacher, aide,
// proctor, administrator), whatever they were there before.
func (p *Platform) Enroll(ctx context.Context, course, user, role string) error {
	roles, known := contextRoles[role]
	if !known {
		return ErrNoRole
	}
	return p.change(ctx, course, user, func(m *membership) error {
		*m = membership{Roles: slices.Clone(roles)}
		return nil
	})
}

// Suspend has somebody take no part in a course, though they stay in it, or take part again.
func (p *Platform) Suspend(ctx context.Context, course, user string, inactive bool) error {
	return p.change(ctx, course, user, func(m *membership) error {
		if m.Roles == nil || m.Left {
			return ErrNotMember
		}
		m.Inactive = inactive
		return nil
	})
}

// Leave takes somebody out of a course.
func (p *Platform) Leave(ctx context.Context, course, user string) error {
	return p.change(ctx, course, user, func(m *membership) error {
		if m.Roles == nil || m.Left {
			return ErrNotMember
		}
		m.Left = true
		return nil
	})
}

// kept is the document of a membership that was changed.
type kept struct {
	Course string `json:"course"`
	User   string `json:"user"`
	// Followed says that it is the SIS that changed it.
	Followed bool `json:"followed,omitempty"`
	membership
}

// keep puts what a membership is now into the store.
func keep(tx store.Tx, k kept) error {
	body, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("writing a membership: %w", err)
	}
	_, err = tx.Put(peopleKept, store.Document{SourcedID: url.QueryEscape(k.Course) + " " + url.QueryEscape(k.User), Body: body})
	return err
}

// change changes one membership, in the store and then in what is served.
func (p *Platform) change(ctx context.Context, course, user string, how func(*membership) error) error {
	p.changing.Lock()
	defer p.changing.Unlock()
	school := p.school()
	if _, there := school.course(course); !there {
		return ErrNoCourse
	}
	if _, there := school.people[user]; !there {
		return ErrNobody
	}
	now := school.now.Load()
	m := now.members[course][user]
	if err := how(&m); err != nil {
		return err
	}
	m.At = now.at + 1
	err := p.c.Store.Update(ctx, func(tx store.Tx) error {
		return keep(tx, kept{Course: course, User: user, membership: m})
	})
	if err != nil {
		return fmt.Errorf("keeping a membership: %w", err)
	}
	school.now.Store(now.with(course, user, m))
	return nil
}

// with gives the roster with one membership more, or another one.
func (r *roster) with(course, user string, m membership) *roster {
	next := &roster{at: max(r.at, m.At), members: maps.Clone(r.members)}
	next.members[course] = maps.Clone(r.members[course])
	next.members[course][user] = m
	return next
}

// rosterKept takes in what was changed before. What is of another school is passed over; where
// the SIS changed somebody and says something else since, that is a change too.
func (p *Platform) rosterKept(ctx context.Context) error {
	school := p.school()
	now := school.now.Load()
	next := &roster{at: now.at, members: now.members}
	own := map[string]bool{} // courses whose members are no longer those that others read
	put := func(k kept) {
		if !own[k.Course] {
			next.members[k.Course], own[k.Course] = maps.Clone(next.members[k.Course]), true
		}
		next.members[k.Course][k.User] = k.membership
	}
	var moved []kept
	err := p.c.Store.Scan(ctx, peopleKept, 0, 1<<31-1, func(_ store.Key, body []byte) error {
		var k kept
		if err := json.Unmarshal(body, &k); err != nil {
			return err
		}
		next.at = max(next.at, k.At)
		if next.members[k.Course] == nil {
			return nil
		}
		_, known := school.people[k.User]
		said, in := school.said[k.Course][k.User]
		switch {
		case k.Followed && in == k.Left, k.Followed && in && !slices.Equal(said.Roles, k.Roles):
			moved = append(moved, k)
		case known || k.Followed:
			put(k)
		}
		return nil
	})
	if err == nil && len(moved) > 0 {
		err = p.c.Store.Update(ctx, func(tx store.Tx) error {
			for _, k := range moved {
				said, in := school.said[k.Course][k.User]
				if in {
					k.Roles, k.Inactive = said.Roles, k.Inactive && !k.Left
				}
				next.at++
				k.Left, k.At = !in, next.at
				put(k)
				if err := keep(tx, k); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("reading who came and left from the store: %w", err)
	}
	school.now.Store(next)
	return nil
}

// status is that of NRPS 2.0.
func (m membership) status() string {
	switch {
	case m.Left:
		return "Deleted"
	case m.Inactive:
		return "Inactive"
	}
	return "Active"
}

// mayEnroll tells whether somebody may change who is in a course.
func (p *Platform) mayEnroll(course, user string) bool {
	m := p.school().in(course)[user]
	teaches := slices.Contains(m.Roles, lti.Membership+"Instructor") || slices.Contains(m.Roles, lti.Membership+"Administrator")
	return teaches && !m.Left && !m.Inactive || p.school().administers(user)
}

// enrolling finds the course of a request, and the session of somebody who may change who is
// in it.
func (p *Platform) enrolling(w http.ResponseWriter, r *http.Request) (course, *session) {
	s, err := p.signedIn(r)
	if err != nil {
		p.forgetful(w)
		return course{}, nil
	}
	if s == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return course{}, nil
	}
	c, there := p.school().course(r.PathValue("course"))
	if !there || !p.mayEnroll(c.id, s.User) {
		p.problem(w, http.StatusNotFound, "There is no such course that you teach or administer.")
		return course{}, nil
	}
	return c, s
}

// enrolled is somebody in a course, as the page of people shows them.
type enrolled struct {
	ID, Name, Role, Status string
	Inactive               bool
}

// enrollRoles are those that the page offers.
var enrollRoles = []string{"student", "teacher", "aide", "proctor"}

// showPeople lists who is in a course, and who may be enrolled.
func (p *Platform) showPeople(w http.ResponseWriter, r *http.Request) {
	c, s := p.enrolling(w, r)
	if s == nil {
		return
	}
	in := p.school().in(c.id)
	var members []enrolled
	var others []pair
	for _, id := range p.school().order {
		who := p.school().people[id]
		if m, there := in[id]; there && !m.Left {
			members = append(members, enrolled{id, who.name, shortest(m.Roles), m.status(), m.Inactive})
			continue
		}
		others = append(others, pair{id, who.name + p.asWhat(id)})
	}
	p.page(w, http.StatusOK, "people", struct {
		Title, Course, CSRF string
		Members             []enrolled
		Others              []pair
		Roles               []string
	}{c.title, "/courses/" + url.PathEscape(c.id), s.CSRF, members, others, enrollRoles})
}

// shortest is what a role is called, without where its name is from.
func shortest(roles []string) string {
	if len(roles) == 0 {
		return ""
	}
	return roles[0][strings.LastIndex(roles[0], "#")+1:]
}

// changePeople takes the forms of showPeople.
func (p *Platform) changePeople(w http.ResponseWriter, r *http.Request) {
	c, s := p.enrolling(w, r)
	if s == nil {
		return
	}
	if r.ParseForm() != nil || subtle.ConstantTimeCompare([]byte(s.CSRF), []byte(r.PostForm.Get("token"))) != 1 {
		p.problem(w, http.StatusForbidden, "This form was not opened here.")
		return
	}
	user := r.PostForm.Get("user")
	var err error
	switch do := r.PostForm.Get("do"); do {
	case "enroll":
		err = p.Enroll(r.Context(), c.id, user, cmp.Or(r.PostForm.Get("role"), enrollRoles[0]))
	case "suspend", "resume":
		err = p.Suspend(r.Context(), c.id, user, do == "suspend")
	case "leave":
		err = p.Leave(r.Context(), c.id, user)
	default:
		p.problem(w, http.StatusBadRequest, "The form doesn't say what to do.")
		return
	}
	for _, known := range []error{ErrNoCourse, ErrNobody, ErrNotMember, ErrNoRole} {
		if errors.Is(err, known) {
			p.problem(w, http.StatusBadRequest, "That can't be done: "+known.Error()+".")
			return
		}
	}
	if err != nil {
		p.forgetful(w)
		return
	}
	http.Redirect(w, r, "/courses/"+url.PathEscape(c.id)+"/people", http.StatusSeeOther)
}
