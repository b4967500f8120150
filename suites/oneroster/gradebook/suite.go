package gradebook

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/alignment"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/scores"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// terms are what a gradebook calls things.
var terms = scores.Terms{Items: "lineItems", Item: "lineItem", Results: "results", Result: "result", Words: "line item", Peers: "class"}

// Suite judges OneRoster 1.2 Gradebook Providers.
func Suite() harness.Suite {
	of := service.Gradebook()
	beside := []*rest.Beside{scores.Rosters12(besideFor())}
	return rest.Suite(rest.Provider{
		Service:  of,
		Title:    "OneRoster 1.2 Gradebook Provider (REST)",
		Profiles: []string{"or12-gradebook-core-provider", "or12-gradebook-provider"},
		Address:  func(t *harness.Target) string { return oneroster.Of(t).Gradebook },
		Beside:   beside,
		Look:     alignment.Doctor,
		Own:      slices.Concat(scores.Checks(terms), alignment.Checks(terms), referenceChecks(), lineItemChecks(), scaleChecks(), subChecks(of)),
		Open:     func(s *harness.Session) (rest.Model, error) { return open(of, beside, s) },
	})
}

// besideFor are the requirements of a gradebook alone that take rosters, by collection.
func besideFor() map[string][]string {
	return map[string][]string{
		"classes": {"references.result-class", "references.scale-class", "line-items.school", "line-items.session-of-class",
			"score-scales.course"},
		"orgs":             {"references.item-school", "line-items.school-type"},
		"academicSessions": {"references.item-session", "line-items.session-type", "line-items.session-of-class"},
		"courses":          {"references.scale-course"},
	}
}
