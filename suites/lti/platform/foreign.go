package platform

import (
	"context"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// What a platform has given to one person, or to one registration, must be worth
// nothing in the hands of another: a browser shows whatever it is sent, so that a
// platform which takes a hint at its word signs somebody in under a stranger's name.

// nobodysLoginHint asks with a login_hint that nobody has.
func nobodysLoginHint(*judge) map[string]plan {
	return map[string]plan{"a login_hint that nobody has": {set: map[string]string{"login_hint": "somebody-else"}}}
}

// foreignHint are the needs of a launch with somebody else's hint.
func foreignHint() []harness.Need {
	return []harness.Need{twoUsers("there is no second user whose hint could be taken"), unattended(tooMany)}
}

// foreignLoginHint asks with that of another user who has begun a launch.
func foreignLoginHint(ctx context.Context, t *harness.T, j *judge, s *seen, r breach) {
	for _, n := range foreignHint() { // of a hint that nobody has was told already
		if o, unmet := n.Unmet(ctx, t); unmet {
			t.NotTested(o, Prefix+"refuse."+r.id)
			return
		}
	}
	if other := j.begun(ctx, t, Prefix+"refuse."+r.id); other != nil {
		j.refuseForeign(ctx, t, s, other, r, "login_hint")
	}
}

// foreignMessageHint asks with the lti_message_hint of a launch that another user
// has begun.
func foreignMessageHint(ctx context.Context, t *harness.T, j *judge, s *seen, r breach) {
	if other := j.begun(ctx, t, Prefix+"refuse."+r.id); other != nil {
		j.refuseForeign(ctx, t, s, other, r, "lti_message_hint")
	}
}

// begun has the second user begin a launch and leave it there; nil where that can't
// be.
func (j *judge) begun(ctx context.Context, t *harness.T, id string) *seen {
	users, links := j.target.Platform.Users, j.target.Platform.Links
	other := j.begin(ctx, users[1], links[0], plan{hold: true,
		then: func(ctx context.Context, p *browser.Page, _ *launch) error { j.settled(ctx, p); return nil }})
	if other.problem != nil || other.launch == nil || !other.launch.begun() {
		t.NotTested(j.halted(t, other, "a launch by "+users[1].Name), id)
		return nil
	}
	return other
}

// refuseForeign makes a launch by the first user with a parameter of another's.
func (j *judge) refuseForeign(ctx context.Context, t *harness.T, s, other *seen, r breach, name string) {
	theirs := other.launch.login.Get(name)
	if name == "login_hint" && s.launch.login.Get(name) == theirs {
		t.NotApplicable(Prefix+"refuse."+r.id, "all users have the same "+name+": the platform knows people by their session alone")
		return
	}
	j.refuse(ctx, t, r.trial("the "+name+" of another user, "+other.user.Name,
		plan{set: map[string]string{name: theirs}, alone: true}), r.post)
}

// otherClient asks in the name of another registration than that for which the
// launch was begun.
func otherClient(j *judge) map[string]plan {
	if j.target.OtherClientID == "" { // nothing is made ahead, either
		return nil
	}
	return map[string]plan{"the client_id of another registration": {set: map[string]string{"client_id": j.target.OtherClientID}}}
}
