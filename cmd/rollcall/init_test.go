package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xeipuuv/gojsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// initFlags are what init must be told of each kind of product, and the questions that it
// asks where it is told nothing, with the answers.
var initFlags = map[string]struct {
	flags   []string
	answers string
	asks    []string
}{
	"provider": {[]string{"--url", "https://sis.example.org/ims/oneroster/rostering/v1p2", "--token-url", "https://sis.example.org/token", "--client-id", "me"},
		"\nSIS\nhttps://sis.example.org/ims/oneroster/rostering/v1p2\nhttps://sis.example.org/token\nme\n", []string{"What it claims", "Name", "Base URL", "Token URL", "Client id"}},
	"provider without tokens": {[]string{"--url", "https://sis.example.org/x", "--bearer-env", "TOKEN"},
		"or12-rostering-provider\nSIS\nhttps://sis.example.org/x\n\n", []string{"What it claims", "Name", "Base URL", "Token URL"}},
	"resources": {[]string{"--profile", "or12-resources-core-provider", "--resources-url", "https://sis.example.org/ims/oneroster/resources/v1p2", "--bearer-env", "TOKEN"},
		"or12-resources-core-provider\nSIS\nhttps://sis.example.org/ims/oneroster/resources/v1p2\nhttps://sis.example.org/token\nme\n",
		[]string{"What it claims", "Name", "Base URL of its Resources", "Token URL", "Client id"}},
	"two services": {[]string{"--profile", "or12-rostering-provider,or12-resources-provider", "--url", "https://sis.example.org/x", "--resources-url", "https://sis.example.org/y",
		"--bearer-env", "TOKEN"}, "or12-rostering-provider or12-resources-provider\nSIS\nhttps://sis.example.org/x\nhttps://sis.example.org/y\n\n",
		[]string{"What it claims", "Name", "Base URL of its Rostering", "Base URL of its Resources", "Token URL"}},
	"gradebook": {[]string{"--profile", "or12-gradebook-provider", "--gradebook-url", "https://sis.example.org/ims/oneroster/gradebook/v1p2", "--bearer-env", "TOKEN",
		"--case-url", "https://case.example.org/ims/case/v1p1"},
		"or12-gradebook-provider\nSIS\nhttps://sis.example.org/ims/oneroster/gradebook/v1p2\nhttps://case.example.org/ims/case/v1p1\n\n",
		[]string{"What it claims", "Name", "Base URL of its Gradebook", "CASE server", "Token URL"}},
	"assessments, read and written": {[]string{"--profile", "or12-assessment-provider,or12-assessment-push-provider", "--gradebook-url", "https://sis.example.org/x",
		"--writable-class", "c-1", "--case-url", "https://case.example.org/ims/case/v1p1", "--token-url", "https://sis.example.org/token", "--client-id", "me"},
		"or12-assessment-provider or12-assessment-push-provider\nSIS\nhttps://sis.example.org/x\nc-1\n\nhttps://sis.example.org/token\nme\n",
		[]string{"What it claims", "Name", "Base URL of its Gradebook", "A class that Rollcall may write to", "CASE server", "Token URL", "Client id"}},
	"writes alone": {[]string{"--profile", "or12-gradebook-push-provider", "--gradebook-url", "https://sis.example.org/x", "--bearer-env", "TOKEN",
		"--case-url", "https://case.example.org/ims/case/v1p1", "--writable-class", "c-1"}, "", nil},
	"1.1, signed": {[]string{"--profile", "or11-rostering-provider", "--v1p1-url", "https://sis.example.org/ims/oneroster/v1p1", "--consumer-key", "me"},
		"or11-rostering-provider\nSIS\nhttps://sis.example.org/ims/oneroster/v1p1\nme\n", []string{"What it claims", "Name", "Base URL of its OneRoster 1.1", "Consumer key"}},
	"1.1, by tokens": {[]string{"--profile", "or11-rostering-core-provider", "--v1p1-url", "https://sis.example.org/ims/oneroster/v1p1", "--bearer-env", "TOKEN", "--consumer-key", "me"},
		"or11-rostering-core-provider\nSIS\nhttps://sis.example.org/ims/oneroster/v1p1\n\nhttps://sis.example.org/token\nme\n",
		[]string{"What it claims", "Name", "Base URL of its OneRoster 1.1", "Consumer key", "Token URL", "Client id"}},
	"both versions": {[]string{"--profile", "or12-rostering-provider,or11-rostering-provider", "--url", "https://sis.example.org/x", "--v1p1-url", "https://sis.example.org/y",
		"--consumer-key", "me", "--token-url", "https://sis.example.org/token", "--client-id", "me"}, "", nil},
	"container": {[]string{"--url", "/ims/oneroster/rostering/v1p2", "--token-url", "/token", "--client-id", "me", "--image", "sis:1", "--port", "8080"},
		"\nSIS\n/ims/oneroster/rostering/v1p2\nsis:1\n8080\n/token\nme\n", []string{"What it claims", "Name", "Base URL", "Container image", "Port", "Token URL", "Client id"}},
	"consumer": {[]string{"--profile", "or12-rostering-consumer", "--sync", "https://lms.example.org/sync", "--holds", "https://lms.example.org/held"},
		"or12-rostering-consumer\nLMS\nhttps://lms.example.org/sync\nhttps://lms.example.org/held\n", []string{"What it claims", "Name", "How it is made to sync", "What tells what it holds"}},
	"consumer, told all": {[]string{"--profile", "or11-rostering-consumer,or12-rostering-consumer", "--sync", "./sync.sh --mode '$ROLLCALL_MODE'", "--holds", "https://lms.example.org/export.zip?all=1",
		"--connect", "https://lms.example.org/source", "--reset", "https://lms.example.org/empty", "--listen", "127.0.0.1:9480", "--public-url", "https://rollcall.example.org"}, "", nil},
	"consumer of both versions": {[]string{"--profile", "or11-rostering-consumer,or12-rostering-consumer", "--sync", "./sync.sh", "--holds", "./held.sh", "--reset", "./reset.sh --yes"},
		"or11-rostering-consumer,or12-rostering-consumer\nLMS\n./sync.sh\n./held.sh\n./reset.sh --yes\n", []string{"What it claims", "Name", "How it is made to sync", "What tells what it holds", "How it is made empty"}},
	"consumer by a person": {[]string{"--profile", "or12-rostering-consumer", "--sync", "person", "--connect", "./connect.sh", "--holds", "./held.sh"},
		"or12-rostering-consumer\nLMS\nperson\n\n", []string{"What it claims", "Name", "How it is made to sync", "What tells what it holds"}},
	"consumer of 1.1": {[]string{"--profile", "or11-rostering-consumer", "--sync", "./sync.sh", "--holds", "./held.sh"},
		"or11-rostering-consumer\nLMS\n./sync.sh\n./held.sh\n", []string{"What it claims", "Name", "How it is made to sync", "What tells what it holds"}},
	"consumer by schedule": {[]string{"--profile", "or12-resources-consumer", "--sync", "15m", "--holds", "export.zip"}, "", nil},
	"importer": {[]string{"--profile", "or12-csv-consumer", "--drop", "/srv/inbox", "--sync", "./import.sh", "--holds", "./held.sh all"},
		"or12-csv-consumer\nLMS\n/srv/inbox\n\n\n", []string{"What it claims", "Name", "Where it takes bundles", "How it is made to sync", "What tells what it holds"}},
	"importer by SFTP": {[]string{"--profile", "or12-csv-consumer", "--drop", "sftp://rollcall@sftp.example.org:2222/in/box", "--host-key", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "--sync", "1h", "--holds", "https://lms.example.org/held"},
		"or12-csv-consumer\nLMS\nsftp://rollcall@sftp.example.org\nSHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n./import.sh\n\n",
		[]string{"What it claims", "Name", "Where it takes bundles", "The SFTP server's key", "How it is made to sync", "What tells what it holds"}},
	"importer by upload": {[]string{"--profile", "or12-csv-consumer", "--drop", "https://lms.example.org/upload", "--sync", "person", "--holds", "./held.sh"}, "", nil},
	"bundle":             {[]string{"--profile", "or12-csv-export", "--bundle", "export.zip"}, "or12-csv-export\nSIS\nexport.zip\n", []string{"What it claims", "Name", "The bundle"}},
	"tool": {[]string{"--profile", "lti13-core-tool", "--login-url", "https://tool.example.org/login", "--target-link-uri", "https://tool.example.org/quiz"},
		"lti13-core-tool\nQuiz\nhttps://tool.example.org/login\nhttps://tool.example.org/quiz\n", []string{"What it claims", "Name", "Login URL", "What a launch"}},
	"tool, told all": {[]string{"--profile", "lti13-core-tool", "--login-url", "https://tool.example.org/login", "--target-link-uri", "https://tool.example.org/quiz",
		"--redirect-uri", "https://tool.example.org/launch", "--public-url", "https://judge.example.org", "--client-id", "me", "--deployment", "7"}, "", nil},
	"tool of all services": {[]string{"--profile", "lti-advantage-tool", "--login-url", "https://tool.example.org/login", "--target-link-uri", "https://tool.example.org/quiz",
		"--jwks-url", "https://tool.example.org/jwks"},
		"lti-advantage-tool\nQuiz\nhttps://tool.example.org/login\nhttps://tool.example.org/quiz\n", []string{"What it claims", "Name", "Login URL", "What a launch"}},
	"platform of all services": {[]string{"--profile", "lti-advantage-platform", "--issuer", "https://campus.example.org", "--auth-url", "https://campus.example.org/auth", "--jwks-url", "https://campus.example.org/jwks",
		"--token-url", "https://campus.example.org/token", "--client-id", "17", "--deployment", "7:abc"},
		"lti-advantage-platform\nCampus\nhttps://campus.example.org\nhttps://campus.example.org/auth\nhttps://campus.example.org/jwks\nhttps://campus.example.org/token\n17\n7:abc\n",
		[]string{"What it claims", "Name", "Issuer", "authentication URL", "JWKS URL", "token URL", "client id", "deployment id"}},
	"platform": {[]string{"--profile", "lti13-core-platform", "--issuer", "https://campus.example.org", "--auth-url", "https://campus.example.org/auth", "--jwks-url", "https://campus.example.org/jwks", "--client-id", "17", "--deployment", "7:abc"},
		"lti13-core-platform\nCampus\nhttps://campus.example.org\nhttps://campus.example.org/auth\nhttps://campus.example.org/jwks\n17\n7:abc\n",
		[]string{"What it claims", "Name", "Issuer", "authentication URL", "JWKS URL", "client id", "deployment id"}},
}

// validTarget holds a target file to the schema that editors are given.
func validTarget(t *testing.T, text []byte) {
	t.Helper()
	schema, err := harness.TargetSchema(sections()...)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	found, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewGoLoader(v))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range found.Errors() {
		t.Errorf("an editor marks %s\n%s", e, text)
	}
}

// servedText is the target file that describes a running reference.
func servedText(t *testing.T, sis *district.SIS, caFile string, profiles []string) []byte {
	t.Helper()
	text, err := targetFor(sis, caFile, profiles)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestServedTarget holds the file that serve writes to the schema as well.
func TestServedTarget(t *testing.T) {
	sis, err := district.StartSIS(t.Context(), district.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer sis.Close()
	validTarget(t, servedText(t, sis, "ca.pem", allProfiles()))
	for _, text := range []string{toolTarget, platformTarget} {
		validTarget(t, []byte(strings.Replace(text, "OTHER", "other_client_id: second", 1)))
	}
}

// TestInit writes a file for each kind of product, by flags and by answers: it asks for
// what the profile needs and for nothing else, and what it writes can be read, also with
// its commented keys taken in.
func TestInit(t *testing.T) {
	for name, test := range initFlags {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "target.yaml")
			args := append([]string{"init", "--target", path, "--name", `A "product": #1`}, test.flags...)
			if !strings.Contains(strings.Join(args, " "), "--profile") {
				args = append(args, "--profile", defaultProfile)
			}
			code, out, errs := call(t, "", args...)
			if code != 0 || strings.Contains(out, ": ") && !strings.HasPrefix(out, "Wrote ") {
				t.Fatalf("%d\n%s%s", code, out, errs)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if schema, err := os.ReadFile(filepath.Join(filepath.Dir(path), schemaFile)); err != nil || !strings.HasPrefix(string(text), "# yaml-language-server: $schema="+schemaFile+"\n") || len(schema) == 0 {
				t.Errorf("editors find no schema: %v", err)
			}
			target, err := harness.ReadTarget(path, func(string) (string, bool) { return "secret", true }, sections()...)
			if err != nil || target.Name != `A "product": #1` {
				t.Errorf("%v: %+v", err, target)
			}
			validTarget(t, text)
			if test.answers == "" {
				return
			}
			path = filepath.Join(t.TempDir(), "target.yaml")
			code, out, errs = call(t, test.answers, "init", "--target", path)
			if code != 0 {
				t.Fatalf("%d\n%s%s", code, out, errs)
			}
			questions, _, _ := strings.Cut(out, "Wrote ")
			if n := strings.Count(questions, ": "); n < len(test.asks) || len(regexp.MustCompile(`: (?:[A-Z]|$)`).FindAllString(questions, -1)) != len(test.asks) {
				t.Errorf("asks %d: %s", n, questions)
			}
			for _, q := range test.asks {
				if !strings.Contains(questions, q) {
					t.Errorf("doesn't ask for %s: %s", q, questions)
				}
			}
		})
	}
}

// TestInitServices: a target file for LTI Advantage has all keys of its services, ready to be filled
// in, and one for launches none of them.
func TestInitServices(t *testing.T) {
	for profile, keys := range map[string][]string{
		"lti-advantage-tool":     {"# roster: [", "# score: [", "# zero: [", "# pick:", "# jwks_url:"},
		"lti-advantage-platform": {"# roster:", "# gradebook: [", "# picks:", "# writes: false", "  token_url: ", "  scopes:", "/lti-ags/scope/score", "/contextmembership.readonly"},
		"nrps20-tool":            {"# roster: [", "# jwks_url:"},
		"lti13-core-tool":        {},
		"lti13-core-platform":    {"# token_url:"},
	} {
		t.Run(profile, func(t *testing.T) {
			a := answers{Profiles: []string{profile}, Name: "X", LoginURL: "https://x.example/login", TargetLinkURI: "https://x.example/", Issuer: "https://x.example",
				AuthURL: "https://x.example/auth", ClientID: "1", Deployment: "1"}
			if err := a.role(); err != nil {
				t.Fatal(err)
			}
			if a.Role == "platform" {
				a.JWKSURL = "https://x.example/jwks"
				if a.Services() {
					a.TokenURL = "https://x.example/token"
				}
			}
			text, err := fill(a, "target.yaml")
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				if !strings.Contains(string(text), key) {
					t.Errorf("%q isn't there", key)
				}
			}
			for _, key := range []string{"roster:", "score: [", "zero: [", "pick:", "gradebook:", "picks:", "writes:"} {
				if !slices.ContainsFunc(keys, func(k string) bool { return strings.Contains(k, key) }) && strings.Contains(string(text), "# "+key) {
					t.Errorf("%q is there, which no profile asks for", key)
				}
			}
		})
	}
}
