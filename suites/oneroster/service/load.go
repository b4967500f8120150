package service

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/strictyaml"
)

//go:embed data
var files embed.FS

// Rostering is the OneRoster 1.2 Rostering service; it is read once a process.
var Rostering = sync.OnceValue(func() *Service { return mustLoad("rostering-1.2") })

// Resources is the OneRoster 1.2 Resources service.
var Resources = sync.OnceValue(func() *Service { return mustLoad("resources-1.2") })

// Rostering11, Resources11 and Gradebook11 are those services of OneRoster 1.1, which has one root
// for all.
var (
	Rostering11 = sync.OnceValue(func() *Service { return mustLoad("rostering-1.1") })
	Resources11 = sync.OnceValue(func() *Service { return mustLoad("resources-1.1") })
	Gradebook11 = sync.OnceValue(func() *Service { return mustLoad("gradebook-1.1") })
)

// Gradebook is the OneRoster 1.2 Gradebook service, but for the operations of assessments.
var Gradebook = sync.OnceValue(func() *Service { return mustLoad("gradebook-1.2") })

// Assessment is the part of the OneRoster 1.2 Gradebook service that the Assessment Results
// Profile keeps: the operations of assessments, with scopes of their own.
var Assessment = sync.OnceValue(func() *Service { return mustLoad("assessment-1.2") })

// ScopesBeside lists the scopes of the other services of the same standard, which open nothing
// of this one, whose names differ from these in a word.
func ScopesBeside(of *Service) []string {
	var out []string
	for _, other := range []*Service{Rostering(), Resources(), Gradebook(), Assessment()} {
		if other.Name != of.Name && other.Standard == of.Standard && other.Scopes.Prefix == of.Scopes.Prefix {
			out = append(out, other.Scopes.All()...)
		}
	}
	return out
}

// mustLoad loads a description that is part of the program; the package's tests read it.
func mustLoad(name string) *Service {
	s, err := load(name)
	if err != nil {
		panic(err)
	}
	return s
}

func load(name string) (*Service, error) {
	text, err := files.ReadFile("data/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the description of a service: %w", err)
	}
	s, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", name, err)
	}
	return s, nil
}

// Parse reads a description, takes what the schemas know, and says what is wrong with it.
func Parse(text []byte) (*Service, error) {
	s := &Service{}
	if err := strictyaml.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	if s.Like != "" {
		var err error
		if s, err = likeAnother(s.Like, text); err != nil {
			return nil, err
		}
	}
	for _, step := range []func() error{s.checkNames, s.readKinds, s.readOperations, s.readCollections, s.readPayload, s.checkSamples} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// likeAnother reads a description over the one that it is like: what it says stands in place
// of what that says, key by key, and of its kinds those that it names: one of which it says nothing
// else it doesn't have.
func likeAnother(like string, text []byte) (*Service, error) {
	base, err := files.ReadFile("data/" + like + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("it is like %s, which there isn't: %w", like, err)
	}
	s := &Service{}
	if err := strictyaml.Unmarshal(base, s); err != nil {
		return nil, fmt.Errorf("reading %s, which it is like: %w", like, err)
	}
	if s.Like != "" {
		return nil, fmt.Errorf("it is like %s, which is like another itself", like)
	}
	own := *s
	own.Scopes, own.Samples = Scopes{}, Samples{} // said as a whole, or not at all
	if err := strictyaml.Unmarshal(text, &own); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	if own.Samples.Collection == "" {
		own.Samples = s.Samples
	}
	if own.Scopes.Prefix == "" {
		own.Scopes = s.Scopes
	}
	maps.DeleteFunc(own.Kinds, func(_ string, k *Kind) bool { return k == nil })
	return &own, nil
}

func (s *Service) checkNames() error {
	if s.Key == "" {
		s.Key = s.Name
	}
	if s.Section == "" {
		s.Section = "oneroster"
	}
	if s.Status.Minor == "" {
		s.Status.Minor = "imsx_CodeMinor"
	}
	if len(s.Made) == 0 {
		s.Made = []int{http.StatusCreated}
	}
	for name, text := range map[string]string{"name": s.Name, "standard": s.Standard, "title": s.Title, "requirements": s.Requirements,
		"checks": s.Checks, "path": s.Path, "schemas": s.Schemas, "status-info": s.StatusInfo,
		"scopes.prefix": s.Scopes.Prefix, "words.many": s.Words.Many,
		"scopes.family": s.Scopes.Family, "words.data": s.Words.Data, "scopes.core": s.Scopes.Core, "scopes.full": s.Scopes.Full} {
		if text == "" {
			return fmt.Errorf("%s is missing", name)
		}
	}
	if (s.OpenAPI == "") != (len(s.Discovery) == 0) {
		return errors.New("an OpenAPI document and the names of discovery documents go together")
	}
	if !strings.HasPrefix(s.Path, "/") || strings.HasSuffix(s.Path, "/") {
		return fmt.Errorf("path %q doesn't begin with a slash, or ends in one", s.Path)
	}
	if _, err := schemas.Load(s.StatusInfo); err != nil {
		return fmt.Errorf("status-info: %w", err)
	}
	return nil
}

// readKinds takes the members of each kind from its schema, and holds what is said of them
// to that.
func (s *Service) readKinds() error {
	for name, kind := range s.Kinds {
		schema, err := schemas.Load(s.Schema(name))
		if err != nil {
			return fmt.Errorf("kind %s: %w", name, err)
		}
		kind.Name = name
		for _, m := range schema.Members() {
			member := Member{At: m.Pointer, Path: strings.Split(m.Pointer, "/")[1:], Type: typeOf(m), Required: m.Required, Refers: m.Refers,
				Terms: m.Terms, Extensible: m.Extensible}
			kind.Members = append(kind.Members, member)
			if member.Type == Reference {
				kind.references = append(kind.references, member)
			}
		}
		if err := kind.check(s.Content); err != nil {
			return fmt.Errorf("kind %s: %w", name, err)
		}
	}
	return nil
}

// check holds what is said of a kind to its schema; content says that its objects have no sourcedId.
func (k *Kind) check(content bool) error {
	single := []Type{Text, Number, Boolean, Date, DateTime, Vocabulary}
	for _, part := range []struct {
		what  string
		names []string
		types []Type
	}{
		{"labels", k.Labels, []Type{Text}}, {"probed", k.Probed, single}, {"structured", k.Structured,
			[]Type{List, Structure, Reference, Anything}},
		{"lists", k.Lists, []Type{List}},
		{"select.plain", k.Select.Plain, single}, {"select.structures", k.Select.Structures, nil},
	} {
		for _, name := range part.names {
			if m, known := k.Member("/" + name); !known || part.types != nil && !slices.Contains(part.types, m.Type) {
				return fmt.Errorf("%s names %s, which the schema doesn't have as such", part.what, name)
			}
		}
	}
	for _, name := range k.Nested {
		if reference, member, _ := strings.Cut(name, "."); k.TypeOf(reference) != Reference || member != "sourcedId" {
			return fmt.Errorf("nested names %s, which is no property of a reference", name)
		}
	}
	for at := range k.Vocabularies {
		if m, known := k.Member(at); !known || m.Type != Vocabulary {
			return fmt.Errorf("vocabularies name %s, which has none by the schema", at)
		}
	}
	if !content && (!slices.Contains(k.Select.Plain, "sourcedId") || !slices.Contains(k.Select.Structures, "sourcedId")) {
		return errors.New("a selection lacks sourcedId, by which objects are told apart")
	}
	return nil
}

func (s *Service) readOperations() error {
	seen := map[string]bool{}
	for i := range s.Operations {
		op := &s.Operations[i]
		if op.Method == "" {
			op.Method = http.MethodGet
		}
		switch {
		case op.ID == "" || seen[op.ID]:
			return fmt.Errorf("operation %q is given twice, or has no id", op.ID)
		case !strings.HasPrefix(op.Path, "/"):
			return fmt.Errorf("operation %s: path %q doesn't begin with a slash", op.ID, op.Path)
		case (op.Wrapper == "") != (op.Method == http.MethodDelete) || s.Kinds[op.Kind] == nil:
			return fmt.Errorf("operation %s has no wrapper, or one too many, or is of the unknown kind %q", op.ID, op.Kind)
		case op.Method != http.MethodGet && op.Single == (op.Method == http.MethodPost):
			return fmt.Errorf("operation %s: whether it writes one object is wrong for %s", op.ID, op.Method)
		case len(op.Scopes) == 0:
			return fmt.Errorf("operation %s is opened by no scope", op.ID)
		}
		if err := s.checkScopes(op); err != nil {
			return fmt.Errorf("operation %s: %w", op.ID, err)
		}
		seen[op.ID] = true
		op.core = slices.Contains(op.Scopes, s.Scopes.Core)
		op.apart = s.Scopes.Apart != "" && slices.Contains(op.Scopes, s.Scopes.Apart)
	}
	writes := func(op Operation) bool { return op.Method != http.MethodGet }
	for _, op := range s.Operations {
		if writes(op) {
			s.Writes = append(s.Writes, op)
		}
	}
	s.Operations = slices.DeleteFunc(s.Operations, writes)
	return nil
}

// checkScopes holds an operation to the scopes that the service has for its method.
func (s *Service) checkScopes(op *Operation) error {
	known := []string{s.Scopes.Core, s.Scopes.Full, s.Scopes.Apart}
	if op.Method != http.MethodGet {
		known = []string{s.Scopes.For(op.Method)}
	}
	for _, scope := range op.Scopes {
		if scope == "" || !slices.Contains(known, scope) {
			return fmt.Errorf("the service has no scope %q for it", scope)
		}
	}
	return nil
}

func (s *Service) readCollections() error {
	for i := range s.Collections {
		c := &s.Collections[i]
		for id, into := range map[string]*Operation{c.ListID: &c.List, c.ReadID: &c.Read} {
			if id == "" && into == &c.Read {
				continue
			}
			j := slices.IndexFunc(s.Operations, func(o Operation) bool { return o.ID == id })
			if j < 0 {
				return fmt.Errorf("collection %s: there is no operation %q", c.Name, id)
			}
			*into = s.Operations[j]
		}
		switch {
		case c.ReadID == "":
			if c.List.Path != "/"+c.Name || c.List.Single {
				return fmt.Errorf("collection %s is listed by an operation with another path", c.Name)
			}
		case c.List.Path != "/"+c.Name || c.Read.Path != "/"+c.Name+"/{sourcedId}" || c.List.Single || !c.Read.Single:
			return fmt.Errorf("collection %s is listed or read by an operation with another path", c.Name)
		case c.List.Kind != c.Read.Kind:
			return fmt.Errorf("collection %s lists %s and reads %s", c.Name, c.List.Kind, c.Read.Kind)
		}
		c.Kind = c.List.Kind
		if c.Wrapper == "" {
			c.Wrapper = Kebab(c.Name)
		}
	}
	apart := slices.IndexFunc(s.Collections, func(c Collection) bool { return c.Name == s.Scopes.Beside && c.List.Apart() })
	if (s.Scopes.Apart == "") != (s.Scopes.Beside == "") || s.Scopes.Apart != "" && apart < 0 {
		return fmt.Errorf("scopes.beside %q is not the collection that scopes.apart %q opens", s.Scopes.Beside, s.Scopes.Apart)
	}
	for _, op := range s.Operations {
		if err := s.checkBy(op); err != nil {
			return fmt.Errorf("operation %s: %w", op.ID, err)
		}
	}
	for _, c := range s.Collections {
		if err := s.checkPart(c); err != nil {
			return fmt.Errorf("collection %s: %w", c.Name, err)
		}
	}
	for kind := range s.Kinds {
		if !slices.ContainsFunc(s.Collections, func(c Collection) bool { return c.Kind == kind && c.Part == nil }) {
			return fmt.Errorf("no collection holds every object of the kind %s", kind)
		}
	}
	return nil
}

// checkBy holds a sub-collection that equals a filter to the kind of its parents.
func (s *Service) checkBy(op Operation) error {
	if op.By == "" {
		return nil
	}
	parents := slices.IndexFunc(s.Collections, func(c Collection) bool { return c.Name == op.Root() })
	m, _ := s.Kinds[op.Kind].Member(op.By)
	if !op.Sub() || op.Parameters() != 1 || parents < 0 || m.Type != Reference || m.Refers != s.Collections[parents].Kind {
		return fmt.Errorf("%q is no reference of its objects to its parents", op.By)
	}
	return nil
}

func (s *Service) checkPart(c Collection) error {
	if c.Part == nil {
		return nil
	}
	whole := slices.IndexFunc(s.Collections, func(o Collection) bool { return o.Name == c.Part.Of && o.Part == nil })
	if whole < 0 || s.Collections[whole].Kind != c.Kind {
		return fmt.Errorf("it is part of %q, which is no whole collection of the same kind", c.Part.Of)
	}
	m, known := s.Kinds[c.Kind].Member(c.Part.At)
	if !known || m.Type != Vocabulary {
		return fmt.Errorf("%q, which decides, has no vocabulary", c.Part.At)
	}
	for _, term := range slices.Concat(c.Part.Any, c.Part.All) {
		if !slices.Contains(m.Terms, term) {
			return fmt.Errorf("%s is no term of %s", term, c.Part.At)
		}
	}
	return nil
}

// readPayload fills in the members of rules that hold for a type.
func (s *Service) readPayload() error {
	for i := range s.Payload {
		r := &s.Payload[i]
		kind := s.Kinds[r.Kind]
		if kind == nil || r.Requirement == "" || r.Title == "" {
			return fmt.Errorf("a rule for payloads (%s) lacks a title, or is about the unknown kind %q", r.Requirement, r.Kind)
		}
		if r.Type != "" {
			r.At = kind.Pointers(r.Type)
		}
		if len(r.At) == 0 {
			return fmt.Errorf("rule %s is about no member", r.Requirement)
		}
		for _, at := range r.At {
			// What additionalProperties tells of is what the schema doesn't have.
			if _, known := kind.Member(at); known == (r.Keyword == "additionalProperties") {
				return fmt.Errorf("rule %s is about %s, of which the schema says otherwise", r.Requirement, at)
			}
		}
	}
	return nil
}

func (s *Service) checkSamples() error {
	one := s.Samples
	for _, name := range slices.Concat([]string{one.Collection, one.Other, one.Written}, one.Filtered, one.Paging, one.Witnesses,
		one.Sub.Needs) {
		if !slices.ContainsFunc(s.Collections, func(c Collection) bool { return c.Name == name }) {
			return fmt.Errorf("samples name the collection %q, which there isn't", name)
		}
	}
	if s.Kinds[s.Collection(one.Collection).Kind].TypeOf(one.Property) != Text {
		return fmt.Errorf("samples.property %q is no text of /%s", one.Property, one.Collection)
	}
	for _, id := range one.Beyond {
		if i := slices.IndexFunc(s.Operations, func(o Operation) bool { return o.ID == id }); i < 0 || s.Operations[i].Core() {
			return fmt.Errorf("samples.beyond names %q, which the core scope opens, or which there isn't", id)
		}
	}
	for _, id := range append(slices.Clone(one.Dropped), one.Sub.Operation) {
		if i := slices.IndexFunc(s.Operations, func(o Operation) bool { return o.ID == id }); id != "" && (i < 0 || !s.Operations[i].Sub()) {
			return fmt.Errorf("samples name %q, which is no sub-collection", id)
		}
	}
	return nil
}
