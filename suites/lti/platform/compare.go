package platform

import (
	"context"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// The claims that launches are compared by.
var (
	subClaim    = []string{"sub"}
	personClaim = []string{claim + "lis", "person_sourcedid"}
	linkClaim   = []string{claim + "resource_link", "id"}
	courseClaim = []string{claim + "context", "id"}
	guidClaim   = []string{claim + "tool_platform", "guid"}
)

// stability compares launches with each other.
func stability(ctx context.Context, t *harness.T) {
	j, s := launchOf(t)
	again := j.begin(ctx, s.user, s.link, plan{fresh: true})
	c := comparison{t: t, j: j, first: s, ids: append(s.keep(t, "a launch"), again.keep(t, "the same launch again")...)}
	c.withAgain(again)
	if len(j.target.Platform.Users) > 1 {
		c.withAnother(j.good(ctx, j.target.Platform.Users[1], s.link))
	}
	for _, l := range j.target.Platform.Links[1:] {
		if same, known := l.Same(s.link); known {
			c.withLink(j.good(ctx, s.user, l), same)
		}
	}
}

// comparison holds launches against a first one.
type comparison struct {
	t     *harness.T
	j     *judge
	first *seen
	ids   []string // the exchanges that show them
}

// withAgain compares the same launch, made again.
func (c comparison) withAgain(again *seen) {
	if again.claims == nil {
		for _, id := range []string{"stable.sub", "stable.link", "stable.context", "stable.platform", "distinct.nonce", "distinct.person"} {
			c.t.NotTested(again.noToken(c.t, "a second launch"), Prefix+id)
		}
		return
	}
	const sent = "the same user, the same link"
	c.same("stable.sub", again, sent, subClaim)
	c.same("stable.link", again, sent, linkClaim)
	c.same("stable.context", again, sent, courseClaim)
	c.same("stable.platform", again, sent, guidClaim)
	c.same("distinct.person", again, sent, personClaim)
	c.t.Assert(Prefix+"distinct.nonce", c.first.token != again.token,
		harness.Finding{Sent: "two launches", Expected: "two tokens", Seen: "the same token", Exchanges: c.ids})
}

// withAnother compares a launch of the same link by another user.
func (c comparison) withAnother(other *seen) {
	if other.claims == nil {
		c.t.NotTested(c.j.halted(c.t, other, other.sent()), Prefix+"distinct.sub")
		return
	}
	const sent = "two users, the same link"
	c.differs("distinct.sub", other, "two users", subClaim)
	c.same("stable.link", other, sent, linkClaim)
	c.same("stable.context", other, sent, courseClaim)
	c.same("stable.platform", other, sent, guidClaim)
	if c.first.text(personClaim) != "" && other.text(personClaim) != "" {
		c.differs("distinct.person", other, "two users", personClaim)
	}
}

// withLink compares a launch by the same user from another link, or from the same one where
// it is opened in another way.
func (c comparison) withLink(other *seen, same bool) {
	if other.claims == nil {
		if !same {
			c.t.NotTested(c.j.halted(c.t, other, other.sent()), Prefix+"distinct.link")
		}
		return
	}
	c.same("stable.sub", other, "the same user, two links", subClaim)
	both := c.first.link.Name + " and " + other.link.Name
	if same {
		c.same("stable.link", other, both+", which are the same link", linkClaim)
	} else {
		c.differs("distinct.link", other, both, linkClaim)
	}
}

// same asserts that both launches have one value in a claim.
func (c comparison) same(id string, other *seen, sent string, path []string) {
	c.assert(id, other, sent, path, "the same value", func(x, y string) bool { return x == y })
}

// differs asserts that they have two.
func (c comparison) differs(id string, other *seen, sent string, path []string) {
	c.assert(id, other, sent, path, "another value", func(x, y string) bool { return x != y })
}

func (c comparison) assert(id string, other *seen, sent string, path []string, expected string, right func(x, y string) bool) {
	x, y := c.first.text(path), other.text(path)
	at := "/" + strings.TrimPrefix(strings.Join(path, "/"), claim)
	if x == "" && y == "" {
		c.t.NotApplicable(Prefix+id, "no launch has "+at)
		return
	}
	member := "id"
	if id == "distinct.person" {
		member = "identifier" // it is known outside of the platform
	}
	c.t.Assert(Prefix+id, right(x, y), harness.Finding{
		Sent:      sent,
		Expected:  expected,
		Seen:      c.t.Show(member, x) + " and " + c.t.Show(member, y),
		Where:     at,
		Exchanges: c.ids,
	})
}

// text gives the text of a claim, or of a member of one; empty where there is none.
func (s *seen) text(path []string) string {
	var v any = s.claims
	for _, name := range path {
		o, _ := v.(map[string]any)
		v = o[name]
	}
	text, _ := v.(string)
	return text
}
