package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/fixtures/library"
	"github.com/rollcall-edu/rollcall/reference/catalog"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch"
)

func serveCatalog() *cobra.Command {
	o := district.CatalogOptions{}
	pair := webFlags{}
	var secure bool
	var writeTarget string
	c := &cobra.Command{
		Use:   "catalog",
		Short: "Run the reference learning object repository: LTI Resource Search 1.0",
		Long: `Run the reference learning object repository, and print its addresses and credentials: the
two operations of LTI Resource Search 1.0, searchForResources and getAllSubjects, over a
library of invented resources that is the same at each start. Its learning objectives are
those of a CASE server that runs beside it, unless --case-url names another. With --tool its
LTI links lead to a tool, such as that of "rollcall serve tool". With --fault it misbehaves
in a named way, to see whether what searches it (or Rollcall) notices.`,
		Example: `  rollcall serve catalog
  rollcall serve catalog --items 100000 --db catalog.db --listen 127.0.0.1:8091
  rollcall serve catalog --listen 127.0.0.1:8091 --target target.yaml
  rollcall serve catalog --tool https://tool.localhost:9502 --case-url http://127.0.0.1:8090/ims/case/v1p1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := faultsOf("catalog", o.Faults); err != nil {
				return err
			}
			if o.Items < 1 {
				return &harness.ConfigError{Key: "--items", Cause: "there is nothing to search in", Remedy: "choose 1 or more"}
			}
			var err error
			pair.plain = !secure && pair.cert == ""
			if o.TLS, _, err = pair.certificates(); err != nil {
				return err
			}
			if o.CASE == "" {
				o.Case = &district.CaseOptions{}
			}
			s, err := district.StartCatalog(cmd.Context(), o)
			if err != nil {
				return &harness.ConfigError{Key: "serve catalog", Cause: err.Error(), Remedy: "see `rollcall serve catalog --help`"}
			}
			defer s.Close()
			describeCatalog(cmd.OutOrStdout(), s, o)
			misbehaves(cmd.OutOrStdout(), o.Faults)
			if writeTarget != "" {
				text, err := catalogTarget(s, pair.caOut)
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
	f.IntVar(&o.Items, "items", library.DefaultCount, "how many resources it has")
	f.Uint64Var(&o.DataSeed, "data-seed", library.DefaultSeed, "seed of the resources")
	f.StringVar(&o.DB, "db", "", "SQLite file or PostgreSQL DSN (default: in memory)")
	f.StringVar(&o.Tool, "tool", "", "origin of the tool that opens LTI links (default: resources have pages alone)")
	f.StringVar(&o.CASE, "case-url", "", "base URL of the CASE server that has the learning objectives (default: one that runs beside it)")
	f.StringVar(&o.Listen, "listen", "127.0.0.1:0", "address to listen on; port 0 is any free one, 0.0.0.0 lets other machines in")
	f.StringVar(&o.BaseURL, "base-url", "", "origin and path of every URL it sends, where clients reach it by another name than its address")
	f.StringVar(&o.BasePath, "base-path", catalog.DefaultBasePath, "what its operations stand below")
	f.StringArrayVar(&o.Faults, "fault", nil, "misbehave: a fault or variant of `rollcall list faults` (repeatable)")
	f.DurationVar(&o.TokenTTL, "token-ttl", 0, "life of access tokens (default 1h)")
	f.BoolVar(&secure, "tls", false, "serve https with a self-made certificate; see --ca-out")
	f.StringVar(&pair.cert, "cert", "", "serve https with this certificate (PEM)")
	f.StringVar(&pair.key, "key", "", "its private key (PEM)")
	f.StringVar(&pair.caOut, "ca-out", "", "write the self-made authority here, for clients to trust")
	f.StringVar(&o.ClientID, "client-id", "", "client id (default rollcall)")
	f.StringVar(&o.ClientSecret, "client-secret", os.Getenv("ROLLCALL_CLIENT_SECRET"),
		"client secret (default: $ROLLCALL_CLIENT_SECRET, else random)")
	f.StringVar(&writeTarget, "target", "", "also write a target file for this catalogue")
	return c
}

// catalogTarget describes a running catalogue as a target file, secrets and all: they are worth nothing once it ends.
func catalogTarget(s *district.Catalog, caFile string) ([]byte, error) {
	return harness.WriteTarget(harness.Target{
		Name:     "Rollcall reference catalogue",
		Vendor:   "Rollcall",
		Product:  "reference/catalog",
		Version:  version,
		Profiles: resourcesearch.Suite().Profiles,
		TLS:      harness.TLS{CAFile: caFile},
	}, catalogSection(s))
}

func describeCatalog(w io.Writer, s *district.Catalog, o district.CatalogOptions) {
	fmt.Fprintf(w, "Reference learning object repository, %d resources\n\n", o.Items)
	fmt.Fprintf(w, "  base URL         %s\n", s.BaseURL)
	fmt.Fprintf(w, "  token URL        %s\n", s.TokenURL)
	fmt.Fprintf(w, "  scope            %s\n", catalog.Scope)
	fmt.Fprintf(w, "  client id        %s\n", s.Main.ID)
	fmt.Fprintf(w, "  client secret    %s\n", s.Main.Secret)
	fmt.Fprintf(w, "  other client     %s %s (its tokens are for nothing here)\n", s.Other.ID, s.Other.Secret)
	if s.Case != nil {
		fmt.Fprintf(w, "  CASE URL         %s\n", s.Case.URL)
	}
}
