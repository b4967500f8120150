package service

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// Service is one OneRoster service in one version, or one of another standard that was made after
// that model. It is read-only.
type Service struct {
	Like         string   `yaml:"like"`         // name of the description that this one differs from; empty: it says all itself
	Name         string   `yaml:"name"`         // e.g. rostering
	Section      string   `yaml:"section"`      // key of the section of the target file; empty: oneroster
	Key          string   `yaml:"key"`          // of its base URL in the section; empty: its name
	Standard     string   `yaml:"standard"`     // e.g. OneRoster 1.2
	Title        string   `yaml:"title"`        // as the standard calls the service
	Requirements string   `yaml:"requirements"` // what ids of requirements begin with, e.g. or12.rostering
	Checks       string   `yaml:"checks"`       // what ids of checks begin with
	Path         string   `yaml:"path"`         // what base URLs end in, by the servers of the OpenAPI document
	Schemas      string   `yaml:"schemas"`      // what names of schemas begin with
	StatusInfo   string   `yaml:"status-info"`  // name of the schema of error bodies
	OpenAPI      string   `yaml:"openapi"`      // file name of the official document; empty where there is none
	Discovery    []string `yaml:"discovery"`    // file names under which a provider publishes its own
	Status       Status   `yaml:"status"`       // how error bodies differ from those of 1.2
	Warns        bool     `yaml:"warns"`        // unknown fields in fields and sort are answered with data, and a warning
	Signed       bool     `yaml:"signed"`       // requests may be signed by OAuth 1.0a in place of a token
	Made         []int    `yaml:"made"`         // statuses of a PUT that makes an object; empty: 201
	Without      []string `yaml:"without"`      // requirements of checks that it has nothing of, below the service
	Most         int      `yaml:"most"`         // the largest limit that may be asked for; 0: any
	// Content says that objects have no identifier: what one says tells it from others, but for the
	// members Passing, which hang on what was asked for.
	Content bool     `yaml:"content"`
	Passing []string `yaml:"passing"`

	Scopes      Scopes           `yaml:"scopes"`
	Kinds       map[string]*Kind `yaml:"kinds"`
	Payload     []PayloadRule    `yaml:"payload"`
	Collections []Collection     `yaml:"collections"`
	Words       Words            `yaml:"words"`
	Samples     Samples          `yaml:"samples"`
	Operations  []Operation      `yaml:"operations"` // those that read, ordered by path

	// Writes are the operations that put, post and delete; a description lists them among
	// the others.
	Writes []Operation `yaml:"-"`
}

// Status says how error bodies are wrapped and what their code minors are, where that isn't as
// in 1.2: one object, with the vocabulary of its schema.
type Status struct {
	Set    string   `yaml:"set"`    // the member that holds a list of status infos, whose code minor is a text
	Minors []string `yaml:"minors"` // the vocabulary of code minors; blanks, underscores and case don't count
	Minor  string   `yaml:"minor"`  // the member with the code minors of a single status info; empty: imsx_CodeMinor
	Majors []string `yaml:"majors"` // code majors of refusals that no operation documents; empty: failure alone
	Loose  []string `yaml:"loose"`  // code minors of other documents, which are noted where they stand for one of the vocabulary
	// Spellings are what may stand in place of a code minor of 1.2.
	Spellings map[string][]string `yaml:"spellings"`
}

// Plain writes a code minor as such are compared where documents spell them in several ways.
func (s Status) Plain(minor string) string {
	return strings.NewReplacer(" ", "", "_", "").Replace(strings.ToLower(minor))
}

// Means tells whether a code minor says what another one does in 1.2.
func (s Status) Means(minor, of string) bool {
	return slices.ContainsFunc(append([]string{of}, s.Spellings[of]...), func(one string) bool { return s.Plain(one) == s.Plain(minor) })
}

// Lists tells whether a code minor is of the vocabulary.
func (s Status) Lists(minor string) bool {
	spelt := slices.Clone(s.Minors)
	for _, others := range s.Spellings {
		spelt = append(spelt, others...)
	}
	for of := range s.Spellings {
		spelt = append(spelt, of)
	}
	return slices.ContainsFunc(spelt, func(one string) bool { return s.Plain(one) == s.Plain(minor) })
}

// Scopes names the OAuth 2 scopes of a service; all but Prefix without it.
type Scopes struct {
	Prefix string `yaml:"prefix"`
	Family string `yaml:"family"` // what the names of the service's scopes begin with
	Core   string `yaml:"core"`   // opens the core operations
	Full   string `yaml:"full"`   // opens all but those that stand apart
	Apart  string `yaml:"apart"`  // opens operations that no other does; empty where there are none
	Beside string `yaml:"beside"` // the collection that Apart opens, which names the requirements
	Other  string `yaml:"other"`  // opens operations of another service at the same address, and none of this one
	Put    string `yaml:"put"`    // opens what makes or replaces one object; empty where nothing writes
	Post   string `yaml:"post"`   // opens what makes objects to which the provider gives ids
	Delete string `yaml:"delete"` // opens what deletes one object
}

// For names the scope that opens operations of a method that writes; empty where there is
// none.
func (s Scopes) For(method string) string {
	return map[string]string{http.MethodPut: s.Put, http.MethodPost: s.Post, http.MethodDelete: s.Delete}[method]
}

// All lists the scopes, each once.
func (s Scopes) All() []string {
	all := []string{s.Core, s.Full, s.Apart, s.Put, s.Post, s.Delete}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(scope string) bool { return scope == "" })
}

// Operation is one operation of a service.
type Operation struct {
	ID      string   `yaml:"id"`      // operationId
	Method  string   `yaml:"method"`  // GET where none is named
	Path    string   `yaml:"path"`    // with {parameters}
	Wrapper string   `yaml:"wrapper"` // the member that holds the payload: of the answer, or of what is written
	Kind    string   `yaml:"kind"`
	Single  bool     `yaml:"single"`
	Unpaged bool     `yaml:"unpaged"` // a list that comes whole, and has no parameters
	By      string   `yaml:"by"`      // of a sub-collection that equals a filter: the reference to its parent
	Scopes  []string `yaml:"scopes"`  // without prefix; any one opens it

	core, apart bool
}

// Collection is one that a run crawls.
type Collection struct {
	Name    string `yaml:"name"` // path segment
	ListID  string `yaml:"list"`
	ReadID  string `yaml:"read"`    // empty where single objects can't be read
	Wrapper string `yaml:"wrapper"` // names the requirement on the wrapper; the collection's own where empty
	Weight  int    `yaml:"weight"`  // how large it is beside others
	Vast    bool   `yaml:"vast"`    // too large for an index in memory
	Part    *Part  `yaml:"part"`    // of which collection it is a part; nil where it is whole

	List, Read Operation `yaml:"-"`
	Kind       string    `yaml:"-"`
}

// Part says which objects of a whole collection a derived one holds.
type Part struct {
	Of    string   `yaml:"of"`
	At    string   `yaml:"at"`    // the member that decides, by pointer
	Any   []string `yaml:"any"`   // what has one of these there may stand in it
	All   []string `yaml:"all"`   // what has one of these there must
	From  string   `yaml:"from"`  // members beside it that bound the days on which it counts
	Until string   `yaml:"until"` // empty where it counts always
}

// Derived names the collection of which this one is a part; empty where it is whole.
func (c Collection) Derived() string {
	if c.Part == nil {
		return ""
	}
	return c.Part.Of
}

// Words are what reports call things of the service.
type Words struct {
	Data           string `yaml:"data"`         // what its objects are, as in "roster objects"
	Many           string `yaml:"many"`         // what there are most of, where any will do
	Outside        string `yaml:"outside"`      // what stands outside of a derived collection
	OutsideLoad    string `yaml:"outside-load"` // the following say what to load where there is none
	Nested         string `yaml:"nested"`       // what has properties within references
	NestedLoad     string `yaml:"nested-load"`
	PhraseLoad     string `yaml:"phrase-load"`     // a text with a blank
	TwiceLoad      string `yaml:"twice-load"`      // what stands in two collections
	ReferencesLoad string `yaml:"references-load"` // what refers to others
	BeyondLoad     string `yaml:"beyond-load"`     // what the core scope doesn't open
}

// Samples are what checks try that any collection would do for.
type Samples struct {
	Collection string    `yaml:"collection"` // where one is enough
	Property   string    `yaml:"property"`   // of it, a text
	Other      string    `yaml:"other"`      // a second one
	Written    string    `yaml:"written"`    // one that somebody might write to
	Filtered   []string  `yaml:"filtered"`
	Paging     []string  `yaml:"paging"`    // those on which paging is tried, the first that fits
	Witnesses  []string  `yaml:"witnesses"` // tell whether the service is there at all
	Sub        SubSample `yaml:"sub"`
	Beyond     []string  `yaml:"beyond"`  // operations that the core scope doesn't open
	Dropped    []string  `yaml:"dropped"` // sub-collections that may show what whole ones dropped
}

// SubSample is a sub-collection whose members can be told from whole ones, with the words
// for it.
type SubSample struct {
	Operation string   `yaml:"operation"`
	Needs     []string `yaml:"needs"` // the collections from which its members are told
	Parent    string   `yaml:"parent"`
	Member    string   `yaml:"member"`
	Load      string   `yaml:"load"`  // what is done to get members
	Field     string   `yaml:"field"` // a property of the members
}

// WithMembers words a parent with so many members.
func (s SubSample) WithMembers(n string) string { return "a " + s.Parent + " with " + s.Count(n) }

// Count words so many members, as "two students".
func (s SubSample) Count(n string) string {
	if n == "a" {
		return "a " + s.Member
	}
	return n + " " + s.Member + "s"
}

// Serves tells whether the service has an operation.
func (s *Service) Serves(id string) bool {
	return slices.ContainsFunc(s.Operations, func(op Operation) bool { return op.ID == id })
}

// Pairs is the member of the answer to a POST: each id that was sent, with the one that the
// provider gave the object.
const Pairs = "sourcedIdPairs"

// Operation finds one by operationId; an unknown one is a fault of the caller.
func (s *Service) Operation(id string) Operation {
	for _, op := range slices.Concat(s.Operations, s.Writes) {
		if op.ID == id {
			return op
		}
	}
	panic("service " + s.Name + " has no operation " + id)
}

// Collection finds one by name; an unknown one is a fault of the caller.
func (s *Service) Collection(name string) Collection {
	for _, c := range s.Collections {
		if c.Name == name {
			return c
		}
	}
	panic("service " + s.Name + " has no collection " + name)
}

// Foreign names the collection in which the parents of a sub-collection stand where that is
// none of this service: the resources of a class hang on the classes of Rostering.
func (s *Service) Foreign(op Operation) (name string, foreign bool) {
	own := slices.ContainsFunc(s.Collections, func(c Collection) bool { return c.Name == op.Root() })
	return op.Root(), op.Sub() && !own
}

// Has tells whether any object of the service has a member of one of the types.
func (s *Service) Has(types ...Type) bool {
	for _, k := range s.Kinds {
		if len(k.Pointers(types...)) > 0 {
			return true
		}
	}
	return false
}

// Whole lists the collections that are part of no other.
func (s *Service) Whole() []Collection {
	return slices.DeleteFunc(slices.Clone(s.Collections), func(c Collection) bool { return c.Part != nil })
}

// CollectionOf finds the whole collection of a kind of object.
func (s *Service) CollectionOf(kind string) Collection {
	for _, c := range s.Collections {
		if c.Kind == kind && c.Part == nil {
			return c
		}
	}
	panic("service " + s.Name + " has no collection of " + kind)
}

// Schema names the schema of a bare object of a kind.
func (s *Service) Schema(kind string) string {
	return s.Schemas + "/" + strings.ToUpper(kind[:1]) + kind[1:]
}

// Requirement gives the whole id of a requirement that is named below the service.
func (s *Service) Requirement(name string) string { return s.Requirements + "." + name }

// At finds the operation of a path below the base, its parameters filled in.
func (s *Service) At(path string) (Operation, bool) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for _, op := range s.Operations {
		template := op.Segments()
		fits := len(template) == len(segments)
		for i := 0; fits && i < len(template); i++ {
			fits = strings.HasPrefix(template[i], "{") || template[i] == segments[i]
		}
		if fits {
			return op, true
		}
	}
	return Operation{}, false
}

// Kebab writes an operationId or the name of a collection as ids of requirements do:
// get-all-users.
func Kebab(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// String tells a service from others.
func (s *Service) String() string { return fmt.Sprintf("%s %s", s.Standard, s.Title) }

// Reads tells whether single objects can be read.
func (s *Service) Reads() bool {
	return slices.ContainsFunc(s.Operations, func(op Operation) bool { return op.Single })
}
