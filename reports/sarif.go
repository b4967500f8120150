package reports

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Bounds of SARIF: GitHub refuses files beyond 25,000 results, and shows 5,000.
const (
	maxSARIF    = 5000
	maxSARIFOne = 100 // of one requirement
)

// The parts of SARIF 2.1.0 that are written (OASIS, sections as cited).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifRule struct {
		ID      string     `json:"id"`
		Short   sarifText  `json:"shortDescription"`
		Full    sarifText  `json:"fullDescription"`
		Help    *sarifText `json:"help,omitempty"`
		HelpURI string     `json:"helpUri,omitempty"`
	}
	// sarifResult is one place where a requirement is broken (3.27). Fingerprints keep one place one
	// alert over several runs; a suppression is what a waiver or a baseline excuses (3.35).
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Occurrences  int                `json:"occurrenceCount,omitempty"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification,omitempty"`
	}
	sarifLocation struct {
		Physical struct {
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region struct {
				StartLine int `json:"startLine"`
			} `json:"region"`
		} `json:"physicalLocation"`
		Logical []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// defaultTarget is the file that a result is pinned to: what is judged over the wire has no line
// of a source, and the target file is what the repository has of it.
const defaultTarget = "target.yaml"

// SARIF writes what is broken as SARIF 2.1.0, one result a place, for the pages of pipelines that
// show it beside the code.
func SARIF(w io.Writer, r *Report) error { return SARIFOf(w, r, "") }

// SARIFOf is SARIF with the path of the target file within the repository.
func SARIFOf(w io.Writer, r *Report, target string) error {
	log := sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: make([]sarifRun, 1)}
	run := &log.Runs[0]
	run.Tool.Driver = sarifDriver{Name: cmp.Or(oneLine(r.Judge.Name), "Rollcall"), Version: oneLine(r.Judge.Version), Rules: []sarifRule{}}
	run.Results = []sarifResult{}
	file := (&url.URL{Path: oneLine(cmp.Or(target, defaultTarget))}).EscapedPath()
	x := indexOf(r)
	ruled := map[string]bool{}
	for _, q := range Sort(r.Requirements) {
		if q.Verdict != Fail && q.Verdict != Warning {
			continue
		}
		findings := q.Findings
		if len(findings) == 0 { // of an older report, or an edited one
			findings = []Finding{{Expected: q.Statement, Seen: cmp.Or(q.Reason, "it is broken")}}
		}
		id := clip(oneLine(q.ID), 200)
		if !ruled[id] {
			ruled[id] = true
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(id, q))
		}
		times := map[string]int{}
		for i, f := range findings[:min(len(findings), maxSARIFOne)] {
			if len(run.Results) == maxSARIF {
				break
			}
			place := placeOf(f, x)
			times[place]++
			out := sarifResult{RuleID: id, Level: map[Verdict]string{Fail: "error", Warning: "warning"}[q.Verdict], Occurrences: f.Count,
				Message: sarifText{f.summary()}, Fingerprints: map[string]string{
					"rollcall/v1": fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", q.ID, place, times[place])))[:32]}}
			if i == maxSARIFOne-1 && len(findings) > maxSARIFOne {
				out.Message.Text += fmt.Sprintf(" (and %d more places; report.json has all)", len(findings)-maxSARIFOne)
			}
			var at sarifLocation
			at.Physical.Artifact.URI, at.Physical.Region.StartLine = file, 1
			if place != "" {
				at.Logical = []sarifLogical{{clip(oneLine(place), 500), "resource"}}
			}
			out.Locations = []sarifLocation{at}
			switch v := x.waivers[q.ID]; {
			case q.Waived && v != nil:
				why := fmt.Sprintf("waived until %s by %s: %s", v.Expires, v.Owner, v.Reason)
				out.Suppressions = []sarifSuppression{{"external", clip(oneLine(why), 500)}}
			case q.Waived, q.Known:
				out.Suppressions = []sarifSuppression{{Kind: "external", Justification: "known"}}
			}
			run.Results = append(run.Results, out)
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(log); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}

func sarifRuleOf(id string, q RequirementResult) sarifRule {
	rule := sarifRule{ID: id, Short: sarifText{clip(oneLine(cmp.Or(q.Title, id)), 300)},
		Full: sarifText{clip(oneLine(cmp.Or(q.Statement, q.Title, id)), 1000)}}
	if q.Causes != "" {
		rule.Help = &sarifText{clip(oneLine(q.Causes), 1000)}
	}
	for _, c := range q.Citations {
		if u, err := url.Parse(c.URL); err == nil && u.Scheme == "https" && rule.HelpURI == "" {
			rule.HelpURI = u.String()
		}
	}
	return rule
}

// placeOf says where a finding was made, the same in every run: the request that showed it, without
// its query, and the place in its answer.
func placeOf(f Finding, x index) string {
	var parts []string
	for _, id := range f.Exchanges {
		if e := x.exchanges[id]; e != nil {
			path, _, _ := strings.Cut(e.URL, "?")
			parts = append(parts, e.Method+" "+path)
			break
		}
	}
	if f.Where != "" {
		parts = append(parts, f.Where)
	}
	return oneLine(strings.Join(parts, " "))
}
