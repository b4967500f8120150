package sis

import (
	_ "embed"
	"reflect"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// BasePath is the path of the Rostering service below the provider's own
// prefix (OpenAPI document, servers).
const BasePath = "/ims/oneroster/rostering/v1p2"

//go:embed operations.json
var operationsJSON []byte

// Rostering describes the Rostering service.
func Rostering() oneroster.Service {
	return oneroster.Service{
		Name:       "Rostering",
		Path:       BasePath,
		Operations: operationsJSON,
		Endpoints: []oneroster.Endpoint{
			{Name: "academicSessions", Collection: AcademicSessions, Plural: "academicSessions", Singular: "academicSession"},
			{Name: "terms", Collection: AcademicSessions, Subset: relationTerms, Plural: "academicSessions", Singular: "academicSession"},
			{Name: "gradingPeriods", Collection: AcademicSessions, Subset: relationGradingPeriods, Plural: "academicSessions", Singular: "academicSession"},
			{Name: "orgs", Collection: Orgs, Plural: "orgs", Singular: "org"},
			{Name: "schools", Collection: Orgs, Subset: relationSchools, Plural: "orgs", Singular: "org", Owner: "school"},
			{Name: "courses", Collection: Courses, Plural: "courses", Singular: "course"},
			{Name: "classes", Collection: Classes, Plural: "classes", Singular: "class"},
			{Name: "users", Collection: Users, Plural: "users", Singular: "user"},
			{Name: "students", Collection: Users, Subset: relationStudents, Plural: "users", Singular: "user"},
			{Name: "teachers", Collection: Users, Subset: relationTeachers, Plural: "users", Singular: "user"},
			{Name: "enrollments", Collection: Enrollments, Plural: "enrollments", Singular: "enrollment"},
			// The standard has one word for both.
			{Name: "demographics", Collection: Demographics, Plural: "demographics", Singular: "demographics"},
		},
		Objects: map[store.Collection]reflect.Type{
			Orgs:             reflect.TypeFor[org](),
			AcademicSessions: reflect.TypeFor[academicSession](),
			Courses:          reflect.TypeFor[course](),
			Classes:          reflect.TypeFor[class](),
			Users:            reflect.TypeFor[user](),
			Enrollments:      reflect.TypeFor[enrollment](),
			Demographics:     reflect.TypeFor[demographics](),
		},
		Relations: ownedRelations,
		Shortcuts: []oneroster.Shortcut{
			{Collection: Enrollments, Path: "class.sourcedId", Owners: Classes, Relation: relationClassEnrollments},
			{Collection: Enrollments, Path: "user.sourcedId", Owners: Users, Relation: relationUserEnrollments},
			{Collection: Enrollments, Path: "school.sourcedId", Owners: Orgs, Relation: relationSchoolEnrollments},
			{Collection: Classes, Path: "school.sourcedId", Owners: Orgs, Relation: relationSchoolClasses},
			{Collection: Classes, Path: "course.sourcedId", Owners: Courses, Relation: relationCourseClasses},
		},
		Scopes: []oneroster.Scope{
			{Name: ScopeRoster, Description: "All reads but those of demographics."},
			{Name: ScopeRosterCore, Description: "The core reads: each collection and each single object, without demographics."},
			{Name: ScopeDemographics, Description: "The reads of demographics."},
		},
		Discovery: DiscoveryNames(),
	}
}

// DiscoveryNames are the file names of the Rostering service's own OpenAPI document.
func DiscoveryNames() []string { return oneroster.DiscoveryNames("rosters", "rostering") }
