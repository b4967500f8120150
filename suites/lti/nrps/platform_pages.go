package nrps

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/weblink"
)

// filterable picks a role in courses that some members have and others don't; Learner where
// that is one.
func filterable(all roster) string {
	count := map[string]int{}
	for _, m := range all.members {
		for _, p := range m.principals() {
			count[p]++
		}
	}
	for _, role := range append([]string{"Learner", "Instructor"}, slices.Sorted(maps.Keys(count))...) {
		if n := count[role]; n > 0 && n < len(all.members) {
			return role
		}
	}
	return ""
}

// of gives those who have a role in courses itself, without those whose role refines it: of
// them it isn't said whether a filter has them.
func (r roster) of(role string) map[string]member {
	out := r.ids()
	maps.DeleteFunc(out, func(_ string, m member) bool { return !m.plainly(role) })
	return out
}

func roles(ctx context.Context, t *harness.T) {
	all, ok := whole(ctx, t)
	if !ok {
		return
	}
	role := filterable(all)
	if role == "" {
		t.NotTested(all.roleless())
		return
	}
	filtered := walk(ctx, t, with(address(t), "role", membership+role), mostPages)
	if o, stuck := filtered.stuck(); stuck {
		if filtered.failed == nil || len(filtered.pages) > 0 {
			t.NotTested(o)
			return
		}
		t.Fail(reqOnly, harness.Finding{Expected: "200 and the members who have the role", Seen: filtered.failed.what(),
			Responses: []*harness.Response{filtered.failed.Response}})
		left(t, harness.BlockedBy(reqOnly, "a role by its full name is answered with "+filtered.failed.what(), filtered.failed.Response),
			"role.complete", "role.short", "role.nobody")
		return
	}
	others := 0
	for _, m := range filtered.members {
		if !slices.Contains(m.principals(), role) {
			others++
		}
	}
	filters := t.Assert(reqOnly, others == 0, harness.Finding{
		Expected:  "members with the role " + role + " alone",
		Seen:      many(others, "member") + " without it",
		Where:     "/members/*/roles",
		Responses: filtered.proof(),
	})
	want, got := all.of(role), filtered.ids()
	begun := membership + role[:len(role)-1]
	begins := walk(ctx, t, with(address(t), "role", begun), mostPages)
	if _, stuck := begins.stuck(); filters && !stuck { // whoever passes it over tells of everybody
		t.Assert(reqOnly, len(begins.members) == 0 || differ(begins.ids(), got) != "", harness.Finding{
			Sent:      "role=" + begun + ", which is no role",
			Expected:  "nobody, or a refusal",
			Seen:      "those with the role " + role + ", and nobody else",
			Responses: begins.proof(),
		})
	}
	lost := 0
	for id := range want {
		if _, there := got[id]; !there {
			lost++
		}
	}
	t.Assert(PlatformPrefix+"role.complete", lost == 0, harness.Finding{
		Expected:  fmt.Sprintf("all %d members who have the role %s", len(want), role),
		Seen:      many(lost, "member") + " missing",
		Responses: append(filtered.proof(), all.proof()...),
	})
	if !filters {
		left(t, harness.BlockedBy(reqOnly, "roles don't filter", filtered.pages[0].Response), "role.short", "role.nobody")
		return
	}
	short := walk(ctx, t, with(address(t), "role", role), mostPages)
	f := harness.Finding{Expected: "the same members as by " + membership + role}
	if short.failed != nil {
		f.Seen, f.Responses = short.failed.what(), []*harness.Response{short.failed.Response}
		t.Fail(PlatformPrefix+"role.short", f)
	} else if o, stuck := short.stuck(); stuck {
		t.NotTested(o, PlatformPrefix+"role.short")
	} else {
		f.Seen, f.Responses = differ(short.ids(), got), append(short.proof(), filtered.proof()...)
		t.Assert(PlatformPrefix+"role.short", f.Seen == "", f)
	}
	rare := rareRole(all)
	nobody := ask(ctx, t, with(address(t), "role", membership+rare))
	t.Assert(PlatformPrefix+"role.nobody", nobody.usable() && len(nobody.members) == 0, harness.Finding{
		Sent:      "role=" + membership + rare + ", which nobody has",
		Expected:  "200 and no members",
		Seen:      nobody.what() + ", " + many(len(nobody.members), "member"),
		Responses: []*harness.Response{nobody.Response},
	})
}

// rareRole is one in courses that nobody has.
func rareRole(all roster) string {
	for _, role := range []string{"Officer", "Manager", "ContentDeveloper", "Mentor"} {
		if !slices.ContainsFunc(all.members, func(m member) bool { return slices.Contains(m.principals(), role) }) {
			return role
		}
	}
	return "Officer"
}

// mostTurns is about how many pages a roster is taken apart into.
const mostTurns = 8

func pages(ctx context.Context, t *harness.T) {
	all, ok := whole(ctx, t)
	if !ok {
		return
	}
	n := len(all.ids())
	if n < 2 {
		t.NotTested(harness.NoData(fmt.Sprintf("the course has %s: there is nothing to part", many(n, "member")),
			"Have lti.platform.links open a course with several people in it."))
		return
	}
	one := ask(ctx, t, with(address(t), "limit", "1"))
	size := (n + mostTurns - 1) / mostTurns
	turned := walk(ctx, t, with(address(t), "limit", fmt.Sprint(size)), 2*mostTurns+3)
	if !limits(t, one, 1) || !turnedAll(t, turned, size) {
		return
	}
	first := turned.pages[0]
	if len(first.members) >= n { // a limit is passed over, which is a finding already
		if len(all.pages) == 1 {
			left(t, harness.BlockedBy(reqLimit, "a limit is passed over, so that there is one page alone", first.Response),
				"page.next", "page.ends", "page.whole", "page.links", "page.form", "page.keeps-role", "page.keeps-rlid")
			return
		}
		turned, first, size = all, all.pages[0], len(all.pages[0].members)
	}
	leads := t.Assert(reqNext, first.next != "", harness.Finding{
		Expected:  `Link with rel="next", for the page has ` + fmt.Sprintf("%d of %d members", len(first.members), n),
		Seen:      linkSeen(first),
		Where:     "header Link",
		Responses: []*harness.Response{first.Response},
	})
	if !leads {
		left(t, harness.BlockedBy(reqNext, "a page that is not the whole leads to no other", first.Response),
			"page.ends", "page.whole", "page.links", "page.form", "page.keeps-role", "page.keeps-rlid")
		return
	}
	written(t, turned)
	for _, p := range turned.pages {
		entire(t, p, all.pages[0])
	}
	ends := t.Assert(reqEnds, turned.endless == "" && !turned.more, harness.Finding{
		Expected:  fmt.Sprintf("an end: pages of %d of %d members", size, n),
		Seen:      endless(turned),
		Where:     "header Link",
		Responses: []*harness.Response{turned.last().Response},
	})
	if !ends {
		left(t, harness.BlockedBy(reqEnds, endless(turned), turned.last().Response), "page.whole", "page.keeps-role", "page.keeps-rlid")
		return
	}
	f := harness.Finding{Sent: fmt.Sprintf("limit=%d, and all next links", size),
		Expected:  fmt.Sprintf("the %d members that there are, each once", n),
		Responses: append([]*harness.Response{turned.last().Response}, turned.proof()...)}
	twice := len(turned.members) - len(turned.ids())
	switch f.Seen = differ(turned.ids(), all.ids()); {
	case turned.astray != "":
		f.Seen = "a next link to a host that is none of the platform's: " + turned.astray
	case turned.failed != nil:
		f.Seen, f.Responses = "a next link that is answered with "+turned.failed.what(),
			[]*harness.Response{turned.failed.Response, turned.last().Response}
	case f.Seen != "" && len(turned.ids()) > n && len(turned.ids()) == len(union(turned, all)):
		// The pages have everybody, and the list without a limit has not.
		t.Fail(reqNext, harness.Finding{
			Sent:      "the members without a limit",
			Expected:  `Link with rel="next", for there are ` + many(len(turned.ids()), "member") + " on pages with a limit",
			Seen:      many(n, "member") + ", and " + linkSeen(all.last()),
			Where:     "header Link",
			Responses: append([]*harness.Response{all.last().Response}, turned.proof()...),
		})
		left(t, harness.BlockedBy(reqNext, "the list without a limit is cut", all.last().Response),
			"page.whole", "page.keeps-role", "page.keeps-rlid")
		return
	case f.Seen == "" && twice > len(all.members)-n:
		f.Seen = many(twice, "member") + " on several pages"
	}
	if !t.Assert(PlatformPrefix+"page.whole", f.Seen == "", f) {
		left(t, harness.BlockedBy(PlatformPrefix+"page.whole", "pages together are not the whole: "+f.Seen, f.Responses...),
			"page.keeps-role", "page.keeps-rlid")
		return
	}
	keepsRole(ctx, t, all)
	keepsLink(ctx, t, size)
}

// union are the members of two rosters.
func union(a, b roster) map[string]member {
	out := a.ids()
	maps.Copy(out, b.ids())
	return out
}

// turnedAll holds every page to its limit; ok is false where there is no page to look at.
func turnedAll(t *harness.T, r roster, size int) bool {
	if len(r.pages) == 0 {
		o, _ := r.stuck()
		if r.failed != nil {
			t.Fail(reqLimit, harness.Finding{Expected: fmt.Sprintf("200 and %d members at most", size), Seen: r.failed.what(),
				Responses: []*harness.Response{r.failed.Response}})
		}
		left(t, o, "page.next", "page.ends", "page.whole", "page.links", "page.form", "page.keeps-role", "page.keeps-rlid")
		return false
	}
	for _, p := range r.pages {
		limits(t, p, size)
	}
	return true
}

// limits holds a page to its limit; ok is false where there is no page.
func limits(t *harness.T, p page, size int) bool {
	f := harness.Finding{Expected: many(size, "member") + " at most", Seen: many(len(p.members), "member"),
		Responses: []*harness.Response{p.Response}}
	if !p.usable() {
		f.Expected, f.Seen = "200 and "+f.Expected, p.what()
		t.Fail(reqLimit, f)
		left(t, harness.BlockedBy(reqLimit, "a limit is answered with "+p.what(), p.Response),
			"page.next", "page.ends", "page.whole", "page.links", "page.form", "page.keeps-role", "page.keeps-rlid")
		return false
	}
	t.Assert(reqLimit, len(p.members) <= size, f)
	return true
}

func endless(r roster) string {
	if r.endless != "" {
		return r.endless
	}
	return many(len(r.pages), "page") + ", and a next link still"
}

// linkSeen words the Link header of a page.
func linkSeen(p page) string {
	if fields := p.Header.Values("Link"); len(fields) > 0 {
		return "Link: " + fmt.Sprint(fields)
	}
	return "no Link header"
}

// written looks at how links are written.
func written(t *harness.T, r roster) {
	for _, p := range r.pages {
		fields := p.Header.Values("Link")
		if len(fields) == 0 {
			continue
		}
		_, fine := weblink.Parse(fields) // what is relative can be read too (RFC 8288 §3.1)
		t.Assert(PlatformPrefix+"page.links", fine, harness.Finding{
			Expected:  `links as RFC 8288 has them: <https://…>; rel="next"`,
			Seen:      linkSeen(p),
			Where:     "header Link",
			Responses: []*harness.Response{p.Response},
		})
	}
}

// contextID is the id of the context that a page names.
func (p page) contextID() string {
	c, _ := p.body["context"].(map[string]any)
	id, _ := c["id"].(string)
	return id
}

// entire holds a page to name the course, as the first of the list does.
func entire(t *harness.T, p, first page) {
	t.Assert(PlatformPrefix+"page.form", p.contextID() == first.contextID(), harness.Finding{
		Expected:  "the context on each page, as on the first",
		Seen:      fmt.Sprintf("context %q", p.contextID()),
		Responses: []*harness.Response{p.Response},
	})
}

// keepsRole turns the pages of those who have a role.
func keepsRole(ctx context.Context, t *harness.T, all roster) {
	const name = "page.keeps-role"
	role := filterable(all)
	if role == "" {
		left(t, all.roleless(), name)
		return
	}
	at := with(address(t), "role", membership+role)
	want := walk(ctx, t, at, mostPages)
	if want.failed != nil && len(want.pages) == 0 {
		left(t, harness.BlockedBy(reqOnly, "a role by its full name is answered with "+want.failed.what(), want.failed.Response), name)
		return
	}
	if o, stuck := want.stuck(); stuck {
		left(t, o, name)
		return
	}
	n := len(want.ids())
	if n < 2 {
		left(t, harness.NoData("too few members have a role for several pages", "Have lti.platform.links open a course with more people in it."),
			name)
		return
	}
	size := (n + mostTurns - 1) / mostTurns
	got := walk(ctx, t, with(at, "limit", fmt.Sprint(size)), 2*mostTurns+3)
	kept(t, name, got, want, fmt.Sprintf("role=%s&limit=%d, and all next links", role, size))
}

// kept holds what pages bring together against what came without a limit.
func kept(t *harness.T, name string, got, want roster, sent string) {
	f := harness.Finding{Sent: sent, Expected: fmt.Sprintf("the %d members that come without a limit", len(want.ids())),
		Responses: got.proof()}
	switch {
	case got.failed != nil:
		f.Seen, f.Responses = got.failed.what(), []*harness.Response{got.failed.Response}
	case got.endless != "" || got.more:
		f.Seen = endless(got)
	default:
		f.Seen = differ(got.ids(), want.ids())
	}
	t.Assert(PlatformPrefix+name, f.Seen == "", f)
}

// keepsLink turns the pages of a link that is named.
func keepsLink(ctx context.Context, t *harness.T, size int) {
	const name = "page.keeps-rlid"
	at := linkAddress(t)
	first := ask(ctx, t, at)
	if at == "" || !first.usable() || !slices.ContainsFunc(first.members, hasMessage) {
		left(t, harness.BlockedBy(reqMessage, "members have no messages, though a link is named", first.Response), name)
		return
	}
	got := walk(ctx, t, with(at, "limit", fmt.Sprint(size)), 2*mostTurns+3)
	if got.failed != nil || len(got.pages) < 2 {
		f := harness.Finding{Expected: "pages of members with messages", Seen: many(len(got.pages), "page"), Responses: got.proof()}
		if got.failed != nil {
			f.Seen, f.Responses = got.failed.what(), []*harness.Response{got.failed.Response}
			t.Fail(PlatformPrefix+name, f)
			return
		}
		left(t, harness.BlockedBy(reqLimit, "with a link that is named there is one page alone", got.pages[0].Response), name)
		return
	}
	for _, p := range got.pages[1:] {
		lacking := 0
		for _, m := range p.members {
			if m.active() && !hasMessage(m) {
				lacking++
			}
		}
		t.Assert(PlatformPrefix+name, lacking == 0, harness.Finding{
			Expected:  "messages on every page, as on the first",
			Seen:      many(lacking, "member") + " without",
			Responses: []*harness.Response{p.Response, got.pages[0].Response},
		})
	}
}
