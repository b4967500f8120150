package tool

import (
	"errors"
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// TestSalvosHoldLaunchesOfOneKind: what is made ahead is of the plan, comes next, leaves
// the platform's keys alone and shares one control.
func TestSalvosHoldLaunchesOfOneKind(t *testing.T) {
	var planned []string
	for _, c := range checks() {
		planned = append(planned, c.ID)
	}
	j := &judge{platform: &platform{deployments: []string{"1", "2"}}, ahead: ahead{}}
	launches, err := Launches()
	if err != nil {
		t.Fatal(err)
	}
	several := 0
	for _, l := range launches {
		i := slices.IndexFunc(checks(), func(c harness.Check) bool { return c.ID == checkPrefix+l.ID })
		salvo := j.salvoOf(harness.NewT(&harness.Session{Checks: planned}, checks()[i]), l)
		if !l.together() {
			if salvo != nil {
				t.Errorf("%s changes the keys, or may end either way, and is made beside others", l.ID)
			}
			continue
		}
		if len(salvo) == 0 || salvo[0].ID != l.ID || len(salvo) > max(goodSalvo, badSalvo) {
			t.Errorf("the salvo of %s is %d launches", l.ID, len(salvo))
			continue
		}
		if len(salvo) > 1 {
			several++
		}
		for _, x := range salvo {
			if x.Expect != l.Expect || x.Keys != "" || !x.unbroken().like(l.unbroken()) {
				t.Errorf("%s is made beside %s, which is of another kind", x.ID, l.ID)
			}
			if x.Second && x.ID != l.ID { // this judge has one registration
				t.Errorf("%s is made beside %s, though no check will ask for it", x.ID, l.ID)
			}
		}
		alone := j.salvoOf(harness.NewT(&harness.Session{Checks: planned[i : i+1]}, checks()[i]), l)
		if len(alone) != 1 {
			t.Errorf("%s is the only one planned, and %d launches are made", l.ID, len(alone))
		}
	}
	if several < 100 {
		t.Errorf("%d launches only are made beside others", several)
	}
}

// TestOddLaunchesAreNoMatterOfASalvo: what has to be asked once more isn't usual.
func TestOddLaunchesAreNoMatterOfASalvo(t *testing.T) {
	for name, s := range map[string]*sight{
		"nothing was seen":     {problem: errors.New("the browser has ended")},
		"it never came rest":   {busy: true},
		"the tool went down":   {fell: true},
		"no answer":            {stalled: "https://tool.example/login"},
		"a gateway's error":    {page: browser.Frame{Status: 502}},
		"too many requests":    {page: browser.Frame{Status: 429}},
		"a broken connection":  {page: browser.Frame{Failed: true, Why: "net::ERR_CONNECTION_RESET"}},
		"an answer of nothing": {page: browser.Frame{Failed: true, Why: "net::ERR_EMPTY_RESPONSE"}},
	} {
		if s.usual() {
			t.Errorf("%s: it counts as usual", name)
		}
	}
	if !(&sight{page: browser.Frame{Status: 400}}).usual() {
		t.Error("a plain refusal doesn't count as usual")
	}
}
