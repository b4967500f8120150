package main

import (
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/fault/searcherfault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher"
)

// TestSearcherMatrix proves the judge of products that search: each fault is found, and nothing else accused; each
// variant passes. A few of both, others each day, are tried where not all are asked for.
func TestSearcherMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("the matrix runs by itself: make matrix")
	}
	tables, err := searcherfault.Kind.Tables()
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := readMatrix()
	if err != nil {
		t.Fatal(err)
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
		for _, i := range few(t, len(tables.Faults), 3) {
			f := tables.Faults[i]
			t.Run("fault/"+f.ID, func(t *testing.T) {
				t.Parallel()
				sideBySide <- struct{}{}
				defer func() { <-sideBySide }()
				report := judgedSearcher(t, catalogue.Strict, nil, f.ID)
				found := record(f.ID, report)
				sound(t, report)
				if !onlyNoted(cat, f) {
					blames(t, report)
				}
				for _, id := range f.Breaks {
					if _, known := cat.Requirement(id); !known {
						t.Errorf("breaks %s, which the catalogue doesn't hold", id)
					} else if _, caught := found[id]; !caught && !noted(report)[id] {
						t.Errorf("%s was not caught", id)
					}
				}
				for id, q := range found {
					if !slices.Contains(f.Breaks, id) && !expected(id, f.May) {
						t.Errorf("unrelated: %s", story(q))
					}
				}
			})
		}
		for _, i := range few(t, len(tables.Variants), 1) {
			v := tables.Variants[i]
			t.Run("variant/"+v.ID, func(t *testing.T) {
				t.Parallel()
				sideBySide <- struct{}{}
				defer func() { <-sideBySide }()
				report := judgedSearcher(t, catalogue.Strict, nil, v.ID)
				record(v.ID, report)
				for _, q := range report.Requirements {
					if q.Verdict != reports.Pass && q.Verdict != reports.NotApplicable {
						t.Errorf("%s %s", story(q), q.Reason)
					}
				}
			})
		}
	})
	if *update {
		kept := map[string]caught{}
		for _, id := range idsIn(tables) {
			if c, is := seen[id]; is {
				kept[id] = c
			} else if c, is := recorded[id]; is {
				kept[id] = c
			}
		}
		if err := writeMatrix("data/matrix-searcher.json", kept); err != nil {
			t.Fatal(err)
		}
		recorded = kept
	}
	proved := map[string]bool{}
	for _, f := range tables.Faults {
		if _, is := recorded[f.ID]; !is {
			t.Errorf("%s is not in the recorded matrix; run `ROLLCALL_MATRIX=all go test ./cmd/rollcall -run TestSearcherMatrix -update`", f.ID)
		}
		for _, check := range recorded[f.ID].Checks {
			proved[check] = true
		}
	}
	for _, c := range searcher.Suite().Checks {
		if !proved[c.ID] && os.Getenv("ROLLCALL_MATRIX") == "" {
			t.Errorf("no fault is caught by %s", c.ID)
		}
	}
}
