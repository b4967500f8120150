package rostering

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// topics lists the checks, one function a file.
func topics() []func() []harness.Check {
	return []func() []harness.Check{
		endpointChecks, pagingChecks, totalChecks, linkChecks, sortChecks, filterChecks, fieldsChecks, failureChecks,
		tokenChecks, accessChecks, scopeChecks, transportChecks, discoveryChecks, robustnessChecks, payloadChecks, identityChecks, derivedChecks, subChecks, referenceChecks,
		structureChecks, peopleChecks, classChecks, lifecycleChecks,
	}
}

// Suite judges OneRoster 1.2 Rostering Providers.
func Suite() harness.Suite {
	var checks []harness.Check
	for _, topic := range topics() {
		checks = append(checks, topic()...)
	}
	return harness.Suite{
		ID:       "oneroster.rostering",
		Title:    "OneRoster 1.2 Rostering Provider (REST)",
		Role:     "provider",
		Checks:   checks,
		Profiles: []string{"or12-rostering-core-provider", "or12-rostering-provider", "or12-demographics-provider"},
		Service:  harness.ServiceURL("rostering", func(t *harness.Target) string { return t.OneRoster.Rostering }),
		Owner:    owner,
		Scopes:   scopes,
		Doctor:   doctor,
		Prepare:  prepare,
		Open:     open,
	}
}

// scopes lists the scopes that the chosen profiles ask for.
func scopes(profiles []catalogue.Profile) []string {
	var out []string
	for _, p := range profiles {
		for _, s := range p.Scopes {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}
