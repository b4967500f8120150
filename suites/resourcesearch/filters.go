package resourcesearch

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// filterChecks judge filters on what only items have: lists, lists of parts, ranges of ages, durations.
func filterChecks() []rest.Check {
	c := func(name, title string, need rest.Need, body func(context.Context, *rest.T), requirements ...string) rest.Check {
		for i := range requirements {
			requirements[i] = "filter." + requirements[i]
		}
		return rest.Check{ID: "filter." + name, Title: title, Requirements: requirements, Labels: []string{"filter"},
			Needs: []rest.Need{need}, Body: body}
	}
	return []rest.Check{
		c("lists", "Fields of several values are found by each of them, and by any of several",
			rest.Present("a list that differs", "no list of items differs", "Load items of different types and subjects.",
				func(t *rest.T) bool {
					return slices.ContainsFunc(listed(t), func(v values) bool { _, ok := v.telling(); return ok })
				}),
			filterLists, "multi-valued", "multi-contains", "comma-list"),
		c("dotted", "Fields of learning objectives and of measures of text are found",
			rest.Present("learning objectives or measures of text that differ", "no item has learning objectives or measures of text that differ",
				"Load items with different learning objectives.", func(t *rest.T) bool {
					return slices.ContainsFunc(dotted(t), func(v values) bool { _, ok := v.telling(); return ok })
				}),
			filterDotted, "dotted"),
		c("age-range", "A range of ages leaves the items for any age in it",
			rest.Present("items for different ages", "no items are for different ages", "Load items with different typicalAgeRange.",
				func(t *rest.T) bool { _, ok := middleAges(ages(t)); return ok }),
			filterAges, "age-range"),
		c("duration", "Durations are compared as durations",
			rest.Present("items that take three different times", "no items take three different times", "Load items with different timeRequired.",
				func(t *rest.T) bool { return len(distinct(lengths(t))) >= 3 }),
			filterDurations, "duration"),
	}
}

// values are the entries that a field of several has, by item.
type values struct {
	field string
	of    map[string][]string
	all   int // items
}

// usable tells whether an entry can be written in a filter as it is, and isn't taken for several.
func usable(v string) bool { return v != "" && len(v) < 200 && !strings.ContainsAny(v, "',%_\\&+#") }

// telling picks an entry that divides the items, one that stands behind others if there is one: who
// looks at the first alone doesn't find it there.
func (v values) telling() (string, bool) {
	counts, behind := map[string]int{}, map[string]bool{}
	for _, list := range v.of {
		for _, one := range slices.Compact(slices.Sorted(slices.Values(list))) {
			counts[one]++
		}
		for _, one := range list[min(1, len(list)):] {
			behind[one] = true
		}
	}
	best := ""
	for _, one := range slices.Sorted(maps.Keys(counts)) {
		if counts[one] >= v.all || !usable(one) {
			continue
		}
		if best == "" || behind[one] && !behind[best] {
			best = one
		}
	}
	return best, best != ""
}

// holding gives the items of which an entry satisfies is.
func (v values) holding(is func(entry string) bool) map[string]bool {
	out := map[string]bool{}
	for id, list := range v.of {
		if slices.ContainsFunc(list, is) {
			out[id] = true
		}
	}
	return out
}

// listed gives the lists of texts of all items, by field.
func listed(t *rest.T) []values {
	objects := t.Objects(resources)
	var out []values
	for _, field := range t.Service.Kinds["resource"].Lists {
		v := values{field, map[string][]string{}, len(objects)}
		for id, o := range objects {
			if list := texts(o[field]); len(list) > 0 {
				v.of[id] = list
			}
		}
		out = append(out, v)
	}
	return out
}

// parts are the members of entries of lists that filters name with a dot.
var parts = []struct{ list, member string }{
	{"learningObjectives", "targetName"}, {"learningObjectives", "caseItemGUID"}, {"learningObjectives", "caseItemUri"},
	{"learningObjectives", "educationalFramework"}, {"learningObjectives", "alignmentType"}, {"textComplexity", "name"},
}

// dotted gives the members of entries, by the name with a dot.
func dotted(t *rest.T) []values {
	objects := t.Objects(resources)
	var out []values
	for _, p := range parts {
		v := values{p.list + "." + p.member, map[string][]string{}, len(objects)}
		for id, o := range objects {
			list, _ := o[p.list].([]any)
			for _, one := range list {
				members, _ := one.(map[string]any)
				if text, is := members[p.member].(string); is {
					v.of[id] = append(v.of[id], text)
				}
			}
		}
		out = append(out, v)
	}
	return out
}

// texts gives the texts of a list.
func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, one := range list {
		if text, is := one.(string); is {
			out = append(out, text)
		}
	}
	return out
}

// equal is what a filter with = on an entry leaves, and may leave: comparison without regard to case is
// a sane reading.
func (v values) equal(entry string) rest.Answer {
	return rest.Answer{Must: v.holding(func(x string) bool { return x == entry }),
		May: v.holding(func(x string) bool { return rest.Fold(x) == rest.Fold(entry) })}
}

// freeLists are those whose entries people write.
var freeLists = []string{"subject", "author"}

func filterLists(ctx context.Context, t *rest.T) {
	const valued, contains, comma = "filter.multi-valued", "filter.multi-contains", "filter.comma-list"
	for _, v := range listed(t) {
		entry, ok := v.telling()
		if !ok {
			continue
		}
		found := t.Filtered(ctx, valued, resources, v.field+"="+rest.Quote(entry), false, v.equal(entry))
		part, ok := v.part()
		switch {
		case !ok || !slices.Contains(freeLists, v.field):
		case !found:
			t.NotTested(t.BlockedBy(valued, v.field+" isn't found by one of its values"), contains)
		default:
			t.Filtered(ctx, contains, resources, v.field+"~"+rest.Quote(part), false, rest.Answer{
				Must: v.holding(func(x string) bool { return strings.Contains(x, part) }),
				May:  v.holding(func(x string) bool { return strings.Contains(rest.Fold(x), rest.Fold(part)) })})
		}
		other, ok := v.beside(entry)
		if !ok {
			continue
		}
		if !found {
			t.NotTested(t.BlockedBy(valued, v.field+" isn't found by one of its values"), comma)
			continue
		}
		a, b := v.equal(entry), v.equal(other)
		either := rest.Answer{Must: union(a.Must, b.Must), May: union(a.May, b.May)}
		t.Filtered(ctx, comma, resources, v.field+"="+rest.Quote(entry+","+other), true, either)
	}
	t.Lacks("no list of free texts has an entry with a part that divides the items", "Load items with different subjects.", contains)
	t.Lacks("no list has two entries that divide the items", "Load items of different types.", comma)
}

func union(a, b map[string]bool) map[string]bool {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// beside picks an entry other than one that items without it have.
func (v values) beside(entry string) (string, bool) {
	has := v.equal(entry).May
	counts := map[string]int{}
	for id, list := range v.of {
		for _, one := range list {
			if !has[id] && usable(one) {
				counts[one]++
			}
		}
	}
	for _, one := range slices.Sorted(maps.Keys(counts)) {
		if len(v.equal(one).May)+len(has) < v.all {
			return one, true
		}
	}
	return "", false
}

// part picks some letters from inside of an entry that divide the items.
func (v values) part() (string, bool) {
	for _, id := range slices.Sorted(maps.Keys(v.of)) {
		for _, entry := range v.of[id] {
			for i := 1; i+4 < len(entry); i++ {
				part := entry[i : i+4]
				if strings.ContainsFunc(part, func(r rune) bool { return r < 'a' || r > 'z' }) {
					continue
				}
				if n := len(v.holding(func(x string) bool { return strings.Contains(rest.Fold(x), part) })); n < v.all {
					return part, true
				}
			}
		}
	}
	return "", false
}

func filterDotted(ctx context.Context, t *rest.T) {
	for _, v := range dotted(t) {
		if entry, ok := v.telling(); ok {
			t.Filtered(ctx, "filter.dotted", resources, v.field+"="+rest.Quote(entry), false, v.equal(entry))
		}
	}
}

// ages gives the ranges of ages of items that have one in the form of the standard.
func ages(t *rest.T) map[string][2]int {
	out := map[string][2]int{}
	for id, o := range t.Objects(resources) {
		if text, is := o["typicalAgeRange"].(string); is {
			if low, high, ok := ageRange(text); ok {
				out[id] = [2]int{low, high}
			}
		}
	}
	return out
}

// middleAges picks a range that some overlap and others don't, with one that overlaps and isn't the same.
func middleAges(of map[string][2]int) ([2]int, bool) {
	counts := map[[2]int]int{}
	for _, r := range of {
		counts[r]++
	}
	ranges := slices.SortedFunc(maps.Keys(counts), func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	best, partly := [2]int{}, false
	for _, r := range ranges {
		apart, overlaps := false, false
		for _, other := range ranges {
			apart = apart || other[1] < r[0] || r[1] < other[0]
			overlaps = overlaps || other != r && other[0] < r[1] && r[0] < other[1]
		}
		if apart && (overlaps || !partly && best == [2]int{}) {
			best, partly = r, overlaps
		}
		if partly {
			break
		}
	}
	return best, best != [2]int{}
}

func filterAges(ctx context.Context, t *rest.T) {
	of := ages(t)
	r, _ := middleAges(of)
	must, may := map[string]bool{}, map[string]bool{}
	for id, x := range of {
		low, high := max(x[0], r[0]), min(x[1], r[1])
		if low <= high {
			may[id] = true
		}
		if low < high || x == r { // of those that touch in one age something else may be held
			must[id] = true
		}
	}
	for id, o := range t.Objects(resources) {
		if _, has := o["typicalAgeRange"]; has && of[id] == [2]int{} {
			may[id] = true // whose range nobody can read
		}
	}
	t.Filtered(ctx, "filter.age-range", resources, "typicalAgeRange="+rest.Quote(spelt(r)), false, rest.Answer{Must: must, May: may})
}

// lengths gives the durations of items in seconds, of those that tell one that is always as long.
func lengths(t *rest.T) map[string]int {
	out := map[string]int{}
	for id, o := range t.Objects(resources) {
		if text, is := o["timeRequired"].(string); is {
			if seconds, fixed, ok := duration(text); ok && fixed {
				out[id] = seconds
			}
		}
	}
	return out
}

func distinct(of map[string]int) []int {
	return slices.Compact(slices.Sorted(maps.Values(of)))
}

func filterDurations(ctx context.Context, t *rest.T) {
	of := lengths(t)
	all := distinct(of)
	middle := all[len(all)/2]
	open := map[string]bool{}
	for id, o := range t.Objects(resources) {
		if _, told := of[id]; !told && o["timeRequired"] != nil {
			open[id] = true // as long as a month, or illegible
		}
	}
	for _, x := range []struct {
		sign string
		is   func(seconds int) bool
	}{
		{"=", func(s int) bool { return s == middle }}, {">", func(s int) bool { return s > middle }}, {">=", func(s int) bool { return s >= middle }},
		{"<", func(s int) bool { return s < middle }}, {"<=", func(s int) bool { return s <= middle }},
	} {
		must := map[string]bool{}
		for id, s := range of {
			if x.is(s) {
				must[id] = true
			}
		}
		t.Filtered(ctx, "filter.duration", resources, "timeRequired"+x.sign+rest.Quote(otherwise(middle)), false,
			rest.Answer{Must: must, May: union(must, open)})
	}
}
