package oneroster

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

const file = `rollcall: 1
name: Test SIS
profiles: [or12-rostering-core-provider]
oneroster:
  rostering: https://sis.example.org/ims/oneroster/rostering/v1p2/
  auth:
    token_url: https://sis.example.org/token
    client_id: me
    client_secret: ${SECRET}
`

func read(text string) (*harness.Target, error) {
	return harness.ParseTarget("target.yaml", []byte(text), func(string) (string, bool) { return "hush-hush", true }, New)
}

func TestSection(t *testing.T) {
	target, err := read(strings.Replace(file, "  auth:", "  resources: https://sis.example.org/resources\n  csv: {bundle: export.zip}\n  auth:", 1))
	if err != nil {
		t.Fatal(err)
	}
	s := Of(target)
	if s.Rostering != "https://sis.example.org/ims/oneroster/rostering/v1p2" || s.Auth.ClientSecret != "hush-hush" || s.Auth.Method != "basic" {
		t.Errorf("read as %+v", s)
	}
	if s.Gradebook = "https://sis.example.org/gradebook"; s.Assessments() != s.Gradebook {
		t.Errorf("assessments lie at %q", s.Assessments())
	}
	if s.Assessment = "https://tests.example.org/gradebook"; s.Assessments() != s.Assessment {
		t.Errorf("assessments lie at %q", s.Assessments())
	}
	if got := Access().Of(target); got != &s.Auth {
		t.Errorf("the services are reached by %+v", got)
	}
	var addresses []string
	for _, a := range s.Addresses() {
		addresses = append(addresses, *a)
	}
	if want := []string{s.Rostering, s.Resources, s.Gradebook, s.Assessment, s.V1P1, s.Auth.TokenURL}; !slices.Equal(addresses, want) {
		t.Errorf("its addresses are %q", addresses)
	}
	if want := []string{s.Rostering, s.Resources, s.Gradebook, s.Assessment, s.V1P1, s.CSV.Bundle}; !slices.Equal(s.Identity(), want) {
		t.Errorf("it is told by %q", s.Identity())
	}
}

// TestMistakes holds each to an error at its line, with a remedy.
func TestMistakes(t *testing.T) {
	change := func(old, by string) string { return strings.Replace(file, old, by, 1) }
	for name, test := range map[string]struct {
		text string
		line int
		say  string
	}{
		"a host alone":       {change("https://sis.example.org/token", "sis.example.org/token"), 7, "token_url"},
		"a relative base":    {change("https://sis.example.org/ims", "/ims"), 5, "like https://sis.example.org/ims/oneroster/rostering/v1p2"},
		"a query":            {change("v1p2/", "v1p2?limit=1"), 5, "bare base URL"},
		"no client":          {change("    client_id: me\n", ""), 6, "token_url, client_id and client_secret are all needed"},
		"a token as well":    {file + "    bearer: abc\n", 10, "how to ask for one as well"},
		"a parameter's name": {file + "    parameters: {scope: x}\n", 10, "take it out of oneroster.auth.parameters"},
		"another client":     {file + "    core_client: {client_id: you, client_secret: '${SECRET}', more: x}\n", 10, "below oneroster.auth.core_client"},
		"a version":          {file + "  csv: {bundle: x, version: 1.3}\n", 10, "choose from: 1.1, 1.2"},
	} {
		_, err := read(test.text)
		var config *harness.ConfigError
		if !errors.As(err, &config) || config.Line != test.line || config.Remedy == "" || !strings.Contains(err.Error(), test.say) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := read(change("https://sis.example.org/ims", "/ims") + "container: {image: sis, port: 80}\n"); err != nil {
		t.Errorf("a path, with a container: %v", err)
	}
}
