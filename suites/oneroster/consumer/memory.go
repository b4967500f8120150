package consumer

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
)

// memory is what a product was seen to keep at its first sync: it is asked for that later, and for nothing else.
type memory struct {
	holder  driver.Holder
	learned *driver.Learned
	// spared are what counts not yet or not any more, by collection, of which the product held none.
	spared map[string]bool
	today  string
	// spelled are the provider's sourcedIds of collections of which the product writes them in another case, by
	// collection and by the id in small letters; empty where two differ by case alone.
	spelled map[string]map[string]string
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
	// elsewhere tells that roles are of other orgs, and not only others.
	elsewhere bool
}

// What a difference may be.
const (
	missing   = "missing"
	lingering = "lingering"
	doubled   = "doubled"
	value     = "value"
)

// learn looks at what a product holds after its first sync, and before it.
func learn(h driver.Holder, truth driver.Objects, held, before *driver.Held, now time.Time) *memory {
	m := &memory{holder: h, learned: h.Learn(truth, held, before), spared: map[string]bool{}, today: now.Format(time.DateOnly),
		spelled: map[string]map[string]string{}}
	lacking := map[place]bool{}
	for _, d := range m.compare(truth, held, nil) {
		if d.what == missing {
			lacking[d.place] = true
		}
	}
	seasons, some := map[string]bool{}, map[string]bool{}
	for collection, objects := range truth {
		for id, object := range objects {
			if season := m.season(truth, collection, object); season != "" && active(object) && m.keeps(collection) {
				seasons[collection+season] = true
				is := active(m.object(held.Objects, collection, id)) || !held.Sees(collection, id)
				some[collection+season] = some[collection+season] || is && !lacking[place{collection: collection, id: id}]
			}
		}
	}
	for season := range seasons {
		m.spared[season] = !some[season]
	}
	return m
}

// keeps tells whether the product keeps a collection at all.
func (m *memory) keeps(collection string) bool {
	return m != nil && slices.Contains(m.learned.Collections, collection)
}

// season tells of what counts from one date to another whether it counts today, of people whether they are switched
// off, of classes whether a term of theirs counts today, and of what is in a class what that is: a product may leave out
// what doesn't count.
func (m *memory) season(truth driver.Objects, collection string, object map[string]any) string {
	if own := m.ownSeason(object); own != "" {
		return own
	}
	switch collection {
	case "classes":
		return m.termly(truth, object)
	case "enrollments", "lineItems":
		if of := m.termly(truth, truth["classes"][reference(object["class"])]); of != "" {
			return " in a class" + of
		}
	case "results":
		return m.season(truth, "lineItems", truth["lineItems"][reference(object["lineItem"])])
	}
	return ""
}

// termly tells of a class that has terms, none of which counts today, whether these are over or begin later.
func (m *memory) termly(truth driver.Objects, class map[string]any) (season string) {
	for _, term := range listOf(class["terms"]) {
		of := m.ownSeason(truth["academicSessions"][reference(term)])
		if of == "" {
			return ""
		}
		season = of
	}
	return season
}

// ownSeason goes by the object's own dates and flags.
func (m *memory) ownSeason(object map[string]any) string {
	begins, ends := scalar(object["beginDate"])+scalar(object["startDate"]), scalar(object["endDate"])
	switch {
	case scalar(object["enabledUser"]) == "false":
		return " switched off"
	case begins != "" && begins > m.today:
		return " later"
	case ends != "" && ends <= m.today:
		return " over"
	}
	return ""
}

// otherwise lists what the product holds, from its first sync on, with other values than it was told.
func (m *memory) otherwise() (out []difference) {
	for _, d := range m.learned.Otherwise {
		out = append(out, difference{place: place{collection: d.Collection, id: d.SourcedID, member: strings.TrimPrefix(d.Member, "/")},
			what: value, want: written(d.Want), got: written(d.Got), elsewhere: elsewhereOf(d)})
	}
	return out
}

// elsewhereOf tells whether the roles of a difference are of other orgs.
func elsewhereOf(d driver.Difference) bool {
	orgs := func(v any) (out []string) {
		for _, one := range listOf(v) {
			if role, is := one.(map[string]any); is {
				out = append(out, strings.ToLower(cmpOr(reference(role["org"]), scalar(role["org"]))))
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	want, got := orgs(d.Want), orgs(d.Got)
	return strings.TrimPrefix(d.Member, "/") == "roles" && len(want) > 0 && len(got) > 0 && !slices.Equal(want, got)
}

// madeUp lists what the product holds since its first sync, which neither the provider has nor the product had before:
// of collections of which it holds all that it was told, for elsewhere it may be what it was told, under another id.
func (m *memory) madeUp(truth driver.Objects, held, before *driver.Held) (out []difference) {
	for _, collection := range m.learned.Collections {
		whole := true
		for id, object := range truth[collection] {
			whole = whole && (!active(object) || m.has(held.Objects, collection, id))
		}
		for _, id := range slices.Sorted(maps.Keys(held.Objects[collection])) {
			if whole && active(held.Objects[collection][id]) && before.Objects[collection][id] == nil &&
				truth[collection][m.bare(collection, id)] == nil {
				out = append(out, difference{place: place{collection: collection, id: id}, what: lingering,
					want: "not held, for the provider never had it", got: "held"})
			}
		}
	}
	return out
}

// refers are the references without which a product can't hold an object, and where they lead.
var refers = map[string]map[string]string{
	"enrollments": {"user": "users", "class": "classes"},
	"classes":     {"course": "courses", "school": "orgs"},
	"lineItems":   {"class": "classes"},
	"results":     {"lineItem": "lineItems", "student": "users"},
	"scoreScales": {"class": "classes"},
}

// compare tells in what the product's holdings are not what they should be. gone are objects that were there once.
// What the product has beside is its own.
func (m *memory) compare(truth driver.Objects, held *driver.Held, gone map[place]bool) []difference {
	var out []difference
	m.spell(truth)
	lacking := map[place]bool{}
	for _, d := range m.holder.Compare(truth, held, m.learned) {
		x := difference{place: place{collection: d.Collection, id: d.SourcedID, member: strings.TrimPrefix(d.Member, "/")}}
		switch {
		case d.Kind == driver.Missing:
			x.what, x.want, x.got = missing, "held", "not held"
			lacking[x.place] = true
		case d.Kind == driver.Extra:
			x.id = m.bare(d.Collection, d.SourcedID)
			if truth[x.collection][x.id] == nil && !gone[x.object()] {
				continue
			}
			x.what, x.want, x.got = lingering, "not held as active", "held as active"
		case x.member == "status" && fmt.Sprint(d.Want) == "active":
			x.member, x.what, x.want, x.got = "", missing, "held as active", "held, and flagged"
			lacking[x.place] = true
		case x.member == "status":
			x.member, x.what, x.want, x.got = "", lingering, "held as tobedeleted", "held as active"
		default:
			x.what, x.want, x.got, x.elsewhere = value, written(d.Want), written(d.Got), elsewhereOf(d)
		}
		out = append(out, x)
	}
	for _, twice := range held.Twice {
		collection, id, _ := strings.Cut(twice, "/")
		if id = m.bare(collection, id); m.keeps(collection) && truth[collection][id] != nil {
			out = append(out, difference{place: place{collection: collection, id: id}, what: doubled, want: "held once", got: "held more than once"})
		}
	}
	maps.DeleteFunc(lacking, func(at place, _ bool) bool { // what hangs on who need not be held need not be either
		return m.spared[at.collection+m.season(truth, at.collection, truth[at.collection][at.id])]
	})
	left := leavers(truth, m.today)
	return slices.DeleteFunc(out, func(d difference) bool {
		object := truth[d.collection][d.id]
		return d.what == missing && (m.spared[d.collection+m.season(truth, d.collection, object)] || d.collection == "results" && left(object) ||
			m.stands(d.collection, object, truth, held, lacking))
	})
}

// stands tells whether an object refers to one that the product doesn't keep, and need not.
func (m *memory) stands(collection string, object map[string]any, truth driver.Objects, held *driver.Held, lacking map[place]bool) bool {
	for member, of := range refers[collection] {
		to := reference(object[member])
		if to == "" || !m.keeps(of) || lacking[place{collection: of, id: to}] {
			continue
		}
		if held.Sees(of, to) && !m.has(held.Objects, of, to) {
			return true
		}
		if scalar(truth[of][to]["status"]) == "tobedeleted" {
			return true
		}
	}
	return false
}

// has tells whether the product holds an object.
func (m *memory) has(o driver.Objects, collection, id string) bool {
	return m.object(o, collection, id) != nil
}

// object gives what the product holds of an object.
func (m *memory) object(o driver.Objects, collection, id string) map[string]any {
	if object := o[collection][id]; object != nil || m == nil {
		return object
	}
	if slices.Contains(m.learned.Recased, collection) {
		for written, object := range o[collection] {
			if m.bare(collection, written) == id {
				return object
			}
		}
	}
	return o[collection][m.learned.Before[collection]+id+m.learned.After[collection]]
}

// spell takes note of how the provider writes its sourcedIds, where the product writes them in another case.
func (m *memory) spell(truth driver.Objects) {
	for _, collection := range m.learned.Recased {
		if m.spelled[collection] == nil {
			m.spelled[collection] = map[string]string{}
		}
		for id := range truth[collection] {
			small := strings.ToLower(id)
			if was, met := m.spelled[collection][small]; met && was != id {
				m.spelled[collection][small] = ""
				continue
			}
			m.spelled[collection][small] = id
		}
	}
}

// bare gives the provider's sourcedId for one that the product has written in its own way.
func (m *memory) bare(collection, id string) string {
	if meant := m.spelled[collection][strings.ToLower(id)]; meant != "" {
		return meant
	}
	return strings.TrimSuffix(strings.TrimPrefix(id, m.learned.Before[collection]), m.learned.After[collection])
}

// count counts the objects that the product should hold.
func (m *memory) count(truth driver.Objects) (n int) {
	for collection, objects := range truth {
		if m.keeps(collection) {
			n += len(objects)
		}
	}
	return n
}

// written shows a value.
func written(v any) string {
	if s := scalar(v); s != "" || v == nil {
		return s
	}
	text, _ := json.Marshal(v) // it was JSON before
	return string(text)
}

// scalar gives a value as text; empty where it is no text, number or flag.
func scalar(v any) string {
	switch v.(type) {
	case nil, map[string]any, []any:
		return ""
	}
	return fmt.Sprint(v)
}

// reference gives the sourcedId to which a reference leads.
func reference(v any) string {
	m, _ := v.(map[string]any)
	return scalar(m["sourcedId"])
}

// active tells whether an object is there, and not flagged.
func active(object map[string]any) bool {
	return object != nil && scalar(object["status"]) != "tobedeleted"
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
			case active(object) && differs(was, object):
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

// differs tells whether two states of an object say something else.
func differs(a, b map[string]any) bool {
	without := func(o map[string]any) map[string]any {
		o = maps.Clone(o)
		delete(o, "dateLastModified")
		return o
	}
	return !reflect.DeepEqual(without(a), without(b))
}

// count words how many objects of which collections there are.
func count(o driver.Objects, m *memory) string {
	var out []string
	for _, collection := range slices.Sorted(maps.Keys(o)) {
		n := 0
		for _, object := range o[collection] {
			if active(object) {
				n++
			}
		}
		if n > 0 && (m == nil || m.keeps(collection)) {
			out = append(out, fmt.Sprintf("%d %s", n, collection))
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}
