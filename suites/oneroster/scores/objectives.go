package scores

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// SourceCASE marks learning objectives whose ids are those of items of a CASE framework.
const SourceCASE = "case"

// urn begins the form that UUIDs have in CSV files.
const urn = "urn:uuid:"

var (
	anyUUID = regexp.MustCompile(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	// caseUUID is a UUID as CASE 1.0 writes it: in lower case, of the versions that there were.
	caseUUID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
)

// Placed is a learning objective with the object that names it.
type Placed struct {
	Objective
	Collection string
	Index      int   // of the object in its collection
	Day        int32 // of a result: when it was scored, in days since 1970; math.MinInt32 where that is unknown
}

// Scored is when the result was scored that names the objective.
func (o Placed) Scored() (at time.Time, known bool) {
	return time.Unix(int64(o.Day)*24*60*60, 0).UTC(), o.Day != noDay
}

// ResultItem gives the number of the item whose result names an objective; of is false where
// an item names it, or the item of the result isn't there.
func (b *Book) ResultItem(o Placed) (item int, of bool) {
	if o.Collection != b.Terms.Results {
		return 0, false
	}
	item, of = b.byID[b.Results[o.Index].Item]
	return item, of
}

// EachObjective visits the learning objectives of active items and results, until visit says
// that it has seen enough.
func (b *Book) EachObjective(visit func(o Placed) (more bool)) {
	more := true
	b.eachItem(func(i int, x *Item) {
		for _, o := range b.Sets(x.Objectives) {
			more = more && visit(Placed{o, b.Terms.Items, i, noDay})
		}
	})
	known := map[uint32][]Objective{}
	b.eachResult(func(i int, r *Result) {
		if r.Objectives == 0 || !more {
			return
		}
		sets, met := known[r.Objectives]
		if !met {
			sets = b.Sets(r.Objectives)
			known[r.Objectives] = sets
		}
		for _, o := range sets {
			more = more && visit(Placed{o, b.Terms.Results, i, r.Day})
		}
	})
}

// Where gives the place of an objective, with the id of the object: it is read only when it is
// needed.
func (b *Book) Where(o Placed) rest.Place {
	id, _, _ := b.Raw(o.Collection).At(o.Index)
	return rest.Place{Index: o.Index, ID: id, Pointer: "/learningObjectiveSet", Collection: o.Collection}
}

// objectiveChecks judge the learning objectives of items and results by themselves.
func objectiveChecks(t Terms) []rest.Check {
	needs := []string{t.Items, t.Results}
	of := func(name, title string, scan func(b *Book, see rest.See)) rest.Check {
		return Rule("objectives."+name, title, t.Items, "a "+t.Words+" that is aligned to learning objectives", needs, nil, scan)
	}
	return []rest.Check{
		of("case-uuid", "Identifiers of CASE are UUIDs", func(b *Book, see rest.See) {
			b.eachOfCASE(see, "a UUID", func(id string) (ok, concerned bool) {
				return anyUUID.MatchString(strings.TrimPrefix(id, urn)), true
			})
		}),
		of("case-plain", "Identifiers of CASE stand without urn:uuid:", func(b *Book, see rest.See) {
			b.eachOfCASE(see, "a UUID alone", func(id string) (ok, concerned bool) {
				return !strings.HasPrefix(id, urn), anyUUID.MatchString(strings.TrimPrefix(id, urn))
			})
		}),
		of("case-form", "Identifiers of CASE have the form that CASE demands", func(b *Book, see rest.See) {
			b.eachOfCASE(see, "a UUID in lower case, of version 1 to 5", func(id string) (ok, concerned bool) {
				id = strings.TrimPrefix(id, urn)
				return caseUUID.MatchString(id), anyUUID.MatchString(id)
			})
		}),
		of("once", "No learning objective is named twice", objectivesOnce),
		of("of-item", "Results tell of objectives of their "+t.Words, objectivesOfItem),
	}
}

// eachOfCASE holds each different id of CASE, in each collection, to what right says of it.
func (b *Book) eachOfCASE(see rest.See, expected string, right func(id string) (ok, concerned bool)) {
	type seen struct {
		collection string
		Objective
	}
	met := map[seen]bool{}
	b.EachObjective(func(o Placed) bool {
		key := seen{o.Collection, o.Objective}
		if o.Source != SourceCASE || met[key] {
			return true
		}
		met[key] = true
		ok, concerned := right(o.ID)
		switch {
		case !concerned:
		case ok:
			see(true, rest.Place{}, "", "")
		default:
			see(false, b.Where(o), expected, o.ID)
		}
		return true
	})
}

func objectivesOnce(b *Book, see rest.See) {
	at := func(collection string, i int) func() rest.Place {
		return func() rest.Place { return b.Where(Placed{Collection: collection, Index: i}) }
	}
	b.eachItem(func(i int, x *Item) { seeOnce(see, b.Sets(x.Objectives), at(b.Terms.Items, i)) })
	twice := map[uint32]bool{}
	b.eachResult(func(i int, r *Result) {
		if r.Objectives == 0 || twice[r.Objectives] {
			return // most results of an item name the same
		}
		twice[r.Objectives] = true
		seeOnce(see, b.Sets(r.Objectives), at(b.Terms.Results, i))
	})
}

func seeOnce(see rest.See, sets []Objective, at func() rest.Place) {
	for i, o := range sets {
		if slices.Contains(sets[:i], o) {
			see(false, at(), "each objective once", o.ID+" twice")
			return
		}
	}
	if len(sets) > 0 {
		see(true, rest.Place{}, "", "")
	}
}

// objectivesOfItem compares a result with its item, where that is aligned to anything of the
// same source. Where a CASE server tells what is below an objective of CASE, it is for
// objectives.below-item to say what is neither.
func objectivesOfItem(b *Book, see rest.See) {
	type pair struct{ item, result uint32 }
	met := map[pair]bool{}
	b.eachResult(func(i int, r *Result) {
		x := b.ItemOf(r.Item)
		if x == nil || x.Objectives == 0 || r.Objectives == 0 || met[pair{x.Objectives, r.Objectives}] {
			return
		}
		met[pair{x.Objectives, r.Objectives}] = true
		of := b.Sets(x.Objectives)
		for _, o := range b.Sets(r.Objectives) {
			source := slices.ContainsFunc(of, func(y Objective) bool { return y.Source == o.Source })
			if !source || b.Led && o.Source == SourceCASE {
				continue
			}
			if slices.Contains(of, o) {
				see(true, rest.Place{}, "", "")
				continue
			}
			see(false, b.Where(Placed{Collection: b.Terms.Results, Index: i}), "an objective of "+x.ID, o.ID)
		}
	})
}
