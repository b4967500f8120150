package sis

import (
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Broken data makes no associations and does not hold the load up.
func TestRelationsOfBrokenData(t *testing.T) {
	b := newRelationBuilder()
	session := func(id, kind, parent string) {
		b.academicSession(fixtures.AcademicSession{Base: fixtures.Base{SourcedID: id}, Type: kind, Parent: parent})
	}
	session("t", "term", "g")
	session("g", "gradingPeriod", "t") // and t below g: a circle
	session("own", "gradingPeriod", "own")
	session("lost", "gradingPeriod", "nowhere")
	b.org(fixtures.Org{Base: fixtures.Base{SourcedID: "s"}, Type: "school"})
	b.class(fixtures.Class{Base: fixtures.Base{SourcedID: "k"}, School: "nowhere", Course: "nowhere", Terms: []string{"nowhere", "t"}})
	b.user(fixtures.User{Base: fixtures.Base{SourcedID: "u"}, Roles: []fixtures.Role{{Role: "student", Org: "nowhere"}}})
	b.enrollment(fixtures.Enrollment{User: "nowhere", Class: "k", School: "s", Role: "student"}, 0)
	b.enrollment(fixtures.Enrollment{User: "u", Class: "nowhere", School: "nowhere", Role: "student"}, 1)

	want := []store.List{
		{Relation: relationClassEnrollments, Owner: 0, Members: []int32{0}},
		{Relation: relationGradingPeriods, Owner: store.Whole, Members: []int32{1, 2, 3}},
		{Relation: relationSchoolEnrollments, Owner: 0, Members: []int32{0}},
		{Relation: relationSchools, Owner: store.Whole, Members: []int32{0}},
		{Relation: relationStudents, Owner: store.Whole, Members: []int32{0}},
		{Relation: relationTermClasses, Owner: 0, Members: []int32{0}},
		{Relation: relationTermGradingPeriods, Owner: 0, Members: []int32{1}},
		{Relation: relationTerms, Owner: store.Whole, Members: []int32{0}},
		{Relation: relationUserEnrollments, Owner: 0, Members: []int32{1}},
	}
	got := slices.Collect(b.lists())
	equal := slices.EqualFunc(got, want, func(x, y store.List) bool {
		return x.Relation == y.Relation && x.Owner == y.Owner && slices.Equal(x.Members, y.Members)
	})
	if !equal {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
