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
	blocks  int // requirements that hang on it, told once for each requirement
}

// rank orders findings, the worst first: by verdict, then by where the cause of
// others is to be looked for (the order of the files), then by count.
func rank(result *scan.Result, report *reports.Report) []ranked {
	verdicts := map[string]reports.RequirementResult{}
	for _, q := range report.Requirements {
		verdicts[q.ID] = q
	}
	var out []ranked
	told := map[string]bool{}
	for _, f := range result.Findings {
		q, asked := verdicts[f.Rule.Requirement]
		if !asked {
			continue
		}
		x := ranked{f, q.Verdict, q.Waived, 0}
		if !told[q.ID] {
			x.blocks = len(q.Blocks)
		}
		told[q.ID] = true
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b ranked) int {
		return cmp.Compare(slices.Index(levels, level(a.verdict)), slices.Index(levels, level(b.verdict)))
	})
	return out
}

// WriteText writes a summary for a terminal: what was read, the findings, the
// worst first and each with its remedy and what hangs on it, and the verdict.
func WriteText(w io.Writer, result *scan.Result, report *reports.Report) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: OneRoster CSV %s (%s)\n\n", reports.OneLine(result.Path), result.Version, reports.OneLine(result.Reason))
	for _, f := range result.Files {
		if f.Path != "" {
			fmt.Fprintf(out, "  %-34s %-6s %12s rows\n", reports.OneLine(f.Path), f.Mode, thousands(f.Rows))
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
		hang := ""
		if p.Counts.NotTested > 0 {
			hang = fmt.Sprintf(", %d hang on these", p.Counts.NotTested)
		}
		fmt.Fprintf(out, "%s: %s, %d broken, %d warned%s, %d kept, %d about nothing in this bundle\n", p.Title, outcome(p.Outcome),
			p.Counts.Fail, p.Counts.Warning, hang,
			p.Counts.Pass, p.Counts.NotApplicable)
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
	fmt.Fprintf(out, "  %s  %s%s", f.Rule.Requirement, reports.OneLine(where), waived)
	if f.Count > 1 {
		fmt.Fprintf(out, "  %s times", thousands(f.Count))
	}
	fmt.Fprintln(out)
	for _, e := range f.Examples {
		seen := cmp.Or(Seen(e), "nothing")
		if e.Line > 0 || e.File != "" {
			seen = Where(scan.Finding{File: f.File}, e) + ": " + seen
		}
		fmt.Fprintf(out, "      %s\n", reports.OneLine(seen))
	}
	fmt.Fprintf(out, "      expected  %s\n      remedy    %s\n", f.Rule.Expected, reports.OneLine(f.Remedy()))
	if f.blocks > 0 {
		others := "one other requirement"
		if f.blocks > 1 {
			others = fmt.Sprintf("%d other requirements", f.blocks)
		}
		fmt.Fprintf(out, "      blocks    %s, which could not be examined for this\n", others)
	}
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
	rows := [][]string{{"level", "rule", "file", "line", "field", "column", "count", "seen", "expected", "remedy"}}
	for _, f := range rank(result, report) {
		for _, e := range f.Examples {
			rows = append(rows, reports.Cells(level(f.verdict), f.Rule.Requirement, cmp.Or(e.File, f.File), number(e.Line),
				number(int64(e.Field)), f.Column,
				number(f.Count), Seen(e), f.Rule.Expected, cmp.Or(e.Remedy, f.Rule.Remedy)))
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
