package oneroster

import (
	"cmp"
	_ "embed"
	"errors"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Section says where a OneRoster provider lies.
type Section struct {
	// Rostering is the full base URL of the 1.2 Rostering service, such as
	// https://sis.example.org/ims/oneroster/rostering/v1p2.
	Rostering string `yaml:"rostering,omitempty"`
	// Resources is that of the 1.2 Resources service.
	Resources string `yaml:"resources,omitempty"`
	// V1P1 is the one root of all services of OneRoster 1.1, such as
	// https://sis.example.org/ims/oneroster/v1p1.
	V1P1 string `yaml:"v1p1,omitempty"`
	// Gradebook is that of the 1.2 Gradebook service.
	Gradebook string `yaml:"gradebook,omitempty"`
	// Assessment is that of the 1.2 Assessment Results operations, where they don't lie below
	// the one of Gradebook.
	Assessment string `yaml:"assessment,omitempty"`
	// CASE is where the learning objectives lie to which the product's data are aligned.
	CASE CASE                `yaml:"case,omitempty"`
	Auth harness.Credentials `yaml:"auth,omitempty"`
	CSV  CSV                 `yaml:"csv,omitempty"`
	// Writes says whether Rollcall may write, and Writable to what.
	Writes   bool     `yaml:"writes,omitempty"`
	Writable Writable `yaml:"writable,omitempty"`
}

// Assessments is where the operations of assessments lie: they are part of the Gradebook
// service, unless the target file says otherwise.
func (s *Section) Assessments() string { return cmp.Or(s.Assessment, s.Gradebook) }

// Writable names what may be written to: objects are made in the class, and for the student.
type Writable struct {
	Class   string `yaml:"class,omitempty"`
	School  string `yaml:"school,omitempty"`  // that of the class
	Student string `yaml:"student,omitempty"` // of the class
	Session string `yaml:"session,omitempty"` // an academic session in which the class may have results
	// GradingPeriod is one in which line items of the class count; OneRoster 1.1 has none without.
	GradingPeriod string `yaml:"grading_period,omitempty"`
}

// CSV names a bundle that the product wrote.
type CSV struct {
	Bundle  string `yaml:"bundle"`            // a zip, a folder or a file
	Version string `yaml:"version,omitempty"` // 1.1 or 1.2; empty: as the manifest says
}

// CASE names a server of competency frameworks. It is no part of the product, and not judged.
type CASE struct {
	// URL is its base URL, version part included, such as https://case.example.org/ims/case/v1p1.
	URL   harness.Elsewhere `yaml:"url,omitempty"`
	Token string            `yaml:"token,omitempty"` // a bearer token, where it wants one
}

// New makes an empty section.
func New() harness.Section { return &Section{} }

// Of gives the section of a target file.
func Of(t *harness.Target) *Section { return harness.SectionOf[Section](t) }

// Access says which credentials are for its services.
func Access() *harness.Access {
	return &harness.Access{Key: key + ".auth", Of: func(t *harness.Target) *harness.Credentials { return &Of(t).Auth }}
}

const key = "oneroster"

//go:embed keys.yaml
var keys []byte

//go:embed redact.yaml
var hides []byte

// Key is that of the section.
func (s *Section) Key() string { return key }

// Keys says what the keys of the section are for.
func (s *Section) Keys() []byte { return keys }

// Hides says what of its data never reaches a report in clear.
func (s *Section) Hides() []byte { return hides }

// bases are the base URLs of the services, by their keys.
func (s *Section) bases() []base {
	return []base{{"rostering", &s.Rostering}, {"resources", &s.Resources}, {"gradebook", &s.Gradebook}, {"assessment", &s.Assessment},
		{"v1p1", &s.V1P1}}
}

type base struct {
	key string
	url *string
}

// Addresses are the base URLs, and that of the token endpoint.
func (s *Section) Addresses() []*string {
	var out []*string
	for _, b := range s.bases() {
		out = append(out, b.url)
	}
	return append(out, &s.Auth.TokenURL)
}

// Identity is where the services and the bundle lie.
func (s *Section) Identity() []string {
	return []string{s.Rostering, s.Resources, s.Gradebook, s.Assessment, s.V1P1, s.CSV.Bundle}
}

const example = "https://sis.example.org/ims/oneroster/rostering/v1p2"

// Validate holds the section to what can be used.
func (s *Section) Validate(t *harness.Target) error {
	for _, b := range append(s.bases(), base{"token_url", &s.Auth.TokenURL}) {
		if err := t.ValidURL(b.key, *b.url, example); err != nil {
			return err
		}
	}
	if s.Writes && s.Writable.Class == "" {
		return errors.New("oneroster.writes is true, but oneroster.writable.class doesn't say to which class; give its sourcedId")
	}
	for _, b := range s.bases() {
		*b.url = strings.TrimRight(*b.url, "/")
	}
	if err := s.CASE.validate(t); err != nil {
		return err
	}
	served := slices.ContainsFunc(s.bases(), func(b base) bool {
		signed := b.url == &s.V1P1 && s.Auth.OAuth1 != nil // which takes no token
		return *b.url != "" && !signed
	})
	return s.Auth.Validate(t, Access().Key, served)
}

const exampleCASE = "https://case.example.org/ims/case/v1p1"

func (c *CASE) validate(t *harness.Target) error {
	if err := t.ValidURL("url", string(c.URL), exampleCASE); err != nil {
		return err
	}
	if c.Token != "" && c.URL == "" {
		return t.Problem("token", "there is a token for a CASE server, and none is named", "add `url: "+exampleCASE+"` beside it")
	}
	c.URL = harness.Elsewhere(strings.TrimRight(string(c.URL), "/"))
	return nil
}
