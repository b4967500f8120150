package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	csvtable "github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

func csvCommand() *cobra.Command {
	c := &cobra.Command{Use: "csv", Short: "Work with bundles of OneRoster CSV files", Example: "  rollcall csv check bundle.zip"}
	c.AddCommand(csvCheckCommand(), csvDiffCommand(), csvImportCommand(), csvExportCommand(), csvSetsCommand(), csvImporterCommand())
	return c
}

// scanGC is how far the heap may grow during a scan between collections, in
// percent.
const scanGC = 8

// csvFlags are what `csv check` is told.
type csvFlags struct {
	version string
	stance  string
	format  string
	out     string
	spill   string
	workers int
	limit   int64
	focus   []string
	quiet   bool
}

func csvCheckCommand() *cobra.Command {
	f := &csvFlags{}
	c := &cobra.Command{
		Use:   "check BUNDLE",
		Short: "Judge a bundle of CSV files: a zip, a folder, one file, or - for standard input",
		Long: `Judge a bundle of OneRoster CSV files of any size, in one pass and little memory.
BUNDLE is a zip, a folder, one loose file, or - for a stream on standard input.
The version is that of the manifest, the mode of each file that of its rows.

Errors break a MUST of the standard, warnings a SHOULD; notes decide nothing.
Personal values are shown by their shape: letters as x, digits as 9.`,
		Example: `  rollcall csv check export.zip
  rollcall csv check export/ --version 1.1
  rollcall csv check export.zip --format sarif > findings.sarif
  rollcall csv check export.zip --out report --spill all-findings.csv
  curl -s https://sis.example.org/export.zip | rollcall csv check -`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.check(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&f.version, "version", "", "1.1 or 1.2 (default: as the manifest says)")
	c.Flags().StringVar(&f.stance, "stance", "", "certification or strict")
	c.Flags().StringVar(&f.format, "format", "text", "text, json, junit, html, sarif or csv, on standard output")
	c.Flags().StringVarP(&f.out, "out", "o", "", "folder for report.json, report.html and junit.xml (default: none is written)")
	c.Flags().StringVar(&f.spill, "spill", "", "file for every single finding, as CSV")
	c.Flags().StringSliceVar(&f.focus, "focus", nil, "judge only this requirement, prefix* or label (repeatable)")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	limitFlag(c, &f.limit)
	c.Flags().IntVar(&f.workers, "workers", 0, "goroutines that check (default: one a core)")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(csvFormats, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// limitFlag lets a bundle unpack to more than is usual, in GiB.
func limitFlag(c *cobra.Command, limit *int64) {
	c.Flags().Int64Var(limit, "max-unpacked", source.DefaultLimit>>30, "GiB that the bundle may unpack to")
}

var csvFormats = []string{"text", "json", "junit", "html", "sarif", "csv"}

func (f *csvFlags) validate() error {
	switch {
	case !slices.Contains(csvFormats, f.format):
		return &harness.ConfigError{
			Key:    "--format",
			Cause:  fmt.Sprintf("there is no format %q", f.format),
			Remedy: "choose text, json, junit, html, sarif or csv",
		}
	case f.version != "" && !slices.Contains(csvtable.Versions(), f.version):
		return &harness.ConfigError{
			Key:    "--version",
			Cause:  fmt.Sprintf("there are no tables of OneRoster CSV %q", f.version),
			Remedy: "choose 1.1 or 1.2",
		}
	case f.stance != "" && f.stance != string(catalogue.Certification) && f.stance != string(catalogue.Strict):
		return &harness.ConfigError{
			Key:    "--stance",
			Cause:  fmt.Sprintf("there is no stance %q", f.stance),
			Remedy: "choose certification or strict",
		}
	}
	if f.out != "" {
		return writable(f.out)
	}
	return nil
}

// check scans a bundle, judges what was found and writes what was asked for.
func (f *csvFlags) check(ctx context.Context, path string, out, errs io.Writer) error {
	if err := f.validate(); err != nil {
		return err
	}
	show := newProgress(errs, f.quiet)
	o := scan.Options{Version: f.version, Workers: f.workers, Limit: f.limit << 30, Progress: func(done, total int64) {
		show.observe(harness.Progress{Phase: "read", Done: int(done >> 20), Total: int(total >> 20), Unit: "MiB"})
	}}
	if f.spill != "" {
		file, err := os.Create(f.spill)
		if err != nil {
			return &harness.ConfigError{Key: "--spill", Cause: err.Error(), Remedy: "name a file that can be written"}
		}
		defer file.Close()
		o.Spill = file
	}
	// What a scan keeps is large and holds no pointers: collecting often costs
	// little and halves the memory.
	defer debug.SetGCPercent(debug.SetGCPercent(scanGC))
	result, err := csv.Scan(ctx, path, o)
	show.done()
	if err != nil {
		return err
	}
	report, err := f.judge(ctx, path, result)
	if err != nil {
		return err
	}
	if err := f.write(out, result, report); err != nil {
		return err
	}
	if f.out != "" {
		files, err := save(report, f.out)
		for _, file := range files {
			if f.format == "text" {
				fmt.Fprintln(out, "  "+file)
			}
		}
		if err != nil {
			return err
		}
	}
	if report.Exit != reports.ExitConforms {
		return exit(report.Exit)
	}
	return nil
}

// toldTarget is a target that the command line tells of, without a file.
func toldTarget(t harness.Target, section harness.Section) (*harness.Target, error) {
	text, err := harness.WriteTarget(t, section)
	if err != nil {
		return nil, err
	}
	return harness.ParseTarget("the command line", text, os.LookupEnv, sections()...)
}

// judge runs the suite over a scan, in this process.
func (f *csvFlags) judge(ctx context.Context, path string, result *scan.Result) (*reports.Report, error) {
	target, err := toldTarget(harness.Target{
		Name:     result.Path,
		Profiles: []string{csv.Profile(result.Version)},
		Stance:   catalogue.Stance(f.stance),
	}, &oneroster.Section{CSV: oneroster.CSV{Bundle: path}})
	if err != nil {
		return nil, err
	}
	run, err := harness.New(target, []harness.Suite{csv.Suite(result)}, harness.Options{
		Judge:      judge(),
		InProcess:  true,
		Shards:     1,
		SkipDoctor: true,
		Focus:      f.focus,
		Repeat:     repeatCSV("rollcall csv check "+quoteArg(path), f.stance, f.focus),
	})
	if err != nil {
		return nil, err
	}
	return run.Run(ctx)
}

func (f *csvFlags) write(out io.Writer, result *scan.Result, report *reports.Report) error {
	switch f.format {
	case "text":
		return csv.WriteText(out, result, report)
	case "sarif":
		return csv.WriteSARIF(out, result, report)
	case "csv":
		return csv.WriteCSV(out, result, report)
	}
	return reports.Render(f.format, out, report)
}
