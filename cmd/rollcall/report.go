package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

func reportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "report", Short: "Render or open a saved report", Args: cobra.NoArgs,
		Example: "  rollcall report render --format html\n  rollcall report open",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(renderCommand(), openCommand())
	return c
}

func renderCommand() *cobra.Command {
	var format, out string
	var notes bool
	c := &cobra.Command{
		Use:   "render [report.json]",
		Short: "Render a saved report in another format: " + formatNames(),
		Example: `  rollcall report render
  rollcall report render rollcall-report/report.json --format junit --out junit.xml
  rollcall report render --format har > evidence.har`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := saved(args)
			if err != nil {
				return err
			}
			if notes && format == "text" && (out == "" || out == "-") {
				err = reports.Text(cmd.OutOrStdout(), r, reports.TextOptions{Notes: true})
			} else if out == "" || out == "-" {
				err = reports.Render(format, cmd.OutOrStdout(), r)
			} else {
				err = renderFile(format, out, r)
			}
			if err != nil {
				return &harness.ConfigError{Key: "report render", Cause: err.Error(), Remedy: "formats are " + formatNames()}
			}
			return nil
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "text", formatNames())
	c.Flags().BoolVar(&notes, "notes", false, "text on standard output: show also where options (MAY) are used in another way")
	c.Flags().StringVarP(&out, "out", "o", "", "file to write (default: standard output)")
	return c
}

func openCommand() *cobra.Command {
	return &cobra.Command{
		Use: "open [report.json]", Short: "Open the HTML report in a browser", Args: cobra.MaximumNArgs(1),
		Example: "  rollcall report open\n  rollcall report open reports/staging/report.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := saved(args)
			if err != nil {
				return err
			}
			page := strings.TrimSuffix(savedPath(args), ".json") + ".html"
			if err := renderFile("html", page, r); err != nil {
				return &harness.ConfigError{
					Key:    "report open",
					Cause:  err.Error(),
					Remedy: "the page is written beside report.json; make that folder writable",
				}
			}
			absolute, err := filepath.Abs(page)
			if err != nil {
				return fmt.Errorf("naming the page: %w", err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), absolute)
			opener := map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}[runtime.GOOS]
			if opener == nil {
				opener = []string{"xdg-open"}
			}
			if path, err := exec.LookPath(opener[0]); err == nil {
				return exec.CommandContext(cmd.Context(), path, append(opener[1:], absolute)...).Start()
			}
			return nil // no desktop here; the path is printed
		},
	}
}

func savedPath(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return filepath.Join(defaultOut, "report.json")
}

func saved(args []string) (*reports.Report, error) {
	path := savedPath(args)
	r, err := reports.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &harness.ConfigError{
			File:   path,
			Cause:  "there is no such report",
			Remedy: "give the path of a report.json, or make one with `rollcall run`",
		}
	}
	if err != nil {
		return nil, &harness.ConfigError{File: path, Cause: err.Error(), Remedy: "give a report.json that rollcall wrote"}
	}
	return r, nil
}

// renderFile writes one rendering, whole or not at all.
func renderFile(format, path string, r *reports.Report) error {
	return reports.WriteFile(path, func(w io.Writer) error { return reports.Render(format, w, r) })
}

func formatNames() string {
	var names []string
	for _, f := range reports.Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}
