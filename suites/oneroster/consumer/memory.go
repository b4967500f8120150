package consumer

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
)

// memory is what a product was seen to keep at its first sync: it is asked for that later, and for nothing else.
type memory struct {
	kinds   map[string]map[string]bool // by collection: the kinds of which it holds some
	members map[string]map[string]bool // by collection: the members that it holds, and as they were sent
	forms   map[string][]string        // by collection: the members that it holds in forms of its own
	today   string
}

// place names one object, or one member of it.
type place struct{ collection, id, member string }

func (p place) object() place { return place{collection: p.collection, id: p.id} }

// difference is one thing in which what the product holds isn't what it should hold.
type difference struct {
	place
	what string // missing, lingering, doubled or value
	want string
	got  string
}

// What a difference may be.
const (
	missing   = "missing"
	lingering = "lingering"
	doubled   = "doubled"
	value     = "value"
)

// learn looks at what a product holds after its first sync. keeps are the collections that it is said to keep; none:
// whatever it holds.
func learn(truth, held driver.Objects, keeps []string, now time.Time) *memory {
	m := &memory{kinds: map[string]map[string]bool{}, members: map[string]map[string]bool{}, forms: map[string][]string{},
		today: now.Format(time.DateOnly)}
	all, err := collections()
	if err != nil {
		panic(err) // embedded data
	}
	for _, c := range all {
		if len(keeps) > 0 && !slices.Contains(keeps, c.Name) {
			continue
		}
		kinds := map[string]bool{}
		counts, right := map[string]int{}, map[string]int{}
		for id, object := range truth[c.Name] {
			has := held[c.Name][id]
			if !active(has) || !active(object) {
				continue
			}
			if own := m.kindsOf(c, object); len(own) == 1 {
				kinds[own[0]] = true
			}
			for _, f := range c.Facts {
				if want, got := f.of(object), f.of(has); got != "" && want != "" {
					counts[f.Member]++
					if want == got {
						right[f.Member]++
					}
				}
			}
		}
		if len(kinds) == 0 {
			continue
		}
		m.kinds[c.Name], m.members[c.Name] = kinds, map[string]bool{}
		for _, f := range c.Facts {
			switch {
			case counts[f.Member] == 0: // it isn't kept
			case f.Named || 2*right[f.Member] > counts[f.Member]:
				m.members[c.Name][f.Member] = true
			default:
				m.forms[c.Name] = append(m.forms[c.Name], f.Member)
			}
		}
	}
	return m
}

// keeps tells whether the product keeps a collection at all.
func (m *memory) keeps(collection string) bool { return m != nil && len(m.kinds[collection]) > 0 }

// kindsOf gives the kinds of an object: one, or for people one for each role.
func (m *memory) kindsOf(c kept, object map[string]any) []string {
	if c.Kind == "roles" {
		list, _ := object["roles"].([]any)
		var out []string
		for _, item := range list {
			r, _ := item.(map[string]any)
			kind := scalar(r["role"]) + m.season(scalar(r["beginDate"]), scalar(r["endDate"]))
			if !slices.Contains(out, kind) {
				out = append(out, kind)
			}
		}
		return out
	}
	kind := ""
	if c.Kind != "" {
		kind = scalar(object[c.Kind])
	}
	if c.Begins != "" {
		kind += m.season(scalar(object[c.Begins]), scalar(object[c.Ends]))
	}
	return []string{kind}
}

// season tells of what counts from one date to another whether it counts today.
func (m *memory) season(begins, ends string) string {
	switch {
	case begins != "" && begins > m.today:
		return " later"
	case ends != "" && ends <= m.today:
		return " over"
	}
	return ""
}

// active tells whether an object is there, and not flagged or switched off.
func active(object map[string]any) bool {
	if object == nil || scalar(object["status"]) == "tobedeleted" {
		return false
	}
	return flag(scalar(object["enabledUser"])) != "false"
}

// expects tells whether the product should hold an object as active: it is of a kind that it keeps, and so is what
// it refers to.
func (m *memory) expects(truth driver.Objects, collection, id string) bool {
	object := truth[collection][id]
	if !active(object) || !m.keeps(collection) {
		return false
	}
	c := comparedAs(collection)
	if !slices.ContainsFunc(m.kindsOf(c, object), func(k string) bool { return m.kinds[collection][k] }) {
		return false
	}
	for _, member := range c.Refers {
		of := map[string]string{"user": "users", "student": "users", "class": "classes", "course": "courses", "school": "orgs",
			"lineItem": "lineItems"}[member]
		if to := reference(object[member]); to != "" && m.keeps(of) && !m.expects(truth, of, to) {
			return false
		}
	}
	return true
}

// compare tells in what the product's holdings are not what they should be. gone are objects that were there once.
func (m *memory) compare(truth driver.Objects, held *driver.Held, gone map[place]bool) []difference {
	var out []difference
	for collection := range m.kinds {
		c := comparedAs(collection)
		for id, object := range truth[collection] {
			at := place{collection: collection, id: id}
			has := held.Objects[collection][id]
			if !held.Sees(collection, id) {
				continue
			}
			switch {
			case !active(object):
				if active(has) {
					out = append(out, difference{place: at, what: lingering, want: "not held as active", got: "held as active"})
				}
			case !m.expects(truth, collection, id):
			case !active(has):
				got := "not held"
				if has != nil {
					got = "held, and flagged or switched off"
				}
				out = append(out, difference{place: at, what: missing, want: "held", got: got})
			default:
				out = append(out, m.values(c, id, object, has)...)
			}
		}
	}
	for at := range gone {
		if m.keeps(at.collection) && truth[at.collection][at.id] == nil && active(held.Objects[at.collection][at.id]) {
			out = append(out, difference{place: at, what: lingering, want: "not held as active", got: "held as active"})
		}
	}
	for _, twice := range held.Twice {
		collection, id, _ := strings.Cut(twice, "/")
		if m.keeps(collection) && truth[collection][id] != nil {
			out = append(out, difference{place: place{collection: collection, id: id}, what: doubled, want: "held once", got: "held more than once"})
		}
	}
	slices.SortFunc(out, func(a, b difference) int {
		if n := strings.Compare(a.collection+" "+a.what, b.collection+" "+b.what); n != 0 {
			return n
		}
		return strings.Compare(a.id+" "+a.member, b.id+" "+b.member)
	})
	return out
}

// values compares the members of an object that the product keeps.
func (m *memory) values(c kept, id string, object, has map[string]any) (out []difference) {
	for _, f := range c.Facts {
		want, got := f.of(object), f.of(has)
		if want == got || !m.members[c.Name][f.Member] || want == "" {
			continue
		}
		out = append(out, difference{place: place{collection: c.Name, id: id, member: f.Member}, what: value, want: want, got: got})
	}
	return out
}

// changes tells in which objects two states differ that the product keeps, and how.
func (m *memory) changes(before, after driver.Objects, of driver.Objects) []difference {
	var out []difference
	for collection := range m.kinds {
		c := comparedAs(collection)
		for id := range of[collection] {
			at := place{collection: collection, id: id}
			was, is := before[collection][id], after[collection][id]
			switch {
			case active(was) && !active(is):
				out = append(out, difference{place: at, what: missing, want: "held, as before", got: "not held any more"})
			case !active(was) && active(is):
				out = append(out, difference{place: at, what: lingering, want: "not held, as before", got: "held"})
			case active(was):
				for _, f := range c.Facts {
					if a, b := f.of(was), f.of(is); a != b && m.members[collection][f.Member] {
						out = append(out, difference{place: place{collection: collection, id: id, member: f.Member}, what: value, want: a, got: b})
					}
				}
			}
		}
	}
	return out
}

// touch is what became of an object between two states of the provider.
type touch string

// The touches.
const (
	added    touch = "added"
	changed  touch = "changed"
	flagged  touch = "flagged"
	vanished touch = "vanished"
	restored touch = "restored"
)

// touches tells what was done to which objects between two states of the provider.
func touches(before, after driver.Objects) map[place]touch {
	out := map[place]touch{}
	for collection, objects := range after {
		for id, object := range objects {
			at, was := place{collection: collection, id: id}, before[collection][id]
			switch {
			case was == nil && active(object):
				out[at] = added
			case was == nil:
			case active(was) && !active(object):
				out[at] = flagged
			case !active(was) && active(object):
				out[at] = restored
			case active(object) && differs(collection, was, object):
				out[at] = changed
			}
		}
	}
	for collection, objects := range before {
		for id := range objects {
			if after[collection][id] == nil {
				out[place{collection: collection, id: id}] = vanished
			}
		}
	}
	return out
}

func differs(collection string, a, b map[string]any) bool {
	return slices.ContainsFunc(comparedAs(collection).Facts, func(f fact) bool { return f.of(a) != f.of(b) })
}

// count words how many objects of which collections there are.
func count(o driver.Objects, m *memory) string {
	var out []string
	for _, collection := range slices.Sorted(maps.Keys(o)) {
		if n := 0; m == nil || m.keeps(collection) {
			for _, object := range o[collection] {
				if active(object) {
					n++
				}
			}
			out = append(out, scalar(n)+" "+collection)
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}
