package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func hop(flow int, from, to string, v Verdict) HopResult {
	return HopResult{Hop: fmt.Sprintf("%d %s>%s", flow, from, to), Flow: flow, From: from, To: to, Verdict: v, Examined: 1}
}

// districtSample is a report of a district with hops of every kind.
func districtSample(more ...HopResult) *Report {
	r := sample()
	r.District = &District{
		Systems: []DistrictSystem{
			{Name: "sis", Title: hostileHTML, Role: "sis"}, {Name: "lms", Title: "Campus", Role: "platform"},
			{Name: "quiz", Title: "Quiz", Role: "tool"}, {Name: "reader", Title: "Reader", Role: "tool"},
			{Name: "tests", Title: "Tests", Role: "assessment"}, {Name: "(catalog)", Title: "no catalogue", Role: "catalog", Missing: true},
		},
		Hops: []Hop{},
	}
	if len(more) > 0 {
		r.District.Systems = append(r.District.Systems, DistrictSystem{Name: "lms2", Title: "Campus", Role: "platform"},
			DistrictSystem{Name: "library", Title: "Library", Role: "catalog"})
	}
	for i := range 9 {
		r.District.Flows = append(r.District.Flows, DistrictFlow{Number: i + 1, Title: fmt.Sprintf("Flow %d", i+1)})
	}
	// The first two requirements of the sample are made to be looked at between systems.
	one, two := r.Requirements[0].ID, r.Requirements[1].ID
	r.Requirements[0].Level, r.Requirements[1].Level = Must, Should
	r.Requirements[0].Findings = []Finding{{Requirement: one, Expected: "u-1", Seen: hostileHTML, Where: "lis.person_sourcedid", Hop: "7 lms>quiz"}}
	r.Checks = []CheckResult{{ID: "district.x", Requirements: []string{one, two}, State: "done", Results: []CheckRequirement{
		{Requirement: one, Verdict: Fail, Hops: []HopResult{hop(7, "lms", "quiz", Fail), hop(1, "sis", "reader", Pass), hop(1, "sis", "lms", Pass),
			hop(9, "lms", "sis", Pass), hop(8, "tests", "sis", Pass), hop(3, "lms", "quiz", Pass)}},
		{Requirement: two, Verdict: Fail, Hops: []HopResult{hop(7, "lms", "reader", Fail), hop(4, "(catalog)", "lms", NotTested), hop(1, "sis", "lms", NotTested)}},
	}}}
	r.Checks[0].Results[0].Hops = append(r.Checks[0].Results[0].Hops, more...)
	r.District.Draw(r)
	return r
}

func TestDistrictDraw(t *testing.T) {
	r := districtSample()
	want := map[string]Verdict{"1 sis>lms": Pass, "1 sis>reader": Pass, "3 lms>quiz": Pass, "4 (catalog)>lms": NotTested, "7 lms>quiz": Fail,
		"7 lms>reader": Warning, "8 tests>sis": Pass, "9 lms>sis": Pass}
	if len(r.District.Hops) != len(want) {
		t.Errorf("%d hops", len(r.District.Hops))
	}
	for i, h := range r.District.Hops {
		if h.Verdict != want[h.ID] {
			t.Errorf("%s is %s", h.ID, h.Verdict)
		}
		if i > 0 && r.District.Hops[i-1].Flow > h.Flow {
			t.Errorf("%s comes after a later flow", h.ID)
		}
	}
	if text, err := json.Marshal(complete(*r)); err != nil || Validate(text) != nil {
		t.Errorf("the report doesn't keep its schema: %v, %v", err, Validate(text))
	}
}

// Each hop is an arrow that leads to its part of the page, and what a target said is a text there.
func TestDistrictPage(t *testing.T) {
	r := districtSample()
	var b bytes.Buffer
	if err := DistrictHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, h := range r.District.Hops {
		anchor := anchorOf(h)
		if !strings.Contains(page, `href="#`+anchor+`"`) || !strings.Contains(page, `id="`+anchor+`"`) {
			t.Errorf("no arrow leads to %s", anchor)
		}
	}
	for _, bad := range []string{"<img", "window.pwned=1</script>", "@import", "url("} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if n := strings.Count(page, "<script>"); n != 1 {
		t.Errorf("%d scripts", n)
	}
	for _, kind := range []string{"hop h-pass", "hop h-fail", "hop h-warning", "hop h-not-tested", "node missing", "2 broken, 1 not tested, 5 whole"} {
		if !strings.Contains(page, kind) {
			t.Errorf("the page has no %q", kind)
		}
	}
	b.Reset()
	if err := DistrictHTML(&b, sample()); err != nil || !strings.Contains(b.String(), "not of a district") {
		t.Errorf("a report of one product: %v", err)
	}
}
