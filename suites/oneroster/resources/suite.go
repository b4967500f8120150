package resources

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Suite judges OneRoster 1.2 Resources Providers.
func Suite() harness.Suite {
	of := service.Resources()
	rosters := []*rest.Beside{{Service: service.Rostering(), Suite: "oneroster.rostering",
		Address: func(t *harness.Target) string { return oneroster.Of(t).Rostering }}}
	return rest.Suite(rest.Provider{
		Service:  of,
		Title:    "OneRoster 1.2 Resources Provider (REST)",
		Profiles: []string{"or12-resources-core-provider", "or12-resources-provider"},
		Address:  func(t *harness.Target) string { return oneroster.Of(t).Resources },
		Beside:   rosters,
		Own:      slices.Concat(itemChecks(), subChecks(of), rosterChecks()),
		Open:     func(s *harness.Session) (rest.Model, error) { return open(of, rosters, s) },
	})
}
