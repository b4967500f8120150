package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/assessment"
	"github.com/rollcall-edu/rollcall/suites/oneroster/gradebook"
	"github.com/rollcall-edu/rollcall/suites/oneroster/resources"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rostering"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "serve", Short: "Run a reference implementation", Args: cobra.NoArgs,
		Example: "  rollcall serve sis\n  rollcall serve sis --fault page-overlap",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(serveSIS(), serveCase(), servePlatform(), serveTool(), serveCatalog(), serveDistrict())
	return c
}

func serveSIS() *cobra.Command {
	o := district.Options{}
	var data, writeTarget string
	c := &cobra.Command{
		Use:   "sis",
		Short: "Run the reference SIS: a OneRoster Provider of Rostering, Resources and Gradebook",
		Long: `Run the reference SIS with the district Riverbend Unified, and print its URLs and
credentials: the services Rostering, Resources and Gradebook of OneRoster 1.2, assessments among the
last, and OneRoster 1.1 from the same data, with one token endpoint; requests of 1.1 may be
signed by OAuth 1.0a instead. It listens on 127.0.0.1 unless told otherwise. With --fault it
misbehaves in a named way, to see whether your consumer (or Rollcall) notices;
"rollcall list faults" shows them all. Given several times it has all of them, each
around the next, so that the first sees what the others have left of an answer.`,
		Example: `  rollcall serve sis
  rollcall serve sis --data scale:10000 --listen 127.0.0.1:8080 --target target.yaml
  rollcall serve sis --db postgres://localhost/roster --data medium
  rollcall serve sis --fault page-overlap --fault total-wrong`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Data, err = fixtures.ParseSize(data); err != nil {
				return &harness.ConfigError{Key: "--data", Cause: err.Error(), Remedy: "choose small, medium or scale:N"}
			}
			if err := faultsOf("sis", o.Faults); err != nil {
				return err
			}
			o.Case = &district.CaseOptions{}
			began := time.Now()
			if o.Data > 100_000 {
				fmt.Fprintf(cmd.ErrOrStderr(), "loading %s …\n", data)
			}
			s, err := district.StartSIS(cmd.Context(), o)
			if err != nil {
				return &harness.ConfigError{Key: "serve sis", Cause: err.Error(), Remedy: "see `rollcall serve sis --help`"}
			}
			defer s.Close()
			describe(cmd.OutOrStdout(), s, o, time.Since(began))
			if writeTarget != "" {
				text, err := targetFor(s, o.CAFile, allProfiles())
				if err != nil {
					return err
				}
				if err := os.WriteFile(writeTarget, text, 0o600); err != nil {
					return &harness.ConfigError{Key: "--target", Cause: err.Error(), Remedy: "name a file in a folder you may write to"}
				}
				fmt.Fprintf(cmd.OutOrStdout(), "\nWrote %s: judge it with `rollcall run --target %s`\n", writeTarget, quoteArg(writeTarget))
			}
			fmt.Fprintln(cmd.OutOrStdout(), "\nCtrl-C ends it.")
			return s.Wait()
		},
	}
	f := c.Flags()
	f.StringVar(&data, "data", "small", "small, medium or scale:N (N students, seven classes each)")
	f.Uint64Var(&o.DataSeed, "data-seed", fixtures.DefaultSeed, "seed of the data")
	f.StringVar(&o.DB, "db", "", "SQLite file or PostgreSQL DSN (default: in memory)")
	f.BoolVar(&o.Keep, "keep", false, "serve what --db holds already instead of loading it anew")
	f.StringVar(&o.Listen, "listen", "127.0.0.1:0", "address to listen on; port 0 is any free one, 0.0.0.0 lets other machines in")
	f.StringArrayVar(&o.Faults, "fault", nil, "misbehave: a fault or variant of `rollcall list faults` (repeatable)")
	f.Uint64Var(&o.Seed, "seed", 0, "vary what the standard leaves open: page cap, path prefix, token form (0: the plain provider)")
	f.DurationVar(&o.TokenTTL, "token-ttl", 0, "life of access tokens (default 1h)")
	f.BoolVar(&o.TLS, "tls", false, "serve https with a self-made certificate; see --ca-out")
	f.StringVar(&o.CertFile, "cert", "", "serve https with this certificate (PEM)")
	f.StringVar(&o.KeyFile, "key", "", "its private key (PEM)")
	f.StringVar(&o.CAFile, "ca-out", "", "write the self-made authority here, for clients to trust")
	f.StringVar(&o.BaseURL, "base-url", "", "origin and path of every URL it sends, where clients reach it by another name than its address")
	f.StringVar(&o.ClientID, "client-id", "", "client id (default rollcall)")
	f.StringVar(&o.ClientSecret, "client-secret", os.Getenv("ROLLCALL_CLIENT_SECRET"),
		"client secret (default: $ROLLCALL_CLIENT_SECRET, else random)")
	f.StringVar(&writeTarget, "target", "", "also write a target file for this provider")
	return c
}

func describe(w io.Writer, s *district.SIS, o district.Options, took time.Duration) {
	ready := ""
	if took > 0 {
		ready = ", ready after " + took.Round(time.Millisecond).String()
	}
	fmt.Fprintf(w, "Reference SIS with Riverbend Unified (%s)%s\n\n", o.Data, ready)
	fmt.Fprintf(w, "  base URL       %s\n", s.BaseURL)
	fmt.Fprintf(w, "  resources URL  %s\n", s.ResourcesURL)
	fmt.Fprintf(w, "  gradebook URL  %s\n", s.GradebookURL)
	fmt.Fprintf(w, "  1.1 URL        %s\n", s.V1P1URL)
	if s.Case != nil {
		fmt.Fprintf(w, "  CASE URL       %s\n", s.Case.URL)
	}
	fmt.Fprintf(w, "  token URL      %s\n", s.TokenURL)
	fmt.Fprintf(w, "  client id      %s\n", s.Main.ID)
	fmt.Fprintf(w, "  client secret  %s\n", s.Main.Secret)
	fmt.Fprintf(w, "  core client    %s %s (core scopes only)\n", s.Core.ID, s.Core.Secret)
	fmt.Fprintf(w, "  knobs          %s\n", s.Knobs)
	if len(o.Faults) > 0 {
		fmt.Fprintf(w, "  misbehaviour   %s\n", strings.Join(o.Faults, ", "))
	}
}

// targetFor describes a running reference as a target file. The secrets stand in
// it: they are worth nothing once the provider ends.
func targetFor(s *district.SIS, caFile string, profiles []string) ([]byte, error) {
	var signed *harness.OAuth1
	if s.Signed {
		signed = &harness.OAuth1{Key: s.Main.ID, Secret: s.Main.Secret}
	}
	var frameworks oneroster.CASE
	if s.Case != nil {
		frameworks.URL = harness.Elsewhere(s.Case.URL)
	}
	return harness.WriteTarget(
		harness.Target{
			Name:     "Rollcall reference SIS",
			Vendor:   "Rollcall",
			Product:  "reference/sis",
			Version:  version,
			Profiles: profiles,
			TLS:      harness.TLS{CAFile: caFile},
		},
		&oneroster.Section{
			Rostering: s.BaseURL,
			Resources: s.ResourcesURL,
			V1P1:      s.V1P1URL,
			Gradebook: s.GradebookURL,
			CASE:      frameworks,
			Writes:    s.Class != "",
			Writable:  oneroster.Writable{Class: s.Class},
			Auth: harness.Credentials{
				TokenURL:     s.TokenURL,
				ClientID:     s.Main.ID,
				ClientSecret: s.Main.Secret,
				Core:         &harness.Client{ClientID: s.Core.ID, ClientSecret: s.Core.Secret},
				OAuth1:       signed,
			},
		})
}

// allProfiles lists every profile of the REST provider that the reference is.
func allProfiles() []string {
	return slices.Concat(rostering.Suite().Profiles, resources.Suite().Profiles, gradebook.Suite().Profiles, assessment.Suite().Profiles,
		gradebook.PushSuite().Profiles, assessment.PushSuite().Profiles, rostering.Suite11().Profiles, resources.Suite11().Profiles,
		gradebook.Suite11().Profiles, gradebook.PushSuite11().Profiles)
}
