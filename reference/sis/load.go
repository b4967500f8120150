package sis

import (
	"context"
	"fmt"
	"iter"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Load replaces the content of the store with the district. The sequences of the
// district are read once each and not collected, so that a large one takes
// memory for its associations only (some 30 bytes an enrollment, for the while).
// No provider may serve the store meanwhile.
//
// The order of the district's objects becomes the default order of the
// collections: the standard leaves it open, but it must not change from one page
// to the next.
func Load(ctx context.Context, s store.Store, district fixtures.District) error {
	relations := newRelationBuilder()
	data := store.Dataset{
		Label:     fmt.Sprintf("%s, seed %d", district.Name(), district.Seed()),
		Documents: documentsOf(ctx, district, relations),
		Lists:     relations.lists(),
	}
	if err := s.Load(ctx, data); err != nil {
		return fmt.Errorf("loading %s: %w", district.Name(), err)
	}
	return nil
}

// Documents gives the objects of a collection of the district as Load stores them, one by one.
func Documents(ctx context.Context, district fixtures.District, c store.Collection) iter.Seq2[store.Document, error] {
	return documentsOf(ctx, district, newRelationBuilder())(c)
}

// documentsOf gives the objects of each collection, and tells the builder what belongs to what.
func documentsOf(ctx context.Context, district fixtures.District, relations *relationBuilder,
) func(store.Collection) iter.Seq2[store.Document, error] {
	enrollments, results, testResults := int32(0), int32(0), int32(0)
	return whole(district, func(c store.Collection) iter.Seq2[store.Document, error] {
		switch c {
		case Orgs:
			return documents(ctx, district.Orgs(), func(o fixtures.Org) (string, any) {
				relations.org(o)
				return o.SourcedID, wireOrg(o)
			})
		case AcademicSessions:
			return documents(ctx, district.AcademicSessions(), func(s fixtures.AcademicSession) (string, any) {
				relations.academicSession(s)
				return s.SourcedID, wireAcademicSession(s)
			})
		case Courses:
			return documents(ctx, district.Courses(), func(c fixtures.Course) (string, any) {
				relations.course(c)
				return c.SourcedID, wireCourse(c)
			})
		case Classes:
			return documents(ctx, district.Classes(), func(c fixtures.Class) (string, any) {
				relations.class(c)
				return c.SourcedID, wireClass(c)
			})
		case Users:
			return documents(ctx, district.Users(), func(u fixtures.User) (string, any) {
				relations.user(u)
				return u.SourcedID, wireUser(u)
			})
		case Enrollments:
			return documents(ctx, district.Enrollments(), func(e fixtures.Enrollment) (string, any) {
				relations.enrollment(e, enrollments)
				enrollments++
				return e.SourcedID, wireEnrollment(e)
			})
		case Demographics:
			return documents(ctx, district.Demographics(), func(d fixtures.Demographics) (string, any) {
				return d.SourcedID, wireDemographics(d)
			})
		case resources.Resources:
			return documents(ctx, district.Resources(), func(r fixtures.Resource) (string, any) {
				relations.enter(resources.Resources, r.SourcedID)
				return r.SourcedID, resources.Encode(r)
			})
		case resources.CourseResources:
			return documents(ctx, district.CourseResources(), func(r fixtures.CourseResource) (string, any) {
				relations.assign(resources.OfCourse, Courses, r.Course, r.Resource)
				return r.SourcedID, resources.EncodeForCourse(r)
			})
		case resources.ClassResources:
			return documents(ctx, district.ClassResources(), func(r fixtures.ClassResource) (string, any) {
				relations.assign(resources.OfClass, Classes, r.Class, r.Resource)
				return r.SourcedID, resources.EncodeForClass(r)
			})
		case resources.UserResources:
			return documents(ctx, district.UserResources(), func(r fixtures.UserResource) (string, any) {
				relations.assign(resources.OfUser, Users, r.User, r.Resource)
				return r.SourcedID, resources.EncodeForUser(r)
			})
		case gradebook.Categories:
			return documents(ctx, district.Categories(), func(c fixtures.Category) (string, any) {
				relations.enter(gradebook.Categories, c.SourcedID)
				return c.SourcedID, gradebook.EncodeCategory(c)
			})
		case gradebook.ScoreScales:
			return documents(ctx, district.ScoreScales(), func(s fixtures.ScoreScale) (string, any) {
				relations.scoreScale(s)
				return s.SourcedID, gradebook.EncodeScoreScale(s)
			})
		case gradebook.LineItems:
			return documents(ctx, district.LineItems(), func(l fixtures.LineItem) (string, any) {
				relations.lineItem(l)
				return l.SourcedID, gradebook.EncodeLineItem(l)
			})
		case gradebook.Results:
			return documents(ctx, district.Results(), func(r fixtures.Result) (string, any) {
				relations.mark(gradebook.LineItems, r.LineItem, r.Student, results)
				relations.relate(gradebook.ResultsOfScale, gradebook.ScoreScales, r.ScoreScale, results)
				results++
				return r.SourcedID, gradebook.EncodeResult(r)
			})
		case gradebook.AssessmentLineItems:
			return documents(ctx, district.AssessmentLineItems(), func(l fixtures.AssessmentLineItem) (string, any) {
				relations.assessment(l)
				return l.SourcedID, gradebook.EncodeAssessmentLineItem(l)
			})
		case gradebook.AssessmentResults:
			return documents(ctx, district.AssessmentResults(), func(r fixtures.AssessmentResult) (string, any) {
				relations.mark(gradebook.AssessmentLineItems, r.AssessmentLineItem, r.Student, testResults)
				relations.relate(gradebook.TestsOfScale, gradebook.ScoreScales, r.ScoreScale, testResults)
				testResults++
				return r.SourcedID, gradebook.EncodeAssessmentResult(r)
			})
		case CSVRows:
			return carried(ctx, district)
		default:
			return func(func(store.Document, error) bool) {}
		}
	})
}

// whole ends each sequence by the error for which the district's own ended early, so
// that half a file never replaces what the store holds.
func whole(district fixtures.District, documents func(store.Collection) iter.Seq2[store.Document, error],
) func(store.Collection) iter.Seq2[store.Document, error] {
	source, fails := district.(interface{ Err() error })
	if !fails {
		return documents
	}
	return func(c store.Collection) iter.Seq2[store.Document, error] {
		return func(yield func(store.Document, error) bool) {
			for d, err := range documents(c) {
				if !yield(d, err) {
					return
				}
			}
			if err := source.Err(); err != nil {
				yield(store.Document{}, err)
			}
		}
	}
}

// documents encodes rows one by one and stops when the context ends.
func documents[Row any](ctx context.Context, rows iter.Seq[Row],
	encode func(Row) (sourcedID string, object any)) iter.Seq2[store.Document, error] {
	return func(yield func(store.Document, error) bool) {
		for row := range rows {
			if err := ctx.Err(); err != nil {
				yield(store.Document{}, err)
				return
			}
			sourcedID, object := encode(row)
			body, err := oneroster.EncodeDocument(object)
			if err != nil {
				err = fmt.Errorf("encoding %q: %w", sourcedID, err)
			}
			if !yield(store.Document{SourcedID: sourcedID, Body: body}, err) || err != nil {
				return
			}
		}
	}
}

// carriedRow is how a row is kept.
type carriedRow struct {
	File string `json:"file"`
	fixtures.Row
}

// carried encodes the rows that the district carries beside its roster, if any.
func carried(ctx context.Context, district fixtures.District) iter.Seq2[store.Document, error] {
	return func(yield func(store.Document, error) bool) {
		c, ok := district.(fixtures.Carrier)
		if !ok {
			return
		}
		for _, file := range c.CarriedFiles() {
			rows := documents(ctx, c.Carried(file), func(r fixtures.Row) (string, any) {
				return file + "/" + r.Value("sourcedId"), carriedRow{file, r}
			})
			for document, err := range rows {
				if !yield(document, err) {
					return
				}
			}
		}
	}
}
