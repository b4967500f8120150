package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// What a GitHub workflow says by the environment: the file of the step's summary, and that it
// is one at all.
const (
	stepSummary   = "GITHUB_STEP_SUMMARY"
	githubActions = "GITHUB_ACTIONS"
)

func summaryFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "summary", "", "add a Markdown summary to this file (default: $"+stepSummary+", where that is set)")
}

// summarise adds the summary of a report to a file, as pipelines have one for all steps of a
// job, and tells a GitHub workflow of what is broken.
func summarise(out io.Writer, r *reports.Report, file string) error {
	if file == "" {
		file = os.Getenv(stepSummary)
	}
	if file != "" {
		var text bytes.Buffer
		if err := reports.Markdown(&text, r); err != nil {
			return err
		}
		text.WriteByte('\n')
		if err := appendTo(file, text.Bytes()); err != nil {
			return &harness.ConfigError{Key: "--summary", Cause: err.Error(), Remedy: "name a file in a folder that may be written to"}
		}
	}
	if os.Getenv(githubActions) == "true" {
		return reports.Annotations(out, r)
	}
	return nil
}

func appendTo(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}
