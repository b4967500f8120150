package importer

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Prefix begins the ids of the requirements on products that import.
const Prefix = "orcsvi."

// Profile is what a product that imports claims.
const Profile = "or12-csv-import"

// Suite judges a product by what it did with the sets.
func Suite(sets []Set, answers map[string]Answer) harness.Suite {
	return harness.Suite{
		ID:       "oneroster.csv-import",
		Title:    "OneRoster CSV importers",
		Role:     "importer",
		Checks:   checks(sets, answers),
		Profiles: []string{Profile},
	}
}

func checks(sets []Set, answers map[string]Answer) []harness.Check {
	c, err := catalogue.Load()
	if err != nil {
		panic(err) // embedded data
	}
	var out []harness.Check
	for _, r := range c.Requirements() {
		topic, ours := strings.CutPrefix(r.ID, Prefix)
		if !ours {
			continue
		}
		out = append(out, harness.Check{
			ID:           "csv-import." + topic,
			Title:        r.Title,
			Requirements: []string{r.ID},
			Labels:       []string{"csv-import"},
			Group:        "csv-import",
			Needs:        []harness.Need{harness.InBody("the sets of the topic, imported into the product")},
			Body:         func(_ context.Context, t *harness.T) { judge(t, r.ID, topic, sets, answers) },
		})
	}
	return out
}

// judge compares outcomes with expectations. What crashed failed, whatever was
// expected.
func judge(t *harness.T, id, topic string, sets []Set, answers map[string]Answer) {
	tried, untried := 0, 0
	for _, s := range sets {
		a := answers[s.File]
		survives := topic == "survives"
		if !survives && s.Topic != topic {
			continue
		}
		if a.Outcome == Unknown {
			untried++
			continue
		}
		tried++
		ok := true
		switch {
		case survives:
			ok = a.Outcome != Crashed
		case s.Expect == Accept:
			ok = a.Outcome == Accepted
		case s.Expect == Refuse:
			ok = a.Outcome == Refused || a.Outcome == Reported
		}
		seen := string(a.Outcome)
		if a.Remark != "" {
			seen += ": " + t.Show("remark", a.Remark)
		}
		t.Assert(id, ok, harness.Finding{
			Sent:     "import of " + s.File + ": " + s.Title,
			Expected: expected(s, survives),
			Seen:     seen,
			Where:    s.File,
		})
	}
	if untried > 0 {
		t.NotTested(harness.NoData(fmt.Sprintf("%d of %d sets were not tried", untried, tried+untried),
			"Import them and fill in the sheet, or give a hook."), id)
	}
}

func expected(s Set, survives bool) string {
	switch {
	case survives:
		return "the product goes on"
	case s.Expect == Accept:
		return "the bundle is accepted"
	}
	return "the bundle is refused, or the error reported"
}
