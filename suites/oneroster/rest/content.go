package rest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Objects of a service without identifiers (service.Content) are told apart by what they say.

// identify gives what tells an object of a service from others: its sourcedId, or where there are
// no identifiers its label and a sum of all that it says, but for what hangs on what was asked.
func identify(of *service.Service, object []byte) string {
	if !of.Content {
		return SourcedID(object)
	}
	members, is := normal(object).(map[string]any)
	if !is || len(members) == 0 {
		return ""
	}
	label, _ := members[of.Samples.Property].(string)
	for _, name := range of.Passing {
		delete(members, name)
	}
	text, err := json.Marshal(settled(members))
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return strings.TrimSpace(label + " (" + hex.EncodeToString(sum[:6]) + ")")
}

// settled brings a value into one form: what is null or empty is left out, and lists have no order.
func settled(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			if value = settled(value); value != nil {
				out[name] = value
			}
		}
		return out
	case []any:
		if len(v) == 0 {
			return nil
		}
		texts := make([]string, len(v))
		for i, one := range v {
			text, _ := json.Marshal(settled(one))
			texts[i] = string(text)
		}
		slices.Sort(texts)
		return texts
	}
	return v
}

// id is identify for the service of the check.
func (t *T) id(object []byte) string { return identify(t.Service, object) }

// apart takes an answer apart as a page of the service of the check.
func (t *T) apart(r *harness.Response, wrapper string) *Page { return takeApart(t.Service, r, wrapper) }

// key is the property by which a filter finds one object: its sourcedId, or where there is none
// the text that names it.
func (t *T) key() string {
	if t.Service.Content {
		return t.Service.Samples.Property
	}
	return "sourcedId"
}

// state is a property to write malformed filters with.
func (t *T) state() string {
	if t.Service.Content {
		return t.Service.Samples.Property
	}
	return "status"
}

// dated is a property that holds a date or an instant.
func (t *T) dated() string {
	if !t.Service.Content {
		return "dateLastModified"
	}
	kind := t.Service.Kinds[t.Service.Collection(t.Service.Samples.Collection).Kind]
	for _, name := range kind.Probed {
		if of := kind.TypeOf(name); of == service.Date || of == service.DateTime {
			return name
		}
	}
	return t.Service.Samples.Property
}

// keyOf gives the value of the key of an object of a collection; empty where it has none.
func (t *T) keyOf(object []byte, id string) string {
	if !t.Service.Content {
		return id
	}
	text, _ := Read[map[string]any](object)[t.key()].(string)
	return text
}

// plainFilter is a filter that leaves several objects of a collection, and where data allow it not
// all.
func (t *T) plainFilter(c service.Collection) string {
	if !t.Service.Content {
		return "status='active'"
	}
	samples := filterSamples(t)
	i := slices.IndexFunc(samples, func(s filterSample) bool { return s.Name == c.Name })
	if i < 0 {
		return t.key() + "!=" + quote(missing)
	}
	best, most := t.key()+"!="+quote(missing), 0
	for _, p := range samples[i].properties("vocabulary", "text") {
		for _, v := range slices.Sorted(maps.Keys(p.counts)) {
			if n := p.counts[v]; n > most && n < len(p.all) && plainLetters(v) && !strings.ContainsAny(v, "'%_\\&+#") {
				best, most = p.name+"="+quote(v), n
			}
		}
	}
	return best
}

// most bounds what is asked for at once to what may be.
func most(of *service.Service, n int) int {
	if of.Most > 0 {
		return min(n, of.Most)
	}
	return n
}

// paged is a query for a page, and nothing where a list comes whole.
func paged(op service.Operation, pairs ...string) string {
	if op.Unpaged {
		return ""
	}
	return Query(pairs...)
}

// counterparts gives for each object that came with some members alone the whole one that it is
// of; nil where there is none.
func (t *T) counterparts(selected, whole []json.RawMessage, names []string) []json.RawMessage {
	out := make([]json.RawMessage, len(selected))
	if !t.Service.Content {
		full := byID(whole)
		for i, o := range selected {
			out[i] = full[SourcedID(o)]
		}
		return out
	}
	decoded, taken := make([]map[string]any, len(whole)), make([]bool, len(whole))
	for i, o := range whole {
		decoded[i] = Read[map[string]any](o)
	}
	find := func(o map[string]any, first int, like func(a, b map[string]any) bool) int {
		if first < len(whole) && !taken[first] && like(o, decoded[first]) {
			return first
		}
		for j := range whole {
			if !taken[j] && like(o, decoded[j]) {
				return j
			}
		}
		return -1
	}
	agree := func(all bool) func(o, full map[string]any) bool {
		return func(o, full map[string]any) bool {
			same := 0
			for _, name := range names {
				value, there := o[name]
				if there && reflect.DeepEqual(unordered(value), unordered(full[name])) {
					same++
				} else if there && all {
					return false
				}
			}
			return same > 0
		}
	}
	for _, like := range []func(a, b map[string]any) bool{agree(true), agree(false)} {
		for i, o := range selected {
			if out[i] != nil {
				continue
			}
			if j := find(Read[map[string]any](o), i, like); j >= 0 {
				out[i], taken[j] = whole[j], true
			}
		}
	}
	return out
}

// whereOf names an object in a finding.
func (t *T) whereOf(object []byte) string {
	return cmp.Or(t.id(object), "an object without an identifier")
}
