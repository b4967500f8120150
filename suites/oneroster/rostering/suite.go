package rostering

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
	"github.com/rollcall-edu/rollcall/suites/oneroster/versions"
)

// Suite judges OneRoster 1.2 Rostering Providers.
func Suite() harness.Suite {
	return suite(service.Rostering(), nil, address, profiles...)
}

func address(t *harness.Target) string { return oneroster.Of(t).Rostering }

var profiles = []string{"or12-rostering-core-provider", "or12-rostering-provider", "or12-demographics-provider"}

// Suite11 judges those of OneRoster 1.1.
func Suite11() harness.Suite {
	later := &rest.Twin{Service: service.Rostering(), Suite: "oneroster.rostering", Profiles: profiles, Address: address}
	return suite(service.Rostering11(), later, func(t *harness.Target) string { return oneroster.Of(t).V1P1 },
		"or11-rostering-core-provider", "or11-rostering-provider")
}

func suite(of *service.Service, twin *rest.Twin, address func(*harness.Target) string, profiles ...string) harness.Suite {
	return rest.Suite(rest.Provider{
		Service:  of,
		Title:    of.Standard + " Rostering Provider (REST)",
		Profiles: profiles,
		Address:  address,
		Twin:     twin,
		Own: slices.Concat(derivedChecks(of), subChecks(of), targetChecks(of), structureChecks(), peopleChecks(), classChecks(),
			versions.Compare(of, twin)),
		Open: func(s *harness.Session) (rest.Model, error) { return open(of, s) },
	})
}
