package harness

import (
	"errors"
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// TestBaseline holds what an earlier run excuses to what was so then.
func TestBaseline(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := reports.Verdicts()
	var old, now []reports.RequirementResult
	id := func(i, j int) string { return string(rune('a'+i)) + "." + string(rune('a'+j)) }
	for i, before := range all {
		for j, after := range all {
			old = append(old, reports.RequirementResult{ID: id(i, j), Verdict: before})
			now = append(now, reports.RequirementResult{ID: id(i, j), Verdict: after, Level: reports.Must})
		}
	}
	now = append(now, reports.RequirementResult{ID: "new.one", Verdict: reports.Fail, Level: reports.Must})
	r := &Run{cat: cat, o: Options{Baseline: &reports.Report{Run: reports.Run{ID: "then"}, Requirements: old}}}
	report := &reports.Report{Requirements: now}
	r.hold(report)
	broken := []reports.Verdict{reports.Fail, reports.Warning}
	known := 0
	for i, before := range all {
		for j, after := range all {
			q := report.Requirements[i*len(all)+j]
			want := slices.Contains(broken, before) && slices.Contains(broken, after) || before == reports.NotTested && after == reports.NotTested
			if q.Known != want {
				t.Errorf("from %s to %s: known is %v", before, after, q.Known)
			}
			if q.Known {
				known++
			}
		}
	}
	if report.Requirements[len(now)-1].Known || len(report.Run.Baseline.Known) != known || report.Run.Baseline.Run != "then" {
		t.Errorf("%+v", report.Run.Baseline)
	}
}

// TestBaselineExit holds exit codes to what is new.
func TestBaselineExit(t *testing.T) {
	for name, test := range map[string]struct {
		verdicts []reports.RequirementResult
		exit     int
	}{
		"known failure": {[]reports.RequirementResult{{ID: "a", Verdict: reports.Fail, Known: true}}, reports.ExitConforms},
		"new failure":   {[]reports.RequirementResult{{ID: "a", Verdict: reports.Fail, Known: true}, {ID: "b", Verdict: reports.Fail}}, reports.ExitFailed},
		"known gap":     {[]reports.RequirementResult{{ID: "a", Verdict: reports.NotTested, Known: true}}, reports.ExitConforms},
		"new gap":       {[]reports.RequirementResult{{ID: "a", Verdict: reports.NotTested}}, reports.ExitIncomplete},
		"hangs on what's known": {[]reports.RequirementResult{{ID: "a", Verdict: reports.Fail, Known: true}, {ID: "b", Verdict: reports.NotTested,
			Blame: &reports.Blame{Kind: reports.BlockedBy, Requirement: "a"}}}, reports.ExitConforms},
		"the judge": {[]reports.RequirementResult{{ID: "a", Verdict: reports.Error, Known: true}}, reports.ExitJudge},
	} {
		r := &reports.Report{Requirements: test.verdicts, Profiles: []reports.ProfileResult{{}}}
		for _, q := range test.verdicts {
			r.Profiles[0].Requirements = append(r.Profiles[0].Requirements, reports.ProfileRequirement{ID: q.ID, Level: reports.Must})
		}
		if _, code := conclude(r, false); code != test.exit {
			t.Errorf("%s: exit code %d, want %d", name, code, test.exit)
		}
	}
}

// TestBaselineOfAnother refuses reports that can't be what a run is held against.
func TestBaselineOfAnother(t *testing.T) {
	target := &Target{Profiles: []string{"one"}}
	for _, test := range []struct {
		old *reports.Report
		ok  bool
	}{
		{nil, true},
		{&reports.Report{}, false},
		{&reports.Report{Run: reports.Run{Profiles: []string{"other"}}, Requirements: []reports.RequirementResult{{ID: "a"}}}, false},
		{&reports.Report{Run: reports.Run{Profiles: []string{"other", "one"}}, Requirements: []reports.RequirementResult{{ID: "a"}}}, true},
	} {
		err := (&Run{target: target, o: Options{Baseline: test.old}}).validBaseline()
		if (err == nil) != test.ok || err != nil && !errors.As(err, new(*ConfigError)) {
			t.Errorf("%+v: %v", test.old, err)
		}
	}
}
