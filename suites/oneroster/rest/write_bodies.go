package rest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Objects that are sent are made by their description: each member that they need, and of
// the others those that it names (sent).

// object makes one; optional says whether it has members that it needn't.
func (d *desk) object(kind, id string, optional bool) map[string]any {
	k := d.Service.Kinds[kind]
	out := map[string]any{"sourcedId": id}
	for _, m := range k.Members {
		if len(m.Path) != 1 || m.At == "/sourcedId" {
			continue
		}
		if m.Required || optional && slices.Contains(k.Sent, m.Path[0]) {
			out[m.Path[0]] = d.value(k, m)
		}
	}
	return out
}

// sets names the members of a kind that hold lists of objects and need not be there: what a
// product has no table for is the first that it loses.
func sets(k *service.Kind) (out []service.Member) {
	for _, name := range k.Structured {
		m, ok := k.Member("/" + name)
		if element, is := k.Member(m.At + "/*"); ok && is && !m.Required && m.Type == service.List && element.Type == service.Structure {
			out = append(out, m)
		}
	}
	return out
}

// sentOn is the day of all dates that are sent.
const sentOn = "2026-01-15"

// sentAt is the instant of all date-times.
const sentAt = sentOn + "T08:00:00.000Z"

// value makes what a member holds.
func (d *desk) value(k *service.Kind, m service.Member) any {
	name := m.Path[len(m.Path)-1]
	switch m.Type {
	case service.Reference:
		return d.reference(m.Refers, d.known[m.Refers])
	case service.Number:
		return map[bool]any{true: json.Number("0"), false: json.Number("80.5")}[strings.HasSuffix(name, "Min")]
	case service.Boolean:
		return "false"
	case service.Date:
		return sentOn
	case service.DateTime:
		return sentAt
	case service.Vocabulary:
		// An objective of no framework: what is sent of one that has an address may be looked up.
		for _, usual := range []string{"active", "fully graded", "unknown"} {
			if slices.Contains(m.Terms, usual) {
				return usual
			}
		}
		return m.Terms[0]
	case service.List:
		if element, ok := k.Member(m.At + "/*"); ok {
			return []any{d.value(k, element)}
		}
		return []any{}
	case service.Structure:
		out := map[string]any{}
		for _, inner := range k.Members {
			if inner.Required && len(inner.Path) == len(m.Path)+1 && strings.HasPrefix(inner.At, m.At+"/") {
				out[inner.Path[len(inner.Path)-1]] = d.value(k, inner)
			}
		}
		return out
	}
	return d.text(name)
}

// reference makes one to an object of a kind. Of what another service has it is not known
// where that lies; the reference is by the sourcedId, and its address the nearest there is.
func (d *desk) reference(kind, id string) map[string]any {
	place := map[string]string{
		"class": "classes", "org": "orgs", "user": "users", "course": "courses", "academicSession": "academicSessions",
	}[kind]
	base := strings.Replace(d.Session().Base, "/gradebook/", "/rostering/", 1)
	if d.Service.Kinds[kind] != nil {
		base, place = d.Session().Base, d.Service.CollectionOf(kind).Name
	}
	return map[string]any{"href": base + "/" + place + "/" + service.EscapeSegment(id), "sourcedId": id, "type": kind}
}

// unlike says where an object that was read is not what was sent, as far as the provider
// has no say of its own: it has of when the object was modified, and of addresses.
func unlike(at string, sent, read any) string {
	switch sent := sent.(type) {
	case map[string]any:
		got, ok := read.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is no object", at)
		}
		for name, value := range sent {
			if name == "dateLastModified" || name == "href" {
				continue
			}
			there, ok := got[name]
			if !ok {
				return fmt.Sprintf("%s/%s is missing", at, name)
			}
			if why := unlike(at+"/"+name, value, there); why != "" {
				return why
			}
		}
		return ""
	case []any:
		got, ok := read.([]any)
		if !ok || len(got) != len(sent) {
			return fmt.Sprintf("%s has not the elements that were sent", at)
		}
		for i := range sent {
			if why := unlike(fmt.Sprintf("%s/%d", at, i), sent[i], got[i]); why != "" {
				return why
			}
		}
		return ""
	}
	if !alike(sent, read) {
		return fmt.Sprintf("%s is %.80q, not %.80q", at, fmt.Sprint(read), fmt.Sprint(sent))
	}
	return ""
}

// alike compares scalars: numbers by value, and times by the instant.
func alike(a, b any) bool {
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	if n, is := a.(json.Number); is {
		f, ok := b.(float64)
		v, err := n.Float64()
		return ok && err == nil && nearly(v, f)
	}
	at, errA := time.Parse(time.RFC3339, x)
	as, errB := time.Parse(time.RFC3339, y)
	return x == y || errA == nil && errB == nil && at.Equal(as)
}

// nearly takes a number that was stored as a float of 32 bits for the same: the documents
// have format float.
func nearly(a, b float64) bool { return a == b || float32(a) == float32(b) }
