package reports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func summarized(outcome Outcome, requirements ...RequirementResult) *Report {
	return &Report{Outcome: outcome, Run: Run{Stance: "certification"}, Target: Target{Name: `<script>alert("1")</script> & "Co"`}, Requirements: requirements}
}

// A badge tells what is broken, never a grade, and what came from a target means nothing in it.
func TestBadge(t *testing.T) {
	must := func(v Verdict) RequirementResult { return RequirementResult{ID: "a.b", Level: Must, Verdict: v} }
	waived := must(Fail)
	waived.Waived = true
	part := summarized(Incomplete, must(Pass))
	part.Run.Focus = []string{"a.*"}
	for _, x := range []struct {
		report *Report
		says   string
		tone   string
	}{
		{summarized(Conforms, must(Pass)), "conforms, certification", "#1b6b3a"},
		{summarized(Conforms, must(Pass), waived), "conforms, apart from waivers", "#1b6b3a"},
		{summarized(DoesNot, must(Pass), must(Fail)), "1 MUST broken", "#a11c1c"},
		{summarized(DoesNot, must(Fail), must(Fail), must(NotTested)), "2 MUSTs broken", "#a11c1c"},
		{summarized(Incomplete, must(Pass), must(NotTested)), "1 MUST not examined", "#1c5585"},
		{part, "part examined, nothing broken", "#1c5585"},
		{summarized(JudgeFailed, must(Error)), "the judge failed", "#5c5470"},
		{summarized("something new"), "something new", "#5c5470"},
	} {
		var b bytes.Buffer
		if err := BadgeSVG(&b, x.report); err != nil {
			t.Fatal(err)
		}
		if text := b.String(); !strings.Contains(text, ">"+x.says+"</text>") || !strings.Contains(text, x.tone) || strings.Contains(text, "<script") {
			t.Errorf("%s: %s", x.says, text)
		}
		d := xml.NewDecoder(&b)
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", x.says, err)
			}
		}
	}
}

// A summary names what is in the way, and counts what it has no room for.
func TestSummary(t *testing.T) {
	var all []RequirementResult
	for range 13 {
		all = append(all, RequirementResult{ID: "a.b", Title: "T", Level: Must, Verdict: Fail})
	}
	known := RequirementResult{ID: "a.c", Level: Must, Verdict: Fail, Known: true}
	r := summarized(DoesNot, append(all, known, RequirementResult{ID: "a.d", Level: Must, Verdict: NotTested}, RequirementResult{ID: "a.e", Level: Should, Verdict: Pass})...)
	r.Profiles = []ProfileResult{{ID: "p", Title: "P", Outcome: DoesNot}}
	var b bytes.Buffer
	if err := Render("summary", &b, r); err != nil {
		t.Fatal(err)
	}
	var s Summary
	if err := json.Unmarshal(b.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if s.Format != SummaryVersion || len(s.InTheWay) != mostInTheWay || s.NotListed != 3 || s.Demands != (Demands{15, 14, 1}) || s.Counts.Fail != 14 ||
		len(s.Profiles) != 1 || s.Words == "" {
		t.Errorf("%+v", s)
	}
}
