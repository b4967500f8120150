package rostering

import (
	"slices"
	"strings"
)

// Which requirement a schema finding breaks is told by where it stands and what
// was wrong. The tables hold, for each kind of object, the members by type.

// listMembers and structMembers, by kind: general JSON pointers.
var (
	listMembers = map[string][]string{
		"academicSession": {"/children"}, "org": {"/children"},
		"course":     {"/grades", "/subjects", "/subjectCodes", "/resources"},
		"class":      {"/grades", "/subjects", "/subjectCodes", "/terms", "/periods", "/resources"},
		"user":       {"/roles", "/userIds", "/userProfiles", "/userProfiles/*/credentials", "/agents", "/grades", "/resources"},
		"enrollment": {}, "demographics": {},
	}
	structMembers = map[string][]string{
		"academicSession": {"/parent", "/children/*"}, "org": {"/parent", "/children/*"},
		"course":     {"/schoolYear", "/org", "/resources/*"},
		"class":      {"/course", "/school", "/terms/*", "/resources/*"},
		"user":       {"/roles/*", "/roles/*/org", "/userIds/*", "/userProfiles/*", "/userProfiles/*/credentials/*", "/primaryOrg", "/agents/*", "/resources/*"},
		"enrollment": {"/user", "/class", "/school"}, "demographics": {},
	}
	refMembers = map[string][]string{
		"academicSession": {"/parent", "/children/*"}, "org": {"/parent", "/children/*"},
		"course":     {"/schoolYear", "/org", "/resources/*"},
		"class":      {"/course", "/school", "/terms/*", "/resources/*"},
		"user":       {"/roles/*/org", "/primaryOrg", "/agents/*", "/resources/*"},
		"enrollment": {"/user", "/class", "/school"}, "demographics": {},
	}
	dateMembers = map[string][]string{
		"academicSession": {"/startDate", "/endDate"}, "user": {"/roles/*/beginDate", "/roles/*/endDate"},
		"enrollment": {"/beginDate", "/endDate"}, "demographics": {"/birthDate"},
	}
	vocabularyOf = map[string]map[string]string{
		"academicSession": {"/type": "session-type"}, "org": {"/type": "org-type"}, "class": {"/classType": "class-type"},
		"user": {"/roles/*/role": "user-role", "/roles/*/roleType": "role-type"}, "enrollment": {"/role": "enrollment-role"}, "demographics": {"/sex": "sex"},
	}
	flagMembers = []string{"/americanIndianOrAlaskaNative", "/asian", "/blackOrAfricanAmerican", "/nativeHawaiianOrOtherPacificIslander", "/white", "/demographicRaceTwoOrMoreRaces", "/hispanicOrLatinoEthnicity"}
	textMembers = map[string][]string{
		"academicSession": {"/sourcedId", "/title"}, "org": {"/sourcedId", "/name", "/identifier"},
		"course": {"/sourcedId", "/title", "/courseCode", "/grades/*", "/subjects/*", "/subjectCodes/*"},
		"class":  {"/sourcedId", "/title", "/classCode", "/location", "/grades/*", "/subjects/*", "/subjectCodes/*", "/periods/*"},
		"user": {"/sourcedId", "/givenName", "/familyName", "/middleName", "/username", "/identifier", "/email", "/phone", "/sms", "/grades/*", "/pronouns",
			"/preferredFirstName", "/preferredMiddleName", "/preferredLastName", "/userMasterIdentifier"},
		"enrollment": {"/sourcedId"}, "demographics": {"/sourcedId", "/countryOfBirthCode", "/stateOfBirthAbbreviation", "/cityOfBirth", "/publicSchoolResidenceStatus"},
	}
)

// governs names the requirement that a fault of the crawl breaks, without the
// prefix; empty when another check judges it or nothing governs it.
func governs(kind string, f Fault) string {
	at := f.Pointer
	switch f.Keyword {
	case "json", "number", "depth":
		return "payload.json"
	case "encoding":
		return "payload.utf8"
	case "duplicate":
		return "payload.no-duplicate-members"
	case "more":
		return ""
	}
	if strings.HasPrefix(at, "/metadata") {
		if at == "/metadata" && f.Severity == "error" {
			return "payload.metadata"
		}
		return "" // what stands inside is free
	}
	if isNull(f) {
		if f.Severity == "error" {
			return "payload.no-null"
		}
		return ""
	}
	for _, ref := range refMembers[kind] {
		if strings.HasPrefix(at, ref+"/") {
			return governsRef(f)
		}
	}
	switch {
	case f.Keyword == "additionalProperties" || f.Severity == "note":
		if kind == "user" && (at == "/role" || at == "/orgs") {
			return "payload.no-1p1-members"
		}
		return "payload.unknown-members"
	case f.Keyword == "required":
		return requiredOf(kind, at)
	case f.Keyword == "minItems":
		return map[string]string{"class/terms": "payload.class-terms", "user/roles": "payload.user-roles"}[kind+at]
	case f.Keyword == "minLength" || f.Severity == "warning" && f.Keyword != "enum" && f.Keyword != "pattern":
		return "payload.no-empty-text"
	case at == "/enabledUser" && kind == "user":
		return "payload.enabled-user"
	case at == "/primary" && kind == "enrollment":
		return "payload.primary"
	case kind == "demographics" && slices.Contains(flagMembers, at):
		return "payload.demographics-flags"
	case at == "/dateLastModified":
		return "payload.date-times"
	case slices.Contains(dateMembers[kind], at):
		return "payload.dates"
	case at == "/schoolYear" && kind == "academicSession":
		return "payload.school-year"
	case at == "/userProfiles/*/profileId" || at == "/roles/*/userProfile":
		return "payload.profile-uri"
	}
	if f.Keyword == "type" {
		return typeOf(kind, at)
	}
	if at == "/status" {
		return "vocabulary.status"
	}
	if name := vocabularyOf[kind][at]; name != "" {
		if f.Severity == "warning" || f.Extended {
			return "vocabulary.extension-form"
		}
		return "vocabulary." + name
	}
	return typeOf(kind, at)
}

// governsRef does the same for what stands inside of a reference, where most is
// judged with the references themselves.
func governsRef(f Fault) string {
	switch f.Keyword {
	case "additionalProperties":
		return "payload.unknown-members"
	case "type":
		return "payload.text"
	case "minLength":
		return "payload.no-empty-text"
	}
	return ""
}

func isNull(f Fault) bool { return f.Keyword == "null" || f.Seen == "null" }

func requiredOf(kind, at string) string {
	switch {
	case strings.HasPrefix(at, "/roles/*/"):
		return "payload.required-role"
	case strings.HasPrefix(at, "/userIds/*/"), strings.HasPrefix(at, "/userProfiles/*/"):
		return "payload.required-profile"
	}
	return "payload.required-" + map[string]string{"academicSession": "academic-session"}[kind] + kindUnless(kind, "academicSession")
}

func kindUnless(kind, other string) string {
	if kind == other {
		return ""
	}
	return kind
}

func typeOf(kind, at string) string {
	switch {
	case slices.Contains(listMembers[kind], at):
		return "payload.lists"
	case slices.Contains(structMembers[kind], at):
		return "payload.objects"
	}
	return "payload.text"
}
