// Package platformfault makes the reference platform wrong on purpose, and odd
// within the law: claims are changed before they are signed, checks are forgotten,
// and the handler is wrapped. What each breaks is data.
package platformfault

import (
	"embed"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/platformfault/agsfault"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/deeplinking"
)

//go:embed *.yaml
var tables embed.FS

type behaviour = fault.Behaviour[platform.Config]

// Kind is the faults and variants of a platform: checks that are forgotten, claims
// that are changed before they are signed, and what is around the handler.
var Kind = fault.NewKind("platform", func() (fault.Tables, error) {
	var checks, assertions []string
	for _, c := range platform.Checks() {
		checks = append(checks, c.ID)
	}
	for _, a := range platform.Assertions() {
		assertions = append(assertions, a.ID)
	}
	for _, r := range deeplinking.Rules() {
		checks = append(checks, r.ID)
	}
	faults, err := fault.Table(tables, "faults.yaml")
	if err != nil {
		return fault.Tables{}, fmt.Errorf("reading the faults of a platform: %w", err)
	}
	variants, err := fault.Table(tables, "variants.yaml")
	if err != nil {
		return fault.Tables{}, fmt.Errorf("reading the variants of a platform: %w", err)
	}
	return fault.ReadTables("platform", faults, variants, behaviours(), checks, assertions)
}, behaviours, func(c *platform.Config, f fault.Fault) {
	if len(f.Drop) > 0 {
		c.Checks, c.Spared = spare(c.Checks, f.Drop...), append(slices.Clone(c.Spared), f.Drop...)
	}
	if len(f.Assertions) > 0 {
		c.Assertions = slices.DeleteFunc(platform.Assertions(), func(a platform.Assertion) bool { return slices.Contains(f.Assertions, a.ID) })
	}
})

// spare leaves checks out; nil stands for all of them.
func spare(checks []platform.Check, ids ...string) []platform.Check {
	if checks == nil {
		checks = platform.Checks()
	}
	return slices.DeleteFunc(slices.Clone(checks), func(c platform.Check) bool { return slices.Contains(ids, c.ID) })
}

func behaviours() map[string]behaviour {
	return fault.Gather(claimFaults(), memberFaults(), tokenFaults(), requestFaults(), laxFaults(), hintFaults(), pageFaults(),
		serviceFaults(), endpointFaults(), oddities(), mannerisms(), nrpsFaults(), nrpsOddities(),
		agsfault.Behaviours(), pickFaults(), takenFaults(), pickOddities())
}
