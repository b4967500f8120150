package rest

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
	"github.com/rollcall-edu/rollcall/suites/weblink"
)

// linkChecks judge the Link header. Where it isn't sent, only its absence is
// held against the provider.
func linkChecks() []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = pagingAt + "link-" + requirements[i]
		}
		return Check{ID: "paging.link-" + name, Title: title, Requirements: requirements, Labels: []string{"paging", "link"},
			Needs: needs, Body: body}
	}
	return []Check{
		c("form", "Link headers are well formed, absolute, and stay at the service", inBody("a collection of several pages"), linkForm, "present", "syntax", "absolute", "same-service"),
		c("relations", "first, prev, next and last lead where they say, and stand where they should", tenObjects(), linkRelations, "next", "next-last", "first",
			"last", "prev", "prev-first"),
		c("chain", "The chain of next links yields the whole collection, and ends", tenObjects(), linkChain, "next-target", "ends"),
		c("query", "Links keep filter, sort, orderBy and fields", tenObjects(), linkQuery, "query"),
		c("empty", "The links of a page without objects can be followed", tenObjects(), linkEmpty, "empty"),
	}
}

const noLink = "no Link header is sent; its absence is judged by itself"

// linkPage is the least page size of these checks.
const linkPage = 4

func linkForm(ctx context.Context, t *T) {
	const present, syntax, absolute, same = pagingAt + "link-present", pagingAt + "link-syntax", pagingAt + "link-absolute",
		pagingAt + "link-same-service"
	problems := 0
	for _, c := range t.Service.Collections {
		raw := crawl(t).Raw(c.Name)
		if raw == nil || raw.Len() < 3 || problems > 1 {
			continue
		}
		p := part(ctx, t, c, 0, 2)
		if p.Problem != "" {
			problems++
		}
		if !p.OK() {
			t.Hinders(p.Response)
			continue
		}
		if len(p.Objects) >= raw.Len() {
			continue
		}
		fields := p.Header.Values("Link")
		shown := []*harness.Response{p.Response}
		if !t.Assert(present, len(fields) > 0, harness.Finding{Expected: "a Link header, for more objects follow", Seen: "no such header",
			Where: "header Link", Responses: shown}) {
			continue
		}
		values, fine := weblink.Parse(fields)
		t.Assert(syntax, fine && len(values) > 0,
			harness.Finding{Expected: `<URL>; rel="…", separated by commas`, Seen: Examples(fields), Where: "header Link", Responses: shown})
		asked, err := url.Parse(p.Response.Request.URL)
		for _, l := range values {
			target, bad := url.Parse(l.Target)
			if err != nil || bad != nil {
				t.Fail(syntax, harness.Finding{Expected: "a URI reference", Seen: l.Target, Where: "header Link", Responses: shown})
				continue
			}
			t.Assert(absolute, target.IsAbs() && target.Host != "",
				harness.Finding{Expected: "an absolute URL", Seen: l.Target, Where: "header Link", Responses: shown})
			resolved := asked.ResolveReference(target)
			ok := resolved.Scheme == asked.Scheme && resolved.Host == asked.Host && resolved.EscapedPath() == asked.EscapedPath()
			t.Assert(same, ok, harness.Finding{Expected: asked.Scheme + "://" + asked.Host + asked.EscapedPath(),
				Seen:  resolved.Scheme + "://" + resolved.Host + resolved.EscapedPath(),
				Where: "header Link, rel=" + Examples(l.Rels), Responses: shown})
		}
	}
	t.Lacks("no collection has a second page", "Load at least three objects of a kind.", present)
	if !t.Blocked(syntax, absolute, same) {
		for _, id := range []string{syntax, absolute, same} {
			t.NotApplicable(id, noLink)
		}
	}
}

// linked gives the first page of a collection with links; ok is false when there
// is none, and the requirements are settled then.
func linked(ctx context.Context, t *T, requirements ...string) (c service.Collection, p *Page, ok bool) {
	c, _ = pageable(t, 10)
	p = part(ctx, t, c, 0, t.linkSize(c))
	if !t.ReadyPage(p, requirements...) {
		return c, p, false
	}
	if p.Links == nil {
		for _, id := range requirements {
			t.NotApplicable(id, noLink)
		}
		return c, p, false
	}
	return c, p, true
}

// The requirements of the relations of links.
const (
	linkNext      = pagingAt + "link-next"
	linkNextLast  = pagingAt + "link-next-last"
	linkFirst     = pagingAt + "link-first"
	linkLast      = pagingAt + "link-last"
	linkPrev      = pagingAt + "link-prev"
	linkPrevFirst = pagingAt + "link-prev-first"
)

func linkRelations(ctx context.Context, t *T) {
	c, begin, ok := linked(ctx, t, linkNext, linkNextLast, linkFirst, linkLast, linkPrev, linkPrevFirst)
	if !ok {
		return
	}
	n, size := len(crawl(t).IDs(c.Name)), len(begin.Objects)
	middle, end := part(ctx, t, c, size, t.linkSize(c)), part(ctx, t, c, n-size, t.linkSize(c))
	if !t.ReadyPage(middle, linkNext, linkFirst, linkPrev) || !t.ReadyPage(end, linkNextLast, linkLast) {
		return
	}
	t.Assert(linkNext, begin.Links["next"] != "" && middle.Links["next"] != "",
		harness.Finding{Expected: "a next link while more objects follow", Seen: "none", Where: "header Link",
			Responses: answersOf(begin, middle)})
	t.Assert(linkPrevFirst, begin.Links["prev"] == "",
		harness.Finding{Expected: "no prev link on the first page", Seen: begin.Links["prev"], Where: "header Link",
			Responses: answersOf(begin)})
	endLinks(ctx, t, c, n, size, end)
	leads(ctx, t, c, linkFirst, "first", middle, begin.IDs, "the page with offset 0")
	leads(ctx, t, c, linkPrev, "prev", middle, begin.IDs, "the objects just before")
	lastLink(ctx, t, c, begin, end)
}

// endLinks looks for links behind the last page: at an exact multiple of the size, and where
// one object is left over.
func endLinks(ctx context.Context, t *T, c service.Collection, n, size int, end *Page) {
	for _, offset := range []int{n - size, n - 1} {
		p := part(ctx, t, c, offset, t.linkSize(c))
		if p.OK() && len(p.Objects) == n-offset {
			t.Assert(linkNextLast, p.Links["next"] == "",
				harness.Finding{Expected: "no next link on the last page", Seen: p.Links["next"],
					Where: "header Link at offset " + strconv.Itoa(offset), Responses: answersOf(p)})
		}
	}
	wrong := pagingAt + "offset-records"
	if len(end.Objects) < size {
		wrong = pagingAt + "nothing-lost"
	}
	t.Settle(t.BlockedBy(wrong, "the page at the end holds something else than the last objects", end.Response), linkNextLast)
}

// leads follows a link, to the objects that it must lead to.
func leads(ctx context.Context, t *T, c service.Collection, id, rel string, from *Page, want []string, what string) {
	if !t.Assert(id, from.Links[rel] != "",
		harness.Finding{Expected: "a " + rel + " link", Seen: "none", Where: "header Link", Responses: answersOf(from)}) {
		return
	}
	target, err := url.Parse(from.Links[rel])
	if err != nil || !sameService(t, target) {
		t.NotTested(astray(t, err, rel, from), id)
		return
	}
	p := follow(ctx, t, from.Links[rel], c.List.Wrapper)
	both := min(len(p.IDs), len(want))
	t.Assert(id, p.OK() && both > 0 && slices.Equal(p.IDs[:both], want[:both]),
		harness.Finding{Expected: what, Seen: fmt.Sprintf("%s, %d objects", p.Summary(), len(p.IDs)), Where: from.Links[rel],
			Responses: answersOf(p, from)})
}

// lastLink follows the last link of the first page: it leads to the last object.
func lastLink(ctx context.Context, t *T, c service.Collection, begin, end *Page) {
	link := begin.Links["last"]
	if !t.Assert(linkLast, link != "",
		harness.Finding{Expected: "a last link", Seen: "none", Where: "header Link", Responses: answersOf(begin)}) {
		return
	}
	if target, err := url.Parse(link); err == nil && sameService(t, target) && len(end.IDs) > 0 {
		p := follow(ctx, t, link, c.List.Wrapper)
		t.Assert(linkLast, p.OK() && slices.Contains(p.IDs, end.IDs[len(end.IDs)-1]),
			harness.Finding{Expected: "the page that holds the last object, " + end.IDs[len(end.IDs)-1],
				Seen: fmt.Sprintf("%s, %d objects without it", p.Summary(), len(p.IDs)), Where: link, Responses: answersOf(p, end)})
	}
}

// answersOf gives the answers that pages came in.
func answersOf(pages ...*Page) []*harness.Response {
	out := make([]*harness.Response, len(pages))
	for i, p := range pages {
		out[i] = p.Response
	}
	return out
}

// astray is the obstacle of a link that is not followed: it can't be read, or it
// leaves the service.
func astray(t *T, err error, rel string, from *Page) harness.Obstacle {
	if err != nil {
		return t.BlockedBy(pagingAt+"link-syntax", "the "+rel+" link can't be read", from.Response)
	}
	return t.BlockedBy(pagingAt+"link-same-service", "the "+rel+" link leaves the service and was not followed", from.Response)
}

func linkChain(ctx context.Context, t *T) {
	const target, ends = pagingAt + "link-next-target", pagingAt + "link-ends"
	c, p, ok := linked(ctx, t, target, ends)
	if !ok {
		return
	}
	if p.Links["next"] == "" {
		t.NotTested(t.BlockedBy(pagingAt+"link-next", "the first page has no next link", p.Response), target)
		t.Examined(ends, 1)
		return
	}
	want := crawl(t).IDs(c.Name)
	first := len(p.Objects)
	most := len(want)/max(first, 1) + 3
	met, visited := map[string]bool{}, map[string]bool{}
	var short *Page // that more pages follow
	var trail []*harness.Response
	for pages := 0; ; pages++ {
		for _, id := range p.IDs {
			if met[id] && pages <= most {
				t.Fail(target, harness.Finding{Expected: "each object once on the way of next links", Seen: "it comes again", Where: id,
					Responses: []*harness.Response{p.Response}})
			}
			met[id] = true
		}
		trail = []*harness.Response{p.Response}
		link := p.Links["next"]
		if link == "" {
			missing := Apart(want, met)
			if len(missing) > 0 && short != nil {
				t.NotTested(t.BlockedBy(pagingAt+"nothing-lost",
					fmt.Sprintf("a page on the way of next links holds %d objects and the first %d, though more follow", len(short.Objects),
						first), short.Response), target)
				t.Examined(ends, 1)
				return
			}
			t.Assert(target, len(missing) == 0, harness.Finding{Expected: fmt.Sprintf("all %d objects on the way of next links", len(want)),
				Seen: fmt.Sprintf("%d are not (%s)", len(missing), Examples(missing)), Responses: trail})
			t.Examined(ends, 1)
			return
		}
		if !t.Assert(ends, !visited[link] && pages <= most,
			harness.Finding{Expected: fmt.Sprintf("an end after about %d pages", most-2), Seen: "a next link that was followed before, or one more",
				Where: link, Responses: trail}) {
			return
		}
		visited[link] = true
		if len(p.Objects) < first {
			short = p
		}
		u, err := url.Parse(link)
		if err != nil || !sameService(t, u) {
			t.NotTested(astray(t, err, "next", p), target, ends)
			return
		}
		next := follow(ctx, t, link, c.List.Wrapper)
		if !next.OK() && !t.ItsOwn(ctx, next.Response, target, ends) {
			return
		}
		if !t.Assert(target, next.OK(), harness.Finding{Expected: "the following page", Seen: next.Why(), Where: link,
			Responses: []*harness.Response{next.Response, p.Response}}) {
			return
		}
		p = next
	}
}

func linkQuery(ctx context.Context, t *T) {
	const id = pagingAt + "link-query"
	c, _, ok := linked(ctx, t, id)
	if !ok {
		return
	}
	linkless := false
	var unread *harness.Response
	for _, extra := range [][]string{
		{"filter", t.plainFilter(c)},
		{"filter", t.plainFilter(c) + " AND " + t.key() + "!=" + quote(missing)}, // with blanks
		{"sort", t.dated(), "orderBy", "desc"},
		{"fields", t.twoFields(c)},
	} {
		p := part(ctx, t, c, 0, t.linkSize(c), extra...)
		if !p.OK() {
			t.Hinders(p.Response) // what the parameter does is judged by itself
			continue
		}
		if p.Links == nil {
			linkless = true
			continue
		}
		if len(p.Links) == 0 {
			unread = p.Response
		}
		for rel, link := range p.Links {
			u, err := url.Parse(link)
			if err != nil {
				unread = p.Response
				continue
			}
			q := u.Query()
			for i := 0; i < len(extra); i += 2 {
				t.Assert(id, q.Get(extra[i]) == extra[i+1],
					harness.Finding{Expected: extra[i] + "=" + extra[i+1] + " in every link", Seen: quoteEmptyValue(q.Get(extra[i])),
						Where: "header Link, rel=" + rel, Responses: []*harness.Response{p.Response}})
			}
		}
	}
	switch {
	case unread != nil:
		t.Settle(t.BlockedBy(pagingAt+"link-syntax", "the Link header can't be read", unread), id)
	case linkless:
		t.NotApplicable(id, "pages with filter, sort or fields have no Link header")
	default:
		t.Blocked(id)
	}
}

func quoteEmptyValue(s string) string {
	if s == "" {
		return "no such parameter"
	}
	return s
}

// linkEmpty follows the links of a page on which nothing is, since nothing matches.
func linkEmpty(ctx context.Context, t *T) {
	const id = pagingAt + "link-empty"
	c, _, ok := linked(ctx, t, id)
	if !ok {
		return
	}
	// One a page: with more, a last offset counted back from zero may be cut to zero again.
	p := part(ctx, t, c, 0, 1, "filter", t.key()+"="+quote(missing))
	switch {
	case !p.OK():
		if t.ItsOwn(ctx, p.Response, id) {
			t.NotTested(t.BlockedBy(filterAt+"no-match", "a filter that nothing matches is answered with "+p.Why(), p.Response), id)
		}
		return
	case len(p.Objects) > 0:
		t.NotTested(t.BlockedBy(filterAt+"no-match", "a filter that nothing matches leaves something", p.Response), id)
		return
	case p.Links == nil:
		t.NotApplicable(id, "a page without objects has no Link header")
		return
	}
	if len(p.Links) == 0 {
		t.NotTested(t.BlockedBy(pagingAt+"link-syntax", "the Link header can't be read", p.Response), id)
		return
	}
	if p.Links["next"] != "" {
		t.NotTested(t.BlockedBy(pagingAt+"link-next-last", "a page without objects has a next link", p.Response), id)
		return
	}
	for _, rel := range slices.Sorted(maps.Keys(p.Links)) {
		link := p.Links[rel]
		target, err := url.Parse(link)
		if err != nil || !sameService(t, target) || beyond(t, link, id) != "" {
			t.NotTested(astray(t, err, rel, p), id)
			continue
		}
		to := follow(ctx, t, link, c.List.Wrapper)
		if to.OK() || t.ItsOwn(ctx, to.Response, id) {
			t.Assert(id, to.OK(), harness.Finding{Expected: "200", Seen: to.Summary(), Where: "header Link, rel=" + rel + ": " + link,
				Responses: []*harness.Response{to.Response, p.Response}})
		}
	}
}

// twoFields are two to ask for, as a selection writes them.
func (t *T) twoFields(c service.Collection) string {
	if !t.Service.Content {
		return "sourcedId,status"
	}
	names := t.Service.Kinds[c.Kind].Select.Plain
	return strings.Join(names[:min(2, len(names))], ",")
}

// linkSize is the page size of these checks: small, so that there are several, and not so small
// that a large catalogue takes hundreds.
func (t *T) linkSize(c service.Collection) int {
	if t.Service.Most == 0 {
		return linkPage
	}
	return most(t.Service, max(linkPage, crawl(t).Raw(c.Name).Len()/mostPages+1))
}
