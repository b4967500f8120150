package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID",
		Short: "Explain a requirement: what it says, what is checked, why it usually fails",
		Example: `  rollcall explain or12.rostering.paging.total-count
  rollcall explain rostering.paging.union
  rollcall explain lti-advantage-tool`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return explained(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			cat, err := catalogue.Load()
			if err != nil {
				return err
			}
			r, ok := cat.Requirement(args[0])
			if !ok {
				if p, is := cat.Profile(args[0]); is {
					explainProfile(cmd, p)
					return nil
				}
				return explainCheck(cmd, args[0])
			}
			w := cmd.OutOrStdout()
			fmt.Fprintf(w, "%s\n%s\n\n%s\n\n", r.ID, r.Title, wrap(r.Statement, 90))
			fmt.Fprintf(w, "Level       %s in the strict stance, %s in the certification stance (%s)\n", r.LevelIn(catalogue.Strict),
				r.LevelIn(catalogue.Certification), r.Confidence)
			for _, c := range r.Citations {
				fmt.Fprintf(w, "Rests on    %s\n", strings.TrimSpace(c.Document+" "+c.Section+" "+c.URL))
			}
			for _, p := range cat.Profiles() {
				if slices.Contains(p.Requirements, r.ID) {
					fmt.Fprintf(w, "Profile     %s\n", p.ID)
				}
			}
			if r.Untestable != "" {
				fmt.Fprintf(w, "\nNot testable: %s\n", wrap(r.Untestable, 90))
			}
			if r.Causes != "" {
				fmt.Fprintf(w, "\nUsual causes of a failure\n%s\n", wrap(r.Causes, 90))
			}
			for _, s := range known() {
				for _, c := range s.Checks {
					if slices.Contains(c.Requirements, r.ID) {
						fmt.Fprintf(w, "\nChecked by %s\n  %s\n", c.ID, c.Title)
						for _, need := range c.Needed(r.ID) {
							fmt.Fprintf(w, "  needs: %s\n", need)
						}
					}
				}
			}
			only := "rollcall run"
			switch r.Role {
			case "csv":
				only = "rollcall csv check BUNDLE"
			case "importer":
				only = "rollcall csv importer SETS"
			}
			fmt.Fprintf(w, "\nRun only this: %s --focus %s\n", only, r.ID)
			return nil
		},
	}
}

// explainProfile says what a profile asks for, and how to see all of it.
func explainProfile(cmd *cobra.Command, p catalogue.Profile) {
	fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\n\n%s\n\nIts %d requirements: rollcall list requirements --profile %s\nA target file for it: rollcall init --profile %s\n",
		p.ID, p.Title, wrap(p.Summary, 90), len(p.Requirements), p.ID, p.ID)
}

// explained lists the ids that can be explained.
func explained() []string {
	var ids []string
	if cat, err := catalogue.Load(); err == nil {
		for _, r := range cat.Requirements() {
			ids = append(ids, r.ID)
		}
	}
	for _, s := range known() {
		for _, c := range s.Checks {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func explainCheck(cmd *cobra.Command, id string) error {
	for _, s := range known() {
		for _, c := range s.Checks {
			if c.ID == id {
				w := cmd.OutOrStdout()
				fmt.Fprintf(w, "%s\n%s\n", c.ID, c.Title)
				for _, n := range c.Needs {
					fmt.Fprintf(w, "needs: %s%s\n", n.Text, forWhat(n))
				}
				fmt.Fprintf(w, "\nDecides\n  %s\n", strings.Join(c.Requirements, "\n  "))
				return nil
			}
		}
	}
	return &harness.ConfigError{
		Key:    id,
		Cause:  "there is no requirement or check of that id",
		Remedy: spelling.Remedy(id, explained(), "see `rollcall list requirements` and `rollcall list checks`"),
	}
}

// forWhat names the requirements that a need concerns, where it isn't all of the check.
func forWhat(n harness.Need) string {
	if len(n.Of) == 0 {
		return ""
	}
	return " (for " + strings.Join(n.Of, ", ") + ")"
}

// wrap breaks text at blanks.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
