package mutant

import (
	"net/http"
	"slices"
	"strings"
)

// base is where the Rostering service begins in a path, whatever stands before.
const base = "/ims/oneroster/rostering/v1p2"

// place is where answers are changed: an operation of the service, by its path, in
// which a star is any one segment, with the members that its objects may have.
type place struct {
	path    string
	members []string
}

// collection tells whether the operation gives a list.
func (p place) collection() bool { return len(strings.Split(p.path, "/"))%2 == 0 }

func (p place) matches(r *http.Request) bool {
	_, rest, service := strings.Cut(r.URL.EscapedPath(), base)
	want, have := strings.Split(p.path, "/"), strings.Split(rest, "/")
	return service && slices.EqualFunc(want, have, func(a, b string) bool { return a == b || a == "*" && b != "" })
}

// Members of the objects of each kind (OneRoster 1.2 Rostering, information model).
var (
	common   = []string{"sourcedId", "status", "dateLastModified"}
	sessions = append(slices.Clone(common), "title", "startDate", "endDate", "type", "parent", "children", "schoolYear")
	orgs     = append(slices.Clone(common), "name", "type", "identifier", "parent", "children")
	courses  = append(slices.Clone(common), "title", "schoolYear", "courseCode", "grades", "subjects", "org", "subjectCodes")
	classes  = append(slices.Clone(common), "title", "classCode", "classType", "location", "grades", "subjects", "course", "school", "terms",
		"subjectCodes", "periods")
	users = append(slices.Clone(common), "userMasterIdentifier", "username", "userIds", "enabledUser", "givenName", "familyName",
		"middleName",
		"roles", "userProfiles", "primaryOrg", "identifier", "email", "phone", "agents", "grades")
	enrollments  = append(slices.Clone(common), "user", "class", "school", "role", "primary", "beginDate", "endDate")
	demographics = append(slices.Clone(common), "birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
		"white", "hispanicOrLatinoEthnicity", "cityOfBirth")
)

// places are the operations of the service.
var places = []place{
	{"/academicSessions", sessions}, {"/academicSessions/*", sessions}, {"/terms", sessions}, {"/terms/*", sessions},
	{"/terms/*/gradingPeriods", sessions}, {"/terms/*/classes", classes}, {"/gradingPeriods", sessions}, {"/gradingPeriods/*", sessions},
	{"/classes", classes}, {"/classes/*", classes}, {"/classes/*/students", users}, {"/classes/*/teachers", users},
	{"/courses", courses}, {"/courses/*", courses}, {"/courses/*/classes", classes},
	{"/demographics", demographics}, {"/demographics/*", demographics},
	{"/enrollments", enrollments}, {"/enrollments/*", enrollments},
	{"/orgs", orgs}, {"/orgs/*", orgs}, {"/schools", orgs}, {"/schools/*", orgs},
	{"/schools/*/classes", classes}, {"/schools/*/classes/*/enrollments", enrollments}, {"/schools/*/classes/*/students", users}, {"/schools/*/classes/*/teachers", users},
	{"/schools/*/courses", courses}, {"/schools/*/enrollments", enrollments}, {"/schools/*/students", users}, {"/schools/*/teachers", users}, {"/schools/*/terms", sessions},
	{"/students", users}, {"/students/*", users}, {"/students/*/classes", classes},
	{"/teachers", users}, {"/teachers/*", users}, {"/teachers/*/classes", classes},
	{"/users", users}, {"/users/*", users}, {"/users/*/classes", classes},
}
