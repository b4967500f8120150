package harness

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
)

// generated gives a run of which each check came back in one of the ways in which
// checks do.
func generated(t *testing.T, rng *rand.Rand, text string) *Run {
	t.Helper()
	ids := []string{must, another, third, should, optional}
	suite := Suite{ID: "generated", Title: "Generated", Role: "provider", Profiles: []string{toyClaim}, Service: toy().Service}
	for _, id := range ids {
		suite.Checks = append(suite.Checks, Check{ID: "check." + id, Title: id, Requirements: []string{id}, Body: pass})
	}
	r, err := New(toyTarget(t, text), []Suite{suite}, Options{Focus: ids, SkipDoctor: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range r.plan.Checks {
		id := check.Requirements[0]
		out := reports.CheckRequirement{Requirement: id, Verdict: reports.Pass, Examined: 1}
		c := reports.CheckResult{ID: check.ID, Title: check.Title, Requirements: check.Requirements, State: "done"}
		switch rng.IntN(9) {
		case 0: // never came back
			continue
		case 1:
			out.Verdict = reports.Fail
			c.Findings = []reports.Finding{{Requirement: id, Expected: "one thing", Seen: "another"}}
		case 2:
			out = reports.CheckRequirement{Requirement: id, Verdict: reports.NotTested, Reason: "nothing there", Blame: &reports.Blame{Kind: reports.NoData}}
		case 3:
			out = reports.CheckRequirement{Requirement: id, Verdict: reports.NotTested, Reason: "not said", Blame: &reports.Blame{Kind: reports.Configuration}}
		case 4, 5:
			owner := ids[rng.IntN(len(ids))]
			if owner != id {
				out = reports.CheckRequirement{Requirement: id, Verdict: reports.NotTested, Reason: "it broke off", Blame: &reports.Blame{Kind: reports.BlockedBy, Requirement: owner}}
			}
		case 6:
			out = reports.CheckRequirement{Requirement: id, Verdict: reports.Error, Reason: "ouch"}
		}
		c.Results = []reports.CheckRequirement{out}
		r.checks[check.ID] = c
	}
	return r
}

// TestExitCodes holds what a report says together, over whatever may have come of the
// checks: the exit code, the verdicts, the counts and what is blamed on what.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	const waived = "waivers:\n  - {requirement: " + must + ", reason: known, owner: me, expires: 2999-01-01}\n"
	seen := map[int]int{}
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		text := ""
		if seed%2 == 1 {
			text = waived
		}
		r := generated(t, rng, text)
		killed := rng.IntN(8) == 0
		if killed {
			r.failures = []string{"a child process died"}
		}
		report := &reports.Report{Run: reports.Run{Focus: r.o.Focus, Whole: 99}}
		r.merge(report)
		seen[report.Exit]++
		byID, excused := map[string]reports.RequirementResult{}, report.Excused()
		for _, q := range report.Requirements {
			byID[q.ID] = q
		}
		var broken, judge, warned, lacks, reached bool
		reached = true
		for _, q := range report.Requirements {
			broken = broken || q.Verdict == reports.Fail && q.Level == reports.Must && !excused[q.ID]
			judge = judge || q.Verdict == reports.Error
			warned = warned || q.Verdict == reports.Warning
			reached = reached && q.Verdict != reports.Unknown
			lacks = lacks || q.Verdict == reports.NotTested && q.Blame.Kind != reports.BlockedBy && q.Level == reports.Must
			if q.Verdict == reports.NotTested && q.Blame.Kind == reports.BlockedBy {
				switch owner := byID[q.Blame.Requirement]; owner.Verdict {
				case reports.Fail, reports.Warning, reports.Error:
				default:
					t.Errorf("seed %d: %s is blocked by %s, which is %q", seed, q.ID, q.Blame.Requirement, owner.Verdict)
				}
			}
		}
		why := fmt.Sprintf("seed %d: exit code %d, broken %v, judge %v, killed %v, warned %v, lacks %v, reached %v", seed, report.Exit, broken, judge, killed, warned, lacks, reached)
		switch report.Exit {
		case reports.ExitFailed:
			if !broken || report.Outcome != reports.DoesNot {
				t.Error(why, report.Outcome)
			}
		case reports.ExitJudge:
			if broken || !judge && !killed {
				t.Error(why)
			}
		case reports.ExitIncomplete:
			if broken || judge || killed || reached && !lacks && !warned {
				t.Error(why)
			}
		default:
			if broken || judge || killed || !reached {
				t.Error(why)
			}
		}
		if got := reports.Tally(report.Requirements); len(report.Profiles) != 1 || report.Profiles[0].Counts != got {
			t.Errorf("seed %d: the profile counts %+v, its requirements are %+v", seed, report.Profiles[0].Counts, got)
		}
	}
	for _, code := range []int{reports.ExitConforms, reports.ExitFailed, reports.ExitJudge, reports.ExitIncomplete} {
		if seen[code] == 0 {
			t.Errorf("no generated run ends with exit code %d: %v", code, seen)
		}
	}
}

// TestWaiversCoverWhatIsOpen: a waiver excuses what could not be tested, and what hangs
// on a waived failure; the verdicts stay what they are.
func TestWaiversCoverWhatIsOpen(t *testing.T) {
	target := toyTarget(t, "waivers:\n  - {requirement: "+must+", reason: known, owner: me, expires: 2999-01-01}\n"+
		"  - {requirement: "+third+", reason: no data, owner: me, expires: 2999-01-01}\n")
	run, err := New(target, []Suite{blaming(map[string]func(context.Context, *T){
		must: fails, another: blockedBy(must),
		third: func(_ context.Context, t *T) { t.NotTested(NoData("nothing there", "load some")) },
	})}, Options{Focus: []string{must, another, third}, SkipDoctor: true, InProcess: true})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if report.Exit != reports.ExitConforms || report.Outcome != reports.DoesNot {
		t.Errorf("exit code %d, outcome %s", report.Exit, report.Outcome)
	}
	if q := verdict(t, report, third); q.Verdict != reports.NotTested || !q.Waived {
		t.Errorf("what is waived for want of data reads %+v", q)
	}
	if q := verdict(t, report, another); q.Verdict != reports.NotTested || q.Waived {
		t.Errorf("what hangs on a waived failure reads %+v", q)
	}
	if c := report.Profiles[0].Counts; c.Waived != 1 || c.WaivedOpen != 1 {
		t.Errorf("counts %+v", c)
	}
	for _, w := range report.Waivers {
		if w.State != "applied" {
			t.Errorf("the waiver of %s is %s", w.Requirement, w.State)
		}
	}
}

// TestOptionsAreCounted: where an option is used in another way that is a note, and
// counted.
func TestOptionsAreCounted(t *testing.T) {
	report := judgeBlaming(t, map[string]func(context.Context, *T){optional: fails, must: pass})
	if q := verdict(t, report, optional); q.Verdict != reports.Pass || q.Noted != 1 || report.Profiles[0].Counts.Noted != 1 {
		t.Errorf("%+v, counts %+v", q, report.Profiles[0].Counts)
	}
}
