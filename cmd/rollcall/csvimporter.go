package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/importer"
)

func csvSetsCommand() *cobra.Command {
	var out string
	o := importer.Options{}
	c := &cobra.Command{
		Use:   "sets",
		Short: "Write the bundles that a product which imports CSV is tried with",
		Long: `Write bundles to try an importer with: good ones, legal oddities, and many that are
broken in one way each, in the folders ValidFileSet, InvalidFileSet and EitherFileSet
(which may be taken either way), by area. Names tell the same: V, I or E; R rostering,
S resources, O outcomes; b bulk, d delta, o 1.1. sheet.csv lists what is in each and
what the product has to do; fill in what it did, or let a hook do so.`,
		Example: "  rollcall csv sets --out sets\n  rollcall csv importer sets --hook ./import.sh",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sets, err := importer.Sets(o)
			if err != nil {
				return &harness.ConfigError{Key: "--areas", Cause: err.Error(), Remedy: "name areas that the product claims"}
			}
			if err := importer.Write(out, sets); err != nil {
				return &harness.ConfigError{Key: "--out", Cause: err.Error(), Remedy: "name a folder you may write to"}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d bundles and %s are in %s\n", len(sets), importer.SheetFile, out)
			return nil
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "sets", "folder for the bundles")
	setsFlags(c, &o)
	return c
}

// setsFlags are what tells which sets are meant.
func setsFlags(c *cobra.Command, o *importer.Options) {
	c.Flags().BoolVar(&o.Old, "with-1.1", false, "bundles of 1.1 too")
	c.Flags().StringSliceVar(&o.Areas, "areas", nil, "only these of rostering, resources, outcomes")
}

// importerFlags are what `csv importer` is told.
type importerFlags struct {
	hook    string
	timeout time.Duration
	out     string
	sets    importer.Options
	stance  string
	focus   []string
}

func csvImporterCommand() *cobra.Command {
	f := &importerFlags{}
	c := &cobra.Command{
		Use:   "importer SETS",
		Short: "Judge a product that imports CSV, by what it does with the sets",
		Long: `Judge a product that imports OneRoster CSV. SETS is the folder that ` + "`rollcall csv sets`" + `
wrote. With --hook a command imports each bundle: its path is the last argument, and
the exit code tells what became of it: 0 accepted, 1 refused, 2 accepted with the
error reported, anything else broken. Without a hook, the column outcome of sheet.csv
says so: accepted, refused, reported, damaged (something that the bundle doesn't say
is lost or spoilt) or crashed. What was not tried is not-tested. Where bundles can be
dropped for the product, ` + "`rollcall run`" + ` does all of it with the profile or12-csv-import.`,
		Example: "  rollcall csv importer sets --hook 'curl -fsS -F file=@- https://lms.example.org/import <'\n  rollcall csv importer sets --out report",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&f.hook, "hook", "", "command that imports one bundle into the product")
	c.Flags().DurationVar(&f.timeout, "timeout", time.Minute, "how long one import may take")
	c.Flags().StringVarP(&f.out, "out", "o", "rollcall-report", "folder for the report")
	c.Flags().StringVar(&f.stance, "stance", "", "certification or strict")
	setsFlags(c, &f.sets)
	c.Flags().StringSliceVar(&f.focus, "focus", nil, "judge only this requirement or prefix* (repeatable)")
	return c
}

func (f *importerFlags) run(ctx context.Context, dir string, out, errs io.Writer) error {
	sets, err := importer.Sets(f.sets)
	if err != nil {
		return &harness.ConfigError{Key: "--areas", Cause: err.Error(), Remedy: "name areas that the product claims"}
	}
	sheet := filepath.Join(dir, importer.SheetFile)
	answers, err := importer.ReadSheet(sheet)
	if err != nil {
		return &harness.ConfigError{
			Key:    dir,
			Cause:  err.Error(),
			Remedy: "write the sets with `rollcall csv sets`, and fill in the column outcome",
		}
	}
	if err := writable(f.out); err != nil {
		return err
	}
	if f.hook != "" {
		if err := f.try(ctx, dir, sets, answers, errs); err != nil {
			return err
		}
		if err := importer.WriteSheet(sheet, sets, answers); err != nil {
			return &harness.ConfigError{Key: sheet, Cause: err.Error(), Remedy: "make the sheet writable"}
		}
	}
	report, err := f.judge(ctx, dir, sets, answers)
	if err != nil {
		return err
	}
	files, err := save(report, f.out)
	if textErr := reports.Text(out, report, reports.TextOptions{Color: colour(out)}); textErr != nil {
		return textErr
	}
	for _, file := range files {
		fmt.Fprintln(out, "  "+file)
	}
	if err != nil {
		return err
	}
	if report.Exit != reports.ExitConforms {
		return exit(report.Exit)
	}
	return nil
}

// try imports every set by the hook.
func (f *importerFlags) try(ctx context.Context, dir string, sets []importer.Set, answers map[string]importer.Answer,
	errs io.Writer) error {
	hook := importer.Hook{Command: f.hook, Timeout: f.timeout}
	for i, s := range sets {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(s.File))); err != nil {
			return &harness.ConfigError{Key: dir, Cause: err.Error(), Remedy: "write the sets anew with `rollcall csv sets`"}
		}
		a, err := hook.Try(ctx, dir, s)
		if err != nil {
			return &harness.ConfigError{Key: "--hook", Cause: err.Error(), Remedy: "try the command by hand with the path of a bundle behind it"}
		}
		answers[s.File] = a
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if (i+1)%50 == 0 || i+1 == len(sets) {
			fmt.Fprintf(errs, "%d of %d sets\n", i+1, len(sets))
		}
	}
	return nil
}

func (f *importerFlags) judge(ctx context.Context, dir string, sets []importer.Set,
	answers map[string]importer.Answer) (*reports.Report, error) {
	if f.stance != "" && !slices.Contains([]string{"certification", "strict"}, f.stance) {
		return nil, &harness.ConfigError{
			Key:    "--stance",
			Cause:  fmt.Sprintf("there is no stance %q", f.stance),
			Remedy: "choose certification or strict",
		}
	}
	target, err := toldTarget(harness.Target{
		Name:     "the importer tried with " + dir,
		Profiles: []string{importer.Profile},
		Stance:   catalogue.Stance(f.stance),
	}, &oneroster.Section{})
	if err != nil {
		return nil, err
	}
	run, err := harness.New(target, []harness.Suite{importer.Suite(sets, answers)}, harness.Options{
		Judge:      judge(),
		InProcess:  true,
		Shards:     1,
		SkipDoctor: true,
		Focus:      f.focus,
		Repeat:     repeatCSV("rollcall csv importer "+quoteArg(dir), f.stance, f.focus),
	})
	if err != nil {
		return nil, err
	}
	return run.Run(ctx)
}
