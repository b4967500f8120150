package platform

import (
	"context"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// stability compares launches with each other.
func stability(ctx context.Context, t *harness.T) {
	j, s := launchOf(t)
	at := func(s *seen, path ...string) string {
		var v any = s.claims
		for _, name := range path {
			o, _ := v.(map[string]any)
			v = o[name]
		}
		text, _ := v.(string)
		return text
	}
	again := j.begin(ctx, s.user, s.link, plan{fresh: true})
	ids := append(s.keep(t, "a launch"), again.keep(t, "the same launch again")...)
	compare := func(id string, a, b *seen, same bool, sent string, path ...string) {
		x, y := at(a, path...), at(b, path...)
		expected := "the same value"
		if !same {
			expected = "another value"
		}
		if x == "" && y == "" {
			t.NotApplicable(Prefix+id, "no launch has /"+strings.TrimPrefix(strings.Join(path, "/"), claim))
			return
		}
		member := "id"
		if id == "distinct.person" {
			member = "identifier" // it is known outside of the platform
		}
		shown := func(v string) string { return t.Show(member, v) }
		t.Assert(Prefix+id, (x == y) == same, harness.Finding{
			Sent:      sent,
			Expected:  expected,
			Seen:      shown(x) + " and " + shown(y),
			Where:     "/" + strings.TrimPrefix(strings.Join(path, "/"), claim),
			Exchanges: ids,
		})
	}
	person, course, guid := []string{claim + "lis", "person_sourcedid"}, []string{claim + "context",
		"id"}, []string{claim + "tool_platform", "guid"}
	if again.claims == nil {
		for _, id := range []string{"stable.sub", "stable.link", "stable.context", "stable.platform", "distinct.nonce", "distinct.person"} {
			t.NotTested(again.noToken(t, "a second launch"), Prefix+id)
		}
	} else {
		const sent = "the same user, the same link"
		compare("stable.sub", s, again, true, sent, "sub")
		compare("stable.link", s, again, true, sent, claim+"resource_link", "id")
		compare("stable.context", s, again, true, sent, course...)
		compare("stable.platform", s, again, true, sent, guid...)
		compare("distinct.person", s, again, true, sent, person...)
		t.Assert(Prefix+"distinct.nonce", s.token != again.token,
			harness.Finding{Sent: "two launches", Expected: "two tokens", Seen: "the same token", Exchanges: ids})
	}
	if len(j.target.Platform.Users) > 1 {
		if other := j.good(ctx, j.target.Platform.Users[1], s.link); other.claims == nil {
			t.NotTested(j.halted(t, other, other.sent()), Prefix+"distinct.sub")
		} else {
			const sent = "two users, the same link"
			compare("distinct.sub", s, other, false, "two users", "sub")
			compare("stable.link", s, other, true, sent, claim+"resource_link", "id")
			compare("stable.context", s, other, true, sent, course...)
			compare("stable.platform", s, other, true, sent, guid...)
			if at(s, person...) != "" && at(other, person...) != "" {
				compare("distinct.person", s, other, false, "two users", person...)
			}
		}
	}
	for _, l := range j.target.Platform.Links[1:] {
		same, known := l.Same(s.link)
		if !known {
			continue
		}
		other := j.good(ctx, s.user, l)
		if other.claims == nil {
			if !same {
				t.NotTested(j.halted(t, other, other.sent()), Prefix+"distinct.link")
			}
			continue
		}
		compare("stable.sub", s, other, true, "the same user, two links", "sub")
		if same {
			compare("stable.link", s, other, true, s.link.Name+" and "+l.Name+", which are the same link", claim+"resource_link", "id")
		} else {
			compare("distinct.link", s, other, false, s.link.Name+" and "+l.Name, claim+"resource_link", "id")
		}
	}
}
