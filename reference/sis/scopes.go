package sis

// ScopePrefix begins every scope of OneRoster 1.2.
const ScopePrefix = "https://purl.imsglobal.org/spec/or/v1p2/scope/"

// The scopes of the Rostering service (OpenAPI document, securitySchemes).
const (
	ScopeRoster       = ScopePrefix + "roster.readonly"
	ScopeRosterCore   = ScopePrefix + "roster-core.readonly"
	ScopeDemographics = ScopePrefix + "roster-demographics.readonly"
)

// Scopes lists the scopes that open something here.
func Scopes() []string {
	return []string{ScopeRoster, ScopeRosterCore, ScopeDemographics}
}

// knownScopes adds those of the sister services: a consumer asks for all it
// needs at once, and must be told what it got rather than be turned away.
func knownScopes() []string {
	known := Scopes()
	for _, name := range []string{
		"gradebook-core.readonly", "gradebook.readonly", "gradebook.createput", "gradebook.createpost", "gradebook.delete",
		"assessment.readonly", "assessment.createput", "assessment.delete",
		"resource-core.readonly", "resource.readonly",
	} {
		known = append(known, ScopePrefix+name)
	}
	return known
}
