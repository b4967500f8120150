package rest

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// totalChecks judge X-Total-Count. Where the header isn't sent, only its absence
// is held against the provider.
func totalChecks() []Check {
	const at = pagingAt + "total-"
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		return Check{ID: "paging.total-" + name, Title: title, Requirements: requirements, Labels: []string{"paging", "total"},
			Needs: needs, Body: body}
	}
	return []Check{
		c("present", "Every collection announces its total, in digits and once", inBody("a collection that answers"), totalPresent,
			at+"count", at+"integer"),
		c("correct", "The total is the number of objects", inBody("a collection that can be crawled"), totalCorrect, at+"correct"),
		c("filtered", "With a filter the total is the number of objects it leaves", inBody("a collection with active and other objects"), totalFiltered,
			at+"filtered"),
		c("constant", "The total is the same on every page", tenObjects(), totalConstant, at+"constant"),
	}
}

const noTotal = "no X-Total-Count is sent; its absence is judged by itself"

func totalPresent(ctx context.Context, t *T) {
	const present, integer = pagingAt + "total-count", pagingAt + "total-integer"
	problems := 0
	for _, op := range t.Service.Operations {
		if op.Single || op.Unpaged || !t.Session().Covers(op.ID) || problems > 1 {
			continue
		}
		ids, ok := parentIDs(t, op)
		if !ok {
			continue
		}
		r := t.Get(ctx, op.PathFor(ids...), Query("limit", "3"))
		if r.Problem != "" {
			problems++
		}
		if r.Status != 200 || r.Problem != "" {
			t.Hinders(r) // the endpoint's own requirement judges it
			continue
		}
		if _, fault := membersOf(r.Body); fault != "" {
			t.Hinders(r) // no collection at all
			continue
		}
		values := r.Header.Values("X-Total-Count")
		shown := []*harness.Response{r}
		if !t.Assert(present, len(values) > 0, harness.Finding{Expected: "X-Total-Count", Seen: "no such header", Where: "header X-Total-Count",
			Responses: shown}) {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(values[0]))
		t.Assert(integer, len(values) == 1 && err == nil && n >= 0,
			harness.Finding{Expected: "one integer in digits", Seen: strings.Join(values, ", "), Where: "header X-Total-Count", Responses: shown})
	}
	t.Lacks("there is no parent whose collections could be asked for", "Load some objects.", present)
	settleTotal(t, integer)
}

func totalCorrect(ctx context.Context, t *T) {
	const id = pagingAt + "total-correct"
	for _, c := range t.Service.Collections {
		raw := crawl(t).Raw(c.Name)
		if raw == nil || !raw.Complete {
			continue
		}
		p := part(ctx, t, c, 0, 2)
		if !p.OK() {
			t.Hinders(p.Response)
			continue
		}
		if p.Total < 0 {
			continue
		}
		n := len(crawl(t).IDs(c.Name))
		if t.Service.Content && crawl(t).Facts(c.Name).Twice == nil {
			n = raw.Len() // what says the same may stand there twice
		}
		t.Assert(id, p.Total == n, harness.Finding{Expected: fmt.Sprintf("%d, as many objects as the crawl brought", n),
			Seen: strconv.Itoa(p.Total), Where: "header X-Total-Count", Responses: []*harness.Response{p.Response}})
	}
	settleTotal(t, id)
}

// settleTotal says that no total was sent, unless something kept the check from
// seeing one.
func settleTotal(t *T, id string) {
	if !t.Blocked(id) {
		t.NotApplicable(id, noTotal)
	}
}

func totalFiltered(ctx context.Context, t *T) {
	const id = pagingAt + "total-filtered"
	totalless := false
	for _, c := range t.Service.Collections {
		raw := crawl(t).Raw(c.Name)
		if raw == nil || !raw.Complete || raw.Len() > pageableMost || c.List.Unpaged || c.Derived() != "" {
			continue
		}
		op, filter := c.List, t.plainFilter(c)
		g := t.ReadAll(ctx, op.Path, op.Wrapper, 2*pageableMost, "filter", filter)
		if g.Why != "" {
			t.Hinders(g.First.Response)
			continue
		}
		if g.First.Total < 0 {
			continue
		}
		if len(g.IDs) == raw.Len() {
			continue // a total that ignores the filter would look the same
		}
		t.Assert(id, g.First.Total == len(g.IDs),
			harness.Finding{Expected: fmt.Sprintf("%d, as many objects as the filter leaves", len(g.IDs)), Seen: strconv.Itoa(g.First.Total),
				Where: "header X-Total-Count", Responses: []*harness.Response{g.First.Response}})
	}
	// Where everything is active another filter must tell: one object by its id.
	if c, ok := pageable(t, 3); ok {
		id0, object, err := crawl(t).Raw(c.Name).At(1)
		p := part(ctx, t, c, 0, 10, "filter", t.key()+"="+quote(t.keyOf(object, id0)))
		if err == nil && p.OK() && p.Total >= 0 && len(p.IDs) == 1 {
			t.Assert(id, p.Total == 1, harness.Finding{Expected: "1, for the filter leaves one object", Seen: strconv.Itoa(p.Total),
				Where: "header X-Total-Count", Responses: []*harness.Response{p.Response}})
		} else if err == nil && p.OK() && p.Total >= 0 {
			t.NotTested(t.BlockedBy(t.oneByKey(), "a filter by "+t.key()+" does not leave one object", p.Response), id)
		} else if !p.OK() {
			t.Hinders(p.Response)
		} else {
			totalless = p.Total < 0
		}
	} else {
		t.Lacks("no collection holds 3 objects", fmt.Sprintf("Load at least 3 %s.", t.Service.Words.Many), id)
	}
	if totalless {
		t.NotApplicable(id, noTotal)
	}
	t.Blocked(id)
}

func totalConstant(ctx context.Context, t *T) {
	const id = pagingAt + "total-constant"
	c, _ := pageable(t, 10)
	first := part(ctx, t, c, 0, 4)
	if !t.ReadyPage(first, id) {
		return
	}
	if first.Total < 0 {
		t.NotApplicable(id, noTotal)
		return
	}
	n := crawl(t).Raw(c.Name).Len()
	for _, offset := range []int{1, 2, 4, 5, n / 2, n - 2, n + 100} {
		p := part(ctx, t, c, offset, 4)
		if !p.OK() {
			t.Hinders(p.Response)
			continue
		}
		if p.Total < 0 {
			continue
		}
		t.Assert(id, p.Total == first.Total, harness.Finding{Expected: fmt.Sprintf("%d, as on the first page", first.Total),
			Seen: strconv.Itoa(p.Total), Where: fmt.Sprintf("header X-Total-Count at offset %d", offset), Responses: []*harness.Response{p.Response,
				first.Response}})
	}
	if !t.Blocked(id) {
		t.Settle(t.BlockedBy(pagingAt+"total-count", "only the first page has a total", first.Response), id)
	}
}

// oneByKey names the requirement that a filter by the key of an object finds it.
func (t *T) oneByKey() string {
	if t.Service.Content {
		return filterAt + "equal"
	}
	return filterAt + "sourced-id"
}
