package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// Share is the part of a plan that one of several machines judges: the first of five is 1/5.
// The zero value is all of it.
type Share struct{ Number, Of int }

// mostMachines bounds into how many parts a plan is split.
const mostMachines = 1000

// ParseShare reads a share as it is written on a command line.
func ParseShare(s string) (Share, error) {
	if s == "" {
		return Share{}, nil
	}
	number, of, ok := strings.Cut(s, "/")
	n, err1 := strconv.Atoi(number)
	all, err2 := strconv.Atoi(of)
	if !ok || err1 != nil || err2 != nil || n < 1 || all < n || all > mostMachines {
		return Share{}, &ConfigError{Key: "--shard", Cause: fmt.Sprintf("%q is no part of a whole", shortened(s)),
			Remedy: fmt.Sprintf("write 2/5 for the second of five machines; there are at most %d", mostMachines)}
	}
	return Share{n, all}, nil
}

// String writes the share as it is read; empty for all.
func (s Share) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Number, s.Of)
}

// keep narrows a plan to the share of one machine. Checks are dealt in turn, over all suites;
// what can't be made side by side in two processes (a group) is one machine's, and so is a whole
// district, whose story is played through it once. The split depends on the plan alone, so that
// the machines needn't speak with each other.
func (s Share) keep(p *Plan) error {
	if s.Of == 0 {
		return nil
	}
	dealt, next := map[string]int{}, 0
	var mine []Check
	for _, suite := range p.Suites {
		for _, c := range p.Checks {
			if !suite.has(c.ID) {
				continue
			}
			group := ""
			if suite.Picture != nil {
				group = suite.ID
			} else if c.Group != "" {
				group = suite.ID + " " + c.Group
			}
			at := next % s.Of
			if group != "" {
				if _, known := dealt[group]; !known {
					dealt[group] = at
					next++
				}
				at = dealt[group]
			} else {
				next++
			}
			if at == s.Number-1 {
				mine = append(mine, c)
			}
		}
	}
	if len(mine) == 0 {
		return &ConfigError{Key: "--shard", Cause: fmt.Sprintf("nothing is left for machine %s: the plan has %d parts", s, next),
			Remedy: fmt.Sprintf("split it among %d machines at most", next)}
	}
	levels := map[string]catalogue.Level{}
	for _, c := range mine {
		for _, id := range c.Requirements {
			if l := p.Levels[id]; l != "" {
				levels[id] = l
			}
		}
	}
	p.Checks, p.Levels = mine, levels
	return nil
}

// Merge makes one report of those of several machines, as if one had judged all: from what the
// checks said, and not from the verdicts of each machine. So a cause that was found on one machine
// blocks what could not be examined on another, as it does in a run of one. Which machines are
// missing is told, and what they had to do is unknown. The target file isn't needed: reports hold
// what it says of profiles, features and waivers. With a baseline, what was so then spares the exit
// code (Options.Baseline); nil: everything counts.
func Merge(suites []Suite, parts []*reports.Report, baseline *reports.Report) (*reports.Report, error) {
	if err := together(parts); err != nil {
		return nil, err
	}
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b *reports.Report) int { return cmp.Compare(shareOf(a).Number, shareOf(b).Number) })
	cat, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	first := parts[0]
	target := &Target{Name: first.Target.Name, Profiles: first.Run.Profiles, Stance: catalogue.Stance(first.Run.Stance),
		Disclaims: first.Target.Disclaims}
	for _, w := range first.Waivers {
		target.Waivers = append(target.Waivers, Waiver{Requirement: w.Requirement, Reason: w.Reason, Owner: w.Owner, Expires: w.Expires})
	}
	// How checks are grouped, and what is drawn, hangs on the target file; both was decided already.
	bare := slices.Clone(suites)
	for i := range bare {
		bare[i].Groups, bare[i].Picture = nil, nil
	}
	chosen, err := judging(target, bare)
	if err != nil {
		return nil, err
	}
	plan, err := planFor(target, chosen, cat, first.Run.Focus)
	if err != nil {
		return nil, err
	}
	r := &Run{target: target, plan: plan, cat: cat, checks: map[string]reports.CheckResult{}, exchanges: map[string]reports.Exchange{},
		broken: map[string]bool{}, o: Options{Baseline: baseline}}
	if err := r.validBaseline(); err != nil {
		return nil, err
	}
	report, err := r.collect(parts)
	if err != nil {
		return nil, err
	}
	r.derive(report)
	for _, p := range parts {
		if p.District != nil {
			d := *p.District
			d.Hops = slices.Clone(d.Hops)
			for i := range d.Hops {
				d.Hops[i].Requirements = nil
			}
			d.Draw(report)
			report.District = &d
		}
	}
	failed := slices.ContainsFunc(report.Diagnoses, func(d reports.Diagnosis) bool { return d.Name == judgeFailed })
	report.Outcome, report.Exit = conclude(report, failed)
	bound(report)
	return report, nil
}

func shareOf(r *reports.Report) Share {
	s, err := ParseShare(r.Run.Shard)
	if err != nil {
		return Share{}
	}
	return s
}

// together tells why reports are no parts of one whole.
func together(parts []*reports.Report) error {
	problem := func(format string, a ...any) error {
		return &ConfigError{Key: "merge", Cause: reports.OneLine(fmt.Sprintf(format, a...)),
			Remedy: "give the report.json of each machine of one `rollcall run --shard 1/N`, 2/N and so on, by one rollcall, of one target file"}
	}
	if len(parts) == 0 {
		return problem("there is no report to merge")
	}
	first := parts[0]
	seen := map[int]bool{}
	for _, p := range parts {
		s := shareOf(p)
		switch {
		case s.Of == 0:
			return problem("the report of run %s is not of a share", shortened(p.Run.ID))
		case s.Of != shareOf(first).Of:
			return problem("one report is of %d machines, another of %d", shareOf(first).Of, s.Of)
		case seen[s.Number]:
			return problem("there are two reports of machine %s", s)
		}
		seen[s.Number] = true
		for _, same := range []struct{ what, a, b string }{
			{"targets", first.Target.Name, p.Target.Name},
			{"profiles", strings.Join(first.Run.Profiles, ", "), strings.Join(p.Run.Profiles, ", ")},
			{"stances", first.Run.Stance, p.Run.Stance},
			{"focuses", strings.Join(first.Run.Focus, ", "), strings.Join(p.Run.Focus, ", ")},
			{"versions of Rollcall", first.Judge.Version + " " + first.Judge.Commit, p.Judge.Version + " " + p.Judge.Commit},
			{"features that are disclaimed", strings.Join(first.Target.Disclaims, ", "), strings.Join(p.Target.Disclaims, ", ")},
			{"waivers", waiversOf(first), waiversOf(p)},
		} {
			if same.a != same.b {
				return problem("the reports have different %s: %q and %q", same.what, shortened(same.a), shortened(same.b))
			}
		}
	}
	return nil
}

func waiversOf(r *reports.Report) string {
	var b strings.Builder
	for _, w := range r.Waivers {
		fmt.Fprintf(&b, "%s %s %s %s\n", w.Requirement, w.Expires, w.Owner, w.Reason)
	}
	return b.String()
}

// collect takes in what the checks of all machines said, and heads the report of the whole.
func (r *Run) collect(parts []*reports.Report) (*reports.Report, error) {
	first := parts[0]
	report := &reports.Report{Format: reports.FormatVersion, Judge: first.Judge, Run: first.Run, Target: first.Target}
	run := &report.Run
	run.Shard, run.Baseline, run.Whole, run.Shards, run.Done, run.Planned = "", nil, 0, 0, 0, len(r.plan.Checks)
	if len(run.Focus) > 0 {
		run.Whole = len(r.plan.Asked)
	}
	planned := map[string]bool{}
	for _, c := range r.plan.Checks {
		planned[c.ID] = true
	}
	repeats := map[string]string{}
	given := map[int]bool{}
	told := map[reports.Diagnosis]bool{}
	for _, p := range parts {
		share := shareOf(p)
		given[share.Number] = true
		if p.Run.Started.Before(run.Started) {
			run.Started = p.Run.Started
		}
		if p.Run.Finished.After(run.Finished) {
			run.Finished = p.Run.Finished
		}
		run.Shards += p.Run.Shards
		run.Interrupted = run.Interrupted || p.Run.Interrupted
		run.Resumed = run.Resumed || p.Run.Resumed
		run.PersonalKept = run.PersonalKept || p.Run.PersonalKept
		for _, c := range p.Checks {
			_, twice := r.checks[c.ID]
			switch {
			case !planned[c.ID], twice:
				cause := fmt.Sprintf("machine %s made the check %q, which the plan hasn't, or which another made", share, shortened(c.ID))
				return nil, &ConfigError{Key: "merge", Cause: reports.OneLine(cause), Remedy: "merge the reports of one run, as they were written, with the rollcall that wrote them"}
			case c.State != stateMissing:
				r.checks[c.ID] = c
			}
		}
		for _, x := range p.Exchanges {
			r.exchanges[x.ID] = x
		}
		for _, d := range p.Diagnoses {
			if !told[d] {
				told[d] = true
				report.Diagnoses = append(report.Diagnoses, d)
			}
		}
		for _, f := range p.Facts {
			f.Name += fmt.Sprintf(" (machine %s)", share)
			r.facts = append(r.facts, f)
		}
		r.observed = addObservations(r.observed, p.Observations...)
		for _, q := range p.Requirements {
			if q.Repeat != "" && repeats[q.ID] == "" {
				repeats[q.ID] = withoutShard(q.Repeat)
			}
		}
	}
	run.Repeat = withoutShard(first.Run.Repeat)
	r.o.Repeat = func(id string, _ uint64) string { return repeats[id] }
	var gone []string
	for n := range shareOf(first).Of {
		if !given[n+1] {
			gone = append(gone, Share{n + 1, shareOf(first).Of}.String())
		}
	}
	if len(gone) > 0 {
		r.absent = "no report was given of machine " + strings.Join(gone, ", ")
		report.Diagnoses = append(report.Diagnoses, reports.Diagnosis{Name: "merge", Detail: r.absent + "; what they had to look at is unknown",
			Remedy: "Run these too, and merge all."})
	}
	return report, nil
}

// withoutShard words the command that repeats a run on one machine alone.
func withoutShard(command string) string {
	before, after, found := strings.Cut(command, " --shard ")
	if !found {
		return command
	}
	_, rest, _ := strings.Cut(after, " ")
	return strings.TrimSpace(before + " " + rest)
}
