package versions

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-edu/rollcall/suites/legible"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// object is one as it came, by its members.
type object map[string]json.RawMessage

// has tells whether a member says something.
func (o object) has(name string) bool {
	return !slices.Contains([]string{"", "null", `""`, "[]", "{}"}, string(o[name]))
}

// reader takes objects of a spool apart, one after the other: what it gave is gone with the
// next.
type reader struct {
	members object
	names   map[string]string
}

func (r *reader) read(raw []byte) object {
	if r.members == nil {
		r.members, r.names = object{}, map[string]string{}
	}
	clear(r.members)
	rest.EachMember(raw, func(name, value []byte) bool {
		known, met := r.names[string(name)]
		if !met {
			known = rest.Name(name)
			if len(r.names) < mostNames {
				r.names[string(name)] = known
			}
		}
		r.members[known] = value
		return len(r.members) < mostNames
	})
	return r.members
}

// mostNames bounds the names of members that are remembered, and the members of one object.
const mostNames = 200

// field is a member that both versions have, and how its values are compared.
type field struct {
	name   string
	kind   service.Type // of the values
	list   bool
	refers string   // the kind of object, of references
	terms  []string // those that both versions have, of vocabularies
	parts  []string // the members of structures
}

// unlike are members that say nothing of whether versions agree: the identifier by which
// objects are found, the time of a change of which the other version may know nothing, what
// the parties agreed on, and secrets.
var unlike = []string{"sourcedId", "dateLastModified", "metadata", "password"}

// fieldsOf lists what can be compared of a kind of object.
func fieldsOf(own, other *service.Kind) []field {
	var out []field
	for _, m := range own.Members {
		twin, both := other.Member(m.At)
		if !both || len(m.Path) != 1 || slices.Contains(unlike, m.Path[0]) {
			continue
		}
		f := field{name: m.Path[0], kind: m.Type}
		if m.Type == service.List {
			f.list = true
			m, _ = own.Member(m.At + "/*")
			twin, _ = other.Member(m.At)
			f.kind = m.Type
			for _, part := range own.Pointers(service.Text) {
				if name, within := strings.CutPrefix(part, m.At+"/"); within {
					f.parts = append(f.parts, name)
				}
			}
		}
		f.refers = m.Refers
		f.terms = slices.DeleteFunc(slices.Clone(m.Terms), func(term string) bool { return !slices.Contains(twin.Terms, term) })
		if f.kind != "" && f.kind != service.List && (f.kind != service.Structure || f.list) {
			out = append(out, f)
		}
	}
	return out
}

// values reads what an object says in a field, each value as it is compared. told is false
// where nothing is said, or nothing that the version's own form has: that is judged by itself.
func (f field) values(o object) (all []string, told bool) {
	if !o.has(f.name) {
		return nil, false
	}
	raw := []json.RawMessage{o[f.name]}
	if f.list && json.Unmarshal(o[f.name], &raw) != nil {
		return nil, false
	}
	for _, one := range raw {
		value, ok := f.value(one)
		if !ok {
			return nil, false
		}
		all = append(all, value)
	}
	slices.Sort(all)
	return slices.Compact(all), true
}

// value reads one value.
func (f field) value(raw json.RawMessage) (string, bool) {
	switch f.kind {
	case service.Reference:
		id := rest.Read[rest.Ref](raw).SourcedID
		return id, id != ""
	case service.Structure:
		members := rest.Read[object](raw)
		var parts []string
		for _, name := range f.parts {
			text, _ := textOf(members[name])
			parts = append(parts, text)
		}
		return strings.Join(parts, " "), strings.Join(parts, "") != ""
	}
	text, ok := textOf(raw)
	switch {
	case !ok:
	case f.kind == service.Number:
		n, err := strconv.ParseFloat(text, 64)
		text, ok = strconv.FormatFloat(n, 'f', -1, 64), err == nil
	case f.kind == service.Date:
		text = text[:min(len(text), len("2006-01-02"))]
	case f.name == "status" && text == "inactive": // of OneRoster 1.0, which is read so
		text = "tobedeleted"
	case f.name == "grades":
		text, ok = grade(text)
	}
	if len(f.terms) > 0 {
		ok = ok && slices.Contains(f.terms, text) // the other version may have to call it otherwise
	}
	return text, ok
}

// textOf reads a text as people do; a number or a truth value is taken by its letters.
func textOf(raw json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
		if text == "" || strings.ContainsAny(text[:1], `{["n`) {
			return "", false
		}
	}
	text = norm.NFC.String(strings.TrimSpace(text))
	return text, text != "" && legible.Of(text) == legible.Whole
}

// grades are the codes of the Common Education Data Standards, which 1.1 demands and 1.2 doesn't.
var grades = []string{"IT", "PR", "PK", "TK", "KG", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "AS", "BA",
	"PB", "MD", "PM", "DO", "PD", "AE", "PT", "UG", "OTHER"}

// grade reads a code for a grade; ok is false where it is a word of the product's own.
func grade(text string) (code string, ok bool) {
	code = strings.ToUpper(strings.TrimLeft(text, "0"))
	return code, slices.Contains(grades, code)
}
