package sis

import (
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/resources"
)

// The objects of the Rostering service as they stand on the wire (OneRoster 1.2
// information model; OpenAPI document, the ...DType schemas).

type (
	base    = oneroster.Base
	guidRef = oneroster.Reference
	date    = oneroster.Date
)

type org struct {
	base
	Name       string    `json:"name"`
	Type       string    `json:"type"`
	Identifier string    `json:"identifier"`
	Parent     *guidRef  `json:"parent,omitempty"`
	Children   []guidRef `json:"children,omitempty"`
}

type academicSession struct {
	base
	Title      string    `json:"title"`
	StartDate  date      `json:"startDate"`
	EndDate    date      `json:"endDate"` // the first day after it
	Type       string    `json:"type"`
	Parent     *guidRef  `json:"parent,omitempty"`
	Children   []guidRef `json:"children,omitempty"`
	SchoolYear string    `json:"schoolYear"` // a string, though it looks like a number
}

type course struct {
	base
	Title        string    `json:"title"`
	SchoolYear   *guidRef  `json:"schoolYear,omitempty"`
	CourseCode   string    `json:"courseCode"`
	Grades       []string  `json:"grades,omitempty"`
	Subjects     []string  `json:"subjects,omitempty"`
	Org          *guidRef  `json:"org,omitempty"`
	SubjectCodes []string  `json:"subjectCodes,omitempty"`
	Resources    []guidRef `json:"resources,omitempty"` // of the Resources service
}

type class struct {
	base
	Title        string    `json:"title"`
	ClassCode    string    `json:"classCode,omitempty"`
	ClassType    string    `json:"classType,omitempty"`
	Location     string    `json:"location,omitempty"`
	Grades       []string  `json:"grades,omitempty"`
	Subjects     []string  `json:"subjects,omitempty"`
	Course       guidRef   `json:"course"`
	School       guidRef   `json:"school"`
	Terms        []guidRef `json:"terms"` // at least one
	SubjectCodes []string  `json:"subjectCodes,omitempty"`
	Periods      []string  `json:"periods,omitempty"`
	Resources    []guidRef `json:"resources,omitempty"`
}

type user struct {
	base
	UserMasterIdentifier string        `json:"userMasterIdentifier,omitempty"`
	Username             string        `json:"username,omitempty"`
	UserIDs              []userID      `json:"userIds,omitempty"`
	EnabledUser          string        `json:"enabledUser"`
	GivenName            string        `json:"givenName"`
	FamilyName           string        `json:"familyName"`
	MiddleName           string        `json:"middleName,omitempty"`
	PreferredFirstName   string        `json:"preferredFirstName,omitempty"`
	PreferredMiddleName  string        `json:"preferredMiddleName,omitempty"`
	PreferredLastName    string        `json:"preferredLastName,omitempty"`
	Pronouns             string        `json:"pronouns,omitempty"`
	Roles                []role        `json:"roles"` // at least one
	UserProfiles         []userProfile `json:"userProfiles,omitempty"`
	PrimaryOrg           *guidRef      `json:"primaryOrg,omitempty"`
	Identifier           string        `json:"identifier,omitempty"`
	Email                string        `json:"email,omitempty"`
	SMS                  string        `json:"sms,omitempty"`
	Phone                string        `json:"phone,omitempty"`
	Agents               []guidRef     `json:"agents,omitempty"`
	Grades               []string      `json:"grades,omitempty"`
	Password             string        `json:"password,omitempty"`
	Resources            []guidRef     `json:"resources,omitempty"`
}

type userID struct {
	Type       string `json:"type"`
	Identifier string `json:"identifier"`
}

type role struct {
	RoleType    string  `json:"roleType"`
	Role        string  `json:"role"`
	Org         guidRef `json:"org"`
	UserProfile string  `json:"userProfile,omitempty"` // a profileId, not a reference
	BeginDate   date    `json:"beginDate,omitempty"`
	EndDate     date    `json:"endDate,omitempty"`
}

type userProfile struct {
	ProfileID     string       `json:"profileId"`
	ProfileType   string       `json:"profileType"`
	VendorID      string       `json:"vendorId"`
	ApplicationID string       `json:"applicationId,omitempty"`
	Description   string       `json:"description,omitempty"`
	Credentials   []credential `json:"credentials,omitempty"`
}

type credential struct {
	Type     string `json:"type"`
	Username string `json:"username"`
	Password string `json:"password,omitempty"`
}

type enrollment struct {
	base
	User      guidRef `json:"user"`
	Class     guidRef `json:"class"`
	School    guidRef `json:"school"`
	Role      string  `json:"role"`
	Primary   string  `json:"primary,omitempty"`
	BeginDate date    `json:"beginDate,omitempty"`
	EndDate   date    `json:"endDate,omitempty"`
}

type demographics struct {
	base
	BirthDate                            date   `json:"birthDate,omitempty"`
	Sex                                  string `json:"sex,omitempty"`
	AmericanIndianOrAlaskaNative         string `json:"americanIndianOrAlaskaNative,omitempty"`
	Asian                                string `json:"asian,omitempty"`
	BlackOrAfricanAmerican               string `json:"blackOrAfricanAmerican,omitempty"`
	NativeHawaiianOrOtherPacificIslander string `json:"nativeHawaiianOrOtherPacificIslander,omitempty"`
	White                                string `json:"white,omitempty"`
	DemographicRaceTwoOrMoreRaces        string `json:"demographicRaceTwoOrMoreRaces,omitempty"`
	HispanicOrLatinoEthnicity            string `json:"hispanicOrLatinoEthnicity,omitempty"`
	CountryOfBirthCode                   string `json:"countryOfBirthCode,omitempty"`
	StateOfBirthAbbreviation             string `json:"stateOfBirthAbbreviation,omitempty"`
	CityOfBirth                          string `json:"cityOfBirth,omitempty"`
	PublicSchoolResidenceStatus          string `json:"publicSchoolResidenceStatus,omitempty"`
}

// The types of references, and the endpoint where each is resolved.
var referenceTypes = map[string]string{
	"academicSession": "academicSessions",
	"class":           "classes",
	"course":          "courses",
	"org":             "orgs",
	"user":            "users",
}

func reference(kind, sourcedID string) guidRef {
	return oneroster.ReferTo(kind, referenceTypes[kind], sourcedID)
}

func optionalReference(kind, sourcedID string) *guidRef {
	if sourcedID == "" {
		return nil
	}
	r := reference(kind, sourcedID)
	return &r
}

func references(kind string, sourcedIDs []string) []guidRef {
	refs := make([]guidRef, len(sourcedIDs))
	for i, id := range sourcedIDs {
		refs[i] = reference(kind, id)
	}
	return refs
}

// resourceRefs refer to the Resources service.
func resourceRefs(sourcedIDs []string) []guidRef {
	var refs []guidRef
	for _, id := range sourcedIDs {
		refs = append(refs, resources.Refer(id))
	}
	return refs
}
