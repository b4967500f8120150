package harness

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/reports"
)

// validBaseline tells why a report can't be what a run is held against: it is of another
// product altogether, or it holds no verdict.
func (r *Run) validBaseline() error {
	old := r.o.Baseline
	if old == nil {
		return nil
	}
	problem := func(cause string) error {
		return &ConfigError{Key: "--baseline", Cause: cause, Remedy: "name the report.json of an earlier run against this target"}
	}
	if len(old.Requirements) == 0 {
		return problem("the report holds no requirement")
	}
	if !slices.ContainsFunc(old.Run.Profiles, func(p string) bool { return slices.Contains(r.target.Profiles, p) }) {
		return problem(fmt.Sprintf("the report is of other profiles (%s) than this run",
			reports.OneLine(shortened(fmt.Sprint(old.Run.Profiles)))))
	}
	return nil
}

// hold marks what was so in the run that this one is held against: broken then and now, or
// not tested then and now. What the judge did not reach, and what could be examined then and
// can't now, is new.
func (r *Run) hold(report *reports.Report) {
	old := r.o.Baseline
	if old == nil {
		return
	}
	renamed := r.cat.Renamed()
	then := map[string]reports.Verdict{}
	for _, q := range old.Requirements {
		then[cmp.Or(renamed[q.ID], q.ID)] = q.Verdict
	}
	report.Run.Baseline = &reports.Baseline{Run: old.Run.ID, Started: old.Run.Started, Target: old.Target.Name, Known: []string{}}
	for i := range report.Requirements {
		q := &report.Requirements[i]
		was := then[q.ID]
		switch q.Verdict {
		case reports.Fail, reports.Warning:
			q.Known = was == reports.Fail || was == reports.Warning
		case reports.NotTested:
			q.Known = was == reports.NotTested
		}
		if q.Known {
			report.Run.Baseline.Known = append(report.Run.Baseline.Known, q.ID)
		}
	}
}
