package harness

import (
	"fmt"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness/executor"
)

// spoil corrects the verdicts of a check that did not end by itself: a finding
// stands, for it was seen; a pass does not, for more might have been seen.
func spoil(results []reports.CheckRequirement, state executor.State, message string) {
	for i := range results {
		r := &results[i]
		if r.Verdict == reports.Fail {
			continue
		}
		switch state {
		case executor.TimedOut:
			r.Verdict = reports.Unknown
			r.Reason = "the check ran out of time"
			r.Remedy = "The target answers slowly; raise limits.request_timeout, or load less data, and run again with --resume."
		case executor.Panicked:
			r.Verdict = reports.Error
			r.Reason = fmt.Sprintf("the judge failed: %s", message)
			r.Remedy = "This is a fault of Rollcall; please report it with this report attached."
		default:
			r.Verdict = reports.Unknown
			r.Reason = "the run was interrupted during this check"
			r.Remedy = "Run again with --resume."
		}
	}
}
