package sis

import "github.com/rollcall-edu/rollcall/reference/oneroster"

// The scopes of the Rostering service (OpenAPI document, securitySchemes).
const (
	ScopeRoster       = oneroster.ScopePrefix + "roster.readonly"
	ScopeRosterCore   = oneroster.ScopePrefix + "roster-core.readonly"
	ScopeDemographics = oneroster.ScopePrefix + "roster-demographics.readonly"
)

// Scopes lists the scopes that open something here, of all services.
func Scopes() []string {
	var all []string
	for _, s := range Services() {
		for _, scope := range s.Scopes {
			all = append(all, scope.Name)
		}
	}
	return all
}
