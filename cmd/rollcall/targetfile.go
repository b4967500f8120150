package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// defaultTarget is read where no target file is named.
const defaultTarget = "target.yaml"

func targetFlag(c *cobra.Command, path *string) {
	c.Flags().StringVarP(path, "target", "t", defaultTarget, "the target file")
	_ = c.MarkFlagFilename("target", "yaml", "yml")
}

func targetCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "target", Short: "What can stand in a target file", Args: cobra.NoArgs,
		Example: "  rollcall target schema > target.schema.json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of target.yaml, for editors",
		Long: `Print the JSON Schema (draft-07) of the target file, by which editors complete keys and
mark what is wrong. Saved beside the target file it is found by the first line that
"rollcall init" writes: # yaml-language-server: $schema=target.schema.json`,
		Example: "  rollcall target schema > target.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := harness.TargetSchema(sections()...)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	})
	return c
}

// name takes the target file from the argument, where there is one.
func (f *runFlags) name(args []string) {
	if len(args) > 0 {
		f.target = args[0]
	}
}

func readTarget(f *runFlags) (*harness.Target, error) {
	target, err := harness.ReadTarget(f.target, os.LookupEnv, sections()...)
	if err != nil {
		return nil, err
	}
	stance, err := stanceNamed(f.stance)
	if stance != "" {
		target.Stance = stance
	}
	return target, err
}

// stanceNamed reads a --stance.
func stanceNamed(name string) (catalogue.Stance, error) {
	switch s := catalogue.Stance(name); s {
	case "", catalogue.Certification, catalogue.Strict:
		return s, nil
	}
	return "", &harness.ConfigError{Key: "--stance", Cause: fmt.Sprintf("there is no stance %q", name),
		Remedy: spelling.Remedy(name, []string{string(catalogue.Certification), string(catalogue.Strict)}, "choose certification or strict")}
}

// announce says which file was read, and warns of secrets that stand in it.
func announce(w io.Writer, target *harness.Target, f *runFlags) {
	path := target.Path()
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if !f.quiet {
		fmt.Fprintf(w, "Target file %s: %s\n", path, strings.Join(target.Profiles, ", "))
	}
	if keys := target.LiteralSecrets(); len(keys) > 0 {
		fmt.Fprintf(w, "Careful: secrets stand in this file (%s). Write ${NAME} instead, and put them into the environment, before you share it.\n", strings.Join(keys, ", "))
	}
}
