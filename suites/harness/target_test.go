package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const goodTarget = `rollcall: 1
name: Test SIS
profiles: [or12-rostering-core-provider]
toy:
  first: https://sis.example.org/toy/v1
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
	got, err := ParseTarget("target.yaml", []byte(goodTarget), env("SECRET", "hush-hush"), newToySection)
	if err != nil {
		t.Fatal(err)
	}
	toy := toyOf(got)
	if toy.Auth.ClientSecret != "hush-hush" || toy.Auth.Method != "basic" || got.Stance != "certification" {
		t.Errorf("read as %+v", got)
	}
	if toy.First != "https://sis.example.org/toy/v1" {
		t.Errorf("the section is read as %+v", toy)
	}
}

// TestTargetSections: a section that isn't known may not stand there; one that is known is
// there, with its defaults, where the file has none; and what an anchor brings in counts.
func TestTargetSections(t *testing.T) {
	if _, err := ParseTarget("target.yaml", []byte(goodTarget), env("SECRET", "hush-hush")); err == nil || !strings.Contains(err.Error(), "there is no such key at the top") {
		t.Errorf("a section that isn't known: %v", err)
	}
	alone := goodTarget[:strings.Index(goodTarget, "toy:")]
	got, err := ParseTarget("target.yaml", []byte(alone), env(), newToySection)
	if err != nil || toyOf(got).Auth.Method != "basic" {
		t.Errorf("without a section: %v, %+v", err, toyOf(got))
	}
	got, err = ParseTarget("target.yaml", []byte(alone+"toy: &s\n  second: https://a.example\n<<: {toy: *s}\n"), env(), newToySection)
	if err != nil || toyOf(got).Second != "https://a.example" {
		t.Errorf("beside a merge: %v, %+v", err, toyOf(got))
	}
	got, err = ParseTarget("target.yaml", []byte(alone+"<<: {toy: {second: 'https://b.example'}}\n"), env(), newToySection)
	if err != nil || toyOf(got).Second != "https://b.example" {
		t.Errorf("by a merge: %v, %+v", err, toyOf(got))
	}
	if got := *SectionOf[toySection](&Target{}); got.First != "" {
		t.Errorf("of a target without it: %+v", got)
	}
	if _, err := New(&Target{Profiles: []string{toyClaim}}, []Suite{toy()}, Options{}); err == nil || !strings.Contains(err.Error(), "without the section toy") {
		t.Errorf("a suite that reads another: %v", err)
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
			_, err := ParseTarget("target.yaml", []byte(test.text), env("SECRET", "hush-hush"), newToySection)
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

// TestTargetSpelling holds names that don't exist to a question after the one that was
// meant.
func TestTargetSpelling(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(goodTarget, old, new, 1) }
	for text, want := range map[string]string{
		change("    token_url:", "    tokenurl:"):                                                             "did you mean token_url?",
		change("or12-rostering-core-provider", "or12-rostering-core-provder"):                                 "did you mean or12-rostering-core-provider or or11-rostering-core-provider?",
		goodTarget + "stance: strickt\n":                                                                      "did you mean strict?",
		goodTarget + "disclaims: [demografics]\n":                                                             "did you mean demographics?",
		goodTarget + "limits: {page_sise: 5}\n":                                                               "did you mean page_size?",
		goodTarget + "waivers: [{requirement: paging.link-nexd, reason: a, owner: b, expires: 2027-01-01}]\n": "did you mean or12.rostering.paging.link-next",
		goodTarget + "  steps: [{do: lif}]\n":                                                                 "did you mean lift?",
	} {
		_, err := ParseTarget("target.yaml", []byte(text), env("SECRET", "hush-hush"), newToySection)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("says %v, want %q", err, want)
		}
	}
}

// TestTargetPlaces holds errors to the line at which the key stands, also where another
// key of that name stands before it.
func TestTargetPlaces(t *testing.T) {
	text := strings.Replace(goodTarget, "    client_secret: ${SECRET}\n", "    client_secret: ${SECRET}\n    core_client:\n      client_id: you\n      client_secret: ${ABSENT}\n", 1)
	_, err := ParseTarget("target.yaml", []byte(text), env("SECRET", "hush-hush"), newToySection)
	if err == nil || !strings.HasPrefix(err.Error(), "target.yaml:12: toy.auth.core_client.client_secret: ") {
		t.Error(err)
	}
}

// TestTargetLiteral tells which secrets stand in the file itself, anchors once.
func TestTargetLiteral(t *testing.T) {
	text := strings.Replace(goodTarget, "${SECRET}", "&s abcdef\n    core_client: {client_id: you, client_secret: *s}", 1) + "headers: {X-Key: opensesame, X-Other: '${SECRET}'}\n"
	got, err := ParseTarget("target.yaml", []byte(text), env("SECRET", "hush-hush"), newToySection)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"toy.auth.client_secret", "headers.X-Key"}; !slices.Equal(got.LiteralSecrets(), want) {
		t.Errorf("literal are %q, want %q", got.LiteralSecrets(), want)
	}
	for _, secret := range []string{"abcdef", "opensesame", "hush-hush"} {
		if !slices.Contains(got.secret, secret) {
			t.Errorf("%s isn't known as a secret", secret)
		}
	}
}

// hostileTargets are files that are no target files, and what is said of them.
func hostileTargets() map[string]struct{ text, say string } {
	const n = maxTarget - 1000
	type row = struct{ text, say string }
	deep := func(levels int) string {
		var b strings.Builder
		for i := range levels {
			b.WriteString(strings.Repeat(" ", i) + "a:\n")
		}
		return b.String()
	}
	var bombs strings.Builder
	bombs.WriteString("headers: &a0 {x: y}\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&bombs, "toy: &a%d [*a%d, *a%d, *a%d]\n", i, i-1, i-1, i-1)
	}
	var keys strings.Builder
	for i := range n / 12 {
		fmt.Fprintf(&keys, "  k%d: v\n", i)
	}
	return map[string]row{
		"80,000 brackets":        {strings.Repeat("[", 80_000), "deep"},
		"80,000 braces":          {strings.Repeat("{a: ", 80_000), "deep"},
		"brackets closed":        {"disclaims: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "disclaims"},
		"nested maps":            {deep(1400), "no such key"},
		"50,000 nested maps":     {"a:\n" + strings.Repeat(" ", maxTarget), "longer than 1024 KiB"},
		"maps in one line":       {strings.Repeat("? ", 50_000), "deep"},
		"lists in one line":      {strings.Repeat("- ", 50_000), "deep"},
		"a comment of 100 MB":    {"#" + strings.Repeat("c", 100<<20), "longer than 1024 KiB"},
		"a comment":              {"#" + strings.Repeat("c", n), "empty"},
		"comments":               {strings.Repeat("# c\n", n/4), "empty"},
		"a long list":            {"disclaims: [" + strings.Repeat("a,", n/2) + "]", "keys and values"},
		"a long list of lists":   {"disclaims: [" + strings.Repeat("[],", n/3) + "]", "disclaims[0]"},
		"many keys":              {strings.TrimLeft(strings.ReplaceAll(keys.String(), "\n  ", "\n"), " "), "more than 1000 keys"},
		"many headers":           {"rollcall: 1\nname: x\nheaders:\n" + keys.String(), "more than 1000 keys"},
		"many anchors":           {strings.Repeat("&a ", n/3), ""},
		"anchors that grow":      {bombs.String(), ""},
		"an anchor in itself":    {"disclaims: &a [*a]", ""},
		"merges that grow":       {"headers: &a {x: y}\n" + "limits: {<<: [" + strings.Repeat("*a,", n/4) + "]}", "no such key"},
		"many documents":         {strings.Repeat("---\n", n/4), ""},
		"tags":                   {strings.Repeat("!a ", n/3), ""},
		"tabs":                   {strings.Repeat("\t", n), ""},
		"a tab before a key":     {"rollcall: 1\ntoy:\n\tfirst: x\n", "tab"},
		"NUL":                    {"rollcall: 1\nname: a\x00b\n", "control character (U+0000)"},
		"an escape":              {"rollcall: 1\nname: a\x1b[31mb\n", "control character (U+001B)"},
		"another control":        {"rollcall: 1\nname: a\u009bb\n", "control character (U+009B)"},
		"UTF-16":                 {"\xff\xfer\x00o\x00", "UTF-16"},
		"Latin-1":                {"rollcall: 1\nname: M\xfcller\n", "UTF-8"},
		"a quote without end":    {"name: \"" + strings.Repeat("x", n), ""},
		"a name of a mebibyte":   {"rollcall: 1\nname: " + strings.Repeat("x", n) + "\n", "no profile"},
		"a profile of that size": {"rollcall: 1\nname: x\nprofiles: [" + strings.Repeat("x", n) + "]\n", "there is no profile"},
		"a key of that size":     {strings.Repeat("x", n) + ": 1\n", ""},
		"a list":                 {"- rollcall: 1\n", "no target file"},
		"a text":                 {"PK\x03\x04", "control character"},
		"nothing":                {"", "empty"},
	}
}

// mostMemory bounds what is allocated for a file of the largest size.
const mostMemory = 400 << 20

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHostileTargetFiles holds what is no target file to one short error and a bounded
// cost.
func TestHostileTargetFiles(t *testing.T) {
	for name, test := range hostileTargets() {
		t.Run(name, func(t *testing.T) {
			var err error
			spent := allocated(func() { _, err = ParseTarget("target.yaml", []byte(test.text), env(), newToySection) })
			var config *ConfigError
			if !errors.As(err, &config) || config.Remedy == "" || !strings.Contains(err.Error(), test.say) {
				t.Fatalf("says %.300v", err)
			}
			if len(err.Error()) > 1500 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				t.Errorf("the error has %d bytes: %.300q", len(err.Error()), err)
			}
			if spent > mostMemory {
				t.Errorf("%d MiB are allocated", spent>>20)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "target.yaml")
	if err := os.WriteFile(path, bytes.Repeat([]byte("# comment\n"), 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if spent := allocated(func() { _, err = ReadTarget(path, env(), newToySection) }); spent > 16<<20 || err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a file of 100 MiB: %d MiB are allocated, %v", spent>>20, err)
	}
}

// FuzzTarget holds any text to an end, a bounded cost, and no secret in the error.
func FuzzTarget(f *testing.F) {
	f.Add([]byte(goodTarget))
	f.Add([]byte("rollcall: 1\nwaivers: [{}]\ncontainer: {port: 1, env: {A: ${SECRET}}}\n"))
	f.Add([]byte("a: &a {<<: *a}\nb: [*a, *a]\n"))
	for _, test := range hostileTargets() {
		if len(test.text) < 4<<10 {
			f.Add([]byte(test.text))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var target *Target
		var err error
		if spent := allocated(func() { target, err = ParseTarget("t.yaml", text, env("SECRET", "hush-hush"), newToySection) }); spent > mostMemory {
			t.Errorf("%d MiB are allocated", spent>>20)
		}
		if err != nil && strings.Contains(err.Error(), "hush-hush") && !strings.Contains(string(text), "hush-hush") {
			t.Errorf("the secret leaks: %v", err)
		}
		if (target == nil) == (err == nil) {
			t.Errorf("neither a target nor an error, or both: %v", err)
		}
	})
}
