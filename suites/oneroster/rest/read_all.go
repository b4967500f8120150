package rest

import (
	"context"
	"fmt"
	"strconv"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// gatherLimit is the page size with which a whole sub-collection is read, unless
// target.yaml sets another.
const gatherLimit = 1000

// PageSize gives the page size for one run.
func PageSize(t *T) int {
	if n := t.Session().Target.Limits.PageSize; n > 0 {
		return most(t.Service, n)
	}
	return most(t.Service, gatherLimit)
}

// Collected is a collection read to its end.
type Collected struct {
	IDs   map[string]bool
	Order []string
	// Deleted are those of IDs that are flagged tobedeleted.
	Deleted map[string]bool
	First   *Page  // of the pages, the first one, as evidence
	Why     string // why it could not be read to the end; empty when it could
}

// ReadAll reads every page of a collection, at most most objects. It goes on by
// what came, not by what was asked for: a provider may cap the page size.
func (t *T) ReadAll(ctx context.Context, path, wrapper string, most int, extra ...string) Collected {
	g := Collected{IDs: map[string]bool{}, Deleted: map[string]bool{}}
	known := min(PageSize(t), crawl(t).Facts(wrapper).PageSize) // on the crawl's fullest page
	fullest := 0
	for offset, total := 0, -1; ; {
		q := Query(append([]string{"limit", strconv.Itoa(PageSize(t)), "offset", strconv.Itoa(offset)}, extra...)...)
		page := t.List(ctx, path, wrapper, q)
		if g.First == nil {
			g.First, total = page, page.Total
		}
		if !page.OK() && offset > 0 && PastEnd(page.Response, offset, total) {
			return g // how that is answered is judged with paging
		}
		if !page.OK() {
			g.First, g.Why = page, page.Why()
			return g
		}
		fresh := 0
		for i, id := range page.IDs {
			if !g.IDs[id] {
				fresh++
				if Read[Base](page.Objects[i]).Status == "tobedeleted" {
					g.Deleted[id] = true
				}
				g.IDs[id] = true
				g.Order = append(g.Order, id)
			}
		}
		offset += len(page.Objects)
		fullest = max(fullest, len(page.Objects))
		switch {
		case len(page.Objects) == 0 || fresh == 0:
			return g
		case page.Total > offset || page.Links["next"] != "":
			// There is more, they say; the next page tells.
		case len(page.Objects) < fullest:
			return g
		case page.Total >= 0 && len(page.Objects) < known:
			return g // a total alone may lie, and a cap may hide the end
		}
		if offset > most {
			g.Why = fmt.Sprintf("it holds more than %d objects, too many for a sample", most)
			return g
		}
	}
}

// Usable tells whether the collection came whole; where it didn't, the
// requirements are blocked by the one that governs that answer.
func (g Collected) Usable(t *T, requirements ...string) bool {
	if g.Why == "" {
		return true
	}
	if g.First.OK() { // too many for a sample
		t.NotTested(harness.NoData(fmt.Sprintf("%s: %s", g.First.Line(), g.Why), "Judge a target with fewer objects as well."), requirements...)
		return false
	}
	t.Hinders(g.First.Response)
	t.NotTested(t.BlockedAt(g.First.Response, g.Why), requirements...)
	return false
}
