package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	csvcases "github.com/rollcall-edu/rollcall/fixtures/broken"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
	"github.com/rollcall-edu/rollcall/tools/daily"
)

// firstSteps are what can go wrong before a file can be read by columns, with the
// rule that owns it; blocks tells that the rest of the file can't be examined.
var firstSteps = []struct {
	step   csvcases.Step
	owner  string
	blocks bool
}{
	{csvcases.Step{Form: "semicolons"}, "header.split", true},
	{csvcases.Step{Form: "tabs"}, "header.split", true},
	{csvcases.Step{Form: "bars"}, "header.split", true},
	{csvcases.Step{Form: "exchanged"}, "header.split", true},
	{csvcases.Step{Form: "one-cell"}, "header.split", true},
	{csvcases.Step{Form: "title"}, "header.split", true},
	{csvcases.Step{Form: "sep"}, "header.split", true},
	{csvcases.Step{Form: "tabs", Encoding: "utf-16"}, "header.split", true},
	{csvcases.Step{Form: "tabs", Encoding: "utf-16-be-bare"}, "header.split", true},
	{csvcases.Step{Form: "semicolons", Ends: "cr"}, "header.split", true},
	{csvcases.Step{Form: "exchanged", Encoding: "utf-16"}, "header.split", true},
	{csvcases.Step{Encoding: "utf-16"}, "text.utf8", false},
	{csvcases.Step{Encoding: "utf-16-bare"}, "text.utf8", false},
	{csvcases.Step{Encoding: "utf-16-be"}, "text.utf8", false},
	{csvcases.Step{Encoding: "utf-16-be-bare"}, "text.utf8", false},
	{csvcases.Step{Encoding: "utf-32"}, "text.utf8", false},
	{csvcases.Step{Encoding: "utf-32-be-bare"}, "text.utf8", false},
	{csvcases.Step{Ends: "cr"}, "text.line-end", false},
	{csvcases.Step{Method: "locked"}, "package.plain", true},
	{csvcases.Step{Method: "damaged"}, "text.readable", false},
}

// TestCSVOneCause breaks the first step of each file in each way: that is one
// finding, of the rule that owns the step, and all that hangs on it is blocked by it
// in the report.
func TestCSVOneCause(t *testing.T) {
	for _, base := range []string{csvcases.Bulk, csvcases.Old} {
		b, err := csvcases.Base(base)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range b.Order {
			t.Run(base+" "+file, func(t *testing.T) {
				if file != "users" && file != "manifest" && file != "roles" {
					daily.Share(t, 3)
				}
				oneCause(t, base, file)
			})
		}
	}
}

// oneCause breaks a file of a bundle in each way, and looks who is accused of it.
func oneCause(t *testing.T, base, file string) {
	for _, x := range firstSteps {
		s := x.step
		s.File = file
		report, result := reportOf(t, packed(t, base, s))
		what := base + " " + file + " " + s.Form + s.Encoding + s.Ends + s.Method
		if len(result.Findings) != 1 || result.Findings[0].Rule.ID != x.owner || result.Findings[0].Count != 1 {
			t.Errorf("%s: %q, want %s once", what, rulesBroken(result), x.owner)
		}
		blocked := 0
		for _, q := range report.Requirements {
			blocked += len(q.Blocks)
			if q.Verdict == reports.Error || q.Verdict == reports.NotTested && (q.Blame == nil || q.Blame.Requirement != "orcsv."+x.owner) {
				t.Errorf("%s: %s is %s: %s", what, q.ID, q.Verdict, q.Reason)
			}
		}
		if x.blocks && blocked == 0 {
			t.Errorf("%s: %s blocks nothing", what, x.owner)
		}
	}
}

// The same in every file is one finding a file, and nothing more.
func TestCSVOneCauseEverywhere(t *testing.T) {
	for _, x := range firstSteps {
		b, err := csvcases.Base(csvcases.Bulk)
		if err != nil {
			t.Fatal(err)
		}
		_, result := reportOf(t, everyFile(x.step)(t))
		var count int64
		for _, f := range result.Findings {
			count += f.Count
		}
		if got := rulesBroken(result); !slices.Equal(got, []string{x.owner}) || count != int64(len(b.Order)) {
			t.Errorf("%+v: %q, %d times, want %s %d times", x.step, got, count, x.owner, len(b.Order))
		}
	}
}

// What nobody sees in the name of a column is named, with the column, in any file.
func TestCSVUnseenCharacters(t *testing.T) {
	b, err := csvcases.Base(csvcases.Bulk)
	if err != nil {
		t.Fatal(err)
	}
	for character, name := range map[string]string{"\u00a0": "U+00A0", "\u200b": "U+200B", "\u2060": "U+2060",
		"\u00ad": "U+00AD", "\ufeff": "U+FEFF", "\u200e": "U+200E", " ": "U+0020"} {
		for _, file := range []string{"users", "orgs", "enrollments", "results"} {
			t.Run(name+" "+file, func(t *testing.T) {
				daily.Share(t, 3)
				for column, old := range b.Files[file].Header {
					if column > 4 && character != "\u200b" {
						continue
					}
					for _, new := range []string{character + old, old[:3] + character + old[3:], old + character} {
						if column == 0 && strings.HasPrefix(new, "\ufeff") {
							continue // that is a byte order mark, and right
						}
						_, result := reportOf(t, packed(t, csvcases.Bulk, csvcases.Step{File: file, Column: old, Columns: "rename", Value: &new}))
						if len(result.Findings) != 1 || result.Findings[0].Rule.ID != "header.case" || !strings.Contains(csv.Seen(result.Findings[0].Examples[0]), name) ||
							!strings.Contains(result.Findings[0].Remedy(), "Delete") {
							t.Errorf("%s %q: %+v", file, new, result.Findings)
						}
					}
				}
			})
		}
	}
}

// reportOf judges the bytes of a bundle.
func reportOf(t *testing.T, data []byte) (*reports.Report, *scan.Result) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	result, err := csv.Scan(t.Context(), path, scan.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	report, err := (&csvFlags{}).judge(t.Context(), path, result)
	if err != nil {
		t.Fatal(err)
	}
	return report, result
}
