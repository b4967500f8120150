package fault

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Origin is the tables of a service whose entries those of others may be like.
type Origin struct {
	Tables
	Requirements string // what ids of its requirements begin with
}

// as gives what they say with the requirements of another service.
func (o Origin) as(own string) (faults []Fault, variants []Variant) {
	renamed := func(ids []string) []string {
		var out []string
		for _, id := range ids {
			out = append(out, strings.Replace(id, o.Requirements, own, 1))
		}
		return out
	}
	for _, f := range o.Faults {
		f.Breaks, f.May = renamed(f.Breaks), renamed(f.May)
		faults = append(faults, f)
	}
	return faults, o.Variants
}

// Inherit fills what entries leave to those that they are like, with the requirements of
// another service. What may fail as well is added.
func (t *Tables) Inherit(own string, from ...Origin) error {
	var faults []Fault
	var variants []Variant
	for _, o := range from {
		f, v := o.as(own)
		faults, variants = append(faults, f...), append(variants, v...)
	}
	err := fill("fault", t.Faults, faults, func(f *Fault) (id, like string) { return f.ID, f.Like }, func(f, like *Fault) {
		f.Title, f.Provokes = cmp.Or(f.Title, like.Title), cmp.Or(f.Provokes, like.Provokes)
		f.Setup = cmp.Or(f.Setup, like.Setup)
		if f.Breaks == nil {
			f.Breaks = like.Breaks
		}
		f.May = slices.Concat(like.May, f.May)
	})
	if err != nil {
		return err
	}
	return fill("variant", t.Variants, variants, func(v *Variant) (id, like string) { return v.ID, v.Like }, func(v, like *Variant) {
		v.Title, v.Why = cmp.Or(v.Title, like.Title), cmp.Or(v.Why, like.Why)
		v.Observed, v.Setup = cmp.Or(v.Observed, like.Observed), cmp.Or(v.Setup, like.Setup)
	})
}

// fill has each entry that is like another one take from it.
func fill[E any](kind string, entries, from []E, names func(*E) (id, like string), take func(e, like *E)) error {
	for i := range entries {
		id, like := names(&entries[i])
		if like == "" {
			continue
		}
		at := slices.IndexFunc(from, func(x E) bool { its, _ := names(&x); return its == like })
		if at < 0 {
			return fmt.Errorf("%s is like %s, and there is no such %s", id, like, kind)
		}
		take(&entries[i], &from[at])
	}
	return nil
}
