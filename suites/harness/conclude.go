package harness

import (
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// waive applies the waivers of the target file to what is broken and to what could
// not be examined; nobody can excuse what the judge did not reach. The last day
// counts in full.
func (r *Run) waive(report *reports.Report, now time.Time) {
	for _, w := range r.target.Waivers {
		out := reports.WaiverResult{Requirement: w.Requirement, Reason: w.Reason, Owner: w.Owner, Expires: w.Expires, State: "unmatched"}
		last, err := time.Parse(time.DateOnly, w.Expires)
		expired := err != nil || now.UTC().After(last.AddDate(0, 0, 1))
		i := slices.IndexFunc(report.Requirements, func(q reports.RequirementResult) bool { return q.ID == w.Requirement })
		if i >= 0 {
			switch q := &report.Requirements[i]; {
			case q.Verdict == reports.Pass:
				out.State = "stale"
			case expired:
				out.State = "expired"
			case q.Verdict == reports.Fail || q.Verdict == reports.Warning || q.Verdict == reports.NotTested:
				out.State, q.Waived = "applied", true
			case q.Verdict == reports.Unknown || q.Verdict == reports.Error:
				out.State = "undecided"
			default:
				out.State = "not-needed"
			}
		}
		report.Waivers = append(report.Waivers, out)
	}
}

// profiles rolls requirements up. A waived failure stays counted as failed and
// the profile does not conform; only the exit code is spared.
func (r *Run) profiles(report *reports.Report) {
	byID := map[string]*reports.RequirementResult{}
	for i := range report.Requirements {
		byID[report.Requirements[i].ID] = &report.Requirements[i]
	}
	for _, id := range r.target.Profiles {
		p, _ := r.cat.Profile(id)
		var members []reports.RequirementResult
		out := reports.ProfileResult{
			ID:           p.ID,
			Title:        p.Title,
			Standard:     p.Standard,
			Summary:      p.Summary,
			Requirements: []reports.ProfileRequirement{},
		}
		outcome := reports.Conforms
		for _, id := range slices.Concat(p.Requirements, r.blockers(report, p)) {
			q := byID[id]
			if q == nil {
				continue
			}
			level := r.cat.LevelOf(p, id, r.target.Stance)
			if r.gained[id] {
				level = catalogue.Level(q.Level)
			}
			if level == catalogue.Off {
				continue
			}
			out.Requirements = append(out.Requirements, reports.ProfileRequirement{ID: id, Level: reports.Level(level)})
			members = append(members, *q)
			if level == catalogue.Must {
				outcome = worse(outcome, outcomeOf(q.Verdict))
			}
		}
		if report.Run.Whole > 0 && outcome == reports.Conforms {
			outcome = reports.Incomplete // a part of a profile proves nothing of the whole
		}
		out.Outcome, out.Counts = outcome, reports.Tally(members)
		report.Profiles = append(report.Profiles, out)
	}
}

// blockers lists the requirements beyond a profile that block some of it.
func (r *Run) blockers(report *reports.Report, p catalogue.Profile) []string {
	var out []string
	for _, q := range report.Requirements {
		if r.gained[q.ID] && !slices.Contains(p.Requirements, q.ID) &&
			slices.ContainsFunc(q.Blocks, func(id string) bool { return slices.Contains(p.Requirements, id) }) {
			out = append(out, q.ID)
		}
	}
	return out
}

func outcomeOf(v reports.Verdict) reports.Outcome {
	switch v {
	case reports.Fail:
		return reports.DoesNot
	case reports.Error:
		return reports.JudgeFailed
	case reports.NotTested, reports.Unknown:
		return reports.Incomplete
	}
	return reports.Conforms
}

func worse(a, b reports.Outcome) reports.Outcome {
	rank := []reports.Outcome{reports.Conforms, reports.Incomplete, reports.JudgeFailed, reports.DoesNot}
	if slices.Index(rank, b) > slices.Index(rank, a) {
		return b
	}
	return a
}

// conclude gives the outcome and exit code of the whole run. What a waiver covers,
// and what only hangs on that, doesn't fail a pipeline: that is what waivers are
// for. A judge that failed says so unless something is broken for sure. A partial
// run that passes exits with 0, for it did all it was asked.
func conclude(report *reports.Report, judgeFailed bool) (reports.Outcome, int) {
	outcome := reports.Conforms
	excused := report.Excused()
	failed, open := false, false
	for _, p := range report.Profiles {
		outcome = worse(outcome, p.Outcome)
		must := map[string]bool{}
		for _, q := range p.Requirements {
			must[q.ID] = q.Level == reports.Must
		}
		for _, q := range report.Requirements {
			if must[q.ID] && !excused[q.ID] {
				failed = failed || q.Verdict == reports.Fail
				open = open || q.Verdict == reports.Unknown || q.Verdict == reports.NotTested
			}
		}
	}
	for _, q := range report.Requirements {
		judgeFailed = judgeFailed || q.Verdict == reports.Error
	}
	for _, c := range report.Checks {
		open = open || c.State == stateMissing || c.State == "interrupted"
	}
	switch {
	case failed:
		return outcome, reports.ExitFailed
	case judgeFailed:
		return worse(outcome, reports.JudgeFailed), reports.ExitJudge
	case open:
		return worse(outcome, reports.Incomplete), reports.ExitIncomplete
	}
	return outcome, reports.ExitConforms
}
