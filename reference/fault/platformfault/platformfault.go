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

// Bend changes what a platform is made of.
func Bend(c platform.Config, ids ...string) (platform.Config, error) {
	t, err := tables()
	if err != nil {
		return c, err
	}
	for _, id := range ids {
		f, known := t.Fault(id)
		if !known {
			return c, fmt.Errorf("there is no fault or variant %q of a platform; `rollcall list faults` shows all", id)
		}
		if len(f.Drop) > 0 {
			c.Checks = spare(c.Checks, f.Drop...)
		}
		if drop := f.Assertions; len(drop) > 0 {
			c.Assertions = slices.DeleteFunc(platform.Assertions(), func(a platform.Assertion) bool { return slices.Contains(drop, a.ID) })
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
	return fault.Gather(claimFaults(), memberFaults(), tokenFaults(), requestFaults(), laxFaults(), hintFaults(), pageFaults(), serviceFaults(), endpointFaults(), oddities(), mannerisms())
}
