package tool

import (
	"context"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// keySets are the checks of how keys are published. They come last: a tool that has
// just read a broken set may need a while to find its way back.
func keySets() []harness.Check {
	return []harness.Check{
		{ID: "tool.keys-bare", Title: "Takes published keys without alg and use", Needs: opening(), Body: published("bare", "keys.bare"), Requirements: ids("keys.bare")},
		{ID: "tool.keys-mixed", Title: "Finds its key among others of kinds that it doesn't know", Needs: opening(), Body: published("mixed", "keys.several"), Requirements: ids("keys.several")},
		{ID: "tool.keys-old", Title: "Takes the older one of two published keys", Needs: opening(), Body: oldKey, Requirements: ids("keys.several")},
		{ID: "tool.keys-broken", Title: "Opens nothing while the keys come as HTML, in pieces, or not at all", Needs: opening(), Body: brokenKeys, Requirements: refusals("keys.down")},
	}
}

// patiently makes a launch by a key that the tool can't know yet: tools may bound how
// often they read the keys. A tool that has read them and refuses all the same is asked once
// more, for it may read them beside the launch; one that never read them again for another
// key isn't waited for.
func (j *judge) patiently(ctx context.Context, l Launch) *sight {
	s := j.launch(ctx, l)
	for try, asked := 1, false; try < rotationTries && !asked && !j.unmoved.Load() && j.decide(s, nil) == refused; try++ {
		if asked = j.platform.readings() > 0; !asked {
			pass(ctx, j.pause())
		}
		s = j.launch(ctx, l)
		s.late = asked
	}
	switch {
	case !l.fresh():
	case j.decide(s, nil) == opened:
		j.rotated.Store(true)
	case j.platform.readings() == 0 && !j.rotated.Load():
		j.unmoved.Store(true)
	}
	return s
}

// mended publishes the keys as they should be, and waits until the tool opens again.
func (j *judge) mended(ctx context.Context) {
	_ = j.platform.publish("") // makes no key
	good := Launch{ID: "mended", User: "learner", Expect: "open"}
	for try := range rotationTries {
		s := j.launch(ctx, good)
		switch {
		case j.decide(s, nil) != refused:
			return
		case try == 0:
			pass(ctx, time.Second)
		case j.platform.readings() > 0 || j.unmoved.Load(): // it has the keys, or won't have them
			j.platform.withdraw()
			return
		default: // it may have read the broken set a moment ago
			pass(ctx, j.pause())
		}
	}
	j.platform.withdraw() // the tool doesn't take the last key
}

// published judges a launch by a new key that is published in some way. That the tool
// reads the keys again for it is another requirement.
func published(how, requirement string) func(context.Context, *harness.T) {
	return func(ctx context.Context, t *harness.T) {
		j := judgeOf(t)
		id := Prefix + requirement
		if err := j.platform.publish(how); err != nil {
			t.NotTested(harness.Unconfigured(err.Error(), "Run again."))
			return
		}
		defer j.mended(ctx)
		l := Launch{
			ID:     "keys." + how,
			Title:  "a token by keys that are published in this way: " + how,
			User:   "learner",
			Expect: "open",
			Keys:   how,
		}
		j.judgeRead(t, id, l, j.patiently(ctx, l))
	}
}

// unread says why nothing can be told by keys that the tool didn't read again: it never
// does, or it has done so lately and waits.
func (j *judge) unread() harness.Obstacle {
	const reason = "the tool didn't read the keys again"
	if j.rotated.Load() {
		return harness.NoData(reason+", though it did for another key before: it may bound how often it does",
			"Run this alone a while later, by --focus.")
	}
	return harness.BlockedBy(reqRotation, reason+" for a new key")
}

// judgeRead judges a launch by keys that the tool has to have read since they were
// published.
func (j *judge) judgeRead(t *harness.T, id string, l Launch, s *sight) {
	f := harness.Finding{Sent: "launch: " + l.Title, Expected: "the tool opens", Exchanges: s.keep(t, l.Title), Where: t.Where(s.page.URL)}
	if s.problem != nil {
		t.NotTested(j.halt(s).Seen(f.Exchanges...), id)
		return
	}
	if j.platform.readings() == 0 {
		t.NotTested(j.unread().Seen(f.Exchanges...), id)
		return
	}
	switch j.result(t, s, nil) {
	case opened:
		t.Examined(id, 1)
	case refused:
		f.Seen, f.Cause = "it was not opened: "+s.shows(), j.cause(s)
		t.Fail(id, f)
	}
}

// oldKey publishes a new key before the old one, and signs with the old one once the
// tool has read both.
func oldKey(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	id := Prefix + "keys.several"
	if err := j.platform.publish("rotated"); err != nil {
		t.NotTested(harness.Unconfigured(err.Error(), "Run again."))
		return
	}
	defer j.mended(ctx)
	first := j.patiently(ctx, Launch{ID: "keys.new", User: "learner", Expect: "open", Keys: "rotated"})
	if j.decide(first, nil) != opened {
		t.NotTested(j.halted(t, first, "a launch by the new key"))
		return
	}
	l := Launch{
		ID:     "keys.old",
		Title:  "a token by the older one of two published keys",
		User:   "learner",
		Expect: "open",
		Keys:   "rotated",
		Key:    "old",
	}
	j.judgeRead(t, id, l, j.patiently(ctx, l))
}

// brokenKeys publishes what are no keys, and signs with one that nobody published.
func brokenKeys(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	id := Prefix + "keys.down"
	for _, x := range []struct{ how, title string }{{"html", "the keys are a page of HTML"}, {"garbage", "the keys break off in the middle"},
		{"empty", "the set has no key"}} {
		control := j.control(ctx, t)
		if control == nil {
			return
		}
		if err := j.platform.publish(x.how); err != nil {
			t.NotTested(harness.Unconfigured(err.Error(), "Run again."))
			return
		}
		l := Launch{
			ID:    "keys." + x.how,
			Title: x.title + ", and the token is signed by an unknown one",
			User:  "learner",
			Keys:  x.how,
			Key:   "unpublished",
		}
		s := j.launch(ctx, l)
		if j.platform.readings() == 0 && !j.unmoved.Load() { // it may have read them a moment ago
			pass(ctx, j.pause())
			s = j.launch(ctx, l)
		}
		if j.platform.readings() == 0 && j.decide(s, &control.page) != opened {
			t.NotTested(j.unread().Seen(s.keep(t, l.Title)...))
			if !t.Looked(id) { // it wouldn't read the other sets either
				_ = j.platform.publish("") // makes no key
				return
			}
		} else {
			j.judgeRefusal(t, id, l, s, control)
		}
		j.mended(ctx)
	}
}
