package riverbend

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/library"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

// Cast are those whom the story is about: a class of the SIS, and people of it by their sourcedIds. Names are for
// people who read. It is empty where the SIS is somebody else's.
type Cast struct {
	Class, ClassTitle string
	Other             string // another class of the same school, to which somebody can move
	Teacher, Learner  Person
	// Leaver is a learner who leaves the class in the story, Newcomer one of its school who isn't in it yet.
	Leaver, Newcomer Person
	// Outsider is a teacher who is not in the class, and so has no business there.
	Outsider Person
	// Reader is the resource of the SIS that the reader is; nil: none is found.
	Reader   *platform.Resource
	ReaderID string // its sourcedId
	// Guide is another resource of the class, which is for those alone who teach there, or who learn; nil: there is none.
	Guide   *platform.Resource
	GuideID string
}

// Person is somebody of the SIS.
type Person struct{ ID, Name, Email string }

// offerOf gives the name of an item of the library that a tool opens, one that no other has and that is found by it:
// plain words.
func offerOf(l *library.Library) string {
	count, tool := map[string]int{}, ""
	for i := range l.Items() {
		count[i.Name]++
	}
	for i := range l.Items() {
		plain := strings.IndexFunc(i.Name, func(r rune) bool { return r != ' ' && (r > unicode.MaxASCII || !unicode.IsLetter(r)) }) < 0
		if i.Launch && count[i.Name] == 1 && plain && strings.Contains(i.Name, " ") {
			tool = i.Name
			break
		}
	}
	return tool
}

// strange is 1 for a name that has letters beyond those of European languages.
func strange(name string) int {
	if strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxLatin1 }) {
		return 1
	}
	return 0
}

// castOf finds them: the first class that has the resource of the reader, a teacher, and two learners.
func castOf(d fixtures.District) Cast {
	people := map[string]fixtures.User{}
	for u := range d.Users() {
		if u.Status == fixtures.Active && u.EnabledUser {
			people[u.SourcedID] = u
		}
	}
	resources := map[string]fixtures.Resource{}
	for r := range d.Resources() {
		isFor := func(role string) bool { return slices.Contains(r.Roles, role) }
		if r.Status == fixtures.Active && r.ApplicationID == "reader" && isFor("student") && isFor("teacher") {
			resources[r.SourcedID] = r
		}
	}
	narrow := map[string]fixtures.Resource{}
	for r := range d.Resources() {
		if r.Status == fixtures.Active && slices.Contains(r.Roles, "student") != slices.Contains(r.Roles, "teacher") {
			narrow[r.SourcedID] = r
		}
	}
	courses := map[string][]string{} // their resources
	for c := range d.Courses() {
		courses[c.SourcedID] = c.Resources
	}
	type class struct {
		fixtures.Class
		teachers, learners []string
	}
	classes, order := map[string]*class{}, []string{}
	for c := range d.Classes() {
		if c.Status == fixtures.Active {
			classes[c.SourcedID] = &class{Class: c}
			order = append(order, c.SourcedID)
		}
	}
	for e := range d.Enrollments() {
		c := classes[e.Class]
		if _, there := people[e.User]; !there || c == nil || e.Status != fixtures.Active {
			continue
		}
		switch e.Role {
		case "teacher":
			c.teachers = append(c.teachers, e.User)
		case "student":
			c.learners = append(c.learners, e.User)
		}
	}
	named := func(id string) Person {
		u := people[id]
		return Person{id, strings.TrimSpace(u.GivenName + " " + u.FamilyName), u.Email}
	}
	var out Cast
	for _, id := range order {
		c := classes[id]
		var reader *platform.Resource
		readerID := ""
		for _, r := range slices.Concat(c.Resources, courses[c.Course]) {
			if x, is := resources[r]; is && reader == nil {
				readerID, reader = r, &platform.Resource{VendorResourceID: x.VendorResourceID, VendorID: x.VendorID, ApplicationID: x.ApplicationID}
			}
		}
		c.learners = slices.DeleteFunc(c.learners, func(u string) bool { return slices.Contains(c.teachers, u) })
		// Any machine's fonts have the names of those who come first.
		slices.SortStableFunc(c.learners, func(a, b string) int { return strange(named(a).Name) - strange(named(b).Name) })
		if len(c.teachers) == 0 || len(c.learners) < 2 || reader == nil && len(resources) > 0 {
			continue
		}
		out = Cast{
			Class:      c.SourcedID,
			ClassTitle: c.Title,
			Teacher:    named(c.teachers[0]),
			Learner:    named(c.learners[0]),
			Leaver:     named(c.learners[1]),
			Reader:     reader,
			ReaderID:   readerID,
		}
		for _, r := range slices.Concat(c.Resources, courses[c.Course]) {
			if x, is := narrow[r]; is && out.Guide == nil {
				out.Guide = &platform.Resource{VendorResourceID: x.VendorResourceID, VendorID: x.VendorID, ApplicationID: x.ApplicationID}
				out.GuideID = r
			}
		}
		for _, id := range order {
			o := classes[id]
			if id == c.SourcedID {
				continue
			}
			for _, u := range o.learners {
				in := slices.Contains(c.learners, u) || slices.Contains(c.teachers, u)
				if out.Newcomer.ID == "" && o.School == c.School && !in {
					out.Newcomer = named(u)
				}
			}
			if out.Other == "" && o.School == c.School && !slices.Contains(o.learners, out.Leaver.ID) && len(o.learners) > 0 {
				out.Other = id
			}
			for _, u := range o.teachers {
				if out.Outsider.ID == "" && !slices.Contains(c.teachers, u) && !slices.Contains(c.learners, u) {
					out.Outsider = named(u)
				}
			}
		}
		break
	}
	return out
}
