package consumer

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
)

// changes are what happens to the roster, by name.
var changes = map[string]func(w *world.World){
	"add":           add,
	"rename":        rename,
	"rename-people": renamePeople,
	"move":          move,
	"withdraw":      withdraw,
	"delete":        remove,
	"second-role":   secondRole,
	"future":        future,
	"close-org":     closeOrg,
	"restore":       restore,
	"vanish":        vanish,
	"mixed":         mixed,
	"grade":         grade,
	"regrade":       regrade,
	"ungrade":       ungrade,
	"details":       details,
	"relocate":      relocate,
	"reseat":        reseat,
	"switch-off":    switchOff,
	"renumber":      renumber,
	"restatus":      restatus,
	"unmark":        unmark,
	"recategorize":  recategorize,
	"leave":         leave,
	"lose-grades":   loseGrades,
	"equip":         equip,
	"unequip":       unequip,
	"assign":        assign,
	"return":        comeBack,
	"minimal":       minimal,
	"extend":        extend,
	"every-role":    everyRole,
}

// ours begins the sourcedIds of what was added.
const ours = "rc-"

// add adds one of everything, the people and enrollments at both ends of the collections and in between.
func add(w *world.World) {
	open := w.OpenClasses()
	like := w.Class[open[0]]
	stamp := w.Tick()
	id := func(kind string) fixtures.Base {
		return fixtures.Base{SourcedID: fmt.Sprintf("%s%s-%d", ours, kind, stamp.UnixMilli()), Status: fixtures.Active,
			DateLastModified: w.Tick()}
	}
	school := w.Org[slices.IndexFunc(w.Org, func(o fixtures.Org) bool { return o.SourcedID == like.School })]
	org := fixtures.Org{Base: id("o"), Name: "Added School", Type: "school", Identifier: fmt.Sprint(stamp.UnixMilli()), Parent: school.Parent}
	w.Org = append(w.Org, org)
	course := w.Course[slices.IndexFunc(w.Course, func(c fixtures.Course) bool { return c.SourcedID == like.Course })]
	course.Base, course.Title, course.Org, course.Resources = id("k"), "Added Course", org.SourcedID, nil
	w.Course = append(w.Course, course)
	like.Course, like.School = course.SourcedID, org.SourcedID
	class := w.AddClass(2, like)
	for where := range 3 {
		student := w.AddUser(where, "student", org.SourcedID)
		w.Enroll(where, student, class, org.SourcedID, "student")
	}
	w.Enroll(1, w.AddUser(1, "teacher", org.SourcedID), class, org.SourcedID, "teacher")
}

// hasAdded tells whether a school was added and is open.
func hasAdded(w *world.World) bool {
	return slices.ContainsFunc(w.Org, func(o fixtures.Org) bool {
		return strings.HasPrefix(o.SourcedID, ours) && o.Type == "school" && o.Status == fixtures.Active
	})
}

// mixed changes something at both ends of the collections and in between: people come, go and are renamed.
func mixed(w *world.World) {
	open := w.OpenClasses()
	class := w.Class[open[len(open)/2]]
	for where := range 3 {
		w.Enroll(where, w.AddUser(where, "student", class.School), class.SourcedID, class.School, "student")
	}
	students := w.People(func(u fixtures.User) bool { return isStudent(u) && !strings.HasPrefix(u.SourcedID, ours) })
	u := &w.User[students[len(students)/2]]
	u.FamilyName, u.DateLastModified = fmt.Sprintf("Renamed-%d", w.Tick().UnixMilli()%100000), w.Tick()
	added := w.Seats(func(e fixtures.Enrollment) bool {
		return strings.HasPrefix(e.SourcedID, ours) && !strings.HasPrefix(e.Class, ours)
	})
	if len(added) > 3 { // of an earlier change
		w.Flag(&w.Enrollment[added[len(added)/2]].Base, false)
	}
}

func isStudent(u fixtures.User) bool {
	return len(u.Roles) == 1 && u.Roles[0].Role == "student" && u.Roles[0].EndDate == "" && u.Roles[0].BeginDate == ""
}

func isTeacher(u fixtures.User) bool {
	return len(u.Roles) == 1 && u.Roles[0].Role == "teacher" && u.Roles[0].EndDate == "" && u.Roles[0].BeginDate == ""
}

// rename renames one of everything that has a name, and another of each by a name that is as long as the one it had.
func rename(w *world.World) {
	stamp := w.Tick().UnixMilli() % 100000
	open := w.OpenClasses()
	c := &w.Class[open[0]]
	c.Title, c.DateLastModified = fmt.Sprintf("Renamed Class %d", stamp), w.Tick()
	for i := range w.Course {
		if w.Course[i].SourcedID == c.Course {
			w.Course[i].Title, w.Course[i].DateLastModified = fmt.Sprintf("Renamed Course %d", stamp), w.Tick()
		}
	}
	for i := range w.Org {
		if w.Org[i].SourcedID == c.School {
			w.Org[i].Name, w.Org[i].DateLastModified = fmt.Sprintf("Renamed School %d", stamp), w.Tick()
		}
	}
	renamePeople(w)
	if last := &w.Class[open[len(open)-1]]; last.SourcedID != c.SourcedID {
		last.Title, last.DateLastModified = otherOfLength(last.Title), w.Tick()
	}
	for _, who := range [][]int{w.People(isStudent), w.People(isTeacher)} {
		u := &w.User[who[len(who)/2]]
		u.FamilyName, u.DateLastModified = otherOfLength(u.FamilyName), w.Tick()
	}
}

// otherOfLength gives another name that is as long, in bytes too: each letter without an accent becomes the next one.
func otherOfLength(name string) string {
	other := strings.Map(func(r rune) rune {
		switch {
		case r == 'z' || r == 'Z':
			return r - 25
		case r >= 'a' && r < 'z' || r >= 'A' && r < 'Z':
			return r + 1
		}
		return r
	}, name)
	if other == name { // of letters with accents, or of another script: the last sign gives way
		_, size := utf8.DecodeLastRuneInString(name)
		other = name[:len(name)-size] + strings.Repeat("x", size)
	}
	return other
}

// renamePeople renames the first and the last of the students and of the teachers.
func renamePeople(w *world.World) {
	at := w.Tick()
	for _, who := range [][]int{w.People(isStudent), w.People(isTeacher)} {
		for _, i := range []int{who[0], who[len(who)-1]} {
			w.User[i].FamilyName, w.User[i].DateLastModified = fmt.Sprintf("Renamed-%d", at.UnixMilli()%100000), at
		}
	}
}

// move moves students to another class of their school.
func move(w *world.World) {
	open := w.OpenClasses()
	moved := 0
	for _, i := range w.Seats(func(fixtures.Enrollment) bool { return true }) {
		e := w.Enrollment[i]
		at := slices.IndexFunc(open, func(n int) bool {
			c := w.Class[n]
			return c.School == e.School && c.SourcedID != e.Class && !slices.ContainsFunc(w.Enrollment, func(o fixtures.Enrollment) bool {
				return o.Class == c.SourcedID && o.User == e.User
			})
		})
		if at < 0 || !slices.ContainsFunc(open, func(n int) bool { return w.Class[n].SourcedID == e.Class }) {
			continue
		}
		w.Flag(&w.Enrollment[i].Base, false)
		w.Enroll(2, e.User, w.Class[open[at]].SourcedID, e.School, "student")
		if moved++; moved == 2 {
			return
		}
	}
}

// withdraw takes students out of classes.
func withdraw(w *world.World) {
	seats := w.Seats(func(fixtures.Enrollment) bool { return true })
	for _, i := range []int{seats[0], seats[len(seats)-1]} {
		w.Flag(&w.Enrollment[i].Base, false)
	}
}

// remove flags students with their demographics and all enrollments.
func remove(w *world.World) {
	students := w.People(func(u fixtures.User) bool { return isStudent(u) && !strings.HasPrefix(u.SourcedID, ours) })
	for _, i := range []int{students[1], students[len(students)-2]} {
		w.Flag(&w.User[i].Base, false)
		for n := range w.User { // nobody names somebody who is gone
			if u := &w.User[n]; slices.Contains(u.Agents, w.User[i].SourcedID) {
				u.Agents = slices.DeleteFunc(slices.Clone(u.Agents), func(id string) bool { return id == w.User[i].SourcedID })
				u.DateLastModified = w.Tick()
			}
		}
		for n := range w.Demographic { // a bulk bundle has none of nobody
			if d := &w.Demographic[n]; d.SourcedID == w.User[i].SourcedID && d.Status == fixtures.Active {
				w.Flag(&d.Base, false)
			}
		}
		for n := range w.Enrollment {
			if e := &w.Enrollment[n]; e.User == w.User[i].SourcedID && e.Status == fixtures.Active {
				w.Flag(&e.Base, false)
			}
		}
	}
}

// restore makes active again who was flagged last.
func restore(w *world.World) {
	last := -1
	for i, u := range w.User {
		if u.Status == fixtures.ToBeDeleted && (last < 0 || u.DateLastModified.After(w.User[last].DateLastModified)) {
			last = i
		}
	}
	if last >= 0 {
		w.Flag(&w.User[last].Base, true)
		for n := range w.Demographic {
			if d := &w.Demographic[n]; d.SourcedID == w.User[last].SourcedID && d.Status == fixtures.ToBeDeleted {
				w.Flag(&d.Base, true)
			}
		}
	}
}

// secondRole makes a teacher a parent too.
func secondRole(w *world.World) {
	teachers := w.People(isTeacher)
	u := &w.User[teachers[len(teachers)/2]]
	u.Roles = append(slices.Clone(u.Roles), fixtures.Role{RoleType: "secondary", Role: "parent", Org: u.Roles[0].Org})
	u.DateLastModified = w.Tick()
}

// future adds people and an enrollment that begin next year.
func future(w *world.World) {
	c := w.Class[w.OpenClasses()[0]]
	later := fixtures.Date(time.Now().AddDate(0, 2, 0).Format(time.DateOnly))
	who := w.AddUser(1, "student", c.School)
	id := w.Enroll(1, who, c.SourcedID, c.School, "student")
	for i := range w.Enrollment {
		if w.Enrollment[i].SourcedID == id {
			w.Enrollment[i].BeginDate = later
		}
	}
	w.Enroll(1, w.AddUser(1, "student", c.School), c.SourcedID, c.School, "student")
}

// closeOrg closes the school that was added last, with its classes and their enrollments.
func closeOrg(w *world.World) {
	last := -1
	for i, o := range w.Org {
		if strings.HasPrefix(o.SourcedID, ours) && o.Type == "school" && o.Status == fixtures.Active {
			last = i
		}
	}
	if last < 0 {
		add(w)
		last = len(w.Org) - 1
	}
	org := w.Org[last].SourcedID
	w.Flag(&w.Org[last].Base, false)
	for i := range w.Class {
		if c := &w.Class[i]; c.School == org && c.Status == fixtures.Active {
			w.Flag(&c.Base, false)
		}
	}
	for i := range w.Course {
		if c := &w.Course[i]; c.Org == org && c.Status == fixtures.Active {
			w.Flag(&c.Base, false)
		}
	}
	for i := range w.Enrollment {
		if e := &w.Enrollment[i]; e.School == org && e.Status == fixtures.Active {
			w.Flag(&e.Base, false)
		}
	}
	for i := range w.User {
		if u := &w.User[i]; u.PrimaryOrg == org && u.Status == fixtures.Active {
			w.Flag(&u.Base, false)
		}
	}
}

// vanish takes a student with all enrollments out of the roster, without a flag.
func vanish(w *world.World) {
	students := w.People(func(u fixtures.User) bool { return isStudent(u) && strings.HasPrefix(u.SourcedID, ours) })
	if len(students) == 0 {
		add(w)
		students = w.People(func(u fixtures.User) bool { return isStudent(u) && strings.HasPrefix(u.SourcedID, ours) })
	}
	at := students[0]
	w.Gone = world.Rows{User: []fixtures.User{w.User[at]}}
	w.User = slices.Delete(slices.Clone(w.User), at, at+1)
	w.Enrollment = slices.DeleteFunc(slices.Clone(w.Enrollment), func(e fixtures.Enrollment) bool {
		gone := e.User == w.Gone.User[0].SourcedID
		if gone {
			w.Gone.Enrollment = append(w.Gone.Enrollment, e)
		}
		return gone
	})
}

// comeBack has the student who vanished be in the roster again, with the enrollments in classes that there are still.
func comeBack(w *world.World) {
	for _, u := range w.Gone.User {
		u.Status, u.DateLastModified = fixtures.Active, w.Tick()
		w.User = append(w.User, u)
	}
	for _, e := range w.Gone.Enrollment {
		if slices.ContainsFunc(w.Class, func(c fixtures.Class) bool { return c.SourcedID == e.Class && c.Status == fixtures.Active }) {
			e.DateLastModified = w.Tick()
			w.Enrollment = append(w.Enrollment, e)
		}
	}
	w.Gone = world.Rows{}
}

// equip adds a resource and renames another.
func equip(w *world.World) {
	r := w.Resource[0]
	stamp := w.Tick()
	r.Base = fixtures.Base{SourcedID: fmt.Sprintf("%ss-%d", ours, stamp.UnixMilli()), Status: fixtures.Active, DateLastModified: stamp}
	r.Title, r.VendorResourceID = "Added resource", r.SourcedID
	w.Resource[0].Title, w.Resource[0].DateLastModified = fmt.Sprintf("Renamed resource %d", stamp.UnixMilli()%100000), w.Tick()
	w.Resource = append(w.Resource, r)
}

// unequip flags the resource that was added last.
func unequip(w *world.World) {
	for i := len(w.Resource) - 1; i >= 0; i-- {
		if r := &w.Resource[i]; r.Status == fixtures.Active {
			w.Flag(&r.Base, false)
			return
		}
	}
}

// assign gives a class a resource more, and another class one less.
func assign(w *world.World) {
	more := true
	for _, i := range w.OpenClasses() {
		c := &w.Class[i]
		spare := slices.IndexFunc(w.Resource, func(r fixtures.Resource) bool {
			return r.Status == fixtures.Active && !slices.Contains(c.Resources, r.SourcedID)
		})
		switch {
		case len(c.Resources) == 0:
		case more && spare >= 0:
			c.Resources, c.DateLastModified, more = append(slices.Clone(c.Resources), w.Resource[spare].SourcedID), w.Tick(), false
		case !more && len(c.Resources) > 1:
			c.Resources, c.DateLastModified = slices.Clone(c.Resources[1:]), w.Tick()
			return
		}
	}
}

// minimal adds people, a class and enrollments that have their required members alone.
func minimal(w *world.World) {
	like := w.Class[w.OpenClasses()[0]]
	class := w.AddClass(1, fixtures.Class{Title: like.Title, ClassType: like.ClassType, Course: like.Course, School: like.School,
		Terms: like.Terms})
	for where := range 3 {
		id := w.AddUser(where, "student", like.School)
		for i := range w.User {
			if u := &w.User[i]; u.SourcedID == id {
				*u = fixtures.User{Base: u.Base, EnabledUser: true, GivenName: u.GivenName, FamilyName: u.FamilyName, Roles: u.Roles}
			}
		}
		w.Enroll(where, id, class, like.School, "student")
	}
}

// extend adds terms of an extended vocabulary.
func extend(w *world.World) {
	like := w.Class[w.OpenClasses()[0]]
	parent := w.Org[slices.IndexFunc(w.Org, func(o fixtures.Org) bool { return o.SourcedID == like.School })].Parent
	at := w.Tick()
	w.Org = append(w.Org, fixtures.Org{Base: fixtures.Base{SourcedID: fmt.Sprintf("%so-%d", ours, at.UnixMilli()), Status: fixtures.Active,
		DateLastModified: at},
		Name: "Riverbend Planetarium", Type: "ext:planetarium", Identifier: fmt.Sprint(at.UnixMilli()), Parent: parent})
	who := w.AddUser(1, "ext:stargazer", like.School)
	w.Enroll(1, who, like.SourcedID, like.School, "ext:observer")
}

// roles12 are the roles of users in 1.2; those of 1.1 are among them, or have one that stands for them.
var roles12 = []string{"aide", "counselor", "districtAdministrator", "guardian", "parent", "principal", "proctor", "relative",
	"siteAdministrator",
	"student", "systemAdministrator", "teacher"}

// everyRole adds somebody of every role.
func everyRole(w *world.World) {
	like := w.Class[w.OpenClasses()[0]]
	for i, role := range roles12 {
		w.AddUser(i%3, role, like.School)
	}
}

// details changes what is told of people beside their names, and of a session: values become others, and go.
func details(w *world.World) {
	students := w.People(func(u fixtures.User) bool { return isStudent(u) && !strings.HasPrefix(u.SourcedID, ours) })
	stamp := w.Tick()
	u := &w.User[students[len(students)/3]]
	u.Grades, u.Email, u.DateLastModified = []string{"12", "13"}, fmt.Sprintf("rc%d@riverbend.example", stamp.UnixMilli()), stamp
	u.UserIDs = append(slices.Clone(u.UserIDs), fixtures.UserID{Type: "Locker", Identifier: fmt.Sprint(stamp.UnixMilli() % 1000)})
	if i := slices.IndexFunc(students, func(n int) bool { return w.User[n].MiddleName != "" }); i >= 0 {
		u := &w.User[students[i]]
		u.MiddleName, u.DateLastModified = "", w.Tick()
	}
	pupils := map[string]bool{}
	for _, i := range students {
		pupils[w.User[i].SourcedID] = true
	}
	if i := slices.IndexFunc(w.Demographic, func(d fixtures.Demographics) bool {
		return d.Status == fixtures.Active && d.BirthDate != "" && d.BirthDate != leapDay && pupils[d.SourcedID]
	}); i >= 0 {
		w.Demographic[i].BirthDate, w.Demographic[i].DateLastModified = leapDay, w.Tick()
	}
	for i := range slices.Backward(w.AcademicSession) { // what is flagged changes no more
		if s := &w.AcademicSession[i]; w.Counts(*s) {
			s.Title, s.DateLastModified = fmt.Sprintf("Renamed Session %d", stamp.UnixMilli()%100000), w.Tick()
			return
		}
	}
}

// leapDay is a date of birth that few have.
const leapDay = "2012-02-29"

// relocate has a student go to another school, a class be of another course, another one in another term, and somebody have
// another guardian.
func relocate(w *world.World) {
	students := w.People(func(u fixtures.User) bool { return isStudent(u) && !strings.HasPrefix(u.SourcedID, ours) })
	u := &w.User[students[len(students)/4]]
	if i := slices.IndexFunc(w.Org, func(o fixtures.Org) bool {
		return o.Type == "school" && o.Status == fixtures.Active && o.SourcedID != u.Roles[0].Org && !strings.HasPrefix(o.SourcedID, ours)
	}); i >= 0 {
		u.Roles = slices.Clone(u.Roles)
		u.Roles[0].Org, u.PrimaryOrg, u.DateLastModified = w.Org[i].SourcedID, w.Org[i].SourcedID, w.Tick()
	}
	open := w.OpenClasses()
	c := &w.Class[open[0]]
	if i := slices.IndexFunc(open, func(n int) bool { return w.Class[n].Course != c.Course && w.Class[n].School == c.School }); i >= 0 {
		c.Course, c.DateLastModified = w.Class[open[i]].Course, w.Tick()
	}
	for _, n := range slices.Backward(open) {
		c := &w.Class[n]
		if i := slices.IndexFunc(w.AcademicSession, func(s fixtures.AcademicSession) bool {
			return (s.Type == "term" || s.Type == "semester") && !slices.Contains(c.Terms, s.SourcedID) && w.Counts(s)
		}); i >= 0 && n != open[0] {
			c.Terms, c.DateLastModified = []string{w.AcademicSession[i].SourcedID}, w.Tick()
			break
		}
	}
	guardians := w.People(func(u fixtures.User) bool {
		return len(u.Roles) == 1 && (u.Roles[0].Role == "guardian" || u.Roles[0].Role == "parent")
	})
	for _, n := range students {
		if u := &w.User[n]; len(u.Agents) > 0 {
			if i := slices.IndexFunc(guardians, func(g int) bool { return !slices.Contains(u.Agents, w.User[g].SourcedID) }); i >= 0 {
				u.Agents, u.DateLastModified = []string{w.User[guardians[i]].SourcedID}, w.Tick()
				return
			}
		}
	}
}

// reseat changes what enrollments are: a student's becomes a teacher's, one ends next month, and a teacher is the primary
// one no more.
func reseat(w *world.World) {
	seats := w.Seats(func(e fixtures.Enrollment) bool { return !strings.HasPrefix(e.SourcedID, ours) })
	e := &w.Enrollment[seats[len(seats)/3]]
	e.Role, e.DateLastModified = "teacher", w.Tick()
	e = &w.Enrollment[seats[len(seats)/2]]
	e.EndDate, e.DateLastModified = fixtures.Date(time.Now().AddDate(0, 1, 0).Format(time.DateOnly)), w.Tick()
	for i := range w.Enrollment {
		if e := &w.Enrollment[i]; e.Status == fixtures.Active && e.Primary == "true" {
			e.Primary, e.DateLastModified = "false", w.Tick()
			return
		}
	}
}

// switchOff has two students be switched off.
func switchOff(w *world.World) {
	students := w.People(func(u fixtures.User) bool { return isStudent(u) && !strings.HasPrefix(u.SourcedID, ours) })
	for _, i := range []int{students[2], students[len(students)-3]} {
		w.User[i].EnabledUser, w.User[i].DateLastModified = false, w.Tick()
	}
}

// renumber gives a student a new sourcedId: who was known by the former one is flagged.
func renumber(w *world.World) {
	students := w.People(func(u fixtures.User) bool {
		return isStudent(u) && u.Username != "" && !strings.HasPrefix(u.SourcedID, ours)
	})
	i := students[len(students)/5]
	former := w.User[i]
	id := w.AddUser(2, "student", former.Roles[0].Org)
	u := &w.User[slices.IndexFunc(w.User, func(u fixtures.User) bool { return u.SourcedID == id })]
	base := u.Base
	*u = former
	u.Base = base
	w.Flag(&w.User[i].Base, false)
	for n := range w.Enrollment {
		if e := &w.Enrollment[n]; e.User == former.SourcedID && e.Status == fixtures.Active {
			e.User, e.DateLastModified = id, w.Tick()
		}
	}
	for n := range w.Result {
		if r := &w.Result[n]; r.Student == former.SourcedID {
			r.Student, r.DateLastModified = id, w.Tick()
		}
	}
}
