package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/onerosterfault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
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
	for _, p := range (sample{whole: 24, few: 3}).pairsOf(t, slices.DeleteFunc(slices.Clone(m.faults), m.long)) {
		t.Run(p[0].ID+"+"+p[1].ID, func(t *testing.T) {
			t.Parallel()
			sideBySide <- struct{}{}
			defer func() { <-sideBySide }()
			blames(t, m.judge(t, m.focus(p[0].Breaks, p[1].Breaks, m.bystanders), false, p[0].ID, p[1].ID))
		})
	}
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
