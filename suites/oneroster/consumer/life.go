package consumer

import (
	_ "embed"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
)

//go:embed lives.yaml
var livesFile []byte

//go:embed drops.yaml
var dropsFile []byte

// phase is one step of a product's life.
type phase struct {
	ID          string             `yaml:"id"`
	Title       string             `yaml:"title"`
	Change      []string           `yaml:"change"`
	Behaviour   provider.Behaviour `yaml:"behaviour"`
	Mode        string             `yaml:"mode"`
	Expect      string             `yaml:"expect"`
	Requirement string             `yaml:"requirement"`
	Also        []string           `yaml:"also"`
	Of          string             `yaml:"of"`
	// Added is of what was added before: where nothing was yet, it is, and synced first.
	Added bool `yaml:"added"`
	// Gone is of what has vanished before: where nothing has, something does, and that is synced first.
	Gone bool `yaml:"gone"`
	// Between has the change be stamped with a time at which the sync before had read people, and wasn't over.
	Between  bool     `yaml:"between"`
	Versions []string `yaml:"versions"`
	// Collection is the one of which a phase looks at what the first sync brought.
	Collection string `yaml:"collection"`
	Bundle     string `yaml:"bundle"` // what is dropped
	// Back has what a phase may lose be looked for after the next bundle.
	Back bool `yaml:"back"`
	// Untrusted has the product read from the provider by a certificate that it can't verify.
	Untrusted bool `yaml:"untrusted"`
}

// What a phase expects.
const (
	expectFirst    = "first"
	expectHeld     = "held"
	expectSame     = "same"
	expectFollows  = "follows"
	expectStays    = "stays"
	expectAccepts  = "accepts"
	expectSurvives = "survives"
)

// The services of which requirements are.
const (
	rosters   = "consumer"
	grades    = "gradebook-consumer"
	resources = "resources-consumer"
	drops     = "csv-consumer"
)

// phases are the life of a product that calls, in order; dropPhases that of one that takes bundles.
var (
	phases     = sync.OnceValues(func() ([]phase, error) { return readLife(livesFile, rosters) })
	dropPhases = sync.OnceValues(func() ([]phase, error) { return readLife(dropsFile, drops) })
)

// readLife reads a life of which the phases are of a service, where they don't say of which.
func readLife(text []byte, of string) ([]phase, error) {
	var f struct {
		Phases []phase `yaml:"phases"`
	}
	if err := strictyaml.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("reading the life of a consumer: %w", err)
	}
	seen := map[string]bool{}
	for i := range f.Phases {
		p := &f.Phases[i]
		if p.Mode == "" {
			p.Mode = driver.Full
		}
		if p.Of == "" {
			p.Of = of
		}
		if len(p.Versions) == 0 {
			p.Versions = []string{"1.1", "1.2"}
		}
		if seen[p.ID] {
			return nil, fmt.Errorf("phase %s is there twice", p.ID)
		}
		if err := p.validate(); err != nil {
			return nil, err
		}
		seen[p.ID] = true
	}
	return f.Phases, nil
}

func (p phase) validate() error {
	switch {
	case p.ID == "" || p.Title == "":
		return fmt.Errorf("phase %q has no id or no title", p.ID)
	case !slices.Contains([]string{expectFirst, expectHeld, expectSame, expectFollows, expectStays, expectAccepts, expectSurvives}, p.Expect):
		return fmt.Errorf("phase %s expects %q, which nobody knows", p.ID, p.Expect)
	case p.Mode != driver.Full && p.Mode != driver.Delta:
		return fmt.Errorf("phase %s is of the mode %q", p.ID, p.Mode)
	case p.Requirement == "" && p.Expect != expectFirst:
		return fmt.Errorf("phase %s decides nothing", p.ID)
	case (p.Bundle != "") != (p.Of == drops):
		return fmt.Errorf("phase %s drops no bundle, or is of a service that takes none", p.ID)
	}
	for _, c := range p.Change {
		if changes[c] == nil {
			return fmt.Errorf("phase %s has the change %q, which there isn't", p.ID, c)
		}
	}
	for _, a := range p.Also {
		if looks[a] == nil {
			return fmt.Errorf("phase %s looks at %q, which nobody does", p.ID, a)
		}
	}
	return nil
}

// plain tells whether the provider behaves as any in a phase.
func (p phase) plain() bool {
	return !p.Untrusted && reflect.DeepEqual(p.Behaviour, provider.Behaviour{})
}
