package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/onerosterfault"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/assessment"
	"github.com/rollcall-edu/rollcall/suites/oneroster/gradebook"
	"github.com/rollcall-edu/rollcall/suites/oneroster/resources"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rostering"
)

var update = flag.Bool("update", false, "record what the matrix saw, and write generated pages anew")

// asProgram is set in the environment of a test binary that is to be the program.
const asProgram = "ROLLCALL_TEST_AS_PROGRAM"

// TestMain lets this test binary be the judge's child process, or the program.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	if len(os.Args) > 1 && os.Args[1] == harness.ShardArgument {
		os.Exit(harness.Child(context.Background(), suites(), os.Stdin, os.Stdout))
	}
	if os.Getenv(asWorker) != "" {
		os.Exit(worker(os.Stdin, os.NewFile(3, "reports")))
	}
	testscript.Main(m, map[string]func(){"rollcall": main})
}

// matrixTimeout is how long the judge waits for an answer in the matrix: short,
// so that stalls are soon over, long enough for a busy machine.
const matrixTimeout = 3 * time.Second

// patienceWith is how long the judge waits where some faults are on: where none is nothing stalls, and a machine that is busy
// with others is waited for.
func patienceWith(faults []string) time.Duration {
	if len(faults) == 0 {
		return 10 * matrixTimeout
	}
	return matrixTimeout
}

// broken lists the requirements that the report shows as failed or warned.
func broken(r *reports.Report) map[string]reports.RequirementResult {
	out := map[string]reports.RequirementResult{}
	for _, q := range r.Requirements {
		if q.Verdict == reports.Fail || q.Verdict == reports.Warning {
			out[q.ID] = q
		}
	}
	return out
}

// noted lists the requirements that the standard leaves open, and of which a check found that
// they aren't kept: a report tells of that in notes, which decide nothing.
func noted(r *reports.Report) map[string]bool {
	out := map[string]bool{}
	for _, c := range r.Checks {
		for _, said := range c.Results {
			level := slices.ContainsFunc(r.Requirements, func(q reports.RequirementResult) bool { return q.ID == said.Requirement && q.Level == reports.May })
			if said.Verdict == reports.Fail && level {
				out[said.Requirement] = true
			}
		}
	}
	return out
}

// onlyNoted tells whether a fault breaks nothing but what the standard leaves open.
func onlyNoted(cat *catalogue.Catalogue, f fault.Fault) bool {
	return !slices.ContainsFunc(f.Breaks, func(id string) bool {
		q, _ := cat.Requirement(id)
		return q.Level != catalogue.May
	})
}

func story(q reports.RequirementResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is %s", q.ID, q.Verdict)
	if q.Reason != "" {
		b.WriteString(": " + q.Reason)
	}
	for i, f := range q.Findings {
		if i == 3 {
			break
		}
		fmt.Fprintf(&b, "\n      sent %s; expected %s; came %s %s", f.Sent, f.Expected, f.Seen, f.Where)
	}
	return b.String()
}

// families are the profiles of OneRoster that stand by themselves: rosters with resources,
// gradebooks, assessments, and all of 1.1.
func families() [][]string {
	return [][]string{
		slices.Concat(rostering.Suite().Profiles, resources.Suite().Profiles),
		slices.Concat(gradebook.Suite().Profiles, gradebook.PushSuite().Profiles),
		slices.Concat(assessment.Suite().Profiles, assessment.PushSuite().Profiles),
		slices.Concat(rostering.Suite11().Profiles, resources.Suite11().Profiles, gradebook.Suite11().Profiles, gradebook.PushSuite11().Profiles),
	}
}

// TestConformance holds the clean reference to every requirement, in both
// stances, plain and varied, on either database: nothing may fail, be in error or be left unknown.
// Two of the runs have all profiles; the others have one family of them, which is another one
// each day, and with ROLLCALL_MATRIX all. Under the race detector there is one profile a day.
func TestConformance(t *testing.T) {
	t.Parallel() // with those of tools and platforms, which wait more than they work
	of := families()
	today := sample{len(of), 1}.of(t, len(of))[0]
	family := func(other int) []string {
		if os.Getenv("ROLLCALL_MATRIX") != "" {
			return slices.Concat(of...)
		}
		return of[(today+other)%len(of)]
	}
	strict := []string(nil)
	if all := slices.Concat(of...); testing.Short() { // under the race detector
		strict = []string{all[sample{len(all), 1}.of(t, len(all))[0]]}
	}
	for _, test := range []struct {
		name     string
		o        district.Options
		s        catalogue.Stance
		n        int
		profiles []string // all where none is named
	}{
		{"strict", district.Options{TLS: true, TokenTTL: 4 * time.Second}, catalogue.Strict, 2, strict},
		{"certification", district.Options{TLS: true, TokenTTL: 4 * time.Second}, catalogue.Certification, 1, family(0)},
		{"plain http", district.Options{}, catalogue.Strict, 2, of[0]},
		{"varied", district.Options{Seed: 7, DataSeed: 99}, catalogue.Strict, 2, nil},
		{"PostgreSQL", district.Options{Seed: 3}, catalogue.Strict, 2, family(1)},
		{"medium", district.Options{Data: fixtures.Medium}, catalogue.Strict, 2, family(2)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if testing.Short() && test.name != "strict" {
				t.Skip("one run is enough under the race detector")
			}
			if !test.o.TLS { // there tokens live for seconds
				t.Parallel()
			}
			if test.name == "PostgreSQL" {
				test.o.DB = pgtest.Start(t)
			}
			report, err := judgedIn(t.TempDir(), test.o, test.s, harness.Options{Shards: test.n}, test.profiles...)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range report.Requirements {
				switch q.Verdict {
				case reports.Pass, reports.NotApplicable:
				case reports.NotTested:
					if test.o.TLS && test.o.Data == 0 {
						t.Errorf("%s is not tested: %s. %s", q.ID, q.Reason, q.Remedy)
					}
				default:
					t.Error(story(q))
				}
			}
			for _, c := range report.Checks {
				if c.State != "done" {
					t.Errorf("check %s ended as %s: %s", c.ID, c.State, c.Message)
				}
			}
			if report.Run.Done != report.Run.Planned || len(report.Checks) == 0 {
				t.Errorf("%d of %d checks came back", report.Run.Done, report.Run.Planned)
			}
		})
	}
}

// serviceMatrix is the faults and variants of one OneRoster service, and the suite that
// they prove.
type serviceMatrix struct {
	kind             *fault.Kind[onerosterfault.Data]
	suite            harness.Suite
	faults, variants int    // as many are wanted, at least
	recorded         string // what was seen
	unproved         string // the checks that no fault of the matrix has turned red yet
}

// serviceMatrices are those of all services: the first is that of rosters, which most others are
// like.
func serviceMatrices() []serviceMatrix {
	return []serviceMatrix{
		{onerosterfault.Rostering, rostering.Suite(), 60, 30, "data/matrix.json", "testdata/unproved.txt"},
		{onerosterfault.Resources, resources.Suite(), 30, 15, "data/matrix-resources.json", "testdata/unproved-resources.txt"},
		{onerosterfault.Push, gradebook.PushSuite(), 50, 10, "data/matrix-push.json", "testdata/unproved-push.txt"},
		{onerosterfault.Gradebook, gradebook.Suite(), 80, 15, "data/matrix-gradebook.json", "testdata/unproved-gradebook.txt"},
		{onerosterfault.V1P1, rostering.Suite11(), 40, 20, "data/matrix-v1p1.json", "testdata/unproved-v1p1.txt"},
		{onerosterfault.V1P1Resources, resources.Suite11(), 30, 10, "data/matrix-v1p1-resources.json", "testdata/unproved-v1p1-resources.txt"},
		{onerosterfault.V1P1Gradebook, gradebook.Suite11(), 50, 10, "data/matrix-v1p1-gradebook.json", "testdata/unproved-v1p1-gradebook.txt"},
		{onerosterfault.V1P1Push, gradebook.PushSuite11(), 30, 8, "data/matrix-v1p1-push.json", "testdata/unproved-v1p1-push.txt"},
		{onerosterfault.Assessment, assessment.Suite(), 40, 15, "data/matrix-assessment.json", "testdata/unproved-assessment.txt"},
		{onerosterfault.AssessmentPush, assessment.PushSuite(), 40, 10, "data/matrix-assessment-push.json",
			"testdata/unproved-assessment-push.txt"},
	}
}

// proveOf proves the judge whose faults are of that kind.
func proveOf(t *testing.T, kind *fault.Kind[onerosterfault.Data]) {
	t.Helper()
	for _, m := range serviceMatrices() {
		if m.kind == kind {
			m.prove(t)
		}
	}
}

// TestMatrix proves the judge of Rostering, the others that of the service in their names.
func TestMatrix(t *testing.T)              { proveOf(t, onerosterfault.Rostering) }
func TestResourcesMatrix(t *testing.T)     { proveOf(t, onerosterfault.Resources) }
func TestPushMatrix(t *testing.T)          { proveOf(t, onerosterfault.Push) }
func TestGradebookMatrix(t *testing.T)     { proveOf(t, onerosterfault.Gradebook) }
func TestV1P1Matrix(t *testing.T)          { proveOf(t, onerosterfault.V1P1) }
func TestV1P1ResourcesMatrix(t *testing.T) { proveOf(t, onerosterfault.V1P1Resources) }
func TestV1P1GradebookMatrix(t *testing.T) { proveOf(t, onerosterfault.V1P1Gradebook) }
func TestV1P1PushMatrix(t *testing.T)      { proveOf(t, onerosterfault.V1P1Push) }
func TestAssessmentMatrix(t *testing.T)    { proveOf(t, onerosterfault.Assessment) }
func TestAssessmentPushMatrix(t *testing.T) {
	proveOf(t, onerosterfault.AssessmentPush)
}

// prove proves a judge: with each fault on, what it breaks must be found and nothing
// unrelated be accused; with each variant on nothing may be. A twentieth of the faults, another
// one every day, is judged by every check; the others by those that found them before, and
// by bystanders. Not all are tried each day (resting).
func (m serviceMatrix) prove(t *testing.T) {
	if testing.Short() {
		t.Skip("the matrix runs by itself: make matrix")
	}
	faults, err := m.kind.Faults()
	if err != nil {
		t.Fatal(err)
	}
	variants, err := m.kind.Variants()
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(faults) < m.faults || len(variants) < m.variants {
		t.Errorf("%d faults and %d variants; at least %d and %d are wanted", len(faults), len(variants), m.faults, m.variants)
	}
	recorded, err := readMatrix()
	if err != nil {
		t.Fatal(err)
	}
	whole := map[int]bool{}
	for _, i := range (sample{len(faults), len(faults) / 20}).of(t, len(faults)) {
		whole[i] = true
	}
	resting := m.resting(t, faults, variants)
	var mu sync.Mutex
	seen := map[string]caught{}
	proved := map[string]bool{}
	for id := range resting {
		for _, check := range recorded[id].Checks {
			proved[check] = true
		}
	}
	record := func(id string, report *reports.Report) map[string]reports.RequirementResult {
		found := broken(report)
		c := caughtBy(id, report, found)
		mu.Lock()
		defer mu.Unlock()
		seen[id] = c
		for _, check := range c.Checks {
			proved[check] = true
		}
		return found
	}
	t.Run("each", func(t *testing.T) {
		for i, f := range faults {
			if resting[f.ID] {
				continue
			}
			t.Run("fault/"+f.ID, func(t *testing.T) {
				t.Parallel()
				c := cell{Faults: []string{f.ID}, Stance: catalogue.Strict, Profiles: m.suite.Profiles}
				if !whole[i] && !*update && len(recorded[f.ID].Checks) > 0 { // what no check alone found is judged whole
					c.Focus = m.narrow(f, recorded[f.ID], i)
				}
				report := judgedCell(t, c)
				found := record(f.ID, report)
				if sound(t, report); !onlyNoted(cat, f) {
					blames(t, report)
				}
				if len(f.Breaks) == 0 {
					t.Error("the fault breaks no requirement")
				}
				for _, id := range f.Breaks {
					if _, known := cat.Requirement(id); !known {
						t.Errorf("breaks %s, which the catalogue doesn't hold", id)
					} else if _, caught := found[id]; !caught && !noted(report)[id] {
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
		for _, v := range variants {
			if resting[v.ID] {
				continue
			}
			t.Run("variant/"+v.ID, func(t *testing.T) {
				t.Parallel()
				report := judgedCell(t, cell{Faults: []string{v.ID}, Stance: catalogue.Strict, Profiles: m.suite.Profiles})
				record(v.ID, report)
				for _, q := range report.Requirements {
					if q.Verdict == reports.Fail || q.Verdict == reports.Warning || q.Verdict == reports.Error || q.Verdict == reports.Unknown {
						t.Error(story(q))
					}
				}
				for _, o := range report.Observations {
					if o.Kind == "flaky" && v.Observed != o.Kind {
						t.Errorf("%s, which they don't: %v", o.Title, o.Places)
					}
				}
				if v.Observed != "" && !slices.ContainsFunc(report.Observations, func(o reports.Observation) bool { return o.Kind == v.Observed }) {
					t.Errorf("the report doesn't tell that answers are %s", v.Observed)
				}
			})
		}
	})
	if len(seen)+len(resting) < len(faults)+len(variants) || *update && len(resting) > 0 { // only part of the matrix was asked for
		if *update {
			maps.Copy(recorded, seen)
			maps.DeleteFunc(recorded, func(id string, _ caught) bool { // the records of other roles have files of their own
				return !slices.ContainsFunc(faults, func(f fault.Fault) bool { return f.ID == id }) &&
					!slices.ContainsFunc(variants, func(v fault.Variant) bool { return v.ID == id })
			})
			if err := writeMatrix(m.recorded, recorded); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	m.holdUnproved(t, cat, proved)
	if *update {
		if err := writeMatrix(m.recorded, seen); err != nil {
			t.Fatal(err)
		}
		return
	}
	for id := range seen {
		if _, there := recorded[id]; !there {
			t.Errorf("%s is not in the recorded matrix; run `go test ./cmd/rollcall -run %s -update`", id, t.Name())
		}
	}
}

// resting names what is not tried today: of what is like a fault or a variant of another
// service three quarters, of the other faults a half, of the other variants, each of which is
// judged by every check, two thirds. All is tried where ROLLCALL_MATRIX is set.
func (m serviceMatrix) resting(t *testing.T, faults []fault.Fault, variants []fault.Variant) map[string]bool {
	var alike, own, legal []string
	for _, f := range faults {
		if f.Like != "" {
			alike = append(alike, f.ID)
		} else {
			own = append(own, f.ID)
		}
	}
	for _, v := range variants {
		if v.Like != "" {
			alike = append(alike, v.ID)
		} else {
			legal = append(legal, v.ID)
		}
	}
	rest := map[string]bool{}
	for _, part := range []struct {
		ids   []string
		tried int
	}{{alike, (len(alike) + 3) / 4}, {own, (len(own) + 1) / 2}, {legal, (len(legal) + 2) / 3}} {
		for _, id := range part.ids {
			rest[id] = true
		}
		for _, i := range (sample{len(part.ids), part.tried}).of(t, len(part.ids)) {
			delete(rest, part.ids[i])
		}
	}
	return rest
}

// bystanders is one in how many of the other checks looks on where a fault is not judged by
// all of them.
const bystanders = 8

// narrow names the checks by which a fault is judged that isn't judged by all: of what it
// breaks, those that found it before, and some that have nothing to do with it, which are
// others for every fault.
func (m serviceMatrix) narrow(f fault.Fault, before caught, number int) []string {
	focus := slices.Concat(f.Breaks, before.Checks)
	for i, c := range m.suite.Checks {
		if i%bystanders == number%bystanders && !slices.Contains(focus, c.ID) {
			focus = append(focus, c.ID)
		}
	}
	return focus
}

// caughtBy sums up what a run found.
func caughtBy(id string, report *reports.Report, found map[string]reports.RequirementResult) caught {
	c := caught{ID: id, Requirements: []string{}, Checks: []string{}}
	for id := range found {
		c.Requirements = append(c.Requirements, id)
	}
	for _, check := range report.Checks {
		if len(check.Findings) > 0 {
			c.Checks = append(c.Checks, check.ID)
		}
	}
	slices.Sort(c.Requirements)
	slices.Sort(c.Checks)
	return c
}

// writeMatrix records what a matrix saw.
func writeMatrix(path string, seen map[string]caught) error {
	rows := slices.AppendSeq([]caught{}, maps.Values(seen))
	slices.SortFunc(rows, func(a, b caught) int { return strings.Compare(a.ID, b.ID) })
	text, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

func matches(id, pattern string) bool {
	if prefix, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(id, prefix)
	}
	return id == pattern
}

// holdUnproved holds the matrix to the list of checks that no fault has turned red yet:
// they are proved by unit tests with bent providers, or not at all, and a check that was
// never seen to fail may be one that can't. The list may only shrink.
func (m serviceMatrix) holdUnproved(t *testing.T, cat *catalogue.Catalogue, proved map[string]bool) {
	t.Helper()
	var lacking []string
	for _, c := range m.suite.Checks {
		if !proved[c.ID] && !slices.Contains(c.Labels, "versions") { // which the matrix of both versions proves
			lacking = append(lacking, c.ID)
		}
	}
	for _, id := range m.suite.Uncovered(cat) {
		t.Errorf("requirement %s is decided by no check", id)
	}
	slices.Sort(lacking)
	if *update {
		if err := os.WriteFile(m.unproved, []byte(strings.Join(lacking, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(m.unproved)
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Fields(string(text))
	for _, id := range lacking {
		if !slices.Contains(known, id) {
			t.Errorf("check %s was proved by a fault and is no longer", id)
		}
	}
}
