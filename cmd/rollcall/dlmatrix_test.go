package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/deeplinking"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
	ltitool "github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// judgedPicker judges the picker of the reference tool.
func judgedPicker(t testing.TB, focus []string, faults ...string) *reports.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	text := servedTool(ctx, t, catalogue.Strict, marked, focus, faults...)
	for old, by := range map[string]string{
		"profiles: [" + ltitool.Profile + "]": "profiles: [" + ltitool.Profile + ", dl20-tool]",
		"  tool:\n":                           "  tool:\n" + pickSteps(text),
	} {
		if strings.Count(text, old) != 1 {
			t.Fatalf("%q is not once in %s", old, text)
		}
		text = strings.Replace(text, old, by, 1)
	}
	return judgedBy(ctx, t, text, harness.Options{Focus: focus})
}

// pickSteps are the steps in the picker of the reference tool, and where its keys are.
func pickSteps(text string) string {
	_, rest, _ := strings.Cut(text, "login_url: ")
	origin, _, _ := strings.Cut(rest, "/login")
	return "    jwks_url: " + origin + `/jwks
    pick:
      steps: [{click: "input[value=quiz]"}, {click: "#add"}]
      several: [{click: "input[value=quiz]"}, {click: "input[value=page]"}, {click: "input[value=text]"}, {click: "input[value=picture]"}, {click: "input[value=sheet]"}, {click: "#add"}]
      cancel: [{click: "#cancel"}]
`
}

// judgedPicks judges how the reference platform asks for content and takes it.
func judgedPicks(t testing.TB, focus []string, faults ...string) *reports.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	text, _ := servedPlatform(ctx, t, catalogue.Strict, faults...)
	const profile = "  - " + ltiplatform.Profile + "\n"
	if strings.Count(text, profile) != 1 {
		t.Fatalf("%q is not once in %s", profile, text)
	}
	return judgedBy(ctx, t, strings.Replace(text, profile, profile+"  - dl20-platform\n", 1), harness.Options{Focus: focus})
}

// TestPicksConformance holds the clean reference platform to deep linking.
func TestPicksConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	report := judgedPicks(t, []string{"dl20.platform.*"})
	judged := 0
	for _, q := range report.Requirements {
		if !strings.HasPrefix(q.ID, "dl20.platform.") {
			continue
		}
		judged++
		if q.Verdict != reports.Pass {
			t.Errorf("%s %s", story(q), q.Reason)
		}
		for _, n := range q.Notes {
			t.Log(q.ID, n)
		}
	}
	t.Logf("%d requirements, %d checks, %s", judged, len(report.Checks), report.Run.Finished.Sub(report.Run.Started))
}

// TestPickerConformance holds the clean reference tool to deep linking.
func TestPickerConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	report := judgedPicker(t, []string{"dl20.tool.*"})
	judged := 0
	for _, q := range report.Requirements {
		if !strings.HasPrefix(q.ID, "dl20.tool.") {
			continue
		}
		judged++
		if q.Verdict != reports.Pass {
			t.Errorf("%s %s", story(q), q.Reason)
		}
	}
	t.Logf("%d requirements, %d checks, %s", judged, len(report.Checks), report.Run.Finished.Sub(report.Run.Started))
}

// ofPicker and ofPicks begin the ids of what concerns deep linking of tools and of platforms.
const (
	ofPicker = "tool-dl-"
	ofPicks  = "platform-dl-"
)

// TestPickerMatrix holds the judge of pickers to the faults of tools.
func TestPickerMatrix(t *testing.T) { pickerMatrix(t).run(t) }

// TestPicksMatrix holds the judge of how content is picked to the faults of platforms.
func TestPicksMatrix(t *testing.T) { picksMatrix(t).run(t) }

func pickerMatrix(t *testing.T) *ltiMatrix {
	t.Helper()
	tools, variants, _, _, err := ltiFaults()
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "dl20.tool."
	return &ltiMatrix{prefix: prefix, record: "data/matrix-tool-dl.json", checks: named(deeplinking.ToolPart().Checks, prefix),
		faults:     slices.DeleteFunc(tools, func(f fault.Fault) bool { return !strings.HasPrefix(f.ID, ofPicker) }),
		variants:   slices.DeleteFunc(variants, func(v fault.Variant) bool { return !strings.HasPrefix(v.ID, ofPicker) }),
		bystanders: []string{"token.iss", "content.shape", "response.post"},
		oddities:   []string{"token.*", "message.type", "message.data", "message.names", "content.*", "response.*", "item.opens"},
		judge: func(t *testing.T, focus []string, _ bool, ids ...string) *reports.Report {
			return judgedPicker(t, focus, ids...)
		},
		spared: func(_ string, q reports.RequirementResult) bool { return q.Verdict == reports.NotApplicable },
	}
}

func picksMatrix(t *testing.T) *ltiMatrix {
	t.Helper()
	_, _, platforms, variants, err := ltiFaults()
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "dl20.platform."
	return &ltiMatrix{prefix: prefix, record: "data/matrix-platform-dl.json", checks: named(deeplinking.PlatformPart().Checks, prefix),
		faults:     slices.DeleteFunc(platforms, func(f fault.Fault) bool { return !strings.HasPrefix(f.ID, ofPicks) }),
		variants:   slices.DeleteFunc(variants, func(v fault.Variant) bool { return !strings.HasPrefix(v.ID, ofPicks) }),
		bystanders: []string{"accept.aud-list", "refuse.aud"},
		oddities:   []string{"request.*", "settings.*", "accept.link", "accept.several", "accept.none", "refuse.iss", "refuse.accepted", "launch.*"},
		judge: func(t *testing.T, focus []string, _ bool, ids ...string) *reports.Report {
			return judgedPicks(t, focus, ids...)
		},
		spared: func(_ string, q reports.RequirementResult) bool { return q.Verdict == reports.NotApplicable },
	}
}

// named gives checks of a part with the whole ids of their requirements.
func named(checks []harness.Check, prefix string) []harness.Check {
	for i, c := range checks {
		checks[i].Requirements = nil
		for _, id := range c.Requirements {
			checks[i].Requirements = append(checks[i].Requirements, prefix+id)
		}
	}
	return checks
}
