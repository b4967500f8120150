package gradebook

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const whole = "or12-gradebook-provider"

// TestUnbent judges the provider that does right: nothing may be accused.
func TestUnbent(t *testing.T) {
	results := judged(t, newFake(t), Suite(), whole, false)
	resttest.Unaccused(t, results, 175)
}

// TestBent changes what the provider has, in one way each: the rule that knows must tell, and
// no other. want are the requirements, below or12.gradebook.
func TestBent(t *testing.T) {
	set := func(collection, id, member string, value any) func(*resttest.Provider) {
		return func(p *resttest.Provider) { p.Find(collection, id)[member] = value }
	}
	refer := func(collection, id, member, kind, to, target string) func(*resttest.Provider) {
		return func(p *resttest.Provider) {
			of := service.Rostering()
			if service.Gradebook().Kinds[kind] != nil {
				of = service.Gradebook()
			}
			p.Find(collection, id)[member] = p.Reference(of, kind, to, target)
		}
	}
	without := func(ops ...string) func(*resttest.Provider) {
		return func(p *resttest.Provider) {
			among := p.Among
			p.Among = func(op service.Operation, ids []string, o object) bool {
				return among(op, ids, o) && !(strings.Contains(strings.Join(ops, " "), op.ID) && strings.HasSuffix(fmt.Sprint(o["sourcedId"]), "1"))
			}
		}
	}
	for _, r := range []struct {
		name string
		bend func(*resttest.Provider)
		want []string
	}{
		{"a weight below zero", set("categories", "cat-1", "weight", -1.0), []string{"categories.weight"}},
		{"due before given out", set("lineItems", "item-2", "dueDate", "2025-12-01T08:00:00.000Z"), []string{"line-items.dates-ordered"}},
		{"another school", refer("lineItems", "item-2", "school", "org", "orgs", "school-2"), []string{"line-items.school"}},
		{"a district for a school", set("orgs", "school-1", "type", "district"), []string{"line-items.school-type"}},
		{"a school year for a session", set("academicSessions", "fall", "type", "schoolYear"), []string{"line-items.session-type"}},
		{"a category that is gone", func(p *resttest.Provider) { p.Remove("categories", "cat-2") }, []string{"references.item-category"}},
		{"a school that is gone", refer("lineItems", "item-2", "school", "org", "orgs", "gone"), []string{"line-items.school", "references.item-school"}},
		{"a session that is gone", refer("lineItems", "item-2", "academicSession", "academicSession", "academicSessions", "gone"),
			[]string{"references.item-session"}},
		{"a result of another class", refer("results", "r-2-0", "class", "class", "classes", "class-2"), []string{"results.class"}},
		{"a result older than its work", set("results", "r-3-0", "scoreDate", "2025-11-01"), []string{"results.since-assigned"}},
		{"a score of no scale", func(p *resttest.Provider) {
			p.Find("results", "r-0-2")["score"] = -3.0
			delete(p.Find("lineItems", "item-0"), "resultValueMin")
		}, []string{"results.scale-score"}},
		{"a text of no scale", set("results", "r-0-2", "textScore", "Z"), []string{"results.scale-text"}},
		{"a number for a text", func(p *resttest.Provider) { p.Find("results", "r-2-2")["textScore"] = "60" }, []string{"results.text-score"}},
		{"scored in the future", set("results", "r-2-2", "scoreDate", "2099-01-01"), []string{"results.date-not-future"}},
		{"who isn't enrolled", func(p *resttest.Provider) { p.Remove("enrollments", "e-0-class-1") }, []string{"results.student-enrolled"}},
		{"fully graded without a score", func(p *resttest.Provider) { delete(p.Find("results", "r-2-2"), "score") }, []string{"results.graded-score"}},
		{"exempt with a score", set("results", "r-2-1", "score", 40.0), []string{"results.ungraded-score"}},
		{"a range that falls", func(p *resttest.Provider) {
			p.Find("scoreScales", "scale-class-2")["scoreScaleValue"] = []any{object{"itemValueLHS": "100-0", "itemValueRHS": "B"}, object{"itemValueLHS": "0-100", "itemValueRHS": "F"}}
		}, []string{"score-scales.ranges"}},
		{"two ranges for one score", func(p *resttest.Provider) {
			p.Find("scoreScales", "scale-class-2")["scoreScaleValue"] = []any{object{"itemValueLHS": "0-60", "itemValueRHS": "F"}, object{"itemValueLHS": "50-100", "itemValueRHS": "B"}}
		}, []string{"score-scales.disjoint"}},
		{"a scale that doesn't reach", set("lineItems", "item-0", "resultValueMax", 200.0), []string{"score-scales.covers-bounds"}},
		{"a scale of another class", refer("scoreScales", "scale-class-1", "class", "class", "classes", "class-3"), []string{"score-scales.class"}},
		{"a class that is gone", refer("scoreScales", "scale-class-1", "class", "class", "classes", "gone"),
			[]string{"references.scale-class", "score-scales.class"}},
		{"a course that is gone", refer("scoreScales", "scale-class-1", "course", "course", "courses", "gone"),
			[]string{"references.scale-course", "score-scales.course"}},
		{"a source in words", func(p *resttest.Provider) {
			p.Find("lineItems", "item-2")["learningObjectiveSet"].([]any)[0].(object)["source"] = "Our Words"
		}, []string{"vocabulary.objective-source"}},
		{"no UUID of CASE", func(p *resttest.Provider) {
			p.Find("lineItems", "item-2")["learningObjectiveSet"].([]any)[0].(object)["learningObjectiveIds"] = []any{"M.1"}
			delete(p.Find("results", "r-2-0"), "learningObjectiveSet")
		}, []string{"objectives.case-uuid"}},
		{"line items missing below a class", without("getLineItemsForClass"), []string{"sub.line-items-for-class"}},
		{"results missing below a class", without("getResultsForClass"), []string{"sub.results-for-class"}},
		{"categories missing below a class", without("getCategoriesForClass"), []string{"sub.categories-for-class"}},
		{"scales missing below a school", without("getScoreScalesForSchool"), []string{"sub.score-scales-for-school"}},
		{"line items of a class without any", func(p *resttest.Provider) {
			p.Ask = func(a *resttest.Reply) {
				if a.Op.ID == "getLineItemsForClass" && a.IDs[0] == "class-3" {
					a.Refuse(http.StatusNotFound, "unknownobject", "none")
				}
			}
		}, []string{"sub.empty"}},
		{"whatever class a line item is asked below", func(p *resttest.Provider) {
			among := p.Among
			p.Among = func(op service.Operation, ids []string, o object) bool {
				if op.ID == "getResultsForLineItemForClass" {
					return refers(o, "lineItem") == ids[1]
				}
				return among(op, ids, o)
			}
		}, []string{"sub.line-item-of-other-class"}},
	} {
		t.Run(r.name, func(t *testing.T) {
			p := newFake(t)
			r.bend(p)
			own := []string{"gradebook.categories.*", "gradebook.line-items.*", "gradebook.results.*", "gradebook.score-scales.*", "gradebook.references.*",
				"gradebook.sub.*", "gradebook.objectives.*", "or12.gradebook.vocabulary.*"}
			resttest.Complain(t, judged(t, p, Suite(), whole, false, own...), r.want)
		})
	}
}

// TestNoted: what the standard allows and nobody means is noted, and accuses nobody.
func TestNoted(t *testing.T) {
	for id, bend := range map[string]func(*resttest.Provider){
		"line-items.session-given": func(p *resttest.Provider) { delete(p.Find("lineItems", "item-2"), "academicSession") },
		"results.within-bounds":    func(p *resttest.Provider) { p.Find("results", "r-2-2")["score"] = 140.0 },
		"results.modified-since":   func(p *resttest.Provider) { p.Find("results", "r-2-2")["scoreDate"] = "2026-06-01" },
		"results.once": func(p *resttest.Provider) {
			twice := maps.Clone(p.Find("results", "r-2-2"))
			twice["sourcedId"] = "r-again"
			p.Put("results", twice)
		},
	} {
		p := newFake(t)
		bend(p)
		q := judged(t, p, Suite(), whole, false, "or12.gradebook."+id)[id]
		if q.Verdict != reports.Pass || len(q.Notes)+len(q.Findings) == 0 {
			t.Errorf("%s is %s, with %v %v", id, q.Verdict, q.Notes, q.Findings)
		}
	}
}
