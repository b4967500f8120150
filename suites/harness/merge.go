package harness

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// merge turns what the checks said into verdicts on requirements and profiles.
// Every planned check is accounted for: one that did not come back leaves its
// requirements unknown. never explains a run that did not begin.
func (r *Run) merge(report *reports.Report, never string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	byRequirement := map[string][]reports.CheckResult{}
	for _, check := range r.plan.Checks {
		result, came := r.checks[check.ID]
		if came {
			report.Run.Done++
		} else {
			result = missing(check, r.missingReason(report, never))
		}
		report.Checks = append(report.Checks, result)
		for _, id := range check.Requirements {
			byRequirement[id] = append(byRequirement[id], result)
		}
	}
	for _, requirement := range r.cat.Requirements() {
		level, asked := r.plan.Levels[requirement.ID]
		if !asked || requirement.Untestable != "" && len(byRequirement[requirement.ID]) == 0 {
			if asked {
				report.Requirements = append(report.Requirements, r.untestable(requirement, level))
			}
			continue
		}
		report.Requirements = append(report.Requirements, r.judge(requirement, level, byRequirement[requirement.ID]))
	}
	r.conserve(report)
	r.waive(report, time.Now())
	r.profiles(report)
	r.evidence(report)
	report.Facts = append(report.Facts, r.facts...)
	report.Observations = addObservations(report.Observations, r.observed...)
	for _, f := range r.failures {
		report.Diagnoses = append(report.Diagnoses, Diagnosis{Name: "judge", Detail: f,
			Remedy: "This is a fault of Rollcall, or the machine ran out of memory; run again with --resume."})
	}
	report.Outcome, report.Exit = conclude(report)
	r.redactor.Clean(report)
}

func (r *Run) missingReason(report *reports.Report, never string) string {
	switch {
	case never != "":
		return never
	case len(r.failures) > 0:
		return "the child process that ran the check died: " + r.failures[0]
	case report.Run.Interrupted:
		return "the run was interrupted before this check ended"
	}
	return "the check did not come back"
}

func missing(check Check, reason string) reports.CheckResult {
	c := reports.CheckResult{ID: check.ID, Title: check.Title, Labels: check.Labels, Requirements: check.Requirements, State: "missing", Message: reason}
	for _, id := range check.Requirements {
		c.Results = append(c.Results, reports.CheckRequirement{Requirement: id, Verdict: reports.Unknown, Reason: reason, Remedy: "Run again with --resume."})
	}
	return c
}

func (r *Run) base(q catalogue.Requirement, level catalogue.Level) reports.RequirementResult {
	out := reports.RequirementResult{ID: q.ID, Title: q.Title, Statement: q.Statement, Section: r.sectionTitle(q.Section), Role: q.Role,
		Level: reports.Level(level), Confidence: string(q.Confidence), Causes: q.Causes, Checks: []string{}, Citations: []reports.Citation{}}
	for _, c := range q.Citations {
		out.Citations = append(out.Citations, reports.Citation{Document: c.Document, Section: c.Section, URL: c.URL})
	}
	return out
}

func (r *Run) untestable(q catalogue.Requirement, level catalogue.Level) reports.RequirementResult {
	out := r.base(q, level)
	out.Verdict = reports.NotApplicable
	out.Reason = "can't be judged over the wire: " + q.Untestable
	return out
}

func (r *Run) sectionTitle(key string) string {
	for _, s := range r.cat.Sections() {
		if s.Key == key {
			return s.Title
		}
	}
	return key
}

// severity orders the verdicts of several checks on one requirement: the worst
// wins, and what one check looked at outweighs what another could not.
var severity = []reports.Verdict{reports.NotApplicable, reports.NotTested, reports.Pass, reports.Unknown, reports.Error, reports.Fail}

// judge gives the verdict on one requirement from all checks that decide it.
func (r *Run) judge(q catalogue.Requirement, level catalogue.Level, checks []reports.CheckResult) reports.RequirementResult {
	out := r.base(q, level)
	out.Repeat = r.repeatOf(q.ID)
	worst := -1
	for _, c := range checks {
		out.Checks = append(out.Checks, c.ID)
		i := slices.IndexFunc(c.Results, func(x reports.CheckRequirement) bool { return x.Requirement == q.ID })
		if i < 0 {
			continue
		}
		said := c.Results[i]
		out.Examined += said.Examined
		out.Notes = append(out.Notes, said.Notes...)
		rank := slices.Index(severity, said.Verdict)
		if rank > worst {
			worst, out.Verdict, out.Reason, out.Remedy, out.Blame = rank, said.Verdict, said.Reason, said.Remedy, copied(said.Blame)
		} else if rank == worst && said.Verdict == reports.NotTested && blocks(said.Blame) && !blocks(out.Blame) {
			out.Reason, out.Remedy, out.Blame = said.Reason, said.Remedy, copied(said.Blame)
		} else if said.Verdict == reports.NotTested && out.Verdict == reports.Pass {
			out.Notes = append(out.Notes, "partly tested: "+said.Reason)
		}
		for _, f := range c.Findings {
			if f.Requirement == q.ID {
				if f.Required == "" {
					f.Required = q.Statement
				}
				out.Findings = append(out.Findings, f)
			}
		}
	}
	switch {
	case worst < 0:
		out.Verdict, out.Reason = reports.Error, "no check of this run decides it"
		out.Remedy = "This is a fault of Rollcall; please report it."
	case out.Verdict == reports.Pass:
		out.Reason, out.Remedy, out.Blame = "", "", nil
	case out.Verdict == reports.Fail && level == catalogue.Should:
		out.Verdict = reports.Warning
	case out.Verdict == reports.Fail && level == catalogue.May:
		// A MAY can't be broken; what was seen is worth a note.
		out.Verdict = reports.Pass
		for _, f := range out.Findings {
			out.Notes = append(out.Notes, fmt.Sprintf("optional: expected %s; came %s", f.Expected, f.Seen))
		}
		out.Findings = nil
	}
	if q.Feature != "" && r.target.Disclaimed(q.Feature) && out.Verdict != reports.Error {
		out.Verdict, out.Findings = reports.NotApplicable, nil
		out.Reason = fmt.Sprintf("the target file disclaims the feature %q", q.Feature)
	}
	return out
}

func blocks(b *reports.Blame) bool { return b != nil && b.Kind == reports.BlockedBy }

// copied keeps what a check said apart from what the report makes of it.
func copied(b *reports.Blame) *reports.Blame {
	if b == nil {
		return nil
	}
	out := *b
	return &out
}

// repeatOf words the command that repeats the run for one requirement.
func (r *Run) repeatOf(id string) string {
	return strings.TrimSpace(repeatBase(r.o.Repeat) + " --focus " + id)
}

func repeatBase(command string) string {
	if command == "" {
		return "rollcall run"
	}
	return command
}

// waive applies the waivers of the target file. The last day counts in full.
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
			case q.Verdict == reports.Fail || q.Verdict == reports.Warning:
				out.State, q.Waived = "applied", true
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
		out := reports.ProfileResult{ID: p.ID, Title: p.Title, Standard: p.Standard, Summary: p.Summary, Requirements: []reports.ProfileRequirement{}}
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
			count(&out.Counts, *q)
			if level == catalogue.Must {
				outcome = worse(outcome, outcomeOf(q.Verdict))
			}
		}
		if len(report.Run.Focus) > 0 && outcome == reports.Conforms {
			outcome = reports.Incomplete // a part of a profile proves nothing of the whole
		}
		out.Outcome = outcome
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

func count(c *reports.Counts, q reports.RequirementResult) {
	switch q.Verdict {
	case reports.Pass:
		c.Pass++
	case reports.Fail:
		c.Fail++
	case reports.Warning:
		c.Warning++
	case reports.NotApplicable:
		c.NotApplicable++
	case reports.NotTested:
		c.NotTested++
	case reports.Error:
		c.Error++
	default:
		c.Unknown++
	}
	if q.Waived {
		c.Waived++
	}
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

// conclude gives the outcome and exit code of the whole run. A waived failure
// doesn't fail a pipeline: that is what waivers are for. A focused run that
// passes exits with 0, for it did all it was asked.
func conclude(report *reports.Report) (reports.Outcome, int) {
	outcome := reports.Conforms
	var failed, judge, open bool
	for _, p := range report.Profiles {
		outcome = worse(outcome, p.Outcome)
		must := map[string]bool{}
		for _, q := range p.Requirements {
			must[q.ID] = q.Level == reports.Must
		}
		for _, q := range report.Requirements {
			if !must[q.ID] || q.Waived {
				continue
			}
			failed = failed || q.Verdict == reports.Fail
			open = open || q.Verdict == reports.Unknown || q.Verdict == reports.NotTested
		}
	}
	for _, q := range report.Requirements {
		judge = judge || q.Verdict == reports.Error
	}
	for _, c := range report.Checks {
		open = open || c.State == "missing" || c.State == "interrupted"
	}
	switch {
	case failed:
		return outcome, reports.ExitFailed
	case judge:
		return outcome, reports.ExitJudge
	case open:
		return outcome, reports.ExitIncomplete
	}
	return outcome, reports.ExitConforms
}

// evidence lists the exchanges that the checks name, in order of time.
func (r *Run) evidence(report *reports.Report) {
	report.Exchanges = []reports.Exchange{}
	named := map[string]bool{}
	for _, c := range report.Checks {
		for _, id := range c.Exchanges {
			if x, ok := r.exchanges[id]; ok && !named[id] {
				named[id] = true
				report.Exchanges = append(report.Exchanges, x)
			}
		}
	}
	sort.SliceStable(report.Exchanges, func(i, j int) bool { return report.Exchanges[i].Started.Before(report.Exchanges[j].Started) })
}
