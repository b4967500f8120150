package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/diff"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
)

func csvDiffCommand() *cobra.Command {
	var format string
	var warningsFail bool
	var limit int64
	var o diff.Options
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what a consumer will see when one bundle follows another",
		Long: `Compare two bundles of a series: how many records of each file are added, changed
and deleted, and what looks like an accident: a mass deletion, a sourcedId that
now stands for another person, a delta that refers to what nobody has or deletes
what others still refer to. NEW is bulk or delta, as its manifest says.

Exit codes: 0 when the two were compared; 1 when a consumer could not process NEW
(--warnings-fail adds accidents); 2 when nothing was compared, for one of the two, or
a row of it, can't be read, or they are of different versions. A blank row is passed
over.`,
		Example: "  rollcall csv diff monday.zip tuesday.zip\n  rollcall csv diff bulk.zip delta.zip --format json --warnings-fail",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return &harness.ConfigError{Key: "--format", Cause: fmt.Sprintf("there is no format %q", format), Remedy: "choose text or json"}
			}
			var bundles [2]*source.Bundle
			for i, path := range args {
				b, err := csv.Open(path, limit<<30)
				if err != nil {
					return err
				}
				defer b.Close()
				bundles[i] = b
			}
			r, err := diff.Bundles(cmd.Context(), bundles[0], bundles[1], o)
			if err != nil {
				key := args[1]
				if unreadable := (*diff.Unreadable)(nil); errors.As(err, &unreadable) {
					key = unreadable.Bundle
				}
				return &harness.ConfigError{Key: key, Cause: err.Error(), Remedy: "judge it by `rollcall csv check` first; nothing was compared"}
			}
			if format == "json" {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				err = e.Encode(r)
			} else {
				err = r.WriteText(cmd.OutOrStdout())
			}
			if err != nil {
				return err
			}
			if errors, warnings := r.Errors(); errors > 0 || warningsFail && warnings > 0 {
				return exit(reports.ExitFailed)
			}
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text or json")
	limitFlag(c, &limit)
	c.Flags().BoolVar(&warningsFail, "warnings-fail", false, "exit code 1 for accidents too")
	c.Flags().Int64Var(&o.MassShare, "mass-share", 10, "percent of a file whose deletion is suspicious")
	c.Flags().Int64Var(&o.MassLeast, "mass-least", 20, "fewer deletions than these never are")
	return c
}
