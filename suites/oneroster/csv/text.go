package csv

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
)

// ranked is a finding with what it weighs in the run.
type ranked struct {
	scan.Finding
	verdict reports.Verdict // fail, warning, or pass for what is merely noted
	waived  bool
}

// rank orders findings, the worst first: by verdict, then by where the cause of
// others is to be looked for (the order of the files), then by count.
func rank(result *scan.Result, report *reports.Report) []ranked {
	verdicts := map[string]reports.RequirementResult{}
	for _, q := range report.Requirements {
		verdicts[q.ID] = q
	}
	var out []ranked
	for _, f := range result.Findings {
		q, asked := verdicts[f.Rule.Requirement]
		if !asked {
			continue
		}
		out = append(out, ranked{f, q.Verdict, q.Waived})
	}
	slices.SortStableFunc(out, func(a, b ranked) int {
		return cmp.Compare(slices.Index(levels, level(a.verdict)), slices.Index(levels, level(b.verdict)))
	})
	return out
}

// WriteText writes a summary for a terminal: what was read, the findings, the
// worst first and each with its remedy, and the verdict.
func WriteText(w io.Writer, result *scan.Result, report *reports.Report) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: OneRoster CSV %s (%s)\n\n", result.Path, result.Version, result.Reason)
	for _, f := range result.Files {
		if f.Path != "" {
			fmt.Fprintf(out, "  %-34s %-6s %12s rows\n", f.Path, f.Mode, thousands(f.Rows))
		}
	}
	fmt.Fprintf(out, "  %-34s %-6s %12s rows, %s bytes\n", "together", "", thousands(result.Rows), thousands(result.Bytes))
	last := ""
	for _, f := range rank(result, report) {
		if now := level(f.verdict); now != last {
			last = now
			fmt.Fprintf(out, "\n%s\n", map[string]string{"error": "Errors", "warning": "Warnings", "note": "Notes"}[now])
		}
		writeFinding(out, f)
	}
	fmt.Fprintln(out)
	for _, p := range report.Profiles {
		fmt.Fprintf(out, "%s: %s, %d broken, %d warned, %d kept, %d about nothing in this bundle\n", p.Title, outcome(p.Outcome), p.Counts.Fail, p.Counts.Warning, p.Counts.Pass, p.Counts.NotApplicable)
	}
	fmt.Fprintln(out, "This is not a certification by 1EdTech. Only 1EdTech certifies products.")
	return out.Flush()
}

func outcome(o reports.Outcome) string {
	switch o {
	case reports.Conforms:
		return "conforms"
	case reports.DoesNot:
		return "does not conform"
	}
	return string(o)
}

func writeFinding(out io.Writer, f ranked) {
	where := f.File
	if f.Column != "" {
		where += " " + f.Column
	}
	waived := ""
	if f.waived {
		waived = " (waived)"
	}
	fmt.Fprintf(out, "  %s  %s%s", f.Rule.ID, where, waived)
	if f.Count > 1 {
		fmt.Fprintf(out, "  %s times", thousands(f.Count))
	}
	fmt.Fprintln(out)
	for _, e := range f.Examples {
		seen := Seen(e)
		if seen == "" {
			seen = "nothing"
		}
		if e.Line > 0 {
			fmt.Fprintf(out, "      %s: %s\n", Where(scan.Finding{File: f.File}, e), seen)
		} else {
			fmt.Fprintf(out, "      %s\n", seen)
		}
	}
	fmt.Fprintf(out, "      expected  %s\n      remedy    %s\n", f.Rule.Expected, f.Rule.Remedy)
}

// thousands writes a number with commas.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// WriteCSV writes one line for each example of each finding.
func WriteCSV(w io.Writer, result *scan.Result, report *reports.Report) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"level", "rule", "requirement", "file", "line", "field", "column", "count", "seen", "expected", "remedy"}}
	for _, f := range rank(result, report) {
		for _, e := range f.Examples {
			rows = append(rows, []string{level(f.verdict), f.Rule.ID, f.Rule.Requirement, f.File, number(e.Line), number(int64(e.Field)), f.Column,
				number(f.Count), Seen(e), f.Rule.Expected, f.Rule.Remedy})
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("writing the findings: %w", err)
	}
	return nil
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// levels are what findings weigh in text, CSV and SARIF, the worst first.
var levels = []string{"error", "warning", "note"}

func level(v reports.Verdict) string {
	switch v {
	case reports.Fail:
		return "error"
	case reports.Warning:
		return "warning"
	}
	return "note"
}
