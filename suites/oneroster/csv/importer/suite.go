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

// Requirements are those that sets decide: each has the name of its topic behind Prefix.
func Requirements() (out []catalogue.Requirement) {
	c, err := catalogue.Load()
	if err != nil {
		panic(err) // embedded data
	}
	for _, r := range c.Requirements() {
		if strings.HasPrefix(r.ID, Prefix) {
			out = append(out, r)
		}
	}
	return out
}

func checks(sets []Set, answers map[string]Answer) []harness.Check {
	var out []harness.Check
	for _, r := range Requirements() {
		topic := strings.TrimPrefix(r.ID, Prefix)
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

// judge compares outcomes with expectations.
func judge(t *harness.T, id, topic string, sets []Set, answers map[string]Answer) {
	tried, untried := 0, 0
	for _, s := range sets {
		switch a := answers[s.File]; {
		case !Decides(topic, s):
		case a.Outcome == Unknown:
			untried++
		default:
			tried++
			Assert(t, id, topic, s, a, t.Show("remark", a.Remark))
		}
	}
	if untried > 0 {
		t.NotTested(harness.NoData(fmt.Sprintf("%d of %d sets were not tried", untried, tried+untried),
			"Import them and fill in the sheet, or give a hook."), id)
	}
}

// The topics that are of all sets.
const (
	survives  = "survives"
	undamaged = "undamaged"
)

// Decides tells whether what became of a set decides the requirement of a topic.
func Decides(topic string, s Set) bool {
	return topic == survives || topic == undamaged || s.Topic == topic
}

// Assert holds what became of a set to the requirement of a topic. What crashed failed, whatever was expected; of
// what was damaged another requirement tells. remark is that of the answer, as it may be shown.
func Assert(t *harness.T, id, topic string, s Set, a Answer, remark string) {
	ok, expected := true, "the bundle is refused, or the error reported"
	switch {
	case topic == survives:
		ok, expected = a.Outcome != Crashed, "the product goes on"
	case topic == undamaged:
		ok, expected = a.Outcome != Damaged, "what the product held stays as it was, or becomes what the bundle says"
	case s.Expect == Accept:
		ok, expected = a.Outcome == Accepted, "the bundle is accepted"
	case s.Expect == Refuse:
		ok = a.Outcome == Refused || a.Outcome == Reported || a.Outcome == Damaged
	}
	seen := string(a.Outcome)
	if remark != "" {
		seen += ": " + remark
	}
	t.Assert(id, ok, harness.Finding{Sent: "import of " + s.File + ": " + s.Title, Expected: expected, Seen: seen, Where: s.File})
}
