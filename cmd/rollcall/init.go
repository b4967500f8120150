package main

import (
	"bufio"
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

//go:embed data/target.yaml.tmpl
var targetTemplate string

// schemaFile stands beside a target file; its first line names it, for editors.
const schemaFile = "target.schema.json"

// answers fill the template of a target file.
type answers struct {
	Role     string // of the product, by its profiles: provider, catalog, csv, consumer, importer, tool, platform, searcher, district
	Suites   []string
	Profiles []string
	Name     string

	Rostering, Resources, Gradebook, V1P1      string
	Catalog                                    string
	Writable, CASE                             string
	TokenURL, ClientID, SecretName, BearerName string
	ConsumerKey, ConsumerSecretName            string
	Bundle                                     string
	LoginURL, TargetLinkURI                    string
	RedirectURIs                               []string
	Issuer, AuthURL, JWKSURL, Deployment       string
	PublicURL                                  string
	Image, Dockerfile, Port                    string
	Listen, Connect, Reset, Sync, Holds        string
	Drop, HostKey                              string
	Search                                     string
	SystemFiles, Class                         string // of a district
	TeacherID, LearnerID                       string
	NewcomerID, WithdrawnID                    string
	Systems                                    []districtSystem
	People                                     []districtPerson
}

// question asks for one answer that some products need.
type question struct {
	roles          []string // of products that need it; none: all do
	flag, question string
	value          *string
	optional       bool
	// spare says that nothing is lacking where nobody is there to answer.
	spare bool
	// unless tells that another answer makes this one needless.
	unless func() bool
}

func (a *answers) questions() []question {
	container := func() bool {
		urls := []string{a.Rostering, a.Resources, a.Gradebook, a.V1P1}
		paths := slices.ContainsFunc(urls, func(url string) bool { return strings.HasPrefix(url, "/") })
		return !paths || a.Image != "" || a.Dockerfile != ""
	}
	without := func(suites ...string) func() bool { return func() bool { return !a.judgedBy(suites...) } }
	tokenless := func() bool { return a.BearerName != "" || a.signedAlone() }
	return []question{
		{flag: "--name", question: "Name of the product: ", value: &a.Name},
		{roles: []string{"provider"}, flag: "--url", question: "Base URL of its Rostering service (ends in /ims/oneroster/rostering/v1p2; only the path where it comes as a container): ", value: &a.Rostering, unless: without("oneroster.rostering")},
		{roles: []string{"provider"}, flag: "--resources-url", question: "Base URL of its Resources service (ends in /ims/oneroster/resources/v1p2): ", value: &a.Resources, unless: without("oneroster.resources")},
		{roles: []string{"provider"}, flag: "--gradebook-url", question: "Base URL of its Gradebook service, assessments included (ends in /ims/oneroster/gradebook/v1p2): ", value: &a.Gradebook, unless: without("oneroster.gradebook", "oneroster.assessment")},
		{roles: []string{"provider"}, flag: "--v1p1-url", question: "Base URL of its OneRoster 1.1 (ends in /ims/oneroster/v1p1): ", value: &a.V1P1, unless: without("oneroster.v1p1")},
		{roles: []string{"catalog"}, flag: "--catalog-url", question: "Base URL of its Resource Search (ends in /ims/rs/v1p0): ", value: &a.Catalog},
		{roles: []string{"provider"}, flag: "--writable-class", question: "A class that Rollcall may write to, by sourcedId (empty: nothing is written, and writes are not tested): ", value: &a.Writable, optional: true, spare: true, unless: func() bool { return !a.pushes() }},
		{roles: []string{"provider"}, flag: "--case-url", question: "Base URL of the CASE server that has its learning standards (ends in /ims/case/v1p1; empty: none is asked): ", value: &a.CASE, optional: true, spare: true, unless: without("oneroster.gradebook", "oneroster.assessment")},
		{roles: []string{"provider"}, flag: "--image", question: "Container image: ", value: &a.Image, unless: container},
		{roles: []string{"provider"}, flag: "--port", question: "Port on which it listens inside: ", value: &a.Port, unless: func() bool { return a.Image == "" && a.Dockerfile == "" }},
		{roles: []string{"provider"}, flag: "--consumer-key", question: "Consumer key, where its OneRoster 1.1 wants requests that are signed by OAuth 1.0a (empty: it takes tokens): ", value: &a.ConsumerKey, optional: true, spare: true, unless: without("oneroster.v1p1")},
		{roles: []string{"provider", "catalog"}, flag: "--token-url", question: "Token URL (empty where it issues no tokens: one of your own is sent then): ", value: &a.TokenURL, optional: true, unless: tokenless},
		{roles: []string{"provider", "catalog"}, flag: "--client-id", question: "Client id: ", value: &a.ClientID, unless: func() bool { return a.TokenURL == "" }},
		{roles: []string{"csv"}, flag: "--bundle", question: "The bundle (a zip, a folder or a CSV file): ", value: &a.Bundle},
		{roles: []string{"importer"}, flag: "--drop", question: "Where it takes bundles (a folder, a URL to upload to, or sftp://user@host/folder): ", value: &a.Drop},
		{roles: []string{"importer"}, flag: "--host-key", question: "The SFTP server's key (its fingerprint, as `ssh-keyscan HOST | ssh-keygen -lf -` prints it): ", value: &a.HostKey, unless: func() bool { return wayOf(a.Drop) != "sftp" }},
		{roles: []string{"importer"}, flag: "--sync", question: howSynced + "empty: it takes bundles in as they come): ", value: &a.Sync, optional: true, spare: true},
		{roles: []string{"consumer"}, flag: "--sync", question: strings.TrimSuffix(howSynced, "; ") + "): ", value: &a.Sync},
		{roles: []string{"consumer", "importer"}, flag: "--holds", question: "What tells what it holds (a command or a URL that gives JSON lines, or a .zip of OneRoster CSV; empty: it can't be read): ", value: &a.Holds, optional: true, spare: true},
		{roles: []string{"consumer"}, flag: "--reset", question: "How it is made empty between the lives of two versions (a command, or the URL of a webhook; empty: it can't be, and one version is judged a run): ", value: &a.Reset, optional: true, spare: true, unless: func() bool { return !a.claims("or11-") || !a.claims("or12-") }},
		{roles: []string{"searcher"}, flag: "--search", question: "How it is made to search (a command that prints JSON, or the URL of a webhook that answers with it; empty: by steps in its pages, of which the file has an example): ", value: &a.Search, optional: true, spare: true},
		{roles: []string{"district"}, flag: "--system", question: "The target files of its systems, each as role=file (roles: sis, platform, tool, assessment, catalog; what is left out is not judged): ", value: &a.SystemFiles},
		{roles: []string{"district"}, flag: "--class", question: "A class of the SIS that may be tried with, by sourcedId: ", value: &a.Class},
		{roles: []string{"district"}, flag: "--teacher", question: "A teacher of the class, by sourcedId: ", value: &a.TeacherID},
		{roles: []string{"district"}, flag: "--learner", question: "A learner of the class, by sourcedId: ", value: &a.LearnerID},
		{roles: []string{"district"}, flag: "--newcomer", question: "Somebody who is to come to the class, by sourcedId (empty: nobody comes): ", value: &a.NewcomerID, optional: true, spare: true},
		{roles: []string{"district"}, flag: "--withdrawn", question: "A learner of the class who is to leave it, by sourcedId (empty: nobody leaves): ", value: &a.WithdrawnID, optional: true, spare: true},
		{roles: []string{"tool"}, flag: "--login-url", question: "Login URL of the tool: ", value: &a.LoginURL},
		{roles: []string{"tool"}, flag: "--target-link-uri", question: "What a launch is to open (target link URI): ", value: &a.TargetLinkURI},
		{roles: []string{"platform"}, flag: "--issuer", question: "Issuer of the platform: ", value: &a.Issuer},
		{roles: []string{"platform"}, flag: "--auth-url", question: "Its authentication URL: ", value: &a.AuthURL},
		{roles: []string{"platform"}, flag: "--jwks-url", question: "Its JWKS URL: ", value: &a.JWKSURL},
		{roles: []string{"platform"}, flag: "--token-url", question: "Its token URL, where tools get access tokens: ", value: &a.TokenURL, unless: func() bool { return !a.Services() }},
		{roles: []string{"platform"}, flag: "--client-id", question: "The client id that it has issued to Rollcall: ", value: &a.ClientID},
		{roles: []string{"platform"}, flag: "--deployment", question: "The deployment id: ", value: &a.Deployment},
	}
}

const howSynced = "How it is made to sync (a command, the URL of a webhook, an interval such as 15m at which it does so by itself, or the word person; "

// sftpSecret is the environment variable that holds the password of an SFTP server.
const sftpSecret = "SFTP_PASSWORD"

// wayOf tells what somebody means by an answer about a consumer: webhook, sftp, schedule, person, bundle or
// command; empty for none.
func wayOf(answer string) string {
	answer = strings.TrimSpace(answer)
	_, notDuration := time.ParseDuration(answer)
	switch {
	case answer == "":
		return ""
	case strings.HasPrefix(answer, "http://"), strings.HasPrefix(answer, "https://"):
		return "webhook"
	case strings.HasPrefix(answer, "sftp://"):
		return "sftp"
	case notDuration == nil:
		return "schedule"
	case answer == "person":
		return "person"
	case strings.HasSuffix(answer, ".zip") && !strings.ContainsAny(answer, " \t"):
		return "bundle"
	}
	return "command"
}

// Way does the same for the template.
func (a answers) Way(answer string) string { return wayOf(answer) }

// Zip tells whether an address is that of a bundle.
func (a answers) Zip(address string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix(u.Path, ".zip")
}

// SFTP takes the address of an SFTP server apart.
func (a answers) SFTP() (out struct{ Address, User, Folder string }) {
	if u, err := url.Parse(a.Drop); err == nil {
		out.Address, out.User, out.Folder = u.Host, u.User.Username(), strings.TrimPrefix(u.Path, "/")
	}
	return out
}

// Claims tells whether a service of LTI Advantage is claimed, by how its profiles begin.
func (a answers) Claims(service string) bool {
	return slices.ContainsFunc(a.Profiles, func(id string) bool {
		return strings.HasPrefix(id, service+"-") || strings.HasPrefix(id, "lti-advantage-")
	})
}

// Services tells whether any service is claimed that needs access tokens.
func (a answers) Services() bool { return a.Claims("nrps20") || a.Claims("ags20") }

// Scopes are those of the services that are claimed, where a platform grants tokens.
func (a answers) Scopes() (out []string) {
	if a.TokenURL == "" {
		return nil
	}
	for _, scope := range ownScopes() {
		if strings.Contains(scope, "lti-nrps") && a.Claims("nrps20") || strings.Contains(scope, "lti-ags") && a.Claims("ags20") {
			out = append(out, scope)
		}
	}
	return out
}

// claims tells whether one of the profiles begins so.
func (a *answers) claims(prefix string) bool {
	return slices.ContainsFunc(a.Profiles, func(id string) bool { return strings.HasPrefix(id, prefix) })
}

// judgedBy tells whether one of the suites, or one whose id begins so, judges the profiles.
func (a *answers) judgedBy(suites ...string) bool {
	return slices.ContainsFunc(a.Suites, func(id string) bool {
		return slices.ContainsFunc(suites, func(name string) bool { return id == name || strings.HasPrefix(id, name+"-") })
	})
}

// pushes tells whether profiles of writes are claimed.
func (a *answers) pushes() bool {
	return slices.ContainsFunc(a.Suites, func(id string) bool { return strings.HasSuffix(id, "-push") })
}

// signedAlone tells whether all that is judged takes requests that are signed, and no token is
// needed.
func (a *answers) signedAlone() bool {
	tokens := slices.ContainsFunc(a.Suites, func(id string) bool { return !strings.HasPrefix(id, "oneroster.v1p1-") })
	return a.ConsumerKey != "" && !tokens
}

func initCommand() *cobra.Command {
	var a answers
	var path string
	var force bool
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a commented target.yaml for your product",
		Long: `Write a commented target file, and beside it target.schema.json, by which editors
know its keys. Asks only for what the chosen profiles need and was not told by a flag.
Secrets are not asked for: they stay in environment variables.`,
		Example: `  rollcall init
  rollcall init --name "Example SIS" --url https://sis.example.org/ims/oneroster/rostering/v1p2 \
      --token-url https://sis.example.org/oauth2/token --client-id rollcall
  rollcall init --profile lti13-core-tool --name Quizmaker --login-url https://quiz.example.org/lti/login \
      --target-link-uri https://quiz.example.org/lti/quiz/1
  rollcall init --profile lti-advantage-tool --name Quizmaker --login-url https://quiz.example.org/lti/login \
      --target-link-uri https://quiz.example.org/lti/quiz/1 --jwks-url https://quiz.example.org/lti/jwks
  rollcall init --profile or11-rostering-provider --name "Example SIS" --v1p1-url https://sis.example.org/ims/oneroster/v1p1 \
      --consumer-key rollcall
  rollcall init --profile or12-csv-export --name "Example SIS" --bundle export.zip
  rollcall init --profile or12-rostering-consumer --name "Example LMS" --sync https://lms.example.org/api/roster/sync \
      --holds https://lms.example.org/api/roster/held
  rollcall init --profile or12-csv-consumer --name "Example LMS" --drop /srv/lms/inbox --sync ./import.sh --holds export.zip
  rollcall init --profile district --name "Riverbend Unified" --system sis=sis.yaml,platform=lms.yaml,tool=quiz.yaml --class c-1001 \
      --teacher u-2001 --learner u-3001 --newcomer u-3002 --withdrawn u-3003`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := os.Stat(path); err == nil && !force {
				return &harness.ConfigError{
					File:   path,
					Cause:  "the file exists already",
					Remedy: "name another with --target, or replace it with --force",
				}
			}
			if err := ask(&a, cmd.InOrStdin(), cmd.OutOrStdout()); err != nil {
				return err
			}
			if a.Role == "district" {
				if err := a.settle(path); err != nil {
					return err
				}
			}
			text, err := fill(a, path)
			if err != nil {
				return err
			}
			schema, err := harness.TargetSchema(sections()...)
			if err != nil {
				return err
			}
			beside := filepath.Join(filepath.Dir(path), schemaFile)
			for _, file := range []struct {
				path string
				text []byte
			}{{path, text}, {beside, schema}} {
				if err := os.WriteFile(file.path, file.text, 0o644); err != nil {
					return &harness.ConfigError{File: file.path, Cause: err.Error(), Remedy: "name a file in a folder you may write to with --target"}
				}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Wrote %s, and %s for editors. Next:\n%s", path, beside, next(a, path))
			return nil
		},
	}
	targetFlag(c, &path)
	f := c.Flags()
	f.StringSliceVar(&a.Profiles, "profile", nil, "what the product claims (repeatable; default "+defaultProfile+")")
	f.StringVar(&a.Name, "name", "", "the product's name, for the report")
	f.StringVar(&a.Rostering, "url", "", "base URL of the OneRoster 1.2 Rostering service")
	f.StringVar(&a.Resources, "resources-url", "", "base URL of the OneRoster 1.2 Resources service")
	f.StringVar(&a.Gradebook, "gradebook-url", "", "base URL of the OneRoster 1.2 Gradebook service, assessments included")
	f.StringVar(&a.V1P1, "v1p1-url", "", "base URL of OneRoster 1.1, whose services have one root")
	f.StringVar(&a.Catalog, "catalog-url", "", "base URL of the LTI Resource Search of a catalogue")
	f.StringVar(&a.Writable, "writable-class", "", "sourcedId of a class that Rollcall may write to; without one nothing is written")
	f.StringVar(&a.CASE, "case-url", "", "base URL of the CASE server that has the learning standards of gradebooks and assessments")
	f.StringVar(&a.ConsumerKey, "consumer-key", "", "consumer key, where OneRoster 1.1 wants requests signed by OAuth 1.0a")
	f.StringVar(&a.ConsumerSecretName, "consumer-secret-env", "ROLLCALL_CONSUMER_SECRET",
		"environment variable that holds the consumer's secret")
	f.StringVar(&a.TokenURL, "token-url", "", "OAuth 2 token endpoint")
	f.StringVar(&a.ClientID, "client-id", "", "OAuth 2 client id; for LTI what the platform has issued")
	f.StringVar(&a.SecretName, "secret-env", "ROLLCALL_CLIENT_SECRET", "environment variable that holds the client secret")
	f.StringVar(&a.BearerName, "bearer-env", "", "environment variable that holds an access token, where the product issues none")
	f.StringVar(&a.Bundle, "bundle", "", "the CSV bundle")
	f.StringVar(&a.LoginURL, "login-url", "", "login URL of an LTI tool")
	f.StringVar(&a.TargetLinkURI, "target-link-uri", "", "what a launch of an LTI tool is to open")
	f.StringSliceVar(&a.RedirectURIs, "redirect-uri", nil, "redirect URI of an LTI tool (repeatable)")
	f.StringVar(&a.Issuer, "issuer", "", "issuer of an LTI platform")
	f.StringVar(&a.AuthURL, "auth-url", "", "authentication URL of an LTI platform")
	f.StringVar(&a.JWKSURL, "jwks-url", "", "public keys of an LTI platform or tool")
	f.StringVar(&a.Deployment, "deployment", "", "deployment id that an LTI platform has issued")
	f.StringVar(&a.PublicURL, "public-url", "", "origin under which the product, and the browser, reach Rollcall")
	f.StringVar(&a.Image, "image", "", "container image of the product; URLs are paths then")
	f.StringVar(&a.Dockerfile, "dockerfile", "", "Dockerfile of the product, instead of --image")
	f.StringVar(&a.Port, "port", "", "port on which the container listens inside")
	f.StringVar(&a.Sync, "sync", "", "how a consumer is made to sync: a command, the URL of a webhook, an interval, or person")
	f.StringVar(&a.Holds, "holds", "", "what tells what a consumer holds: a command or a URL that gives JSON lines, or a .zip of OneRoster CSV")
	f.StringVar(&a.Connect, "connect", "", "command, or URL of a webhook, by which a consumer is told where to read from")
	f.StringVar(&a.Reset, "reset", "", "command, or URL of a webhook, by which a consumer is made empty")
	f.StringVar(&a.SystemFiles, "system", "", "target files of the systems of a district, each as role=file, such as sis=sis.yaml,platform=lms.yaml")
	f.StringVar(&a.Class, "class", "", "sourcedId of the class in which the story of a district plays")
	f.StringVar(&a.TeacherID, "teacher", "", "sourcedId of its teacher in the story")
	f.StringVar(&a.LearnerID, "learner", "", "sourcedId of its learner in the story")
	f.StringVar(&a.NewcomerID, "newcomer", "", "sourcedId of who comes to the class in the story")
	f.StringVar(&a.WithdrawnID, "withdrawn", "", "sourcedId of who leaves the class in the story")
	f.StringVar(&a.Search, "search", "", "how a product is made to search: a command that prints JSON, or the URL of a webhook that answers with it")
	f.StringVar(&a.Listen, "listen", "", "where Rollcall's provider answers a consumer, host:port")
	f.StringVar(&a.Drop, "drop", "", "where an importer takes bundles: a folder, a URL, or sftp://user@host/folder")
	f.StringVar(&a.HostKey, "host-key", "", "fingerprint of the key of an SFTP server")
	f.BoolVar(&force, "force", false, "replace an existing file")
	return c
}

const defaultProfile = "or12-rostering-core-provider"

// next tells what to do with the file.
func next(a answers, path string) string {
	var b strings.Builder
	switch {
	case a.Role == "provider" || a.Role == "catalog":
		if a.ConsumerKey != "" {
			fmt.Fprintf(&b, "  export %s=…\n", a.ConsumerSecretName)
		}
		if name := cmp.Or(a.BearerName, a.SecretName); !a.signedAlone() {
			fmt.Fprintf(&b, "  export %s=…\n", name)
		}
	case wayOf(a.Drop) == "sftp":
		fmt.Fprintf(&b, "  export %s=…\n", sftpSecret)
	case a.Role == "tool" || a.Role == "platform":
		fmt.Fprintf(&b, "  rollcall registration --target %s\n", quoteArg(path))
	}
	attended := ""
	if wayOf(a.Sync) == "person" || a.Role == "district" { // who enrolls people in its SIS is asked, unless the file says more
		attended = " --interactive"
	}
	fmt.Fprintf(&b, "  rollcall doctor --target %s%s\n  rollcall run --target %s%s\n", quoteArg(path), attended, quoteArg(path), attended)
	return b.String()
}

// ask asks for what is missing. The end of input is an error: a pipeline that
// forgot a flag must not hang or get an empty file.
func ask(a *answers, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	if len(a.Profiles) == 0 {
		fmt.Fprintf(out, "What it claims (empty: %s; `rollcall list profiles` shows all): ", defaultProfile)
		if lines.Scan() {
			a.Profiles = strings.FieldsFunc(lines.Text(), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
		}
		if len(a.Profiles) == 0 {
			a.Profiles = []string{defaultProfile}
		}
	}
	if err := a.role(); err != nil {
		return err
	}
	for _, q := range a.questions() {
		if len(q.roles) > 0 && !slices.Contains(q.roles, a.Role) || q.unless != nil && q.unless() {
			continue
		}
		for strings.TrimSpace(*q.value) == "" {
			fmt.Fprint(out, q.question)
			if !lines.Scan() {
				if q.spare {
					fmt.Fprintln(out)
					break
				}
				return &harness.ConfigError{Key: q.flag, Cause: "no answer", Remedy: "give it as a flag: " + q.flag}
			}
			*q.value = strings.TrimSpace(lines.Text())
			if q.optional {
				break
			}
		}
	}
	if (a.Role == "provider" || a.Role == "catalog") && a.TokenURL == "" && a.BearerName == "" && !a.signedAlone() {
		a.BearerName = "ROLLCALL_TOKEN"
	}
	return nil
}

// role finds by the profiles what role the product plays, and which suites judge it.
func (a *answers) role() error {
	var known []string
	for _, s := range suites() {
		known = append(known, s.Profiles...)
		for _, id := range a.Profiles {
			if !slices.Contains(s.Profiles, id) {
				continue
			}
			if a.Role != "" && a.Role != s.Role {
				return &harness.ConfigError{
					Key:    "--profile",
					Cause:  fmt.Sprintf("init describes one role, and %s is of a %s, not of a %s", id, s.Role, a.Role),
					Remedy: "write one target file for each; what plays several roles can have the sections of both in one (docs/target.md)",
				}
			}
			a.Role = s.Role
			a.Suites = append(a.Suites, s.ID)
		}
	}
	for _, id := range a.Profiles {
		if !slices.Contains(known, id) {
			return &harness.ConfigError{Key: "--profile", Cause: fmt.Sprintf("there is no profile %q that a target file can claim", id),
				Remedy: spelling.Remedy(id, known, "choose from: "+strings.Join(known, ", "))}
		}
	}
	return nil
}

// fill renders the file and reads it back: what init writes must be valid.
func fill(a answers, path string) ([]byte, error) {
	t, err := template.New("target").Funcs(template.FuncMap{"q": func(s string) string { return fmt.Sprintf("%q", s) }}).Parse(targetTemplate)
	if err != nil {
		return nil, fmt.Errorf("reading the template of the target file: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, a); err != nil {
		return nil, fmt.Errorf("filling the target file: %w", err)
	}
	target, err := harness.ParseTarget(path, b.Bytes(), func(string) (string, bool) { return "secret", true }, sections()...)
	if err == nil {
		_, err = harness.New(target, suites(), harness.Options{})
	}
	return b.Bytes(), err
}
