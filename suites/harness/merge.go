package harness

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// merge turns what the checks said into verdicts on requirements and profiles.
// Every planned check is accounted for: one that did not come back leaves its
// requirements unknown.
func (r *Run) merge(report *reports.Report) {
	r.derive(report)
	for _, suite := range r.plan.Suites {
		if suite.Picture != nil {
			report.District = suite.Picture(r.target)
			report.District.Draw(report)
		}
	}
	report.Outcome, report.Exit = conclude(report, len(r.failures) > 0)
	r.redactor.Clean(report)
	bound(report)
}

// derive makes verdicts of what the checks said.
func (r *Run) derive(report *reports.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	byRequirement := map[string][]reports.CheckResult{}
	for _, check := range r.plan.Checks {
		result, came := r.checks[check.ID]
		if came {
			report.Run.Done++
		} else {
			result = missing(check, r.missingReason(report))
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
	r.hold(report)
	r.profiles(report)
	r.evidence(report)
	report.Facts = append(report.Facts, r.facts...)
	report.Observations = among(addObservations(report.Observations, r.observed...), report.Exchanges)
	for _, f := range r.failures {
		report.Diagnoses = append(report.Diagnoses, Diagnosis{
			Name:   judgeFailed,
			Detail: f,
			Remedy: "This is a fault of Rollcall, or something ended its process, such as a machine without memory to spare; run again with --resume.",
		})
	}
}

// stateMissing is that of a check which did not come back.
const stateMissing = "missing"

// judgeFailed names what is told of a judge that failed.
const judgeFailed = "judge"

func (r *Run) missingReason(report *reports.Report) string {
	switch {
	case r.absent != "":
		return r.absent
	case len(r.failures) > 0:
		return "the child process that ran the check died: " + r.failures[0]
	case report.Run.Interrupted:
		return "the run was interrupted before this check ended"
	}
	return "the check did not come back"
}

func missing(check Check, reason string) reports.CheckResult {
	c := reports.CheckResult{
		ID:           check.ID,
		Title:        check.Title,
		Labels:       check.Labels,
		Requirements: check.Requirements,
		State:        stateMissing,
		Message:      reason,
	}
	for _, id := range check.Requirements {
		c.Results = append(c.Results, reports.CheckRequirement{
			Requirement: id,
			Verdict:     reports.Unknown,
			Reason:      reason,
			Remedy:      "Run again with --resume.",
		})
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
				f.Expected = cmp.Or(f.Expected, q.Statement)
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
		out.Verdict, out.Noted = reports.Pass, len(out.Findings)
		for _, f := range out.Findings {
			out.Notes = append(out.Notes, fmt.Sprintf("optional: expected %s; came %s", f.Expected, f.Seen))
		}
		out.Findings = nil
	}
	if q.Feature != "" && r.target.Disclaimed(q.Feature) && out.Verdict != reports.Error {
		out.Verdict, out.Findings, out.Noted, out.Blame, out.Remedy = reports.NotApplicable, nil, 0, nil, ""
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

// repeatOf words the command that repeats the run, or one requirement of it.
func (r *Run) repeatOf(id string) string {
	if r.o.Repeat == nil {
		return ""
	}
	return r.o.Repeat(id, r.o.Seed)
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
