package assessment

import (
	"fmt"
	"math"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/scores"
)

// treeChecks judge how assessment line items are parts of each other.
func treeChecks() []rest.Check {
	items := []string{terms.Items}
	of := func(name, title string, scan func(b *scores.Book, see rest.See)) rest.Check {
		return scores.Rule(name, title, terms.Items, "an assessment line item with a parent", items, nil, scan)
	}
	return []rest.Check{
		of("references.item-parent", "The parents of assessment line items exist", func(b *scores.Book, see rest.See) {
			b.ItemTargets(see, "/parentAssessmentLineItem", "an assessment line item that the service lists",
				func(x *scores.Item) uint32 { return x.Parent }, func(id string) bool { return b.Has(terms.Item, id) })
		}),
		of("items.tree", "Assessment line items form trees", tree),
		of("items.parent-class", "A part of an assessment is of the class of the whole", parentClass),
		of("items.parent-active", "An active part is of an active assessment", parentActive),
	}
}

// eachPart visits the active items that have a parent which is there.
func eachPart(b *scores.Book, visit func(x, parent *scores.Item, at rest.Place)) {
	for i := range b.Items {
		x := &b.Items[i]
		if parent := b.ItemOf(x.Parent); parent != nil && b.Active(x.Status) {
			visit(x, parent, rest.Place{Index: i, ID: x.ID, Pointer: "/parentAssessmentLineItem"})
		}
	}
}

// tree looks for parents that lead back. Each item of a circle is one finding, and what only
// leads into a circle none.
func tree(b *scores.Book, see rest.See) {
	eachPart(b, func(x, parent *scores.Item, at rest.Place) {
		slow, fast := parent, parent // the second goes two steps for one: in a circle they meet
		for fast != nil && fast != x {
			if fast = b.ItemOf(fast.Parent); fast == nil || fast == x {
				break
			}
			fast, slow = b.ItemOf(fast.Parent), b.ItemOf(slow.Parent)
			if fast == slow {
				break
			}
		}
		see(fast != x, at, "a parent that is no part of it", "it is an ancestor of itself, by way of "+parent.ID)
	})
}

func parentClass(b *scores.Book, see rest.See) {
	eachPart(b, func(x, parent *scores.Item, at rest.Place) {
		if x.Class != 0 && parent.Class != 0 {
			at.Pointer = "/class"
			see(x.Class == parent.Class, at, "the class of "+parent.ID+", "+b.Text(parent.Class), b.Text(x.Class))
		}
	})
}

func parentActive(b *scores.Book, see rest.See) {
	eachPart(b, func(_, parent *scores.Item, at rest.Place) {
		see(b.Active(parent.Status), at, "an active parent", parent.ID+" is "+b.Text(parent.Status))
	})
}

// percentileChecks judge where a score stands among all of them.
func percentileChecks() []rest.Check {
	results := []string{terms.Results}
	of := func(name, title string, scan func(b *scores.Book, see rest.See)) rest.Check {
		return scores.Rule(name, title, terms.Results, "an assessment result with a scorePercentile", results, nil, scan)
	}
	return []rest.Check{
		of("results.percentile-range", "Percentiles lie between 0 and 100", func(b *scores.Book, see rest.See) {
			eachRanked(b, func(i int, r *scores.Result) {
				if r.Percentile >= 0 && r.Percentile <= 100 {
					see(true, rest.Place{}, "", "")
					return
				}
				see(false, ranked(b, i), "from 0 to 100", fmt.Sprint(r.Percentile))
			})
		}),
		of("results.percentile-share", "Percentiles are percentages and no fractions", shares),
		of("results.percentile-order", "A higher score has no lower percentile", ordered),
		of("results.percentile-score", "What has a percentile has a score", func(b *scores.Book, see rest.See) {
			eachRanked(b, func(i int, r *scores.Result) {
				if r.Text != 0 || !math.IsNaN(r.Score) {
					see(true, rest.Place{}, "", "")
					return
				}
				see(false, ranked(b, i), "a score or a textScore beside it", "neither")
			})
		}),
	}
}

// eachRanked visits the active results with a percentile.
func eachRanked(b *scores.Book, visit func(i int, r *scores.Result)) {
	for i := range b.Results {
		if r := &b.Results[i]; b.Active(r.Status) && !math.IsNaN(r.Percentile) {
			visit(i, r)
		}
	}
}

func ranked(b *scores.Book, i int) rest.Place {
	return rest.Place{Index: i, ID: b.ResultID(i), Pointer: "/scorePercentile"}
}

// byItem lists the ranked results of each item, in order of their items.
func byItem(b *scores.Book) [][]int {
	of := map[uint32][]int{}
	var order []uint32
	eachRanked(b, func(i int, r *scores.Result) {
		if of[r.Item] == nil {
			order = append(order, r.Item)
		}
		of[r.Item] = append(of[r.Item], i)
	})
	out := make([][]int, 0, len(order))
	for _, item := range order {
		out = append(out, of[item])
	}
	return out
}

// fewest is how many results of an item it takes to tell fractions from percentages: of a few all
// may be among the lowest.
const fewest = 5

func shares(b *scores.Book, see rest.See) {
	for _, of := range byItem(b) {
		if len(of) < fewest {
			continue
		}
		first := of[0]
		percentages := slices.ContainsFunc(of, func(i int) bool { return b.Results[i].Percentile > 1 })
		see(percentages, ranked(b, first), "percentages, of which some are above 1",
			fmt.Sprintf("%d percentiles of %s, all of them up to 1", len(of), b.Text(b.Results[first].Item)))
	}
}

// ordered compares the results of an item by their scores; equal ones may have different ranks,
// for the day on which they were ranked.
func ordered(b *scores.Book, see rest.See) {
	for _, of := range byItem(b) {
		scored := slices.DeleteFunc(slices.Clone(of), func(i int) bool { return math.IsNaN(b.Results[i].Score) })
		slices.SortStableFunc(scored, func(x, y int) int {
			switch a, b := b.Results[x].Score, b.Results[y].Score; {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		})
		best := math.Inf(-1) // the highest percentile of all lower scores
		for begin := 0; begin < len(scored); {
			end := begin
			for end < len(scored) && b.Results[scored[end]].Score == b.Results[scored[begin]].Score {
				end++
			}
			highest := best
			for _, i := range scored[begin:end] {
				r := &b.Results[i]
				highest = max(highest, r.Percentile)
				if r.Percentile >= best {
					see(true, rest.Place{}, "", "")
					continue
				}
				see(false, ranked(b, i), fmt.Sprintf("no less than %g, which a lower score for %s has", best, b.Text(r.Item)), fmt.Sprint(r.Percentile))
			}
			best, begin = highest, end
		}
	}
}
