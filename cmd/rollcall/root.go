package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// usage is a mistake in how the program was called.
type usage struct{ error }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "rollcall",
		Short: "Conformance tests and reference implementations for OneRoster and LTI Advantage",
		Long: `Rollcall tells whether an implementation of OneRoster or LTI keeps the standard, and
proves it with evidence. It also runs a correct implementation to test against.

It is not affiliated with 1EdTech and grants no certification.

Exit codes: 0 conforms, 1 a requirement failed, 2 configuration, 3 the judge
itself failed, 4 incomplete (something was not tested or not reached).`,
		Example: `  rollcall demo                      judge the reference district with every suite
  rollcall init                      describe your own product in target.yaml
  rollcall doctor                    see whether a run can begin
  rollcall run                       judge it
  rollcall csv check bundle.zip      judge a bundle of CSV files
  rollcall explain or12.rostering.paging.total-count`,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.Version = versionLine(judge())
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage{fmt.Errorf("%w; %ssee `%s --help`", err, misspeltFlag(cmd, err), cmd.CommandPath())}
	})
	root.AddCommand(demoCommand(), doctorCommand(), initCommand(), targetCommand(), runCommand(), csvCommand(), pushCommand(), syncCommand(),
		searchCommand(),
		fixturesCommand(),
		serveCommand(), registrationCommand(), listCommand(),
		explainCommand(), reportCommand(), diffCommand(), mergeCommand(), versionCommand(), manCommand())
	wrapArgs(root)
	return root
}

// misspeltFlag asks after the flag that may have been meant.
func misspeltFlag(cmd *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return ""
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
	return asked(spelling.Hint("--"+unknown.GetSpecifiedName(), known))
}

// asked puts a question before what else helps.
func asked(hint string) string {
	if hint == "" {
		return ""
	}
	return hint + " Else "
}

// noSuchCommand is what a group of commands says to a word that is none of them.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, sub := range cmd.Commands() {
		known = append(known, sub.Name())
	}
	return usage{fmt.Errorf("there is no command %q; %ssee `%s --help`", args[0], asked(spelling.Hint(args[0], known)), cmd.CommandPath())}
}

// wrapArgs makes a wrong number of arguments a usage error, exit code 2.
func wrapArgs(c *cobra.Command) {
	if c.HasSubCommands() {
		c.Args = noSuchCommand
	} else if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usage{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}

// version is set by the linker in released builds; otherwise it is that of the module, where the
// program was built as one (go install …@v1.2.3).
var version = ""

// undetermined is the version of what was built from a working copy.
const undetermined = "0.1.0-dev"

// judge identifies this program in reports.
func judge() reports.Judge {
	j := reports.Judge{Name: "Rollcall", Version: version, Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if built := info.Main.Version; j.Version == "" && built != "" && built != "(devel)" {
			j.Version = strings.TrimPrefix(built, "v")
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				j.Commit = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	j.Version = cmp.Or(j.Version, undetermined)
	return j
}

func versionLine(j reports.Judge) string {
	return strings.Join(strings.Fields(fmt.Sprintf("rollcall %s %s %s %s", j.Version, j.Commit, j.Go, j.OS)), " ")
}

// build is what `version --json` tells: which program this is, and which documents it reads and
// writes.
type build struct {
	Version   string `json:"version"`
	Commit    string `json:"commit,omitempty"`
	Committed string `json:"committed,omitempty"` // RFC 3339
	Modified  bool   `json:"modified,omitempty"`  // built from files that weren't committed
	Go        string `json:"go"`
	OS        string `json:"os"`
	Report    string `json:"report"` // format of the reports that it writes
	Needs     int    `json:"requirements"`
}

func versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Example: "  rollcall version\n  rollcall version --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			j := judge()
			if !asJSON {
				fmt.Fprintln(cmd.OutOrStdout(), versionLine(j))
				return nil
			}
			cat, err := catalogue.Load()
			if err != nil {
				return err
			}
			b := build{Version: j.Version, Commit: j.Commit, Go: j.Go, OS: j.OS, Report: reports.FormatVersion, Needs: len(cat.Requirements())}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					switch s.Key {
					case "vcs.time":
						b.Committed = s.Value
					case "vcs.modified":
						b.Modified = s.Value == "true"
					}
				}
			}
			e := json.NewEncoder(cmd.OutOrStdout())
			e.SetIndent("", "  ")
			return e.Encode(b)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON, for programs")
	return c
}
