package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/ecosystem"
)

// TestDistrictConformance plays the story through the district of the reference, over real sockets and in a real browser:
// each of the nine arrows is green, and both ends of what is said stand behind it.
func TestDistrictConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays a story in a browser: make conformance")
	}
	report := judgedDistrict(t, catalogue.Strict)
	for _, q := range report.Requirements {
		switch q.Verdict {
		case reports.Pass:
		case reports.NotTested: // the app tells its results before they are pushed
			if q.ID != "eco.assessment.same" {
				t.Errorf("%s is not tested: %s", q.ID, q.Reason)
			}
		default:
			t.Errorf("%s: %s %s", q.ID, q.Verdict, story(q))
		}
	}
	if report.District == nil || len(report.District.Systems) < 5 {
		t.Fatalf("the report has no picture: %+v", report.District)
	}
	met := map[int]bool{}
	for _, h := range report.District.Hops {
		met[h.Flow] = true
		if h.Verdict != reports.Pass {
			t.Errorf("the arrow %s is %s: %+v", h.ID, h.Verdict, h.Requirements)
		}
	}
	for _, f := range ecosystem.Flows() {
		if !met[f.Number] {
			t.Errorf("there is no arrow for %s", f.Title)
		}
	}
	for _, c := range report.Checks {
		if len(c.Exchanges) == 0 {
			t.Errorf("nothing stands behind %s", c.ID)
		}
	}
	var page bytes.Buffer
	if err := reports.DistrictHTML(&page, report); err != nil || !strings.Contains(page.String(), "hop h-pass") {
		t.Errorf("its page: %v", err)
	}
}
