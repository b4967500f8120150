package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/districtfault"
	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// districtEvery is how often the systems of a judged district sync: what is never known is waited for some times as long.
const districtEvery = 2 * time.Second

// judgedDistrict brings up the whole district with some faults and variants between its systems, and judges it by its story, in
// processes of its own: Ginkgo has one suite in one.
func judgedDistrict(t *testing.T, stance catalogue.Stance, ids ...string) *reports.Report {
	t.Helper()
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	bent, err := districtfault.Kind.Of(ids...)
	if err != nil {
		t.Fatal(err)
	}
	o := bent.Bend(riverbend.Options{Every: districtEvery, Judged: true})
	if o.TLS, err = security.NewSelfMade(time.Now(), append(o.Hosts(), "tool.localhost", "localhost", "127.0.0.1")...); err != nil {
		t.Fatal(err)
	}
	o.TrustPEM = o.TLS.AuthorityPEM
	j, err := newDistrictJudge(t.TempDir(), o.TLS)
	if err != nil {
		t.Fatal(err)
	}
	j.join(&o)
	d, err := riverbend.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := j.write(d); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(j.path("district"))
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, fmt.Sprintf("stance: %s\n", stance)...)
	if err := os.WriteFile(j.path("district"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	target, err := harness.ReadTarget(j.path("district"), os.LookupEnv, sections()...)
	if err != nil {
		t.Fatal(err)
	}
	run, err := harness.New(target, suites(), harness.Options{Seed: 1, Judge: judge(), Shards: 1})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// districtSide has four at a time: a story waits for most of its time, and a browser wants the rest.
var districtSide = make(chan struct{}, 4)

// TestDistrictMatrix proves the judge of districts: each mistake between systems is found, at the hop at which it is made,
// and nothing unrelated is accused; each variant passes. One of each, another one each day, is tried where not all are
// asked for.
func TestDistrictMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("the matrix runs by itself: make matrix")
	}
	tables, err := districtfault.Kind.Tables()
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
	all := os.Getenv("ROLLCALL_MATRIX") != "" || *update
	today := func(n int) map[int]bool {
		out := map[int]bool{}
		for _, i := range few(t, n, 1) {
			out[i] = true
		}
		return out
	}
	var mu sync.Mutex
	seen := map[string]caught{}
	faults, variants := today(len(tables.Faults)), today(len(tables.Variants))
	judged := func(t *testing.T, id string) (*reports.Report, map[string]reports.RequirementResult) {
		t.Parallel()
		districtSide <- struct{}{}
		defer func() { <-districtSide }()
		report := judgedDistrict(t, catalogue.Strict, id)
		found := broken(report)
		mu.Lock()
		defer mu.Unlock()
		seen[id] = caughtBy(id, report, found)
		return report, found
	}
	t.Run("each", func(t *testing.T) {
		for i, f := range tables.Faults {
			if !all && !faults[i] {
				continue
			}
			t.Run("fault/"+f.ID, func(t *testing.T) {
				report, found := judged(t, f.ID)
				sound(t, report)
				blames(t, report)
				for _, id := range f.Breaks {
					if _, known := cat.Requirement(id); !known {
						t.Errorf("breaks %s, which the catalogue doesn't hold", id)
					} else if _, caught := found[id]; !caught {
						t.Errorf("%s was not caught", id)
					}
				}
				for id, q := range found {
					if !expected(id, f.Breaks) && !expected(id, f.May) {
						t.Errorf("unrelated: %s", story(q))
					}
				}
			})
		}
		for i, v := range tables.Variants {
			if !all && !variants[i] {
				continue
			}
			t.Run("variant/"+v.ID, func(t *testing.T) {
				report, _ := judged(t, v.ID)
				for _, q := range report.Requirements {
					if slices.Contains([]reports.Verdict{reports.Fail, reports.Warning, reports.Error, reports.Unknown}, q.Verdict) {
						t.Error(story(q))
					}
				}
			})
		}
	})
	if *update {
		kept := map[string]caught{}
		for id, c := range recorded {
			if strings.HasPrefix(id, "between-") {
				kept[id] = c
			}
		}
		for id, c := range seen {
			kept[id] = c
		}
		if err := writeMatrix("data/matrix-district.json", kept); err != nil {
			t.Fatal(err)
		}
		recorded = kept
	}
	for _, f := range tables.Faults {
		if _, is := recorded[f.ID]; !is {
			t.Errorf("%s is not in the recorded matrix; run `ROLLCALL_MATRIX=all go test ./cmd/rollcall -run TestDistrictMatrix -update`", f.ID)
		}
	}
}
