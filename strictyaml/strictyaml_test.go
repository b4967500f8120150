package strictyaml

import (
	"strings"
	"testing"
)

func TestUnmarshal(t *testing.T) {
	type list struct {
		Names []string `yaml:"names"`
	}
	for _, test := range []struct {
		title, text, want string // want is a part of the error; empty for none
	}{
		{"a list", "names: [a, b]", ""},
		{"nothing", "", ""},
		{"a comment alone", "# to do\n", ""},
		{"a misspelt key", "names: [a]\nnaems: [b]", "line 2: field naems not found"},
		{"a key twice", "names: [a]\nnames: [b]", `line 2: mapping key "names" already defined at line 1`},
		{"a second document", "names: [a]\n---\nnames: [b]", "a second document"},
		{"a broken second document", "names: [a]\n---\n[", "line"},
		{"another kind", "names: {a: b}", "line 1"},
		{"no YAML", "names: [", "line 1"},
	} {
		t.Run(test.title, func(t *testing.T) {
			var l list
			err := Unmarshal([]byte(test.text), &l)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error is %v, want %q in it", err, test.want)
			}
		})
	}
}
