package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// A sample is what of a large set is tried: the whole where ROLLCALL_MATRIX is set
// (make test-all), otherwise a few members that are other ones every day. The whole
// is the same each time unless ROLLCALL_SEED draws another one.
type sample struct {
	whole, few int // sizes
}

// of draws from n members and gives their numbers.
func (s sample) of(t *testing.T, n int) []int {
	t.Helper()
	seed, named, day := uint64(1), os.Getenv("ROLLCALL_SEED"), uint64(time.Now().Unix()/86400)
	if named != "" {
		var err error
		if seed, err = strconv.ParseUint(named, 10, 64); err != nil {
			t.Fatalf("ROLLCALL_SEED is %q: %v; it is a number", named, err)
		}
		day = seed
	}
	all := rand.New(rand.NewPCG(seed, seed)).Perm(n)
	all = all[:min(s.whole, n)]
	if os.Getenv("ROLLCALL_MATRIX") == "" {
		rand.New(rand.NewPCG(day, day)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:min(s.few, len(all))]
	}
	t.Logf("%d of %d; ROLLCALL_SEED=%d draws the same ones", len(all), n, day)
	return all
}

// pair gives the pair of that number out of those of n members, of which there are
// n(n-1)/2.
func pair(number, n int) (int, int) {
	for first := range n {
		if rest := n - first - 1; number < rest {
			return first, first + 1 + number
		} else {
			number -= rest
		}
	}
	panic("there is no such pair")
}

// TestPairs holds the judge to two faults at once, of which one may hide the other:
// something is broken still, and it is the product's.
func TestPairs(t *testing.T) {
	if testing.Short() {
		t.Skip("pairs run by themselves: make pairs")
	}
	faults, err := fault.Faults()
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range (sample{whole: 150, few: 20}).of(t, len(faults)*(len(faults)-1)/2) {
		i, j := pair(number, len(faults))
		t.Run(faults[i].ID+"+"+faults[j].ID, func(t *testing.T) {
			t.Parallel()
			report := judged(t, district.Options{Faults: []string{faults[i].ID, faults[j].ID}}, catalogue.Strict, 1)
			blames(t, report)
		})
	}
}

// blames holds a report on a broken product to what is true of any such report: it
// accuses the product of something, and nobody else of anything.
func blames(t *testing.T, r *reports.Report) {
	t.Helper()
	if len(broken(r)) == 0 {
		t.Errorf("nothing is broken, exit %d: %s", r.Exit, untested(r))
	}
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
}

// untested sums up why requirements weren't judged.
func untested(r *reports.Report) string {
	count, said := map[string]int{}, []string{}
	for _, q := range r.Requirements {
		if q.Verdict == reports.NotTested || q.Verdict == reports.Unknown {
			if count[q.Reason]++; count[q.Reason] == 1 {
				said = append(said, q.Reason)
			}
		}
	}
	for i, reason := range said {
		said[i] = fmt.Sprintf("%d × %s", count[reason], reason)
	}
	return strings.Join(said, "; ")
}
