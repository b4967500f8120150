package driver

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// names are the collections, by which also what is derived of them is called.
var names = []struct {
	collection string
	others     []string
}{
	{"academicSessions", []string{"academicSession", "terms", "term", "gradingPeriods", "gradingPeriod"}},
	{"orgs", []string{"org", "schools", "school"}},
	{"courses", []string{"course"}},
	{"classes", []string{"class"}},
	{"users", []string{"user", "students", "student", "teachers", "teacher"}},
	{"enrollments", []string{"enrollment"}},
	{"demographics", []string{"demographic"}},
	{"resources", []string{"resource"}},
	{"categories", []string{"category"}},
	{"lineItems", []string{"lineItem"}},
	{"results", []string{"result"}},
	{"scoreScales", []string{"scoreScale"}},
	{"assessmentLineItems", []string{"assessmentLineItem"}},
	{"assessmentResults", []string{"assessmentResult"}},
}

// Collections lists the collections that a product may keep.
func Collections() (out []string) {
	for _, n := range names {
		out = append(out, n.collection)
	}
	return out
}

// collectionOf gives the collection that is meant by a name, in any case; empty where none is.
func collectionOf(name string) string {
	for _, n := range names {
		if strings.EqualFold(n.collection, name) || slices.ContainsFunc(n.others, func(o string) bool { return strings.EqualFold(o, name) }) {
			return n.collection
		}
	}
	return ""
}

// text gives a scalar as it is written.
func text(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case json.Number:
		return x.String(), true
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64), true
	case int:
		return strconv.Itoa(x), true
	case int64:
		return strconv.FormatInt(x, 10), true
	case bool:
		return strconv.FormatBool(x), true
	}
	return "", false
}

func keysOf(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

func keysIn[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
