package provider

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// leads are the collections in which references of a type are resolved.
var leads = map[string]string{"academicSession": "academicSessions", "class": "classes", "course": "courses", "org": "orgs",
	"user":    "users",
	"student": "users", "teacher": "users", "resource": "resources", "category": "categories", "lineItem": "lineItems", "result": "results",
	"scoreScale": "scoreScales", "assessmentLineItem": "assessmentLineItems", "assessmentResult": "assessmentResults"}

// linked gives the references in a value their addresses.
func (p *Provider) linked(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x)+1)
		for k, of := range x {
			out[k] = p.linked(of)
		}
		kind, _ := x["type"].(string)
		id, is := x["sourcedId"].(string)
		if collection := leads[kind]; is && len(x) == 2 && collection != "" {
			for _, s := range p.services {
				if slices.ContainsFunc(s.Collections, func(c service.Collection) bool { return c.Name == collection }) {
					out["href"] = p.origin + s.Path + "/" + collection + "/" + service.EscapeSegment(id)
					break
				}
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, of := range x {
			out[i] = p.linked(of)
		}
		return out
	}
	return v
}
