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
	// Gone is what vanished last, so that it can come back.
	Gone Rows

	name string
	seed uint64
	now  time.Time // of the last change
	back time.Time // where changes happen at a time that is over: that
}

// Rows are the objects of a roster, in the order in which they are served. They may be changed: whoever does so stamps
// what changed (World.Tick).
type Rows struct {
	// Rostering: the collections of /orgs, /academicSessions, /courses, /classes, /users, /enrollments, /demographics.
	Org             []fixtures.Org
	AcademicSession []fixtures.AcademicSession
	Course          []fixtures.Course
	Class           []fixtures.Class
	User            []fixtures.User
	Enrollment      []fixtures.Enrollment
	Demographic     []fixtures.Demographics
	// Resources, and who was assigned which: the latter stand in members of courses, classes and users over REST, and in
	// files of their own in CSV.
	Resource       []fixtures.Resource
	CourseResource []fixtures.CourseResource
	ClassResource  []fixtures.ClassResource
	UserResource   []fixtures.UserResource
	// Gradebook and Assessment Results.
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

// Name says which district it was made as.
func (w *World) Name() string { return w.name }

// Seed is what it was made of: the same seed makes the same people.
func (w *World) Seed() uint64 { return w.seed }

// Orgs gives the orgs, flagged ones too.
func (w *World) Orgs() iter.Seq[fixtures.Org] { return slices.Values(w.Org) }

// Courses gives the courses.
func (w *World) Courses() iter.Seq[fixtures.Course] { return slices.Values(w.Course) }

// Classes gives the classes.
func (w *World) Classes() iter.Seq[fixtures.Class] { return slices.Values(w.Class) }

// Users gives the people.
func (w *World) Users() iter.Seq[fixtures.User] { return slices.Values(w.User) }

// Enrollments gives the enrollments.
func (w *World) Enrollments() iter.Seq[fixtures.Enrollment] { return slices.Values(w.Enrollment) }

// Resources gives the resources.
func (w *World) Resources() iter.Seq[fixtures.Resource] { return slices.Values(w.Resource) }

// Categories gives the categories of line items.
func (w *World) Categories() iter.Seq[fixtures.Category] { return slices.Values(w.Category) }

// ScoreScales gives the score scales.
func (w *World) ScoreScales() iter.Seq[fixtures.ScoreScale] { return slices.Values(w.ScoreScale) }

// LineItems gives the line items.
func (w *World) LineItems() iter.Seq[fixtures.LineItem] { return slices.Values(w.LineItem) }

// Results gives the results.
func (w *World) Results() iter.Seq[fixtures.Result] { return slices.Values(w.Result) }

// AcademicSessions gives the academic sessions.
func (w *World) AcademicSessions() iter.Seq[fixtures.AcademicSession] {
	return slices.Values(w.AcademicSession)
}

// Demographics gives the demographics, each with the sourcedId of its person.
func (w *World) Demographics() iter.Seq[fixtures.Demographics] { return slices.Values(w.Demographic) }

// CourseResources gives which resources courses have.
func (w *World) CourseResources() iter.Seq[fixtures.CourseResource] {
	return slices.Values(w.CourseResource)
}

// ClassResources gives which resources classes have.
func (w *World) ClassResources() iter.Seq[fixtures.ClassResource] {
	return slices.Values(w.ClassResource)
}

// UserResources gives which resources people have.
func (w *World) UserResources() iter.Seq[fixtures.UserResource] { return slices.Values(w.UserResource) }

// AssessmentLineItems gives the assessment line items.
func (w *World) AssessmentLineItems() iter.Seq[fixtures.AssessmentLineItem] {
	return slices.Values(w.AssessmentItem)
}

// AssessmentResults gives the assessment results.
func (w *World) AssessmentResults() iter.Seq[fixtures.AssessmentResult] {
	return slices.Values(w.AssessmentResult)
}
