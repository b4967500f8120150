package ags

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// book is the line items of a course, over several rounds.
type book struct {
	mu    sync.Mutex
	items []map[string]any // as they were posted, with their ids
	kept  bool             // of a course that lasts: what an earlier run has made is there
	paged bool             // the first page has strangers' items alone
	asked int              // how often the second page was
}

// courseBook is the gradebook of the course that all launches are in, with the line item that
// they name. A tool may keep the address of one that it has made itself for good.
func courseBook(t *harness.T) *book {
	return tool.Shared(t, func() *courses {
		return &courses{book{kept: true, items: []map[string]any{{"id": tool.Origin(t) + "/acts/course-1-grades/lineitems/7?type_id=3",
			"scoreMaximum": 100, "label": "Algebra, chapter 1", "resourceLinkId": "link-1"}}}}
	}).book()
}

// courses are the gradebooks of a run.
type courses struct{ first book }

func (c *courses) book() *book { return &c.first }

// item gives a line item, by the name in its address.
func (g *servedBook) item(id string) map[string]any {
	b := g.round.book
	b.mu.Lock()
	defer b.mu.Unlock()
	address := g.at + "/lineitems/" + id + "?type_id=3"
	for _, i := range b.items {
		if i["id"] == address {
			return i
		}
	}
	if b.kept {
		return map[string]any{"id": address, "scoreMaximum": 100, "label": "Made in an earlier run"}
	}
	return nil
}

// list lists line items by the filters of the standard (AGS 2.0 §3.2.5).
func (g *servedBook) list(w http.ResponseWriter, r *http.Request) {
	b := g.round.book
	b.mu.Lock()
	defer b.mu.Unlock()
	q := r.URL.Query()
	items := b.items
	if b.paged && q.Get("page") == "" {
		items = []map[string]any{{"id": g.at + "/lineitems/stranger?type_id=3", "scoreMaximum": 1, "label": "Attendance"}}
		next := r.URL.Query()
		next.Set("page", "2")
		w.Header().Add("Link", "<"+g.at+"/lineitems?"+next.Encode()+`>; rel="next"`)
	} else if b.paged {
		b.asked++
	}
	found := []map[string]any{}
	for _, i := range items {
		if filtered(i, q) {
			found = append(found, i)
		}
	}
	tool.Answer(w, http.StatusOK, lineItemsMedia, found)
}

// filtered tells whether a line item is what filters let through.
func filtered(item map[string]any, q url.Values) bool {
	for parameter, member := range map[string]string{"resource_link_id": "resourceLinkId", "resource_id": "resourceId", "tag": "tag"} {
		if q.Has(parameter) && item[member] != q.Get(parameter) {
			return false
		}
	}
	return true
}

// change puts what a tool says in the place of a line item.
func (g *servedBook) change(w http.ResponseWriter, r *http.Request, id string) {
	var item map[string]any
	body, _ := io.ReadAll(r.Body) // it was read before
	if json.Unmarshal(body, &item) != nil || item == nil {
		tool.Answer(w, http.StatusBadRequest, "application/json", map[string]any{"error": "the line item can't be read"})
		return
	}
	item["id"] = g.at + "/lineitems/" + id + "?type_id=3"
	b := g.round.book
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.items, func(x map[string]any) bool { return x["id"] == item["id"] }); i >= 0 {
		b.items[i] = item
	}
	tool.Answer(w, http.StatusOK, lineItemMedia, item)
}

// make makes a line item.
func (g *servedBook) make(w http.ResponseWriter, r *http.Request) {
	var item map[string]any
	body, _ := io.ReadAll(r.Body) // it was read before
	if json.Unmarshal(body, &item) != nil || item == nil {
		tool.Answer(w, http.StatusBadRequest, "application/json", map[string]any{"error": "the line item can't be read"})
		return
	}
	b := g.round.book
	b.mu.Lock()
	defer b.mu.Unlock()
	item["id"] = fmt.Sprintf("%s/lineitems/%d?type_id=3", g.at, 100+len(b.items))
	b.items = append(b.items, item)
	tool.Answer(w, http.StatusCreated, lineItemMedia, item)
}

var itemSchema = sync.OnceValue(func() *schemas.Schema { return schemas.MustLoad("lti/ags/2.0/lineitem-sent") })

// made are the line items that a tool wanted made.
func made(w worked) []tool.Call {
	var out []tool.Call
	for _, c := range w.Calls {
		if !c.Token && c.Method == http.MethodPost && c.Path == "/lineitems" {
			out = append(out, c)
		}
	}
	return out
}

// kind is by what a tool's line items are told apart.
func kind(body []byte) string {
	var item struct{ Label, Tag, ResourceID, ResourceLinkID string }
	_ = json.Unmarshal(body, &item) // what can't be read is judged by its shape
	return fmt.Sprintf("%q %q %q %q", item.Label, item.Tag, item.ResourceID, item.ResourceLinkID)
}

// lineItems launches learners from a link that has no line item: the tool makes its own, if it
// makes any, with the first, and has it with the second; with a third it is on the second page
// of the list.
func lineItems(ctx context.Context, t *harness.T) {
	const item = ToolPrefix + "line-item."
	const shape, media, once, pages = item + "shape", item + "media", item + "once", item + "pages"
	all := []string{shape, media, once, pages}
	own := &book{}
	link := "link-" + tool.Fresh()
	launch := func(title string) (worked, harness.Obstacle, bool) {
		return work(ctx, t, round{title: title, own: link, book: own, quiet: 500 * time.Millisecond})
	}
	first, o, ok := launch("a learner works at a link without a line item")
	if !ok {
		t.NotTested(o)
		return
	}
	if len(made(first)) == 0 {
		for _, id := range all {
			t.NotApplicable(id, "the tool makes no line item where a launch names none")
		}
		return
	}
	for _, c := range made(first) {
		shaped(t, c, itemSchema(), "line-item.shape")
		m, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
		t.Assert(media, err == nil && m == lineItemMedia, harness.Finding{Sent: "a launch without a line item", Expected: lineItemMedia,
			Seen: c.Header.Get("Content-Type"), Where: "header Content-Type", Exchanges: []string{c.Exchange}})
	}
	second, o, ok := launch("another learner works at the same link")
	if !ok {
		t.NotTested(o, once, pages)
		return
	}
	if !anew(t, once, "a second launch from a link whose line item the tool has made", first, second) {
		t.NotTested(harness.BlockedBy(once, "each launch makes line items").Seen(second.Exchanges...), pages)
		return
	}
	own.mu.Lock()
	own.paged = true
	own.mu.Unlock()
	third, o, ok := launch("a third learner works there, and the list of line items has two pages")
	switch {
	case !ok:
		t.NotTested(o, pages)
	case own.asked == 0 && len(made(third)) == 0:
		t.NotApplicable(pages, "the tool finds its line item without the list")
	default:
		anew(t, pages, "a list of line items whose second page has the tool's own", first, third)
	}
}

// anew looks whether a launch made a line item that there was.
func anew(t *harness.T, requirement, sent string, first, later worked) (kept bool) {
	had := map[string]bool{}
	for _, c := range made(first) {
		had[kind(c.Body)] = true
	}
	kept = true
	for _, c := range made(later) {
		if had[kind(c.Body)] {
			kept = false
			t.Fail(requirement, harness.Finding{Sent: sent, Expected: "the line item that there is",
				Seen: "another one of the same name is made", Where: "POST …/lineitems",
				Exchanges: []string{c.Exchange}})
		}
	}
	if kept {
		t.Examined(requirement, 1)
	}
	return kept
}
