package consumer

import (
	"context"
	"fmt"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
)

// blame is what was told of a product already, so that one cause is one accusation.
type blame struct {
	accused map[place]bool    // differences that are still there
	broken  map[string]string // what it never follows, by collection and touch: the requirement that says so
	// unsteady are collections of which it loses or spoils objects though nothing changes: the requirement that says so.
	unsteady map[string]string
	// unwell is the requirement that tells of its syncs that they fail, whatever the provider does, until one succeeds.
	unwell string
}

func newBlame() blame {
	return blame{accused: map[place]bool{}, broken: map[string]string{}, unsteady: map[string]string{}}
}

// failed records that a product called a sync with a sound provider a failure, or didn't end it, and gives the requirement
// that tells of the cause. A sync with a provider like any is the control: if that fails too, it is the product that can't
// sync any more, and what comes later is blocked until it can.
func (j *judge) failed(ctx context.Context, t *harness.T, requirement string, s *occasion) (owner string, is bool) {
	if !fails(s) {
		j.unwell = ""
		return "", false
	}
	if j.unwell != "" && j.unwell != requirement {
		j.behind = true
		t.NotTested(harness.BlockedBy(j.unwell, stillFails), requirement)
		return j.unwell, true
	}
	t.Fail(requirement, j.with(t, s, nil, failure(s)))
	if control := j.settle(ctx); fails(control) {
		j.unwell, j.behind = requirement, true
	}
	return requirement, true
}

// failure is a sync that failed, as a finding.
func failure(s *occasion) harness.Finding {
	f := harness.Finding{Expected: "a sync that succeeds, for the provider answers every call",
		Seen: "the product says that the sync failed: " + s.outcome.Words}
	if s.outcome.TimedOut {
		f.Seen = fmt.Sprintf("the sync didn't end within %s", s.outcome.Waited.Round(1e9))
	}
	return f
}

// blocked says of what a phase decides that the product's syncs fail still, as its control has shown.
func (j *judge) blocked(t *harness.T, p phase, control *occasion) {
	for _, below := range p.decides() {
		if id := j.id(below); id == j.unwell {
			t.Fail(id, j.with(t, control, nil, failure(control)))
		} else {
			t.NotTested(harness.BlockedBy(j.unwell, stillFails), id)
		}
	}
}

// stillFails is why nothing can be said of a sync.
const stillFails = "the product's syncs fail since, with a provider like any too"

// fails tells whether a product called a sync a failure, or didn't end it.
func fails(s *occasion) bool { return s.outcome.TimedOut || s.outcome.Told == driver.Failure }

// unsettles remembers of which collections a product loses or spoils objects though nothing changes.
func (j *judge) unsettles(requirement string, diffs []difference) {
	for _, d := range diffs {
		if j.unsteady[d.collection] == "" {
			j.unsteady[d.collection] = requirement
		}
	}
}

// unsettled gives the requirement that tells of all collections in which anything changed that they are unsteady; empty
// where something changed in another one.
func (j *judge) unsettled(s *occasion) (owner string) {
	for at := range touches(s.truthBefore, s.truth) {
		if !j.memory.keeps(at.collection) {
			continue
		}
		if owner = j.unsteady[at.collection]; owner == "" {
			return ""
		}
	}
	return owner
}

// fresh leaves out differences that were told before, and what is lost or spoilt with any sync.
func (j *judge) fresh(list []difference) (out []difference) {
	for _, d := range list {
		if !j.accused[d.place] && j.unsteady[d.collection] == "" {
			out = append(out, d)
		}
	}
	return out
}

// settle has the product sync in full with a sound provider. What it still doesn't hold as it should was told, and
// is not told again.
func (j *judge) settle(ctx context.Context) *occasion {
	j.behind = false
	s := j.act(ctx, phase{ID: "a full sync to be in step again", Mode: driver.Full})
	if _, unable := j.unable(s); unable {
		j.behind = true
		return s
	}
	for _, d := range s.differences {
		j.accused[d.place] = true
	}
	return s
}
