package platform

import (
	"errors"
	"iter"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

// changed is a district of which some rows are others.
type changed struct {
	fixtures.District
	enrollments func(fixtures.Enrollment) (fixtures.Enrollment, bool)
	more        []fixtures.Enrollment
	users       func(fixtures.User) (fixtures.User, bool)
	classes     func(fixtures.Class) (fixtures.Class, bool)
	resources   []fixtures.Resource
	err         error
}

func bent[V any](rows iter.Seq[V], how func(V) (V, bool), more ...V) iter.Seq[V] {
	return func(yield func(V) bool) {
		for v := range rows {
			stays := true
			if how != nil {
				v, stays = how(v)
			}
			if stays && !yield(v) {
				return
			}
		}
		for _, v := range more {
			if !yield(v) {
				return
			}
		}
	}
}

func (c changed) Err() error { return c.err }
func (c changed) Enrollments() iter.Seq[fixtures.Enrollment] {
	return bent(c.District.Enrollments(), c.enrollments, c.more...)
}
func (c changed) Users() iter.Seq[fixtures.User]    { return bent(c.District.Users(), c.users) }
func (c changed) Classes() iter.Seq[fixtures.Class] { return bent(c.District.Classes(), c.classes) }
func (c changed) Resources() iter.Seq[fixtures.Resource] {
	return bent(c.District.Resources(), nil, c.resources...)
}

// Who leaves in the SIS can't open links any more, be it that a launch was begun before; who
// comes can.
func TestFollow(t *testing.T) {
	w := newWorld(t)
	_, student, _, course := w.platform.People()
	outside := ""
	for _, id := range w.platform.school().order {
		if w.platform.school().roles(course, id) == nil {
			outside = id
		}
	}
	link, _ := w.platform.link(w.platform.Links(course, client)[0].ID)
	tool, _ := w.platform.tool(client)
	d := changed{District: w.platform.c.District}
	d.enrollments = func(e fixtures.Enrollment) (fixtures.Enrollment, bool) {
		return e, e.User != student || e.Class != course
	}
	d.more = []fixtures.Enrollment{{Base: fixtures.Base{SourcedID: "new", Status: fixtures.Active}, User: outside, Class: course, Role: "student"}}
	_, at := w.platform.Roster(course, Registration{})
	got, err := w.platform.Follow(t.Context(), d)
	if err != nil || got.Came == 0 || got.Left == 0 || got.Changed != 0 {
		t.Fatalf("following: %+v, %v", got, err)
	}
	if w.platform.admits(Pending{User: student, Link: link, Tool: tool}) {
		t.Error("a launch that was begun before goes on")
	}
	for user, want := range map[string]int{student: http.StatusNotFound, outside: http.StatusOK} {
		w.browser.Jar, _ = cookiejar.New(nil)
		w.signIn(user)
		if status, _ := w.get("/links/" + link.ID); status != want && (want != http.StatusOK || status == http.StatusNotFound) {
			t.Errorf("%s opens the link: %d", user, status)
		}
	}
	changes, now := w.platform.Changes(course, Registration{}, at)
	status := map[string]string{}
	for _, m := range changes {
		status[m.User] = m.Status
	}
	if status[student] != "Deleted" || status[outside] != "Active" || now <= at {
		t.Errorf("the changes are %v, up to %d", status, now)
	}
	if again, err := w.platform.Follow(t.Context(), d); err != nil || again.Came+again.Left+again.Changed > 0 {
		t.Errorf("the same once more: %+v, %v", again, err)
	}
	// After a restart on the same roster, the changes have the numbers that they had.
	c := w.platform.c
	c.District = d
	next, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if after, to := next.Changes(course, Registration{}, at); to != now || len(after) != len(changes) {
		t.Errorf("%d changes up to %d, and were %d up to %d", len(after), to, len(changes), now)
	}
	// After one on the roster as it was first, all of them have changed again.
	c.District = d.District
	if next, err = New(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if next.Roles(course, student) == nil || next.Roles(course, outside) != nil {
		t.Error("what the SIS said before the restart counts")
	}
	if after, _ := next.Changes(course, Registration{}, now); len(after) < 2 {
		t.Errorf("%d changes since", len(after))
	}
}

// What was changed by hand stands until the SIS says something new; a course that is gone
// can't be opened, and is there again when it comes back.
func TestFollowAndHand(t *testing.T) {
	w := newWorld(t)
	p := w.platform
	teacher, student, _, course := p.People()
	if err := p.Leave(t.Context(), course, student); err != nil {
		t.Fatal(err)
	}
	d := changed{District: p.c.District}
	if _, err := p.Follow(t.Context(), d); err != nil || p.Roles(course, student) != nil {
		t.Fatalf("who left by hand is back: %v", err)
	}
	link := p.Links(course, client)[0].ID
	d.classes = func(c fixtures.Class) (fixtures.Class, bool) { return c, c.SourcedID != course }
	if _, err := p.Follow(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if _, there := p.Course(course); there || p.Roles(course, teacher) != nil || len(p.Links(course, client)) > 0 {
		t.Error("the course is there though it is gone")
	}
	d.classes = func(c fixtures.Class) (fixtures.Class, bool) {
		if c.SourcedID == course {
			c.Title = "Another title"
		}
		return c, true
	}
	if _, err := p.Follow(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if l, there := p.link(link); !there || l.Title != "Quiz: Another title" {
		t.Errorf("the link is %q", l.Title)
	}
	d.users = func(u fixtures.User) (fixtures.User, bool) { return u, u.SourcedID != teacher }
	if _, err := p.Follow(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if p.Roles(course, teacher) != nil || p.Name(teacher) != "" {
		t.Error("the teacher is there though gone")
	}
	d.err = errors.New("broken off")
	d.users = func(u fixtures.User) (fixtures.User, bool) { return u, false }
	if _, err := p.Follow(t.Context(), d); err == nil || len(p.school().people) == 0 {
		t.Error("a roster that broke off was taken")
	}
}

// A tool that is a resource of the district is there for those alone to whom it is assigned.
func TestResource(t *testing.T) {
	w := newWorld(t)
	p := w.platform
	teacher, student, parent, course := p.People()
	tool, _ := p.tool(client)
	other := ""
	for _, c := range p.Courses() {
		if c.ID != course && p.Roles(c.ID, student) != nil {
			other = c.ID
		}
	}
	tool.Resource = &Resource{VendorResourceID: "quiz", VendorID: "vendor"}
	p.Register(tool)
	base := func(id string) fixtures.Base { return fixtures.Base{SourcedID: id, Status: fixtures.Active} }
	d := changed{District: p.c.District}
	follow := func(roles []string, vendor string, class bool) {
		t.Helper()
		d.resources = []fixtures.Resource{{Base: base("r"), VendorResourceID: "quiz", VendorID: vendor, Roles: roles}}
		d.classes = func(c fixtures.Class) (fixtures.Class, bool) {
			if class && c.SourcedID == course {
				c.Resources = append(slices.Clone(c.Resources), "r")
			}
			return c, true
		}
		d.users = func(u fixtures.User) (fixtures.User, bool) {
			if !class && u.SourcedID == student {
				u.Resources = append(slices.Clone(u.Resources), "r")
			}
			return u, true
		}
		if _, err := p.Follow(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	see := func(what string, want ...string) {
		t.Helper()
		var got []string
		for _, who := range []string{teacher, student, parent} {
			if p.Offers(tool, course, who) {
				got = append(got, who)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: it is there for %v, want %v", what, got, want)
		}
	}
	follow(nil, "vendor", false)
	see("a user's", student)
	if !p.Offers(tool, other, student) {
		t.Error("a user's: it isn't there in another course of theirs")
	}
	follow(nil, "another", true)
	see("another vendor's")
	follow(nil, "vendor", true)
	see("a class's", teacher, student, parent)
	if p.Offers(tool, other, student) {
		t.Error("a class's: it is there in another class")
	}
	follow([]string{"teacher", "guardian"}, "vendor", true)
	see("for teachers and guardians", teacher, parent)
	w.signIn(student)
	link := p.Links(course, client)[0].ID
	if status, _ := w.get("/links/" + link); status != http.StatusNotFound {
		t.Errorf("whoever it isn't there for opens it: %d", status)
	}
	if p.admits(Pending{User: student, Link: Link{Course: course}, Tool: tool}) || !lti.Teaches(p.Roles(course, teacher)) {
		t.Error("a launch that was begun before goes on")
	}
}
