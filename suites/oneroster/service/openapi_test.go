package service

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/schemas"
)

// openAPI is the part of an official document that a description says again.
type openAPI struct {
	Servers []struct {
		Variables map[string]struct{ Default string }
	}
	Paths      map[string]map[string]*openAPIOperation
	Components struct{ Schemas map[string]*openAPISchema }
}

type openAPIOperation struct {
	OperationID string
	Security    []map[string][]string
	RequestBody openAPIBody
	Responses   map[string]openAPIBody
}

type openAPIBody struct {
	Content map[string]struct{ Schema openAPISchema }
}

type openAPISchema struct {
	Ref        string `json:"$ref"`
	Type       string
	Format     string
	Properties map[string]*openAPISchema
	Required   []string
	Items      *openAPISchema
	Enum       []any
	AnyOf      []*openAPISchema
}

// official finds the folder of the official documents beside the checkout; empty where
// they aren't there, for they are not ours to hand on.
func official(t *testing.T) string {
	t.Helper()
	at, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; at != filepath.Dir(at); at = filepath.Dir(at) {
		folder := filepath.Join(at, "shared", "spec", "oneroster", "openapi")
		if _, err := os.Stat(folder); err == nil {
			return folder
		}
	}
	return ""
}

// TestOfficialDocuments holds each description to the OpenAPI document of the standard.
func TestOfficialDocuments(t *testing.T) {
	folder := official(t)
	if folder == "" {
		t.Skip("the official OpenAPI documents don't lie beside the checkout (shared/spec/oneroster/openapi)")
	}
	for _, s := range []*Service{Rostering(), Resources(), Gradebook(), Assessment()} {
		t.Run(s.String(), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(folder, s.OpenAPI))
			if err != nil {
				t.Fatal(err)
			}
			var doc openAPI
			if err := json.Unmarshal(text, &doc); err != nil {
				t.Fatal(err)
			}
			if len(doc.Servers) != 1 || doc.Servers[0].Variables["basePath"].Default != s.Path {
				t.Errorf("the path is %s, and not %+v", s.Path, doc.Servers)
			}
			if !slices.Contains(s.Discovery, s.OpenAPI) {
				t.Errorf("%s is none of the names of discovery documents", s.OpenAPI)
			}
			doc.compareOperations(t, s)
			doc.compareMinors(t, s)
			for _, op := range s.Operations {
				if op.Single && op.ID == s.CollectionOf(op.Kind).ReadID {
					doc.compareMembers(t, s.Kinds[op.Kind], "", doc.payload(op).Properties[op.Wrapper])
				}
			}
		})
	}
}

// at follows references.
func (d *openAPI) at(s *openAPISchema) *openAPISchema {
	for s != nil && s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	return s
}

// payload is the schema of the answer to an operation that reads, and of what is sent to one
// that writes.
func (d *openAPI) payload(op Operation) *openAPISchema {
	documented := d.Paths[op.Path][strings.ToLower(op.Method)]
	if documented == nil {
		return &openAPISchema{}
	}
	body := documented.Responses["200"]
	if op.Method != http.MethodGet {
		body = documented.RequestBody
	}
	schema := body.Content["application/json"].Schema
	return d.at(&schema)
}

// answer is the schema of the answer to an operation that writes.
func (d *openAPI) answer(op Operation) *openAPISchema {
	schema := d.Paths[op.Path][strings.ToLower(op.Method)].Responses["201"].Content["application/json"].Schema
	return d.at(&schema)
}

func (d *openAPI) compareOperations(t *testing.T, s *Service) {
	described := map[string]bool{}
	for _, op := range slices.Concat(s.Operations, s.Writes) {
		method := strings.ToLower(op.Method)
		described[method+" "+op.Path] = true
		documented := d.Paths[op.Path][method]
		if documented == nil || documented.OperationID != op.ID {
			t.Errorf("%s is not %s %s: %+v", op.ID, op.Method, op.Path, documented)
			continue
		}
		var scopes []string
		for _, one := range documented.Security {
			for _, list := range one {
				for _, scope := range list {
					scopes = append(scopes, strings.TrimPrefix(scope, s.Scopes.Prefix))
				}
			}
		}
		slices.Sort(scopes)
		if own := slices.Sorted(slices.Values(op.Scopes)); !slices.Equal(scopes, own) {
			t.Errorf("%s is opened by %v, and not by %v", op.ID, scopes, own)
		}
		payload := d.payload(op)
		wrapped := payload.Properties[op.Wrapper]
		switch pairs := op.Method == http.MethodPost; {
		case op.Method != http.MethodGet && (d.answer(op).Properties[Pairs] != nil) != pairs:
			t.Errorf("%s answers with %v", op.ID, d.answer(op).Properties)
		case op.Method == http.MethodDelete:
			if len(payload.Properties) > 0 {
				t.Errorf("%s is sent %v", op.ID, payload.Properties)
			}
		case wrapped == nil || len(payload.Properties) != 1:
			t.Errorf("%s answers with %v, and not with %s", op.ID, payload.Properties, op.Wrapper)
		case (d.at(wrapped).Type == "array") == op.Single:
			t.Errorf("%s: whether it answers one object is wrong", op.ID)
		}
	}
	for path, item := range d.Paths {
		for method, documented := range item {
			if documented.OperationID != "" && !described[method+" "+path] && !elsewhere(documented.OperationID, s) {
				t.Errorf("%s %s is not described", method, path)
			}
		}
	}
}

// elsewhere tells whether an operation is described by another service of the same document.
func elsewhere(id string, s *Service) bool {
	for _, other := range []*Service{Gradebook(), Assessment()} {
		if other == s || other.OpenAPI != s.OpenAPI {
			continue
		}
		if slices.ContainsFunc(slices.Concat(other.Operations, other.Writes), func(o Operation) bool { return o.ID == id }) {
			return true
		}
	}
	return false
}

// compareMinors holds the schema of error bodies to the vocabulary of codes.
func (d *openAPI) compareMinors(t *testing.T, s *Service) {
	schema, err := schemas.Load(s.StatusInfo)
	if err != nil {
		t.Fatal(err)
	}
	var own []string
	for _, m := range schema.Members() {
		if strings.HasSuffix(m.Pointer, "/imsx_codeMinorFieldValue") {
			own = slices.Sorted(slices.Values(m.Terms))
		}
	}
	minor := d.Components.Schemas["imsx_CodeMinorFieldDType"]
	if want := slices.Sorted(slices.Values(d.terms(minor.Properties["imsx_codeMinorFieldValue"]))); !slices.Equal(own, want) {
		t.Errorf("%s has the codes %v, and not %v", s.StatusInfo, own, want)
	}
}

// compareMembers holds the members of a kind to those of the document, but for what the
// errata of schemas/ know better: which are required and what is written as a text.
func (d *openAPI) compareMembers(t *testing.T, k *Kind, at string, documented *openAPISchema) {
	documented = d.at(documented)
	if documented == nil {
		t.Errorf("%s %s is not documented", k.Name, at)
		return
	}
	if at != "" {
		m, known := k.Member(at)
		if !known {
			t.Errorf("%s: %s is documented, and no schema has it", k.Name, at)
			return
		}
		if want := d.typeOf(documented); m.Type != want && m.Type != URI && m.Type != Anything {
			t.Errorf("%s: %s is of type %s, and not %s", k.Name, at, m.Type, want)
		}
		if m.Type == Reference {
			kinds := d.at(documented.Properties["type"]).Enum
			if len(kinds) != 1 || kinds[0] != m.Refers {
				t.Errorf("%s: %s refers to a %s, and not to %v", k.Name, at, m.Refers, kinds)
			}
			return
		}
		for _, term := range d.terms(documented) {
			if !slices.Contains(m.Terms, term) {
				t.Errorf("%s: %s lacks the term %s", k.Name, at, term)
			}
		}
		if m.Type == Anything {
			return
		}
	}
	for name, member := range documented.Properties {
		d.compareMembers(t, k, at+"/"+name, member)
	}
	if documented.Items != nil {
		d.compareMembers(t, k, at+"/*", documented.Items)
	}
	for _, m := range k.Members {
		rest, below := strings.CutPrefix(m.At, at+"/")
		if below && !strings.Contains(rest, "/") && rest != "*" && documented.Properties[rest] == nil {
			t.Errorf("%s: %s is not documented", k.Name, m.At)
		}
	}
}

// terms are those of a vocabulary, extensible or not.
func (d *openAPI) terms(s *openAPISchema) (out []string) {
	for _, one := range append([]*openAPISchema{s}, s.AnyOf...) {
		for _, term := range d.at(one).Enum {
			if text, isText := term.(string); isText {
				out = append(out, text)
			}
		}
	}
	return out
}

func (d *openAPI) typeOf(s *openAPISchema) Type {
	terms := d.terms(s)
	switch {
	case s.Properties["href"] != nil && s.Properties["sourcedId"] != nil && s.Properties["type"] != nil:
		return Reference
	case s.Type == "array":
		return List
	case s.Type == "object":
		return Structure
	case s.Type == "number":
		return Number
	case slices.Contains(terms, "true") && slices.Contains(terms, "false"):
		return Boolean
	case len(terms) > 0:
		return Vocabulary
	case s.Format == "date":
		return Date
	case s.Format == "date-time":
		return DateTime
	}
	return Text
}
