package consumer

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
)

// The requirements that phases decide beside their own, below the service.
const (
	reqObjects     = "holds.objects"
	reqValues      = "holds.values"
	reqReferences  = "holds.references"
	reqUnchanged   = "holds.unchanged"
	reqNothingElse = "holds.nothing-else"
	reqRecovers    = "trouble.recovers"
	reqTold        = "trouble.told"
	reqCapped      = "accepts.capped-pages"
	reqReturns     = "returns"
)

// own is the requirement of the phase itself, below the version.
func (p phase) own() string { return p.Of + "." + p.Requirement }

// shared is a requirement that several phases decide, below the version; empty where the phase's service has none of
// the kind.
func (p phase) shared(id string) string {
	if p.Of != drops {
		return rosters + "." + id
	}
	return map[string]string{reqObjects: drops + ".bulk", reqRecovers: drops + ".recovers", reqTold: drops + ".told"}[id]
}

// decides lists the requirements of a phase, below the version.
func (p phase) decides() []string {
	var out []string
	if p.Requirement != "" {
		out = append(out, p.own())
	}
	for _, id := range map[string][]string{
		expectFirst:    {reqObjects, reqValues, reqReferences, reqNothingElse},
		expectFollows:  {reqNothingElse},
		expectStays:    {reqNothingElse},
		expectSurvives: {reqRecovers, reqTold},
	}[p.Expect] {
		if shared := p.shared(id); p.Back && id == reqRecovers {
			out = append(out, p.Of+"."+reqReturns)
		} else if shared != "" {
			out = append(out, shared)
		}
	}
	for _, id := range p.Also {
		out = append(out, p.Of+"."+id)
	}
	return out
}

// id gives a requirement with its version; empty stays empty.
func (j *judge) id(below string) string {
	if below == "" {
		return ""
	}
	return j.prefix + below
}

// live takes the product through one phase.
func (j *judge) live(ctx context.Context, t *harness.T, p phase) {
	if p.Expect == expectFirst {
		j.judgeFirst(ctx, t, p)
		return
	}
	if p.Expect == expectHeld {
		j.brought(t, p)
		return
	}
	if o, blocked := j.uncapped(&p); blocked {
		t.NotTested(o)
		return
	}
	if p.Added && !hasAdded(j.world) {
		add(j.world)
		j.behind = true
	}
	if p.Gone && len(j.world.Gone.User) == 0 {
		if !hasAdded(j.world) { // a product has to have had what vanishes
			add(j.world)
			j.settle(ctx)
		}
		vanish(j.world)
		j.behind = true
	}
	if j.behind {
		control := j.settle(ctx)
		if j.unwell != "" && fails(control) && len(p.Also) == 0 { // what is told by calls shows all the same
			j.behind = true
			j.blocked(t, p, control)
			return
		}
	}
	j.alter(p)
	s := j.act(ctx, p)
	for _, id := range p.Also {
		looks[id](j, t, j.id(p.Of+"."+id), s)
	}
	if o, unable := j.unable(s); unable {
		t.NotTested(o)
		return
	}
	switch p.Expect {
	case expectSame:
		j.same(ctx, t, p, s)
	case expectFollows:
		j.follows(ctx, t, p, s)
	case expectStays:
		j.stays(ctx, t, p, s)
	case expectAccepts:
		j.accepts(ctx, t, p, s)
	case expectSurvives:
		j.survives(ctx, t, p, s)
	}
}

// unable tells why nothing can be said of what a sync brought about.
func (j *judge) unable(s *occasion) (harness.Obstacle, bool) {
	switch {
	case s.outcome.Fault != nil:
		return configured(s.outcome.Fault), true
	case s.unread != nil:
		return configured(s.unread), true
	}
	return harness.Obstacle{}, false
}

// judgeFirst says what the first sync brought.
func (j *judge) judgeFirst(ctx context.Context, t *harness.T, p phase) {
	objects, values, references := j.id(p.shared(reqObjects)), j.id(p.shared(reqValues)), j.id(p.shared(reqReferences))
	nothingElse := j.id(p.shared(reqNothingElse))
	s := j.first
	if j.nothing != nil {
		t.Fail(objects, j.with(t, s, nil, *j.nothing))
		if values != "" {
			t.NotTested(harness.BlockedBy(objects, "the first sync brought nothing that the product holds"), values, references, nothingElse)
		}
		return
	}
	diffs := s.differences
	if values == "" { // one requirement speaks of all
		values, references = objects, objects
	} else {
		diffs = j.rostersOnly(diffs)
	}
	j.judgeMadeUp(t, nothingElse, s)
	if _, is := j.failed(ctx, t, objects, s); is && len(diffs) == 0 {
		t.Examined(values, 1)
		t.Examined(references, 1)
		return
	}
	j.examine(t, objects, s, func(d difference) bool { return d.what == missing || d.what == doubled || d.what == lingering }, diffs)
	j.examine(t, values, s, func(d difference) bool { return d.what == value && !d.refers() }, diffs)
	j.examine(t, references, s, func(d difference) bool { return d.what == value && d.refers() }, diffs)
	for _, without := range j.memory.learned.Without {
		t.Note(values, "the product doesn't keep %s", without)
	}
	j.noteRewritten(t, values, func(collection string) bool { return serviceOf(collection) == rosters })
	if recased := j.memory.learned.Recased; len(recased) > 0 { // its own to choose; whoever has two such ids loses one
		t.Note(objects, "the product writes the sourcedIds of %s in another case than the provider: two that differ by case alone would be one",
			strings.Join(recased, ", "))
	}
	for _, note := range s.held.Notes {
		t.Note(objects, "%s", note)
	}
	t.Note(objects, "the provider has %s; of that the product holds %s", count(s.truth, nil), count(s.held.Objects, j.memory))
}

// judgeMadeUp says what the first sync brought that the provider doesn't have. That shows only where it could be read what
// the product held before.
func (j *judge) judgeMadeUp(t *harness.T, requirement string, s *occasion) {
	switch made := j.rostersOnly(j.madeUp); {
	case requirement == "":
	case j.empty == nil || j.empty.Probed != nil:
		t.NotTested(harness.Unconfigured("what the product held before its first sync could not be read",
			"Let consumer.holds tell of a product that is empty, too."), requirement)
	default:
		j.examine(t, requirement, s, nil, made)
	}
}

// uncapped takes care that a product which loses what capped pages leave out isn't accused of it again: where
// something goes wrong pages are as it likes them, and what stands on capped pages is blocked.
func (j *judge) uncapped(p *phase) (harness.Obstacle, bool) {
	owner := j.id(rosters + "." + reqCapped)
	if p.Behaviour.Cap == 0 || !j.loses {
		return harness.Obstacle{}, false
	}
	if p.Expect == expectSurvives {
		p.Behaviour.Cap, p.Behaviour.After = 0, 0
		return harness.Obstacle{}, false
	}
	return harness.BlockedBy(owner, "the product loses what capped pages leave out"), p.Requirement != reqCapped
}

// brought says what the first sync brought of one collection.
func (j *judge) brought(t *harness.T, p phase) {
	id := j.id(p.own())
	if !j.memory.keeps(p.Collection) {
		t.NotTested(harness.NoData("the product holds no "+p.Collection,
			"Have it read them, and tell of them by consumer.holds; or leave the profile out."), id)
		return
	}
	j.examine(t, id, j.first, func(d difference) bool { return d.collection == p.Collection }, j.first.differences)
	j.noteRewritten(t, id, func(collection string) bool { return collection == p.Collection })
}

// noteRewritten says what wasn't compared, for the product keeps it in its own words.
func (j *judge) noteRewritten(t *harness.T, id string, of func(collection string) bool) {
	for _, member := range j.memory.learned.Rewritten {
		if collection, _, _ := strings.Cut(member, "."); of(collection) {
			t.Note(id, "%s was not compared: the product keeps it in its own words (consumer.holds.rewrites)", member)
		}
	}
	for _, member := range j.section.Holds.Rewrites {
		if collection, _, _ := strings.Cut(member, "."); of(collection) && slices.Contains(j.memory.learned.Without, member) {
			t.Note(id, "consumer.holds.rewrites names %s, which the product doesn't hold", member)
		}
	}
}

// belonging are the members that say what an object belongs to.
var belonging = []string{"user", "class", "course", "school", "org", "terms", "parent", "primaryOrg", "agents", "orgs"}

// refers tells whether a difference is one of what an object belongs to.
func (d difference) refers() bool {
	first, _, _ := strings.Cut(d.member, "/")
	return slices.Contains(belonging, first) || first == "roles" && d.elsewhere
}

// rostersOnly leaves out what other profiles are about.
func (j *judge) rostersOnly(list []difference) []difference {
	return slices.DeleteFunc(slices.Clone(list), func(d difference) bool { return serviceOf(d.collection) != rosters })
}

// serviceOf tells which service a collection is of.
func serviceOf(collection string) string {
	switch collection {
	case "categories", "lineItems", "results", "scoreScales":
		return grades
	case "resources":
		return resources
	}
	return rosters
}

// examine records the differences that count against a requirement, and how much was looked at.
func (j *judge) examine(t *harness.T, requirement string, s *occasion, counts func(difference) bool, diffs []difference) {
	var mine []difference
	for _, d := range diffs {
		if counts == nil || counts(d) {
			mine = append(mine, d)
		}
	}
	if len(mine) == 0 {
		if owner := j.unsettled(s); owner != "" && owner != requirement {
			t.NotTested(harness.BlockedBy(owner, "such objects are lost or spoilt by any sync, though nothing changes"), requirement)
			return
		}
		t.Examined(requirement, max(1, s.compared))
		for _, collection := range slices.Sorted(maps.Keys(j.unsteady)) {
			if j.unsteady[collection] != requirement {
				t.Note(requirement, "%s were not looked at: see %s", collection, j.unsteady[collection])
			}
		}
		return
	}
	for _, f := range j.findings(t, s, mine) {
		t.Fail(requirement, f)
	}
}

// same holds what the product holds after a sync with nothing new to what it held before.
func (j *judge) same(ctx context.Context, t *harness.T, p phase, s *occasion) {
	id := j.id(p.own())
	if _, is := j.failed(ctx, t, id, s); is {
		return
	}
	diffs := append(j.fresh(s.differences), j.strangers(s)...)
	j.examine(t, id, s, nil, diffs)
	j.unsettles(id, diffs)
	j.note(diffs)
}

// follows holds what changed to what the product holds of it, and all else to what it was.
func (j *judge) follows(ctx context.Context, t *harness.T, p phase, s *occasion) {
	id, nothingElse := j.id(p.own()), j.id(p.shared(reqNothingElse))
	touched := touches(s.truthBefore, s.truth)
	if !j.shows(s, touched) {
		t.NotTested(harness.NoData("the product keeps nothing of what changed",
			"Name what the product keeps (consumer.holds.keeps), or have it keep more."))
		return
	}
	if owner, is := j.failed(ctx, t, id, s); is {
		if nothingElse != "" {
			t.NotTested(harness.BlockedBy(owner, "the sync failed"), nothingElse)
		}
		return
	}
	diffs := j.fresh(s.differences)
	var mine, others []difference
	for _, d := range diffs {
		if _, is := touched[d.object()]; is {
			mine = append(mine, d)
		} else {
			others = append(others, d)
		}
	}
	if nothingElse == "" {
		nothingElse = id
	}
	own, owner := j.unfollowed(id, mine, touched)
	followed := j.follow(id, s, own, touched)
	if reverse, is := j.reversed(touched); is && len(mine) == 0 && !followed {
		const why = "the product held still what comes back"
		o := harness.NoData(why, "Have it heed what is flagged or gone, which other requirements are about.")
		if reverse != "" {
			o = harness.BlockedBy(reverse, why)
		}
		t.NotTested(o, id)
		j.examine(t, nothingElse, s, nil, others)
		j.note(diffs)
		return
	}
	if owner != "" && len(own) == 0 { // a part that was followed is no pass of the whole
		t.NotTested(harness.BlockedBy(owner, neverFollows), id)
	} else {
		j.examine(t, id, s, nil, j.causes(s, own))
	}
	j.examine(t, nothingElse, s, nil, others)
	for _, d := range mine {
		if d.what == missing {
			j.accused[d.place] = true
		}
	}
	j.note(diffs)
}

// accepts holds everything to what the product holds of a provider that is odd, and right.
func (j *judge) accepts(ctx context.Context, t *harness.T, p phase, s *occasion) {
	id := j.id(p.own())
	if _, is := j.failed(ctx, t, id, s); is {
		j.loses = j.loses || p.Requirement == reqCapped
		return
	}
	touched := touches(s.truthBefore, s.truth)
	diffs, spared := j.spare(j.fresh(s.differences), touched)
	if len(diffs) == 0 && len(spared) > 0 && len(spared) == j.relevant(touched) {
		t.NotTested(harness.BlockedBy(slices.Sorted(maps.Keys(spared))[0], neverFollows), id)
		return
	}
	j.loses = j.loses || p.Requirement == reqCapped && len(diffs) > 0
	j.examine(t, id, s, nil, diffs)
	j.note(j.fresh(s.differences))
}

// shows tells whether something of what changed is what the product keeps.
func (j *judge) shows(s *occasion, touched map[place]touch) bool {
	for at, what := range touched {
		if j.memory.keeps(at.collection) && (what != changed ||
			j.memory.learned.Shows(at.collection, s.truthBefore[at.collection][at.id], s.truth[at.collection][at.id])) {
			return true
		}
	}
	return false
}

// colon puts words behind others, where there are any.
func colon(words string) string {
	if words == "" {
		return ", and nothing else"
	}
	return ": " + words
}

// survives holds what the product holds after a sync in which things went wrong to what was there: nothing is deleted
// or spoilt. What changed may have arrived or not; the next sync, with a sound provider, brings it.
func (j *judge) survives(ctx context.Context, t *harness.T, p phase, s *occasion) {
	id, recovers, told := j.id(p.own()), j.id(p.shared(reqRecovers)), j.id(p.shared(reqTold))
	if !j.wentWrong(p, s) {
		t.NotTested(harness.NoData("what was to go wrong didn't, for the product made no such call",
			"Have the product read all of the roster while Rollcall looks; one that takes a short page for the last never comes to the one "+
				"that goes wrong: see "+j.id(rosters+".accepts.capped-pages")+"."))
		return
	}
	if s.idle {
		t.NotApplicable(id, "bundles come as a whole, or the product is told when one is there")
		t.NotApplicable(told, "nothing was dropped")
		t.NotApplicable(recovers, "nothing was dropped")
		return
	}
	if p.Bundle == bundleGrows {
		t.Assert(id, !s.taken, j.with(t, s, nil, harness.Finding{Expected: "a file that is still being written is left alone: oneroster.zip.part",
			Seen: "it isn't there any more, or is another, before it was renamed"}))
	}
	lost := j.fresh(j.lost(s))
	if p.Untrusted {
		lost = append(lost, j.believed(s)...)
	}
	j.examine(t, id, s, nil, lost)
	j.note(lost)
	touched := touches(s.truthBefore, s.truth)
	open, _ := j.spare(j.fresh(s.differences), touched)
	switch {
	case p.Bundle == bundleGrows:
		t.NotApplicable(told, "nothing was dropped yet")
	case p.Back && len(lost) > 0:
		t.NotApplicable(told, "the bundle was taken as it is")
	case len(open) == 0:
		t.NotApplicable(told, "everything was read in the end")
	case p.Behaviour.Trouble == "empty" && len(lost) > 0:
		t.NotApplicable(told, "the product took the roster for empty, of which it is told elsewhere")
	case s.outcome.Told == driver.Silent:
		t.NotApplicable(told, "the product says of no sync whether it succeeded")
	default:
		t.Assert(told, s.outcome.Told == driver.Failure, j.with(t, s, open, harness.Finding{
			Expected: "the product says that the sync failed, for it doesn't hold " + j.words(t, open),
			Seen:     "it says that the sync succeeded" + colon(s.outcome.Words),
		}))
	}
	if p.Back {
		recovers = j.id(p.Of + "." + reqReturns)
	} else if len(lost) > 0 {
		j.settle(ctx)
		t.NotTested(harness.BlockedBy(id, "the sync before has deleted or spoilt what was there"), recovers)
		return
	}
	mode := driver.Full
	if j.section.Sync.Knows(driver.Delta) {
		mode = driver.Delta
	}
	r := j.act(ctx, phase{ID: p.ID + ", and then a sound provider", Mode: mode})
	if o, unable := j.unable(r); unable {
		t.NotTested(o, recovers)
		return
	}
	if _, is := j.failed(ctx, t, recovers, r); is {
		return
	}
	left, _ := j.spare(j.fresh(r.differences), touched)
	j.examine(t, recovers, r, nil, left)
	if len(left) > 0 {
		j.settle(ctx)
	}
}

// wentWrong tells whether what a phase is about came about.
func (j *judge) wentWrong(p phase, s *occasion) bool {
	return j.provider == nil || p.Untrusted || slices.ContainsFunc(s.calls, func(c provider.Call) bool { return c.Trouble != "" })
}

// believed lists what the product took from somebody of whom nobody knows who it is.
func (j *judge) believed(s *occasion) (out []difference) {
	for at, what := range touches(s.truthBefore, s.truth) {
		if what == added && j.memory.keeps(at.collection) && j.memory.has(s.held.Objects, at.collection, at.id) {
			out = append(out, difference{place: at, what: lingering, want: "not held, for nobody knows who said it", got: "held"})
		}
	}
	return out
}

// lost lists what a sync in which things went wrong has deleted or spoilt: what is neither as it was nor as it is now.
func (j *judge) lost(s *occasion) (out []difference) {
	old := map[place]string{}
	for _, d := range j.memory.compare(s.truthBefore, s.held, j.gone) {
		old[d.place] = d.what
	}
	before := map[place]bool{}
	for _, d := range s.before {
		before[d.place] = true
	}
	for _, d := range s.differences {
		if old[d.place] == d.what && !before[d.place] && d.what != lingering {
			out = append(out, d)
		}
	}
	return append(out, j.strangers(s)...)
}

// strangers are objects that the provider never had, and the product holds since this sync.
func (j *judge) strangers(s *occasion) (out []difference) {
	for collection, objects := range s.held.Objects {
		if !j.memory.keeps(collection) || slices.ContainsFunc(j.madeUp, func(d difference) bool { return d.collection == collection }) {
			continue // it was told that the product makes some up
		}
		for id, object := range objects {
			bare := j.memory.bare(collection, id)
			if active(object) && s.heldBefore[collection][id] == nil && s.truth[collection][bare] == nil && !j.gone[place{collection: collection,
				id: bare}] {
				out = append(out, difference{place: place{collection: collection, id: id}, what: lingering,
					want: "not held, for the provider never had it", got: "held"})
			}
		}
	}
	return out
}

// causes leaves out what isn't held because the org isn't held that it is of: products that serve certain schools
// alone, by their configuration, take in nothing of a new one.
func (j *judge) causes(s *occasion, list []difference) (out []difference) {
	absent := map[string]bool{}
	for _, d := range list {
		if d.what == missing && d.collection == "orgs" {
			absent[d.id] = true
		}
	}
	for _, d := range list {
		if of := orgsOf(s.truth[d.collection][d.id]); d.what == missing && len(of) > 0 && !slices.ContainsFunc(of,
			func(id string) bool { return !absent[id] }) {
			continue
		}
		out = append(out, d)
	}
	return out
}

// orgsOf lists the orgs that an object is of.
func orgsOf(object map[string]any) (out []string) {
	add := func(v any) {
		if m, is := v.(map[string]any); is && scalar(m["sourcedId"]) != "" {
			out = append(out, scalar(m["sourcedId"]))
		}
	}
	add(object["school"])
	add(object["org"])
	for _, v := range listOf(object["orgs"]) {
		add(v)
	}
	for _, v := range listOf(object["roles"]) {
		if role, is := v.(map[string]any); is {
			add(role["org"])
		}
	}
	return out
}

func listOf(v any) []any {
	list, _ := v.([]any)
	return list
}

// note remembers that the product isn't in step.
func (j *judge) note(list []difference) {
	if len(list) > 0 {
		j.behind = true
	}
}
