package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	csvcases "github.com/rollcall-edu/rollcall/fixtures/broken"
	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	csvtable "github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

var code = regexp.MustCompile("`([^`]+)`")

// judgedHere finds requirements on services and launches; those on bundles have a test of their own.
var judgedHere = regexp.MustCompile("`(or12|or11|lti13|nrps20|ags20|dl20|sec10)\\.")

// TestRealWorld holds docs/realworld.md to what there is: every requirement it
// names is in the catalogue, every failure has a fault, and each of its faults
// breaks one of its requirements.
func TestRealWorld(t *testing.T) {
	text, err := os.ReadFile("../../docs/realworld.md")
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	var faults []fault.Fault
	for _, kind := range faultKinds() {
		tables, err := kind.tables()
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, tables.Faults...)
	}
	rows := 0
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !judgedHere.MatchString(cells[3]) {
			continue
		}
		rows++
		name := strings.TrimSpace(cells[1])
		var requirements []string
		for _, m := range code.FindAllStringSubmatch(cells[3], -1) {
			requirements = append(requirements, m[1])
			if _, known := cat.Requirement(m[1]); !known {
				t.Errorf("%s names %s, which the catalogue doesn't hold", name, m[1])
			}
		}
		named := code.FindAllStringSubmatch(cells[4], -1)
		if len(named) == 0 {
			t.Errorf("%s has no fault", name)
		}
		for _, m := range named {
			i := slices.IndexFunc(faults, func(f fault.Fault) bool { return f.ID == m[1] })
			if i < 0 {
				t.Errorf("%s names fault %s, which there isn't", name, m[1])
				continue
			}
			f := faults[i]
			if !slices.ContainsFunc(requirements, func(id string) bool {
				return slices.Contains(f.Breaks, id) || slices.ContainsFunc(f.May, func(p string) bool { return matches(id, p) })
			}) {
				t.Errorf("%s: fault %s breaks none of its requirements", name, m[1])
			}
		}
	}
	if rows < 50 {
		t.Errorf("only %d rows with requirements were found; the table has another form", rows)
	}
}

// TestRealWorldBundles holds the rows about CSV to the broken bundles: each names
// requirements of the catalogue, and bundles that break one of them.
func TestRealWorldBundles(t *testing.T) {
	text, err := os.ReadFile("../../docs/realworld.md")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := csvcases.Cases()
	if err != nil {
		t.Fatal(err)
	}
	decides := map[string]string{} // rule → requirement
	for _, name := range csvtable.Versions() {
		v, err := csvtable.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := rule.Load(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules.Rules {
			decides[r.ID] = r.Requirement
		}
	}
	rows := 0
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.Contains(cells[3], "`orcsv.") {
			continue
		}
		rows++
		var broken []string
		for _, m := range code.FindAllStringSubmatch(cells[4], -1) {
			i := slices.IndexFunc(cases, func(c csvcases.Case) bool { return c.ID == m[1] })
			if i < 0 {
				t.Errorf("%s names bundle %s, which there isn't", strings.TrimSpace(cells[1]), m[1])
				continue
			}
			for _, id := range cases[i].Breaks {
				broken = append(broken, decides[id])
			}
		}
		for _, m := range code.FindAllStringSubmatch(cells[3], -1) {
			if !slices.Contains(broken, m[1]) {
				t.Errorf("%s: no bundle of the row breaks %s", strings.TrimSpace(cells[1]), m[1])
			}
		}
	}
	if rows < 14 {
		t.Errorf("only %d rows were found; the table has another form", rows)
	}
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// TestInvariantsAreHeld holds the last table of docs/realworld.md to the tests that
// there are: each kind of mistake that the judge made names one that is in the code.
func TestInvariantsAreHeld(t *testing.T) {
	tests := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range testFunction.FindAllStringSubmatch(string(text), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/realworld.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "K") {
			continue
		}
		rows++
		named := code.FindAllStringSubmatch(cells[4], -1)
		if len(named) == 0 {
			t.Errorf("%s is held by no test", cells[1])
		}
		for _, m := range named {
			if !tests[m[1]] {
				t.Errorf("%s names %s, which there isn't", strings.TrimSpace(cells[1]), m[1])
			}
		}
	}
	if rows < 10 {
		t.Errorf("only %d rows were found; the table has another form", rows)
	}
}
