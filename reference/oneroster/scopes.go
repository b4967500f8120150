package oneroster

// ScopePrefix begins every scope of OneRoster 1.2.
const ScopePrefix = "https://purl.imsglobal.org/spec/or/v1p2/scope/"

// KnownScopes lists the scopes of all services of OneRoster 1.2 and 1.1 (OpenAPI documents,
// securitySchemes), served or not: a consumer asks for all it needs at once, and must
// be told what it got rather than be turned away.
func KnownScopes() []string {
	var known []string
	for _, name := range []string{
		"roster.readonly", "roster-core.readonly", "roster-demographics.readonly",
		"gradebook-core.readonly", "gradebook.readonly", "gradebook.createput", "gradebook.createpost", "gradebook.delete",
		"assessment.readonly", "assessment.createput", "assessment.delete",
		"resource-core.readonly", "resource.readonly",
	} {
		known = append(known, ScopePrefix+name)
	}
	for _, name := range []string{
		"roster.readonly", "roster-core.readonly", "roster-demographics.readonly",
		"gradebook.readonly", "gradebook.createput", "gradebook.delete", "resource.readonly",
	} {
		known = append(known, ScopePrefixV1P1+name)
	}
	return known
}

// ScopePrefixV1P1 begins those of OneRoster 1.1.
const ScopePrefixV1P1 = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
