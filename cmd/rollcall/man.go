package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// manDate stands on the pages where no build says another by SOURCE_DATE_EPOCH: pages are the
// same whenever they are written.
var manDate = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages into a folder", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			problem := func(err error) error {
				return &harness.ConfigError{Key: "man", Cause: err.Error(), Remedy: "name a folder that may be written to"}
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return problem(err)
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			header := &doc.GenManHeader{Title: "ROLLCALL", Section: "1", Source: "Rollcall " + judge().Version, Manual: "Rollcall", Date: &manDate}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return problem(fmt.Errorf("writing the pages: %w", err))
			}
			return nil
		},
	}
}
