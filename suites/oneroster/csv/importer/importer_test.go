package importer

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
)

func sets(t *testing.T) []Set {
	t.Helper()
	s, err := Sets(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSets(t *testing.T) {
	all := sets(t)
	names, topics := map[string]bool{}, map[string]int{}
	for _, s := range all {
		if names[s.File] {
			t.Errorf("%s is there twice", s.File)
		}
		names[s.File] = true
		topics[s.Topic]++
		if valid := strings.HasPrefix(s.File, "ValidFileSet/"); valid != (s.Expect == Accept) {
			t.Errorf("%s is to be taken as %s", s.File, s.Expect)
		}
	}
	for _, r := range []string{"valid", "oddities", "package", "manifest", "text", "header", "required", "mode", "format", "vocabulary", "references", "unique", "rules"} {
		if topics[r] == 0 {
			t.Errorf("no set is about %s", r)
		}
	}
	if len(topics) != 13 {
		t.Errorf("topics %v", topics)
	}
	with, err := Sets(Options{Old: true})
	if err != nil || len(with) <= len(all) {
		t.Errorf("%d sets with 1.1, %d without, %v", len(with), len(all), err)
	}
}

// Every set is what it is said to be, by our own judge of bundles: what is to be
// accepted breaks no MUST, what is to be refused breaks what its case says. A
// product that claims rosters alone gets bundles of rosters alone.
func TestSetsAreRight(t *testing.T) {
	all, err := Sets(Options{Old: true})
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := Write(dir, all); err != nil {
		t.Fatal(err)
	}
	bases := map[string]int{}
	for i, s := range all {
		if testing.Short() && s.Case != "" && i%4 != 0 {
			continue // the race detector makes it slow
		}
		src, err := source.Open(filepath.Join(dir, s.File), scan.Known)
		if err != nil {
			t.Fatal(err)
		}
		r, err := scan.Scan(t.Context(), src, scan.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if s.Case == "" {
			bases[prefix(s)]++
		}
		broken := 0
		for _, f := range r.Findings {
			if q, _ := cat.Requirement(f.Rule.Requirement); q.Level == catalogue.Must {
				broken++
				if s.Expect == Accept {
					t.Errorf("%s, %s: %s %v", s.File, s.Title, f.Rule.ID, f.Examples)
				}
			}
		}
		if s.Expect == Refuse && broken == 0 {
			t.Errorf("%s, %s: nothing is wrong with it", s.File, s.Title)
		}
		for _, f := range r.Files {
			if area := areaOf(f.Name); area != Rostering && area != s.Area && f.Path != "" && s.Case == "" {
				t.Errorf("%s holds %s.csv", s.File, f.Name)
			}
		}
		_ = src.Close()
	}
	if bases["VRb"] != 4 || bases["VSb"] < 7 || bases["VOb"] < 20 || bases["VRd"] < 50 || bases["VRo"] != 2 {
		t.Errorf("valid bundles: %v", bases)
	}
	for _, area := range Areas() {
		some, err := Sets(Options{Areas: []string{area}})
		if err != nil || len(some) < 50 || len(some) == len(all) {
			t.Errorf("%d sets of %s, %v", len(some), area, err)
		}
	}
	if _, err := Sets(Options{Areas: []string{"gradebook"}}); err == nil {
		t.Error("an area that there isn't was taken")
	}
}

func TestSheet(t *testing.T) {
	dir := t.TempDir()
	all := sets(t)[:3]
	if err := Write(dir, all); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, SheetFile)
	want := map[string]Answer{all[0].File: {Accepted, "took 3 s, it said"}, all[1].File: {Refused, ""}, all[2].File: {}}
	if err := WriteSheet(path, all, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadSheet(path)
	if err != nil || len(got) != 3 || got[all[0].File] != want[all[0].File] || got[all[1].File] != want[all[1].File] {
		t.Errorf("%v, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("file,expected,outcome,remark\nVRb001.zip,accept,perhaps,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSheet(path); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("an outcome that there isn't was read: %v", err)
	}
}

func TestHook(t *testing.T) {
	dir := t.TempDir()
	s := sets(t)[0]
	if err := Write(dir, []Set{s}); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]Outcome{
		"true": Accepted, "false": Refused, "sh -c 'echo bad row; exit 2'": Reported, "sh -c 'exit 9'": Crashed, "sh -c 'kill -9 $$'": Crashed,
		"sh -c 'sleep 20'": Crashed, "sh -c 'test -f \"$ROLLCALL_BUNDLE\"'": Accepted, "test -f": Accepted,
	} {
		timeout := time.Minute
		if strings.Contains(command, "sleep") {
			timeout = 200 * time.Millisecond
		}
		got, err := Hook{command, timeout}.Try(t.Context(), dir, s)
		if err != nil || got.Outcome != want {
			t.Errorf("%s: %v, %v; want %s", command, got, err, want)
		}
	}
	if _, err := (Hook{"no-such-command-here", time.Minute}).Try(t.Context(), dir, s); err == nil {
		t.Error("a hook that there isn't was run")
	}
}

// judged gives the verdicts on a product that did as outcome says.
func judged(t *testing.T, outcome func(Set) Outcome) map[string]reports.Verdict {
	t.Helper()
	all := sets(t)
	answers := map[string]Answer{}
	for _, s := range all {
		answers[s.File] = Answer{Outcome: outcome(s)}
	}
	target, err := harness.ParseTarget("target.yaml", []byte("rollcall: 1\nname: Importer\nstance: strict\nprofiles: ["+Profile+"]\n"), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	run, err := harness.New(target, []harness.Suite{Suite(all, answers)}, harness.Options{InProcess: true, SkipDoctor: true, Shards: 1})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]reports.Verdict{}
	for _, q := range report.Requirements {
		out[strings.TrimPrefix(q.ID, Prefix)] = q.Verdict
	}
	return out
}

// right is what a product does that does right.
func right(s Set) Outcome {
	if s.Expect == Refuse {
		return Refused
	}
	return Accepted
}

func TestJudge(t *testing.T) {
	for name, test := range map[string]struct {
		outcome func(Set) Outcome
		broken  []string
	}{
		"right": {right, []string{}},
		"reports": {func(s Set) Outcome {
			if s.Expect == Accept {
				return Accepted
			}
			return Reported
		}, []string{}},
		"takes everything":   {func(Set) Outcome { return Accepted }, []string{"format", "header", "manifest", "mode", "package", "references", "required", "rules", "text", "unique", "vocabulary"}},
		"refuses everything": {func(Set) Outcome { return Refused }, []string{"oddities", "valid"}},
		"crashes on text": {func(s Set) Outcome {
			if s.Topic == "text" {
				return Crashed
			}
			return right(s)
		}, []string{"survives", "text"}},
		"minds a BOM": {func(s Set) Outcome {
			if s.Case == "legal-bom" {
				return Refused
			}
			return right(s)
		}, []string{"oddities"}},
	} {
		got := []string{}
		for id, v := range judged(t, test.outcome) {
			if v != reports.Pass {
				got = append(got, id)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, test.broken) {
			t.Errorf("%s: broken are %q, want %q", name, got, test.broken)
		}
	}
	for id, v := range judged(t, func(Set) Outcome { return Unknown }) {
		if v != reports.NotTested {
			t.Errorf("nothing was tried, and %s is %s", id, v)
		}
	}
}
