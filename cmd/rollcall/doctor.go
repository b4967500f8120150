package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/container"
)

func doctorCommand() *cobra.Command {
	f := &runFlags{}
	var reset bool
	c := &cobra.Command{
		Use:   "doctor [TARGET]",
		Short: "See whether a run can begin: URLs, TLS, tokens, launches, clock, data",
		Long: `Look at everything a run stands on, without judging the product: can the URLs
be reached, is TLS in order, is a token granted for every scope, do the clocks
agree, is there data to look at, can the report be written, do the steps lead to a
launch and is the registration right. Of a tool one good and one broken launch are made,
and pictures of both are left in the output folder, so that you see what a run will take
for opened and what for refused. A product that comes as a container is started,
and ended again. A consumer is connected and has to sync once; with --reset it is made empty
after that, where the target file says how. Each line that is not
"ok" names its remedy. Exit code 2 when a run could not begin.`,
		Example: "  rollcall doctor\n  rollcall doctor staging.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.name(args)
			target, err := readTarget(f)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			announce(cmd.ErrOrStderr(), target, f)
			run, err := harness.New(target, suites(), harness.Options{})
			if err != nil {
				return err
			}
			if err := writable(f.out); err != nil {
				return err
			}
			fmt.Fprintln(out, diagnosis(harness.Diagnosis{Name: "output folder", OK: true, Detail: f.out + " can be written"}))
			found, err := run.Doctor(cmd.Context(), harness.DoctorOptions{
				Seed:        f.seed,
				Interactive: f.interactive,
				Thorough:    true,
				Reset:       reset,
				Pictures:    f.out,
				Starter:     container.Start,
			}, func(d harness.Diagnosis) { fmt.Fprintln(out, diagnosis(d)) })
			if err != nil {
				return err
			}
			for _, d := range found {
				if d.Fatal && !d.OK {
					return exit(reports.ExitConfiguration)
				}
			}
			fmt.Fprintf(out, "\n%s: rollcall run %s\n", readiness(found), quoteArg(f.target))
			return nil
		},
	}
	targetFlag(c, &f.target)
	c.Flags().BoolVar(&f.interactive, "interactive", false, "look for what a run with --interactive needs")
	c.Flags().BoolVar(&reset, "reset", false, "make a consumer empty, by consumer.reset of the target file, and see whether it is")
	c.Flags().Uint64Var(&f.seed, "seed", 0, "look with the seed that the run will have, where what the judge makes up is to be known by then")
	c.Flags().StringVarP(&f.out, "out", "o", "rollcall-report", "folder for the report")
	return c
}

// readiness says what a run is worth after what the doctor found.
func readiness(found []harness.Diagnosis) string {
	for _, d := range found {
		if !d.OK && !d.Fatal {
			return "A run can begin, but see what is said above"
		}
	}
	return "A run can begin"
}
