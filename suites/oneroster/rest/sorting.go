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

const sortAt = "sort."

// sortChecks judge sort and orderBy. Which order of Unicode text is followed is
// the provider's choice; only what no such order allows is held against it.
func sortChecks(of *service.Service) []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = sortAt + requirements[i]
		}
		return Check{ID: "sort." + name, Title: title, Requirements: requirements, Labels: []string{"sort"}, Needs: needs, Body: body}
	}
	return []Check{
		c("order", "sort and orderBy order the collection", changing(), sortOrder, "ascending", "descending", "default-ascending", "same-set"),
		c("paged", "The pages of a sorted collection fit together", sharing(), sortPaged, "paged"),
		c("text", "Text is sorted by Unicode, dates in time", []Need{
			found("five different texts", "no collection has five different texts", "Load five "+of.Words.Many+" with different names.",
				fiveOf("text")).For(sortAt + "unicode"),
			happens("five different dates", "no collection has five different dates", fiveOf("date", "date-time")).For(sortAt + "chronological"),
		}, sortKinds, "unicode", "chronological"),
		c("every-field", "A collection can be sorted on each single-valued property", differing(twoValues), sortEvery, "every-field"),
		c("impossible", "An impossible sort is ignored or refused, never a server error", nil, sortImpossible, "unknown-field",
			"invalid-order", "no-500"),
		c("sub-collections", "Sub-collections can be sorted", sampled(of, "three", nil), sortSub,
			"sub-collections"),
	}
}

// sortable picks a property whose values differ and whose order nobody disputes:
// a date or an instant.
func sortable(t *T) (filterSample, property, bool) {
	for _, s := range filterSamples(t) {
		for _, p := range s.properties("date", "date-time") {
			if len(p.counts) >= 3 {
				return s, p, true
			}
		}
	}
	return filterSample{}, property{}, false
}

func sortedPage(ctx context.Context, t *T, s filterSample, extra ...string) *Page {
	return part(ctx, t, s.Collection, 0, PageSize(t), extra...)
}

func sortOrder(ctx context.Context, t *T) {
	const up, down, byDefault, same = sortAt + "ascending", sortAt + "descending", sortAt + "default-ascending", sortAt + "same-set"
	s, p, _ := sortable(t)
	for _, try := range []struct {
		id      string
		falling bool
		extra   []string
	}{
		{up, false, []string{"sort", p.name, "orderBy", "asc"}},
		{down, true, []string{"sort", p.name, "orderBy", "desc"}},
		{byDefault, false, []string{"sort", p.name}},
	} {
		page := sortedPage(ctx, t, s, try.extra...)
		if !page.OK() {
			if !t.ItsOwn(ctx, page.Response, try.id, same) {
				continue
			}
			t.Fail(try.id, harness.Finding{Expected: "the sorted collection", Seen: page.Why(), Responses: []*harness.Response{page.Response}})
			continue
		}
		word := map[bool]string{false: "rising", true: "falling"}[try.falling]
		t.Assert(try.id, inOrder(texts(page.Objects, p.name), try.falling, p.compare),
			harness.Finding{Expected: "objects in " + word + " order of " + p.name, Seen: "another order" + firstBreak(page, p, try.falling),
				Responses: []*harness.Response{page.Response}})
		if try.falling {
			continue
		}
		op := s.List
		g := t.ReadAll(ctx, op.Path, op.Wrapper, 2*computeMost, try.extra...)
		if g.Usable(t, same) {
			t.Assert(same, difference(p.all, g.IDs) == "",
				harness.Finding{Expected: fmt.Sprintf("the same %d objects as unsorted", len(p.all)), Seen: difference(p.all, g.IDs),
					Responses: []*harness.Response{g.First.Response}})
		}
	}
}

// firstBreak words the first pair that is out of order.
func firstBreak(page *Page, p property, falling bool) string {
	values := texts(page.Objects, p.name)
	for i := 1; i < len(values); i++ {
		if values[i-1] == nil || values[i] == nil {
			continue
		}
		c := p.compare(*values[i-1], *values[i])
		if falling && c < 0 || !falling && c > 0 {
			return fmt.Sprintf(": number %d has %s, number %d has %s", i-1, *values[i-1], i, *values[i])
		}
	}
	return ""
}

// shared looks for a sample of several pages with a property that many share: it brings out a
// missing tie-breaker.
func shared(samples []filterSample) (filterSample, property, bool) {
	for _, s := range samples {
		if len(s.objects) < 10 || len(s.objects) > pageableMost && s.of.Service.Most == 0 {
			continue
		}
		for _, p := range s.properties("vocabulary", "date") {
			if len(p.counts) >= 2 && (len(p.values) == len(p.all) || s.of.Service.Content) {
				return s, p, true
			}
		}
	}
	return filterSample{}, property{}, false
}

// sharing needs such a sample.
func sharing() []Need {
	return []Need{found("ten objects, several of which share a value",
		"no collection of ten objects has a property that several share", "Load objects of two types or statuses.",
		func(_ *T, samples []filterSample) bool { _, _, ok := shared(samples); return ok })}
}

func sortPaged(ctx context.Context, t *T) {
	const id = sortAt + "paged"
	s, p, _ := shared(filterSamples(t))
	limit := most(t.Service, max(len(s.objects)/6+1, 3))
	pages, whole := readPages(ctx, t, s.Collection, limit, mostPages, "sort", p.name, "orderBy", "asc")
	if len(pages) == 0 {
		vanished(ctx, t, s.Collection, id)
		return
	}
	if !t.ReadyPage(pages[len(pages)-1], id) {
		return
	}
	judgeUnion(t, s.Collection, pages, whole, p.all, id, id)
	var values []*string
	for _, page := range pages {
		values = append(values, texts(page.Objects, p.name)...)
	}
	ok := false
	for _, compare := range orders() {
		ok = ok || inOrder(values, false, compare)
	}
	t.Assert(id, ok, harness.Finding{Expected: "one order over all pages", Seen: "pages that are sorted each by itself, or not at all",
		Where: "sort=" + p.name, Responses: []*harness.Response{pages[0].Response, pages[len(pages)-1].Response}})
}

// fits tells whether a collection comes on one page; of one whose pages are small by the standard the
// first will do.
func fits(t *T, s filterSample) bool { return len(s.objects) <= PageSize(t) || t.Service.Most > 0 }

// fiveValues tells whether a property has five different values, all on one page.
func fiveValues(t *T, s filterSample, p property) bool {
	return p.name != "sourcedId" && len(p.counts) >= 5 && fits(t, s)
}

// fiveOf tells whether a property of the kinds has as many.
func fiveOf(kinds ...string) func(*T, []filterSample) bool {
	return func(t *T, samples []filterSample) bool {
		return holds(samples, func(s filterSample, p property) bool { return fiveValues(t, s, p) }, kinds...)
	}
}

func sortKinds(ctx context.Context, t *T) {
	const text, time = sortAt + "unicode", sortAt + "chronological"
	for _, s := range filterSamples(t) {
		for _, p := range s.properties("text", "date", "date-time") {
			if !fiveValues(t, s, p) {
				continue
			}
			id := text
			if p.kind != "text" {
				id = time
			}
			page := sortedPage(ctx, t, s, "sort", p.name, "orderBy", "asc")
			if !t.ReadyPage(page, id) {
				continue
			}
			values := texts(page.Objects, p.name)
			ok := false
			if p.kind == "text" {
				for _, compare := range orders() {
					ok = ok || inOrder(values, false, compare)
				}
			} else {
				ok = inOrder(values, false, p.compare)
			}
			t.Assert(id, ok, harness.Finding{Expected: "rising order of " + p.name + " by some order of Unicode",
				Seen: "an order that none explains", Where: "sort=" + p.name, Responses: []*harness.Response{page.Response}})
		}
	}
}

// twoValues tells whether a property has two different values, all on one page.
func twoValues(t *T, s filterSample, p property) bool {
	return len(p.counts) >= 2 && fits(t, s)
}

func sortEvery(ctx context.Context, t *T) {
	const id = sortAt + "every-field"
	for _, s := range filterSamples(t) {
		for _, p := range s.properties("text", "vocabulary", "boolean", "date", "date-time") {
			if !twoValues(t, s, p) {
				continue
			}
			page := sortedPage(ctx, t, s, "sort", p.name, "orderBy", "desc")
			if !page.OK() && !t.ItsOwn(ctx, page.Response, id) {
				continue
			}
			if !page.OK() {
				t.Assert(id, false, harness.Finding{Expected: "the collection sorted on " + p.name, Seen: page.Why(),
					Responses: []*harness.Response{page.Response}})
				continue
			}
			ok, rising := false, false
			values := texts(page.Objects, p.name)
			for _, compare := range append(slices.Collect(maps.Values(orders())), p.compare) {
				ok, rising = ok || inOrder(values, true, compare), rising || inOrder(values, false, compare)
			}
			if rising && !ok {
				t.NotTested(t.BlockedBy(sortAt+"descending", "with orderBy=desc it is sorted on "+p.name+", in rising order", page.Response).
					Expecting("falling order"), id)
				continue
			}
			t.Assert(id, ok, harness.Finding{Expected: "the collection sorted on " + p.name, Seen: "an order that no order of Unicode explains",
				Where: "sort=" + p.name, Responses: []*harness.Response{page.Response}})
		}
	}
}

func sortImpossible(ctx context.Context, t *T) {
	const field, order, alive = sortAt + "unknown-field", sortAt + "invalid-order", sortAt + "no-500"
	for _, try := range []struct{ id, q string }{
		{field, Query("sort", "noSuchProperty", "limit", "5")},
		{order, Query("sort", t.key(), "orderBy", "sideways", "limit", "5")},
		{"", Query("orderBy", "desc", "limit", "5")},
		{"", Query("sort", "no.such.property'", "limit", "5")},
		{"", Query("sort", t.key(), "sort", t.state(), "limit", "5")},
		{"", Query("sort", t.key(), "orderBy", "asc", "orderBy", "desc", "limit", "5")},
		{"", Query("sort", t.key()+","+t.state(), "limit", "5")},
	} {
		r, ok := provoked(ctx, t, t.sample().List.Path, try.q,
			slices.DeleteFunc([]string{alive, try.id}, func(id string) bool { return id == "" })...)
		if !ok {
			continue
		}
		shown := []*harness.Response{r}
		t.Assert(alive, r.Status < 500 && r.Problem == "", harness.Finding{Expected: "no server error", Seen: r.Summary(), Responses: shown})
		if try.id == "" || r.Status != 200 && r.Status != 400 && r.Status != 422 && !t.ItsOwn(ctx, r, try.id) {
			continue
		}
		if r.Status >= 500 {
			t.NotTested(t.BlockedBy(alive, r.Line()+" is answered with a server error", r), try.id)
		} else {
			expected, ok := "200, or 400", r.Status == 200 || r.Status == 400 || r.Status == 422 || r.Status >= 500
			if t.Service.Warns && try.id == field {
				expected, ok = "200", r.Status == 200
			}
			t.Assert(try.id, ok, harness.Finding{Expected: expected, Seen: r.Summary(), Responses: shown})
		}
	}
	eachStructured(t, func(path, property string) {
		if r, ok := provoked(ctx, t, path, Query("sort", property, "limit", "5"), alive); ok {
			t.Assert(alive, r.Status < 500 && r.Problem == "",
				harness.Finding{Expected: "no server error", Seen: r.Summary(), Where: path + ", sorted on " + property,
					Responses: []*harness.Response{r}})
		}
	})
}

func sortSub(ctx context.Context, t *T) {
	const id = sortAt + "sub-collections"
	op, parents := sampleSub(t)
	for _, m := range parents {
		key := m.Parent
		times := map[string]bool{}
		for user := range m.Must {
			times[modifiedOf(t, op.Kind, user)] = true
		}
		if len(times) < 2 || len(m.May) > 500 {
			continue
		}
		up := t.List(ctx, op.PathFor(key), op.Wrapper, Query("limit", strconv.Itoa(PageSize(t)), "sort", "dateLastModified", "orderBy", "asc"))
		down := t.List(ctx, op.PathFor(key), op.Wrapper, Query("limit", strconv.Itoa(PageSize(t)), "sort", "dateLastModified", "orderBy", "desc"))
		if !t.ReadyPage(up, id) || !t.ReadyPage(down, id) {
			return
		}
		p := property{name: "dateLastModified", kind: "date-time"}
		ok := inOrder(texts(up.Objects, p.name), false, p.compare) && inOrder(texts(down.Objects, p.name), true, p.compare)
		t.Assert(id, ok, harness.Finding{Expected: "the members in order of dateLastModified", Seen: "another order", Where: key,
			Responses: []*harness.Response{up.Response, down.Response}})
		return
	}
	t.Absent(fmt.Sprintf("no %s has %ss that changed at different times", t.Service.Samples.Sub.Parent, t.Service.Samples.Sub.Member), id)
}
