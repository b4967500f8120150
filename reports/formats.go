package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Format is one way to render a report.
type Format struct {
	Name    string // as `rollcall report render --format` takes it
	File    string // customary file name
	Summary string // for whom it is, in a line
	render  func(io.Writer, *Report) error
}

// Formats lists the renderings in the order in which help texts show them.
func Formats() []Format {
	return []Format{
		{"json", "report.json", "the whole report; every other format is made from it", JSON},
		{"html", "report.html", "one page for people, with all evidence, no network needed", HTML},
		{"district", "district.html", "the picture of a district, with its systems and the nine flows between them", DistrictHTML},
		{"junit", "junit.xml", "JUnit XML for GitLab, Jenkins, GitHub and the like", JUnit},
		{"sarif", "findings.sarif", "SARIF 2.1.0, one result a place, for code scanning", SARIF},
		{"markdown", "summary.md", "a summary for the page of a pipeline", Markdown},
		{"summary", "summary.json", "what a dashboard shows: outcome, counts, and what is in the way", SummaryJSON},
		{"badge", "badge.svg", "a picture of the outcome in some words", BadgeSVG},
		{"annotations", "annotations.txt", "commands of a GitHub workflow, which shows them beside a job", Annotations},
		{"har", "evidence.har", "the HTTP exchanges, for a browser's developer tools", HAR},
		{"text", "report.txt", "what a terminal shows at the end of a run", func(w io.Writer, r *Report) error { return Text(w, r, TextOptions{}) }},
	}
}

// Render writes the report in the format of that name.
func Render(format string, w io.Writer, r *Report) error {
	all := Formats()
	i := slices.IndexFunc(all, func(f Format) bool { return f.Name == format })
	if i < 0 {
		var names []string
		for _, f := range all {
			names = append(names, f.Name)
		}
		return fmt.Errorf("rendering the report: there is no format %q; the formats are %s", format, strings.Join(names, ", "))
	}
	if err := all[i].render(w, r); err != nil {
		return fmt.Errorf("rendering the report as %s: %w", format, err)
	}
	return nil
}
