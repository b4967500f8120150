package ags

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
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
	paged bool             // the first page has strangers' items alone
	asked int              // how often the second page was
}

// has tells whether there is a line item of that name in the address.
func (g *servedBook) has(id string) bool {
	if g.round.book == nil {
		return id == "7"
	}
	return g.item(id) != nil
}

// item gives a line item.
func (g *servedBook) item(id string) map[string]any {
	if g.round.book == nil {
		return map[string]any{"id": g.at + "/lineitems/7?type_id=3", "scoreMaximum": 100,
			"label": "Algebra, chapter 1", "resourceLinkId": "link-1"}
	}
	g.round.book.mu.Lock()
	defer g.round.book.mu.Unlock()
	for _, i := range g.round.book.items {
		if i["id"] == g.at+"/lineitems/"+id+"?type_id=3" {
			return i
		}
	}
	return nil
}

// list lists line items, whatever filters are asked for but the id of the resource.
func (g *servedBook) list(w http.ResponseWriter, r *http.Request) {
	if g.round.book == nil {
		tool.Answer(w, http.StatusOK, lineItemsMedia, []any{g.item("7")})
		return
	}
	b := g.round.book
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.paged && r.URL.Query().Get("page") == "" {
		q := r.URL.Query()
		q.Set("page", "2")
		w.Header().Add("Link", "<"+g.at+"/lineitems?"+q.Encode()+`>; rel="next"`)
		tool.Answer(w, http.StatusOK, lineItemsMedia,
			[]any{map[string]any{"id": g.at + "/lineitems/stranger?type_id=3", "scoreMaximum": 1, "label": "Attendance"}})
		return
	}
	if b.paged {
		b.asked++
	}
	tool.Answer(w, http.StatusOK, lineItemsMedia, append([]map[string]any{}, b.items...))
}

// make makes a line item.
func (g *servedBook) make(w http.ResponseWriter, r *http.Request) {
	var item map[string]any
	body, _ := io.ReadAll(r.Body) // it was read before
	if json.Unmarshal(body, &item) != nil || item == nil {
		tool.Answer(w, http.StatusBadRequest, "application/json", map[string]any{"error": "the line item can't be read"})
		return
	}
	if g.round.book == nil { // not what the launch is about, and taken all the same
		item["id"] = g.at + "/lineitems/7?type_id=3"
		tool.Answer(w, http.StatusCreated, lineItemMedia, item)
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
