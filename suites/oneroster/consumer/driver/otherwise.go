package driver

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// pair is one member of one object, as it was told and as it is held.
type pair struct {
	id        string
	want, got value
}

// vocabulary are the terms that OneRoster has, by folded members: in 1.1 and 1.2.
var vocabulary = map[string][]string{
	"role": {"administrator", "aide", "counselor", "districtadministrator", "guardian", "parent", "principal", "proctor", "relative",
		"siteadministrator", "student", "systemadministrator", "teacher"},
	"type": {"department", "district", "local", "national", "school", "state", "gradingperiod", "schoolyear", "semester", "term",
		"course", "class"},
	"classtype":   {"homeroom", "scheduled"},
	"roletype":    {"primary", "secondary"},
	"sex":         {"female", "male", "other", "unspecified"},
	"importance":  {"primary", "secondary"},
	"scorestatus": {"exempt", "fully graded", "late", "not submitted", "partially graded", "submitted", "missing", "incomplete", "withdrawn"},
}

// ownWay tells whether what a product holds of a member, though it isn't what was told, is the same put in the product's
// own way: in a vocabulary or in ids of its own, or without what it doesn't keep. kept tells whether it keeps what a
// reference leads to, known whether the provider has something of that sourcedId.
func ownWay(member string, pairs []pair, kept, known func(id string) bool) bool {
	last := member[strings.LastIndex(member, "/")+1:]
	s := sortOf(member)
	switch {
	case last == "roles":
		return ownRoles(pairs, kept)
	case s == dated:
		return !slices.ContainsFunc(pairs, func(p pair) bool { return !same(member, p.want, p.got) && !midnight(p.want, p.got) })
	case s == identified:
		return ownReferences(member, pairs, kept, known)
	case s == truth:
		return ownTerms(pairs, func(x string) bool { return x == "true" || x == "false" }, s)
	case s == grade || vocabulary[last] != nil:
		told := map[string]bool{}
		for _, term := range vocabulary[last] {
			told[term] = true
		}
		for _, p := range pairs {
			for _, x := range p.want.items {
				told[canonical(s, x)] = true
			}
		}
		return ownTerms(pairs, func(x string) bool { return told[x] }, s)
	}
	return false
}

// ownTerms tells whether each told term, or list of terms, becomes always the same, of terms that are none of those known.
func ownTerms(pairs []pair, known func(string) bool, s sort) bool {
	becomes := map[string]string{}
	for _, p := range pairs {
		want, got := folded(s, p.want.items), folded(s, p.got.items)
		if len(want) != len(got) || slices.ContainsFunc(got, func(x string) bool { return known(x) && !slices.Contains(want, x) }) {
			return false
		}
		told, held := strings.Join(want, "\x00"), strings.Join(got, "\x00")
		if was, met := becomes[told]; met && was != held {
			return false
		}
		becomes[told] = held
	}
	return true
}

// ownRoles tells whether roles are of the orgs that were told, as far as the product keeps these, and of its own terms.
func ownRoles(pairs []pair, kept func(string) bool) bool {
	terms := make([]pair, 0, len(pairs))
	for _, p := range pairs {
		want, wantOrgs := apart(p.want.items, kept)
		got, gotOrgs := apart(p.got.items, kept)
		if !slices.Equal(wantOrgs, gotOrgs) {
			return false
		}
		terms = append(terms, pair{p.id, value{items: want}, value{items: got}})
	}
	return ownTerms(terms, func(x string) bool { return slices.Contains(vocabulary["role"], x) }, anyCase)
}

// apart takes roles apart into their terms and their orgs, without those of orgs that the product doesn't keep.
func apart(roles []string, kept func(string) bool) (terms, orgs []string) {
	for _, role := range roles {
		term, org, _ := strings.Cut(role, " at ")
		if org == "" || kept(org) {
			terms, orgs = append(terms, term), append(orgs, org)
		}
	}
	return terms, folded(plainText, orgs)
}

// ownReferences tells whether references are those that were told, as far as the product keeps what they lead to; or lead
// to ids of its own, for each that was told to one, and for each to another.
func ownReferences(member string, pairs []pair, kept, known func(string) bool) bool {
	var open []pair
	for _, p := range pairs {
		cut := p.want
		cut.items = slices.DeleteFunc(slices.Clone(cut.items), func(id string) bool { return !kept(id) })
		if !same(member, p.want, p.got) && !same(member, cut, p.got) {
			open = append(open, p)
		}
	}
	if !ownTerms(open, known, identified) {
		return false
	}
	from := map[string]string{}
	for _, p := range open {
		told, held := strings.Join(folded(identified, p.want.items), "\x00"), strings.Join(folded(identified, p.got.items), "\x00")
		if was, met := from[held]; met && was != told {
			return false
		}
		from[held] = told
	}
	return true
}

// folded gives items in the one way of their sort, each once and in order.
func folded(s sort, items []string) []string {
	out := make([]string, 0, len(items))
	for _, x := range items {
		out = append(out, canonical(s, x))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// midnight tells whether an instant is that at which a day begins somewhere.
func midnight(told, held value) bool {
	if len(told.items) != 1 || len(held.items) != 1 {
		return false
	}
	day, isDay, ok := instant(strings.TrimSpace(told.items[0]))
	at, stillDay, ok2 := instant(strings.TrimSpace(held.items[0]))
	if !ok || !ok2 || !isDay || stillDay {
		return false
	}
	later := at.Sub(day)
	return later >= -14*time.Hour && later <= 12*time.Hour && later%(15*time.Minute) == 0
}

// otherwise lists the differences of the members that are held under the name that OneRoster gives them, but mostly with
// another value than was told, and not in a way of the product's own.
func otherwise(collection string, pairs map[string][]pair, agree map[string]int, kept, known func(string) bool) (out []Difference) {
	apart := map[string]bool{}
	for _, member := range slices.Sorted(maps.Keys(pairs)) { // roles before what hangs on them
		of := pairs[member]
		others := apart["roles"] || len(pairs["roles"]) > agree["roles"]*2
		if others && strings.HasPrefix(member, "roles/") {
			continue
		}
		if len(of) <= agree[member]*2 || ownWay(member, of, kept, known) {
			continue
		}
		apart[member] = true
		for _, p := range of {
			if !same(member, p.want, p.got) {
				out = append(out, Difference{
					Kind:       Changed,
					Collection: collection,
					SourcedID:  p.id,
					Member:     p.want.pointer,
					Want:       p.want.raw,
					Got:        p.got.raw,
				})
			}
		}
	}
	return out
}
