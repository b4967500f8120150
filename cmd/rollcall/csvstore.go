package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

func csvImportCommand() *cobra.Command {
	var db string
	c := &cobra.Command{
		Use:   "import BUNDLE",
		Short: "Load a bundle into the store of the reference SIS",
		Long: `Load a bulk bundle into a store, so that the reference SIS serves its roster over
REST: ` + "`rollcall serve sis --db FILE --keep`" + `. What the store holds is replaced. Rows of
resources and gradebooks are kept for ` + "`rollcall csv export`" + ` and not served. Judge the bundle first: what is wrong in it is not looked at here.`,
		Example: "  rollcall csv import export.zip --db roster.db\n  rollcall serve sis --db roster.db --keep",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := bundle.Read(args[0], time.Now())
			if err != nil {
				return &harness.ConfigError{Key: args[0], Cause: err.Error(), Remedy: "judge the bundle by `rollcall csv check` first"}
			}
			defer d.Close()
			s, err := store.Open(cmd.Context(), db)
			if err != nil {
				return &harness.ConfigError{Key: "--db", Cause: err.Error(), Remedy: "name an SQLite file or a PostgreSQL DSN"}
			}
			defer s.Close()
			if err := sis.Load(cmd.Context(), s, d); err != nil {
				return &harness.ConfigError{Key: args[0], Cause: err.Error(), Remedy: "judge the bundle by `rollcall csv check` first"}
			}
			if err := d.Err(); err != nil {
				return &harness.ConfigError{Key: args[0], Cause: err.Error(), Remedy: "judge the bundle by `rollcall csv check` first"}
			}
			for _, name := range store.Collections() {
				n, err := s.Count(cmd.Context(), name)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "  %-18s %10d\n", name, n)
			}
			if len(d.Left) > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "Not kept, for they are no files of OneRoster CSV: %s\n", strings.Join(d.Left, ", "))
			}
			return nil
		},
	}
	c.Flags().StringVar(&db, "db", "", "SQLite file or PostgreSQL DSN")
	_ = c.MarkFlagRequired("db")
	return c
}

func csvExportCommand() *cobra.Command {
	var db, out string
	o := bundle.Options{}
	c := &cobra.Command{
		Use:   "export",
		Short: "Write what the store of the reference SIS holds as a bundle",
		Long: `Write what a store holds as a bulk bundle. A bundle that was imported comes out
with the same rows in every file; sourcedIds of roles and profiles are kept.`,
		Example: "  rollcall csv export --db roster.db --out roster.zip\n  rollcall csv export --db roster.db --version 1.1 --out old.zip",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := os.Stat(db); err != nil && !strings.Contains(db, "://") {
				return &harness.ConfigError{Key: "--db", Cause: err.Error(), Remedy: "name a store that was filled by `rollcall csv import` or `rollcall serve sis --db`"}
			}
			s, err := store.Open(cmd.Context(), db)
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
			return nil
		},
	}
	c.Flags().StringVar(&db, "db", "", "SQLite file or PostgreSQL DSN")
	c.Flags().StringVar(&o.Version, "version", "1.2", "1.1 or 1.2")
	c.Flags().StringVarP(&out, "out", "o", "roster.zip", "a .zip file, or a folder")
	_ = c.MarkFlagRequired("db")
	return c
}
