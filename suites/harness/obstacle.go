package harness

import (
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/reports"
)

// Obstacle says why something can't be examined, as one of three values: the
// target holds no data for it (NoData), the target file doesn't say enough
// (Unconfigured), or another requirement on which it stands is broken (BlockedBy).
type Obstacle struct {
	kind      reports.BlameKind
	owner     string
	reason    string
	remedy    string
	responses []*Response
	exchanges []string
	expected  string
	unreached bool
	unclaimed bool
	told      bool
	own       *Finding // by which the owner fails in a check that decides it
}

// NoData says that the target holds nothing to look at, and what to load.
func NoData(reason, load string) Obstacle {
	return Obstacle{kind: reports.NoData, reason: reason, remedy: load}
}

// Unconfigured says that the target file doesn't say enough, and what to set.
func Unconfigured(reason, set string) Obstacle {
	return Obstacle{kind: reports.Configuration, reason: reason, remedy: set}
}

// BlockedBy says that owner, another requirement, is broken, and that nothing can
// be said of what stands on it. The responses show it. When the run is merged the
// kernel holds this to its word: where owner isn't failed, it fails by these
// responses.
func BlockedBy(owner, reason string, responses ...*Response) Obstacle {
	return Obstacle{kind: reports.BlockedBy, owner: owner, reason: reason, responses: responses}
}

// tooMuch says that an answer was more than Rollcall reads, and what makes it read more.
func tooMuch(r *Response) Obstacle {
	return Unconfigured(fmt.Sprintf("%s: %s", r.Line(), r.Problem),
		"Raise "+BodyLimit+" in the target file, or have the product send less at a time.").Seen(r.Evidence)
}

// tooLong finds the answer on which nothing can be said but that Rollcall did not read
// it. An answer that fails is told by its status, however long its body.
func tooLong(responses []*Response) *Response {
	for _, r := range responses {
		if r != nil && r.Beyond && r.Status >= 200 && r.Status < 300 {
			return r
		}
	}
	return nil
}

// Unreached says that the target could not be asked, as where it was stopped or the
// run was interrupted: nothing is held against anybody, and the requirement becomes
// unknown.
func Unreached(reason string) Obstacle { return Obstacle{reason: reason, unreached: true} }

// Unclaimed says that the target doesn't claim, or doesn't have, what requirements are about,
// and need not: they don't apply.
func Unclaimed(reason string) Obstacle { return Obstacle{reason: reason, unclaimed: true} }

// Seen adds ids of exchanges that were recorded elsewhere, such as in the crawl,
// to those that show the obstacle.
func (o Obstacle) Seen(exchanges ...string) Obstacle {
	o.exchanges = append(slices.Clone(o.exchanges), exchanges...)
	return o
}

// Expecting says in plain words what was expected of the requirement that blocks,
// instead of its own statement.
func (o Obstacle) Expecting(what string) Obstacle {
	o.expected = what
	return o
}

// Told says that the requirement that blocks has been found broken in this run already, by
// what brought that about: it isn't accused anew.
func (o Obstacle) Told() Obstacle {
	o.told = true
	return o
}

// Failing says how the requirement that blocks fails where the check decides that too, told
// already or not; without it, it fails by what the obstacle says.
func (o Obstacle) Failing(f Finding) Obstacle {
	o.own, o.told = &f, false
	return o
}

// Owner gives the requirement that blocks; empty where none does.
func (o Obstacle) Owner() string { return o.owner }

// Remedy says what to load or to set; empty where another requirement blocks.
func (o Obstacle) Remedy() string { return o.remedy }

// Reason says in words what is in the way.
func (o Obstacle) Reason() string { return o.reason }

// blame is what the report holds of it.
func (o Obstacle) blame() *reports.Blame {
	b := &reports.Blame{Kind: o.kind, Requirement: o.owner, Expected: o.expected, Exchanges: slices.Clone(o.exchanges)}
	for _, r := range o.responses {
		if r != nil && r.Evidence != "" && !slices.Contains(b.Exchanges, r.Evidence) {
			b.Exchanges = append(b.Exchanges, r.Evidence)
		}
	}
	return b
}

// NotTested says that requirements could not be examined, and what they hang on;
// without ids it speaks for every requirement of the check of which nothing was
// examined and which applies. It does not undo what was examined already. Where the exchange shows
// that the target could not be reached, nothing is held against it: the
// requirement becomes unknown. A requirement does not stand on itself: where the
// owner is among them, it fails, unless that has been told.
func (t *T) NotTested(o Obstacle, requirements ...string) {
	all := len(requirements) == 0
	if all {
		requirements = t.check.Requirements
	}
	if long := tooLong(o.responses); long != nil && o.kind == reports.BlockedBy {
		t.kept.pin(long.Evidence)
		o = tooMuch(long)
	}
	o.reason, o.remedy = visible(t.session.redactor.Text(o.reason)), visible(o.remedy)
	for _, r := range o.responses {
		if r != nil {
			t.kept.pin(r.Evidence)
		}
	}
	for _, id := range requirements {
		switch {
		case o.unclaimed, id == o.owner && o.told:
			t.NotApplicable(id, o.reason)
			continue
		case id == o.owner:
			t.Fail(id, o.finding())
			continue
		}
		t.on(id, func(out *outcome) {
			if all && (out.examined > 0 || out.notApplies != "") {
				return
			}
			if o.unreached {
				out.unreachable = o.reason
				return
			}
			for _, r := range o.responses {
				if r != nil && r.Unreachable {
					out.unreachable = r.Problem
					return
				}
			}
			// What is broken is told rather than what is merely missing.
			if out.blame == nil || out.blame.Kind != reports.BlockedBy && o.kind == reports.BlockedBy {
				out.notTested, out.remedy, out.blame = o.reason, o.remedy, o.blame()
			}
		})
	}
}

// outranks tells whether an obstacle is told rather than what is merely missing: something
// is broken, or could not be asked.
func (o Obstacle) outranks() bool { return o.kind == reports.BlockedBy || o.unreached }

// broken tells whether something is broken, or could not be asked, on which the requirement
// hangs.
func (o *outcome) broken() bool {
	return o.unreachable != "" || o.blame != nil && o.blame.Kind == reports.BlockedBy
}

// Hinders remembers an answer on which the check could not stand, where it goes on
// and looks elsewhere; Hindered tells of it when nothing else was found to look at.
func (t *T) Hinders(r *Response) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hindrance = r
}

// Hindered is the last answer that hindered the check, as an obstacle; ok is false
// when none did.
func (t *T) Hindered() (o Obstacle, ok bool) {
	t.mu.Lock()
	r := t.hindrance
	t.mu.Unlock()
	if r == nil {
		return Obstacle{}, false
	}
	return t.blocked(r, stoodOn(r)), true
}

// Looked tells whether anything was examined for a requirement.
func (t *T) Looked(requirement string) (looked bool) {
	t.on(requirement, func(o *outcome) { looked = o.examined > 0 })
	return looked
}

// stoodOn says of an answer that it was no ground to stand on.
func stoodOn(r *Response) string {
	return fmt.Sprintf("%s, on which this check stands, was answered with %s", r.Line(), r.Summary())
}

// finding is the obstacle as a finding against the requirement that owns it. Where the
// check didn't say what was expected, the requirement's own words do.
func (o Obstacle) finding() Finding {
	if o.own != nil {
		return *o.own
	}
	return Finding{Expected: o.expected, Seen: o.reason, Responses: o.responses, Exchanges: o.exchanges}
}

// blocked is the obstacle that an unusable answer is.
func (t *T) blocked(r *Response, reason string) Obstacle {
	return BlockedBy(t.session.owner(r), reason, r)
}

// owner names the requirement that governs an answer.
func (s *Session) owner(r *Response) string {
	if r.Request.Owner != "" {
		return r.Request.Owner
	}
	if s.suite.Owner != nil {
		return s.suite.Owner(s, r)
	}
	return ""
}
