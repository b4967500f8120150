package scores

import (
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// referenceChecks judge whether what items and results refer to is there.
func referenceChecks(t Terms) []rest.Check {
	scales, besideScales := []string{scaleCollection}, []string(nil)
	if !t.ownScales() {
		scales, besideScales = nil, scales
	}
	with := func(name string, more []string) []string { return append([]string{name}, more...) }
	return []rest.Check{
		Rule("references.result-item", "What results refer to as their "+t.Words+" exists", t.Results, "active results",
			[]string{t.Results, t.Items}, nil, func(b *Book, see rest.See) {
				b.ResultTargets(see, "/"+t.Item, "a "+t.Words+" that the service lists", func(r *Result) uint32 { return r.Item },
					func(id string) bool { return b.Has(t.Item, id) })
			}),
		Rule("references.result-scale", "The score scales of results exist", t.Results, "active results with a score scale",
			with(t.Results, scales), besideScales, func(b *Book, see rest.See) {
				b.ResultTargets(see, "/scoreScale", "a score scale that is listed", func(r *Result) uint32 { return r.Scale }, b.hasScale)
			}),
		Rule("references.item-scale", "The score scales of "+t.Words+"s exist", t.Items, "an active "+t.Words+" with a score scale",
			with(t.Items, scales), besideScales, func(b *Book, see rest.See) {
				b.ItemTargets(see, "/scoreScale", "a score scale that is listed", func(x *Item) uint32 { return x.Scale }, b.hasScale)
			}),
		Rule("references.result-student", "The students of results are users of the rosters", t.Results, "active results",
			[]string{t.Results}, []string{"users"}, func(b *Book, see rest.See) {
				b.ResultTargets(see, "/student", "a user that the Rostering service lists", func(r *Result) uint32 { return r.Student },
					b.InRosters("users"))
			}),
		Rule("references.item-class", "The classes of "+t.Words+"s are those of the rosters", t.Items, "an active "+t.Words+" of a class",
			[]string{t.Items}, []string{"classes"}, func(b *Book, see rest.See) {
				b.ItemTargets(see, "/class", "a class that the Rostering service lists", func(x *Item) uint32 { return x.Class },
					b.InRosters("classes"))
			}),
		Rule("references.active", "Active results refer to active "+t.Words+"s", t.Results, "active results",
			[]string{t.Results, t.Items}, nil, activeItems),
	}
}

// ownScales tells whether the service has the score scales itself.
func (t Terms) ownScales() bool { return t.Item == "lineItem" }

func (b *Book) hasScale(id string) bool {
	_, there := b.Scales[id]
	return there
}

// InRosters tells of a collection of the rosters which ids it has.
func (b *Book) InRosters(collection string) func(id string) bool {
	raw := b.Beside(collection)
	return func(id string) bool { return raw != nil && raw.Has(id) }
}

// ResultTargets looks whether what active results refer to is there. Most refer to what others
// refer to as well, so that each target is looked for once.
func (b *Book) ResultTargets(see rest.See, pointer, expected string, target func(r *Result) uint32, has func(id string) bool) {
	known := map[uint32]bool{}
	b.eachResult(func(i int, r *Result) {
		b.target(see, known, target(r), has, expected, func() rest.Place { return b.atResult(i, pointer) })
	})
}

// ItemTargets does the same for active items.
func (b *Book) ItemTargets(see rest.See, pointer, expected string, target func(x *Item) uint32, has func(id string) bool) {
	known := map[uint32]bool{}
	b.eachItem(func(i int, x *Item) {
		b.target(see, known, target(x), has, expected, func() rest.Place { return b.atItem(i, pointer) })
	})
}

// target looks for one. A reference without a sourcedId is judged by its form.
func (b *Book) target(see rest.See, known map[uint32]bool, id uint32, has func(string) bool, expected string, at func() rest.Place) {
	if id == 0 {
		return
	}
	there, met := known[id]
	if !met {
		there = has(b.Text(id))
		known[id] = there
	}
	if there {
		see(true, rest.Place{}, "", "")
		return
	}
	see(false, at(), expected, b.Text(id)+", which it doesn't")
}

func activeItems(b *Book, see rest.See) {
	b.eachResult(func(i int, r *Result) {
		x := b.ItemOf(r.Item)
		switch {
		case x == nil: // judged by itself
		case b.Active(x.Status):
			see(true, rest.Place{}, "", "")
		default:
			see(false, b.atResult(i, "/"+b.Item), "an active "+b.Words, x.ID+" is "+b.Text(x.Status))
		}
	})
}
