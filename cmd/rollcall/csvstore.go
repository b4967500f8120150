package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
)

func csvImportCommand() *cobra.Command {
	var db string
	var limit int64
	c := &cobra.Command{
		Use:   "import BUNDLE",
		Short: "Load a bundle into the store of the reference SIS",
		Long: `Load a bulk bundle into a store, so that the reference SIS serves its roster, its
resources and its gradebooks over REST: ` + "`rollcall serve sis --db FILE --keep`" + `. What the
store holds is replaced.

What ` + "`rollcall csv check`" + ` calls broken is refused with that finding and exit code 2, and
so is what would be lost or corrupted on the way. All of the bundle is read before
anything is replaced, and it is replaced in one transaction: after a refusal or an
error the store is as it was.`,
		Example: "  rollcall csv import export.zip --db roster.db\n  rollcall serve sis --db roster.db --keep",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			defer debug.SetGCPercent(debug.SetGCPercent(importGC))
			if err := importable(cmd.Context(), args[0], limit); err != nil {
				return err
			}
			return load(cmd.Context(), args[0], db, cmd.OutOrStdout())
		},
	}
	c.Flags().StringVar(&db, "db", "", "SQLite file or PostgreSQL DSN")
	limitFlag(c, &limit)
	_ = c.MarkFlagRequired("db")
	return c
}

// importGC is how far the heap may grow during an import between collections, in
// percent: what is kept of a large bundle grows steadily and stays to the end.
const importGC = 40

// importable tells whether a bundle is right enough to be taken, without loss.
func importable(ctx context.Context, path string, limit int64) error {
	result, err := csv.Scan(ctx, path, scan.Options{Limit: limit << 30})
	if err != nil {
		return err
	}
	report, err := (&csvFlags{}).judge(ctx, path, result)
	if err != nil {
		return err
	}
	losses := csv.Refusals(result, report)
	if len(losses) == 0 {
		return nil
	}
	const shown = 3
	cause := strings.Join(losses[:min(len(losses), shown)], "; ")
	if more := len(losses) - shown; more > 0 {
		cause += fmt.Sprintf("; and %d more", more)
	}
	return &harness.ConfigError{Key: path, Cause: "refused, for the bundle is broken: " + reports.OneLine(cause),
		Remedy: "mend what `rollcall csv check` says of the bundle; the store is as it was"}
}

// load puts a bundle into a store, in one transaction.
func load(ctx context.Context, path, db string, out io.Writer) error {
	unreadable := func(err error) error {
		return &harness.ConfigError{
			Key:    path,
			Cause:  reports.OneLine(err.Error()),
			Remedy: "judge the bundle by `rollcall csv check` first; the store is as it was",
		}
	}
	d, err := bundle.Read(path, time.Now())
	if err != nil {
		return unreadable(err)
	}
	defer d.Close()
	s, err := sis.OpenStore(ctx, db)
	if err != nil {
		return &harness.ConfigError{Key: "--db", Cause: err.Error(), Remedy: "name an SQLite file or a PostgreSQL DSN"}
	}
	defer s.Close()
	if err := sis.Load(ctx, s, d); err != nil {
		return unreadable(err)
	}
	for _, name := range sis.Collections() {
		n, err := s.Count(ctx, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %-18s %10d\n", name, n)
	}
	if len(d.Left) > 0 {
		names := d.Left[:min(len(d.Left), 10)]
		fmt.Fprintf(out, "Not kept, for they are no files of OneRoster CSV: %s\n", reports.OneLine(strings.Join(names, ", ")))
	}
	return nil
}

// leftBehind says what of a store a bundle has no file for.
func leftBehind(ctx context.Context, s store.Store, out io.Writer) error {
	for _, name := range []store.Collection{gradebook.AssessmentLineItems, gradebook.AssessmentResults} {
		n, err := s.Count(ctx, name)
		if err != nil {
			return err
		}
		if n > 0 {
			fmt.Fprintf(out, "Not written, for CSV has no file of them: %d %s\n", n, name)
		}
	}
	return nil
}

func csvExportCommand() *cobra.Command {
	var db, out string
	o := bundle.Options{}
	c := &cobra.Command{
		Use:   "export",
		Short: "Write what the store of the reference SIS holds as a bundle",
		Long: `Write what a store holds as a bulk bundle. A bundle that was imported comes out
with the same rows in every file; sourcedIds of roles and profiles are kept. CSV has no
files for assessments: how many stay behind is said.`,
		Example: "  rollcall csv export --db roster.db --out roster.zip\n  rollcall csv export --db roster.db --version 1.1 --out old.zip",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := os.Stat(db); err != nil && !strings.Contains(db, "://") {
				return &harness.ConfigError{
					Key:    "--db",
					Cause:  err.Error(),
					Remedy: "name a store that was filled by `rollcall csv import` or `rollcall serve sis --db`",
				}
			}
			s, err := sis.OpenStore(cmd.Context(), db)
			if err != nil {
				return &harness.ConfigError{Key: "--db", Cause: err.Error(), Remedy: "name an SQLite file or a PostgreSQL DSN"}
			}
			defer s.Close()
			d, err := sis.Unload(cmd.Context(), s)
			if err != nil {
				return err
			}
			counts, err := generate(out, d, o)
			if err == nil {
				err = d.Err()
			}
			if err != nil {
				return &harness.ConfigError{Key: "--out", Cause: err.Error(), Remedy: "name a .zip file or a folder that can be written"}
			}
			for _, x := range counts {
				fmt.Fprintf(cmd.OutOrStdout(), "  %-34s %12d rows\n", x.File+".csv", x.Rows)
			}
			return leftBehind(cmd.Context(), s, cmd.OutOrStdout())
		},
	}
	c.Flags().StringVar(&db, "db", "", "SQLite file or PostgreSQL DSN")
	c.Flags().StringVar(&o.Version, "version", "1.2", "1.1 or 1.2")
	c.Flags().StringVarP(&out, "out", "o", "roster.zip", "a .zip file, or a folder")
	_ = c.MarkFlagRequired("db")
	return c
}
