package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// hostile is a report in which every text tries to break out.
func hostile() *Report {
	bad := hostileHTML + hostileTerm + "\n::error::owned\n| a | b |\n%0A::error::x `` ` @all"
	r := sample()
	r.Target.Name, r.Run.Stance, r.Run.Shard, r.Run.Repeat, r.Judge.Version, r.Judge.Name = bad, bad, bad, bad, bad, bad
	for i := range r.Profiles {
		r.Profiles[i].Title = bad
	}
	for i := range 300 {
		q := RequirementResult{ID: fmt.Sprintf("%s%d", bad, i), Title: bad, Statement: bad, Level: Must, Verdict: []Verdict{Fail, Warning, NotTested, Error}[i%4], Reason: bad + strings.Repeat("long ", 20000), Remedy: bad,
			Citations: []Citation{{URL: "javascript:alert(1)"}}}
		for range 150 {
			q.Findings = append(q.Findings, Finding{Expected: bad, Seen: bad, Where: bad})
		}
		r.Requirements = append(r.Requirements, q)
	}
	return r
}

// TestPipelineOutputs holds what pipelines read to its measure, whatever the target said.
func TestPipelineOutputs(t *testing.T) {
	for name, r := range map[string]*Report{"sample": sample(), "hostile": hostile(), "empty": {}} {
		for format, most := range map[string]int{"markdown": 512 << 10, "annotations": 32 << 10, "sarif": 12 << 20} {
			var b bytes.Buffer
			if err := Render(format, &b, r); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			if len(text) > most {
				t.Errorf("%s %s: %d bytes", name, format, len(text))
			}
			if strings.ContainsAny(text, "\x1b\x00\x07\u202e") {
				t.Errorf("%s %s: control characters", name, format)
			}
			for _, line := range strings.Split(text, "\n") {
				switch {
				case format == "annotations" && line != "" && !strings.HasPrefix(line, "::error title=") && !strings.HasPrefix(line, "::warning title=") && !strings.HasPrefix(line, "::notice title="):
					t.Errorf("%s: %q", name, line)
				case format == "annotations" && strings.HasPrefix(line, "::error::"):
					t.Errorf("%s: a command of the target's own: %q", name, line)
				case format == "markdown" && (strings.HasPrefix(line, "| a |") || strings.HasPrefix(line, "::")):
					t.Errorf("%s: a line of the target's own: %q", name, line)
				}
			}
			if format == "sarif" {
				var log sarifLog
				if err := json.Unmarshal(b.Bytes(), &log); err != nil || len(log.Runs) != 1 || len(log.Runs[0].Results) > maxSARIF {
					t.Fatalf("%s: %v", name, err)
				}
				rules, prints := map[string]bool{}, map[string]bool{}
				for _, rule := range log.Runs[0].Tool.Driver.Rules {
					if rules[rule.ID] || strings.HasPrefix(rule.HelpURI, "javascript") {
						t.Errorf("%s: rule %s comes twice, or leads astray", name, rule.ID)
					}
					rules[rule.ID] = true
				}
				for _, x := range log.Runs[0].Results {
					print := x.Fingerprints["rollcall/v1"]
					if !rules[x.RuleID] || len(x.Locations) != 1 || prints[print] || x.Level == "" {
						t.Fatalf("%s: %+v", name, x)
					}
					prints[print] = true
				}
			}
		}
	}
}
