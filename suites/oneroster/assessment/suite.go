package assessment

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/alignment"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/scores"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// terms are what assessments call things.
var terms = scores.Terms{Items: "assessmentLineItems", Item: "assessmentLineItem", Results: "assessmentResults", Result: "assessmentResult",
	Words: "assessment line item", Peers: "parent"}

// Suite judges OneRoster 1.2 Assessment Results Providers.
func Suite() harness.Suite {
	of := service.Assessment()
	beside := []*rest.Beside{scores.Rosters12(nil), scores.ScalesBeside()}
	return rest.Suite(rest.Provider{
		Service:  of,
		Title:    "OneRoster 1.2 Assessment Results Provider (REST)",
		Profiles: []string{"or12-assessment-provider"},
		Address:  func(t *harness.Target) string { return oneroster.Of(t).Assessments() },
		Beside:   beside,
		Look:     alignment.Doctor,
		Own:      slices.Concat(scores.Checks(terms), alignment.Checks(terms), treeChecks(), percentileChecks()),
		Open:     func(s *harness.Session) (rest.Model, error) { return open(of, beside, s) },
	})
}
