package gradebook

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
)

const push = "or12-gradebook-push-provider"

// ours begins the texts of all that is written.
const ours = "Rollcall "

// TestPushUnbent writes to a provider that does right: all passes, and nothing stays.
func TestPushUnbent(t *testing.T) {
	p := newFake(t)
	results := judged(t, p, PushSuite(), push, true)
	resttest.Complain(t, results, nil)
	for id, q := range results {
		if q.Verdict != reports.Pass && id != "write.served-valid" { // it takes nothing that can't be
			t.Errorf("%s is %s: %s (%s)", id, q.Verdict, q.Reason, q.Remedy)
		}
	}
	if left := p.Marked(ours); len(left) > 0 {
		t.Errorf("it stays: %v", left)
	}
}

// TestWritesForbidden: nothing is written where the target file doesn't allow it, and each
// requirement says so.
func TestWritesForbidden(t *testing.T) {
	p := newFake(t)
	p.Ask = func(a *resttest.Reply) {
		if a.Op.ID != "" && a.Request.Method != http.MethodGet {
			t.Errorf("%s %s", a.Request.Method, a.Path)
		}
	}
	results := judged(t, p, PushSuite(), push, false)
	for id, q := range results {
		if q.Verdict != reports.NotTested || !strings.Contains(q.Remedy, "oneroster.writes") {
			t.Errorf("%s is %s: %s (%s)", id, q.Verdict, q.Reason, q.Remedy)
		}
	}
	if len(results) < 30 {
		t.Errorf("%d requirements", len(results))
	}
}

// row bends the provider in one way; want are the requirements, below or12.gradebook.write.,
// that it breaks.
type row struct {
	name string
	bend func(p *resttest.Provider)
	want []string
	// left says that some of what was made can't be taken away again, and that the report names it.
	left bool
}

// answered takes over what has a method.
func answered(method string, status int, body string) func(p *resttest.Provider) {
	return func(p *resttest.Provider) {
		p.Ask = func(a *resttest.Reply) {
			if a.Is(method, "") {
				a.Status, a.Raw = status, body
			}
		}
	}
}

// TestPushBent bends it in the ways that targets have: findings, or clear stops, and nothing
// of ours left behind that isn't named.
func TestPushBent(t *testing.T) {
	const none = `{"imsx_codeMajor":"unsupported","imsx_severity":"error"}`
	rows := []row{
		{"501 to writes", func(p *resttest.Provider) {
			p.Ask = func(a *resttest.Reply) {
				if a.Op.ID != "" && a.Request.Method != http.MethodGet {
					a.Status, a.Raw = http.StatusNotImplemented, none
				}
			}
		}, []string{"put-accepted"}, false},
		{"200 and nothing stored", answered(http.MethodPut, http.StatusOK, "{}"), []string{"put-status", "stored"}, false},
		{"201 and lost", func(p *resttest.Provider) {
			n := 0
			p.Change = func(a *resttest.Reply) {
				if n++; a.Is(http.MethodPut, "results") && a.Status == http.StatusCreated {
					p.Remove("results", a.IDs[0])
				}
			}
		}, []string{"stored"}, false},
		{"ids rewritten", func(p *resttest.Provider) {
			p.Change = func(a *resttest.Reply) {
				if a.Is(http.MethodPut, "") && a.Status == http.StatusCreated {
					o := p.Find(a.Op.Root(), a.IDs[0])
					p.Remove(a.Op.Root(), a.IDs[0])
					o["sourcedId"] = "own-" + a.IDs[0]
					p.Put(a.Op.Root(), o)
				}
			}
		}, []string{"stored"}, false},
		{"POST tells no ids", func(p *resttest.Provider) {
			p.Change = func(a *resttest.Reply) {
				if a.Is(http.MethodPost, "") && a.Status == http.StatusCreated {
					a.Body = resttest.Object{"sourcedIdPairs": []resttest.Object{}}
				}
			}
		}, []string{"post-pairs"}, false},
		{"no DELETE", answered(http.MethodDelete, http.StatusNotImplemented, none), []string{"delete-accepted"}, true},
		{"DELETE says so alone", func(p *resttest.Provider) {
			var was resttest.Object
			p.Ask = func(a *resttest.Reply) {
				if a.Is(http.MethodDelete, "") {
					was = p.Find(a.Op.Root(), a.IDs[0])
				}
			}
			p.Change = func(a *resttest.Reply) {
				switch {
				case a.Is(http.MethodDelete, "") && a.Status == http.StatusNoContent:
					p.Put(a.Op.Root(), was)
				case a.Is(http.MethodDelete, "") && a.Status == http.StatusNotFound:
					a.Status = http.StatusNoContent
				}
			}
		}, []string{"delete-unknown", "deleted"}, true},
		{"half of a body stored", func(p *resttest.Provider) {
			p.Ask = func(a *resttest.Reply) {
				if a.Broken && a.Is(http.MethodPut, "categories") {
					p.Store("categories", resttest.Object{"sourcedId": a.IDs[0], "status": "active", "title": ours + "half"})
				}
			}
		}, []string{"interrupted-whole"}, false},
		{"what broke off is locked", func(p *resttest.Provider) {
			locked := map[string]bool{}
			p.Ask = func(a *resttest.Reply) {
				if a.Is(http.MethodPut, "") && a.Broken {
					locked[a.IDs[0]] = true
				} else if a.Is(http.MethodPut, "") && locked[a.IDs[0]] {
					a.Refuse(http.StatusConflict, "invaliddata", "in progress")
				}
			}
		}, []string{"interrupted-again"}, false},
		{"one of many at once is lost", func(p *resttest.Provider) {
			n := map[string]int{}
			p.Change = func(a *resttest.Reply) {
				if a.Is(http.MethodPut, "categories") && a.Status == http.StatusCreated {
					if n[a.IDs[0]]++; n[a.IDs[0]] == 21 { // no other check puts one so often
						p.Remove("categories", a.IDs[0])
					}
				}
			}
		}, []string{"concurrent-same"}, false},
		{"any session", func(p *resttest.Provider) {
			p.Ask = func(a *resttest.Reply) {
				if a.Is(http.MethodPost, "classes") && a.Op.Parameters() > 1 && p.Find("academicSessions", a.IDs[1]) == nil {
					a.IDs[1] = "fall"
				}
			}
		}, []string{"post-unknown-parent"}, false},
		{"no POST below sessions", func(p *resttest.Provider) {
			p.Ask = func(a *resttest.Reply) {
				if a.Is(http.MethodPost, "classes") && a.Op.Parameters() > 1 {
					a.Refuse(http.StatusNotImplemented, "unsupported", "not yet")
				}
			}
		}, []string{"post-session"}, false},
		{"references to nothing", func(p *resttest.Provider) {
			p.Change = func(a *resttest.Reply) {
				if a.Is(http.MethodPut, "results") && a.Status == http.StatusUnprocessableEntity && strings.Contains(string(a.Sent), `"score":80.5`) {
					a.Status, a.Body = http.StatusCreated, nil
				}
			}
		}, []string{"foreign-reference", "id-mismatch", "impossible-value", "missing-member", "unknown-member"}, false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			p := newFake(t)
			r.bend(p)
			results := judged(t, p, PushSuite(), push, true)
			want := make([]string, len(r.want))
			for i, id := range r.want {
				want[i] = "write." + id
			}
			resttest.Complain(t, results, want)
			named := slices.ContainsFunc(allNotes(results), func(note string) bool { return strings.Contains(note, "could not delete them again") })
			if left := p.Marked(ours); len(left) > 0 != r.left || named != r.left {
				t.Errorf("it stays: %d; the report names it: %v", len(left), named)
			}
		})
	}
}

func allNotes(results map[string]reports.RequirementResult) (out []string) {
	for _, q := range results {
		out = append(out, q.Notes...)
	}
	return out
}

// TestPushScopes: each cell of scope and operation that must be denied is noticed where it is
// open.
func TestPushScopes(t *testing.T) {
	for _, cell := range [][2]string{
		{http.MethodPut, "/categories/"}, {http.MethodPut, "/lineItems/"}, {http.MethodPut, "/results/"}, {http.MethodPut, "/scoreScales/"},
		{http.MethodDelete, "/categories/"}, {http.MethodDelete, "/lineItems/"}, {http.MethodDelete, "/results/"}, {http.MethodDelete, "/scoreScales/"},
		{http.MethodPost, "/classes/class-1/lineItems"}, {http.MethodPost, "/schools/"}, {http.MethodPost, "/lineItems/"},
		{http.MethodPost, "/academicSessions/"}, {http.MethodGet, "/results/"}, {http.MethodGet, "/classes/class-1/results"},
		{http.MethodGet, "/scoreScales?"},
	} {
		p := newFake(t)
		p.Change = func(a *resttest.Reply) {
			if a.Status == http.StatusForbidden && a.Is(cell[0], "") && strings.Contains(a.Path+"?", cell[1]) {
				a.Status, a.Body = http.StatusOK, resttest.Object{}
			}
		}
		results := judged(t, p, PushSuite(), push, true, "gradebook.write.scope")
		if !slices.Equal(resttest.Accused(results), []string{"write.scope-denied"}) {
			t.Errorf("%s %s: %v", cell[0], cell[1], resttest.Accused(results))
		}
	}
}

// TestLargePages: a provider that pays no heed to limit sends pages of 10 MB. They are read.
func TestLargePages(t *testing.T) {
	p := newFake(t)
	big := strings.Repeat("x", 2500)
	for range 4000 {
		p.Data["results"] = append(p.Data["results"], resttest.Object{"sourcedId": "big", "status": "active", "comment": big,
			"lineItem": p.Data["results"][0]["lineItem"], "student": p.Data["results"][0]["student"]})
	}
	p.Ask = func(a *resttest.Reply) { a.Query.Del("limit"); a.Query.Set("limit", "100000") }
	results := judged(t, p, PushSuite(), push, true, "gradebook.write.create")
	resttest.Complain(t, results, nil)
	if left := p.Marked(ours); len(left) > 0 {
		t.Errorf("it stays: %v", left)
	}
}
