package nrps

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	tokens "github.com/rollcall-edu/rollcall/suites/lti/access"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// ToolPrefix begins the ids of the requirements on tools.
const ToolPrefix = "nrps20.tool."

// ToolProfile is what a tool claims that reads rosters.
const ToolProfile = "nrps20-tool"

// What rosters go by.
const (
	memberScope = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
	memberMedia = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
)

// ToolPart is what the suite for tools has of rosters.
func ToolPart() tool.Part {
	needs := []harness.Need{tool.Opens(), rosterRead()}
	check := func(id, title string, body func(context.Context, *harness.T), requirements ...string) harness.Check {
		return harness.Check{ID: "nrps." + id, Title: title, Needs: needs, Body: body, Requirements: requirements}
	}
	return tool.Part{Profile: ToolProfile, Prefix: ToolPrefix, Checks: []harness.Check{
		check("request", "Asks for the roster in the form of the standard", rosterRequest, "roster.address", "roster.accept"),
		check("pages", "Reads a roster of three pages to its end", rosterPages, "roster.pages", "roster.everybody", "roster.differences"),
		check("next", "Goes on where the link leads, to the letter", rosterNext, "roster.next"),
		check("links", "Finds the next page in any right form of the header", rosterLinks, "roster.links"),
		check("nameless", "Reads members of whom only id and roles are told", rosterNameless, "roster.nameless"),
		check("empty", "Takes an empty roster", rosterEmpty, "roster.empty"),
		check("missing-members", "Tells an answer without a list of members from an empty roster", rosterMissing, "roster.missing-members"),
		check("loop", "Stops where a next link leads to the same page", rosterLoop, "roster.loop"),
		check("whole", "Doesn't show a part of a roster as the whole", rosterWhole, "roster.whole"),
	}}
}

// ToolProvokes has a tool read a roster.
func ToolProvokes() tokens.Provoke {
	return tokens.Provoke{Service: "reading a roster", Key: rosterKey, Offered: offered, Plain: plainRoster,
		Again: func(ctx context.Context, t *harness.T, token func(w http.ResponseWriter,
			r *http.Request) bool) (tool.Acted, harness.Obstacle, bool) {
			return read(ctx, t, givenRoster{title: "a roster of one page", pages: []givenPage{first()}, token: token, anew: true})
		}}
}

// offered are the scopes that launches offer in which rosters are read.
func offered(t *harness.T) []string {
	scopes := []string{memberScope}
	if tool.Shared(t, newRosters).graded {
		for _, s := range tool.GradeScopes() {
			scopes = append(scopes, s.(string))
		}
	}
	return scopes
}

// asks tells whether requests of tokens came: then something else is in the way.
func asks(a tool.Acted) bool {
	return slices.ContainsFunc(a.Calls, func(c tool.Call) bool { return c.Token })
}

const rosterKey = "lti.tool.roster"

// rosterRead needs a tool that reads the roster when its steps are taken, or by itself.
func rosterRead() harness.Need {
	return harness.Need{Text: "steps in lti.tool.roster by which the tool reads the roster, or one that does so by itself",
		Unmet: func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
			_, o, ok := plainRoster(ctx, t)
			return o, !ok
		}}
}

// rosters is what came of reading rosters in this run, by their titles.
type rosters struct {
	read map[string]came
	// stale: in a course that it never met the tool reads no roster, where it does in one that it knows.
	stale bool
	// graded: the tool reads a roster where grades are offered too, and none where they aren't.
	graded bool
}

func newRosters() *rosters { return &rosters{read: map[string]came{}} }

type came struct {
	acted    tool.Acted
	obstacle harness.Obstacle
	ok       bool
}

// givenRoster is one that a tool is given.
type givenRoster struct {
	title string
	pages []givenPage
	token func(w http.ResponseWriter, r *http.Request) bool
	anew  bool // whatever came of one of this title before
	// waits is how many requests of the roster are waited for; 0: one for each page.
	waits int
	quiet time.Duration
	// patience is how long is waited for them; 0: as for a launch.
	patience time.Duration
	// known: in the course that all launches are in, rather than in one of its own.
	known bool
	// graded: the launch offers grades too, and the gradebook that all launches have.
	graded bool
	// ends is after how many requests no page leads to another any more; 0: never. A tool that
	// goes round would do so for as long as it is answered.
	ends int
	// after must come back with each page but the first, letter by letter; empty: nothing.
	after string
}

// givenPage is one answer. Links are those of its header, in which $here stands for the address of
// the roster without a query.
type givenPage struct {
	members []map[string]any // nil: the answer has no members at all
	links   []string
	status  int // 0: 200
}

func somebody(n int, name string, roles ...any) map[string]any {
	given, family, _ := strings.Cut(name, " ")
	if roles == nil {
		roles = []any{"http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"}
	}
	return map[string]any{"user_id": fmt.Sprintf("u-member-%d", n), "status": "Active", "name": name,
		"given_name": given, "family_name": family,
		"email": fmt.Sprintf("member%d@riverbend.example", n), "roles": roles}
}

// The people of the rosters, of a page each.
var pupils = [][]string{{"Amara Okafor", "Jonas Weber"}, {"Mei-Ling Tan", "Diego Fuentes"}, {"Saoirse Byrne"}}

func members(page int) []map[string]any {
	var out []map[string]any
	for i, name := range pupils[page] {
		out = append(out, somebody(page*10+i, name))
	}
	return out
}

// changed is what the link of differences leads to: somebody has left (NRPS 2.0 §2.5).
var changed = func() givenPage {
	left := somebody(99, gone)
	left["status"] = "Deleted"
	return givenPage{members: []map[string]any{left}}
}()

// gone is who isn't in the course any more.
const gone = "Wilhelmina Petrosyan"

func first(links ...string) givenPage { return givenPage{members: members(0), links: links} }

// plainRoster has the tool read a roster of three pages, once a run: that it does so at all is
// what everything here stands on.
func plainRoster(ctx context.Context, t *harness.T) (tool.Acted, harness.Obstacle, bool) {
	a, o, ok := read(ctx, t, givenRoster{title: "a roster of three pages", known: true, quiet: time.Second, pages: []givenPage{
		first(`<$here?course=1&page=2>; rel="next"`),
		{members: members(1), links: []string{`<$here?course=1&page=3>; rel="next"`}},
		{members: members(2), links: []string{`<$here?course=1&since=3>; rel="differences"`}},
	}})
	if ok && len(requests(a)) == 0 {
		if o, is := tokens.Refused(a); is {
			return a, o, false
		}
		if len(tool.Section(t).Tool.Roster) == 0 {
			return a, harness.Unconfigured("no steps lead to a roster (lti.tool.roster), and at a launch by an instructor the tool reads none by itself",
				"Add lti.tool.roster: what an instructor does, from the opened launch on, to have the tool read who is in the course, such as [{click: \"text=Participants\"}]."), false
		}
		return a, a.Missing("request of the roster", rosterKey), false
	}
	return a, o, ok
}

// read has the tool read a roster, once a run for each of them.
func read(ctx context.Context, t *harness.T, r givenRoster) (tool.Acted, harness.Obstacle, bool) {
	all := tool.Shared(t, newRosters)
	if c, there := all.read[r.title]; there && !r.anew {
		return c.acted, c.obstacle, c.ok
	}
	r.known, r.graded = r.known || all.stale, all.graded
	a, o, ok := act(ctx, t, r)
	if ok && !r.known && len(requests(a)) == 0 { // it may know no such course
		r.known = true
		if a, o, ok = act(ctx, t, r); ok && len(requests(a)) > 0 {
			all.stale = true
		}
	}
	if ok && !r.graded && len(all.read) == 0 && len(requests(a)) == 0 && !asks(a) { // it may show people with their grades
		r.graded = true
		switch b, why, came := act(ctx, t, r); {
		case !came:
			a, o, ok = b, why, false
		case len(requests(b)) > 0:
			a, all.graded = b, true
		}
	}
	if !r.anew {
		all.read[r.title] = came{a, o, ok}
	}
	return a, o, ok
}

func act(ctx context.Context, t *harness.T, r givenRoster) (tool.Acted, harness.Obstacle, bool) {
	services := "course-1-roster"
	claims := map[string]any{"ags": nil}
	if r.graded {
		claims["ags"] = map[string]any{"scope": tool.GradeScopes(), "lineitems": tool.Origin(t) + "/services/lineitems?course=1"}
	}
	if !r.known {
		fresh := tool.Fresh()
		services = "course-" + fresh + "-roster"
		claims["context"] = map[string]any{"id": "course-" + fresh}
		claims["resource_link"] = map[string]any{"id": "link-" + fresh}
	}
	claims["nrps"] = map[string]any{"context_memberships_url": "$services/members?course=1", "service_versions": []any{"2.0"}}
	if r.waits == 0 {
		r.waits = len(r.pages)
	}
	var served atomic.Int32
	return tool.Act(ctx, t, tool.Action{Title: r.title, User: "instructor", Claims: claims, Services: services,
		Steps: tool.Section(t).Tool.Roster, Lenient: true,
		Token: r.token, Quiet: r.quiet, Patience: r.patience,
		Serve: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			over := served.Add(1) > int32(r.ends) && r.ends > 0
			r.serve(t, w, q, tool.Origin(t)+"/acts/"+services+"/members", over)
		}),
		Done: func(calls []tool.Call) bool {
			n := 0
			for _, c := range calls {
				if isRequest(c) && c.Status != http.StatusUnauthorized {
					n++
				}
			}
			return n >= r.waits
		}})
}

// serve answers a request of the roster. Whoever loses the query of its address finds nothing.
func (r givenRoster) serve(t *harness.T, w http.ResponseWriter, q *http.Request, here string, over bool) {
	n := 1
	if text := q.URL.Query().Get("page"); text != "" {
		n, _ = strconv.Atoi(text) // our own
	}
	switch {
	case q.URL.Path != "/members", q.URL.Query().Get("course") != "1", n < 1, n > len(r.pages), n > 1 && q.URL.Query().Get("after") != r.after:
		http.NotFound(w, q)
		return
	case q.Method != http.MethodGet:
		w.Header().Set("Allow", "GET")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	case !tool.Admit(t, w, q, memberScope):
		return
	}
	p := r.pages[n-1]
	if q.URL.Query().Has("since") {
		p = changed
	}
	if over {
		p.links = nil
	}
	if p.status != 0 {
		http.Error(w, "The roster is not to be had just now.", p.status)
		return
	}
	for _, l := range p.links {
		w.Header().Add("Link", strings.ReplaceAll(l, "$here", here))
	}
	body := map[string]any{"id": here + "?" + q.URL.RawQuery, "context": map[string]any{"id": "course-1",
		"label": "ALG-1", "title": "Algebra 1"}}
	if p.members != nil {
		body["members"] = p.members
	}
	tool.Answer(w, http.StatusOK, memberMedia, body)
}

func isRequest(c tool.Call) bool { return !c.Token && strings.HasPrefix(c.Path, "/members") }

// requests are those of the roster.
func requests(a tool.Acted) []tool.Call {
	var out []tool.Call
	for _, c := range a.Calls {
		if isRequest(c) {
			out = append(out, c)
		}
	}
	return out
}

// pagesOf tells which pages were asked for, and given.
func pagesOf(a tool.Acted) map[string]int {
	out := map[string]int{}
	for _, c := range requests(a) {
		if c.Status == http.StatusOK || c.Status >= 500 {
			q := strings.TrimPrefix(c.Query, "course=1")
			n := "1"
			for part := range strings.SplitSeq(q, "&") {
				if v, is := strings.CutPrefix(part, "page="); is {
					n = v
				}
			}
			out[n]++
		}
	}
	return out
}

// unanswered is what keeps requests from being answered: they come without a token, or with one
// for something else, or lose the query of the address.
func unanswered(a tool.Acted) (harness.Obstacle, bool) {
	var o harness.Obstacle
	for _, c := range requests(a) {
		switch c.Status {
		case http.StatusForbidden:
			o = harness.BlockedBy(tokens.ReqScope, "the token of the request is for something else")
		case http.StatusUnauthorized:
			o = tokens.Unauthorized(c)
		case http.StatusNotFound, http.StatusMethodNotAllowed:
			o = harness.BlockedBy(ToolPrefix+"roster.address", "the request is not for the roster that the launch names")
		default:
			return o, false
		}
	}
	return o.Seen(a.Exchanges...), o.Owner() != ""
}

// rosterRequest looks at the first request.
func rosterRequest(ctx context.Context, t *harness.T) {
	a, _, _ := plainRoster(ctx, t)
	c := requests(a)[0]
	f := harness.Finding{Sent: "a launch with context_memberships_url …/members?course=1", Expected: "GET …/members with course=1, and what the tool adds behind it",
		Seen: c.Method + " …" + c.Path + query(c.Query), Where: "the address", Exchanges: []string{c.Exchange}}
	t.Assert(ToolPrefix+"roster.address", c.Method == http.MethodGet && c.Path == "/members" && hasCourse(c.Query), f)
	named := false
	for part := range strings.SplitSeq(strings.Join(c.Header.Values("Accept"), ","), ",") {
		media, _, err := mime.ParseMediaType(part)
		named = named || err == nil && media == memberMedia
	}
	t.Assert(ToolPrefix+"roster.accept", named, harness.Finding{Sent: "nothing: the tool asks for the roster",
		Expected: "Accept: " + memberMedia,
		Seen:     strings.Join(c.Header.Values("Accept"), ", "), Where: "header Accept", Exchanges: []string{c.Exchange}})
}

func query(q string) string {
	if q == "" {
		return ""
	}
	return "?" + q
}

func hasCourse(q string) bool {
	for part := range strings.SplitSeq(q, "&") {
		if part == "course=1" {
			return true
		}
	}
	return false
}

func rosterPages(ctx context.Context, t *harness.T) {
	a, _, _ := plainRoster(ctx, t)
	const sent = "a roster of three pages, each with a Link header whose rel is \"next\" but the last"
	readTo(t, a, "roster.pages", sent)
	const everybody, differences = ToolPrefix + "roster.everybody", ToolPrefix + "roster.differences"
	switch {
	case !shows(a):
		t.NotApplicable(everybody, unshown)
		t.NotApplicable(differences, unshown)
		return
	case pagesOf(a)["2"] == 0 || pagesOf(a)["3"] == 0:
		t.NotTested(harness.BlockedBy(ToolPrefix+"roster.pages", "the roster is not read to its end").Seen(a.Exchanges...), everybody)
	default:
		missing := unnamed(a)
		t.Assert(everybody, missing == 0, harness.Finding{Sent: sent, Expected: "a page that names all of them",
			Seen: fmt.Sprintf("%d of 5 are missing", missing), Where: "the tool's page", Exchanges: a.Exchanges})
	}
	t.Assert(differences, !names(a, gone), harness.Finding{Sent: "a link whose rel is \"differences\", which leads to somebody who has left: status Deleted",
		Expected: "a page that doesn't name them", Seen: "they are shown as one of the course", Where: "the tool's page", Exchanges: a.Exchanges})
}

// follows tells whether the tool reads the plain roster to its end; where it doesn't, no other form
// of a link can be tried.
func follows(ctx context.Context, t *harness.T) bool {
	plain, _, _ := plainRoster(ctx, t)
	if pagesOf(plain)["3"] > 0 {
		return true
	}
	o, is := unanswered(plain)
	if !is {
		o = harness.BlockedBy(ToolPrefix+"roster.pages", "the tool follows no link to a next page").Seen(plain.Exchanges...)
	}
	t.NotTested(o)
	return false
}

// rosterNext has pages whose links hold an opaque text, as those of widespread platforms do.
func rosterNext(ctx context.Context, t *harness.T) {
	if !follows(ctx, t) {
		return
	}
	a, o, ok := given(ctx, t, givenRoster{title: "a roster whose links hold an opaque text", quiet: time.Second,
		after: "WyJhIixCXQ+/=", pages: []givenPage{
			first(`<$here?course=1&page=2&after=WyJhIixCXQ%2B%2F%3D>; rel="next"`),
			{members: members(1), links: []string{`<$here?course=1&page=3&after=WyJhIixCXQ%2B%2F%3D>; rel="next"`}},
			{members: members(2)},
		}})
	if !ok {
		t.NotTested(o)
		return
	}
	readTo(t, a, "roster.next", "a roster of three pages, whose addresses hold after=WyJhIixCXQ%2B%2F%3D: without it there is no such page")
}

// readTo looks whether three pages were read.
func readTo(t *harness.T, a tool.Acted, requirement, sent string) {
	if o, is := unanswered(a); is {
		t.NotTested(o)
		return
	}
	got := pagesOf(a)
	t.Assert(ToolPrefix+requirement, got["2"] > 0 && got["3"] > 0, harness.Finding{Sent: sent, Expected: "requests of pages 2 and 3",
		Seen: fmt.Sprintf("%d of page 2 and %d of page 3, within %s", got["2"], got["3"], a.Waited.Round(time.Second)), Where: "header Link",
		Exchanges: a.Exchanges})
}

func rosterLinks(ctx context.Context, t *harness.T) {
	if !follows(ctx, t) {
		return
	}
	a, o, ok := given(ctx, t, givenRoster{title: "a roster whose links are written otherwise", quiet: time.Second, pages: []givenPage{
		first(`<$here?course=1&page=2>; rel=next`),
		{members: members(1), links: []string{`<$here?course=1&since=2>; rel="differences", <$here?course=1&page=3>; title="the rest, all of it"; rel="next"`}},
		{members: members(2), links: []string{`<$here?course=1&since=3>; rel="differences"`}},
	}})
	if !ok {
		t.NotTested(o)
		return
	}
	readTo(t, a, "roster.links", "a roster of three pages, with rel=next unquoted, and with two links in one header")
}

// given has the tool read another roster than the plain one, of which it has asked for something.
func given(ctx context.Context, t *harness.T, r givenRoster) (tool.Acted, harness.Obstacle, bool) {
	a, o, ok := read(ctx, t, r)
	if ok && len(requests(a)) == 0 {
		return a, a.Missing("request of the roster", rosterKey), false
	}
	if ok {
		if o, is := unanswered(a); is {
			return a, o, false
		}
	}
	return a, o, ok
}
