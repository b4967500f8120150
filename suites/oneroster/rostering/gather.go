package rostering

import (
	"context"
	"fmt"
	"strconv"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// gatherLimit is the page size with which a whole sub-collection is read, unless
// target.yaml sets another.
const gatherLimit = 1000

// gatherSize gives the page size for one run.
func gatherSize(t *T) int {
	if n := t.Session().Target.Limits.PageSize; n > 0 {
		return n
	}
	return gatherLimit
}

// gathered is a collection read to its end.
type gathered struct {
	ids   map[string]bool
	order []string
	// deleted are those of ids that are flagged tobedeleted.
	deleted map[string]bool
	first   *Page  // of the pages, the first one, as evidence
	why     string // why it could not be read to the end; empty when it could
}

// gather reads every page of a collection, at most most objects. It goes on by
// what came, not by what was asked for: a provider may cap the page size.
func gather(ctx context.Context, t *T, path, wrapper string, most int, extra ...string) gathered {
	g := gathered{ids: map[string]bool{}, deleted: map[string]bool{}}
	known := min(gatherSize(t), roster(t).Facts(wrapper).PageSize) // on the crawl's fullest page
	fullest := 0
	for offset, total := 0, -1; ; {
		q := query(append([]string{"limit", strconv.Itoa(gatherSize(t)), "offset", strconv.Itoa(offset)}, extra...)...)
		page := list(ctx, t, path, wrapper, q)
		if g.first == nil {
			g.first, total = page, page.Total
		}
		if !page.OK() && offset > 0 && pastEnd(page.Response, offset, total) {
			return g // how that is answered is judged with paging
		}
		if !page.OK() {
			g.first, g.why = page, page.Why()
			return g
		}
		fresh := 0
		for i, id := range page.IDs {
			if !g.ids[id] {
				fresh++
				if read[Base](page.Objects[i]).Status == "tobedeleted" {
					g.deleted[id] = true
				}
				g.ids[id] = true
				g.order = append(g.order, id)
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
			g.why = fmt.Sprintf("it holds more than %d objects, too many for a sample", most)
			return g
		}
	}
}

// usable tells whether the collection came whole; where it didn't, the
// requirements are blocked by the one that governs that answer.
func (g gathered) usable(t *T, requirements ...string) bool {
	if g.why == "" {
		return true
	}
	if g.first.OK() { // too many for a sample
		t.NotTested(harness.NoData(fmt.Sprintf("%s: %s", g.first.Line(), g.why), "Judge a target with fewer objects as well."), requirements...)
		return false
	}
	t.Hinders(g.first.Response)
	t.NotTested(blockedBy(t, g.first.Response, g.why), requirements...)
	return false
}
