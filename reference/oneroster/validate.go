package oneroster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// What clients send is held to the structs by which objects are described: no member that
// these don't have, each that they require, and of its kind (OpenAPI document, the
// ...DType schemas, all with additionalProperties: false). The members that a provider
// knows better are completed, and needn't be sent: when it was last modified, that it is
// active, and of a reference all but the sourcedId.

// Vocabulary is the terms that a member may have.
type Vocabulary struct {
	Terms     []string
	Extension *regexp.Regexp // of further terms; nil where there are none
}

func (v Vocabulary) has(term string) bool {
	return slices.Contains(v.Terms, term) || v.Extension != nil && v.Extension.MatchString(term)
}

// statuses are those of every object.
var statuses = Vocabulary{Terms: []string{"active", "tobedeleted"}}

// longestID bounds a sourcedId in bytes: what is longer no index holds.
const longestID = 1000

// decodeJSON reads a body that is to be one JSON object.
func decodeJSON(body []byte) (map[string]any, *failure) {
	unreadable := func(why string) *failure { return fail(http.StatusBadRequest, minorInvalidData, "the body is %s", why) }
	if !utf8.Valid(body) {
		return nil, unreadable("not in UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // or a long one would lose digits
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		return nil, unreadable("no JSON object")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, unreadable("more than one JSON object")
	}
	return value, nil
}

// validator holds an object to its description.
type validator struct {
	vocabularies map[string]Vocabulary
}

// invalid is a member that can't be.
func invalid(path, format string, arguments ...any) *failure {
	return fail(http.StatusUnprocessableEntity, minorInvalidData, "%s %s", path, fmt.Sprintf(format, arguments...))
}

func below(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// value holds a value to a type. The failure is the first there is.
func (v validator) value(t reflect.Type, path string, value any) *failure {
	if t.Kind() == reflect.Pointer {
		return v.value(t.Elem(), path, value)
	}
	switch {
	case t == reflect.TypeFor[json.Number](), reflect.Int <= t.Kind() && t.Kind() <= reflect.Float64:
		return number(path, value)
	case t.Kind() == reflect.String:
		return v.text(t, path, value)
	case t.Kind() == reflect.Slice:
		elements, ok := value.([]any)
		if !ok {
			return invalid(path, "is an array")
		}
		for _, element := range elements {
			if failed := v.value(t.Elem(), path, element); failed != nil {
				return failed
			}
		}
		return nil
	}
	members, ok := value.(map[string]any)
	switch {
	case !ok:
		return invalid(path, "is an object")
	case t.Kind() == reflect.Struct:
		return v.object(t, path, members)
	}
	return open(path, value)
}

// object holds the members of an object to a struct.
func (v validator) object(t reflect.Type, path string, members map[string]any) *failure {
	known := map[string]bool{}
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			continue // what is embedded shows its members itself
		}
		known[name] = true
		value, there := members[name]
		if !there {
			if !strings.Contains(options, "omitempty") && !completed(t, name) {
				return invalid(below(path, name), "is missing")
			}
			continue
		}
		if failed := v.value(field.Type, below(path, name), value); failed != nil {
			return failed
		}
		if elements, many := value.([]any); many && len(elements) == 0 && !strings.Contains(options, "omitempty") {
			return invalid(below(path, name), "has at least one element")
		}
	}
	for name := range members {
		if !known[name] {
			return invalid(below(path, name), "is no member that there is")
		}
	}
	return nil
}

// completed says which members the provider fills in where they are missing.
func completed(t reflect.Type, name string) bool {
	if t == reflect.TypeFor[Reference]() {
		return name != "sourcedId"
	}
	return name == "status" || name == "dateLastModified"
}

func number(path string, value any) *failure {
	n, ok := value.(json.Number)
	if ok {
		_, err := n.Float64()
		ok = err == nil
	}
	if !ok {
		return invalid(path, "is a number")
	}
	return nil
}

func (v validator) text(t reflect.Type, path string, value any) *failure {
	text, ok := value.(string)
	if !ok {
		return invalid(path, "is a string")
	}
	if failed := printable(path, text); failed != nil {
		return failed
	}
	switch t {
	case reflect.TypeFor[Date]():
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return invalid(path, "is a date, YYYY-MM-DD")
		}
	case reflect.TypeFor[DateTime]():
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return invalid(path, "is a date and time of ISO 8601, such as 2026-09-01T08:00:00.000Z")
		}
	}
	vocabulary, closed := v.vocabularies[path]
	if path == "status" {
		vocabulary, closed = statuses, true
	}
	if closed && !vocabulary.has(text) {
		return invalid(path, "is one of %s", strings.Join(vocabulary.Terms, ", "))
	}
	return nil
}

// printable refuses what no text has, and no database holds: among it are the marks of
// stored documents.
func printable(path, text string) *failure {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r", r) }) {
		return invalid(path, "has control characters")
	}
	return nil
}

// open holds what may be anything to being text where it is.
func open(path string, value any) *failure {
	switch value := value.(type) {
	case string:
		return printable(path, value)
	case []any:
		for _, element := range value {
			if failed := open(path, element); failed != nil {
				return failed
			}
		}
	case map[string]any:
		for name, member := range value {
			if failed := cmpFailure(printable(path, name), open(path, member)); failed != nil {
				return failed
			}
		}
	}
	return nil
}

func cmpFailure(failures ...*failure) *failure {
	for _, f := range failures {
		if f != nil {
			return f
		}
	}
	return nil
}

// object is one that was sent, held to its description.
type sentObject struct {
	sourcedID string
	members   map[string]any
}

// accept holds an object to the description of a collection: that of the service to which it
// was sent, where this has one of its own.
func (p *Provider) accept(s *service, c store.Collection, value any) (sentObject, *failure) {
	members, ok := value.(map[string]any)
	if !ok {
		return sentObject{}, fail(http.StatusUnprocessableEntity, minorInvalidData, "an object of %s is a JSON object", c)
	}
	v, object := validator{p.vocabularies[c]}, p.objects[c]
	if s.Dialect != nil {
		v, object = validator{s.Vocabularies[c]}, s.Objects[c]
	}
	if failed := v.object(object, "", members); failed != nil {
		return sentObject{}, failed
	}
	sourcedID, _ := members["sourcedId"].(string)
	if sourcedID == "" || len(sourcedID) > longestID {
		return sentObject{}, invalid("sourcedId", "has between one and %d bytes", longestID)
	}
	for _, r := range p.referralsOf(c) {
		reference, ok := members[r.Member].(map[string]any)
		if kind, said := reference["type"]; ok && said && kind != r.Kind {
			return sentObject{}, invalid(r.Member+".type", "is %s", r.Kind)
		}
	}
	return sentObject{sourcedID, members}, nil
}

// complete gives an object as it is stored, with what the provider knows better.
func (p *Provider) complete(c store.Collection, sent sentObject, sourcedID string, modified time.Time) ([]byte, error) {
	members := sent.members
	members["sourcedId"] = sourcedID
	members["dateLastModified"] = modified.UTC().Format(TimestampLayout)
	if _, said := members["status"]; !said {
		members["status"] = "active"
	}
	for _, r := range p.referralsOf(c) {
		if reference, ok := members[r.Member].(map[string]any); ok {
			sourcedID, _ := reference["sourcedId"].(string)
			members[r.Member] = r.to(sourcedID)
		}
	}
	// By way of the struct members get their order, and times their form.
	raw, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", c, err)
	}
	object := reflect.New(p.objects[c])
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(object.Interface()); err != nil {
		return nil, fmt.Errorf("writing %s: %w", c, err)
	}
	return EncodeDocument(object.Interface())
}
