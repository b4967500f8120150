package reports

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// schemaNode is the part of JSON Schema that report.schema.json uses.
type schemaNode struct {
	Ref         string                 `json:"$ref"`
	Type        string                 `json:"type"`
	Properties  map[string]*schemaNode `json:"properties"`
	Required    []string               `json:"required"`
	Items       *schemaNode            `json:"items"`
	Definitions map[string]*schemaNode `json:"definitions"`
	Additional  *schemaNode            `json:"additionalProperties"`
	Enum        []any                  `json:"enum"`
}

// The model and its schema say the same: every field is there, with its type,
// required unless it may be left out; and the schema names nothing else.
func TestSchemaIsTheModel(t *testing.T) {
	var root schemaNode
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	compare(t, &root, &root, reflect.TypeFor[Report](), "report")
	var verdicts []any
	for _, v := range Verdicts() {
		verdicts = append(verdicts, string(v))
	}
	if got := root.Definitions["verdict"].Enum; len(got) != len(verdicts) {
		t.Errorf("the schema knows the verdicts %v, the model %v", got, verdicts)
	}
}

func compare(t *testing.T, root, node *schemaNode, of reflect.Type, at string) {
	t.Helper()
	if name, ok := strings.CutPrefix(node.Ref, "#/definitions/"); ok {
		node = root.Definitions[name]
		if node == nil {
			t.Fatalf("%s refers to the definition %s, which is missing", at, name)
		}
	}
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	want := map[reflect.Kind]string{
		reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer", reflect.Uint64: "integer",
		reflect.Float64: "number", reflect.Slice: "array", reflect.Struct: "object", reflect.Map: "object",
	}[of.Kind()]
	if of == reflect.TypeFor[time.Time]() {
		want = "string"
	}
	if node.Type != want {
		t.Errorf("%s has type %q in the schema, %q in the model", at, node.Type, want)
	}
	switch {
	case of == reflect.TypeFor[time.Time]():
	case of.Kind() == reflect.Slice:
		compare(t, root, node.Items, of.Elem(), at+"[]")
	case of.Kind() == reflect.Map:
		compare(t, root, node.Additional, of.Elem(), at+"{}")
	case of.Kind() == reflect.Struct:
		required := map[string]bool{}
		for _, name := range node.Required {
			required[name] = true
		}
		seen := map[string]bool{}
		for i := range of.NumField() {
			name, options, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			seen[name] = true
			p := node.Properties[name]
			if p == nil {
				t.Errorf("%s.%s is missing from the schema", at, name)
				continue
			}
			if optional := strings.Contains(options, "omitempty"); optional == required[name] {
				t.Errorf("%s.%s: required is %v in the schema, omitempty is %v in the model", at, name, required[name], optional)
			}
			compare(t, root, p, of.Field(i).Type, at+"."+name)
		}
		for name := range node.Properties {
			if !seen[name] {
				t.Errorf("%s.%s is in the schema, not in the model", at, name)
			}
		}
	}
}

func TestSampleValidates(t *testing.T) {
	if err := Validate(rendered(t, "json")); err != nil {
		t.Error(err)
	}
}

func TestValidateNamesThePlace(t *testing.T) {
	document := strings.Replace(string(rendered(t, "json")), `"verdict": "warning"`, `"verdict": "fine"`, 1)
	err := Validate([]byte(document))
	if err == nil || !strings.Contains(err.Error(), "/requirements/0/verdict") {
		t.Errorf("got %v", err)
	}
	if err := Validate([]byte("{")); err == nil {
		t.Error("half a document is valid")
	}
}
