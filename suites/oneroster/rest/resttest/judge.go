package resttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"

	"time"
)

// Target reads a target file, whose secrets all are Secret.
func Target(t *testing.T, text string) *harness.Target {
	t.Helper()
	target, err := harness.ParseTarget("target.yaml", []byte(text), func(string) (string, bool) { return Secret, true }, oneroster.New)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// Judge runs the checks that focus names, all where it names none, and gives the verdicts of
// the requirements that were looked at, by their ids without a prefix.
func Judge(t *testing.T, target *harness.Target, prefix string, suites []harness.Suite,
	focus ...string) map[string]reports.RequirementResult {
	t.Helper()
	run, err := harness.New(target, suites, harness.Options{
		InProcess:  true,
		SkipDoctor: true,
		Shards:     1,
		Seed:       1,
		Focus:      focus,
		Breath:     10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Checks {
		if c.State != "done" {
			t.Errorf("check %s ended as %s: %s", c.ID, c.State, c.Message)
		}
	}
	out := map[string]reports.RequirementResult{}
	for _, q := range report.Requirements {
		out[strings.TrimPrefix(q.ID, prefix)] = q
	}
	return out
}

// Accused lists, sorted, the requirements that failed or warned.
func Accused(results map[string]reports.RequirementResult) []string {
	out := []string{}
	for id, q := range results {
		if q.Verdict == reports.Fail || q.Verdict == reports.Warning || q.Verdict == reports.Error {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Unaccused holds what a provider that does right gets: nobody is accused, and so many
// requirements pass at least.
func Unaccused(t *testing.T, results map[string]reports.RequirementResult, least int) {
	t.Helper()
	Complain(t, results, nil)
	passed := 0
	for id, q := range results {
		if q.Verdict == reports.Pass {
			passed++
		} else if testing.Verbose() {
			t.Logf("%s is %s: %s (%s)", id, q.Verdict, q.Reason, q.Remedy)
		}
	}
	if passed < least {
		t.Errorf("%d of %d requirements pass", passed, len(results))
	}
}

// Complain compares the requirements that failed or warned with those that should.
func Complain(t *testing.T, results map[string]reports.RequirementResult, want []string) {
	t.Helper()
	got := Accused(results)
	if slices.Equal(got, slices.Sorted(slices.Values(want))) {
		return
	}
	t.Errorf("accused %v, want %v", got, want)
	for _, id := range got {
		t.Logf("%s: %s %s", id, results[id].Verdict, results[id].Reason)
		for _, x := range results[id].Findings {
			t.Logf("%s: sent %s; expected %s; seen %s; at %s", id, x.Sent, x.Expected, x.Seen, x.Where)
		}
	}
}
