package oneroster

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// Dialect is what an older version of the standard has otherwise than 1.2. A service that
// has one is served from the same store: its objects are views of what is stored.
type Dialect struct {
	// Version is that of the standard, such as 1.1.
	Version string

	// ScopePrefix begins its scopes.
	ScopePrefix string

	// Views are its own forms of objects, of the collections whose objects differ.
	Views map[store.Collection]View

	// Shown are the collections of which it has no more than what can say all that it
	// requires. The rest isn't there for its clients: nothing is made up.
	Shown map[store.Collection]Shown

	// Merged are the paths of other services whose objects it serves itself: what refers
	// to these refers to its own.
	Merged []string

	// Minors spell the code minors otherwise; an empty one is left out.
	Minors map[string]string

	// Signed says that requests may be signed (OAuth 1.0a) in place of having a token.
	Signed bool
}

// View is another form of the objects of a collection.
type View struct {
	// Show gives the form of a stored document.
	Show func(document []byte) []byte

	// Differs are the members that can't be read off the stored document as they are.
	Differs []string

	// Take completes an object that a client sent to what is stored of it, where that is
	// more: before is what is stored under its sourcedId, nil where nothing is, and find
	// gives other stored documents, nil where there is none. It may be nil itself.
	Take func(sent map[string]any, before []byte, find func(c store.Collection, sourcedID string) []byte)
}

// Shown says which objects of a collection a dialect has.
type Shown struct {
	// Where is a filter that they fulfil as they are stored.
	Where string

	// Relation leads to them from objects of the collection Of, which have to be shown too; empty
	// where they hang on nothing.
	Relation string
	Of       store.Collection
}

// prefix begins the scopes of a service.
func (s *Service) prefix() string {
	if s.Dialect != nil {
		return s.Dialect.ScopePrefix
	}
	return ScopePrefix
}

// signed says whether requests of the service may be signed.
func (s *Service) signed() bool { return s.Dialect != nil && s.Dialect.Signed }

// addresses are those of the service at a provider.
func (s *Service) addresses(provider string) Addresses {
	at := Addresses{Service: provider + s.Path, Provider: provider}
	if s.Dialect != nil {
		at.Merged = s.Dialect.Merged
	}
	return at
}

// show gives a document in its form.
func (v *View) show(document []byte) []byte {
	if v == nil || v.Show == nil {
		return document
	}
	return v.Show(document)
}

// take completes an object that was sent to what is stored of it.
func (d *Dialect) take(tx store.Tx, c store.Collection, sent map[string]any, before []byte) {
	if d == nil || d.Views[c].Take == nil {
		return
	}
	d.Views[c].Take(sent, before, func(c store.Collection, sourcedID string) []byte {
		_, body, err := tx.Get(c, sourcedID)
		if err != nil {
			return nil // what isn't there is told where it is referred to
		}
		return body
	})
}

// differs says whether a property, by its dotted path, can't be read off the stored document.
func (v *View) differs(path string) bool {
	if v == nil {
		return false
	}
	member, _, _ := strings.Cut(path, ".")
	return slices.Contains(v.Differs, member)
}

// differsIn says so of any property that a filter is about.
func (v *View) differsIn(f filter) bool {
	return slices.ContainsFunc(f, func(group []clause) bool {
		return slices.ContainsFunc(group, func(c clause) bool { return v.differs(c.path) })
	})
}

// Members calls visit with the name and the raw value of every member of a stored object, in
// their order.
func Members(object []byte, visit func(name string, value []byte)) {
	eachMember(object, func(name, value []byte) bool {
		visit(string(name), value)
		return true
	})
}

// Elements calls visit with every element of a stored array.
func Elements(array []byte, visit func(value []byte)) {
	eachElement(array, func(value []byte) bool {
		visit(value)
		return true
	})
}

// Value decodes a raw value of a stored document, as one that was sent is decoded. Of a reference
// the sourcedId is to be gone by.
func Value(raw []byte) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(bytes.ReplaceAll(raw, []byte{baseMark}, nil)))
	decoder.UseNumber()
	_ = decoder.Decode(&value) // what is stored is whole
	return value
}

// MemberNames lists the members of a struct as they stand on the wire.
func MemberNames(object reflect.Type) []string {
	return slices.Sorted(maps.Keys(describe(object).members))
}

// Text gives a raw scalar of a stored document as text.
func Text(raw []byte) string { return string(text(raw)) }

// narrow puts the filter that spans an endpoint beside that of a request.
func narrow(f, span filter) filter {
	switch {
	case span == nil:
		return f
	case f == nil:
		return span
	}
	var out filter
	for _, group := range f {
		for _, also := range span {
			out = append(out, slices.Concat(also, group))
		}
	}
	return out
}

// statusInfoSet is the body of a failed request of OneRoster 1.1, or stands beside the data
// with a warning.
type statusInfoSet struct {
	Set []plainStatus `json:"statusInfoSet"`
}

type plainStatus struct {
	CodeMajor   string `json:"imsx_codeMajor"`
	Severity    string `json:"imsx_severity"`
	CodeMinor   string `json:"imsx_codeMinor,omitempty"`
	Description string `json:"imsx_description,omitempty"`
}

// body is a failure as a version of the standard words it.
func (d *Dialect) body(f *failure) any {
	if d == nil {
		return statusInfo{
			CodeMajor:   "failure",
			Severity:    "error",
			Description: f.description,
			CodeMinor:   codeMinor{[]codeMinorField{{"TargetEndSystem", f.minor}}},
		}
	}
	return statusInfoSet{[]plainStatus{{"failure", "error", d.minor(f.minor), f.description}}}
}

// minor spells a code minor.
func (d *Dialect) minor(minor string) string {
	if other, spelt := d.Minors[minor]; spelt {
		return other
	}
	return minor
}

// end closes the body of an answer, with a warning for whoever asked for what there isn't.
func (d *Dialect) end(warnings []failure) string {
	if d == nil || len(warnings) == 0 {
		return "}"
	}
	set := statusInfoSet{}
	for _, f := range warnings {
		set.Set = append(set.Set, plainStatus{"success", "warning", d.minor(f.minor), f.description})
	}
	body, _ := json.Marshal(set) // texts alone
	return "," + string(body[1:])
}

// warnedOf are the failures that a dialect answers with data and a warning: a selection or an
// order by a property that there isn't. What is blank stays a failure.
func (d *Dialect) warnedOf(f *failure) bool {
	return d != nil && f != nil && f.status == http.StatusBadRequest && (f.minor == minorInvalidSelection || f.minor == minorInvalidSort)
}

// minorInvalidSort and minorBlankSelection are code minors that a dialect alone has a use for.
const (
	minorInvalidSort    = "invalid_sort_field"
	minorBlankSelection = "invalid_blank_selection_field"
)

// native lists the services whose objects are as they are stored.
func native(services []Service) []Service {
	return slices.DeleteFunc(slices.Clone(services), func(s Service) bool { return s.Dialect != nil })
}
