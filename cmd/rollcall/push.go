package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/assessment"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
)

func pushCommand() *cobra.Command {
	f := &runFlags{}
	p := assessment.Push{}
	var remove bool
	c := &cobra.Command{
		Use:   "push",
		Short: "Push the results of a test into a SIS, item by item, as an assessment app does",
		Long: `Be the reference's assessment app: have the students of a class take a test, with made-up
answers, and push what they got into the SIS of a target file by PUT, item by item, with
the standards that each question is about. Pushed again it takes its own place; --remove
takes it away. The client needs the scopes assessment.createput and roster.readonly, and
assessment.delete to remove. It judges nothing: look at the SIS.`,
		Example: "  rollcall push --class 2d1f9a31 --students 5\n  rollcall push --class 2d1f9a31 --students 5 --remove",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, err := readTarget(f)
			if err != nil {
				return err
			}
			of := oneroster.Of(target)
			if !of.Writes {
				return target.Problem("oneroster.writes", "the target file doesn't let Rollcall write to this SIS",
					"set it to true, with a class that may be written to (oneroster.writable.class)")
			}
			if of.Assessments() == "" || of.Rostering == "" || of.Auth.TokenURL == "" {
				return target.Problem("oneroster", "the Gradebook service, the Rostering service or the token endpoint is missing",
					"give oneroster.gradebook, oneroster.rostering and oneroster.auth.token_url")
			}
			if p.Class == "" {
				p.Class = of.Writable.Class
			}
			p.SIS = assessment.SIS{
				Gradebook: of.Assessments(), Rostering: of.Rostering,
				TokenURL: of.Auth.TokenURL, ClientID: of.Auth.ClientID, Secret: of.Auth.ClientSecret,
			}
			if target.TLS.CAFile != "" {
				trust, err := os.ReadFile(target.TLS.CAFile)
				if err != nil {
					return target.Problem("tls.ca_file", err.Error(), "name a PEM file")
				}
				p.SIS.Transport = security.LoopbackClient(trust).Transport
			}
			does, past := p.Run, "stored"
			if remove {
				does, past = p.Remove, "taken away"
			}
			got, err := does(cmd.Context())
			if got != nil {
				tellPushed(cmd.OutOrStdout(), got, past)
			}
			if errors.Is(err, context.Canceled) {
				fmt.Fprintln(cmd.ErrOrStderr(), "Interrupted. Pushed again it takes its own place; --remove takes away what was stored.")
				return exit(reports.ExitIncomplete)
			}
			if err != nil {
				return &harness.ConfigError{Key: "push", Cause: err.Error(), Remedy: "try the target file with `rollcall doctor`"}
			}
			if len(got.Refused) > 0 {
				return exit(reports.ExitFailed)
			}
			return nil
		},
	}
	c.Flags().StringVarP(&f.target, "target", "t", "target.yaml", "target file")
	c.Flags().StringVar(&p.Class, "class", "", "sourcedId of the class (default: oneroster.writable.class of the target file)")
	c.Flags().IntVar(&p.Most, "students", 0, "students that take the test, at most (default: all of the class)")
	c.Flags().Uint64Var(&p.Seed, "seed", 0, "vary the answers")
	c.Flags().BoolVar(&remove, "remove", false, "take away what was pushed")
	return c
}

func tellPushed(w io.Writer, p *assessment.Pushed, past string) {
	fmt.Fprintf(w, "%d line items and %d results of %d students were %s, %d were not.\n", p.LineItems, p.Results, p.Students, past, len(p.Refused))
	for i, err := range p.Refused {
		if i == 5 {
			fmt.Fprintf(w, "  and %d more\n", len(p.Refused)-i)
			break
		}
		fmt.Fprintf(w, "  %v\n", err)
	}
}
