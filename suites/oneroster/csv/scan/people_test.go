package scan

import (
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures/broken"
)

// Users without a role at their primary org, each of the rows of one that is there twice.
func TestHomes(t *testing.T) {
	away := broken.Step{File: "roles", Where: "sourcedId=o4", Column: "orgSourcedId", Value: text("s2")}
	other := broken.Step{File: "users", Where: "sourcedId=u2", Column: "primaryOrgSourcedId", Value: text("s2"), CopyRow: true}
	for name, test := range map[string]struct {
		steps []broken.Step
		count int64
		first string // the first value and its line
	}{
		"a role elsewhere":         {[]broken.Step{away}, 1, "4 s1"},
		"the second row elsewhere": {[]broken.Step{other}, 1, "6 s2"},
		"both":                     {[]broken.Step{away, other}, 2, "4 s1"},
		"nobody":                   {nil, 0, ""},
	} {
		r := scanned(t, packed(t, broken.Bulk, test.steps...), Options{})
		var count int64
		first := ""
		for _, f := range r.Findings {
			if f.Rule.ID == "rules.primary-org" {
				count, first = f.Count, strings.TrimSpace(itoa(int(f.Examples[0].Line))+" "+f.Examples[0].Value)
			}
		}
		if count != test.count || first != test.first || r.Examined["orcsv.rules.primary-org"] == 0 {
			t.Errorf("%s: %d, the first %q; examined %d: %q", name, count, first, r.Examined["orcsv.rules.primary-org"], describe(r))
		}
	}
}
