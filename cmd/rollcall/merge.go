package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

func mergeCommand() *cobra.Command {
	var out, against, summary string
	c := &cobra.Command{
		Use:   "merge REPORT...",
		Short: "Make one report of those of several machines",
		Long: `Make one report of those that several machines wrote by ` + "`rollcall run --shard 1/N`" + `, 2/N
and so on. REPORT is a report.json, the folder that it lies in, or a folder that has
such folders (shard-1-of-5 and so on).

The verdicts are those of one run: they are made of what the checks said, so that what
was found on one machine blocks what could not be examined on another. What a machine
that is missing had to look at is unknown. The exit code is that of the whole.`,
		Example: `  rollcall merge rollcall-report
  rollcall merge artifacts/ --out merged
  rollcall merge a/report.json b/report.json c/report.json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var parts []*reports.Report
			for _, arg := range args {
				for _, path := range partsIn(arg) {
					r, err := readReport(path, "merge")
					if err != nil {
						return err
					}
					parts = append(parts, r)
				}
			}
			var baseline *reports.Report
			if against != "" {
				var err error
				if baseline, err = readReport(against, "--baseline"); err != nil {
					return err
				}
			}
			report, err := harness.Merge(suites(), parts, baseline)
			if err != nil {
				return err
			}
			if err := writable(out); err != nil {
				return err
			}
			files, err := save(report, out)
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			if err := reports.Text(w, report, reports.TextOptions{Color: colour(w)}); err != nil {
				return err
			}
			fmt.Fprintln(w)
			for _, file := range files {
				fmt.Fprintln(w, "  "+file)
			}
			if err := summarise(w, report, summary); err != nil {
				return err
			}
			if report.Exit != reports.ExitConforms {
				return exit(report.Exit)
			}
			return nil
		},
	}
	c.Flags().StringVarP(&out, "out", "o", defaultOut, "folder for the report")
	summaryFlag(c, &summary)
	c.Flags().StringVar(&against, "baseline", "", "a saved report.json of the whole: fail only on what is new since then")
	return c
}

// partsIn lists the reports of machines that an argument stands for. Artifacts of pipelines
// are unpacked into folders of their own, one or two deep.
func partsIn(arg string) []string {
	if info, err := os.Stat(arg); err != nil || !info.IsDir() {
		return []string{arg}
	}
	var found []string
	for _, pattern := range []string{"shard-*-of-*", filepath.Join("*", "shard-*-of-*")} {
		more, _ := filepath.Glob(filepath.Join(escapeGlob(arg), pattern, "report.json")) // the pattern is well formed
		found = append(found, more...)
	}
	if len(found) == 0 {
		return []string{arg}
	}
	slices.Sort(found)
	return found
}

// escapeGlob has a path mean itself within a pattern.
func escapeGlob(path string) string {
	var out []rune
	for _, c := range path {
		switch c {
		case '*', '?', '[':
			out = append(out, '[', c, ']')
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
