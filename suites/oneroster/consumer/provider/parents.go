package provider

import (
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// refID is the sourcedId of what a reference leads to.
func refID(v any) string {
	m, _ := v.(map[string]any)
	s, _ := m["sourcedId"].(string)
	return s
}

// refIDs are those of a list of references.
func refIDs(v any) (out []string) {
	list, _ := v.([]any)
	for _, one := range list {
		out = append(out, refID(one))
	}
	return out
}

// find gives an object of a collection.
func (p *Provider) find(collection, id string) (map[string]any, bool) {
	for _, o := range p.objects[collection] {
		if o["sourcedId"] == id {
			return o, true
		}
	}
	return nil, false
}

// wholes are the collections of which others are a part.
var wholes = map[string]string{"schools": "orgs", "terms": "academicSessions", "gradingPeriods": "academicSessions",
	"students": "users", "teachers": "users"}

// parents finds what a sub-collection stands below; false where one of them isn't there.
func (p *Provider) parents(ids map[string]string) (map[string]map[string]any, bool) {
	out := map[string]map[string]any{}
	for segment, id := range ids {
		collection := segment
		if whole := wholes[segment]; whole != "" {
			collection = whole
		}
		o, there := p.find(collection, id)
		if !there || len(p.derived([]map[string]any{o}, segment, collection)) == 0 {
			return nil, false
		}
		out[segment] = o
	}
	return out, true
}

// below keeps what stands below all parents of a sub-collection.
func (p *Provider) below(list []map[string]any, op service.Operation, parents map[string]map[string]any) []map[string]any {
	return slices.DeleteFunc(slices.Clone(list), func(o map[string]any) bool {
		for segment, parent := range parents {
			if !p.belongs(o, op, segment, parent) {
				return true
			}
		}
		return false
	})
}

// belongs tells whether an object stands below one parent, by the references that lead from one to the other.
func (p *Provider) belongs(o map[string]any, op service.Operation, segment string, parent map[string]any) bool {
	id, _ := parent["sourcedId"].(string)
	own, _ := o["sourcedId"].(string)
	member := map[string]string{"schools": "school", "classes": "class", "courses": "course", "lineItems": "lineItem", "students": "student",
		"users": "user", "teachers": "user"}[segment]
	switch op.Kind {
	case "resource":
		return slices.Contains(refIDs(parent["resources"]), own)
	case "user":
		role := "teacher"
		if strings.Contains(op.ID, "Students") {
			role = "student"
		}
		return p.seated(func(e map[string]any) bool {
			return refID(e["user"]) == own && refID(e[member]) == id && e["role"] == role
		})
	case "class":
		switch segment {
		case "students", "teachers", "users":
			return p.seated(func(e map[string]any) bool { return refID(e["class"]) == own && refID(e["user"]) == id })
		case "terms":
			return slices.Contains(refIDs(o["terms"]), id)
		}
	case "academicSession":
		return segment != "terms" || refID(o["parent"]) == id
	case "course":
		return refID(o["org"]) == id
	case "category":
		return slices.ContainsFunc(p.objects["lineItems"], func(l map[string]any) bool {
			return refID(l["category"]) == own && refID(l["class"]) == id
		})
	case "scoreScale":
		if segment == "schools" {
			class, _ := p.find("classes", refID(o["class"]))
			return refID(class["school"]) == id
		}
	case "result":
		if segment == "classes" { // 1.1 has no other way to tell
			item, _ := p.find("lineItems", refID(o["lineItem"]))
			return refID(item["class"]) == id
		}
	}
	return refID(o[member]) == id
}

// seated tells whether there is an enrollment that isn't flagged of which a condition holds.
func (p *Provider) seated(fits func(map[string]any) bool) bool {
	return slices.ContainsFunc(p.objects["enrollments"], func(e map[string]any) bool { return e["status"] != "tobedeleted" && fits(e) })
}
