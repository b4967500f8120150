package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
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

// TestToolAndPlatform has the reference tool call the services of the reference platform: a
// learner's work is told, and a teacher sees the roster.
func TestToolAndPlatform(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	t.Parallel() // it waits more than it works
	made, err := security.NewSelfMade(time.Now(), "platform.localhost", "tool.localhost", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	p, served, err := startLTI(cmd, ltiRoles{made: made, trust: made.AuthorityPEM})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { served.Close(); p.Close() })
	b, err := browser.New(browser.Options{TrustPEM: made.AuthorityPEM})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	teacher, student, _, course := p.People()
	for user, steps := range map[string][]browser.Step{
		student: append(working("4", "18"), browser.Step{Wait: "#points"}),
		teacher: {{Click: "#roster"}, {Wait: "#members tbody tr"}},
	} {
		page, err := b.Open(t.Context(), browser.PageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := page.Run(t.Context(), append([]browser.Step{
			{Open: p.Origin + "/"}, {Select: "#user", Value: user}, {Click: "#signin"}, {Wait: "#courses"},
			{Open: p.Origin + "/courses/" + course}, {Click: "#links li:last-child a.as-same"}, {Wait: "#launched"},
		}, steps...)); err != nil {
			t.Errorf("%s: %v", user, err)
		}
		frames, err := page.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, not := range []string{"is not told", "could not be told"} {
			if strings.Contains(frames[0].Text, not) {
				t.Errorf("%s", frames[0].Text)
			}
		}
		page.Close()
	}
}
