package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

func fixturesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "fixtures",
		Short:   "Write the fixture district as files",
		Example: "  rollcall fixtures generate --data small --out riverbend.zip",
	}
	c.AddCommand(fixturesGenerateCommand())
	return c
}

func fixturesGenerateCommand() *cobra.Command {
	var data, mode, out string
	var students int
	var seed uint64
	o := bundle.Options{}
	c := &cobra.Command{
		Use:   "generate",
		Short: "Write Riverbend Unified as a bundle of OneRoster CSV files",
		Long: `Write the fixture district Riverbend Unified as a bundle of OneRoster CSV files: a
zip, or a folder when --out doesn't end in .zip. It is right by every rule, and the
same for the same size and seed. A delta holds what changed since the district was
settled; only the small district has changes.`,
		Example: `  rollcall fixtures generate --data small --outcomes 4 --out riverbend.zip
  rollcall fixtures generate --students 1000000 --out state.zip
  rollcall fixtures generate --version 1.1 --out old/
  rollcall fixtures generate --mode delta --out delta.zip`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if students > 0 {
				data = fmt.Sprintf("scale:%d", students)
			}
			size, err := fixtures.ParseSize(data)
			if err != nil {
				return &harness.ConfigError{Key: "--data", Cause: err.Error(), Remedy: "choose small, medium or scale:N"}
			}
			if o.Delta = mode == "delta"; mode != "bulk" && mode != "delta" {
				return &harness.ConfigError{Key: "--mode", Cause: fmt.Sprintf("there is no mode %q", mode), Remedy: "choose bulk or delta"}
			}
			d, err := fixtures.New(size, seed)
			if err != nil {
				return err
			}
			started := time.Now()
			counts, err := generate(out, d, o)
			if err != nil {
				return &harness.ConfigError{Key: "--out", Cause: err.Error(), Remedy: "name a .zip file or a folder that can be written"}
			}
			var rows int64
			for _, x := range counts {
				fmt.Fprintf(cmd.OutOrStdout(), "  %-34s %12d rows\n", x.File+".csv", x.Rows)
				rows += x.Rows
			}
			fmt.Fprintf(cmd.OutOrStdout(), "  %-34s %12d rows in %s\n", out, rows, time.Since(started).Round(10*time.Millisecond))
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "small", "small, medium or scale:N (N students, seven classes each)")
	c.Flags().IntVar(&students, "students", 0, "the same as --data scale:N")
	c.Flags().StringVar(&o.Version, "version", "1.2", "1.1 or 1.2")
	c.Flags().StringVar(&mode, "mode", "bulk", "bulk or delta")
	c.Flags().IntVar(&o.Outcomes, "outcomes", 0, "classes that get line items, results and a textbook")
	c.Flags().BoolVar(&o.Resources, "resources", false, "write the resources of the district's courses, classes and users")
	c.Flags().BoolVar(&o.Gradebook, "gradebook", false, "write the district's line items and results, with their categories and score scales")
	c.Flags().Uint64Var(&seed, "seed", fixtures.DefaultSeed, "another district of the same size")
	c.Flags().StringVarP(&out, "out", "o", "riverbend.zip", "a .zip file, or a folder")
	return c
}

func generate(out string, d fixtures.District, o bundle.Options) ([]bundle.Count, error) {
	if !strings.HasSuffix(strings.ToLower(out), ".zip") {
		return bundle.WriteDir(out, d, o)
	}
	f, err := os.Create(out)
	if err != nil {
		return nil, err
	}
	counts, err := bundle.Write(f, d, o)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return counts, err
}
