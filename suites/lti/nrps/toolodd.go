package nrps

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// Rosters that are odd, or broken. What a tool makes of one that is broken shows only where its
// page tells something of rosters: then a broken one must not look like a whole one.

// The whole rosters that broken ones are compared with.
var (
	short = givenRoster{title: "a roster of one page", pages: []givenPage{first()}}
	empty = givenRoster{title: "a roster without members", pages: []givenPage{{members: []map[string]any{}}}}
)

func rosterNameless(ctx context.Context, t *harness.T) {
	taken(ctx, t, "roster.nameless", givenRoster{title: "a roster whose members have no names", pages: []givenPage{{members: []map[string]any{
		{"user_id": "u-member-1", "roles": []any{"http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"}},
		{"user_id": "u-member-2", "roles": []any{}, "status": "Inactive", "https://example.org/ext/house": map[string]any{"name": "Blue"}},
		{"user_id": "u-member-3", "roles": []any{"Instructor"}, "status": "Active", "given_name": "Mei-Ling"},
	}}}})
}

func rosterEmpty(ctx context.Context, t *harness.T) { taken(ctx, t, "roster.empty", empty) }

// taken looks whether the tool's page breaks down over a roster that is right.
func taken(ctx context.Context, t *harness.T, requirement string, r givenRoster) {
	whole, o, ok := given(ctx, t, short)
	if ok && whole.Broken() != "" {
		o, ok = harness.Unconfigured("after any roster the tool's page ends with "+whole.Broken(),
			"Correct lti.tool.roster in the target file, so that its steps end with a page that opens."), false
	}
	if !ok {
		t.NotTested(o)
		return
	}
	a, o, ok := given(ctx, t, r)
	if !ok {
		t.NotTested(o)
		return
	}
	t.Assert(ToolPrefix+requirement, a.Broken() == "", harness.Finding{Sent: r.title,
		Expected: "a page, as for other rosters", Seen: a.Broken(),
		Where: "the tool's page", Exchanges: a.Exchanges})
}

// shows tells whether the tool's page tells of a roster: it names somebody of it.
func shows(a tool.Acted) bool {
	for _, list := range pupils {
		for _, name := range list {
			if names(a, name) {
				return true
			}
		}
	}
	return false
}

// names tells whether the tool's page names somebody, however it writes names.
func names(a tool.Acted, name string) bool {
	given, family, _ := strings.Cut(name, " ")
	return strings.Contains(a.Text(), given) && strings.Contains(a.Text(), family)
}

// unnamed counts those of the roster of three pages whom the tool's page doesn't name.
func unnamed(a tool.Acted) (n int) {
	for _, list := range pupils {
		for _, name := range list {
			if !names(a, name) {
				n++
			}
		}
	}
	return n
}

const unshown = "the tool's page shows nobody of a roster, so that it can't be seen what it takes for one"

// unlike looks whether a broken roster ends with another page than a whole one of the same members.
func unlike(ctx context.Context, t *harness.T, requirement string, broken, whole givenRoster) {
	plain, o, ok := given(ctx, t, short)
	if ok && !shows(plain) {
		t.NotApplicable(ToolPrefix+requirement, unshown)
		return
	}
	var control, a tool.Acted
	if ok {
		control, o, ok = given(ctx, t, whole)
	}
	if ok {
		a, o, ok = given(ctx, t, broken)
	}
	if !ok {
		t.NotTested(o)
		return
	}
	t.Assert(ToolPrefix+requirement, a.Broken() != "" || control.Broken() != "" || a.Text() != control.Text(),
		harness.Finding{Sent: broken.title,
			Expected: "a page that says that the roster could not be read",
			Seen:     "the same page as for " + whole.title + ": what is not known is taken for nobody",
			Where:    "the tool's page", Exchanges: a.Exchanges})
}

func rosterMissing(ctx context.Context, t *harness.T) {
	unlike(ctx, t, "roster.missing-members",
		givenRoster{title: "an answer that has no members, not even an empty list", pages: []givenPage{{}}}, empty)
}

// mostRounds is how often a page may be asked for that leads to itself: a tool may read it
// again when a person is impatient.
const mostRounds = 8

// circling is a roster whose page leads to itself.
var circling = givenRoster{title: "a roster whose next page is the same one", waits: mostRounds + 1,
	patience: 4 * time.Second, ends: 3 * mostRounds,
	pages: []givenPage{first(`<$here?course=1>; rel="next"`)}}

func rosterLoop(ctx context.Context, t *harness.T) {
	plain, _, _ := plainRoster(ctx, t)
	if pagesOf(plain)["2"] == 0 {
		t.NotTested(harness.BlockedBy(ToolPrefix+"roster.pages", "the tool follows no link to a next page").Seen(plain.Exchanges...))
		return
	}
	a, o, ok := given(ctx, t, circling)
	if !ok {
		t.NotTested(o)
		return
	}
	n := len(requests(a))
	t.Assert(ToolPrefix+"roster.loop", n <= mostRounds, harness.Finding{Sent: circling.title,
		Expected: fmt.Sprintf("no more than %d requests", mostRounds),
		Seen:     fmt.Sprintf("%d or more, one after the other", n), Where: "header Link", Exchanges: a.Exchanges[:min(len(a.Exchanges), 12)]})
}

// rosterWhole breaks a roster off behind its first page.
func rosterWhole(ctx context.Context, t *harness.T) {
	plain, _, _ := plainRoster(ctx, t)
	if pagesOf(plain)["2"] == 0 {
		t.NotTested(harness.BlockedBy(ToolPrefix+"roster.pages", "the tool follows no link to a next page").Seen(plain.Exchanges...))
		return
	}
	unlike(ctx, t, "roster.whole", givenRoster{title: "a roster whose second page is answered with 500", waits: 2, quiet: time.Second,
		pages: []givenPage{first(`<$here?course=1&page=2>; rel="next"`), {status: http.StatusInternalServerError}}}, short)
	if a, _, ok := given(ctx, t, circling); ok && len(requests(a)) > mostRounds {
		return // it goes round until the roster ends, and has all of it then
	}
	unlike(ctx, t, "roster.whole", circling, short)
}
