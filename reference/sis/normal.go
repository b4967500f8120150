package sis

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Refer is told what an object refers to.
type Refer func(c store.Collection, sourcedID string)

// normal reads an object of one collection as a service sends it, gives it the common members
// that it is told, and returns it as Load would store it.
type normal func(body []byte, given fixtures.Base, refer Refer) ([]byte, error)

// Normalize returns an object of a collection, which some service sent as JSON of 1.2, in the form in
// which Load stores it: that of the same object is the same, whatever the order of its members, their
// spacing and its addresses are, and members that 1.2 doesn't know are left out. sourcedId, status and
// dateLastModified are as given. refer is called for what it refers to.
func Normalize(c store.Collection, body []byte, sourcedID, status string, modified time.Time, refer Refer) ([]byte, error) {
	n, known := normals[c]
	if !known {
		return nil, fmt.Errorf("%s is no collection of a roster", c)
	}
	given := fixtures.Base{SourcedID: sourcedID, Status: fixtures.Status(status), DateLastModified: modified}
	return n(body, given, func(c store.Collection, id string) {
		if id != "" {
			refer(c, id)
		}
	})
}

// normalOf makes one of how the object is decoded, its common members, what it refers to, and how it
// is encoded.
func normalOf[Wire, Row any](row func(Wire) Row, base func(*Row) *fixtures.Base, encode func(Row) any, refers func(*Row, Refer)) normal {
	return func(body []byte, given fixtures.Base, refer Refer) ([]byte, error) {
		var object Wire
		if err := json.Unmarshal(body, &object); err != nil {
			return nil, plain(err)
		}
		r := row(object)
		b := base(&r)
		given.Metadata = b.Metadata
		*b = given
		if refers != nil {
			refers(&r, refer)
		}
		return oneroster.EncodeDocument(encode(r))
	}
}

// plain says what is wrong with an object without its values, which may be a person's.
func plain(err error) error {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return fmt.Errorf("the member %s can't be used: it is of another kind", mismatch.Field)
	}
	return errors.New("it is no JSON object that can be read")
}

// each calls refer for references to one collection.
func each(refer Refer, c store.Collection, sourcedIDs ...string) {
	for _, id := range sourcedIDs {
		refer(c, id)
	}
}

// Referred says whether objects refer to objects of a collection.
func Referred(c store.Collection) bool {
	switch c {
	case Orgs, AcademicSessions, Courses, Classes, Users, resources.Resources,
		gradebook.Categories, gradebook.ScoreScales, gradebook.LineItems, gradebook.AssessmentLineItems:
		return true
	}
	return false
}

// normals lists them, with what objects refer to (information model, section 4).
var normals = map[store.Collection]normal{
	Orgs: normalOf(rowOrg, func(r *fixtures.Org) *fixtures.Base { return &r.Base }, func(r fixtures.Org) any { return wireOrg(r) },
		func(r *fixtures.Org, refer Refer) {
			refer(Orgs, r.Parent)
			each(refer, Orgs, r.Children...)
		}),
	AcademicSessions: normalOf(rowAcademicSession, func(r *fixtures.AcademicSession) *fixtures.Base { return &r.Base },
		func(r fixtures.AcademicSession) any { return wireAcademicSession(r) },
		func(r *fixtures.AcademicSession, refer Refer) {
			refer(AcademicSessions, r.Parent)
			each(refer, AcademicSessions, r.Children...)
		}),
	Courses: normalOf(rowCourse, func(r *fixtures.Course) *fixtures.Base { return &r.Base },
		func(r fixtures.Course) any { return wireCourse(r) },
		func(r *fixtures.Course, refer Refer) {
			refer(AcademicSessions, r.SchoolYear)
			refer(Orgs, r.Org)
			each(refer, resources.Resources, r.Resources...)
		}),
	Classes: normalOf(rowClass, func(r *fixtures.Class) *fixtures.Base { return &r.Base }, func(r fixtures.Class) any { return wireClass(r) },
		func(r *fixtures.Class, refer Refer) {
			refer(Courses, r.Course)
			refer(Orgs, r.School)
			each(refer, AcademicSessions, r.Terms...)
			each(refer, resources.Resources, r.Resources...)
		}),
	Users: normalOf(rowUser, func(r *fixtures.User) *fixtures.Base { return &r.Base }, func(r fixtures.User) any { return wireUser(r) },
		func(r *fixtures.User, refer Refer) {
			for _, role := range r.Roles {
				refer(Orgs, role.Org)
			}
			refer(Orgs, r.PrimaryOrg)
			each(refer, Users, r.Agents...)
			each(refer, resources.Resources, r.Resources...)
		}),
	Enrollments: normalOf(rowEnrollment, func(r *fixtures.Enrollment) *fixtures.Base { return &r.Base },
		func(r fixtures.Enrollment) any { return wireEnrollment(r) },
		func(r *fixtures.Enrollment, refer Refer) {
			refer(Users, r.User)
			refer(Classes, r.Class)
			refer(Orgs, r.School)
		}),
	Demographics: normalOf(rowDemographics, func(r *fixtures.Demographics) *fixtures.Base { return &r.Base },
		func(r fixtures.Demographics) any { return wireDemographics(r) }, nil),
	resources.Resources: normalOf(resources.Stored.Row, func(r *fixtures.Resource) *fixtures.Base { return &r.Base },
		resources.Encode, nil),
	resources.CourseResources: normalOf(resources.StoredAssignment.ForCourse,
		func(r *fixtures.CourseResource) *fixtures.Base { return &r.Base }, resources.EncodeForCourse,
		func(r *fixtures.CourseResource, refer Refer) {
			refer(Courses, r.Course)
			refer(resources.Resources, r.Resource)
		}),
	resources.ClassResources: normalOf(resources.StoredAssignment.ForClass, func(r *fixtures.ClassResource) *fixtures.Base { return &r.Base },
		resources.EncodeForClass, func(r *fixtures.ClassResource, refer Refer) {
			refer(Classes, r.Class)
			refer(resources.Resources, r.Resource)
		}),
	resources.UserResources: normalOf(resources.StoredAssignment.ForUser, func(r *fixtures.UserResource) *fixtures.Base { return &r.Base },
		resources.EncodeForUser, func(r *fixtures.UserResource, refer Refer) {
			refer(Users, r.User)
			refer(Orgs, r.Org)
			refer(Classes, r.Class)
			refer(resources.Resources, r.Resource)
		}),
	gradebook.Categories: normalOf(gradebook.StoredCategory.Row, func(r *fixtures.Category) *fixtures.Base { return &r.Base },
		gradebook.EncodeCategory, nil),
	gradebook.ScoreScales: normalOf(gradebook.StoredScoreScale.Row, func(r *fixtures.ScoreScale) *fixtures.Base { return &r.Base },
		gradebook.EncodeScoreScale, func(r *fixtures.ScoreScale, refer Refer) {
			refer(Courses, r.Course)
			refer(Classes, r.Class)
		}),
	gradebook.LineItems: normalOf(gradebook.StoredLineItem.Row, func(r *fixtures.LineItem) *fixtures.Base { return &r.Base },
		gradebook.EncodeLineItem, func(r *fixtures.LineItem, refer Refer) {
			refer(Classes, r.Class)
			refer(Orgs, r.School)
			refer(gradebook.Categories, r.Category)
			refer(AcademicSessions, r.GradingPeriod)
			refer(AcademicSessions, r.AcademicSession)
			refer(gradebook.ScoreScales, r.ScoreScale)
		}),
	gradebook.Results: normalOf(gradebook.StoredResult.Row, func(r *fixtures.Result) *fixtures.Base { return &r.Base },
		gradebook.EncodeResult, func(r *fixtures.Result, refer Refer) {
			refer(gradebook.LineItems, r.LineItem)
			refer(Users, r.Student)
			refer(Classes, r.Class)
			refer(gradebook.ScoreScales, r.ScoreScale)
		}),
	gradebook.AssessmentLineItems: normalOf(gradebook.StoredAssessmentLineItem.Row,
		func(r *fixtures.AssessmentLineItem) *fixtures.Base { return &r.Base }, gradebook.EncodeAssessmentLineItem,
		func(r *fixtures.AssessmentLineItem, refer Refer) {
			refer(Classes, r.Class)
			refer(gradebook.AssessmentLineItems, r.Parent)
			refer(gradebook.ScoreScales, r.ScoreScale)
		}),
	gradebook.AssessmentResults: normalOf(gradebook.StoredAssessmentResult.Row,
		func(r *fixtures.AssessmentResult) *fixtures.Base { return &r.Base }, gradebook.EncodeAssessmentResult,
		func(r *fixtures.AssessmentResult, refer Refer) {
			refer(gradebook.AssessmentLineItems, r.AssessmentLineItem)
			refer(Users, r.Student)
			refer(gradebook.ScoreScales, r.ScoreScale)
		}),
	// Rows of files that no object holds are kept as they are.
	CSVRows: func(body []byte, _ fixtures.Base, _ Refer) ([]byte, error) {
		var row carriedRow
		if err := json.Unmarshal(body, &row); err != nil {
			return nil, plain(err)
		}
		return oneroster.EncodeDocument(row)
	},
}
