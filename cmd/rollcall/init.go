package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

//go:embed data/target.yaml.tmpl
var targetTemplate string

// answers fill the template of a target file.
type answers struct {
	Name, Rostering, TokenURL, ClientID, SecretName string
	Profiles                                        []string
}

func initCommand() *cobra.Command {
	var a answers
	var path string
	var force bool
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a commented target.yaml for your product",
		Long: `Write a commented target file. Asks only for what it must know and was not told
by a flag. The client secret is not asked for: it stays in an environment variable.`,
		Example: `  rollcall init
  rollcall init --name "Example SIS" --url https://sis.example.org/ims/oneroster/rostering/v1p2 \
      --token-url https://sis.example.org/oauth2/token --client-id rollcall`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := os.Stat(path); err == nil && !force {
				return &harness.ConfigError{File: path, Cause: "the file exists already", Remedy: "name another with --target, or replace it with --force"}
			}
			if err := ask(&a, cmd.InOrStdin(), cmd.OutOrStdout()); err != nil {
				return err
			}
			text, err := fill(a)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path, text, 0o644); err != nil {
				return &harness.ConfigError{File: path, Cause: err.Error(), Remedy: "name a file in a folder you may write to with --target"}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Wrote %s. Next:\n  export %s=…\n  rollcall doctor --target %s\n  rollcall run --target %s\n", path, a.SecretName, quoteArg(path), quoteArg(path))
			return nil
		},
	}
	targetFlag(c, &path)
	c.Flags().StringVar(&a.Name, "name", "", "the product's name, for the report")
	c.Flags().StringVar(&a.Rostering, "url", "", "base URL of the OneRoster 1.2 Rostering service")
	c.Flags().StringVar(&a.TokenURL, "token-url", "", "OAuth 2 token endpoint")
	c.Flags().StringVar(&a.ClientID, "client-id", "", "OAuth 2 client id")
	c.Flags().StringVar(&a.SecretName, "secret-env", "ROLLCALL_CLIENT_SECRET", "environment variable that holds the client secret")
	c.Flags().StringSliceVar(&a.Profiles, "profile", []string{"or12-rostering-core-provider"}, "what the product claims (repeatable)")
	c.Flags().BoolVar(&force, "force", false, "replace an existing file")
	return c
}

// ask asks for what is missing. The end of input is an error: a pipeline that
// forgot a flag must not hang or get an empty file.
func ask(a *answers, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for _, q := range []struct {
		question, flag string
		value          *string
	}{
		{"Name of the product: ", "--name", &a.Name},
		{"Base URL of its Rostering service (ends in /ims/oneroster/rostering/v1p2): ", "--url", &a.Rostering},
		{"Token URL: ", "--token-url", &a.TokenURL},
		{"Client id: ", "--client-id", &a.ClientID},
	} {
		for strings.TrimSpace(*q.value) == "" {
			fmt.Fprint(out, q.question)
			if !lines.Scan() {
				return &harness.ConfigError{Key: q.flag, Cause: "no answer", Remedy: "give it as a flag: " + q.flag}
			}
			*q.value = strings.TrimSpace(lines.Text())
		}
	}
	for _, u := range []string{a.Rostering, a.TokenURL} {
		if parsed, err := url.Parse(u); err != nil || !parsed.IsAbs() && !strings.HasPrefix(u, "/") {
			return &harness.ConfigError{Cause: fmt.Sprintf("%q is no URL", u), Remedy: "write it in full, with https://"}
		}
	}
	return nil
}

// fill renders the file and reads it back: what init writes must be valid.
func fill(a answers) ([]byte, error) {
	quoted := a
	for _, v := range []*string{&quoted.Name, &quoted.Rostering, &quoted.TokenURL, &quoted.ClientID} {
		*v = fmt.Sprintf("%q", *v)
	}
	t, err := template.New("target").Parse(targetTemplate)
	if err != nil {
		return nil, fmt.Errorf("reading the template of the target file: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, quoted); err != nil {
		return nil, fmt.Errorf("filling the target file: %w", err)
	}
	_, err = harness.ParseTarget("target.yaml", b.Bytes(), func(string) (string, bool) { return "secret", true })
	var config *harness.ConfigError
	if errors.As(err, &config) && strings.HasPrefix(a.Rostering, "/") {
		err = nil // paths wait for the container section, which the user uncomments
	}
	return b.Bytes(), err
}
