package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/platformfault"
	"github.com/rollcall-edu/rollcall/reference/fault/toolfault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/deeplinking"
)

// judgedPicker judges the picker of the reference tool.
func judgedPicker(t testing.TB, focus []string, faults ...string) *reports.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	text := servedTool(ctx, t, catalogue.Strict, marked, focus, faults...)
	return judgedBy(ctx, t, patiently(t, text), harness.Options{Focus: focus})
}

// patiently gives what is picked its time in a target file.
func patiently(t testing.TB, text string) string {
	t.Helper()
	if strings.Count(text, patience) != 1 {
		t.Fatalf("%q is not once in %s", patience, text)
	}
	return strings.Replace(text, patience, patient, 1)
}

// What is picked goes through more pages than a launch does: a busy machine takes longer.
const (
	patience = "launch_timeout: 6s"
	patient  = "launch_timeout: 20s"
)

// judgedPicks judges how the reference platform asks for content and takes it.
func judgedPicks(t testing.TB, focus []string, faults ...string) *reports.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	text, _ := servedPlatform(ctx, t, catalogue.Strict, faults...)
	return judgedBy(ctx, t, patiently(t, text), harness.Options{Focus: focus})
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
	tools, variants, err := tablesOf(toolfault.Kind)
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "dl20.tool."
	return &ltiMatrix{prefix: prefix, record: "data/matrix-tool-dl.json", checks: named(deeplinking.ToolPart().Checks, prefix),
		faults:     slices.DeleteFunc(tools, func(f fault.Fault) bool { return !strings.HasPrefix(f.ID, ofPicker) }),
		variants:   slices.DeleteFunc(variants, func(v fault.Variant) bool { return !strings.HasPrefix(v.ID, ofPicker) }),
		bystanders: []string{"message.version", "response.post"},
		oddities:   []string{"token.*", "message.type", "message.data", "message.names", "content.*", "response.*", "item.opens"},
		judge: func(t *testing.T, focus []string, _ bool, ids ...string) *reports.Report {
			return judgedPicker(t, focus, ids...)
		},
		spared: func(_ string, q reports.RequirementResult) bool { return q.Verdict == reports.NotApplicable },
	}
}

func picksMatrix(t *testing.T) *ltiMatrix {
	t.Helper()
	platforms, variants, err := tablesOf(platformfault.Kind)
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "dl20.platform."
	return &ltiMatrix{prefix: prefix, record: "data/matrix-platform-dl.json", checks: named(deeplinking.PlatformPart().Checks, prefix),
		faults:     slices.DeleteFunc(platforms, func(f fault.Fault) bool { return !strings.HasPrefix(f.ID, ofPicks) }),
		variants:   slices.DeleteFunc(variants, func(v fault.Variant) bool { return !strings.HasPrefix(v.ID, ofPicks) }),
		bystanders: []string{"accept.aud-list"},
		oddities:   []string{"request.*", "settings.*", "accept.link", "accept.several", "accept.none", "refuse.iss", "refuse.accepted", "launch.*"},
		own:        map[string][]string{"platform-dl-media-few": {"accept.types", "refuse.media"}},
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
