package consumer

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
)

//go:embed lives.yaml
var livesFile []byte

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
	Versions    []string           `yaml:"versions"`
	// Unread says that the product can't read everything in the end, so that a sync that is called a success isn't one.
	Unread bool `yaml:"unread"`
	// Impostor has the product told to read from a provider that isn't who it says it is.
	Special string `yaml:"special"`
}

// What a phase expects.
const (
	expectFirst    = "first"
	expectSame     = "same"
	expectFollows  = "follows"
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

// phases are the life of a product, in order.
var phases = sync.OnceValues(func() ([]phase, error) {
	var f struct {
		Phases []phase `yaml:"phases"`
	}
	if err := strictyaml.Unmarshal(livesFile, &f); err != nil {
		return nil, fmt.Errorf("reading the life of a consumer: %w", err)
	}
	seen := map[string]bool{}
	for i := range f.Phases {
		p := &f.Phases[i]
		if p.Mode == "" {
			p.Mode = driver.Full
		}
		if p.Of == "" {
			p.Of = rosters
		}
		if len(p.Versions) == 0 {
			p.Versions = []string{"1.1", "1.2"}
		}
		switch {
		case p.ID == "" || seen[p.ID] || p.Title == "":
			return nil, fmt.Errorf("phase %q has no id or title, or is there twice", p.ID)
		case !slices.Contains([]string{expectFirst, expectSame, expectFollows, expectAccepts, expectSurvives}, p.Expect):
			return nil, fmt.Errorf("phase %s expects %q, which nobody knows", p.ID, p.Expect)
		case p.Mode != driver.Full && p.Mode != driver.Delta:
			return nil, fmt.Errorf("phase %s is of mode %q", p.ID, p.Mode)
		}
		for _, c := range p.Change {
			if changes[c] == nil {
				return nil, fmt.Errorf("phase %s has the change %q, which there isn't", p.ID, c)
			}
		}
		seen[p.ID] = true
	}
	return f.Phases, nil
})
