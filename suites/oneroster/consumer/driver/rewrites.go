package driver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// kinds are the kinds of object that collections have, as schemas name them.
var kinds = map[string]string{
	"academicSessions": "AcademicSession", "orgs": "Org", "courses": "Course", "classes": "Class", "users": "User",
	"enrollments": "Enrollment", "demographics": "Demographics", "resources": "Resource", "categories": "Category",
	"lineItems": "LineItem", "results": "Result", "scoreScales": "ScoreScale",
	"assessmentLineItems": "AssessmentLineItem", "assessmentResults": "AssessmentResult",
}

// rewritable lists the members of a collection that a product may keep in its own words: those of OneRoster 1.2 and 1.1
// that are compared at all. What an object belongs to is no matter of words: ids of a product's own are known as such.
func rewritable(collection string) (out []string) {
	for _, version := range []string{"oneroster/1.2/", "oneroster/1.1/"} {
		schema, err := schemas.Load(version + kinds[collection])
		if err != nil {
			continue // the version, or the service, has none of the kind
		}
		for _, m := range schema.Members() {
			name := m.Pointer[1:]
			if strings.Contains(name, "/") || m.Refers != "" || slices.Contains(passed, fold(name)) || sorts[fold(name)] == identified ||
				slices.Contains(out, name) {
				continue
			}
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// validRewrite holds an entry of consumer.holds.rewrites to what there is.
func validRewrite(t *harness.Target, path, entry string) error {
	collection, member, dotted := strings.Cut(entry, ".")
	if !dotted || kinds[collection] == "" {
		return t.Problem(path, fmt.Sprintf("%q names no member of a collection", act.Shortened(entry)),
			"write collection.member, such as classes.title; the collections are "+strings.Join(Collections(), ", "))
	}
	if known := rewritable(collection); !slices.Contains(known, member) {
		return t.Problem(path, fmt.Sprintf("%s have no member %q that a product may keep in its own words", collection, act.Shortened(member)),
			spelling.Remedy(member, known, "choose from: "+strings.Join(known, ", ")))
	}
	return nil
}

// rewritten lists the members of a collection that the product keeps in its own words, as the target file says, by
// their folded names.
func (h Holder) rewritten(collection string) (out []string) {
	for _, entry := range h.Rewrites {
		if of, member, _ := strings.Cut(entry, "."); of == collection {
			member = fold(member)
			if other := renamed[member]; other != "" {
				member = other
			}
			out = append(out, member)
		}
	}
	return out
}
