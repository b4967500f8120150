package resourcesearch

import (
	_ "embed"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Section says where a catalogue lies, and how Rollcall is let in.
type Section struct {
	// URL is the full base URL of the service, such as https://catalog.example.org/ims/rs/v1p0.
	URL  string              `yaml:"url,omitempty"`
	Auth harness.Credentials `yaml:"auth,omitempty"`
}

const (
	key     = "resource_search"
	example = "https://catalog.example.org/ims/rs/v1p0"
)

//go:embed keys.yaml
var keys []byte

// New makes an empty section.
func New() harness.Section { return &Section{} }

// Of gives the section of a target file.
func Of(t *harness.Target) *Section { return harness.SectionOf[Section](t) }

// Access says which credentials are for the service.
func Access() *harness.Access {
	return &harness.Access{Key: key + ".auth", Of: func(t *harness.Target) *harness.Credentials { return &Of(t).Auth }}
}

// Key is that of the section.
func (s *Section) Key() string { return key }

// Keys says what the keys of the section are for.
func (s *Section) Keys() []byte { return keys }

// Hides is nothing: a catalogue knows of no people.
func (s *Section) Hides() []byte { return nil }

// Addresses are the base URL, and that of the token endpoint.
func (s *Section) Addresses() []*string { return []*string{&s.URL, &s.Auth.TokenURL} }

// Identity is where the service lies.
func (s *Section) Identity() []string { return []string{s.URL} }

// Validate holds the section to what can be used.
func (s *Section) Validate(t *harness.Target) error {
	for name, address := range map[string]string{"url": s.URL, "token_url": s.Auth.TokenURL} {
		if err := t.ValidURL(name, address, example); err != nil {
			return err
		}
	}
	s.URL = strings.TrimRight(s.URL, "/")
	return s.Auth.Validate(t, Access().Key, s.URL != "")
}
