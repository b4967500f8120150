package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const toolTarget = `rollcall: 1
name: Test
profiles: [lti13-core-tool]
lti:
  listen: 127.0.0.1:9460
  public_url: https://judge.example
  client_id: first-client
  deployments: ["1"]
  OTHER
  tool: {login_url: "https://tool.example/login", target_link_uri: "https://tool.example/quiz", redirect_uris: ["https://tool.example/launch"]}
`

const platformTarget = `rollcall: 1
name: Test
profiles: [lti13-core-platform]
lti:
  listen: 127.0.0.1:9460
  public_url: https://judge.example
  client_id: first-client
  deployments: ["1"]
  OTHER
  platform:
    issuer: https://platform.example
    auth_url: https://platform.example/auth
    jwks_url: https://platform.example/jwks
    token_url: https://platform.example/token
    users: [{name: a teacher, role: instructor, steps: [{open: "https://platform.example/"}]}]
    links: [{name: quiz, steps: [{open: "https://platform.example/quiz"}]}]
`

// A second registration is printed where the target file has one, for both roles.
func TestRegistration(t *testing.T) {
	for name, text := range map[string]string{"tool": toolTarget, "platform": platformTarget} {
		for _, other := range []string{"", "other_client_id: second-client"} {
			path := filepath.Join(t.TempDir(), "target.yaml")
			if err := os.WriteFile(path, []byte(strings.Replace(text, "OTHER", other, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, errs := call(t, "", "registration", path)
			if code != 0 || !strings.Contains(out, "https://judge.example") {
				t.Fatalf("%s: %d %s%s", name, code, out, errs)
			}
			if strings.Contains(out, "second-client") != (other != "") || strings.Contains(out, "once more") != (other != "") {
				t.Errorf("%s with %q:\n%s", name, other, out)
			}
		}
	}
}

// Another platform is printed whole, for it has an issuer of its own.
func TestRegistrationOfAnotherPlatform(t *testing.T) {
	path := filepath.Join(t.TempDir(), "target.yaml")
	text := strings.Replace(toolTarget, "OTHER", `other_platform: {listen: "127.0.0.1:9461", public_url: "https://other.example"}`, 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := call(t, "", "registration", path)
	for _, want := range []string{"issuer           https://judge.example\n", "issuer           https://other.example\n",
		"token URL        https://other.example/token\n"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%d: %s%s\nhas no\n%s", code, out, errs, want)
		}
	}
}

// TestRegistrationListsDeployments: several deployments are listed one below the other, as
// they are to be entered.
func TestRegistrationListsDeployments(t *testing.T) {
	path := filepath.Join(t.TempDir(), "target.yaml")
	text := strings.NewReplacer("OTHER", "", `deployments: ["1"]`, `deployments: ["one", "two", "and three"]`).Replace(toolTarget)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, _ := call(t, "", "registration", path)
	if want := "  deployment ids   one\n                   two\n                   and three\n"; !strings.Contains(out, want) {
		t.Errorf("%s\nhas no\n%s", out, want)
	}
}

// What can't be served is said before anything starts.
func TestServeFlags(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"serve", "district", "--fault", "no-such-fault"}, "list faults"},
		{[]string{"serve", "district", "--rotate-keys", "1s"}, "10s at least"},
		{[]string{"serve", "platform", "--rotate-keys", "-5m"}, "10s at least"},
	} {
		if code, _, errs := call(t, "", test.args...); code != 2 || !strings.Contains(errs, test.want) {
			t.Errorf("%q: %d, %s", test.args, code, errs)
		}
	}
}
