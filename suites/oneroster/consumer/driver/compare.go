package driver

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kinds of a Difference.
const (
	Missing = "missing" // it was to be held, and is not
	Extra   = "extra"   // it is held, and was not to be
	Changed = "changed" // it is held with another value
)

// Difference is one thing in which what a product holds differs from what it was told.
type Difference struct {
	Kind       string // Missing, Extra or Changed
	Collection string
	SourcedID  string // as the provider has it; of something extra, as the product has it
	Member     string // a JSON pointer such as /givenName; empty but for Changed
	Want, Got  any    // of the member; nil where it is empty or not there
}

// String words a difference without what is personal.
func (d Difference) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s/%s %s", d.Kind, d.Collection, d.SourcedID, d.Member))
}

// Learned is what the first sync has shown that a product keeps, and how it writes ids.
// Whatever it never held is none of its failures later.
type Learned struct {
	Collections []string // that it keeps
	// Members are those that it keeps, by collection: by their folded names.
	Members map[string][]string
	// Fills are members that it fills in by itself where the provider leaves them out.
	Fills map[string][]string
	// Kinds are those that it keeps of a collection, such as roles of users, where it was told others of which it holds
	// none; a collection that isn't there is kept whatever the kind. Who has left out no kind is asked for new ones too.
	Kinds map[string][]string
	// Foreign are objects that it held before the first sync, as collection/sourcedId.
	Foreign []string
	// Before and After are what it writes before and after sourcedIds, by collection.
	Before, After map[string]string
	// Without says in words what it doesn't keep.
	Without []string
	// Otherwise are the differences of members that it holds under their names, but mostly with another value than it
	// was told, and not in a way of its own. They are no Members: later it isn't asked for them.
	Otherwise []Difference
	// Rewritten are the members that are held and not compared, for the target file says that the product keeps them in
	// its own words: as collection.member.
	Rewritten []string
	// Recased are the collections of which it writes sourcedIds in another case than the provider.
	Recased []string
}

// Learn tells what a product keeps, by what it was to hold after its first sync and what it
// holds then. before is what it held when it had not yet synced, or nil.
//
// A collection is kept of which an object came, or that the target file names; a kind of
// objects (a role of users, a type of orgs) of which one came; a member that at least half of
// the objects have as they should. What is absent altogether isn't kept; what is there under its
// name with another value is one of Otherwise, unless it is merely put in the product's own way.
func (h Holder) Learn(expected Objects, held, before *Held) *Learned {
	l := &Learned{Members: map[string][]string{}, Fills: map[string][]string{}, Kinds: map[string][]string{},
		Before: map[string]string{}, After: map[string]string{}}
	if before != nil {
		for collection, objects := range before.Objects {
			for id := range objects {
				if _, ours := expected[collection][id]; !ours {
					l.Foreign = append(l.Foreign, collection+"/"+id)
				}
			}
		}
		slices.Sort(l.Foreign)
	}
	for _, collection := range Collections() {
		l.ids(collection, expected[collection], held.Objects[collection])
	}
	resolve := l.resolver(expected)
	for _, collection := range Collections() {
		named := slices.Contains(h.Keeps, collection)
		if len(expected[collection]) == 0 || len(h.Keeps) > 0 && !named {
			continue
		}
		kept := func(id string) bool { // by whatever the product holds
			for c, objects := range held.Objects {
				if objects[l.Before[c]+id+l.After[c]] != nil || objects[strings.ToUpper(id)] != nil || objects[strings.ToLower(id)] != nil {
					return true
				}
			}
			return false
		}
		known := func(id string) bool {
			for _, objects := range expected {
				if objects[id] != nil {
					return true
				}
			}
			return false
		}
		l.collection(collection, expected[collection], l.byID(collection, held, resolve), named, kept, known, h.rewritten(collection))
	}
	return l
}

// foreign tells whether the product held an object before its first sync.
func (l *Learned) foreign(collection, id string) bool {
	_, found := slices.BinarySearch(l.Foreign, collection+"/"+id)
	return found
}

// resolver gives the provider's sourcedId for one that the product wrote.
type resolver func(collection, id string) string

// ids finds what the product writes before or after sourcedIds: the same with all.
func (l *Learned) ids(collection string, expected, held map[string]map[string]any) {
	if len(expected) == 0 || len(held) == 0 {
		return
	}
	votes := map[[2]string]int{}
	n, recased := 0, 0
	cases := map[string]int{}
	for id := range expected {
		cases[strings.ToLower(id)]++
	}
	for id := range held {
		if l.foreign(collection, id) {
			continue
		}
		n++
		if expected[id] != nil {
			votes[[2]string{}]++
			continue
		}
		if cases[strings.ToLower(id)] == 1 {
			recased++
			continue
		}
		for i := range len(id) { // the longest that is one of the provider's
			if expected[id[i:]] != nil {
				votes[[2]string{id[:i], ""}]++
				break
			}
			if expected[id[:len(id)-i]] != nil {
				votes[[2]string{"", id[len(id)-i:]}]++
				break
			}
		}
	}
	if recased*2 > n {
		l.Recased = append(l.Recased, collection)
	}
	for around, count := range votes {
		if count*2 > n {
			l.Before[collection], l.After[collection] = around[0], around[1]
		}
	}
}

// resolver tells what is meant by a sourcedId, by how the product writes them. A collection
// that isn't known (of a reference) is looked for in all.
func (l *Learned) resolver(expected Objects) resolver {
	folded := map[string]map[string]string{}
	for collection, objects := range expected {
		folded[collection] = map[string]string{}
		for id := range objects {
			if _, twice := folded[collection][strings.ToLower(id)]; twice {
				folded[collection][strings.ToLower(id)] = "" // they differ by case alone
				continue
			}
			folded[collection][strings.ToLower(id)] = id
		}
	}
	in := func(collection, id string) (string, bool) {
		if expected[collection][id] != nil {
			return id, true
		}
		bare := strings.TrimSuffix(strings.TrimPrefix(id, l.Before[collection]), l.After[collection])
		if expected[collection][bare] != nil {
			return bare, true
		}
		if meant := folded[collection][strings.ToLower(bare)]; meant != "" {
			return meant, true
		}
		return bare, false
	}
	return func(collection, id string) string {
		if collection != "" {
			found, _ := in(collection, id)
			return found
		}
		for _, c := range Collections() {
			if found, ok := in(c, id); ok {
				return found
			}
		}
		for _, c := range Collections() { // it isn't expected: taken apart by the first way that fits
			if b, a := l.Before[c], l.After[c]; b+a != "" && strings.HasPrefix(id, b) && strings.HasSuffix(id, a) {
				return strings.TrimSuffix(strings.TrimPrefix(id, b), a)
			}
		}
		return id
	}
}

// byID gives the views of what is held, by the provider's sourcedIds, and how the product
// writes these.
func (l *Learned) byID(collection string, held *Held, resolve resolver) map[string]heldView {
	out := map[string]heldView{}
	for id, members := range held.Objects[collection] {
		out[resolve(collection, id)] = heldView{id, viewOf(collection, members, func(id string) string { return resolve("", id) })}
	}
	return out
}

type heldView struct {
	id string
	view
}

// keptKinds tells of each kind in which objects of a collection were told whether it is kept. One of several kinds, such as
// a teacher who is a parent too, may be held for any of them: where others of a kind are lacking it tells of that kind only
// if nothing else tells why it is held.
func keptKinds(name string, expected map[string]map[string]any, held map[string]heldView) map[string]bool {
	alone, lacking := map[string]bool{}, map[string]bool{}
	var several [][]string // the kinds of those that are held and have more than one
	for id, members := range expected {
		want := viewOf(name, members, asWritten)
		if want.status == "tobedeleted" {
			continue
		}
		_, is := held[id]
		for _, k := range want.kinds {
			alone[k] = alone[k] || is && len(want.kinds) == 1
			lacking[k] = lacking[k] || !is
		}
		if is && len(want.kinds) > 1 {
			several = append(several, want.kinds)
		}
	}
	kinds := maps.Clone(alone)
	for _, of := range several {
		known := slices.ContainsFunc(of, func(k string) bool { return alone[k] })
		for _, k := range of {
			kinds[k] = kinds[k] || !known || !lacking[k]
		}
	}
	return kinds
}

// collection learns what is kept of one collection.
func (l *Learned) collection(name string, expected map[string]map[string]any, held map[string]heldView, named bool, kept,
	known func(id string) bool, own []string) {
	kinds, met := keptKinds(name, expected, held), map[string]bool{}
	agree, of := map[string]int{}, map[string]int{}
	fills := map[string]int{}
	strays := map[string][]Difference{} // what only a program says, where nothing was told
	pairs := map[string][]pair{}
	n := 0
	for _, id := range slices.Sorted(maps.Keys(expected)) {
		members := expected[id]
		want := viewOf(name, members, asWritten)
		if want.status == "tobedeleted" {
			continue
		}
		got, is := held[id]
		if !is {
			continue
		}
		n++
		for member, g := range got.values {
			if _, told := want.values[member]; !told {
				fills[member]++
				if nonsense(g) {
					strays[member] = append(strays[member], Difference{Kind: Changed, Collection: name, SourcedID: id, Member: g.pointer, Got: g.raw})
				}
			}
		}
		for member, w := range want.values {
			if !comparable(member, want, got.view) {
				continue
			}
			of[member]++
			if g, there := got.values[member]; there {
				met[member] = true
				pairs[member] = append(pairs[member], pair{id, w, g})
				if same(member, w, g) {
					agree[member]++
				}
			}
		}
	}
	if n == 0 && !named {
		l.Without = append(l.Without, name)
		return
	}
	l.Collections = append(l.Collections, name)
	all := true
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		if all = all && (kinds[k] || named && n == 0); kinds[k] || named && n == 0 {
			l.Kinds[name] = append(l.Kinds[name], k)
		} else {
			l.Without = append(l.Without, name+" of the kind "+k)
		}
	}
	if all {
		delete(l.Kinds, name)
	}
	for _, member := range slices.Sorted(maps.Keys(of)) { // and what lies in it
		if slices.ContainsFunc(own, func(o string) bool { return member == o || strings.HasPrefix(member, o+"/") }) {
			if met[member] {
				l.Rewritten = append(l.Rewritten, name+"."+member)
			} else {
				l.Without = append(l.Without, name+"."+member)
			}
			delete(of, member)
			delete(pairs, member)
		}
	}
	maps.DeleteFunc(pairs, func(member string, _ []pair) bool { return agree[member]*2 >= of[member] && agree[member] > 0 })
	wrong := otherwise(name, pairs, agree, kept, known)
	l.Otherwise = append(l.Otherwise, wrong...)
	for _, member := range slices.Sorted(maps.Keys(of)) {
		told := func(d Difference) bool { return len(pairs[member]) > 0 && d.Member == pairs[member][0].want.pointer }
		switch {
		case agree[member]*2 >= of[member] && agree[member] > 0:
			l.Members[name] = append(l.Members[name], member)
			if fills[member]*2 > n-of[member] {
				l.Fills[name] = append(l.Fills[name], member)
				l.Otherwise = append(l.Otherwise, strays[member]...)
			}
		case slices.ContainsFunc(wrong, told):
		case met[member]:
			l.Without = append(l.Without, name+"."+member+" as it is told")
		default:
			l.Without = append(l.Without, name+"."+member)
		}
	}
}

// nonsense tells of a value that it is what a program makes of nothing.
func nonsense(v value) bool {
	made := []string{"null", "(null)", "undefined", "NaN", "[object Object]"}
	return len(v.items) == 1 && slices.Contains(made, strings.TrimSpace(v.items[0]))
}

func asWritten(id string) string { return id }

// comparable tells whether a member says the same thing in both objects, as roles do where both have
// them as 1.2 has, and a role and orgs where one of them has these.
func comparable(member string, a, b view) bool {
	switch {
	case member == "roles" || strings.HasPrefix(member, "roles/"):
		return a.roles && b.roles
	case member == "role" && (a.roles || b.roles):
		return a.roles != b.roles && old(a) && old(b)
	case member == "orgs" && (a.roles || b.roles):
		return a.roles != b.roles
	}
	return true
}

// old tells whether 1.1 has the role of a user.
func old(v view) bool {
	return slices.Contains(strings.Fields("administrator aide guardian parent proctor relative student teacher"),
		first(v.values["role"].items))
}

func first(items []string) string {
	if len(items) == 0 {
		return ""
	}
	return items[0]
}

// Compare tells in what a product differs from what it is to hold, as far as it keeps that:
// in the order of collections, sourcedIds and members. How it writes things is its own: the
// order of lists, 1 or 1.0, offsets of instants, what is empty or not there, what flags as
// tobedeleted or takes away, the members of 1.1 or those of 1.2, prefixes of ids.
func (h Holder) Compare(expected Objects, held *Held, l *Learned) []Difference {
	var out []Difference
	resolve := l.resolver(expected)
	for _, name := range l.Collections {
		got := l.byID(name, held, resolve)
		for _, id := range slices.Sorted(maps.Keys(expected[name])) {
			if held.Sees(name, id) {
				out = append(out, h.object(l, name, id, viewOf(name, expected[name][id], asWritten), got)...)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(got)) {
			g := got[id]
			if expected[name][id] != nil || l.foreign(name, g.id) || g.status == "tobedeleted" && h.Flagged != Removed {
				continue
			}
			out = append(out, Difference{Kind: Extra, Collection: name, SourcedID: g.id})
		}
	}
	return out
}

// object compares one object.
func (h Holder) object(l *Learned, collection, id string, want view, held map[string]heldView) []Difference {
	got, is := held[id]
	d := Difference{Collection: collection, SourcedID: id}
	if want.status == "tobedeleted" {
		switch {
		case !is && h.Flagged == Kept:
			d.Kind = Missing
		case is && got.status == "tobedeleted" && h.Flagged != Removed, !is:
			return nil
		case is && h.Flagged == Kept:
			d.Kind, d.Member, d.Want, d.Got = Changed, "/status", "tobedeleted", cmp.Or(got.status, "active")
		default:
			d.Kind, d.SourcedID = Extra, got.id
		}
		return []Difference{d}
	}
	if kept := l.Kinds[collection]; len(kept) > 0 && len(want.kinds) > 0 &&
		!slices.ContainsFunc(want.kinds, func(k string) bool { return slices.Contains(kept, k) }) && !is {
		return nil // it keeps none of that kind
	}
	switch {
	case !is:
		d.Kind = Missing
		return []Difference{d}
	case got.status == "tobedeleted":
		d.Kind, d.Member, d.Want, d.Got = Changed, "/status", "active", "tobedeleted"
		return []Difference{d}
	}
	var out []Difference
	roles := false // they differ
	for _, member := range l.Members[collection] {
		if !comparable(member, want, got.view) || strings.HasPrefix(member, "roles/") && roles {
			continue // where the roles are others, so is what hangs on them
		}
		w, wanted := want.values[member]
		g, there := got.values[member]
		if !wanted && !there || wanted && there && same(member, w, g) || !wanted && slices.Contains(l.Fills[collection], member) ||
			sortOf(member) == truth && canonical(truth, first(w.items)+first(g.items)) == "false" { // who leaves it out means the same
			continue
		}
		roles = roles || member == "roles"
		d := d
		d.Kind, d.Member = Changed, cmp.Or(w.pointer, g.pointer)
		if wanted {
			d.Want = w.raw
		}
		if there {
			d.Got = g.raw
		}
		out = append(out, d)
	}
	return out
}

// Shows tells whether a change of an object is one of what the product keeps of it, and is compared.
func (l *Learned) Shows(collection string, was, is map[string]any) bool {
	before, now := viewOf(collection, was, asWritten), viewOf(collection, is, asWritten)
	return slices.ContainsFunc(l.Members[collection], func(member string) bool {
		a, told := before.values[member]
		b, tells := now.values[member]
		return told != tells || told && !same(member, a, b)
	})
}
