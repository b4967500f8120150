package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reports"
)

// verdictsOf is what a report says of each requirement, and what that hangs on.
func verdictsOf(r *reports.Report) map[string]string {
	out := map[string]string{}
	for _, q := range r.Requirements {
		by := ""
		if q.Blame != nil {
			by = string(q.Blame.Kind) + " " + q.Blame.Requirement
		}
		out[q.ID] = fmt.Sprintf("%s %s by %q blocks %v", q.Level, q.Verdict, by, slices.Sorted(slices.Values(q.Blocks)))
	}
	return out
}

// TestMergedShards has three machines judge a broken product, and one: the verdicts are the same,
// whoever found what, and what blocks whom.
func TestMergedShards(t *testing.T) {
	sis, err := district.StartSIS(t.Context(), district.Options{Faults: []string{"page-overlap", "filter-ignored"}})
	if err != nil {
		t.Fatal(err)
	}
	defer sis.Close()
	t.Setenv("HUSH", sis.Main.Secret)
	target := targetFile(t, sis.BaseURL, sis.TokenURL, "")
	rewrite(t, target, "client_id: rollcall, client_secret: 0123456789", "client_id: "+sis.Main.ID+", client_secret: \"${HUSH}\"")
	out := t.TempDir()
	judge := func(more ...string) {
		args := append([]string{"run", "--target", target, "--out", out, "--quiet", "--seed", "7", "--focus", "or12.rostering.paging.*",
			"--focus", "or12.rostering.filter*"}, more...)
		if code, stdout, stderr := call(t, "", args...); code == reports.ExitConfiguration || code == reports.ExitJudge {
			t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
		}
	}
	judge()
	for n := 1; n <= 3; n++ {
		judge("--shard", fmt.Sprintf("%d/3", n))
	}
	whole, err := reports.Read(filepath.Join(out, partialFolder, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HUSH", "") // merging needs no secret, and no target file
	summary := filepath.Join(out, "summary.md")
	t.Setenv(stepSummary, summary)
	t.Setenv(githubActions, "true")
	code, stdout, stderr := call(t, "", "merge", out, "--out", filepath.Join(out, "merged"))
	if text, err := os.ReadFile(summary); err != nil || !strings.Contains(string(text), "### ✗ Failed") || !strings.Contains(stdout, "\n::error title=or12.") {
		t.Errorf("no summary (%v), or no annotations:\n%s\n%s", err, text, stdout)
	}
	t.Setenv(githubActions, "")
	if code != whole.Exit {
		t.Errorf("exit code %d, want %d\n%s%s", code, whole.Exit, stdout, stderr)
	}
	merged, err := reports.Read(filepath.Join(out, "merged", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, want := verdictsOf(merged), verdictsOf(whole)
	if !reflect.DeepEqual(got, want) {
		for id := range want {
			if got[id] != want[id] {
				t.Errorf("%s is %s, want %s", id, got[id], want[id])
			}
		}
	}
	if n := reports.Tally(whole.Requirements); n.Fail == 0 || len(got) != len(want) || len(want) < 20 {
		t.Errorf("%d requirements, %d merged, %d failed: the test looks at nothing", len(want), len(got), n.Fail)
	}

	// Held against itself nothing is new, and what is excused is named.
	code, stdout, stderr = call(t, "", "merge", out, "--out", filepath.Join(out, "held"), "--baseline", filepath.Join(out, "merged"))
	if code != reports.ExitConforms || !strings.Contains(stdout, "Known from the baseline, and excused") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = call(t, "", "diff", filepath.Join(out, "merged"), filepath.Join(out, "held"))
	if code != 0 || !strings.Contains(stdout, "still broken") || strings.Contains(stdout, "mended") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr = call(t, "", "merge", filepath.Join(out, "merged")); code != reports.ExitConfiguration || !strings.Contains(stderr, "not of a share") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// rewrite replaces a part of a file.
func rewrite(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("%s doesn't hold %q", path, from)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600); err != nil {
		t.Fatal(err)
	}
}
