package csv

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
)

// The parts of SARIF 2.1.0 that are written.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	Results []sarifResult `json:"results"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID    string    `json:"id"`
	Short sarifText `json:"shortDescription"`
	Help  sarifText `json:"help"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
	// Occurrences beyond those that are listed.
	OccurrenceCount int64 `json:"occurrenceCount,omitempty"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	} `json:"physicalLocation"`
}

type sarifRegion struct {
	StartLine int64 `json:"startLine"`
}

// titleOfRule says what a rule asks for, in the words of the catalogue.
func titleOfRule(report *reports.Report, r rule.Rule) string {
	for _, q := range report.Requirements {
		if q.ID == r.Requirement {
			return q.Title
		}
	}
	return "Expected: " + r.Expected
}

// WriteSARIF writes the findings as SARIF 2.1.0, for pipelines that show them
// beside the code.
func WriteSARIF(w io.Writer, result *scan.Result, report *reports.Report) error {
	log := sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: make([]sarifRun, 1)}
	run := &log.Runs[0]
	run.Tool.Driver = sarifDriver{Name: report.Judge.Name, Version: report.Judge.Version, Rules: []sarifRule{}}
	run.Results = []sarifResult{}
	known := map[string]bool{}
	for _, f := range rank(result, report) {
		if !known[f.Rule.Requirement] {
			known[f.Rule.Requirement] = true
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
				ID:    f.Rule.Requirement,
				Short: sarifText{titleOfRule(report, f.Rule)},
				Help:  sarifText{f.Rule.Remedy},
			})
		}
		for i, e := range f.Examples {
			r := sarifResult{
				RuleID: f.Rule.Requirement,
				Level:  level(f.verdict),
				Message: sarifText{reports.OneLine(fmt.Sprintf("%s; expected %s. %s", cmp.Or(Seen(e), "nothing"), f.Rule.Expected,
					cmp.Or(e.Remedy, f.Rule.Remedy)))},
			}
			if i == 0 && f.Count > int64(len(f.Examples)) {
				r.OccurrenceCount = f.Count
			}
			if path := cmp.Or(e.File, f.File); path != "" {
				var l sarifLocation
				l.Physical.Artifact.URI = (&url.URL{Path: path}).EscapedPath()
				if e.Line > 0 {
					l.Physical.Region = &sarifRegion{StartLine: e.Line}
				}
				r.Locations = []sarifLocation{l}
			}
			run.Results = append(run.Results, r)
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
