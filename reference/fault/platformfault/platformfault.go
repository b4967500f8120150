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

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

//go:embed faults.yaml
var faultTable []byte

//go:embed variants.yaml
var variantTable []byte

// behaviour is what a fault or variant does to a platform from outside.
type behaviour struct {
	bend func(*platform.Config)
	wrap bend.Wrapper
}

var tables = sync.OnceValues(func() (fault.Tables, error) {
	var checks, assertions []string
	for _, c := range platform.Checks() {
		checks = append(checks, c.ID)
	}
	for _, a := range platform.Assertions() {
		assertions = append(assertions, a.ID)
	}
	return fault.ReadTables("platform", faultTable, variantTable, behaviours(), checks, assertions)
})

// Faults lists the faults of a platform, in the order of the table.
func Faults() ([]fault.Fault, error) {
	t, err := tables()
	return slices.Clone(t.Faults), err
}

// Variants lists the legal oddities of a platform, in the order of the table.
func Variants() ([]fault.Variant, error) {
	t, err := tables()
	return slices.Clone(t.Variants), err
}

// Bent is what faults and variants do to one platform. What one of them remembers is
// shared by what it changes and what it wraps, so that each platform needs a Bent of
// its own.
type Bent struct {
	setups     []fault.Fault
	behaviours []behaviour
}

// Of gives what faults and variants do. It fails where there is none of that id.
func Of(ids ...string) (*Bent, error) {
	t, err := tables()
	if err != nil {
		return nil, err
	}
	b, all := &Bent{}, behaviours()
	for _, id := range ids {
		f, known := t.Fault(id)
		if !known {
			return nil, fmt.Errorf("there is no fault or variant %q of a platform; `rollcall list faults` shows all", id)
		}
		b.setups, b.behaviours = append(b.setups, f), append(b.behaviours, all[id])
	}
	return b, nil
}

// Bend changes what a platform is made of.
func (b *Bent) Bend(c platform.Config) platform.Config {
	for i, one := range b.behaviours {
		if drop := b.setups[i].Drop; len(drop) > 0 {
			c.Checks = spare(c.Checks, drop...)
		}
		if drop := b.setups[i].Assertions; len(drop) > 0 {
			c.Assertions = slices.DeleteFunc(platform.Assertions(), func(a platform.Assertion) bool { return slices.Contains(drop, a.ID) })
		}
		if one.bend != nil {
			one.bend(&c)
		}
	}
	return c
}

// spare leaves checks out; nil stands for all of them.
func spare(checks []platform.Check, ids ...string) []platform.Check {
	if checks == nil {
		checks = platform.Checks()
	}
	return slices.DeleteFunc(slices.Clone(checks), func(c platform.Check) bool { return slices.Contains(ids, c.ID) })
}

// Wrap puts the rest around the handler of the platform, the first outermost.
func (b *Bent) Wrap(h http.Handler) http.Handler {
	for _, one := range slices.Backward(b.behaviours) {
		if one.wrap != nil {
			h = one.wrap(h)
		}
	}
	return h
}

func behaviours() map[string]behaviour {
	return fault.Gather(claimFaults(), memberFaults(), tokenFaults(), requestFaults(), laxFaults(), hintFaults(), pageFaults(), serviceFaults(), endpointFaults(), oddities(), mannerisms())
}
