package reports

import (
	"slices"
	"testing"
)

func TestTally(t *testing.T) {
	got := Tally(append(sample().Requirements, RequirementResult{Verdict: "invented"}))
	want := Counts{Pass: 2, Fail: 5, Warning: 1, NotApplicable: 1, NotTested: 4, Error: 1, Unknown: 2, Waived: 1, Noted: 1}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Total() != 16 {
		t.Errorf("total %d, want 16", got.Total())
	}
	sum := 0
	for _, v := range Verdicts() {
		sum += got.Of(v)
	}
	if sum != got.Total() {
		t.Errorf("the verdicts add up to %d, the total is %d", sum, got.Total())
	}
}

func TestSort(t *testing.T) {
	in := []RequirementResult{
		{ID: "p", Verdict: Pass}, {ID: "n", Verdict: NotApplicable}, {ID: "w", Verdict: Warning}, {ID: "x", Verdict: Fail, Waived: true},
		{ID: "t", Verdict: NotTested}, {ID: "u", Verdict: "invented"}, {ID: "e", Verdict: Error},
		{ID: "f3", Verdict: Fail, Level: May}, {ID: "f2", Verdict: Fail, Level: Must}, {ID: "f1", Verdict: Fail, Level: Must},
	}
	before := slices.Clone(in)
	var got []string
	for _, q := range Sort(in) {
		got = append(got, q.ID)
	}
	if want := []string{"f1", "f2", "f3", "e", "u", "t", "x", "w", "n", "p"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for i := range in {
		if in[i].ID != before[i].ID {
			t.Fatal("the argument was changed")
		}
	}
}

func TestSectionsKeepTheOrder(t *testing.T) {
	var got []string
	for _, s := range Sections([]RequirementResult{{ID: "1", Section: "B"}, {ID: "2", Section: "A"}, {ID: "3", Section: "B"}, {ID: "4"}}) {
		for _, q := range s.Requirements {
			got = append(got, s.Title+q.ID)
		}
	}
	if want := []string{"B1", "B3", "A2", "Other4"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Each verdict and outcome has words and a mark of its own; nothing is told by
// colour alone.
func TestWordsDiffer(t *testing.T) {
	titles, marks := map[string]bool{}, map[string]bool{}
	for _, v := range Verdicts() {
		titles[v.Title()], marks[v.Mark()] = true, true
		if v.Meaning() == "" {
			t.Errorf("%s has no meaning", v)
		}
	}
	if len(titles) != 7 || len(marks) != 7 {
		t.Errorf("%d titles and %d marks for 7 verdicts", len(titles), len(marks))
	}
	outcomes := map[string]bool{}
	for _, o := range []Outcome{Conforms, Incomplete, DoesNot, JudgeFailed, Unconfigured, "invented"} {
		outcomes[o.Title()] = true
		if o != Conforms && o.Tone() == Pass {
			t.Errorf("%s looks like a pass", o)
		}
	}
	if len(outcomes) != 6 {
		t.Errorf("%d titles for 6 outcomes", len(outcomes))
	}
}
