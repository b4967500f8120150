package intake_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures/broken"
	"github.com/rollcall-edu/rollcall/reference/sync/bundle/intake"
)

func checked(t *testing.T, data []byte, rules []intake.Rule) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return intake.Check(t.Context(), path, rules)
}

// leftToTake are bundles in which something is odd that no MUST of the standard forbids, or that packages of products have:
// they are taken.
var leftToTake = []string{
	"1.1-grades-not-ceds", "entry-stored", "unknown-file", "litter", "extension-other", "minimum-lacking",
	"manifest-property-unknown", "declared-not-there", "there-not-declared", "nul", "line-ends-mixed", "blank-line", "value-long",
	"column-retired", "session-beyond-parent", "school-year-other", "class-in-year", "agent-self", "agent-student",
	"user-without-role", "role-foreign-profile", "primary-org-without-role", "enrollment-other-school", "enrollment-outside",
	"two-primary-teachers", "primary-student", "enrollment-role-other", "student-not-enrolled", "line-item-backwards",
	"line-item-other-school", "result-of-teacher", "result-not-enrolled", "result-beyond", "result-other-class",
	"user-resource-other-school", "delta-deletes-target", "delta-deletes-agent", "reference-list-blank", "1.1-new-file",
	"text-encoded-twice", "text-encoded-twice-on-a-mac", "text-encoded-twice-in-dos", "text-encoded-twice-cyrillic",
	"text-letters-lost", "spreadsheet-identifiers", "spreadsheet-months", "spreadsheet-errors", "spreadsheet-formula",
	"births-in-the-future", "births-long-ago", "class-without-teacher", "enrollment-twice", "enrollment-twice-open-end",
}

// What is right is taken, and what breaks a MUST of the standard is refused.
func TestCases(t *testing.T) {
	cases, err := broken.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		if testing.Short() && i%8 != 0 {
			continue
		}
		base, err := broken.Base(c.Base)
		if err != nil {
			t.Fatal(err)
		}
		data, err := c.Apply(base)
		if err != nil {
			t.Fatal(err)
		}
		err = checked(t, data, intake.Rules())
		if refuse := len(c.Breaks) > 0 && !slices.Contains(leftToTake, c.ID); refuse != (err != nil) {
			t.Errorf("%s %s (%s): %v", c.ID, c.Title, strings.Join(c.Breaks, ", "), err)
		}
		var refused *intake.RefusedError
		if err != nil && !errors.As(err, &refused) && !strings.HasPrefix(c.ID, "zip-") {
			t.Errorf("%s: %v", c.ID, err)
		}
	}
}
