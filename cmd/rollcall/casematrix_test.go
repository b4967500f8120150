package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/fault/casefault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// readable are the variants of a CASE server of which all can be read: nothing is left untested
// for them.
var readable = []string{"case-wrapped", "case-listed", "case-no-document", "case-capitals", "case-nulls", "case-more-members", "case-other-uri",
	"case-moved"}

// TestCaseMatrix: what a CASE server gets wrong is never held against the product that refers
// to it, but for identifiers that it doesn't know; where nothing can be read of it the report
// says so.
func TestCaseMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("the matrix runs by itself: make matrix")
	}
	tables, err := casefault.Kind.Tables()
	if err != nil {
		t.Fatal(err)
	}
	const check, resolves = "assessment.objectives.resolution", "or12.assessment.objectives.resolves"
	judge := func(t *testing.T, ids ...string) *reports.Report {
		return judgedCell(t, cell{Faults: ids, Stance: catalogue.Strict, Profiles: []string{"or12-assessment-provider"}, Focus: []string{check}})
	}
	var mu sync.Mutex
	seen := map[string]caught{}
	record := func(id string, report *reports.Report) map[string]reports.RequirementResult {
		found := broken(report)
		mu.Lock()
		defer mu.Unlock()
		seen[id] = caughtBy(id, report, found)
		return found
	}
	t.Run("each", func(t *testing.T) {
		t.Run("clean", func(t *testing.T) {
			t.Parallel()
			for _, q := range judge(t).Requirements {
				if strings.HasPrefix(q.ID, "or12.assessment.objectives.") && len(q.Checks) > 0 && q.Verdict != reports.Pass {
					t.Error(story(q))
				}
			}
		})
		for _, f := range tables.Faults {
			t.Run("fault/"+f.ID, func(t *testing.T) {
				t.Parallel()
				report := judge(t, f.ID)
				found := record(f.ID, report)
				for _, id := range f.Breaks {
					if _, caught := found[id]; !caught && !noted(report)[id] {
						t.Errorf("%s was not caught", id)
					}
				}
				for id, q := range found {
					if !expected(id, f.Breaks) {
						t.Errorf("unrelated: %s", story(q))
					}
				}
			})
		}
		for _, v := range tables.Variants {
			t.Run("variant/"+v.ID, func(t *testing.T) {
				t.Parallel()
				report := judge(t, v.ID)
				record(v.ID, report)
				for _, q := range report.Requirements {
					switch {
					case q.Verdict == reports.Fail || q.Verdict == reports.Warning || q.Verdict == reports.Error || q.Verdict == reports.Unknown:
						t.Error(story(q))
					case q.ID == resolves:
						toldOfServer(t, v.ID, q)
					}
				}
			})
		}
	})
	if *update && len(seen) == len(tables.Faults)+len(tables.Variants) {
		if err := writeMatrix("data/matrix-case.json", seen); err != nil {
			t.Fatal(err)
		}
	}
}

// toldOfServer holds what is said of where identifiers lead: that they do, or what is in the way and
// what to do about it.
func toldOfServer(t *testing.T, id string, q reports.RequirementResult) {
	t.Helper()
	for _, other := range readable {
		if other == id {
			if q.Verdict != reports.Pass || strings.Contains(strings.Join(q.Notes, " "), "partly tested") {
				t.Errorf("all could be read, and %s", story(q))
			}
			return
		}
	}
	if q.Verdict == reports.Pass {
		if !strings.Contains(strings.Join(q.Notes, " "), "partly tested: the CASE server at") {
			t.Errorf("nothing is said of the server: %v", q.Notes)
		}
		return
	}
	if q.Verdict != reports.NotTested || !strings.Contains(q.Reason, "the CASE server at http://127.0.0.1") || q.Remedy == "" {
		t.Errorf("%s, and what to do is %q", story(q), q.Remedy)
	}
}
