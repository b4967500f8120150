package world

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
)

// Tick gives the instant of a change: later than any before, and never in the future.
func (w *World) Tick() time.Time {
	if !w.back.IsZero() {
		w.back = w.back.Add(time.Millisecond)
		return w.back
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	if !now.After(w.now) {
		now = w.now.Add(time.Millisecond)
	}
	w.now = now
	return now
}

// Back has what change does happen at an instant that is over, and a little later.
func (w *World) Back(to time.Time, change func()) {
	w.back = to.UTC().Truncate(time.Millisecond)
	change()
	w.back = time.Time{}
}

// Settle takes care that nothing has changed after an instant: what did is said to have changed then.
func (w *World) Settle(last time.Time) {
	w.each(func(b *fixtures.Base) {
		if b.DateLastModified.After(last) {
			b.DateLastModified = last
		}
	})
	w.now = last
}

// each visits what all objects have in common.
func (w *World) each(visit func(*fixtures.Base)) {
	bases(w.Org, visit, func(o *fixtures.Org) *fixtures.Base { return &o.Base })
	bases(w.AcademicSession, visit, func(o *fixtures.AcademicSession) *fixtures.Base { return &o.Base })
	bases(w.Course, visit, func(o *fixtures.Course) *fixtures.Base { return &o.Base })
	bases(w.Class, visit, func(o *fixtures.Class) *fixtures.Base { return &o.Base })
	bases(w.User, visit, func(o *fixtures.User) *fixtures.Base { return &o.Base })
	bases(w.Enrollment, visit, func(o *fixtures.Enrollment) *fixtures.Base { return &o.Base })
	bases(w.Demographic, visit, func(o *fixtures.Demographics) *fixtures.Base { return &o.Base })
	bases(w.Resource, visit, func(o *fixtures.Resource) *fixtures.Base { return &o.Base })
	bases(w.CourseResource, visit, func(o *fixtures.CourseResource) *fixtures.Base { return &o.Base })
	bases(w.ClassResource, visit, func(o *fixtures.ClassResource) *fixtures.Base { return &o.Base })
	bases(w.UserResource, visit, func(o *fixtures.UserResource) *fixtures.Base { return &o.Base })
	bases(w.Category, visit, func(o *fixtures.Category) *fixtures.Base { return &o.Base })
	bases(w.ScoreScale, visit, func(o *fixtures.ScoreScale) *fixtures.Base { return &o.Base })
	bases(w.LineItem, visit, func(o *fixtures.LineItem) *fixtures.Base { return &o.Base })
	bases(w.AssessmentItem, visit, func(o *fixtures.AssessmentLineItem) *fixtures.Base { return &o.Base })
	bases(w.AssessmentResult, visit, func(o *fixtures.AssessmentResult) *fixtures.Base { return &o.Base })
	bases(w.Result, visit, func(o *fixtures.Result) *fixtures.Base { return &o.Base })
}

func bases[O any](list []O, visit func(*fixtures.Base), of func(*O) *fixtures.Base) {
	for i := range list {
		visit(of(&list[i]))
	}
}

// fresh makes what a new object has in common with others.
func (w *World) fresh(kind string) fixtures.Base {
	at := w.Tick()
	return fixtures.Base{SourcedID: fmt.Sprintf("rc-%s-%d", kind, at.UnixMilli()), Status: fixtures.Active, DateLastModified: at}
}

// place puts an object into a list: at its beginning (0), in its midst (1), at its end (2).
func place[O any](list []O, where int, object O) []O {
	return slices.Insert(list, where*len(list)/2, object)
}

// living gives the places of objects that are active and for which a condition holds.
func living[O any](list []O, base func(O) fixtures.Base, fits func(O) bool) (out []int) {
	for i, o := range list {
		if base(o).Status == fixtures.Active && fits(o) {
			out = append(out, i)
		}
	}
	return out
}

func classBase(c fixtures.Class) fixtures.Base     { return c.Base }
func userBase(u fixtures.User) fixtures.Base       { return u.Base }
func seatBase(e fixtures.Enrollment) fixtures.Base { return e.Base }

// open tells whether a class is active and in a term that counts today.
func (w *World) open(c fixtures.Class) bool {
	return slices.ContainsFunc(c.Terms, func(id string) bool {
		i := slices.IndexFunc(w.AcademicSession, func(s fixtures.AcademicSession) bool { return s.SourcedID == id })
		return i >= 0 && w.Counts(w.AcademicSession[i])
	})
}

// Counts tells whether a session is active, and today is in it.
func (w *World) Counts(s fixtures.AcademicSession) bool {
	today := fixtures.Date(time.Now().Format(time.DateOnly))
	return s.Status == fixtures.Active && s.StartDate <= today && s.EndDate > today
}

// OpenClasses are the places of classes that are active in a school that is, and count today.
func (w *World) OpenClasses() []int {
	return living(w.Class, classBase, func(c fixtures.Class) bool { return w.open(c) && w.alive(c.School) && w.aliveCourse(c.Course) })
}

func (w *World) alive(org string) bool {
	return slices.ContainsFunc(w.Org, func(o fixtures.Org) bool { return o.SourcedID == org && o.Status == fixtures.Active })
}

func (w *World) aliveCourse(id string) bool {
	return slices.ContainsFunc(w.Course, func(o fixtures.Course) bool { return o.SourcedID == id && o.Status == fixtures.Active })
}

// AddUser adds somebody with a role at an org.
func (w *World) AddUser(where int, role, org string) string {
	b := w.fresh("u")
	n := strings.TrimPrefix(b.SourcedID, "rc-u-")
	w.User = place(w.User, where, fixtures.User{Base: b, Username: "rc" + n, EnabledUser: true, GivenName: "Imogen",
		FamilyName: "Ashby-" + n[len(n)-5:],
		Roles:      []fixtures.Role{{RoleType: "primary", Role: role, Org: org}}, PrimaryOrg: org, Identifier: n,
		Email: "rc" + n + "@riverbend.example"})
	return b.SourcedID
}

// AddClass adds a class like another one.
func (w *World) AddClass(where int, like fixtures.Class) string {
	b := w.fresh("c")
	like.Base, like.Title, like.Resources = b, "Added Class "+b.SourcedID[len(b.SourcedID)-5:], nil
	like.ClassCode = b.SourcedID
	w.Class = place(w.Class, where, like)
	return b.SourcedID
}

// Enroll puts a user into a class.
func (w *World) Enroll(where int, user, class, school, role string) string {
	b := w.fresh("e")
	w.Enrollment = place(w.Enrollment, where, fixtures.Enrollment{Base: b, User: user, Class: class, School: school, Role: role})
	return b.SourcedID
}

// Flag flags an object tobedeleted, or makes it active again.
func (w *World) Flag(b *fixtures.Base, active bool) {
	b.Status, b.DateLastModified = fixtures.ToBeDeleted, w.Tick()
	if active {
		b.Status = fixtures.Active
	}
}

// Seats are the places of the active enrollments of students for which a condition holds.
func (w *World) Seats(fits func(fixtures.Enrollment) bool) []int {
	return living(w.Enrollment, seatBase, func(e fixtures.Enrollment) bool {
		return e.Role == "student" && e.EndDate == "" && e.BeginDate == "" && fits(e)
	})
}

// People are the places of active people of whom a condition holds.
func (w *World) People(fits func(fixtures.User) bool) []int {
	return living(w.User, userBase, func(u fixtures.User) bool { return u.EnabledUser && fits(u) })
}
