package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/reports/compare"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

func diffCommand() *cobra.Command {
	var format, out string
	formats := strings.Join(compare.Formats(), ", ")
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell what changed between two saved reports",
		Long: `Tell what changed between two saved reports of one product: what broke, what was
mended, what is new and what is no longer examined, requirement by requirement.
OLD and NEW are files report.json, or the folders that they lie in. Requirements
that have another id by now are matched.

Exit codes: 0 nothing became worse, 1 a MUST broke or was found broken, 4 a MUST is
no longer examined, 2 a report can't be read. What a waiver excuses doesn't count.`,
		Example: `  rollcall diff main/report.json rollcall-report/report.json
  rollcall diff last-week/ today/ --format markdown
  rollcall diff old.json new.json --format html --out changes.html`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			older, err := readReport(args[0], "diff")
			if err != nil {
				return err
			}
			newer, err := readReport(args[1], "diff")
			if err != nil {
				return err
			}
			cat, err := catalogue.Load()
			if err != nil {
				return err
			}
			comparison := compare.Of(older, newer, cat.Renamed())
			write := func(w io.Writer) error { return compare.Render(format, w, comparison) }
			if out == "" || out == "-" {
				err = write(cmd.OutOrStdout())
			} else {
				err = reports.WriteFile(out, write)
			}
			if err != nil {
				return &harness.ConfigError{Key: "diff", Cause: err.Error(),
					Remedy: "formats are " + formats + "; --out names a file that can be written"}
			}
			if comparison.Exit != reports.ExitConforms {
				return exit(comparison.Exit)
			}
			return nil
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "text", formats)
	c.Flags().StringVarP(&out, "out", "o", "", "file to write (default: standard output)")
	return c
}

// readReport reads a saved report, or that of a folder, for what needs it.
func readReport(path, key string) (*reports.Report, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "report.json")
	}
	r, err := reports.Read(path)
	if err == nil {
		return r, nil
	}
	cause := err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		cause = "there is no such report"
	}
	return nil, &harness.ConfigError{File: path, Key: key, Cause: cause, Remedy: "name a report.json that `rollcall run` wrote"}
}
