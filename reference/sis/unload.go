package sis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Stored is what a store holds, as the district that was loaded into it. Its
// sequences are read from the store each time; Err tells whether that went well.
type Stored struct {
	ctx   context.Context
	store store.Store
	label string
	files []carriedFile
	err   error
}

// Unload reads a store as a district, the inverse of Load.
func Unload(ctx context.Context, s store.Store) (*Stored, error) {
	label, err := s.Label(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the store: %w", err)
	}
	d := &Stored{ctx: ctx, store: s, label: label}
	return d, d.findCarried()
}

// Name gives the label that the data were loaded under.
func (d *Stored) Name() string { return d.label }

// Seed is of no meaning for data that come from a store.
func (d *Stored) Seed() uint64 { return 0 }

// Err tells why a sequence ended early; nil when all ended as they should.
func (d *Stored) Err() error { return d.err }

var errEnough = errors.New("no more is wanted")

// rows decodes the documents of a collection.
func rows[Wire, Row any](d *Stored, c store.Collection, row func(Wire) Row) iter.Seq[Row] {
	return rowsBetween(d, c, 0, math.MaxInt32, row)
}

func rowsBetween[Wire, Row any](d *Stored, c store.Collection, first, end int32, row func(Wire) Row) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		var buffer []byte
		err := d.store.Scan(d.ctx, c, first, end, func(_ int32, body []byte) error {
			var object Wire
			buffer = oneroster.AppendDocument(buffer[:0], body, oneroster.Addresses{})
			if err := json.Unmarshal(buffer, &object); err != nil {
				return err
			}
			if !yield(row(object)) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) && d.err == nil {
			d.err = fmt.Errorf("reading %s from the store: %w", c, err)
		}
	}
}

func refID(r *guidRef) string {
	if r == nil {
		return ""
	}
	return r.SourcedID
}

func refIDs(list []guidRef) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.SourcedID)
	}
	return out
}

// Orgs reads the orgs.
func (d *Stored) Orgs() iter.Seq[fixtures.Org] { return rows(d, Orgs, rowOrg) }

func rowOrg(o org) fixtures.Org {
	return fixtures.Org{
		Base:       o.base.Row(),
		Name:       o.Name,
		Type:       o.Type,
		Identifier: o.Identifier,
		Parent:     refID(o.Parent),
		Children:   refIDs(o.Children),
	}
}

// AcademicSessions reads the academic sessions.
func (d *Stored) AcademicSessions() iter.Seq[fixtures.AcademicSession] {
	return rows(d, AcademicSessions, rowAcademicSession)
}

func rowAcademicSession(s academicSession) fixtures.AcademicSession {
	return fixtures.AcademicSession{
		Base:       s.base.Row(),
		Title:      s.Title,
		StartDate:  fixtures.Date(s.StartDate),
		EndDate:    fixtures.Date(s.EndDate),
		Type:       s.Type,
		Parent:     refID(s.Parent),
		Children:   refIDs(s.Children),
		SchoolYear: s.SchoolYear,
	}
}

// Courses reads the courses.
func (d *Stored) Courses() iter.Seq[fixtures.Course] { return rows(d, Courses, rowCourse) }

func rowCourse(c course) fixtures.Course {
	return fixtures.Course{Base: c.base.Row(), Title: c.Title, SchoolYear: refID(c.SchoolYear), CourseCode: c.CourseCode, Grades: c.Grades,
		Subjects: c.Subjects, Org: refID(c.Org), SubjectCodes: c.SubjectCodes, Resources: refIDs(c.Resources)}
}

// Classes reads the classes.
func (d *Stored) Classes() iter.Seq[fixtures.Class] { return rows(d, Classes, rowClass) }

func rowClass(c class) fixtures.Class {
	return fixtures.Class{
		Base:         c.base.Row(),
		Title:        c.Title,
		ClassCode:    c.ClassCode,
		ClassType:    c.ClassType,
		Location:     c.Location,
		Grades:       c.Grades,
		Subjects:     c.Subjects,
		Course:       c.Course.SourcedID,
		School:       c.School.SourcedID,
		Terms:        refIDs(c.Terms),
		SubjectCodes: c.SubjectCodes,
		Periods:      c.Periods,
		Resources:    refIDs(c.Resources),
	}
}

// Users reads the users.
func (d *Stored) Users() iter.Seq[fixtures.User] { return rows(d, Users, rowUser) }

func rowUser(u user) fixtures.User {
	out := fixtures.User{
		Base:                 u.base.Row(),
		UserMasterIdentifier: u.UserMasterIdentifier,
		Username:             u.Username,
		EnabledUser:          u.EnabledUser == "true",
		GivenName:            u.GivenName,
		FamilyName:           u.FamilyName,
		MiddleName:           u.MiddleName,
		PreferredFirstName:   u.PreferredFirstName,
		PreferredMiddleName:  u.PreferredMiddleName,
		PreferredLastName:    u.PreferredLastName,
		Pronouns:             u.Pronouns,
		PrimaryOrg:           refID(u.PrimaryOrg),
		Identifier:           u.Identifier,
		Email:                u.Email,
		SMS:                  u.SMS,
		Phone:                u.Phone,
		Agents:               refIDs(u.Agents),
		Grades:               u.Grades,
		Password:             u.Password,
		Resources:            refIDs(u.Resources),
	}
	for _, x := range u.UserIDs {
		out.UserIDs = append(out.UserIDs, fixtures.UserID(x))
	}
	for _, r := range u.Roles {
		out.Roles = append(out.Roles, fixtures.Role{RoleType: r.RoleType, Role: r.Role, Org: r.Org.SourcedID, UserProfile: r.UserProfile,
			BeginDate: fixtures.Date(r.BeginDate), EndDate: fixtures.Date(r.EndDate)})
	}
	for _, p := range u.UserProfiles {
		profile := fixtures.UserProfile{
			ProfileID:     p.ProfileID,
			ProfileType:   p.ProfileType,
			VendorID:      p.VendorID,
			ApplicationID: p.ApplicationID,
			Description:   p.Description,
		}
		for _, c := range p.Credentials {
			profile.Credentials = append(profile.Credentials, fixtures.Credential(c))
		}
		out.UserProfiles = append(out.UserProfiles, profile)
	}
	return out
}

// Enrollments reads the enrollments.
func (d *Stored) Enrollments() iter.Seq[fixtures.Enrollment] {
	return rows(d, Enrollments, rowEnrollment)
}

func rowEnrollment(e enrollment) fixtures.Enrollment {
	return fixtures.Enrollment{
		Base:      e.base.Row(),
		User:      e.User.SourcedID,
		Class:     e.Class.SourcedID,
		School:    e.School.SourcedID,
		Role:      e.Role,
		Primary:   e.Primary,
		BeginDate: fixtures.Date(e.BeginDate),
		EndDate:   fixtures.Date(e.EndDate),
	}
}

// Demographics reads the demographics.
func (d *Stored) Demographics() iter.Seq[fixtures.Demographics] {
	return rows(d, Demographics, rowDemographics)
}

func rowDemographics(x demographics) fixtures.Demographics {
	return fixtures.Demographics{
		Base:                                 x.base.Row(),
		BirthDate:                            fixtures.Date(x.BirthDate),
		Sex:                                  x.Sex,
		AmericanIndianOrAlaskaNative:         x.AmericanIndianOrAlaskaNative,
		Asian:                                x.Asian,
		BlackOrAfricanAmerican:               x.BlackOrAfricanAmerican,
		NativeHawaiianOrOtherPacificIslander: x.NativeHawaiianOrOtherPacificIslander,
		White:                                x.White,
		DemographicRaceTwoOrMoreRaces:        x.DemographicRaceTwoOrMoreRaces,
		HispanicOrLatinoEthnicity:            x.HispanicOrLatinoEthnicity,
		CountryOfBirthCode:                   x.CountryOfBirthCode,
		StateOfBirthAbbreviation:             x.StateOfBirthAbbreviation,
		CityOfBirth:                          x.CityOfBirth,
		PublicSchoolResidenceStatus:          x.PublicSchoolResidenceStatus,
	}
}

// Resources reads the resources.
func (d *Stored) Resources() iter.Seq[fixtures.Resource] {
	return rows(d, resources.Resources, resources.Stored.Row)
}

// CourseResources reads what is assigned to courses: by records, as CSV has it, and what courses
// say of themselves that no record says, as over REST.
func (d *Stored) CourseResources() iter.Seq[fixtures.CourseResource] {
	return assignments(d, rows(d, resources.CourseResources, resources.StoredAssignment.ForCourse), d.Courses,
		func(r fixtures.CourseResource) [2]string { return [2]string{r.Course, r.Resource} },
		func(c fixtures.Course) (fixtures.Base, []string) { return c.Base, c.Resources },
		func(b fixtures.Base, course, resource string) fixtures.CourseResource {
			return fixtures.CourseResource{Base: b, Course: course, Resource: resource}
		})
}

// ClassResources reads what is assigned to classes, as CourseResources does.
func (d *Stored) ClassResources() iter.Seq[fixtures.ClassResource] {
	return assignments(d, rows(d, resources.ClassResources, resources.StoredAssignment.ForClass), d.Classes,
		func(r fixtures.ClassResource) [2]string { return [2]string{r.Class, r.Resource} },
		func(c fixtures.Class) (fixtures.Base, []string) { return c.Base, c.Resources },
		func(b fixtures.Base, class, resource string) fixtures.ClassResource {
			return fixtures.ClassResource{Base: b, Class: class, Resource: resource}
		})
}

// UserResources reads what is assigned to users, as CourseResources does.
func (d *Stored) UserResources() iter.Seq[fixtures.UserResource] {
	return assignments(d, rows(d, resources.UserResources, resources.StoredAssignment.ForUser), d.Users,
		func(r fixtures.UserResource) [2]string { return [2]string{r.User, r.Resource} },
		func(u fixtures.User) (fixtures.Base, []string) { return u.Base, u.Resources },
		func(b fixtures.Base, user, resource string) fixtures.UserResource {
			return fixtures.UserResource{Base: b, User: user, Resource: resource}
		})
}

// assignments gives records, and one for each resource that an owner names and no record does.
// Its sourcedId follows from both, so that it is the same each time.
func assignments[Record, Owner any](d *Stored, records iter.Seq[Record], owners func() iter.Seq[Owner], says func(Record) [2]string,
	names func(Owner) (fixtures.Base, []string), record func(b fixtures.Base, owner, resource string) Record) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		said := map[[2]string]bool{}
		for r := range records {
			said[says(r)] = true
			if !yield(r) {
				return
			}
		}
		if n, err := d.store.Count(d.ctx, resources.Resources); err == nil && n == 0 {
			return // nobody can have any
		}
		for o := range owners() {
			base, list := names(o)
			for _, resource := range list {
				if said[[2]string{base.SourcedID, resource}] {
					continue
				}
				h := sha256.Sum256(fmt.Appendf(nil, "%q %q", base.SourcedID, resource))
				own := fixtures.Base{SourcedID: hex.EncodeToString(h[:16]), Status: base.Status, DateLastModified: base.DateLastModified}
				if !yield(record(own, base.SourcedID, resource)) {
					return
				}
			}
		}
	}
}

// Categories reads the categories of line items.
func (d *Stored) Categories() iter.Seq[fixtures.Category] {
	return rows(d, gradebook.Categories, gradebook.StoredCategory.Row)
}

// ScoreScales reads the score scales.
func (d *Stored) ScoreScales() iter.Seq[fixtures.ScoreScale] {
	return rows(d, gradebook.ScoreScales, gradebook.StoredScoreScale.Row)
}

// LineItems reads the line items.
func (d *Stored) LineItems() iter.Seq[fixtures.LineItem] {
	return rows(d, gradebook.LineItems, gradebook.StoredLineItem.Row)
}

// Results reads the results.
func (d *Stored) Results() iter.Seq[fixtures.Result] {
	return rows(d, gradebook.Results, gradebook.StoredResult.Row)
}

// AssessmentLineItems reads the tests and their parts.
func (d *Stored) AssessmentLineItems() iter.Seq[fixtures.AssessmentLineItem] {
	return rows(d, gradebook.AssessmentLineItems, gradebook.StoredAssessmentLineItem.Row)
}

// AssessmentResults reads what was got for tests and their parts.
func (d *Stored) AssessmentResults() iter.Seq[fixtures.AssessmentResult] {
	return rows(d, gradebook.AssessmentResults, gradebook.StoredAssessmentResult.Row)
}

// carriedFile is where the rows of one file lie among those that are carried.
type carriedFile struct {
	name       string
	first, end int32
}

// findCarried looks once where each file begins: rows lie file by file.
func (d *Stored) findCarried() error {
	var buffer []byte
	return d.store.Scan(d.ctx, CSVRows, 0, math.MaxInt32, func(rank int32, body []byte) error {
		buffer = oneroster.AppendDocument(buffer[:0], body, oneroster.Addresses{})
		var r struct {
			File string `json:"file"`
		}
		if err := json.Unmarshal(buffer, &r); err != nil {
			return fmt.Errorf("reading %s from the store: %w", CSVRows, err)
		}
		if n := len(d.files); n == 0 || d.files[n-1].name != r.File {
			d.files = append(d.files, carriedFile{r.File, rank, rank})
		}
		d.files[len(d.files)-1].end = rank + 1
		return nil
	})
}

// CarriedFiles names the CSV files beside the roster that have rows.
func (d *Stored) CarriedFiles() []string {
	var out []string
	for _, f := range d.files {
		out = append(out, f.name)
	}
	return out
}

// Carried reads the rows of one of them.
func (d *Stored) Carried(file string) iter.Seq[fixtures.Row] {
	for _, f := range d.files {
		if f.name == file {
			return rowsBetween(d, CSVRows, f.first, f.end, func(r carriedRow) fixtures.Row { return r.Row })
		}
	}
	return func(func(fixtures.Row) bool) {}
}
