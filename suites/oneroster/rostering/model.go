package rostering

import (
	"encoding/json"
	"errors"
)

// The objects as the judge reads them. Decoding is lenient: a member of the
// wrong type is left empty here, and is the schema's to report.

// Ref is a GUIDRef.
type Ref struct {
	Href      string `json:"href"`
	SourcedID string `json:"sourcedId"`
	Type      string `json:"type"`
}

// Base is what all objects have.
type Base struct {
	SourcedID        string `json:"sourcedId"`
	Status           string `json:"status"`
	DateLastModified string `json:"dateLastModified"`
}

// AcademicSession of OneRoster 1.2.
type AcademicSession struct {
	Base
	Title      string `json:"title"`
	StartDate  string `json:"startDate"`
	EndDate    string `json:"endDate"`
	Type       string `json:"type"`
	Parent     *Ref   `json:"parent"`
	Children   []Ref  `json:"children"`
	SchoolYear string `json:"schoolYear"`
}

// Org of OneRoster 1.2.
type Org struct {
	Base
	Name       string `json:"name"`
	Type       string `json:"type"`
	Identifier string `json:"identifier"`
	Parent     *Ref   `json:"parent"`
	Children   []Ref  `json:"children"`
}

// Course of OneRoster 1.2.
type Course struct {
	Base
	Title        string   `json:"title"`
	SchoolYear   *Ref     `json:"schoolYear"`
	CourseCode   string   `json:"courseCode"`
	Grades       []string `json:"grades"`
	Subjects     []string `json:"subjects"`
	Org          *Ref     `json:"org"`
	SubjectCodes []string `json:"subjectCodes"`
	Resources    []Ref    `json:"resources"`
}

// Class of OneRoster 1.2.
type Class struct {
	Base
	Title        string   `json:"title"`
	ClassCode    string   `json:"classCode"`
	ClassType    string   `json:"classType"`
	Location     string   `json:"location"`
	Grades       []string `json:"grades"`
	Subjects     []string `json:"subjects"`
	Course       *Ref     `json:"course"`
	School       *Ref     `json:"school"`
	Terms        []Ref    `json:"terms"`
	SubjectCodes []string `json:"subjectCodes"`
	Periods      []string `json:"periods"`
	Resources    []Ref    `json:"resources"`
}

// Role of a user at an org.
type Role struct {
	RoleType    string `json:"roleType"`
	Role        string `json:"role"`
	Org         *Ref   `json:"org"`
	UserProfile string `json:"userProfile"`
	BeginDate   string `json:"beginDate"`
	EndDate     string `json:"endDate"`
}

// User of OneRoster 1.2, without the members that no check needs.
type User struct {
	Base
	Username     string `json:"username"`
	MasterID     string `json:"userMasterIdentifier"`
	Identifier   string `json:"identifier"`
	UserIDs      []any  `json:"userIds"`
	Roles        []Role `json:"roles"`
	UserProfiles []struct {
		ProfileID string `json:"profileId"`
	} `json:"userProfiles"`
	PrimaryOrg *Ref  `json:"primaryOrg"`
	Agents     []Ref `json:"agents"`
	Resources  []Ref `json:"resources"`
}

// HasRole tells whether the user has a role anywhere.
func (u *User) HasRole(role string) bool {
	for _, r := range u.Roles {
		if r.Role == role {
			return true
		}
	}
	return false
}

// enrollment as decoded; kept as Enrollment, which is compact.
type enrollment struct {
	Base
	User      *Ref   `json:"user"`
	Class     *Ref   `json:"class"`
	School    *Ref   `json:"school"`
	Role      string `json:"role"`
	Primary   string `json:"primary"`
	BeginDate string `json:"beginDate"`
	EndDate   string `json:"endDate"`
}

// Demographics of OneRoster 1.2; the values themselves stay in the spool.
type Demographics struct {
	Base
	BirthDate string `json:"birthDate"`
}

// decode reads object into v as far as types allow.
func decode(object []byte, v any) error {
	err := json.Unmarshal(object, v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return nil
	}
	return err
}

// placed is a GUIDRef with the JSON pointer at which it stands, array indexes
// replaced by *.
type placed struct {
	At   string // e.g. /roles/*/org
	Want string // kind of object it must refer to
	Ref  Ref
}

// refs lists the references of an object of the given kind.
func refs(kind string, object []byte) []placed {
	var out []placed
	one := func(at, want string, r *Ref) {
		if r != nil {
			out = append(out, placed{at, want, *r})
		}
	}
	many := func(at, want string, list []Ref) {
		for i := range list {
			one(at, want, &list[i])
		}
	}
	switch kind {
	case "academicSession":
		var o AcademicSession
		_ = decode(object, &o)
		one("/parent", "academicSession", o.Parent)
		many("/children/*", "academicSession", o.Children)
	case "org":
		var o Org
		_ = decode(object, &o)
		one("/parent", "org", o.Parent)
		many("/children/*", "org", o.Children)
	case "course":
		var o Course
		_ = decode(object, &o)
		one("/schoolYear", "academicSession", o.SchoolYear)
		one("/org", "org", o.Org)
		many("/resources/*", "resource", o.Resources)
	case "class":
		var o Class
		_ = decode(object, &o)
		one("/course", "course", o.Course)
		one("/school", "org", o.School)
		many("/terms/*", "academicSession", o.Terms)
		many("/resources/*", "resource", o.Resources)
	case "user":
		var o User
		_ = decode(object, &o)
		for i := range o.Roles {
			one("/roles/*/org", "org", o.Roles[i].Org)
		}
		one("/primaryOrg", "org", o.PrimaryOrg)
		many("/agents/*", "user", o.Agents)
		many("/resources/*", "resource", o.Resources)
	case "enrollment":
		var o enrollment
		_ = decode(object, &o)
		one("/user", "user", o.User)
		one("/class", "class", o.Class)
		one("/school", "org", o.School)
	}
	return out
}
