package rostering

import (
	_ "embed"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed operations.yaml
var operationTable []byte

// ScopePrefix begins every OneRoster 1.2 scope.
const ScopePrefix = "https://purl.imsglobal.org/spec/or/v1p2/scope/"

// Operation is one read operation of the Rostering service.
type Operation struct {
	ID      string   `yaml:"id"`      // operationId
	Path    string   `yaml:"path"`    // with {parameters}
	Wrapper string   `yaml:"wrapper"` // the member that holds the payload
	Kind    string   `yaml:"kind"`    // of object: user, org, class…
	Single  bool     `yaml:"single"`
	Scopes  []string `yaml:"scopes"` // without prefix; any one opens it
}

var table = sync.OnceValues(func() ([]Operation, error) {
	var ops []Operation
	if err := yaml.UnmarshalWithOptions(operationTable, &ops, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading the operation table: %w", err)
	}
	return ops, nil
})

// Operations lists the 41 operations, ordered by path.
func Operations() []Operation {
	ops, err := table()
	if err != nil {
		panic(err) // embedded data; the package's tests read it
	}
	return slices.Clone(ops)
}

// operation finds one by operationId; an unknown one is a fault of the judge.
func operation(id string) Operation {
	for _, op := range Operations() {
		if op.ID == id {
			return op
		}
	}
	panic("no operation " + id)
}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// Parameters counts the path parameters.
func (o Operation) Parameters() int { return len(parameter.FindAllString(o.Path, -1)) }

// Sub tells whether the operation is a collection below a parent.
func (o Operation) Sub() bool { return !o.Single && o.Parameters() > 0 }

// PathFor fills in the path parameters in order, percent-encoded as one segment
// each.
func (o Operation) PathFor(ids ...string) string {
	return parameter.ReplaceAllStringFunc(o.Path, func(string) string {
		if len(ids) == 0 {
			return ""
		}
		id := ids[0]
		ids = ids[1:]
		return escapeSegment(id)
	})
}

// escapeSegment encodes an id as one path segment, reserved characters included.
func escapeSegment(id string) string {
	return strings.ReplaceAll(url.PathEscape(id), "+", "%2B")
}

// Core tells whether the operation belongs to the 22 of the Core profile.
func (o Operation) Core() bool { return slices.Contains(o.Scopes, "roster-core.readonly") }

// Demographics tells whether the operation needs the demographics scope.
func (o Operation) Demographics() bool {
	return slices.Contains(o.Scopes, "roster-demographics.readonly")
}

// collections maps the crawled collections to the operation that lists them and
// the one that reads one object. Derived ones are part of another collection.
type collection struct {
	Name    string // path segment and spool name
	List    string // operationId
	Read    string
	Kind    string
	Derived string // the collection it is part of
}

var collections = []collection{
	{"academicSessions", "getAllAcademicSessions", "getAcademicSession", "academicSession", ""},
	{"orgs", "getAllOrgs", "getOrg", "org", ""},
	{"courses", "getAllCourses", "getCourse", "course", ""},
	{"classes", "getAllClasses", "getClass", "class", ""},
	{"users", "getAllUsers", "getUser", "user", ""},
	{"enrollments", "getAllEnrollments", "getEnrollment", "enrollment", ""},
	{"demographics", "getAllDemographics", "getDemographics", "demographics", ""},
	{"gradingPeriods", "getAllGradingPeriods", "getGradingPeriod", "academicSession", "academicSessions"},
	{"terms", "getAllTerms", "getTerm", "academicSession", "academicSessions"},
	{"schools", "getAllSchools", "getSchool", "org", "orgs"},
	{"students", "getAllStudents", "getStudent", "user", "users"},
	{"teachers", "getAllTeachers", "getTeacher", "user", "users"},
}

// collectionOf finds the root collection of a kind of object.
func collectionOf(kind string) collection {
	for _, c := range collections {
		if c.Kind == kind && c.Derived == "" {
			return c
		}
	}
	panic("no collection of " + kind)
}
