package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

func listCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List requirements, profiles, features, checks or faults",
		Example: "  rollcall list profiles\n  rollcall list requirements --profile or12-rostering-core-provider\n  rollcall list checks --json\n  rollcall list faults",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(listRequirements(), listProfiles(), listFeatures(), listChecks(), listFaults())
	return c
}

func listRequirements() *cobra.Command {
	var profile, stance string
	var asJSON bool
	c := &cobra.Command{
		Use: "requirements", Short: "Every normative statement that Rollcall judges", Args: cobra.NoArgs,
		Example: "  rollcall list requirements\n  rollcall list requirements --profile or12-rostering-core-provider --stance strict",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cat, err := catalogue.Load()
			if err != nil {
				return err
			}
			if _, err := stanceNamed(stance); err != nil {
				return err
			}
			var rows [][]string
			p, known := cat.Profile(profile)
			if profile != "" && !known {
				return &harness.ConfigError{
					Key:    "--profile",
					Cause:  fmt.Sprintf("there is no profile %q", profile),
					Remedy: spelling.Remedy(profile, profileIDs(cat), "see `rollcall list profiles`"),
				}
			}
			for _, r := range cat.Requirements() {
				level := r.LevelIn(catalogue.Stance(stance))
				if known {
					level = cat.LevelOf(p, r.ID, catalogue.Stance(stance))
				}
				if level == catalogue.Off || known && !slices.Contains(p.Requirements, r.ID) {
					continue
				}
				rows = append(rows, []string{r.ID, string(level), string(r.Confidence), r.Title})
			}
			return table(cmd.OutOrStdout(), asJSON, []string{"requirement", "level", "confidence", "title"}, rows)
		},
	}
	c.Flags().StringVar(&profile, "profile", "", "only those of a profile")
	c.Flags().StringVar(&stance, "stance", string(catalogue.Certification), "certification or strict")
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func profileIDs(cat *catalogue.Catalogue) []string {
	var ids []string
	for _, p := range cat.Profiles() {
		ids = append(ids, p.ID)
	}
	return ids
}

func listProfiles() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "profiles", Short: "What a product may claim", Args: cobra.NoArgs, Example: "  rollcall list profiles",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cat, err := catalogue.Load()
			if err != nil {
				return err
			}
			var rows [][]string
			for _, p := range cat.Profiles() {
				rows = append(rows, []string{p.ID, fmt.Sprint(len(p.Requirements)), fmt.Sprint(len(p.Operations)), p.Title})
			}
			return table(cmd.OutOrStdout(), asJSON, []string{"profile", "requirements", "operations", "title"}, rows)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func listFeatures() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "features",
		Short:   "What a target file may disclaim: features that the product doesn't claim",
		Args:    cobra.NoArgs,
		Example: "  rollcall list features",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cat, err := catalogue.Load()
			if err != nil {
				return err
			}
			var rows [][]string
			for _, feature := range cat.Features() {
				var hang []string
				for _, r := range cat.Requirements() {
					if r.Feature == feature {
						hang = append(hang, r.ID)
					}
				}
				rows = append(rows, []string{feature, fmt.Sprint(len(hang)), strings.Join(hang, " ")})
			}
			return table(cmd.OutOrStdout(), asJSON, []string{"feature", "count", "requirements"}, rows)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func listChecks() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "checks",
		Short:   "What the judge looks at, and which requirements each check decides",
		Args:    cobra.NoArgs,
		Example: "  rollcall list checks",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var rows [][]string
			for _, s := range known() {
				for _, check := range s.Checks {
					rows = append(rows, []string{check.ID, strings.Join(check.Labels, ","), check.Title, strings.Join(check.Requirements, " ")})
				}
			}
			return table(cmd.OutOrStdout(), asJSON, []string{"check", "labels", "title", "requirements"}, rows)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// table prints rows aligned, or as a JSON array of objects.
func table(w io.Writer, asJSON bool, head []string, rows [][]string) error {
	if asJSON {
		list := []map[string]string{}
		for _, row := range rows {
			object := map[string]string{}
			for i, name := range head {
				object[name] = row[i]
			}
			list = append(list, object)
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(head, "\t")))
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}
