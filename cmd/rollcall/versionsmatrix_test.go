package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/fault/onerosterfault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// bothVersions are the profiles of a product that is judged by OneRoster 1.1 and 1.2.
var bothVersions = []string{"or12-rostering-provider", "or12-demographics-provider", "or12-resources-provider", "or11-rostering-provider",
	"or11-resources-provider", "or12-gradebook-provider", "or11-gradebook-provider"}

// TestVersionsMatrix: in what two versions of one product disagree is found and told of that
// alone, and what they may have otherwise nobody minds. What else a fault breaks in the version
// that it is of (a filter leaves other names than are shown) is for the matrices of the versions;
// one that breaks nothing else is judged by everything, so that what the suite of 1.2 has crawled
// is read.
func TestVersionsMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("the matrix runs by itself: make matrix")
	}
	tables, err := onerosterfault.Versions.Tables()
	if err != nil {
		t.Fatal(err)
	}
	judge := func(t *testing.T, ids ...string) *reports.Report {
		return judgedCell(t, cell{Faults: ids, Stance: catalogue.Strict, Profiles: bothVersions, Focus: []string{"versions"}})
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
	unminded := func(t *testing.T, report *reports.Report) {
		for _, q := range report.Requirements {
			compared := strings.Contains(q.ID, ".versions.")
			if compared && q.Verdict != reports.Pass || q.Verdict == reports.Fail || q.Verdict == reports.Warning || q.Verdict == reports.Error {
				t.Error(story(q))
			}
			if compared && len(q.Notes) > 0 {
				t.Errorf("%s is noted: %q", q.ID, q.Notes)
			}
		}
	}
	t.Run("each", func(t *testing.T) {
		t.Run("clean", func(t *testing.T) {
			t.Parallel()
			unminded(t, judge(t))
		})
		t.Run("whole", func(t *testing.T) {
			t.Parallel()
			report := judgedCell(t, cell{Faults: []string{"versions-demographics-flags"}, Stance: catalogue.Strict, Profiles: bothVersions})
			sound(t, report)
			const differ = "or11.rostering.versions.demographics"
			if _, caught := broken(report)[differ]; !caught {
				t.Errorf("%s was not caught", differ)
			}
			for id, q := range broken(report) {
				if id != differ {
					t.Errorf("unrelated: %s", story(q))
				}
			}
		})
		for _, f := range tables.Faults {
			t.Run("fault/"+f.ID, func(t *testing.T) {
				t.Parallel()
				found := record(f.ID, judge(t, f.ID))
				for _, id := range f.Breaks {
					q, caught := found[id]
					if !caught {
						t.Errorf("%s was not caught", id)
					} else if q.Verdict != reports.Warning || len(q.Findings) == 0 || len(q.Findings[0].Exchanges) < 2 {
						t.Errorf("it is told of by %d findings: %s", len(q.Findings), story(q))
					}
				}
				for id, q := range found {
					if !expected(id, f.Breaks) && !expected(id, f.May) {
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
				unminded(t, report)
			})
		}
	})
	if *update && len(seen) == len(tables.Faults)+len(tables.Variants) {
		if err := writeMatrix("data/matrix-versions.json", seen); err != nil {
			t.Fatal(err)
		}
	}
}
