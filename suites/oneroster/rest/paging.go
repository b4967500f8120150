package rest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const pagingAt = "paging."

// pagingChecks judge limit, offset and how pages fit together.
func pagingChecks(of *service.Service) []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = pagingAt + requirements[i]
		}
		return Check{ID: "paging." + name, Title: title, Requirements: requirements, Labels: []string{"paging"}, Needs: needs, Body: body}
	}
	return []Check{
		c("limit", "A page never holds more than limit", tenObjects(), pageLimit, "limit", "limit-one", "limit-default"),
		c("limit-large", "A very large limit is answered, by the largest collection too", anything(), pageLimitLarge, "limit-large",
			"end-visible"),
		c("invalid", "Impossible limits and offsets are refused, not answered with a server error", nil, pageInvalid,
			"limit-invalid", "limit-invalid-no-500", "offset-invalid", "offset-invalid-no-500"),
		c("offset", "offset counts objects from zero", tenObjects(), pageOffset, "offset-zero", "offset-records"),
		c("past-end", "An offset past the end is an empty page", anObject(), pagePastEnd, "offset-past-end"),
		c("union", "The pages of every size hold together the whole collection, nothing twice", tenObjects(), pageUnion, "nothing-lost", "nothing-twice",
			"full-pages"),
		c("crawl", "No collection that is read to its end shows an object on two pages", inBody("a collection of several pages"), pageCrawl,
			"nothing-twice"),
		c("repeatable", "The same page twice holds the same", tenObjects(), pageRepeatable, "repeatable"),
		c("filtered", "The pages of a filtered collection fit together", tenObjects(), pageFiltered, "filtered"),
		c("sub-collections", "limit and offset work on sub-collections", sampled(of, "three", pagedSub), pageSub, "sub-collections"),
	}
}

// pageable picks the collection on which paging is tried: one that was crawled
// whole, with enough objects, and few enough to be read several times.
func pageable(t *T, atLeast int) (service.Collection, bool) {
	var best service.Collection
	size := 0
	for _, name := range t.Service.Samples.Paging {
		raw := crawl(t).Raw(name)
		if raw == nil || !raw.Complete || raw.Len() < atLeast {
			continue
		}
		if n := raw.Len(); size == 0 || size > pageableMost && n < size {
			best, size = t.Service.Collection(name), n
		}
	}
	return best, size > 0
}

// pageableMost is the size up to which a collection is read again and again
// Without regret.
const pageableMost = 2000

// largest picks the collection that holds most: a limit shows where there is most to be
// limited. One that a limit of Rollcall's own ended is as good.
func largest(t *T) (best service.Collection, size int) {
	for _, c := range t.Service.Collections {
		raw := crawl(t).Raw(c.Name)
		if raw == nil || c.List.Unpaged || !raw.Complete && crawl(t).Facts(c.Name).Bound == "" || raw.Len() <= size {
			continue
		}
		best, size = c, raw.Len()
	}
	return best, size
}

// part requests one page of a collection.
func part(ctx context.Context, t *T, c service.Collection, offset, limit int, extra ...string) *Page {
	op := c.List
	parameters := append([]string{"limit", strconv.Itoa(limit), "offset", strconv.Itoa(offset)}, extra...)
	return t.List(ctx, op.Path, op.Wrapper, paged(op, parameters...))
}

// ReadyPage tells whether a page is usable as a ground to stand on.
func (t *T) ReadyPage(p *Page, requirements ...string) bool {
	if !p.OK() {
		t.NotTested(t.BlockedAt(p.Response, p.Why()), requirements...)
	}
	return p.OK()
}

func pageLimit(ctx context.Context, t *T) {
	c, _ := pageable(t, 10)
	for _, n := range []int{1, 2, 5, 9} {
		p := part(ctx, t, c, 0, n)
		if !t.ReadyPage(p, pagingAt+"limit", pagingAt+"limit-one") {
			continue
		}
		found := harness.Finding{Expected: fmt.Sprintf("at most %d objects", n), Seen: fmt.Sprintf("%d objects", len(p.Objects)),
			Responses: []*harness.Response{p.Response}}
		t.Assert(pagingAt+"limit", len(p.Objects) <= n, found)
		if n == 1 {
			found.Expected = "one object"
			t.Assert(pagingAt+"limit-one", len(p.Objects) == 1, found)
		}
	}
	op := c.List
	if p := t.List(ctx, op.Path, op.Wrapper, ""); t.ReadyPage(p, pagingAt+"limit-default") {
		t.Assert(pagingAt+"limit-default", len(p.Objects) <= 100,
			harness.Finding{Expected: "at most 100 objects, the default of limit", Seen: fmt.Sprintf("%d objects", len(p.Objects)),
				Responses: []*harness.Response{p.Response}})
	}
}

func pageLimitLarge(ctx context.Context, t *T) {
	c, whole := largest(t)
	const large, visible = pagingAt + "limit-large", pagingAt + "end-visible"
	p := part(ctx, t, c, 0, 100_000)
	if p.Beyond { // answered it was; a smaller page tells of its end
		t.Examined(large, 1)
		p = part(ctx, t, c, 0, 10_000)
	}
	if !p.OK() && !t.ItsOwn(ctx, p.Response, large, visible) {
		return
	}
	t.Assert(large, p.Status == 200 && p.Problem == "",
		harness.Finding{Expected: "200, with as many objects as the provider likes", Seen: p.Summary(),
			Responses: []*harness.Response{p.Response}})
	if !p.OK() {
		t.NotTested(t.BlockedBy(large, p.Line()+": "+p.Why(), p.Response), visible)
		return
	}
	ends := len(p.Objects) >= whole || p.Total > len(p.Objects) || p.Links["next"] != ""
	t.Assert(visible, ends, harness.Finding{Expected: fmt.Sprintf("%d objects, or a total or next link that tells of more", whole),
		Seen: fmt.Sprintf("%d objects, and nothing that tells of more", len(p.Objects)), Responses: []*harness.Response{p.Response}})
}

func pageInvalid(ctx context.Context, t *T) {
	for _, try := range []struct {
		name   string
		values []string
	}{{"limit", []string{"0", "-1", "abc", "1.5"}}, {"offset", []string{"-1", "abc", "1.5"}}} {
		refused, alive := pagingAt+try.name+"-invalid", pagingAt+try.name+"-invalid-no-500"
		for _, v := range try.values {
			r, ok := provoked(ctx, t, t.sample().List.Path, Query(try.name, v), refused, alive)
			if !ok {
				continue
			}
			shown := []*harness.Response{r}
			t.Assert(alive, r.Status < 500 && r.Problem == "",
				harness.Finding{Expected: "no server error", Seen: r.Summary(), Where: try.name + "=" + v, Responses: shown})
			if r.Status >= 500 || r.Problem != "" {
				t.NotTested(t.BlockedBy(alive, try.name+"="+v+" is answered with a server error", r), refused)
				continue
			}
			ok = r.Status == 400 || r.Status == 422
			if !ok && r.Status != 200 && !t.ItsOwn(ctx, r, refused) {
				continue
			}
			t.Assert(refused, ok, harness.Finding{Expected: "400 or 422", Seen: r.Summary(), Where: try.name + "=" + v, Responses: shown})
		}
		// No number of these is wrong, but none fits the usual integers: a page,
		// an empty page and a refusal are all right.
		for _, v := range []string{"2147483648", "9007199254740992", "99999999999999999999"} {
			r, ok := provoked(ctx, t, t.sample().List.Path, Query(try.name, v), alive)
			if !ok {
				continue
			}
			t.Assert(alive, r.Status < 500 && r.Problem == "",
				harness.Finding{Expected: "no server error", Seen: r.Summary(), Where: try.name + "=" + v, Responses: []*harness.Response{r}})
		}
		// Given twice, which the standard says nothing of, any answer will do but a
		// breakdown.
		if r, ok := provoked(ctx, t, t.sample().List.Path, Query(try.name, "1", try.name, "2"), alive); ok {
			t.Assert(alive, r.Status < 500 && r.Problem == "",
				harness.Finding{Expected: "no server error", Seen: r.Summary(), Where: try.name + ", given twice", Responses: []*harness.Response{r}})
		}
	}
}

func pageOffset(ctx context.Context, t *T) {
	c, _ := pageable(t, 10)
	const zero, records = pagingAt + "offset-zero", pagingAt + "offset-records"
	base := part(ctx, t, c, 0, 7)
	if !t.ReadyPage(base, zero, records) {
		return
	}
	op := c.List
	if bare := t.List(ctx, op.Path, op.Wrapper, Query("limit", "7")); t.ReadyPage(bare, zero) {
		t.Assert(zero, slices.Equal(bare.IDs, base.IDs),
			harness.Finding{Expected: "the same page with offset=0 and without offset", Seen: "other objects, or in another order",
				Responses: []*harness.Response{base.Response, bare.Response}})
	}
	for _, offset := range []int{2, 4} {
		p := part(ctx, t, c, offset, 3)
		if !t.ReadyPage(p, records) || len(base.IDs) <= offset {
			continue
		}
		if len(p.IDs) == 0 {
			t.Fail(records, harness.Finding{Expected: fmt.Sprintf("the object number %d of the collection, and what follows", offset),
				Seen:  "an empty page",
				Where: fmt.Sprintf("offset=%d", offset), Responses: []*harness.Response{p.Response, base.Response}})
			continue
		}
		want := base.IDs[offset:min(offset+len(p.IDs), len(base.IDs))]
		if short := len(base.IDs) < 7; short && offset > 2 {
			continue // a page that is short may lack one in its middle
		} else if short {
			want = want[:1]
		}
		if p.IDs[0] == want[0] && len(p.IDs) < min(3, crawl(t).Raw(c.Name).Len()-offset) {
			// It begins where it should, and lacks one further on.
			t.Examined(records, 1)
			t.NotTested(t.BlockedBy(pagingAt+"nothing-lost",
				fmt.Sprintf("the page at offset %d holds %d objects of the 3 asked for, though more follow", offset, len(p.IDs)), p.Response))
			continue
		}
		if p.IDs[0] == want[0] && !slices.Equal(p.IDs[:min(len(p.IDs), len(want))], want) {
			// It is counted rightly, and the order is another than on the page before.
			t.Examined(records, 1)
			t.NotTested(t.BlockedBy(pagingAt+"nothing-lost", fmt.Sprintf("the page at offset %d begins where it should and goes on with others "+
				"than a longer page does", offset), p.Response, base.Response).Expecting("one order, whatever the size of a page"), records)
			continue
		}
		t.Assert(records, slices.Equal(p.IDs[:min(len(p.IDs), len(want))], want),
			harness.Finding{Expected: fmt.Sprintf("the objects number %d to %d of the collection", offset, offset+len(want)-1),
				Seen: describeShift(base.IDs, p.IDs), Where: fmt.Sprintf("offset=%d", offset), Responses: []*harness.Response{p.Response,
					base.Response}})
	}
	t.Lacks("the first page holds fewer than three objects", "Serve pages of at least three objects.", records)
}

// describeShift words where a page lies that should lie elsewhere.
func describeShift(base, got []string) string {
	if i := slices.Index(base, got[0]); i >= 0 {
		return fmt.Sprintf("a page that begins with object number %d", i)
	}
	return "a page that begins with an object beyond number " + strconv.Itoa(len(base)-1)
}

func pagePastEnd(ctx context.Context, t *T) {
	c, _ := pageable(t, 1)
	const id = pagingAt + "offset-past-end"
	n := crawl(t).Raw(c.Name).Len()
	for _, offset := range []int{n, n + 1000} {
		p := part(ctx, t, c, offset, 10)
		if p.Status == 200 && p.Problem == "" && p.Fault != "" && len(p.Objects) == 0 {
			t.Examined(id, 1) // an empty list may lack its key: judged with payloads
			continue
		}
		if p.OK() && len(p.Objects) > 0 && offset == n && len(p.Objects) < 3 {
			// Data may have grown meanwhile, or pages overlap: judged elsewhere.
			if crawl(t).Raw(c.Name).Has(p.IDs[0]) {
				t.NotTested(t.BlockedBy(pagingAt+"nothing-twice", "the page past the end holds objects of the pages before", p.Response), id)
			}
			continue
		}
		if !p.OK() && !t.ItsOwn(ctx, p.Response, id) {
			continue
		}
		t.Assert(id, p.OK() && len(p.Objects) == 0,
			harness.Finding{Expected: "200 and an empty list", Seen: fmt.Sprintf("%s, %d objects", p.Summary(), len(p.Objects)),
				Where: "offset=" + strconv.Itoa(offset), Responses: []*harness.Response{p.Response}})
	}
}

// readPages reads a collection page by page, at most most pages; it gives the
// pages up to the first that is not usable, or that holds nothing new, that one
// included.
func readPages(ctx context.Context, t *T, c service.Collection, limit, most int, extra ...string) (pages []*Page, whole bool) {
	met := map[string]bool{}
	for offset := 0; len(pages) < most; {
		p := part(ctx, t, c, offset, limit, extra...)
		if !p.OK() && len(pages) > 0 && PastEnd(p.Response, offset, pages[0].Total) {
			return pages, true // how that is answered is judged by itself
		}
		if !p.OK() {
			return append(pages, p), false
		}
		if len(p.Objects) == 0 {
			return pages, true
		}
		before := len(met)
		maps.Copy(met, Set(p.IDs))
		if len(pages) > 0 && len(met) == before && len(p.Objects) > 1 {
			return append(pages, p), false
		}
		pages = append(pages, p)
		offset += len(p.Objects)
		if len(p.Objects) < len(pages[0].Objects) {
			return pages, true
		}
	}
	return pages, false
}

const mostPages = 60

func pageUnion(ctx context.Context, t *T) {
	c, _ := pageable(t, 10)
	const lost, twice, full = pagingAt + "nothing-lost", pagingAt + "nothing-twice", pagingAt + "full-pages"
	want := crawl(t).IDs(c.Name)
	n := len(want)
	for _, limit := range []int{7, n/3 + 1, n - 1} {
		limit = most(t.Service, max(limit, n/(mostPages-5)+1))
		pages, whole := readPages(ctx, t, c, limit, mostPages)
		if len(pages) == 0 {
			vanished(ctx, t, c, lost, twice, full)
			continue
		}
		if !t.ReadyPage(pages[len(pages)-1], lost, twice, full) {
			continue
		}
		judgeUnion(t, c, pages, whole, want, lost, twice)
		for i, p := range pages[:max(0, len(pages)-1)] {
			t.Assert(full, len(p.Objects) == len(pages[0].Objects),
				harness.Finding{Expected: fmt.Sprintf("%d objects, as on the first page", len(pages[0].Objects)),
					Seen:  fmt.Sprintf("%d objects", len(p.Objects)),
					Where: fmt.Sprintf("page %d", i+1), Responses: []*harness.Response{p.Response}})
		}
	}
	t.Lacks("the collection has one page only", "Load more objects.", full)
}

// vanished says of a collection of which the crawl brought objects that it is empty
// now, and judges the answer as such.
func vanished(ctx context.Context, t *T, c service.Collection, ids ...string) {
	p := part(ctx, t, c, 0, 1)
	t.NotTested(t.BlockedBy(bodyOwner(t.Service, c.List, p.Body), "/"+c.Name+" is empty, of which the crawl brought objects", p.Response),
		ids...)
}

func judgeUnion(t *T, c service.Collection, pages []*Page, whole bool, want map[string]bool, lost, twice string) {
	met := map[string]*Page{}
	got := map[string]bool{}
	repeated := false
	for _, p := range pages {
		for _, id := range p.IDs {
			if before := met[id]; before != nil && before != p {
				repeated = true
				t.Fail(twice, harness.Finding{Expected: "every object on one page", Seen: "it stands on two", Where: id,
					Responses: []*harness.Response{p.Response, before.Response}})
			} else {
				t.Examined(twice, 1)
			}
			met[id] = p
			got[id] = true
		}
	}
	if last := pages[len(pages)-1]; !whole && repeated {
		if lost != twice {
			t.NotTested(t.BlockedBy(twice, "pages come again, so that the rest is not to be reached", last.Response), lost)
		}
		return
	}
	if !whole {
		t.Note(lost, "the pages of /%s were too many to read them all", c.Name)
		t.Examined(lost, 1)
		return
	}
	missing := Apart(want, got)
	t.Assert(lost, len(missing) == 0, harness.Finding{Expected: fmt.Sprintf("all %d objects on %d pages", len(want), len(pages)),
		Seen:      fmt.Sprintf("%d are on none (%s)", len(missing), Examples(missing)),
		Responses: []*harness.Response{pages[0].Response, pages[len(pages)-1].Response}})
}

// pageCrawl tells what the crawl met on its way: objects that came on two pages, and
// collections that could not be read to their end.
func pageCrawl(_ context.Context, t *T) {
	const twice = pagingAt + "nothing-twice"
	for _, c := range t.Service.Collections {
		raw, facts := crawl(t).Raw(c.Name), crawl(t).Facts(c.Name)
		if raw == nil {
			continue
		}
		if again := facts.Twice; again != nil {
			t.Fail(twice, harness.Finding{Sent: "GET /" + c.Name + " (the crawl)", Expected: "every object on one page",
				Seen:  fmt.Sprintf("it comes again on the next, as %d do", again.Count),
				Where: fmt.Sprintf("%s, at offset %d", again.ID, again.Offset), Exchanges: []string{t.Adopt(again.Again), t.Adopt(again.Before)}})
		}
		if o, is := broken(t, c.Name); is {
			t.NotTested(o, twice)
		} else if facts.Pages > 1 {
			t.Examined(twice, raw.Len())
		}
	}
	smaller := "set limits.page_size to fewer"
	if n := t.Session().Target.Limits.PageSize; n > 0 {
		smaller = fmt.Sprintf("set limits.page_size to fewer than %d", n)
	}
	t.Lacks("every collection came on one page", "Load more objects than fit on a page, or "+smaller+".", twice)
}

func pageRepeatable(ctx context.Context, t *T) {
	c, _ := pageable(t, 10)
	const id = pagingAt + "repeatable"
	for _, offset := range []int{0, 3} {
		first := part(ctx, t, c, offset, 5)
		if !t.ReadyPage(first, id) {
			continue
		}
		for range 2 {
			again := part(ctx, t, c, offset, 5)
			if !t.ReadyPage(again, id) {
				break
			}
			if !t.Assert(id, len(Apart(Set(first.IDs), Set(again.IDs))) == 0,
				harness.Finding{Expected: "the same objects as before", Seen: difference(Set(first.IDs), Set(again.IDs)),
					Responses: []*harness.Response{again.Response, first.Response}}) {
				break
			}
		}
	}
}

// pageFiltered compares the pages of a filtered collection with the same filter
// read at one go: what the filter leaves is judged elsewhere.
func pageFiltered(ctx context.Context, t *T) {
	c, _ := pageable(t, 10)
	const id = pagingAt + "filtered"
	filter := t.plainFilter(c)
	op := c.List
	g := t.ReadAll(ctx, op.Path, op.Wrapper, 2*computeMost, "filter", filter)
	if !g.Usable(t, id) {
		return
	}
	if len(g.IDs) < 4 {
		t.Lacks("the filter "+filter+" leaves fewer than four objects", "Load active objects.", id)
		return
	}
	pages, whole := readPages(ctx, t, c, most(t.Service, max(len(g.IDs)/4+1, 2)), mostPages, "filter", filter)
	if len(pages) == 0 {
		vanished(ctx, t, c, id)
		return
	}
	if !t.ReadyPage(pages[len(pages)-1], id) {
		return
	}
	judgeUnion(t, c, pages, whole, g.IDs, id, id)
}

// pagedSub tells whether a parent has as many members as pages are tried on.
func pagedSub(m Members) bool { return len(m.Must) >= 3 && len(m.May) <= 1000 }

func pageSub(ctx context.Context, t *T) {
	const id = pagingAt + "sub-collections"
	op, parents := sampleSub(t)
	for _, m := range parents {
		key := m.Parent
		if !pagedSub(m) {
			continue
		}
		path := op.PathFor(key)
		whole := t.List(ctx, path, op.Wrapper, Query("limit", "3"))
		if !t.ReadyPage(whole, id) || len(whole.IDs) < 3 {
			continue
		}
		for offset := range 3 {
			p := t.List(ctx, path, op.Wrapper, Query("limit", "1", "offset", strconv.Itoa(offset)))
			if t.ReadyPage(p, id) {
				t.Assert(id, len(p.IDs) == 1 && p.IDs[0] == whole.IDs[offset],
					harness.Finding{Expected: "one object, number " + strconv.Itoa(offset) + " of the sub-collection",
						Seen:  fmt.Sprintf("%d objects", len(p.IDs)) + otherThan(p.IDs, whole.IDs[offset]),
						Where: path, Responses: []*harness.Response{p.Response, whole.Response}})
			}
		}
		return
	}
	t.Settle(t.noMembers("three"), id)
}

func otherThan(got []string, want string) string {
	if len(got) == 1 && got[0] != want {
		return ", another one"
	}
	return ""
}
