package rostering

import (
	"context"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// checks lists those of the service, by topic.
func checks(of *service.Service) []Check {
	var out []Check
	for _, topic := range [][]Check{endpointChecks(of), pagingChecks(), totalChecks(), linkChecks(), sortChecks(), filterChecks(), fieldsChecks(),
		failureChecks(), tokenChecks(), accessChecks(), scopeChecks(of), transportChecks(), discoveryChecks(), robustnessChecks(),
		payloadChecks(of), identityChecks(), derivedChecks(), subChecks(), referenceChecks(), structureChecks(), peopleChecks(), classChecks(),
		lifecycleChecks()} {
		out = append(out, topic...)
	}
	return out
}

// Suite judges OneRoster 1.2 Rostering Providers.
func Suite() harness.Suite {
	of := service.Rostering()
	suite := harness.Suite{
		ID:       "oneroster." + of.Name,
		Title:    "OneRoster 1.2 Rostering Provider (REST)",
		Role:     "provider",
		Profiles: []string{"or12-rostering-core-provider", "or12-rostering-provider", "or12-demographics-provider"},
		Service:  harness.ServiceURL("rostering", func(t *harness.Target) string { return t.OneRoster.Rostering }),
		Owner:    func(s *harness.Session, r *harness.Response) string { return of.Requirement(owner(of, s, r)) },
		Scopes:   scopes,
		Doctor:   func(ctx context.Context, s *harness.Session) []harness.Diagnosis { return doctor(ctx, of, s) },
		Prepare:  func(ctx context.Context, s *harness.Session) error { return prepare(ctx, of, s) },
		Open:     func(_ context.Context, s *harness.Session) (any, error) { return open(of, s) },
	}
	for _, c := range checks(of) {
		suite.Checks = append(suite.Checks, c.of(of))
	}
	return suite
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
