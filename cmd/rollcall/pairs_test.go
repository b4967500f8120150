package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/onerosterfault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/tools/daily"
)

// A sample is what of a large set is tried: so many in the whole, always the same, of
// which a few are taken that are other ones every day. ROLLCALL_SEED takes others;
// where ROLLCALL_MATRIX is set (make test-all) the whole is tried, and ROLLCALL_SEED
// draws another whole.
type sample struct{ whole, few int }

// of draws from n members and gives their numbers.
func (s sample) of(t *testing.T, n int) []int {
	t.Helper()
	seed, named := daily.Seed(t)
	draw := func(seed uint64, from []int, most int) []int {
		rand.New(rand.NewPCG(seed, seed)).Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
		return from[:min(most, len(from))]
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	if daily.All() {
		if !named {
			seed = 1
		}
		all = draw(seed, all, s.whole)
	} else {
		all = draw(seed, draw(1, all, s.whole), s.few)
	}
	t.Logf("%d of %d; %s=%d takes the same ones", len(all), n, daily.EnvSeed, seed)
	return all
}

// pair gives the pair of that number out of those of n members, of which there are
// n(n-1)/2.
func pair(number, n int) (int, int) {
	for first := range n {
		rest := n - first - 1
		if number < rest {
			return first, first + 1 + number
		}
		number -= rest
	}
	panic("there is no such pair")
}

// pairsOf draws pairs of faults.
func (s sample) pairsOf(t *testing.T, faults []fault.Fault) (out [][2]fault.Fault) {
	t.Helper()
	for _, number := range s.of(t, len(faults)*(len(faults)-1)/2) {
		i, j := pair(number, len(faults))
		out = append(out, [2]fault.Fault{faults[i], faults[j]})
	}
	return out
}

// TestPairs holds the judge to two faults at once, of which one may hide the other:
// something is broken still, and it is the product's.
func TestPairs(t *testing.T) {
	if testing.Short() {
		t.Skip("pairs run by themselves: make pairs")
	}
	try := func(m serviceMatrix, ids ...string) {
		t.Run(strings.Join(ids, "+"), func(t *testing.T) {
			t.Parallel()
			blames(t, judgedCell(t, cell{Faults: ids, Stance: catalogue.Strict, Profiles: m.suite.Profiles}))
		})
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range serviceMatrices() {
		faults, err := m.kind.Faults()
		if err != nil {
			t.Fatal(err)
		}
		faults = slices.DeleteFunc(faults, func(f fault.Fault) bool { return onlyNoted(cat, f) })
		some := sample{whole: 40, few: 2}
		if m.kind == onerosterfault.Rostering {
			try(m, "page-overlap", "total-wrong") // the one that our own help names
			some = sample{whole: 150, few: 9}
		}
		for _, p := range some.pairsOf(t, faults) {
			try(m, p[0].ID, p[1].ID)
		}
	}
}

// TestToolPairs does the same with the reference tool; each costs a browser.
func TestToolPairs(t *testing.T) { toolMatrix(t).pairs(t) }

// TestPlatformPairs does the same with the reference platform.
func TestPlatformPairs(t *testing.T) { platformMatrix(t).pairs(t) }

func (m *ltiMatrix) pairs(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	for _, p := range (sample{whole: 24, few: 2}).pairsOf(t, slices.DeleteFunc(slices.Clone(m.faults), func(f fault.Fault) bool {
		return m.long(f) || serviceOf(f) != launches
	})) {
		m.pair(t, p, m.bystanders, m.judge)
	}
}

// launches are what is no service: their requirements begin so.
const launches = "lti13"

// serviceOf names the standard that a fault breaks.
func serviceOf(f fault.Fault) string {
	standard, _, _ := strings.Cut(f.Breaks[0], ".")
	return standard
}

// TestToolServicePairs has two faults of the services that tools call, of one service and of
// two; a launch may be one of the two.
func TestToolServicePairs(t *testing.T) {
	tools := toolMatrix(t)
	tools.faults = append(tools.faults, pickerMatrix(t).faults...)
	tools.servicePairs(t, judgedPicker)
}

// TestPlatformServicePairs has two faults of what platforms offer.
func TestPlatformServicePairs(t *testing.T) {
	platforms := platformMatrix(t)
	for _, more := range []*ltiMatrix{nrpsPlatformMatrix(t), gradesMatrix(t), picksMatrix(t)} {
		platforms.faults = append(platforms.faults, more.faults...)
		platforms.checks = append(platforms.checks, more.checks...)
	}
	platforms.servicePairs(t, func(t testing.TB, focus []string, ids ...string) *reports.Report {
		if slices.ContainsFunc(ids, func(id string) bool { return !strings.HasPrefix(id, ofGrades) && !strings.HasPrefix(id, ofRosters) }) {
			return judgedPicks(t, focus, ids...)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		text, own := servedPlatform(ctx, t, catalogue.Strict, ids...)
		report := judgedPlainly(ctx, t, text, own, harness.Options{Focus: focus})
		found := broken(report)
		for _, f := range platforms.faults { // what doesn't show needs a browser, or is lost
			if slices.Contains(ids, f.ID) && !slices.ContainsFunc(f.Breaks, func(id string) bool { _, caught := found[id]; return caught }) {
				return judgedPicks(t, focus, ids...)
			}
		}
		return report
	})
}

func (m *ltiMatrix) servicePairs(t *testing.T, judged func(testing.TB, []string, ...string) *reports.Report) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	var faults []fault.Fault
	for _, f := range m.faults {
		if !m.long(f) && !slices.Contains(unmarked, f.ID) {
			faults = append(faults, f)
		}
	}
	var within, across [][2]fault.Fault
	for i, f := range faults {
		for _, g := range faults[i+1:] {
			switch one, other := serviceOf(f), serviceOf(g); {
			case one != other:
				across = append(across, [2]fault.Fault{f, g})
			case one != launches:
				within = append(within, [2]fault.Fault{f, g})
			}
		}
	}
	for _, kind := range [][][2]fault.Fault{within, across} {
		for _, i := range (sample{whole: 24, few: 1}).of(t, len(kind)) {
			m.pair(t, kind[i], nil, func(t *testing.T, focus []string, _ bool, ids ...string) *reports.Report {
				return judged(t, focus, ids...)
			})
		}
	}
}

// pair judges a product with two faults by what either breaks, and by bystanders: neither is
// lost but behind what the other one breaks, and nothing else is accused.
func (m *ltiMatrix) pair(t *testing.T, p [2]fault.Fault, bystanders []string,
	judge func(t *testing.T, focus []string, odd bool, ids ...string) *reports.Report) {
	t.Run(p[0].ID+"+"+p[1].ID, func(t *testing.T) {
		t.Parallel()
		sideBySide <- struct{}{}
		defer func() { <-sideBySide }()
		report := judge(t, m.focus(p[0].Breaks, p[1].Breaks, bystanders), false, p[0].ID, p[1].ID)
		blames(t, report)
		found := broken(report)
		for i, f := range p {
			if slices.ContainsFunc(f.Breaks, func(id string) bool { _, caught := found[id]; return caught }) {
				continue
			}
			for _, id := range f.Breaks {
				if !blockedBy(report, id, found) {
					t.Errorf("%s is lost beside %s: %s%s", f.ID, p[1-i].ID, id, told(report, id))
				}
			}
		}
		for id, q := range found {
			if !slices.ContainsFunc(p[:], func(f fault.Fault) bool { return expected(id, f.Breaks) || expected(id, f.May) }) {
				t.Errorf("unrelated: %s", story(q))
			}
		}
	})
}

// blockedBy tells whether a report says of a requirement that something stands in its way which is
// broken.
func blockedBy(r *reports.Report, id string, found map[string]reports.RequirementResult) bool {
	return slices.ContainsFunc(r.Requirements, func(q reports.RequirementResult) bool {
		if q.ID != id || q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Kind != reports.BlockedBy {
			return false
		}
		_, there := found[q.Blame.Requirement]
		return there
	})
}

// most is how many checks a requirement of a pair may take: more are minutes in a
// browser for what the matrix has shown.
const most = 6

// long tells whether a fault breaks what nearly every check decides, such as that no
// refusal is a crash.
func (m *ltiMatrix) long(f fault.Fault) bool {
	return slices.ContainsFunc(f.Breaks, func(id string) bool {
		n := 0
		for _, c := range m.checks {
			if slices.Contains(c.Requirements, id) {
				n++
			}
		}
		return n > most
	})
}

// blames holds a report on a broken product to what is true of any such report: it
// accuses the product of something, and nobody else of anything.
func blames(t *testing.T, r *reports.Report) {
	t.Helper()
	if len(broken(r)) == 0 {
		t.Errorf("nothing is broken, exit %d: %s", r.Exit, untested(r))
	}
	sound(t, r)
}

// sound holds a report to what is true of any: the judge has nothing to answer for.
func sound(t *testing.T, r *reports.Report) {
	t.Helper()
	if r.Exit == reports.ExitJudge {
		t.Errorf("exit %d", r.Exit)
	}
	for _, q := range r.Requirements {
		if q.Verdict == reports.Error {
			t.Error(story(q))
		}
	}
	for _, c := range r.Checks {
		if c.State != "done" {
			t.Errorf("check %s ended as %s: %s", c.ID, c.State, c.Message)
		}
	}
	for _, d := range r.Diagnoses {
		if d.Name == "judge" {
			t.Error(d.Detail)
		}
	}
}

// untested sums up why requirements weren't judged.
func untested(r *reports.Report) string {
	count := map[string]int{}
	for _, q := range r.Requirements {
		if q.Verdict == reports.NotTested || q.Verdict == reports.Unknown {
			count[q.Reason]++
		}
	}
	var said []string
	for reason, n := range count {
		said = append(said, fmt.Sprintf("%d × %s", n, reason))
	}
	slices.Sort(said)
	return strings.Join(said, "; ")
}
