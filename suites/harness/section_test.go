package harness

import (
	"cmp"
	"strings"
	"testing"
)

// toySection is a section of a standard that there isn't: two services, and credentials.
type toySection struct {
	First  string      `yaml:"first,omitempty"`
	Second string      `yaml:"second,omitempty"`
	Auth   Credentials `yaml:"auth,omitempty"`
	Steps  []toyStep   `yaml:"steps,omitempty"`
	said   string      // of its keys, instead of toyKeys
}

type toyStep struct {
	Do string `yaml:"do"`
}

const toyKeys = `
toySection:
  title: A toy
  text: A standard that there isn't.
  key: Where a toy lies.
  definition: Toy
  keys:
    first: {text: Its first service., example: 'https://toy.example.org/v1'}
    second: {text: Its second service., example: 'https://toy.example.org/v2'}
    auth: {text: How Rollcall is let in.}
    steps: {text: What to do.}
toyStep:
  title: Steps
  text: What to do.
  keys:
    do: {text: What., one_of: [push, lift], example: push}
`

func (s *toySection) Key() string          { return "toy" }
func (s *toySection) Keys() []byte         { return []byte(cmp.Or(s.said, toyKeys)) }
func (s *toySection) Hides() []byte        { return []byte("personal: [cityOfBirth]\n") }
func (s *toySection) Identity() []string   { return []string{s.First, s.Second} }
func (s *toySection) Addresses() []*string { return []*string{&s.First, &s.Second, &s.Auth.TokenURL} }

func (s *toySection) Validate(t *Target) error {
	for key, value := range map[string]string{"first": s.First, "second": s.Second, "token_url": s.Auth.TokenURL} {
		if err := t.ValidURL(key, value, "https://toy.example.org/v1"); err != nil {
			return err
		}
	}
	return s.Auth.Validate(t, "toy.auth", s.First != "")
}

func newToySection() Section { return &toySection{} }

func toyOf(t *Target) *toySection { return SectionOf[toySection](t) }

func toyAccess() *Access {
	return &Access{Key: "toy.auth", Of: func(t *Target) *Credentials { return &toyOf(t).Auth }}
}

// TestSectionKeys holds what a section says of its keys to its structs: each is there, and no
// other.
func TestSectionKeys(t *testing.T) {
	for name, test := range map[string]struct{ old, by, say string }{
		"right":            {"", "", ""},
		"a key is missing": {"    second: {text: Its second service., example: 'https://toy.example.org/v2'}\n", "", `nothing is said of the key "second"`},
		"a key too many":   {"    first:", "    zeroth: {text: None., example: x}\n    first:", "has no key zeroth"},
		"no example":       {", example: push", "", "the key do has no example"},
		"a kind of secret": {", example: push", ", example: push, secret: sometimes", `secret "sometimes"`},
		"no struct":        {"toyStep:", "toyStride:", "nothing is said of the keys of harness.toyStep"},
		"a struct more":    {"toyStep:", "toyStride: {title: A, text: B}\ntoyStep:", "there is no toyStride"},
		"no text":          {"  text: A standard that there isn't.\n", "", "nothing is said of the keys of harness.toySection"},
		"another word":     {"  title: Steps\n", "  titel: Steps\n", "titel"},
	} {
		_, err := keysWith([]Section{&toySection{said: strings.Replace(toyKeys, test.old, test.by, 1)}})
		if test.say == "" && err != nil || test.say != "" && (err == nil || !strings.Contains(err.Error(), test.say)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestKernelKeys: keys.yaml speaks of the kernel's structs alone.
func TestKernelKeys(t *testing.T) {
	notes, err := kernelNotes()
	if err != nil {
		t.Fatal(err)
	}
	table, err := keysWith([]Section{newToySection()})
	if err != nil {
		t.Fatal(err)
	}
	if len(table.places) != len(notes)+2 { // the toy's are two
		t.Errorf("%d structs, and keys.yaml has %d", len(table.places), len(notes))
	}
}

// TestTargetPage holds the reference to all keys, the section's among them.
func TestTargetPage(t *testing.T) {
	page, err := TargetPage(newToySection)
	if err != nil {
		t.Fatal(err)
	}
	table, err := keysWith([]Section{newToySection()})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range table.places {
		for _, k := range p.keys {
			if !strings.Contains(page, "| `"+k.name+"` |") {
				t.Errorf("%s.%s is not on the page", p.definition(), k.name)
			}
		}
	}
}
