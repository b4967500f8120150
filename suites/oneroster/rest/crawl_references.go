package rest

import "slices"

// RefUse is one place where references stand, and what stands there.
type RefUse struct {
	At       string
	Want     string
	Count    int
	Types    map[string]int
	First    map[string]int // index of the first object with each of Types
	Examples []RefExample   // to different targets
	Odd      []RefExample   // href not absolute, or not ending in the sourcedId
	OddCount int
}

// RefExample is one reference and the object that holds it.
type RefExample struct {
	Object int
	Holder string
	Ref    Ref
	Why    string
}

// maxExamples bounds the references kept of one place.
const maxExamples = 5

func (c *crawler) refer(r Placed, holder string, index int) {
	i := slices.IndexFunc(c.facts.Refs, func(u RefUse) bool { return u.At == r.At })
	if i < 0 {
		c.facts.Refs = append(c.facts.Refs, RefUse{At: r.At, Want: r.Want, Types: map[string]int{}, First: map[string]int{}})
		i = len(c.facts.Refs) - 1
	}
	u := &c.facts.Refs[i]
	u.Count++
	if len(u.Types) < 20 || u.Types[r.Ref.Type] > 0 {
		if u.Types[r.Ref.Type]++; u.Types[r.Ref.Type] == 1 {
			u.First[r.Ref.Type] = index
		}
	}
	example := RefExample{Object: index, Holder: holder, Ref: r.Ref}
	if example.Why = oddHref(r.Ref); example.Why != "" {
		u.OddCount++
		if of := func(o RefExample) bool { return o.Why == example.Why }; len(u.Odd) < maxExamples && tally(u.Odd, of) < 2 {
			u.Odd = append(u.Odd, example)
		}
	} else if len(u.Examples) < maxExamples && tally(u.Examples, func(o RefExample) bool { return o.Ref.SourcedID == r.Ref.SourcedID }) == 0 {
		u.Examples = append(u.Examples, example)
	}
}

func tally(list []RefExample, of func(RefExample) bool) (n int) {
	for _, x := range list {
		if of(x) {
			n++
		}
	}
	return n
}
