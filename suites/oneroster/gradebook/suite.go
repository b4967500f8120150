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
	address := func(t *harness.Target) string { return oneroster.Of(t).Gradebook }
	return suite(service.Gradebook(), scores.Rosters12(besideFor()), address, slices.Concat(alignment.Checks(terms), scaleChecks()),
		"or12-gradebook-core-provider", "or12-gradebook-provider")
}

// Suite11 judges those of OneRoster 1.1, which has rosters below the same root.
func Suite11() harness.Suite {
	address := func(t *harness.Target) string { return oneroster.Of(t).V1P1 }
	return suite(service.Gradebook11(), scores.Rosters11(besideFor()), address, nil, "or11-gradebook-provider")
}

// suite is one of a version; more are the checks that only this has.
func suite(
	of *service.Service, rosters *rest.Beside, address func(*harness.Target) string, more []rest.Check, profiles ...string,
) harness.Suite {
	beside := []*rest.Beside{rosters}
	return rest.Suite(rest.Provider{
		Service:  of,
		Title:    of.Standard + " Gradebook Provider (REST)",
		Profiles: profiles,
		Address:  address,
		Beside:   beside,
		Own:      slices.Concat(scores.Checks(terms), more, referenceChecks(), lineItemChecks(), subChecks(of)),
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
