package main

import (
	"context"
	"slices"
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
	const pages, shape, zero, picked = "nrps20.tool.roster.pages", "ags20.tool.score.shape", "ags20.tool.score.zero", "dl20.tool.content.shape"
	judged := func(focus []string, faults ...string) map[string]reports.RequirementResult {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		steps := []string{"roster:", "score:", "zero:", "pick:", "steps:", "several:", "cancel:"}
		lines := strings.Split(servedTool(ctx, t, catalogue.Strict, marked, focus, faults...), "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool {
			return slices.ContainsFunc(steps, func(key string) bool { return strings.HasPrefix(strings.TrimSpace(l), key) })
		})
		out := map[string]reports.RequirementResult{}
		for _, q := range judgedBy(ctx, t, strings.Join(lines, "\n"), harness.Options{Focus: focus}).Requirements {
			out[q.ID] = q
		}
		return out
	}
	found := judged([]string{"nrps20.tool.*", "ags20.tool.*", "dl20.tool.*", "sec10.tool.*"})
	for id, q := range found {
		service, _, _ := strings.Cut(id, ".tool.")
		if !slices.Contains([]string{"nrps20", "ags20", "dl20", "sec10"}, service) {
			continue // a launch that came by the way
		}
		if q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Kind != reports.Configuration || !strings.Contains(q.Remedy, "lti.tool.") {
			t.Errorf("%s %s: %s", story(q), q.Reason, q.Remedy)
		}
	}
	for id, key := range map[string]string{pages: "lti.tool.roster", shape: "lti.tool.score", zero: "lti.tool.zero", picked: "lti.tool.pick.steps"} {
		if !strings.Contains(found[id].Remedy, "Add "+key) {
			t.Errorf("%s: %s", id, found[id].Remedy)
		}
	}
	if q := judged([]string{pages}, "tool-roster-at-launch")[pages]; q.Verdict != reports.Pass {
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
