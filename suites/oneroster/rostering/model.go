package rostering

import "github.com/rollcall-edu/rollcall/suites/oneroster/rest"

// The objects as the judge reads them. Decoding is lenient: a member of the
// wrong type is left empty here, and is the schema's to report.

// Ref and Base are what all OneRoster objects share.
type (
	Ref  = rest.Ref
	Base = rest.Base
)

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
	Role         string `json:"role"` // of 1.1, in all orgs
	Orgs         []Ref  `json:"orgs"`
	UserProfiles []struct {
		ProfileID string `json:"profileId"`
	} `json:"userProfiles"`
	PrimaryOrg *Ref  `json:"primaryOrg"`
	Agents     []Ref `json:"agents"`
	Resources  []Ref `json:"resources"`
}

// once gives a user of 1.1 the roles of 1.2: the one role, in each of the orgs.
func (u User) once() User {
	for i := range u.Orgs {
		u.Roles = append(u.Roles, Role{Role: u.Role, Org: &u.Orgs[i]})
	}
	if len(u.Orgs) == 0 && u.Role != "" {
		u.Roles = []Role{{Role: u.Role}}
	}
	u.Role, u.Orgs = "", nil
	return u
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
