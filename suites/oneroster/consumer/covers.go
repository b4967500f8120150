package consumer

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
)

// covered lists the requirements that tell what was seen of a service, below the version.
func covered(cat *catalogue.Catalogue, prefix, of string) (out []string) {
	for _, r := range cat.Requirements() {
		if below, ours := strings.CutPrefix(r.ID, prefix); ours && strings.HasPrefix(below, of+".covers.") {
			out = append(out, below)
		}
	}
	return out
}

// blank finds a value with a blank in a filter.
var blank = regexp.MustCompile(`'[^']* [^']*'`)

// seen are what tells that something beside an operation was used, by the end of a requirement's id.
var seen = map[string]func(provider.Call) bool{
	"parameter-limit":    func(c provider.Call) bool { return c.Query.Has("limit") },
	"parameter-offset":   func(c provider.Call) bool { return c.Query.Has("offset") },
	"parameter-filter":   func(c provider.Call) bool { return c.Query.Has("filter") },
	"parameter-sort":     func(c provider.Call) bool { return c.Query.Has("sort") },
	"parameter-order-by": func(c provider.Call) bool { return c.Query.Has("orderBy") },
	"parameter-fields":   func(c provider.Call) bool { return c.Query.Has("fields") },
	"blanks":             func(c provider.Call) bool { return blank.MatchString(c.Query.Get("filter")) },
	"token":              func(c provider.Call) bool { return !c.Token && c.Header.Get("Authorization") != "" },
}

// covers tells which operations and parameters were seen. None is asked for.
func (j *judge) covers(t *harness.T) {
	for _, id := range t.Check().Requirements {
		r, _ := t.Session().Catalogue.Requirement(id)
		fits := seen[id[strings.LastIndex(id, ".")+1:]]
		if fits == nil {
			fits = func(c provider.Call) bool { return slices.Contains(r.Operations, c.Operation) }
		}
		n := 0
		for _, s := range j.syncs {
			for _, c := range s.calls {
				if fits(c) && c.Status < http.StatusBadRequest {
					n++
				}
			}
		}
		if n > 0 {
			t.Examined(id, n)
			continue
		}
		t.NotTested(harness.NoData("it was not seen in this run", "Where the product has a use for it, have it used while Rollcall looks."), id)
	}
}
