// Package catalogfault makes the reference's learning object repository wrong on purpose, and
// odd within the law: by its rules (catalog.Rules), or by a wrapper around what it answers.
package catalogfault

import (
	_ "embed"

	"github.com/rollcall-edu/rollcall/reference/catalog"
	"github.com/rollcall-edu/rollcall/reference/fault"
)

//go:embed faults.yaml
var faultTable []byte

//go:embed variants.yaml
var variantTable []byte

type behaviour = fault.Behaviour[catalog.Config]

// Kind is the faults and variants of a catalogue.
var Kind = fault.NewKind("catalogue", func() (fault.Tables, error) {
	return fault.ReadTables("catalogue", faultTable, variantTable, behaviours(), checks(), nil)
}, behaviours, func(c *catalog.Config, f fault.Fault) { c.Rules.Drop(f.Drop...) })

// checks are the ids of what a request is held to, which a fault may drop.
func checks() []string {
	var ids []string
	for _, c := range catalog.Checks() {
		ids = append(ids, c.ID)
	}
	return ids
}

func behaviours() map[string]behaviour {
	all := map[string]behaviour{}
	for id, w := range fault.Gather(access(), paging(), ordering(), transport(), failures(), filters(), searches(), selections(), payload(),
		contents(), subjects(), grants(), shared(), odd()) {
		all[id] = behaviour{Wrap: w}
	}
	for id, change := range rules() {
		all[id] = behaviour{Bend: func(c *catalog.Config) { change(c.Rules) }}
	}
	for id, change := range configured() {
		all[id] = behaviour{Bend: change}
	}
	return all
}
