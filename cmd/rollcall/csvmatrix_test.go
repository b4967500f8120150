package main

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	csvcases "github.com/rollcall-edu/rollcall/fixtures/broken"
	"github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
	csvtable "github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// scanned judges the bytes of a bundle.
func scanned(t *testing.T, name string, bundle []byte) *scan.Result {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := csv.Scan(context.Background(), path, scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rulesBroken(r *scan.Result) []string {
	var out []string
	for _, f := range r.Findings {
		if !slices.Contains(out, f.Rule.ID) {
			out = append(out, f.Rule.ID)
		}
	}
	slices.Sort(out)
	return out
}

func bases(t *testing.T) map[string]*csvcases.Bundle {
	t.Helper()
	out := map[string]*csvcases.Bundle{}
	for _, name := range []string{csvcases.Bulk, csvcases.Delta, csvcases.Old} {
		b, err := csvcases.Base(name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = b
	}
	out[""] = out[csvcases.Bulk]
	return out
}

// TestCSVMatrix proves the rules of OneRoster CSV: each broken bundle must be
// found broken in its way and in no other, each oddity of a legal one must pass,
// and every rule must have a bundle that breaks it.
func TestCSVMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("the matrix runs by itself: make matrix")
	}
	cases, err := csvcases.Cases()
	if err != nil {
		t.Fatal(err)
	}
	bases := bases(t)
	for _, name := range []string{csvcases.Bulk, csvcases.Delta, csvcases.Old} {
		clean, err := bases[name].Pack()
		if err != nil {
			t.Fatal(err)
		}
		if got := rulesBroken(scanned(t, "bundle.zip", clean)); len(got) > 0 {
			t.Errorf("the clean bundle %s breaks %q", name, got)
		}
	}
	proved := map[string]bool{}
	for _, c := range cases {
		bundle, err := c.Apply(bases[c.Base])
		if err != nil {
			t.Fatal(err)
		}
		got := rulesBroken(scanned(t, c.Name(), bundle))
		for _, id := range got {
			proved[id] = true
			if !slices.Contains(c.Breaks, id) && !slices.ContainsFunc(c.May, func(p string) bool { ok, _ := path.Match(p, id); return ok }) {
				t.Errorf("%s: unrelated: %s", c.ID, id)
			}
		}
		for _, id := range c.Breaks {
			if !slices.Contains(got, id) {
				t.Errorf("%s: %s was not caught, but %q", c.ID, id, got)
			}
		}
	}
	everyRuleProved(t, proved)
}

// everyRuleProved asks for a broken bundle for each rule. What holds for every
// kind of date or text alike is proved where a column of that kind is first
// broken, so only rules that no case names are missing.
func everyRuleProved(t *testing.T, proved map[string]bool) {
	t.Helper()
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range csvtable.Versions() {
		v, err := csvtable.Load(version)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := rule.Load(v)
		if err != nil {
			t.Fatal(err)
		}
		decided := map[string]bool{}
		for _, r := range rules.Rules {
			decided[r.Requirement] = true
			if _, known := cat.Requirement(r.Requirement); !known {
				t.Errorf("rule %s decides %s, which the catalogue doesn't hold", r.ID, r.Requirement)
			}
			if !proved[r.ID] && version == "1.2" {
				t.Errorf("no broken bundle proves rule %s", r.ID)
			}
		}
		p, _ := cat.Profile(csv.Profile(version))
		for _, id := range p.Requirements {
			if !decided[id] {
				t.Errorf("no rule of %s decides %s", version, id)
			}
		}
	}
}

// TestCSVConformance holds the fixture district, written as bundles, to every
// rule: the writer of fixtures and the judge share no table.
func TestCSVConformance(t *testing.T) {
	for _, size := range []fixtures.Size{fixtures.Small, fixtures.Medium} {
		d, err := fixtures.New(size, fixtures.DefaultSeed)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []bundle.Options{{Outcomes: 5}, {Version: "1.1", Outcomes: 5}, {Delta: true}, {Version: "1.1", Delta: true}} {
			if o.Delta && size != fixtures.Small {
				continue // only the small district has changes
			}
			path := filepath.Join(t.TempDir(), "bundle.zip")
			if _, err := generate(path, d, o); err != nil {
				t.Fatal(err)
			}
			f := &csvFlags{stance: "strict"}
			result, err := csv.Scan(t.Context(), path, scan.Options{})
			if err != nil {
				t.Fatal(err)
			}
			report, err := f.judge(t.Context(), path, result)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range report.Requirements {
				if q.Verdict != reports.Pass && q.Verdict != reports.NotApplicable {
					t.Errorf("%v %+v: %s", size, o, story(q))
				}
			}
			if report.Outcome != reports.Conforms || result.Rows < 20 {
				t.Errorf("%v %+v: %s, %d rows", size, o, report.Outcome, result.Rows)
			}
		}
	}
}
