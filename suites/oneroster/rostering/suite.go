package rostering

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Suite judges OneRoster 1.2 Rostering Providers.
func Suite() harness.Suite {
	of := service.Rostering()
	return rest.Suite(rest.Provider{
		Service:  of,
		Title:    "OneRoster 1.2 Rostering Provider (REST)",
		Profiles: []string{"or12-rostering-core-provider", "or12-rostering-provider", "or12-demographics-provider"},
		Address:  func(t *harness.Target) string { return oneroster.Of(t).Rostering },
		Own:      slices.Concat(derivedChecks(of), subChecks(of), targetChecks(of), structureChecks(), peopleChecks(), classChecks()),
		Open:     func(s *harness.Session) (rest.Model, error) { return open(of, s) },
	})
}
