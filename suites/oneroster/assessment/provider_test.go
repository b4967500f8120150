package assessment

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const whole, push = "or12-assessment-provider", "or12-assessment-push-provider"

// TestUnbent judges the provider that does right: nothing may be accused.
func TestUnbent(t *testing.T) {
	results := judged(t, newFake(t), Suite(), whole, false)
	resttest.Unaccused(t, results, 130)
}

// TestPushUnbent writes to it: all passes, and nothing stays.
func TestPushUnbent(t *testing.T) {
	p := newFake(t)
	results := judged(t, p, PushSuite(), push, true)
	resttest.Complain(t, results, nil)
	for id, q := range results {
		if q.Verdict != reports.Pass && id != "write.served-valid" { // it takes nothing that can't be
			t.Errorf("%s is %s: %s (%s)", id, q.Verdict, q.Reason, q.Remedy)
		}
	}
	if left := p.Marked("Rollcall "); len(left) > 0 {
		t.Errorf("it stays: %v", left)
	}
}

// TestBent changes what the provider has or does, in one way each. want are the requirements,
// below or12.assessment., that it breaks.
func TestBent(t *testing.T) {
	set := func(collection, id, member string, value any) func(*resttest.Provider) {
		return func(p *resttest.Provider) { p.Find(collection, id)[member] = value }
	}
	refer := func(id, member, kind, collection, target string) func(*resttest.Provider) {
		return func(p *resttest.Provider) {
			of := service.Rostering()
			if service.Assessment().Kinds[kind] != nil {
				of = service.Assessment()
			}
			collectionOf := "assessmentLineItems"
			if strings.HasPrefix(id, "r-") {
				collectionOf = "assessmentResults"
			}
			p.Find(collectionOf, id)[member] = p.Reference(of, kind, collection, target)
		}
	}
	for _, r := range []struct {
		name string
		bend func(*resttest.Provider)
		want []string
	}{
		{"a circle of parts", refer("part-1", "parentAssessmentLineItem", "assessmentLineItem", "assessmentLineItems", "q-1"),
			[]string{"items.tree"}},
		{"a parent that is gone", refer("q-3", "parentAssessmentLineItem", "assessmentLineItem", "assessmentLineItems", "gone"),
			[]string{"references.item-parent"}},
		{"a percentile beyond 100", set("assessmentResults", "r-2-3", "scorePercentile", 140.0), []string{"results.percentile-range"}},
		{"percentiles that fall", set("assessmentResults", "r-2-3", "scorePercentile", 1.0), []string{"results.percentile-order"}},
		{"a part of another class", refer("q-1", "class", "class", "classes", "class-2"), []string{"items.parent-class"}},
		{"a part of what is deleted", set("assessmentLineItems", "test-2", "status", "tobedeleted"), []string{"items.parent-active", "references.active"}},
		{"a rank without a score", func(p *resttest.Provider) {
			r := p.Find("assessmentResults", "r-3-2")
			r["scoreStatus"] = "exempt"
			delete(r, "score")
		}, []string{"results.percentile-score"}},
		{"scored in the future", set("assessmentResults", "r-2-3", "scoreDate", "2099-01-01"), []string{"results.date-not-future"}},
		{"a result of nothing", refer("r-2-3", "assessmentLineItem", "assessmentLineItem", "assessmentLineItems", "gone"),
			[]string{"references.result-item"}},
		{"a student who is gone", refer("r-2-3", "student", "user", "users", "gone"), []string{"references.result-student"}},
		{"fully graded without a score", func(p *resttest.Provider) {
			r := p.Find("assessmentResults", "r-2-2")
			delete(r, "score")
			delete(r, "scorePercentile")
		}, []string{"results.graded-score"}},
		{"no UUID of CASE", func(p *resttest.Provider) {
			p.Find("assessmentLineItems", "q-1")["learningObjectiveSet"].([]any)[0].(object)["learningObjectiveIds"] = []any{"M.1"}
			delete(p.Find("assessmentResults", "r-2-0"), "learningObjectiveSet")
		}, []string{"objectives.case-uuid"}},
	} {
		t.Run(r.name, func(t *testing.T) {
			p := newFake(t)
			r.bend(p)
			resttest.Complain(t, judged(t, p, Suite(), whole, false, "or12.assessment.items.*", "or12.assessment.results.*", "or12.assessment.references.*",
				"or12.assessment.objectives.*"), r.want)
		})
	}
}

// TestPushBent bends what becomes of writes.
func TestPushBent(t *testing.T) {
	for name, r := range map[string]struct {
		bend func(p *resttest.Provider)
		want []string
	}{
		"501 to writes": {func(p *resttest.Provider) {
			p.Ask = func(a *resttest.Reply) {
				if a.Op.ID != "" && a.Request.Method != http.MethodGet {
					a.Status, a.Raw = http.StatusNotImplemented, `{"imsx_codeMajor":"unsupported"}`
				}
			}
		}, []string{"write.put-accepted"}},
		"percentiles lost": {func(p *resttest.Provider) {
			p.Change = func(a *resttest.Reply) {
				if a.Is(http.MethodPut, "assessmentResults") && a.Status == http.StatusCreated {
					delete(p.Find("assessmentResults", a.IDs[0]), "scorePercentile")
				}
			}
		}, []string{"write.stored"}},
		"ids rewritten": {func(p *resttest.Provider) {
			p.Change = func(a *resttest.Reply) {
				if a.Is(http.MethodPut, "assessmentLineItems") && a.Status == http.StatusCreated {
					o := p.Find("assessmentLineItems", a.IDs[0])
					p.Remove("assessmentLineItems", a.IDs[0])
					o["sourcedId"] = "own-" + a.IDs[0]
					p.Put("assessmentLineItems", o)
				}
			}
		}, []string{"write.stored"}},
		"gradebooks' scopes open assessments": {func(p *resttest.Provider) {
			p.Change = func(a *resttest.Reply) {
				if a.Status == http.StatusForbidden && a.Is(http.MethodPut, "assessmentResults") {
					a.Status, a.Body = http.StatusCreated, nil
				}
			}
		}, []string{"write.scope-denied"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newFake(t)
			r.bend(p)
			resttest.Complain(t, judged(t, p, PushSuite(), push, true), r.want)
			if left := p.Marked("Rollcall "); len(left) > 0 {
				t.Errorf("it stays: %v", left)
			}
		})
	}
}
