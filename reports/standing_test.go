package reports

import (
	"fmt"
	"strings"
	"testing"
)

// TestSentencesKeepToTheCounts holds the words on every outcome to what was counted,
// over all combinations of verdicts at both levels, waivers and blame.
func TestSentencesKeepToTheCounts(t *testing.T) {
	kinds := []struct {
		name string
		q    RequirementResult
	}{
		{"kept", RequirementResult{Verdict: Pass, Level: Must}},
		{"noted", RequirementResult{Verdict: Pass, Level: May, Noted: 1}},
		{"broken", RequirementResult{Verdict: Fail, Level: Must}},
		{"waived", RequirementResult{Verdict: Fail, Level: Must, Waived: true}},
		{"warned", RequirementResult{Verdict: Warning, Level: Should}},
		{"open", RequirementResult{Verdict: NotTested, Level: Must}},
		{"blocked", RequirementResult{Verdict: NotTested, Level: Must, Blame: &Blame{Kind: BlockedBy, Requirement: "broken"}}},
		{"excused", RequirementResult{Verdict: NotTested, Level: Must, Waived: true}},
		{"lesser", RequirementResult{Verdict: NotTested, Level: Should}},
		{"unknown", RequirementResult{Verdict: Unknown, Level: Must}},
		{"error", RequirementResult{Verdict: Error, Level: Must}},
		{"other", RequirementResult{Verdict: NotApplicable, Level: Must}},
	}
	for set := range 1 << len(kinds) {
		for _, part := range []bool{false, true} {
			r := &Report{}
			in := map[string]bool{}
			for i, k := range kinds {
				if set&(1<<i) != 0 {
					in[k.name] = true
					q := k.q
					q.ID = k.name
					r.Requirements = append(r.Requirements, q)
				}
			}
			if part {
				r.Run.Whole = 99
			}
			switch {
			case in["broken"] || in["waived"]:
				r.Outcome = DoesNot
			case in["error"]:
				r.Outcome = JudgeFailed
			case in["open"] || in["blocked"] || in["excused"] || in["unknown"] || part:
				r.Outcome = Incomplete
			default:
				r.Outcome = Conforms
			}
			s := r.overall()
			title, meaning := r.Outcome.worded(s)
			at := fmt.Sprintf("%v, partial %v: %q, %q", in, part, title, meaning)
			amiss := in["broken"] || in["waived"] || in["open"] || in["blocked"] || in["excused"] || in["unknown"] || in["error"]
			for word, want := range map[string]bool{
				"that apply pass":             !amiss && in["kept"],
				"No MUST requirement applies": !amiss && !in["kept"] && !part,
				"fail":                        in["broken"] || in["waived"] || in["blocked"] || in["error"],
				"excused by a waiver":         in["waived"] || in["excused"],
				"blocked by":                  in["blocked"],
				"SHOULD requirement is":       in["warned"],
				"SHOULD or MAY":               in["lesser"],
				"option is used":              in["noted"],
				"judge itself failed":         in["error"],
				"not a pass":                  !in["broken"] && !in["waived"] && (in["open"] || in["blocked"] || in["unknown"]),
				"could not be examined":       in["open"] || in["blocked"] || in["excused"] || in["unknown"] || in["lesser"],
				"partial: ":                   part,
			} {
				if word == "that apply pass" && part && !amiss || word == "No MUST requirement applies" && part {
					continue // an empty part is no claim of anything
				}
				if got := strings.Contains(meaning, word); got != want {
					t.Fatalf("%s: says %q: %v, want %v", at, word, got, want)
				}
			}
			if strings.Contains(title, "Conforms") && (amiss || part) {
				t.Fatalf("%s: reads like a pass", at)
			}
			if meaning == "" {
				t.Fatalf("%s: says nothing", at)
			}
		}
	}
}

// Numbers are worded with their nouns.
func TestSentences(t *testing.T) {
	for want, s := range map[string]standing{
		"3 MUST requirements fail, 2 of them excused by a waiver.":                                                                         {broken: 3, waived: 2, demands: 3},
		"1 MUST requirement fails, excused by a waiver.":                                                                                   {broken: 1, waived: 1, demands: 1},
		"1 MUST requirement could not be examined. Until that is done, this is not a pass.":                                                {open: 1, demands: 9},
		"12 MUST requirements could not be examined, 1 of them blocked by one that fails. Until that is done, this is not a pass.":         {open: 12, blocked: 1, demands: 13},
		"All MUST requirements that apply pass. 2 SHOULD requirements are not kept.":                                                       {demands: 4, warned: 2},
		"Only a part was asked for (partial: 6 of 322 requirements), which proves nothing of the whole. All MUST requirements in it pass.": {demands: 6, part: "partial: 6 of 322 requirements"},
	} {
		if got := strings.Join(s.sentences(Conforms), " "); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
