// Package platformfault makes the reference platform wrong on purpose, and odd
// within the law: claims are changed before they are signed, checks are forgotten,
// and the handler is wrapped. What each breaks is data.
package platformfault

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

//go:embed faults.yaml
var faultTable []byte

//go:embed variants.yaml
var variantTable []byte

// Fault is a misbehaviour of a platform: checks of requests and of assertions that
// it forgets, and what else it does.
type Fault struct {
	fault.Fault `yaml:",inline"`
	Drop        []string `yaml:"drop,omitempty"`       // ids of platform.Checks
	Assertions  []string `yaml:"assertions,omitempty"` // ids of platform.Assertions
}

// behaviour is what a fault or variant does to a platform from outside.
type behaviour struct {
	bend func(*platform.Config)
	wrap bend.Wrapper
}

var tables = sync.OnceValues(func() (t struct {
	faults   []Fault
	variants []fault.Variant
}, err error) {
	if err = yaml.UnmarshalWithOptions(faultTable, &t.faults, yaml.Strict()); err != nil {
		return t, fmt.Errorf("reading the table of faults of a platform: %w", err)
	}
	if err = yaml.UnmarshalWithOptions(variantTable, &t.variants, yaml.Strict()); err != nil {
		return t, fmt.Errorf("reading the table of variants of a platform: %w", err)
	}
	can, known := behaviours(), map[string]bool{}
	for _, f := range t.faults {
		if _, does := can[f.ID]; !does && len(f.Drop)+len(f.Assertions) == 0 || known[f.ID] {
			return t, fmt.Errorf("the fault %s of a platform is in the table twice, or nothing does it", f.ID)
		}
		for _, id := range f.Drop {
			if !slices.ContainsFunc(platform.Checks(), func(c platform.Check) bool { return c.ID == id }) {
				return t, fmt.Errorf("the fault %s of a platform drops %s, which is no check", f.ID, id)
			}
		}
		for _, id := range f.Assertions {
			if !slices.ContainsFunc(platform.Assertions(), func(c platform.Assertion) bool { return c.ID == id }) {
				return t, fmt.Errorf("the fault %s of a platform drops %s, which is no check of assertions", f.ID, id)
			}
		}
		known[f.ID] = true
	}
	for _, v := range t.variants {
		if _, does := can[v.ID]; !does || known[v.ID] {
			return t, fmt.Errorf("the variant %s of a platform is in the table twice, or nothing does it", v.ID)
		}
		known[v.ID] = true
	}
	for id := range can {
		if !known[id] {
			return t, fmt.Errorf("%s can be done to a platform, but is in no table", id)
		}
	}
	return t, nil
})

// Faults lists the faults of a platform, in the order of the table.
func Faults() ([]Fault, error) {
	t, err := tables()
	return slices.Clone(t.faults), err
}

// Variants lists the legal oddities of a platform, in the order of the table.
func Variants() ([]fault.Variant, error) {
	t, err := tables()
	return slices.Clone(t.variants), err
}

// Bend changes what a platform is made of.
func Bend(c platform.Config, ids ...string) (platform.Config, error) {
	t, err := tables()
	if err != nil {
		return c, err
	}
	for _, id := range ids {
		i := slices.IndexFunc(t.faults, func(f Fault) bool { return f.ID == id })
		if i < 0 && !slices.ContainsFunc(t.variants, func(v fault.Variant) bool { return v.ID == id }) {
			return c, fmt.Errorf("there is no fault or variant %q of a platform; `rollcall list faults` shows all", id)
		}
		if i >= 0 {
			c.Checks = spare(c.Checks, t.faults[i].Drop...)
			if drop := t.faults[i].Assertions; len(drop) > 0 {
				c.Assertions = slices.DeleteFunc(platform.Assertions(), func(a platform.Assertion) bool { return slices.Contains(drop, a.ID) })
			}
		}
		if b := behaviours()[id]; b.bend != nil {
			b.bend(&c)
		}
	}
	return c, nil
}

// spare leaves checks out; nil stands for all of them.
func spare(checks []platform.Check, ids ...string) []platform.Check {
	if checks == nil {
		checks = platform.Checks()
	}
	return slices.DeleteFunc(slices.Clone(checks), func(c platform.Check) bool { return slices.Contains(ids, c.ID) })
}

// Wrap puts the rest around the handler of a platform, the first outermost.
func Wrap(p *platform.Platform, ids ...string) (http.Handler, error) {
	h := p.Handler()
	for _, id := range slices.Backward(ids) {
		if b := behaviours()[id]; b.wrap != nil {
			h = b.wrap(h)
		}
	}
	return h, nil
}

func behaviours() map[string]behaviour {
	all := map[string]behaviour{}
	for _, topic := range []map[string]behaviour{claimFaults(), tokenFaults(), requestFaults(), serviceFaults(), oddities()} {
		for id, b := range topic {
			if _, twice := all[id]; twice {
				panic("two behaviours of a platform are called " + id)
			}
			all[id] = b
		}
	}
	return all
}
