package lti

import (
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

const file = `rollcall: 1
name: Campus
profiles: [lti13-core-platform]
lti:
  platform:
    issuer: https://campus.example.org
    auth_url: https://campus.example.org/auth
    jwks_url: https://campus.example.org/jwks
    users:
      - {name: a teacher, role: instructor, steps: [{open: https://campus.example.org/}]}
    links:
      - {name: quiz, steps: [{click: "#quiz"}]}
      - {name: framed, as: frame, same_as: quiz, steps: [{click: "#framed"}]}
      - {name: other, as: window, steps: [{click: "#other"}]}
    picks:
      - {name: editor, user: a teacher, steps: [{click: "#add"}], shows: [{click: "#list"}]}
`

// A target file that can't be meant is refused where it is wrong, with a way to mend it.
func TestTargetFiles(t *testing.T) {
	for name, test := range map[string]struct{ old, by, key string }{
		"right":        {"", "", ""},
		"as":           {"as: frame", "as: iframe", "as"},
		"role":         {"role: instructor", "role: teacher", "role"},
		"same as none": {"same_as: quiz", "same_as: nothing", "same_as"},
		"same as self": {"same_as: quiz", "same_as: framed", "same_as"},
		"two verbs":    {`{click: "#quiz"}`, `{click: "#quiz", wait: "#done"}`, "steps"},
		"no verb":      {`{click: "#quiz"}`, `{}`, "steps"},
		"nobody picks": {"user: a teacher", "user: somebody", "user"},
		"no picker":    {`steps: [{click: "#add"}]`, "steps: []", "picks"},
		"a pick":       {`{click: "#list"}`, `{click: "#list", wait: x}`, "steps"},
		"stray value":  {`{click: "#quiz"}`, `{click: "#quiz", value: x}`, "value"},
	} {
		_, err := harness.ParseTarget("target.yaml", []byte(strings.Replace(file, test.old, test.by, 1)), func(string) (string, bool) { return "", false }, New)
		if (err == nil) != (test.key == "") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		problem, is := err.(*harness.ConfigError)
		if err != nil && (!is || problem.Key[strings.LastIndex(problem.Key, ".")+1:] != test.key || problem.Cause == "" || problem.Remedy == "") {
			t.Errorf("%s: %#v", name, err)
		}
	}
}

// TestSpelling: a name that there isn't is asked after, in the section as elsewhere.
func TestSpelling(t *testing.T) {
	for more, want := range map[string]string{
		"  tool: {launched: {selektor: x}}\n": "did you mean selector?",
		"  tool: {anonymus: served}\n":        "did you mean anonymous?",
		"  tool: {anonymous: serve}\n":        "did you mean served?",
		"  lisen: 127.0.0.1:1\n":              "did you mean listen?",
	} {
		_, err := harness.ParseTarget("target.yaml", []byte(file+more), func(string) (string, bool) { return "", false }, New)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("says %v, want %q", err, want)
		}
	}
}

// TestDefaults: what the file leaves out is filled in, also where it has no such section.
func TestDefaults(t *testing.T) {
	target, err := harness.ParseTarget("target.yaml", []byte("rollcall: 1\nname: None\nprofiles: [lti13-core-tool]\n"), nil, New)
	if err != nil {
		t.Fatal(err)
	}
	l := Of(target)
	if l.Listen != DefaultListen || l.PublicURL != "http://"+DefaultListen || l.ClientID != "rollcall" || len(l.Deployments) != 1 {
		t.Errorf("read as %+v", l)
	}
}

// TestOtherPlatform: what isn't said of the other platform is as at the first, and where it
// is may not be the same place.
func TestOtherPlatform(t *testing.T) {
	read := func(other string) (*Section, error) {
		target, err := harness.ParseTarget("target.yaml", []byte("rollcall: 1\nname: None\nprofiles: [lti13-core-tool]\nlti:\n  client_id: c\n"+
			"  other_client_id: d\n  deployments: [a, b]\n  other_platform: "+other+"\n"), nil, New)
		if err != nil {
			return nil, err
		}
		return Of(target), nil
	}
	l, err := read(`{listen: "127.0.0.1:9461"}`)
	if err != nil {
		t.Fatal(err)
	}
	o := l.Other()
	if !l.OtherPlatform.Set() || o.OtherPlatform.Set() || o.Listen != "127.0.0.1:9461" || o.PublicURL != "http://127.0.0.1:9461" ||
		o.ClientID != "c" || o.OtherClientID != "" || len(o.Deployments) != 2 {
		t.Errorf("read as %+v", o)
	}
	for _, wrong := range []string{`{listen: "9461"}`, `{public_url: "http://127.0.0.1:9461"}`, `{listen: "127.0.0.1:9460"}`,
		`{listen: "127.0.0.1:9461", public_url: "http://127.0.0.1:9460/"}`, `{listen: "127.0.0.1:9461", public_url: "other.example"}`} {
		if _, err := read(wrong); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}

func TestSameLinks(t *testing.T) {
	quiz, practice := Link{Name: "quiz"}, Link{Name: "practice"}
	framed, window := Link{Name: "framed", As: "frame", SameAs: "quiz"}, Link{Name: "other", As: "window"}
	for _, test := range []struct {
		a, b        Link
		same, known bool
	}{{quiz, practice, false, true}, {framed, quiz, true, true}, {framed, practice, false, true}, {window, quiz, false, false}} {
		if same, known := test.a.Same(test.b); same != test.same || known != test.known {
			t.Errorf("%s and %s: same %t, known %t", test.a.Name, test.b.Name, same, known)
		}
	}
}
