package main

import (
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/lti/nrps"
)

// TestPlatformNRPS holds the clean reference platform to what is asked of rosters.
func TestPlatformNRPS(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	report := judgedPlatform(t, catalogue.Strict, []string{nrps.PlatformPrefix + "*"})
	if len(report.Requirements) < 60 {
		t.Errorf("only %d requirements were judged", len(report.Requirements))
	}
	for _, q := range report.Requirements {
		if q.Verdict != reports.Pass {
			t.Errorf("%s %s", story(q), q.Reason)
		}
	}
	t.Logf("%d checks, %s", len(report.Checks), report.Run.Finished.Sub(report.Run.Started))
}
