package resources

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// newFake11 starts a provider of OneRoster 1.1 with the resources of the other fake, below one
// root. It does right.
func newFake11(t *testing.T) *resttest.Provider {
	t.Helper()
	of, rosters := service.Resources11(), service.Rostering11()
	p := resttest.NewProvider(of, rosters)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.Origin = server.URL
	p.Data = newProvider(t).data
	p.Find("resources", "res2")["roles"] = []string{"student", "teacher"}
	reference := func(kind, collection, id string) object { return p.Reference(of, kind, collection, id) }
	held := map[string][]string{}
	for _, name := range []string{"classes", "courses"} {
		for _, o := range p.Data[name] {
			id := fmt.Sprint(o["sourcedId"])
			if name == "classes" {
				o["course"] = reference("course", "courses", refersTo(o, "course"))
			}
			var list []object
			resources, _ := o["resources"].([]object)
			for _, r := range resources {
				held[id] = append(held[id], fmt.Sprint(r["sourcedId"]))
				list = append(list, reference("resource", "resources", fmt.Sprint(r["sourcedId"])))
			}
			if list != nil {
				o["resources"] = list
			}
		}
	}
	p.Among = func(_ service.Operation, ids []string, o object) bool {
		for _, id := range held[ids[0]] {
			if id == o["sourcedId"] {
				return true
			}
		}
		return false
	}
	return p
}

func refersTo(o object, name string) string {
	r, _ := o[name].(object)
	return fmt.Sprint(r["sourcedId"])
}

func judged11(t *testing.T, p *resttest.Provider, focus ...string) map[string]reports.RequirementResult {
	t.Helper()
	text := p.Target(t, []string{"or11-resources-provider"}, "v1p1: "+p.Base(service.Resources11()))
	return resttest.Judge(t, resttest.Target(t, text), "or11.resources.", []harness.Suite{Suite11()}, focus...)
}

// TestUnbent11 judges the provider of 1.1 that does right: nothing may be accused.
func TestUnbent11(t *testing.T) {
	results := judged11(t, newFake11(t))
	resttest.Unaccused(t, results, 110)
}

// TestBent11 bends what is of 1.1 alone.
func TestBent11(t *testing.T) {
	set := service.Resources11().Status.Set
	for name, test := range map[string]struct {
		bend func(p *resttest.Provider)
		want []string
	}{
		"an unknown field is refused": {func(p *resttest.Provider) {
			p.Ask = func(a *resttest.Reply) {
				if a.Query.Get("fields") == "noSuchField" || a.Query.Get("fields") == "noSuchProperty" {
					a.Refuse(http.StatusBadRequest, "invalid_selection_field", "unknown")
				}
			}
		}, []string{"fields.unknown"}},
		"no warning": {func(p *resttest.Provider) {
			p.Change = func(a *resttest.Reply) {
				if a.Status == http.StatusOK {
					delete(a.Body, set)
				}
			}
		}, []string{"errors.warning"}},
		"errors as in 1.2": {func(p *resttest.Provider) {
			p.Change = func(a *resttest.Reply) {
				if a.Status == http.StatusNotFound && a.Body[set] != nil {
					a.Body = resttest.Failure("unknownobject", "none")
				}
			}
		}, []string{"errors.code-minor-shape", "errors.status-info"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newFake11(t)
			test.bend(p)
			resttest.Complain(t, judged11(t, p, "or11.resources.fields.*", "or11.resources.errors.*", "or11.resources.sort.*"), test.want)
		})
	}
}
