package main

import (
	"context"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rostering"
)

// TestMutantOfTheSource judges the reference once, and says what was noticed. It is what
// tools/mutants runs, built with a mistake in the reference's source.
func TestMutantOfTheSource(t *testing.T) {
	role := os.Getenv("ROLLCALL_MUTANT_ROLE")
	if role == "" {
		t.Skip("tools/mutants runs it: make mutants")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var report *reports.Report
	switch role {
	case "sis", "gradebook":
		var err error
		if report, err = judgedIn(t.TempDir(), district.Options{}, catalogue.Strict, harness.Options{FailFast: true}); err != nil {
			t.Fatal(err)
		}
		if role == "gradebook" && len(broken(report)) == 0 { // who signs the requests sees what is signed
			signed := district.Options{Faults: []string{"v1p1-signed"}}
			if report, err = judgedIn(t.TempDir(), signed, catalogue.Strict, harness.Options{FailFast: true}, rostering.Suite11().Profiles...); err != nil {
				t.Fatal(err)
			}
		}
	case "tool":
		report = judgedBy(ctx, t, servedTool(ctx, t, catalogue.Strict, "", nil), harness.Options{FailFast: true})
	case "platform":
		text, _ := servedPlatform(ctx, t, catalogue.Strict)
		report = judgedBy(ctx, t, text, harness.Options{FailFast: true})
	}
	found := broken(report)
	for _, id := range slices.Sorted(maps.Keys(found)) {
		t.Logf("noticed: %s and %d more", id, len(found)-1)
		return
	}
	for _, d := range report.Diagnoses {
		if d.Fatal && !d.OK {
			t.Logf("noticed: by the doctor: %s", d.Name)
			return
		}
	}
	if report.Exit == reports.ExitJudge {
		t.Log("noticed: as a failure of the judge, which is one of its own")
	}
}
