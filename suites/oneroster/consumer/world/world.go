// Package world is the roster that the judge of consumers serves: facts that it knows, and changes as it wants.
package world

import (
	"iter"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
)

// World is a roster in memory. It is a fixtures.District, so that a bundle can be made of it.
type World struct {
	Rows

	name string
	seed uint64
	now  time.Time // of the last change
	back time.Time // where changes happen at a time that is over: that
}

// Rows are the objects of a roster, in the order in which they are served.
type Rows struct {
	Org              []fixtures.Org
	AcademicSession  []fixtures.AcademicSession
	Course           []fixtures.Course
	Class            []fixtures.Class
	User             []fixtures.User
	Enrollment       []fixtures.Enrollment
	Demographic      []fixtures.Demographics
	Resource         []fixtures.Resource
	CourseResource   []fixtures.CourseResource
	ClassResource    []fixtures.ClassResource
	UserResource     []fixtures.UserResource
	Category         []fixtures.Category
	ScoreScale       []fixtures.ScoreScale
	LineItem         []fixtures.LineItem
	Result           []fixtures.Result
	AssessmentItem   []fixtures.AssessmentLineItem
	AssessmentResult []fixtures.AssessmentResult
}

// New makes the small district of a seed.
func New(seed uint64) (*World, error) {
	d, err := fixtures.New(fixtures.Small, seed)
	if err != nil {
		return nil, err
	}
	return &World{name: d.Name(), seed: seed, Rows: Rows{
		Org: slices.Collect(d.Orgs()), AcademicSession: slices.Collect(d.AcademicSessions()), Course: slices.Collect(d.Courses()),
		Class: slices.Collect(d.Classes()), User: slices.Collect(d.Users()), Enrollment: slices.Collect(d.Enrollments()),
		Demographic: slices.Collect(d.Demographics()), Resource: slices.Collect(d.Resources()),
		CourseResource: slices.Collect(d.CourseResources()),
		ClassResource:  slices.Collect(d.ClassResources()), UserResource: slices.Collect(d.UserResources()),
		Category:   slices.Collect(d.Categories()),
		ScoreScale: slices.Collect(d.ScoreScales()), LineItem: slices.Collect(d.LineItems()), Result: slices.Collect(d.Results()),
		AssessmentItem: slices.Collect(d.AssessmentLineItems()), AssessmentResult: slices.Collect(d.AssessmentResults()),
	}}, nil
}

func (w *World) Name() string                               { return w.name }
func (w *World) Seed() uint64                               { return w.seed }
func (w *World) Orgs() iter.Seq[fixtures.Org]               { return slices.Values(w.Org) }
func (w *World) Courses() iter.Seq[fixtures.Course]         { return slices.Values(w.Course) }
func (w *World) Classes() iter.Seq[fixtures.Class]          { return slices.Values(w.Class) }
func (w *World) Users() iter.Seq[fixtures.User]             { return slices.Values(w.User) }
func (w *World) Enrollments() iter.Seq[fixtures.Enrollment] { return slices.Values(w.Enrollment) }
func (w *World) Resources() iter.Seq[fixtures.Resource]     { return slices.Values(w.Resource) }
func (w *World) Categories() iter.Seq[fixtures.Category]    { return slices.Values(w.Category) }
func (w *World) ScoreScales() iter.Seq[fixtures.ScoreScale] { return slices.Values(w.ScoreScale) }
func (w *World) LineItems() iter.Seq[fixtures.LineItem]     { return slices.Values(w.LineItem) }
func (w *World) Results() iter.Seq[fixtures.Result]         { return slices.Values(w.Result) }
func (w *World) AcademicSessions() iter.Seq[fixtures.AcademicSession] {
	return slices.Values(w.AcademicSession)
}
func (w *World) Demographics() iter.Seq[fixtures.Demographics] { return slices.Values(w.Demographic) }
func (w *World) CourseResources() iter.Seq[fixtures.CourseResource] {
	return slices.Values(w.CourseResource)
}
func (w *World) ClassResources() iter.Seq[fixtures.ClassResource] {
	return slices.Values(w.ClassResource)
}
func (w *World) UserResources() iter.Seq[fixtures.UserResource] { return slices.Values(w.UserResource) }
func (w *World) AssessmentLineItems() iter.Seq[fixtures.AssessmentLineItem] {
	return slices.Values(w.AssessmentItem)
}
func (w *World) AssessmentResults() iter.Seq[fixtures.AssessmentResult] {
	return slices.Values(w.AssessmentResult)
}
