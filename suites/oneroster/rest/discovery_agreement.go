package rest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// mostBreaches is how many breaches of OpenAPI are shown: a document that is written by a
// program has the same one in every operation.
const mostBreaches = 12

// discoveryValid holds the document to OpenAPI itself.
func discoveryValid(t *T, doc *schemas.OpenAPI, found *harness.Response) {
	const requirement = discoveryAt + "valid"
	findings, judged, err := doc.Validate()
	if err != nil || !judged {
		t.NotApplicable(requirement, "it is of a version of OpenAPI that has no schema here, or too large to be judged by one")
		return
	}
	t.Examined(requirement, 1)
	for i, f := range findings {
		if i == mostBreaches {
			t.Note(requirement, "%d more breaches of OpenAPI are not shown", len(findings)-i)
			break
		}
		t.Fail(requirement, harness.Finding{
			Expected:  f.Expected,
			Seen:      f.Seen + ". " + f.Message,
			Where:     f.Pointer,
			Responses: []*harness.Response{found},
		})
	}
}

// headerTypes are the header fields of pages, and the types that a value of theirs may be
// described by.
var headerTypes = map[string][]string{"X-Total-Count": {"integer", "number"}, "Link": {"string", "array"}}

// judgeHeaders looks for the header fields of pages among those that are described, where
// any are. Others are a provider's own, but for those that hardly differ from one of these.
func (d *described) judgeHeaders(say sayer, op service.Operation, get node, at string) {
	responses, _ := get["responses"].(node)
	headers, _ := d.at(responses["200"])["headers"].(node)
	if op.Single || len(headers) == 0 {
		return
	}
	missing := slices.Sorted(maps.Keys(headerTypes))
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		known := slices.IndexFunc(missing, func(m string) bool { return strings.EqualFold(m, name) })
		if known < 0 {
			continue
		}
		types := headerTypes[missing[known]]
		if kind, typed := d.valueOf(d.at(headers[name]))["type"]; typed && !isOf(kind, types...) {
			wrong = append(wrong, fmt.Sprintf("%s of type %v", name, kind))
		}
		missing = slices.Delete(missing, known, known+1)
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		same := func(m string) bool { return strings.EqualFold(m, name) }
		if near := spelling.Near(name, missing); len(near) > 0 && !slices.ContainsFunc(slices.Collect(maps.Keys(headerTypes)), same) {
			wrong = append(wrong, name+", where "+near[0]+" is meant")
		}
	}
	say("headers", len(wrong) == 0, at+"/responses/200/headers", "X-Total-Count, an integer, and Link, a text", Examples(wrong))
}

// isOf tells whether a type, or a list of them as 3.1 may have, is one of those wanted.
func isOf(kind any, wanted ...string) bool {
	if list, isList := kind.([]any); isList {
		return slices.ContainsFunc(list, func(k any) bool { return isOf(k, wanted...) })
	}
	name, isText := kind.(string)
	return isText && slices.Contains(wanted, name)
}

// judgeTypes compares types, formats, terms and required lists of a schema with those of
// the standard. What the document doesn't say is left open, and what it says beyond the
// standard is its own, as the format of a member that may be any text.
func (d *described) judgeTypes(say sayer, name string, schema any, at string) {
	standard, err := schemas.Load(name)
	if err != nil {
		panic(err) // it is part of the program
	}
	var wrong []string
	if n := d.at(schema); n != nil {
		wrong = d.demandedOf(n, "the object")
	}
	for _, m := range standard.Members() {
		n := d.below(schema, strings.Split(m.Pointer, "/")[1:])
		if n == nil {
			continue
		}
		if kind, typed := n["type"]; typed && m.Type != "" && !isOf(kind, m.Type) && (m.Type != "integer" || !isOf(kind, "number")) {
			wrong = append(wrong, fmt.Sprintf("%s of type %v, not %s", m.Pointer, kind, m.Type))
		}
		if format, named := n["format"]; named && dated(m.Format) && format != m.Format {
			wrong = append(wrong, fmt.Sprintf("%s in the format %v, not %s", m.Pointer, format, m.Format))
		}
		for _, term := range d.terms(n) {
			if len(m.Terms) > 0 && !slices.Contains(m.Terms, term) && (!m.Extensible || !strings.HasPrefix(term, "ext:")) {
				wrong = append(wrong, fmt.Sprintf("%s with the term %q", m.Pointer, term))
			}
		}
		wrong = append(wrong, d.demandedOf(n, m.Pointer)...)
	}
	say("types", len(wrong) == 0, at, "the types, formats and vocabularies of the standard", Examples(wrong))
}

// dated tells whether a format is one by which clients read a text.
func dated(format string) bool { return format == "date" || format == "date-time" }

// below goes down to a member of the objects that a schema describes; nil where it says
// nothing of it.
func (d *described) below(schema any, tokens []string) node {
	for _, token := range tokens {
		if token == "*" {
			schema = d.at(schema)["items"]
			continue
		}
		members, _ := d.properties(schema)
		schema = members[token]
	}
	return d.at(schema)
}

// terms lists the texts that a schema enumerates, by itself or in alternatives.
func (d *described) terms(n node) []string {
	out := texts1(n["enum"])
	for _, list := range []string{"anyOf", "oneOf"} {
		parts, _ := n[list].([]any)
		for _, part := range parts {
			out = append(out, texts1(d.at(part)["enum"])...)
		}
	}
	return out
}

// demandedOf says which required members a schema doesn't describe, where it describes any
// and closes nothing off in a part.
func (d *described) demandedOf(n node, at string) (wrong []string) {
	members, _ := d.properties(n)
	if len(members) == 0 || n["allOf"] != nil || n["anyOf"] != nil || n["oneOf"] != nil {
		return nil
	}
	for _, name := range texts1(n["required"]) {
		if members[name] == nil {
			wrong = append(wrong, fmt.Sprintf("%s requires %s, which it doesn't describe", at, name))
		}
	}
	return wrong
}
