package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// saveWhole writes the report of a whole run in which a requirement failed.
func saveWhole(t *testing.T, dir string, change func(*reports.Report)) string {
	t.Helper()
	r := &reports.Report{Outcome: reports.DoesNot, Exit: reports.ExitFailed, Requirements: []reports.RequirementResult{
		{ID: "or12.rostering.paging.total-count", Verdict: reports.Fail, Level: reports.Must, Checks: []string{"x"}},
		{ID: "or12.rostering.paging.limit", Verdict: reports.Pass, Level: reports.Must, Checks: []string{"x"}},
	}}
	if change != nil {
		change(r)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "report.json")
	if err := reports.Write(path, r); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPartialRuns walks the README's way of mending a failure: no partial run touches
// the report of the whole, and none looks like one.
func TestPartialRuns(t *testing.T) {
	sis, err := district.StartSIS(t.Context(), district.Options{Faults: []string{"total-missing"}})
	if err != nil {
		t.Fatal(err)
	}
	defer sis.Close()
	out := filepath.Join(t.TempDir(), "out")
	target := filepath.Join(t.TempDir(), "target.yaml")
	if err := os.WriteFile(target, servedText(t, sis, "", []string{"or12-rostering-core-provider"}), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := saveWhole(t, out, nil)
	before, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	code, o, e := call(t, "", "run", "--target", target, "--out", out, "--focus", "or12.rostering.paging.limit", "--seed", "3", "--stance", "strict", "-q")
	if code != reports.ExitConforms || !strings.Contains(o, "partial: 1 of ") {
		t.Errorf("focus: exit code %d\n%s%s", code, o, e)
	}
	part := filepath.Join(out, "partial", "report.json")
	r, err := reports.Read(part)
	if err != nil {
		t.Fatal(err)
	}
	if want := "rollcall run --target " + target + " --stance strict --out " + out + " --focus or12.rostering.paging.limit --seed 3"; r.Run.Repeat != want {
		t.Errorf("it is repeated by %q, want %q", r.Run.Repeat, want)
	}
	if code, o, e := call(t, "", "run", "--target", target, "--out", out, "--focus", "or12.rostering.paging.limit", "--resume", "-q"); code != 0 || !strings.Contains(o, "seed 3,") {
		t.Errorf("resume: exit code %d\n%s%s", code, o, e)
	}
	if code, _, e := call(t, "", "run", "--target", target, "--out", out, "--only-failed", part); code != reports.ExitConfiguration || !strings.Contains(e, whole) {
		t.Errorf("only-failed of a part: exit code %d\n%s", code, e)
	}
	code, o, e = call(t, "", "run", "--target", target, "--out", out, "--stance", "strict", "--only-failed", whole, "-q")
	if code != reports.ExitFailed || !strings.Contains(o, "--only-failed "+whole+" --seed ") {
		t.Errorf("only-failed: exit code %d\n%s%s", code, o, e)
	}
	if after, err := os.ReadFile(whole); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the report of the whole was touched: %v", err)
	}
}

// TestOnlyFailedOfWhatIsOpen: where nothing failed there is nothing to repeat, and what
// was incomplete stays so.
func TestOnlyFailedOfWhatIsOpen(t *testing.T) {
	for _, exit := range []int{reports.ExitConforms, reports.ExitIncomplete} {
		path := saveWhole(t, t.TempDir(), func(r *reports.Report) {
			r.Requirements[0].Verdict, r.Exit = reports.Pass, exit
			if exit != 0 {
				r.Requirements[0].Verdict = reports.NotTested
			}
		})
		target := targetFile(t, "http://127.0.0.1:1", "http://127.0.0.1:1/token", "")
		if code, o, e := call(t, "", "run", "--target", target, "--only-failed", path); code != exit || !strings.Contains(o, "nothing to repeat") {
			t.Errorf("exit code %d, want %d\n%s%s", code, exit, o, e)
		}
	}
}

// TestFolderInUse: a second run into the same folder is refused with cause and remedy.
func TestFolderInUse(t *testing.T) {
	out := t.TempDir()
	release, err := harness.Hold(out)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	code, _, e := call(t, "", "run", "--target", targetFile(t, "http://127.0.0.1:1", "http://127.0.0.1:1/token", ""), "--out", out)
	if code != reports.ExitConfiguration || !strings.Contains(e, "another run") || !strings.Contains(e, "--out") {
		t.Errorf("exit code %d\n%s", code, e)
	}
}

// TestNothingBegun: a run that can't begin says so once, and writes no report of what
// it did not look at.
func TestNothingBegun(t *testing.T) {
	out := t.TempDir()
	code, o, e := call(t, "", "run", "--target", targetFile(t, "http://127.0.0.1:1", "http://127.0.0.1:1/token", ""), "--out", out)
	// Which file was read, and that a secret stands in it, is said of every run; after
	// that there is the one message and nothing else.
	file, rest, _ := strings.Cut(e, "\n")
	careful, message, _ := strings.Cut(rest, "\n")
	if !strings.HasPrefix(file, "Target file ") || !strings.HasPrefix(careful, "Careful: ") {
		t.Errorf("the run begins with\n%s", e)
	}
	if code != reports.ExitConfiguration || o != "" || strings.Count(message, "rollcall: ") != 1 || !strings.HasPrefix(message, "rollcall: ") ||
		strings.Count(message, "\n") != 2 {
		t.Errorf("exit code %d\n%s%s", code, o, message)
	}
	if _, err := os.Stat(filepath.Join(out, "report.json")); err == nil {
		t.Error("a report was written")
	}
}
