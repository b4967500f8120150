package resourcesearch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

const resources = "resources"

// mostItems is the largest limit that the standard has.
const mostItems = 100

// pageChecks judge what of pages and warnings differs from the model of the service.
func pageChecks() []rest.Check {
	return []rest.Check{
		{ID: "paging.limit-most", Title: "A limit above 100 is refused, or gives 100 items at most", Requirements: []string{"paging.limit-most"},
			Labels: []string{"paging"}, Body: limitMost},
		{ID: "errors.warning", Title: "What is asked for in vain is warned of", Requirements: []string{"errors.warning"},
			Labels: []string{"errors"}, Needs: []rest.Need{anItem()}, Body: warned},
	}
}

// anItem needs something in the catalogue.
func anItem() rest.Need {
	return rest.Present("an item", "the catalogue is empty", "Load some items.", func(t *rest.T) bool { return len(read(t).Items) > 0 })
}

func limitMost(ctx context.Context, t *rest.T) {
	const id = "paging.limit-most"
	for _, limit := range []int{mostItems + 1, 1000} {
		r, ok := t.Provoked(ctx, "/"+resources, "limit="+strconv.Itoa(limit), id)
		if !ok {
			continue
		}
		shown := []*harness.Response{r}
		if r.Status == http.StatusBadRequest || r.Status == http.StatusUnprocessableEntity {
			t.Examined(id, 1)
			continue
		}
		if r.Status != http.StatusOK && !t.ItsOwn(ctx, r, id) {
			continue
		}
		var set struct {
			Resources []json.RawMessage `json:"resources"`
		}
		_ = json.Unmarshal(r.Body, &set)
		if r.Status == http.StatusOK && len(read(t).Items) <= mostItems {
			continue // so few items tell nothing
		}
		t.Assert(id, r.Status == http.StatusOK && len(set.Resources) <= mostItems, harness.Finding{
			Expected: "400, or 100 items at most", Seen: fmt.Sprintf("%s, %d items", r.Summary(), len(set.Resources)),
			Where: "limit=" + strconv.Itoa(limit), Responses: shown})
	}
	t.Lacks("the catalogue has 100 items or fewer", "Load more than 100 items.", id)
}

func warned(ctx context.Context, t *rest.T) {
	const id = "errors.warning"
	for _, name := range []string{"sort", "fields"} {
		p := t.Page(ctx, resources, 0, 5, name, "noSuchProperty")
		if !p.OK() {
			if p.Status == http.StatusBadRequest {
				t.NotTested(t.BlockedBy(map[string]string{"sort": "sort.unknown-field", "fields": "fields.unknown"}[name],
					"an unknown property in "+name+" is refused", p.Response), id)
			} else {
				t.Hinders(p.Response)
			}
			continue
		}
		var body any
		_ = json.Unmarshal(p.Response.Body, &body)
		t.Assert(id, warns(body, 0), harness.Finding{Expected: "a severity of warning beside the items", Seen: "none",
			Where: name + "=noSuchProperty", Responses: []*harness.Response{p.Response}})
	}
	t.Blocked(id)
}

// warns tells whether a body has a severity of warning, whatever the member is called: no document
// says where it stands.
func warns(v any, depth int) bool {
	if depth > 4 {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if text, is := value.(string); is && strings.Contains(strings.ToLower(name), "severity") && strings.EqualFold(text, "warning") {
				return true
			}
			if name != resources && warns(value, depth+1) {
				return true
			}
		}
	case []any:
		for _, one := range v {
			if warns(one, depth+1) {
				return true
			}
		}
	}
	return false
}
