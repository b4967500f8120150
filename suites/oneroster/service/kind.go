package service

import (
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
)

// Type is what a member holds, as far as filters, sorting and payloads tell it apart.
type Type string

// Types of members.
const (
	Text       Type = "text"
	Number     Type = "number"
	Boolean    Type = "boolean" // written as a text, true or false
	Date       Type = "date"
	DateTime   Type = "date-time"
	Vocabulary Type = "vocabulary"
	URI        Type = "uri"
	List       Type = "list"
	Structure  Type = "structure"
	Reference  Type = "reference"
	Anything   Type = "anything" // metadata: whatever the parties agreed
)

// Kind is one kind of object.
type Kind struct {
	Labels       []string          `yaml:"labels"`       // texts that people see
	Probed       []string          `yaml:"probed"`       // single-valued properties to filter and sort by
	Nested       []string          `yaml:"nested"`       // properties within its references, with dots
	Structured   []string          `yaml:"structured"`   // properties that are no single value
	Lists        []string          `yaml:"lists"`        // of those, lists of texts to filter by
	Select       Selection         `yaml:"select"`       // fields to ask for
	Sent         []string          `yaml:"sent"`         // members that are written though they needn't be
	Vocabularies map[string]string `yaml:"vocabularies"` // pointer to the requirement on its terms

	Name    string   `yaml:"-"`
	Members []Member `yaml:"-"` // from the schema, by pointer

	references []Member
}

// Selection is fields to ask for: plain ones, and structures that must come whole.
type Selection struct {
	Plain      []string `yaml:"plain"`
	Structures []string `yaml:"structures"`
}

// Member is one member of a kind, wherever it stands within the object.
type Member struct {
	At         string   // JSON pointer, array indexes replaced by *
	Path       []string // the same, taken apart
	Type       Type
	Required   bool     // the object that holds it has to have it
	Refers     string   // of a reference: the kind of object
	Terms      []string // of a vocabulary
	Extensible bool     // the vocabulary may be extended
}

// Member finds one by pointer.
func (k *Kind) Member(at string) (Member, bool) {
	for _, m := range k.Members {
		if m.At == at {
			return m, true
		}
	}
	return Member{}, false
}

// Pointers lists the members of some types.
func (k *Kind) Pointers(types ...Type) []string {
	var out []string
	for _, m := range k.Members {
		if slices.Contains(types, m.Type) {
			out = append(out, m.At)
		}
	}
	return out
}

// Numbers tells whether objects of the service have members of their own that are numbers.
func (s *Service) Numbers() bool {
	for _, k := range s.Kinds {
		if slices.ContainsFunc(k.Members, func(m Member) bool { return m.Type == Number && len(m.Path) == 1 }) {
			return true
		}
	}
	return false
}

// References lists the members that refer to other objects. It is called for every object
// of a crawl; what it gives is not to be changed.
func (k *Kind) References() []Member { return k.references }

// TypeOf gives the type of a property.
func (k *Kind) TypeOf(property string) Type {
	m, _ := k.Member("/" + property)
	return m.Type
}

// Article puts a or an before the name of a kind.
func (k *Kind) Article() string {
	if strings.ContainsRune("aeio", rune(k.Name[0])) { // a user begins as a year does
		return "an " + k.Name
	}
	return "a " + k.Name
}

// typeOf reads the type of a member from the schema.
func typeOf(m schemas.Member) Type {
	switch {
	case m.Refers != "":
		return Reference
	case m.Type == "array":
		return List
	case m.Type == "object" && m.Pointer == "/metadata":
		return Anything
	case m.Type == "object":
		return Structure
	case m.Type == "number" || m.Type == "integer":
		return Number
	case len(m.Terms) == 2 && slices.Contains(m.Terms, "true") && slices.Contains(m.Terms, "false"):
		return Boolean
	case len(m.Terms) > 0:
		return Vocabulary
	case m.Format == "date":
		return Date
	case m.Format == "date-time" || m.Format == "date-or-date-time":
		return DateTime
	case m.Format == "uri":
		return URI
	}
	return Text
}

// PayloadRule is a requirement on certain members of the objects of one kind.
type PayloadRule struct {
	Requirement string   `yaml:"requirement"` // below the service
	Title       string   `yaml:"title"`
	Kind        string   `yaml:"kind"`
	Keyword     string   `yaml:"keyword"` // of the schema, that tells of it; empty: the value itself
	At          []string `yaml:"at"`
	Type        Type     `yaml:"type"` // all members of that type, instead of At
}

// Governs tells whether what a schema says by a keyword of a member of a kind is the
// rule's.
func (r PayloadRule) Governs(kind, keyword, at string) bool {
	if r.Kind != kind || r.Keyword != "" && r.Keyword != keyword {
		return false
	}
	if r.Keyword == "required" { // it speaks of what the members hold
		return slices.ContainsFunc(r.At, func(holder string) bool { return strings.HasPrefix(at, holder+"/") })
	}
	return slices.Contains(r.At, at)
}
