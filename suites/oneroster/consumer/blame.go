package consumer

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
)

// blame is what was told of a product already, so that one cause is one accusation.
type blame struct {
	accused map[place]bool // differences that are still there
	// broken is what it never follows, by collection and touch, by collection and member what it takes no changes of, and by *
	// and touch what it follows of no collection: the requirement that says so. followed is what it was seen to follow.
	broken   map[string]string
	followed map[string]bool
	// unsteady are collections of which it loses or spoils objects though nothing changes: the requirement that says so.
	unsteady map[string]string
	// unwell is the requirement that tells of its syncs that they fail, whatever the provider does, until one succeeds.
	unwell string
}

func newBlame() blame {
	return blame{accused: map[place]bool{}, broken: map[string]string{}, followed: map[string]bool{}, unsteady: map[string]string{}}
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

// neverFollows is why nothing can be said of a change.
const neverFollows = "the product doesn't follow changes of this kind"

// kinds are the kinds of change that something done to an object is of: of its collection, and of any.
func kinds(collection string, what touch) []string {
	return []string{collection + " " + string(what), "* " + string(what)}
}

// kind is the touch that a difference is of: who was flagged and is active again, but with old values, was not followed in
// a change in between. It is empty of what nothing was done to.
func (d difference) kind(touched map[place]touch) touch {
	if what := touched[d.object()]; what != restored || d.what != value {
		return what
	}
	return changed
}

// kinds are the kinds of change that a difference is of: where a member of what changed is wrong, it is of this one too.
func (d difference) kinds(touched map[place]touch) []string {
	what := d.kind(touched)
	all := kinds(d.collection, what)
	if d.what != value || what != changed {
		return all
	}
	member, _, _ := strings.Cut(d.member, "/")
	return append(all, d.collection+"."+member)
}

// cause gives the requirement that tells of one of several kinds of change that the product never follows it; empty where it
// was seen to follow each of them.
func (j *judge) cause(kinds ...string) string {
	for _, kind := range kinds {
		if owner := j.broken[kind]; owner != "" && !j.followed[kind] {
			return owner
		}
	}
	return ""
}

// unfollowed leaves out of the differences of what changed those of kinds that the product never follows, and gives the
// requirement that tells of these.
func (j *judge) unfollowed(requirement string, diffs []difference, touched map[place]touch) (own []difference, owner string) {
	for _, d := range diffs {
		if of := j.cause(d.kinds(touched)...); of != "" && of != requirement {
			owner = of
			continue
		}
		own = append(own, d)
	}
	return own, owner
}

// follow remembers which kinds of change the product followed, and which it didn't, where own are the differences that tell
// of the latter. It tells whether it followed any.
func (j *judge) follow(requirement string, s *occasion, own []difference, touched map[place]touch) (followed bool) {
	wrong := map[place]bool{}
	for _, d := range s.differences {
		wrong[d.object()] = true
	}
	for at, what := range touched {
		was, is := j.memory.object(s.heldBefore, at.collection, at.id), j.memory.object(s.held.Objects, at.collection, at.id)
		if !j.memory.keeps(at.collection) || wrong[at] || !differs(was, is) { // what isn't kept doesn't show
			continue
		}
		followed = true
		for _, kind := range kinds(at.collection, what) {
			j.followed[kind] = true
		}
		for _, object := range []map[string]any{was, is} { // a member may have come, or gone
			for member := range object {
				if what == changed && !reflect.DeepEqual(was[member], is[member]) {
					j.followed[at.collection+"."+member] = true
				}
			}
		}
	}
	for _, d := range own {
		for _, kind := range d.kinds(touched) {
			if j.broken[kind] == "" {
				j.broken[kind] = requirement
			}
		}
	}
	return followed
}

// reversed tells whether all that changed is what was flagged or had vanished, and comes back; and gives the requirement
// that tells why a product held it still, where it never heeded that.
func (j *judge) reversed(touched map[place]touch) (owner string, is bool) {
	for at, what := range touched {
		if !j.memory.keeps(at.collection) {
			continue
		}
		is = true
		switch {
		case what == restored:
			owner = cmpOr(owner, j.cause(kinds(at.collection, flagged)...))
		case what == added && j.gone[at]:
			owner = cmpOr(owner, j.cause(kinds(at.collection, vanished)...))
		default:
			return "", false
		}
	}
	return owner, is
}

// relevant counts the kinds of changes that would show.
func (j *judge) relevant(touched map[place]touch) int {
	owners := map[string]bool{}
	for at, what := range touched {
		if j.memory.keeps(at.collection) {
			owners[cmpOr(j.broken[at.collection+" "+string(what)], at.collection+" "+string(what))] = true
		}
	}
	return len(owners)
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// spare leaves out differences of kinds of changes that the product was seen not to follow, and gives the requirements that
// say so.
func (j *judge) spare(diffs []difference, touched map[place]touch) (left []difference, owners map[string]bool) {
	owners = map[string]bool{}
	for _, d := range diffs {
		if what := d.kind(touched); what != "" {
			if owner := cmpOr(j.broken[d.collection+" "+string(what)], j.cause(d.kinds(touched)...)); owner != "" {
				owners[owner] = true
				continue
			}
		}
		left = append(left, d)
	}
	return left, owners
}

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
