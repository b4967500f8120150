package scores

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// rule is one statement about a book, judged from the crawl alone.
type rule = rest.Rule[Holder]

// Rule makes a check of a statement about a book. Its requirement is its name.
func Rule(name, title, holder, remedy string, needs, beside []string, scan func(b *Book, see rest.See)) rest.Check {
	return rule{Name: name, Title: title, Requirement: name, Needs: needs, Beside: beside, Holder: holder, Remedy: remedy,
		Scan: func(h Holder, see rest.See) { scan(h.Scores(), see) }}.Check()
}

// Checks are those of either service.
func Checks(t Terms) []rest.Check {
	return slices.Concat(referenceChecks(t), hrefChecks(t), itemChecks(t), resultChecks(t), statusChecks(t), objectiveChecks(t))
}

// of gives the book to a check.
func of(t *rest.T) *Book { return t.Session().Shared.(Holder).Scores() }
