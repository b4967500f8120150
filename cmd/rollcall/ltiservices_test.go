package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// TestToolWithoutSteps: where the target file has no steps the report says what to write, and
// nothing is held against the tool; one that calls by itself needs none.
func TestToolWithoutSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	const pages, shape, zero = "nrps20.tool.roster.pages", "ags20.tool.score.shape", "ags20.tool.score.zero"
	judged := func(faults ...string) map[string]reports.RequirementResult {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		focus := []string{pages, shape, zero}
		lines := strings.Split(servedTool(ctx, t, catalogue.Strict, marked, focus, faults...), "\n")
		kept := lines[:0]
		for _, l := range lines {
			if key := strings.TrimSpace(l); !strings.HasPrefix(key, "roster:") && !strings.HasPrefix(key, "score:") && !strings.HasPrefix(key, "zero:") {
				kept = append(kept, l)
			}
		}
		out := map[string]reports.RequirementResult{}
		for _, q := range judgedBy(ctx, t, strings.Join(kept, "\n"), harness.Options{Focus: focus}).Requirements {
			out[q.ID] = q
		}
		return out
	}
	found := judged()
	for id, key := range map[string]string{pages: "lti.tool.roster", shape: "lti.tool.score", zero: "lti.tool.zero"} {
		if q := found[id]; q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Kind != reports.Configuration || !strings.Contains(q.Remedy, "Add "+key) {
			t.Errorf("%s %s: %s", story(q), q.Reason, q.Remedy)
		}
	}
	if q := judged("tool-roster-at-launch")[pages]; q.Verdict != reports.Pass {
		t.Errorf("a tool that reads the roster by itself: %s %s", story(q), q.Reason)
	}
}
