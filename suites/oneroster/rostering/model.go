package rostering

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
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

// refs lists the references of an object of the given kind, by the places that the schema
// has for them.
func refs(kind *service.Kind, object []byte) []placed {
	var out []placed
	members := objectOf(object)
	for _, m := range kind.References() {
		eachAt(members, strings.Split(m.At[1:], "/"), func(found json.RawMessage) {
			out = append(out, placed{m.At, m.Refers, read[Ref](found)})
		})
	}
	return out
}

// objectOf reads the members of an object; none where it is something else.
func objectOf(raw json.RawMessage) (members map[string]json.RawMessage) {
	_ = decode(raw, &members)
	return members
}

// eachAt visits what stands at a place within an object. As Go decodes JSON, a name is
// known in any case, what is null is as good as absent, and in a list it is something
// without members.
func eachAt(members map[string]json.RawMessage, path []string, visit func(json.RawMessage)) {
	found, there := members[path[0]]
	for name, value := range members {
		if !there && strings.EqualFold(name, path[0]) {
			found, there = value, true
		}
	}
	path = path[1:]
	switch {
	case !there || string(found) == "null":
	case len(path) == 0:
		visit(found)
	case path[0] == "*":
		var list []json.RawMessage
		_ = decode(found, &list)
		for _, one := range list {
			if len(path) == 1 {
				visit(one)
			} else {
				eachAt(objectOf(one), path[1:], visit)
			}
		}
	default:
		eachAt(objectOf(found), path, visit)
	}
}
