package resources

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
	"github.com/rollcall-edu/rollcall/suites/oneroster/versions"
)

// Suite judges OneRoster 1.2 Resources Providers.
func Suite() harness.Suite {
	rosters := []*rest.Beside{{Service: service.Rostering(), Suite: "oneroster.rostering",
		Address: func(t *harness.Target) string { return oneroster.Of(t).Rostering }}}
	return suite(service.Resources(), rosters, nil, address, profiles...)
}

func address(t *harness.Target) string { return oneroster.Of(t).Resources }

var profiles = []string{"or12-resources-core-provider", "or12-resources-provider"}

// Suite11 judges those of OneRoster 1.1, which has rosters and resources below one root.
func Suite11() harness.Suite {
	root := func(t *harness.Target) string { return oneroster.Of(t).V1P1 }
	rosters := []*rest.Beside{{Service: service.Rostering11(), Suite: "oneroster.v1p1-rostering", Address: root}}
	later := &rest.Twin{Service: service.Resources(), Suite: "oneroster.resources", Profiles: profiles, Address: address}
	return suite(service.Resources11(), rosters, later, root, "or11-resources-provider")
}

func suite(
	of *service.Service, rosters []*rest.Beside, twin *rest.Twin, address func(*harness.Target) string, profiles ...string,
) harness.Suite {
	return rest.Suite(rest.Provider{
		Service:  of,
		Title:    of.Standard + " Resources Provider (REST)",
		Profiles: profiles,
		Address:  address,
		Beside:   rosters,
		Twin:     twin,
		Own:      slices.Concat(itemChecks(), subChecks(of), rosterChecks(of), versions.Compare(of, twin)),
		Open:     func(s *harness.Session) (rest.Model, error) { return open(of, rosters, s) },
	})
}
