package rest

import (
	"cmp"
	"context"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Provider is what a suite needs to know of a service beyond its description.
type Provider struct {
	Service  *service.Service
	Title    string
	Profiles []string // that it can judge
	// ID, Section and Access are those of the suite where the service is none of OneRoster; empty
	// where it is.
	ID      string
	Role    string // of the target; provider where it is empty
	Section func() harness.Section
	Access  *harness.Access
	// Address gives the base URL of the service in the target file.
	Address func(t *harness.Target) string
	// Beside are the services that have the parents of sub-collections which this one doesn't
	// have, and what else its objects refer to; nil where it has them all.
	Beside []*Beside
	// Twin is the same service in another version, where its own checks compare the two.
	Twin *Twin
	// Look is what the doctor looks at besides the service; nil: nothing.
	Look func(ctx context.Context, s *harness.Session) []harness.Diagnosis
	// Own are the checks that hold for this service alone.
	Own []Check
	// Open reads the crawl into the service's model.
	Open func(s *harness.Session) (Model, error)
}

// Suite makes the suite that judges a provider of a service: the checks that hold for any
// OneRoster service over REST, and its own.
func Suite(p Provider) harness.Suite {
	of := p.Service
	if p.Section == nil {
		p.ID, p.Section, p.Access = "oneroster."+of.Name, oneroster.New, oneroster.Access()
	}
	p.Access.Signed = of.Signed
	suite := harness.Suite{
		ID:       p.ID,
		Title:    p.Title,
		Role:     cmp.Or(p.Role, "provider"),
		Profiles: p.Profiles,
		Section:  p.Section,
		Access:   p.Access,
		Service:  harness.ServiceURL(of.Key, p.Address),
		Owner:    func(s *harness.Session, r *harness.Response) string { return of.Requirement(owner(of, s, s.Base, r)) },
		Scopes:   scopes,
		Doctor: func(ctx context.Context, s *harness.Session) []harness.Diagnosis {
			found := doctor(ctx, of, p.Beside, s)
			if p.Look != nil {
				found = append(found, p.Look(ctx, s)...)
			}
			return found
		},
		Prepare: func(ctx context.Context, s *harness.Session) error { return prepare(ctx, of, p.Beside, p.Twin, s) },
		Open:    func(_ context.Context, s *harness.Session) (any, error) { return p.Open(s) },
	}
	for _, c := range slices.Concat(checks(of), p.Own) {
		if check := c.of(of); len(check.Requirements) > 0 {
			suite.Checks = append(suite.Checks, check)
		}
	}
	return suite
}

// checks lists those that hold for any service, by topic.
func checks(of *service.Service) []Check {
	list := slices.Concat(endpointChecks(of), pagingChecks(of), totalChecks(), linkChecks(), sortChecks(of), filterChecks(of),
		fieldsChecks(of), errorChecks(of), tokenChecks(), accessChecks(), scopeChecks(of), transportChecks(), robustnessChecks(),
		payloadChecks(of), identityChecks(of), referenceChecks(), lifecycleChecks())
	if of.Signed {
		list = append(list, signatureChecks()...)
	}
	if len(of.Discovery) > 0 {
		list = append(list, discoveryChecks()...)
	}
	return list
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
