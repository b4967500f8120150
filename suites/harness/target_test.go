package harness

import (
	"errors"
	"strings"
	"testing"
)

const goodTarget = `rollcall: 1
name: Test SIS
profiles: [or12-rostering-core-provider]
oneroster:
  rostering: https://sis.example.org/ims/oneroster/rostering/v1p2/
  auth:
    token_url: https://sis.example.org/token
    client_id: me
    client_secret: ${SECRET}
`

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestTarget(t *testing.T) {
	got, err := ParseTarget("target.yaml", []byte(goodTarget), env("SECRET", "hush-hush"))
	if err != nil {
		t.Fatal(err)
	}
	if got.OneRoster.Auth.ClientSecret != "hush-hush" || got.OneRoster.Auth.Method != "basic" || got.Stance != "certification" {
		t.Errorf("read as %+v", got)
	}
	if strings.HasSuffix(got.OneRoster.Rostering, "/") {
		t.Error("the base URL keeps its slash")
	}
}

// TestTargetErrors holds each mistake to an error that names the line, the key
// and the remedy.
func TestTargetErrors(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(goodTarget, old, new, 1) }
	for name, test := range map[string]struct {
		text string
		line int
		say  string
	}{
		"unknown key":      {change("name:", "nmae:"), 2, "nmae"},
		"bad yaml":         {change("profiles: [", "profiles: ["+"["), 0, ""},
		"wrong type":       {change("rollcall: 1", "rollcall: one"), 1, ""},
		"format":           {change("rollcall: 1", "rollcall: 9"), 1, "9"},
		"no name":          {change("name: Test SIS", "name: ''"), 2, "name"},
		"no such profile":  {change("core-provider", "kore-provider"), 3, "or12-rostering-core-provider"},
		"stance":           {goodTarget + "stance: lax\n", 10, "strict"},
		"relative url":     {change("https://sis.example.org/token", "sis.example.org/token"), 7, "http"},
		"missing variable": {change("SECRET", "OTHER"), 9, "OTHER"},
		"method":           {goodTarget + "    method: digest\n", 10, "basic"},
		"waiver":           {goodTarget + "waivers:\n  - requirement: nothing.at-all\n    reason: x\n    owner: y\n    expires: 2026-01-01\n", 10, "nothing.at-all"},
		"duration":         {goodTarget + "limits:\n  request_timeout: 30\n", 0, "30s"},
		"auth":             {change("    client_id: me\n", ""), 6, "client_id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseTarget("target.yaml", []byte(test.text), env("SECRET", "hush-hush"))
			var config *ConfigError
			if !errors.As(err, &config) {
				t.Fatalf("error is %v", err)
			}
			if test.line > 0 && config.Line != test.line {
				t.Errorf("names line %d, want %d: %v", config.Line, test.line, err)
			}
			if !strings.Contains(err.Error(), test.say) || config.Remedy == "" {
				t.Errorf("says %v", err)
			}
			if strings.Contains(err.Error(), "hush-hush") {
				t.Error("the secret leaks")
			}
		})
	}
}

func FuzzTarget(f *testing.F) {
	f.Add([]byte(goodTarget))
	f.Add([]byte("rollcall: 1\nwaivers: [{}]\ncontainer: {port: 1, env: {A: ${SECRET}}}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := ParseTarget("t.yaml", text, env("SECRET", "hush-hush"))
		if err != nil && strings.Contains(err.Error(), "hush-hush") && !strings.Contains(string(text), "hush-hush") {
			t.Errorf("the secret leaks: %v", err)
		}
	})
}
