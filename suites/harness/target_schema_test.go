package harness_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
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

func hushed(string) (string, bool) { return "hush-hush", true }

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := harness.TargetSchema(oneroster.New, lti.New)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("target.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("target.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON reads YAML as an editor does.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

var examples = regexp.MustCompile("(?s)```yaml\n(rollcall: 1\n.*?)```")

// TestTargetSchema holds the schema to the examples of the documentation, and to refuse
// what ParseTarget refuses for its form.
func TestTargetSchema(t *testing.T) {
	schema := compiled(t)
	good := []string{goodTarget, goodTarget + "version: 1.2\nlimits: {page_size: \"${PAGE}\", request_timeout: 1m30s}\ntls:\n"}
	for _, file := range []string{"README.md", "docs/lti.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		found := examples.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s has no target file", file)
		}
		for _, m := range found {
			good = append(good, m[1])
		}
	}
	for _, text := range good {
		if _, err := harness.ParseTarget("target.yaml", []byte(text), func(string) (string, bool) { return "77", true }, oneroster.New, lti.New); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
		if err := schema.Validate(asJSON(t, text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
	change := func(old, new string) string { return strings.Replace(goodTarget, old, new, 1) }
	for name, text := range map[string]string{
		"a misspelt key":        change("name:", "nmae:"),
		"a misspelt key below":  change("token_url:", "tokenurl:"),
		"a misspelt profile":    change("core-provider", "kore-provider"),
		"a misspelt stance":     goodTarget + "stance: strickt\n",
		"a misspelt feature":    goodTarget + "disclaims: [demografics]\n",
		"no name":               change("name: Test SIS\n", ""),
		"a number":              goodTarget + "limits: {page_size: many}\n",
		"a duration":            goodTarget + "limits: {request_timeout: 30 seconds}\n",
		"a list":                change("[or12-rostering-core-provider]", "or12-rostering-core-provider"),
		"a misspelt waiver":     goodTarget + "waivers: [{requirement: no.such, reason: a, owner: b, expires: '2027-01-01'}]\n",
		"a misspelt step":       goodTarget + "lti: {tool: {login_url: 'https://x', target_link_uri: 'https://x', steps: [{klick: a}]}}\n",
		"a version":             goodTarget + "oneroster: {csv: {bundle: x, version: 1.3}}\n",
		"another file's format": change("rollcall: 1", "rollcall: 2"),
	} {
		if name != "a version" { // the key oneroster stands there twice
			if _, err := harness.ParseTarget("target.yaml", []byte(text), hushed, oneroster.New, lti.New); err == nil {
				t.Errorf("%s is read", name)
			}
		} else {
			text = strings.Replace(goodTarget, "oneroster:\n", "oneroster:\n  csv: {bundle: x, version: 1.3}\n", 1)
		}
		if err := schema.Validate(asJSON(t, text)); err == nil {
			t.Errorf("%s is valid", name)
		}
	}
}
