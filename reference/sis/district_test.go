package sis_test

import (
	"iter"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
)

// hamlet is a district small enough to know by heart: two schools, and of every
// rule one case on each side. The tests name its objects.
type hamlet struct{}

func (hamlet) Name() string { return "Hamlet" }
func (hamlet) Seed() uint64 { return 0 }

// at gives each object its own time, and the second a fraction.
func at(day int) time.Time { return time.Date(2026, 3, day, 8, 30, 0, 250_000_000, time.UTC) }

func record(id string, day int) fixtures.Base {
	return fixtures.Base{SourcedID: id, Status: fixtures.Active, DateLastModified: at(day)}
}

func (hamlet) Orgs() iter.Seq[fixtures.Org] {
	return slices.Values([]fixtures.Org{
		{Base: record("d", 1), Name: "Hamlet District", Type: "district", Identifier: "D", Children: []string{"s1", "s/2"}},
		{Base: record("s1", 2), Name: "Brook School", Type: "school", Identifier: "S1", Parent: "d"},
		{Base: record("s/2", 3), Name: "Ålder School", Type: "school", Identifier: "S2", Parent: "d"},
		{Base: record("dep", 4), Name: "Sports", Type: "department", Identifier: "DEP", Parent: "s1"},
	})
}

func (hamlet) AcademicSessions() iter.Seq[fixtures.AcademicSession] {
	session := func(id, kind, parent string, children ...string) fixtures.AcademicSession {
		return fixtures.AcademicSession{
			Base: record(id, 5), Title: "Session " + id, Type: kind, Parent: parent, Children: children,
			StartDate: "2025-08-01", EndDate: "2026-06-30", SchoolYear: "2026",
		}
	}
	return slices.Values([]fixtures.AcademicSession{
		session("gp1", "gradingPeriod", "t1"), // before its parent
		session("sy", "schoolYear", "", "sem", "t2"),
		session("sem", "semester", "sy", "t1"),
		session("t1", "term", "sem", "gp1"),
		session("t2", "term", "sy", "gp2"),
		session("gp2", "gradingPeriod", "t2"),
		session("gp3", "gradingPeriod", "sy"),
		session("x", "ext:break", ""),
	})
}

func (hamlet) Courses() iter.Seq[fixtures.Course] {
	return slices.Values([]fixtures.Course{
		{Base: record("c1", 6), Title: "Algebra", CourseCode: "A1", Org: "s1", SchoolYear: "sy"},
		{Base: record("c2", 6), Title: "Music", CourseCode: "M1", Org: "d"},
		{Base: record("c3", 6), Title: "Latin", CourseCode: "L1"},
	})
}

func (hamlet) Classes() iter.Seq[fixtures.Class] {
	return slices.Values([]fixtures.Class{
		{Base: record("k1", 7), Title: "Algebra 1", ClassType: "scheduled", Course: "c1", School: "s1", Terms: []string{"t1"},
			Grades: []string{"09", "10"}, Subjects: []string{"Math", "Arts, Crafts"}, SubjectCodes: []string{"1", "2"}},
		{Base: record("k2", 7), Title: "Music all year", Course: "c2", School: "s1", Terms: []string{"t1", "t2"}, Grades: []string{"09"}},
		{Base: record("k3", 7), Title: "Music", Course: "c2", School: "s/2", Terms: []string{"sem"}, Grades: []string{"11"}},
		{Base: record("k4", 7), Title: "Empty", Course: "c2", School: "s/2", Terms: []string{"sy"}},
	})
}

func (hamlet) Users() iter.Seq[fixtures.User] {
	user := func(id, given, family string, roles ...fixtures.Role) fixtures.User {
		return fixtures.User{Base: record(id, 8), GivenName: given, FamilyName: family, EnabledUser: true, Roles: roles}
	}
	in := func(role, org string) fixtures.Role {
		return fixtures.Role{RoleType: "primary", Role: role, Org: org}
	}
	ann := user("ann", "Ann", "O'Brien", in("student", "s1"))
	ann.Metadata = map[string]any{"hamlet.bus": "12", "locker": 7, "nested": map[string]any{"deep": []any{"a", "b"}}}
	ann.Email, ann.Grades = "ann@hamlet.example", []string{"09"}
	ann.UserProfiles = []fixtures.UserProfile{{ProfileID: "https://v.example/ann", ProfileType: "app", VendorID: "v",
		Credentials: []fixtures.Credential{{Type: "password", Username: "ann"}}}}
	ben := user("ben", "Ben", "Zoë AND Co", in("student", "s/2"))
	ben.EnabledUser, ben.Status = false, fixtures.ToBeDeleted
	cat := user("cat", "猫", "Ähre", in("teacher", "s1"), in("student", "s/2"))
	dan := user("dan", "Dan", "abbot", in("aide", "s1"))
	eve := user("eve", "Eve", "Abbot", in("teacher", "s/2"))
	eve.Agents = []string{"ann"}
	return slices.Values([]fixtures.User{eve, dan, cat, ben, ann, user("fay", "Fay", "100%_", in("parent", "d"))})
}

func (hamlet) Enrollments() iter.Seq[fixtures.Enrollment] {
	enrollment := func(id, user, class, school, role string, begin fixtures.Date) fixtures.Enrollment {
		return fixtures.Enrollment{Base: record(id, 9), User: user, Class: class, School: school, Role: role, BeginDate: begin}
	}
	gone := enrollment("e3", "ben", "k1", "s1", "student", "2025-09-01")
	gone.Status = fixtures.ToBeDeleted
	primary := enrollment("e5", "dan", "k1", "s1", "teacher", "2025-09-10")
	primary.Primary = "true"
	return slices.Values([]fixtures.Enrollment{
		enrollment("e1", "ann", "k1", "s1", "student", "2025-08-15"),
		enrollment("e2", "ann", "k2", "s1", "student", ""),
		gone,
		enrollment("e4", "cat", "k1", "s1", "teacher", "2025-08-01"),
		primary,
		enrollment("e6", "cat", "k3", "s/2", "student", "2025-08-01"),
		enrollment("e7", "eve", "k3", "s/2", "teacher", "2025-08-01"),
		enrollment("e8", "eve", "k2", "s1", "proctor", "2025-08-01"),
		enrollment("e9", "ann", "k1", "s1", "student", "2026-01-15"), // for the second time
	})
}

func (hamlet) Demographics() iter.Seq[fixtures.Demographics] {
	return slices.Values([]fixtures.Demographics{
		{Base: record("ann", 10), BirthDate: "2011-02-03", Sex: "female", Asian: "true", White: "false"},
		{Base: record("ben", 10)},
	})
}

func (hamlet) Resources() iter.Seq[fixtures.Resource] {
	resource := func(id, title string, roles ...string) fixtures.Resource {
		return fixtures.Resource{Base: record(id, 11), Title: title, Roles: roles, VendorResourceID: "v-" + id, VendorID: "press"}
	}
	gone := resource("r/3", "Song AND Dance")
	gone.Status, gone.Importance = fixtures.ToBeDeleted, "secondary"
	return slices.Values([]fixtures.Resource{
		resource("r2", "Ähren", "student"), resource("r1", "Algebra's Book", "student", "teacher"), gone, resource("r4", "Nobody's"),
	})
}

func (hamlet) CourseResources() iter.Seq[fixtures.CourseResource] {
	return slices.Values([]fixtures.CourseResource{
		{Base: record("cr1", 12), Title: "Book", Course: "c1", Resource: "r1"},
		{Base: record("cr2", 12), Course: "c1", Resource: "nowhere"},
	})
}

func (hamlet) ClassResources() iter.Seq[fixtures.ClassResource] {
	return slices.Values([]fixtures.ClassResource{
		{Base: record("kr1", 12), Class: "k1", Resource: "r/3"},
		{Base: record("kr2", 12), Class: "k1", Resource: "r2"},
		{Base: record("kr3", 12), Class: "k1", Resource: "r2"}, // for the second time
		{Base: record("kr4", 12), Class: "k2", Resource: "r1"},
		{Base: record("kr5", 12), Class: "nowhere", Resource: "r1"},
	})
}

func (hamlet) UserResources() iter.Seq[fixtures.UserResource] {
	return slices.Values([]fixtures.UserResource{
		{Base: record("ur1", 12), User: "ann", Org: "s1", Class: "k1", Resource: "r2"},
	})
}

func (hamlet) Categories() iter.Seq[fixtures.Category] {
	return slices.Values([]fixtures.Category{
		{Base: record("cat1", 13), Title: "Homework", Weight: "40"},
		{Base: record("cat2", 13), Title: "Tests", Weight: "9.5"},
		{Base: record("cat3", 13), Title: "Nobody's"},
	})
}

func (hamlet) ScoreScales() iter.Seq[fixtures.ScoreScale] {
	scale := func(id, class string) fixtures.ScoreScale {
		return fixtures.ScoreScale{Base: record(id, 14), Title: "Letters", Type: "letter", Class: class,
			Values: []fixtures.ScoreScaleValue{{LHS: "5-10", RHS: "A"}, {LHS: "0-4", RHS: "B"}}}
	}
	return slices.Values([]fixtures.ScoreScale{scale("sc1", "k1"), scale("sc2", "k3"), scale("sc3", "nowhere")})
}

func (hamlet) LineItems() iter.Seq[fixtures.LineItem] {
	item := func(id, class, school, category string) fixtures.LineItem {
		return fixtures.LineItem{Base: record(id, 15), Title: "Item " + id, AssignDate: at(1), DueDate: at(2), Class: class, School: school,
			Category: category, ResultValueMin: "0", ResultValueMax: "10", AcademicSession: "t1"}
	}
	return slices.Values([]fixtures.LineItem{
		item("l1", "k1", "s1", "cat1"), item("l2", "k1", "s1", "cat2"), item("l3", "k2", "s1", "cat1"), item("l4", "k3", "s/2", "cat2"),
		item("l5", "nowhere", "s1", "nowhere"),
	})
}

func (hamlet) Results() iter.Seq[fixtures.Result] {
	result := func(id, item, student string, score fixtures.Number) fixtures.Result {
		return fixtures.Result{Base: record(id, 16), LineItem: item, Mark: fixtures.Mark{
			Student: student, ScoreStatus: "fully graded", Score: score, ScoreDate: "2026-03-04",
		}}
	}
	return slices.Values([]fixtures.Result{
		result("m4", "l4", "cat", "10"), result("m1", "l1", "ann", "9"), result("m2", "l2", "ann", "-1.5"), result("m3", "l3", "ann", "100"),
		result("m5", "l1", "ben", ""), result("m6", "nowhere", "ann", "1e1"), result("m7", "l1", "nobody", "0.0"),
	})
}

func (hamlet) AssessmentLineItems() iter.Seq[fixtures.AssessmentLineItem] {
	part := func(id, parent string) fixtures.AssessmentLineItem {
		return fixtures.AssessmentLineItem{Base: record(id, 17), Title: "Part " + id, Parent: parent}
	}
	// An item before what it is part of.
	return slices.Values([]fixtures.AssessmentLineItem{part("a1", "a0"), part("a0", ""), part("a2", "a0"), part("a3", "a2")})
}

func (hamlet) AssessmentResults() iter.Seq[fixtures.AssessmentResult] {
	result := func(id, item, student string) fixtures.AssessmentResult {
		return fixtures.AssessmentResult{Base: record(id, 18), AssessmentLineItem: item, ScorePercentile: "99.5", Mark: fixtures.Mark{
			Student: student, ScoreStatus: "fully graded", Score: "3", ScoreDate: "2026-03-05",
		}}
	}
	return slices.Values([]fixtures.AssessmentResult{result("b1", "a1", "ann"), result("b2", "a0", "ann"), result("b3", "a1", "cat")})
}

var _ fixtures.District = hamlet{}
