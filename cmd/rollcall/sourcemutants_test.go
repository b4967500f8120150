package main

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
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
	of := harness.Options{FailFast: true}
	if focus := os.Getenv("ROLLCALL_MUTANT_FOCUS"); focus != "" {
		of.Focus = strings.Split(focus, ",")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var report *reports.Report
	switch role {
	case "sis", "gradebook":
		var err error
		if report, err = judgedIn(t.TempDir(), district.Options{}, catalogue.Strict, of); err != nil {
			t.Fatal(err)
		}
		if role == "gradebook" && len(broken(report)) == 0 { // who signs the requests sees what is signed
			signed := district.Options{Faults: []string{"v1p1-signed"}}
			if report, err = judgedIn(t.TempDir(), signed, catalogue.Strict, of, rostering.Suite11().Profiles...); err != nil {
				t.Fatal(err)
			}
		}
	case "tool", "tool-services":
		marker := "" // what is opened is learned
		if role != "tool" {
			marker = marked
		}
		report = judgedBy(ctx, t, patiently(t, servedTool(ctx, t, catalogue.Strict, marker, nil)), of)
	case "platform-services": // most shows without a browser, which takes the most time
		text, own := servedPlatform(ctx, t, catalogue.Strict)
		report = judgedPlainly(ctx, t, text, own, of)
		if len(broken(report)) == 0 && os.Getenv("ROLLCALL_MUTANT_QUICK") == "" {
			report = judgedBy(ctx, t, patiently(t, text), of)
		}
	case "platform":
		text, _ := servedPlatform(ctx, t, catalogue.Strict)
		report = judgedBy(ctx, t, patiently(t, text), of)
	}
	found := broken(report)
	for _, id := range slices.Sorted(maps.Keys(found)) {
		t.Logf("noticed: %s and %d more", id, len(found)-1)
		return
	}
	t.Logf("%d checks, %s", len(report.Checks), report.Run.Finished.Sub(report.Run.Started))
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
