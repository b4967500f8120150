package versions

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// side is one of the two versions.
type side struct {
	of   *service.Service
	kind *service.Kind
}

// difference is a member of which the two versions say something else, with what each says.
type difference struct {
	name       string
	own, other string
}

// pair compares one kind of object by two versions.
type pair struct {
	own, other side
	fields     []field
	// settled tells whether both versions list an object that something refers to, and
	// neither flags it for deletion: of others they may differ.
	settled func(kind, id string) bool
	// above gives the orgs that an org is below.
	above func(org string) []string
}

// differences lists in what two objects differ that both versions list. What is flagged for
// deletion by one of them may be a shell of what it was.
func (p pair) differences(own, other object) []difference {
	if statusOf(own) == "tobedeleted" || statusOf(other) == "tobedeleted" {
		if f := p.field("status"); f != nil {
			return p.differing(*f, own, other)
		}
		return nil
	}
	var out []difference
	for _, f := range p.fields {
		out = append(out, p.differing(f, own, other)...)
	}
	if p.own.kind.Name == "user" {
		out = append(out, p.roles(own, other)...)
	}
	return out
}

func (p pair) field(name string) *field {
	if i := slices.IndexFunc(p.fields, func(f field) bool { return f.name == name }); i >= 0 {
		return &p.fields[i]
	}
	return nil
}

// leads gives where a reference leads, as it is written; what it looks like where it is none.
func leads(ref json.RawMessage) (id []byte) {
	id = ref
	if len(ref) > 0 && ref[0] == '{' {
		rest.EachMember(ref, func(name, value []byte) bool {
			if string(name) == "sourcedId" {
				id = value
			}
			return true
		})
	}
	return id
}

func statusOf(o object) string {
	if string(o["status"]) == `"active"` {
		return "active"
	}
	status, _ := field{name: "status", kind: service.Vocabulary}.values(o)
	return strings.Join(status, "")
}

func (p pair) differing(f field, own, other object) []difference {
	if a, b := own[f.name], other[f.name]; bytes.Equal(a, b) || f.kind == service.Reference && !f.list && bytes.Equal(leads(a), leads(b)) {
		return nil // a million objects are the same in nearly all
	}
	x, told := f.values(own)
	y, too := f.values(other)
	if !told || !too || slices.Equal(x, y) {
		return nil
	}
	if f.refers != "" {
		unsettled := func(id string) bool { return !p.settled(f.refers, id) }
		if !f.list && (unsettled(x[0]) || unsettled(y[0])) {
			return nil
		}
		x, y = slices.DeleteFunc(x, unsettled), slices.DeleteFunc(y, unsettled)
		if slices.Equal(x, y) {
			return nil
		}
	}
	return []difference{{f.name, strings.Join(x, ", "), strings.Join(y, ", ")}}
}

// role is one that a user of 1.2 has at an org.
type role struct {
	Role  string   `json:"role"`
	Org   rest.Ref `json:"org"`
	Begin string   `json:"beginDate"`
	End   string   `json:"endDate"`
}

// roles compares the one role and the orgs of a user of 1.1 with the roles of 1.2. 1.1 has to
// choose one of several, lacks some terms, and may count a school's district too.
func (p pair) roles(own, other object) []difference {
	m, one := p.own.kind.Member("/role")
	_, several := p.other.kind.Member("/roles/*/role")
	is, told := field{name: "role", kind: service.Vocabulary}.values(own)
	roles := rest.Read[[]role](other["roles"])
	if !one || !several || !told || len(roles) == 0 || !slices.Contains(m.Terms, is[0]) {
		return nil
	}
	var out []difference
	var terms []string
	for _, r := range roles {
		terms = append(terms, r.Role)
	}
	foreign := func(term string) bool { return !slices.Contains(m.Terms, term) }
	if !slices.ContainsFunc(terms, foreign) && !slices.Contains(terms, is[0]) {
		slices.Sort(terms)
		out = append(out, difference{"role", is[0], strings.Join(slices.Compact(terms), ", ")})
	}
	return append(out, p.orgs(is[0], own, other, roles)...)
}

// orgs compares where a user has that role.
func (p pair) orgs(is string, own, other object, roles []role) []difference {
	orgs, told := field{name: "orgs", kind: service.Reference, list: true}.values(own)
	if !told {
		return nil
	}
	var may, must []string
	if primary := rest.Read[rest.Ref](other["primaryOrg"]).SourcedID; primary != "" {
		may = append(may, primary)
	}
	for _, r := range roles {
		if r.Org.SourcedID == "" {
			continue
		}
		may = append(may, r.Org.SourcedID)
		if r.Role == is && r.Begin == "" && r.End == "" {
			must = append(must, r.Org.SourcedID)
		}
	}
	slices.Sort(may)
	may = slices.Compact(may)
	strange := func(of, among []string) bool {
		return slices.ContainsFunc(of, func(id string) bool { return !slices.Contains(among, id) && p.settled("org", id) })
	}
	wider := may
	if strange(orgs, may) {
		for _, id := range may {
			wider = append(wider, p.above(id)...)
		}
	}
	if len(may) > 0 && strange(orgs, wider) || strange(must, orgs) {
		return []difference{{"orgs", strings.Join(orgs, ", "), strings.Join(may, ", ")}}
	}
	return nil
}

// leftOut tells whether a version may have left an object out that the other one lists: it is
// flagged for deletion, or the version can't say what it is, or what it refers to is what the
// version leaves out.
func (p pair) leftOut(o object, lacking, listing side, lists func(kind, id string) bool) bool {
	if statusOf(o) == "tobedeleted" {
		return true
	}
	for _, m := range lacking.kind.Members {
		known, both := listing.kind.Member(m.At)
		if !both || len(m.Path) != 1 {
			continue
		}
		name := m.Path[0]
		if m.Required && !known.Required && !o.has(name) {
			return true
		}
		if m.Type == service.Vocabulary && m.Required && o.has(name) {
			if term, _ := textOf(o[name]); !slices.Contains(m.Terms, term) {
				return true
			}
		}
		if m.Refers != "" && m.Required && o.has(name) && !lists(m.Refers, rest.Read[rest.Ref](o[name]).SourcedID) {
			return true
		}
	}
	if m, one := lacking.kind.Member("/role"); one && o.has("roles") {
		return !slices.ContainsFunc(rest.Read[[]role](o["roles"]), func(r role) bool { return slices.Contains(m.Terms, r.Role) })
	}
	return lacking.kind.Name == "demographics" && !lists("user", idOf(o))
}

func idOf(o object) string {
	id, _ := textOf(o["sourcedId"])
	return id
}
