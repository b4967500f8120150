package gradebook

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/alignment"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/scores"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
	"github.com/rollcall-edu/rollcall/suites/oneroster/versions"
)

// terms are what a gradebook calls things.
var terms = scores.Terms{Items: "lineItems", Item: "lineItem", Results: "results", Result: "result", Words: "line item", Peers: "class"}

// Suite judges OneRoster 1.2 Gradebook Providers.
func Suite() harness.Suite {
	p := provider(service.Gradebook(), scores.Rosters12(besideFor()), address, nil, slices.Concat(alignment.Checks(terms), scaleChecks()))
	p.Profiles, p.Look = profiles, alignment.Doctor
	return rest.Suite(p)
}

// Suite11 judges those of OneRoster 1.1, which has rosters below the same root.
func Suite11() harness.Suite {
	root := func(t *harness.Target) string { return oneroster.Of(t).V1P1 }
	later := &rest.Twin{Service: service.Gradebook(), Suite: "oneroster.gradebook", Profiles: profiles, Address: address}
	p := provider(service.Gradebook11(), scores.Rosters11(besideFor()), root, later, nil)
	p.Profiles = []string{"or11-gradebook-provider"}
	return rest.Suite(p)
}

var profiles = []string{"or12-gradebook-core-provider", "or12-gradebook-provider"}

func address(t *harness.Target) string { return oneroster.Of(t).Gradebook }

// provider is one of a version; more are the checks that only this has.
func provider(
	of *service.Service, rosters *rest.Beside, address func(*harness.Target) string, twin *rest.Twin, more []rest.Check,
) rest.Provider {
	beside := []*rest.Beside{rosters}
	return rest.Provider{
		Service: of,
		Title:   of.Standard + " Gradebook Provider (REST)",
		Address: address,
		Beside:  beside,
		Twin:    twin,
		Own: slices.Concat(scores.Checks(terms), more, referenceChecks(), lineItemChecks(), subChecks(of),
			versions.Compare(of, twin)),
		Open: func(s *harness.Session) (rest.Model, error) { return open(of, beside, s) },
	}
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
