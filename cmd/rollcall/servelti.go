package main

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/reference/web"
	"github.com/rollcall-edu/rollcall/strictyaml"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// webFlags are what every server for browsers is told.
type webFlags struct {
	listen, public, cert, key, caOut, trust, db string
	plain                                       bool
	faults                                      []string
}

func (f *webFlags) add(c *cobra.Command, host string) {
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:0", "address to listen on; port 0 is any free one, 0.0.0.0 lets other machines in")
	c.Flags().StringVar(&f.public, "public-url", "", "origin under which browsers and others see it (default: https://"+host+" and the port)")
	c.Flags().StringVar(&f.cert, "cert", "", "certificate (PEM); self-made otherwise")
	c.Flags().StringVar(&f.key, "key", "", "its private key (PEM)")
	c.Flags().StringVar(&f.caOut, "ca-out", "", "write the self-made authority here, for others to trust")
	c.Flags().StringVar(&f.trust, "trust", "", "authorities of the other side (PEM)")
	c.Flags().StringVar(&f.db, "db", "", "SQLite file or PostgreSQL DSN, in which it keeps what it remembers (default: in memory)")
	c.Flags().BoolVar(&f.plain, "plain", false, "http instead of https: browsers then keep no cookies across sites")
	c.Flags().StringArrayVar(&f.faults, "fault", nil, "misbehave: a fault or variant of `rollcall list faults` (repeatable)")
}

// certificates makes or reads what the server needs; nil for plain http.
func (f *webFlags) certificates(hosts ...string) (made *security.SelfMade, trust []byte, err error) {
	if f.trust != "" {
		if trust, err = os.ReadFile(f.trust); err != nil {
			return nil, nil, &harness.ConfigError{Key: "--trust", Cause: err.Error(), Remedy: "name a PEM file"}
		}
	}
	if f.plain {
		return nil, trust, nil
	}
	if f.cert != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, nil, &harness.ConfigError{Key: "--cert", Cause: err.Error(), Remedy: "name a certificate and its key in PEM form"}
		}
		return &security.SelfMade{Certificate: pair}, trust, nil
	}
	if made, err = security.NewSelfMade(time.Now(), append(hosts, "localhost", "127.0.0.1")...); err != nil {
		return nil, nil, err
	}
	if f.caOut != "" {
		if err := made.WriteAuthority(f.caOut); err != nil {
			return nil, nil, &harness.ConfigError{Key: "--ca-out", Cause: err.Error(), Remedy: "name a file in a folder you may write to"}
		}
	}
	return made, append(trust, made.AuthorityPEM...), nil
}

// exposed warns of what strangers can reach.
func exposed(w io.Writer, listen, public, what string) {
	if listen = web.Local(listen); side.Exposed(listen, public) {
		fmt.Fprintf(w, "Careful: %s answers whoever reaches %s. Nobody needs a password here; let it see test data only.\n", what,
			cmp.Or(public, listen))
	}
}

// goType is how the YAML package names what it reads into, which is nobody's business.
var goType = regexp.MustCompile(` in type [\w.]+`)

func readList[T any](path, key string, into *[]T) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = strictyaml.Unmarshal(text, into)
	}
	if err != nil {
		return &harness.ConfigError{
			File:   path,
			Key:    key,
			Cause:  goType.ReplaceAllString(err.Error(), ""),
			Remedy: "write a YAML list; `rollcall serve tool --help` and `rollcall serve platform --help` say what stands in it",
		}
	}
	return nil
}

func serveTool() *cobra.Command {
	f := &webFlags{}
	var list string
	var find searchFlags
	c := &cobra.Command{
		Use:   "tool",
		Short: "Run the reference tool: an LTI 1.3 tool that platforms can launch",
		Long: `Run the reference tool, and print the addresses that a platform has to be told.
--platforms names a YAML list of the platforms that it knows, each with issuer,
client_id, auth_url, jwks_url and deployments; for rosters and grades it needs token_url
too, and audience where aud of client assertions isn't that. With --fault it misbehaves
in a named way, to see whether your platform (or Rollcall) notices. With --catalog those who pick
content search a catalogue as well. With --db it remembers logins
and launches over a restart, and signs with the same key, under the same address; the
private key is in that database.`,
		Example: "  rollcall serve tool --platforms platforms.yaml\n  rollcall serve tool --platforms platforms.yaml --fault tool-nonce-unchecked",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := faultsOf("tool", f.faults); err != nil {
				return err
			}
			var platforms []tool.Platform
			if err := readList(list, "--platforms", &platforms); err != nil {
				return err
			}
			made, trust, err := f.certificates("tool.localhost")
			if err != nil {
				return err
			}
			catalog, err := find.catalog()
			if err != nil {
				return err
			}
			t, err := district.StartTool(cmd.Context(), district.ToolOptions{
				Catalog:   catalog,
				Listen:    f.listen,
				DB:        f.db,
				Origin:    f.public,
				Platforms: platforms,
				Faults:    f.faults,
				TLS:       made,
				TrustPEM:  trust,
			})
			if err != nil {
				return &harness.ConfigError{Key: "serve tool", Cause: err.Error(), Remedy: "see `rollcall serve tool --help`"}
			}
			defer t.Close()
			exposed(cmd.ErrOrStderr(), f.listen, f.public, "the reference tool")
			describeTool(cmd.OutOrStdout(), t)
			fmt.Fprintln(cmd.OutOrStdout(), "\nCtrl-C ends it.")
			return t.Wait()
		},
	}
	f.add(c, "tool.localhost")
	find.add(c)
	c.Flags().StringVar(&list, "platforms", "", "YAML list of the platforms that it knows")
	return c
}

func describeTool(w io.Writer, t *district.Tool) {
	fmt.Fprintf(w, "Reference tool\n\n  login URL        %s\n  redirect URI     %s\n  target link URI  %s\n  JWKS URL         %s\n",
		t.LoginURL(), t.RedirectURL(), t.TargetURL("quiz"), t.JWKSURL())
}

func servePlatform() *cobra.Command {
	f := &webFlags{}
	var list, data, roster string
	var rotate, look time.Duration
	var grades gradeFlags
	var find searchFlags
	c := &cobra.Command{
		Use:   "platform",
		Short: "Run the reference platform: an LTI 1.3 platform with the people of Riverbend Unified",
		Long: `Run the reference platform with the people and classes of Riverbend Unified, and
print the addresses that a tool has to be told. --tools names a YAML list of the tools
that it knows, each with client_id, login_url, redirect_uris, target_link_uri, jwks_url
and deployments, with deep_linking_uri and scopes where it offers that; every course then has two links to each of them. With --rotate-keys it
signs with a new key from time to time, as platforms do: a tool has to read the keys
again then. With --db it remembers over a restart, under the same address, who is signed
in, what was used and what was granted, and signs with the same keys; the private ones are
in that database.

With --roster it has the school of a mirror instead, which "rollcall sync" keeps in step, and
follows it: who leaves a class in the SIS can't open its links any more after the next sync, who
comes can. A tool that has a resource in its registration (vendor_resource_id, with vendor_id and
application_id where need be) is there for those alone to whom the SIS assigns it: by their
class, its course, or in person, and in the roles that the resource is for.

With --grades-to it pushes the marks of its gradebook to a SIS, as line items and results of
OneRoster 1.2, and again where they changed: those that are released to learners, a teacher's
own mark where there is one. The client needs the scopes gradebook.createput and
gradebook.delete.

With --catalog those who teach search a catalogue (LTI Resource Search 1.0) from a page of their
course; what they choose becomes a link of it, where its tool is registered here.`,
		Example: "  rollcall serve platform --tools tools.yaml\n  rollcall serve platform --tools tools.yaml --roster mirror.db\n" +
			"  rollcall serve platform --tools tools.yaml --fault platform-nonce-own",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := faultsOf("platform", f.faults); err != nil {
				return err
			}
			var tools []platform.Registration
			if err := readList(list, "--tools", &tools); err != nil {
				return err
			}
			size, err := fixtures.ParseSize(data)
			if err != nil {
				return &harness.ConfigError{Key: "--data", Cause: err.Error(), Remedy: "choose small, medium or scale:N"}
			}
			if err := checkRotation(rotate); err != nil {
				return err
			}
			if look <= 0 {
				return &harness.ConfigError{Key: "--roster-every", Cause: "it is no time above 0", Remedy: "choose some seconds or minutes"}
			}
			to, err := grades.sis()
			if err != nil {
				return err
			}
			catalog, err := find.catalog()
			if err != nil {
				return err
			}
			made, trust, err := f.certificates("platform.localhost")
			if err != nil {
				return err
			}
			var searched func() (client.Catalog, bool)
			if catalog != nil {
				searched = func() (client.Catalog, bool) { return *catalog, true }
			}
			p, err := district.StartPlatform(cmd.Context(), district.PlatformOptions{
				Search:   searched,
				Listen:   f.listen,
				DB:       f.db,
				Origin:   f.public,
				Data:     size,
				Roster:   roster,
				Tools:    tools,
				Faults:   f.faults,
				TLS:      made,
				TrustPEM: trust,
			})
			if err != nil {
				return &harness.ConfigError{Key: "serve platform", Cause: err.Error(), Remedy: "see `rollcall serve platform --help`"}
			}
			defer p.Close()
			p.RotateKeys(cmd.Context(), rotate)
			exposed(cmd.ErrOrStderr(), f.listen, f.public, "the reference platform")
			describePlatform(cmd.OutOrStdout(), p)
			telling := newTelling(cmd.OutOrStdout())
			if roster != "" {
				p.FollowMirror(cmd.Context(), roster, look, telling.followed)
			}
			if to != nil {
				p.PushGrades(cmd.Context(), *to, grades.every, telling.pushed)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "\nCtrl-C ends it.")
			return p.Wait()
		},
	}
	f.add(c, "platform.localhost")
	c.Flags().StringVar(&list, "tools", "", "YAML list of the tools that it knows")
	c.Flags().StringVar(&data, "data", "small", "small, medium or scale:N")
	c.Flags().StringVar(&roster, "roster", "", "follow a mirror of rollcall sync instead: SQLite file or PostgreSQL DSN")
	c.Flags().DurationVar(&look, "roster-every", time.Minute, "how often it is looked whether the mirror changed")
	grades.add(c)
	find.add(c)
	rotation(c, &rotate)
	return c
}

func rotation(c *cobra.Command, every *time.Duration) {
	c.Flags().DurationVar(every, "rotate-keys", 0, "have the platform sign with a new key this often, such as 5m; the former two stay published (default: never)")
}

func checkRotation(every time.Duration) error {
	if every == 0 || every >= security.MinRotation {
		return nil
	}
	return &harness.ConfigError{
		Key:    "--rotate-keys",
		Cause:  fmt.Sprintf("%s is too short for tokens to be verified before their key is gone", every),
		Remedy: fmt.Sprintf("choose %s at least", security.MinRotation),
	}
}

func describePlatform(w io.Writer, p *district.Platform) {
	fmt.Fprintf(w, "Reference platform\n\n  open             %s\n  issuer           %s\n  auth URL         %s\n  JWKS URL         %s\n  token URL        %s\n", p.Origin+"/", p.Issuer(), p.AuthURL(), p.JWKSURL(), p.TokenURL())
}

// misbehaves says which faults a role has, if any.
func misbehaves(w io.Writer, faults []string) {
	if len(faults) > 0 {
		fmt.Fprintf(w, "  misbehaviour     %s\n", strings.Join(faults, ", "))
	}
}

// ltiRoles says how the reference platform and the reference tool are brought up together.
type ltiRoles struct {
	made   *security.SelfMade
	trust  []byte
	others []tool.Platform         // that the tool knows as well
	tools  []platform.Registration // that the platform knows as well
	faults roleFaults
}

// referenceTool is the client id of the reference tool at the reference platform.
const referenceTool = "reference-tool"

// startLTI brings up the reference platform and the reference tool, registered with
// each other, and whoever else is given; faults make them misbehave.
func startLTI(cmd *cobra.Command, o ltiRoles) (*district.Platform, *district.Tool, error) {
	p, err := district.StartPlatform(cmd.Context(), district.PlatformOptions{TLS: o.made, TrustPEM: o.trust, Tools: o.tools,
		Faults: o.faults["platform"]})
	if err != nil {
		return nil, nil, fmt.Errorf("starting the reference platform: %w", err)
	}
	const first, second = "riverbend-1", "riverbend-2"
	own := tool.Platform{
		Issuer:      p.Issuer(),
		ClientID:    referenceTool,
		AuthURL:     p.AuthURL(),
		TokenURL:    p.TokenURL(),
		JWKSURL:     p.JWKSURL(),
		Deployments: []string{first, second},
	}
	t, err := district.StartTool(cmd.Context(), district.ToolOptions{
		TLS:       o.made,
		TrustPEM:  o.trust,
		Platforms: append([]tool.Platform{own}, o.others...),
		Faults:    o.faults["tool"],
	})
	if err != nil {
		p.Close()
		return nil, nil, fmt.Errorf("starting the reference tool: %w", err)
	}
	p.Register(platform.Registration{
		ClientID:     referenceTool,
		Name:         "Reference tool",
		LoginURL:     t.LoginURL(),
		RedirectURIs: []string{t.RedirectURL()},
		TargetURI:    t.TargetURL("quiz"),
		PickerURI:    t.TargetURL("deep-linking"),
		JWKSURL:      t.JWKSURL(),
		Deployments:  []string{first, second},
		Custom:       map[string]string{"who": "$User.id"},
		Scopes:       ownScopes(),
	})
	return p, t, nil
}

// pairFiles writes a certificate and its key beside a report, for the judge's side.
func pairFiles(made *security.SelfMade, dir string) (cert, key string, err error) {
	cert, key = filepath.Join(dir, "demo-cert.pem"), filepath.Join(dir, "demo-key.pem")
	return cert, key, made.WritePair(cert, key)
}
