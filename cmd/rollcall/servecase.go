package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

func serveCase() *cobra.Command {
	o := district.CaseOptions{}
	pair := webFlags{}
	var secure bool
	c := &cobra.Command{
		Use:   "case",
		Short: "Run the reference CASE server, of which alignments are resolved",
		Long: `Run the reference CASE server, and print its addresses: the twelve read operations of
CASE 1.0 and 1.1, with the frameworks that Riverbend's assessments are aligned to. Name it
in a target file (oneroster.case.url) to have alignments resolved. With --fault it
misbehaves in a named way, to see whether what reads of it (or Rollcall) bears that.`,
		Example: `  rollcall serve case
  rollcall serve case --listen 127.0.0.1:8090 --token "$CASE_TOKEN"
  rollcall serve case --fault case-wrapped`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := faultsOf("case", o.Faults); err != nil {
				return err
			}
			var err error
			pair.plain = !secure && pair.cert == ""
			if o.TLS, _, err = pair.certificates(); err != nil {
				return err
			}
			s, err := district.StartCase(cmd.Context(), o)
			if err != nil {
				return &harness.ConfigError{Key: "serve case", Cause: err.Error(), Remedy: "see `rollcall serve case --help`"}
			}
			defer s.Close()
			describeCase(cmd.OutOrStdout(), s)
			misbehaves(cmd.OutOrStdout(), o.Faults)
			fmt.Fprintln(cmd.OutOrStdout(), "\nCtrl-C ends it.")
			return s.Wait()
		},
	}
	f := c.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:0", "address to listen on; port 0 is any free one, 0.0.0.0 lets other machines in")
	f.StringArrayVar(&o.Faults, "fault", nil, "misbehave: a fault or variant of `rollcall list faults` (repeatable)")
	f.StringVar(&o.Token, "token", "", "let in who presents this bearer token, and nobody else (default: everybody)")
	f.StringVar(&o.BaseURL, "base-url", "", "origin and path of every URL it sends, where clients reach it by another name than its address")
	f.BoolVar(&secure, "tls", false, "serve https with a self-made certificate; see --ca-out")
	f.StringVar(&pair.cert, "cert", "", "serve https with this certificate (PEM)")
	f.StringVar(&pair.key, "key", "", "its private key (PEM)")
	f.StringVar(&pair.caOut, "ca-out", "", "write the self-made authority here, for clients to trust")
	return c
}

func describeCase(w io.Writer, s *district.Case) {
	fmt.Fprintf(w, "Reference CASE server\n\n  CASE 1.1 URL     %s\n  CASE 1.0 URL     %s\n  all frameworks   %s/CFDocuments\n", s.URL, s.Old, s.URL)
}
