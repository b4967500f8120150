package schemas_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/schemas"
)

// wholeOpenAPI has each object of OpenAPI 3.0 once, and does right.
const wholeOpenAPI = `{
  "openapi": "3.0.3", "x-ours": {"any": "thing"},
  "info": {"title": "Rosters", "version": "1", "contact": {"email": "a@example.org"}, "license": {"name": "none"}},
  "servers": [{"url": "https://{host}/", "variables": {"host": {"default": "a.example", "enum": ["a.example"]}}}],
  "tags": [{"name": "orgs", "externalDocs": {"url": "https://example.org"}}],
  "paths": {"/orgs/{id}": {"summary": "an org", "parameters": [{"$ref": "#/components/parameters/id"}],
    "get": {"operationId": "getOrg", "tags": ["orgs"], "deprecated": false, "security": [{"oauth": ["a"]}, {}],
      "parameters": [{"name": "fields", "in": "query", "style": "form", "explode": false, "schema": {"type": "array", "items": {"type": "string"}}}],
      "responses": {
        "200": {"description": "it", "headers": {"ETag": {"schema": {"type": "string"}}}, "links": {"next": {"operationId": "getOrg", "parameters": {"id": "$request.path.id"}}},
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Org"}, "examples": {"one": {"value": {"name": 1}}}}}},
        "4XX": {"$ref": "#/components/responses/failed"}, "default": {"description": "else"}}},
    "put": {"requestBody": {"required": true, "content": {"application/json": {"encoding": {"a": {"style": "form"}}}}},
      "responses": {"204": {"description": ""}}, "callbacks": {"done": {"{$request.body#/url}": {"post": {"responses": {"200": {"description": "ok"}}}}}}}}},
  "components": {
    "parameters": {"id": {"name": "id", "in": "path", "required": true, "content": {"text/plain": {}}}},
    "responses": {"failed": {"description": "no"}},
    "schemas": {"Org": {"type": "object", "required": ["name"], "nullable": true, "discriminator": {"propertyName": "kind", "mapping": {"a": "b"}},
      "properties": {"name": {"type": "string", "minLength": 1, "example": "x"}, "type": {"enum": ["a"]}, "$ref": {"type": "string"}, "n": {"type": "integer", "format": "int32", "minimum": 0, "exclusiveMinimum": true}},
      "additionalProperties": {"allOf": [{"$ref": "#/components/schemas/Org"}]}}, "Open": {"additionalProperties": true, "xml": {"name": "o"}}},
    "securitySchemes": {"oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://example.org/token", "scopes": {"a": "all"}}}},
      "key": {"type": "apiKey", "name": "k", "in": "header"}, "basic": {"type": "http", "scheme": "basic"}}}
}`

// TestOpenAPI misspells one thing of the document after the other.
func TestOpenAPI(t *testing.T) {
	for _, c := range []struct{ name, old, new, pointer, message string }{
		{"as it is", "", "", "", ""},
		{"a root member", `"servers":`, `"server":`, "/server", "Perhaps servers is meant."},
		{"an operation", `"get": {`, `"gets": {`, "/paths/~1orgs~1{id}/gets", "knows no member gets"},
		{"responses", `"responses": {
        "200"`, `"response": {
        "200"`, "/paths/~1orgs~1{id}/get/response", "Perhaps responses is meant."},
		{"a schema's member", `"minimum": 0`, `"minimun": 0`, "/components/schemas/Org/properties/n/minimun", "Perhaps minimum is meant."},
		{"a member within additionalProperties", `{"allOf": [`, `{"alOf": [`, "/components/schemas/Org/additionalProperties/alOf", "Perhaps allOf is meant."},
		{"a type", `"type": "integer"`, `"type": "int"`, "/components/schemas/Org/properties/n/type", "one of"},
		{"types as a list", `"type": "integer"`, `"type": ["integer", "null"]`, "/components/schemas/Org/properties/n/type", "one of"},
		{"a list of nothing", `, "items": {"type": "string"}`, ``, "/paths/~1orgs~1{id}/get/parameters/0/schema/items", "is missing"},
		{"a place of a parameter", `"in": "query"`, `"in": "queries"`, "/paths/~1orgs~1{id}/get/parameters/0/in", "one of"},
		{"a flag as a text", `"explode": false`, `"explode": "false"`, "/paths/~1orgs~1{id}/get/parameters/0/explode", "should be a boolean"},
		{"a bound as a text", `"minimum": 0`, `"minimum": "0"`, "/components/schemas/Org/properties/n/minimum", "should be a number"},
		{"a header without a schema", `{"schema": {"type": "string"}}}, "links"`, `{"description": "tag"}}, "links"`, "/paths/~1orgs~1{id}/get/responses/200/headers/ETag", "neither schema nor content"},
		{"a header's description", `{"schema": {"type": "string"}}}, "links"`, `{"descripton": "tag", "schema": {}}}, "links"`, "/paths/~1orgs~1{id}/get/responses/200/headers/ETag/descripton", "Perhaps description is meant."},
		{"no description of a response", `"4XX": {"$ref": "#/components/responses/failed"}`, `"4XX": {}`, "/paths/~1orgs~1{id}/get/responses/4XX/description", "is missing"},
		{"a status that is none", `"4XX"`, `"4xx"`, "/paths/~1orgs~1{id}/get/responses/4xx", "knows no member 4xx"},
		{"a path without a slash", `"/orgs/{id}"`, `"orgs/{id}"`, "/paths/orgs~1{id}", "knows no member"},
		{"a kind of components", `"responses": {"failed"`, `"respones": {"failed"`, "/components/respones", "Perhaps responses is meant."},
		{"a flow", `"clientCredentials"`, `"clientCredential"`, "/components/securitySchemes/oauth/flows/clientCredential", "Perhaps clientCredentials is meant."},
		{"a member of a flow", `"tokenUrl"`, `"tokenURI"`, "/components/securitySchemes/oauth/flows/clientCredentials/tokenUrl", "is missing"},
		{"a kind of scheme", `"oauth2"`, `"OAuth2"`, "/components/securitySchemes/oauth/type", "one of"},
		{"an http scheme without a scheme", `"scheme": "basic"`, `"bearerFormat": "basic"`, "/components/securitySchemes/basic/scheme", "is missing"},
		{"security as a text", `[{"oauth": ["a"]}, {}]`, `[{"oauth": "a"}]`, "/paths/~1orgs~1{id}/get/security/0/oauth", "should be an array"},
		{"no responses at all", `{"204": {"description": ""}}`, `{}`, "/paths/~1orgs~1{id}/put/responses", "empty"},
		{"a version that is none", `"3.0.3"`, `"3.0.x"`, "/openapi", "no version"},
		{"a number that no double holds", `"minimum": 0`, `"minimum": 1e999999999`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(wholeOpenAPI, c.old) {
				t.Fatalf("the document has no %s", c.old)
			}
			findings, judged, err := validate([]byte(strings.Replace(wholeOpenAPI, c.old, c.new, 1)))
			if err != nil || !judged {
				t.Fatalf("judged %v, %v", judged, err)
			}
			fits := func(f schemas.Finding) bool { return f.Pointer == c.pointer && strings.Contains(f.Message, c.message) }
			if c.pointer == "" && len(findings) > 0 || c.pointer != "" && !slices.ContainsFunc(findings, fits) {
				t.Errorf("found %+v", findings)
			}
			for _, f := range findings {
				if f.Seen == "" || f.Expected == "" || f.Severity != schemas.Error {
					t.Errorf("a finding says too little: %+v", f)
				}
			}
		})
	}
}

// TestOpenAPINewer reads what 3.1 added, and leaves later versions alone.
func TestOpenAPINewer(t *testing.T) {
	const newer = `{"openapi": "3.1.0", "info": {"title": "a", "version": "1", "summary": "s", "license": {"name": "n", "identifier": "MIT"}},
	  "webhooks": {"new": {"post": {"summary": "no responses"}}}, "jsonSchemaDialect": "https://example.org",
	  "components": {"pathItems": {"a": {}}, "securitySchemes": {"m": {"type": "mutualTLS"}}, "schemas": {"Any": true, "A": {"type": ["string", "null"], "const": "a",
	    "examples": ["a"], "$defs": {}, "$ref": "#/components/schemas/Any", "exclusiveMinimum": 3, "prefixItems": [], "type2": "array"}, "L": {"type": "array"}}}}`
	for _, c := range []struct {
		doc    string
		judged bool
		found  int
	}{
		{newer, true, 0},
		{strings.Replace(newer, `"webhooks"`, `"webhook"`, 1), true, 1},
		{strings.Replace(newer, `"3.1.0"`, `"3.2.0"`, 1), false, 0},
		{strings.Replace(newer, `"$defs": {}`, `"$defs": `+strings.Repeat(`[`, 200)+strings.Repeat(`]`, 200), 1), false, 0},
		{`{"openapi": "3.0.0", "x-a": "` + strings.Repeat("a", 8<<20) + `"}`, false, 0},
		{`["openapi"]`, false, 0},
		{`{"swagger": "2.0"}`, false, 0},
	} {
		findings, judged, err := validate([]byte(c.doc))
		if err != nil || judged != c.judged || len(findings) != c.found {
			t.Errorf("%.60s: judged %v, %v, %+v", c.doc, judged, err, findings)
		}
	}
	if _, _, err := validate([]byte("openapi: 3.0.0")); err == nil {
		t.Error("YAML is no JSON")
	}
	if findings, _, _ := validate([]byte(strings.Replace(newer, "3.1.0", "3.0.0", 1))); len(findings) < 8 {
		t.Errorf("3.0 knows nothing of these: %+v", findings)
	}
}

// TestOpenAPIOfficial judges the documents of the standard, which aren't ours to hand on.
func TestOpenAPIOfficial(t *testing.T) {
	at, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	var documents []string
	for ; at != filepath.Dir(at) && documents == nil; at = filepath.Dir(at) {
		documents, _ = filepath.Glob(filepath.Join(at, "shared", "spec", "oneroster", "openapi", "*.json"))
	}
	if documents == nil {
		t.Skip("the official OpenAPI documents don't lie beside the checkout (shared/spec/oneroster/openapi)")
	}
	for _, path := range documents {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if findings, judged, err := validate(text); err != nil || !judged || len(findings) > 0 {
			t.Errorf("%s: judged %v, %v, %+v", filepath.Base(path), judged, err, findings)
		}
		// And as one of 3.1, which knows all that they use.
		var doc map[string]any
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		doc["openapi"] = "3.1.1"
		if text, err = json.Marshal(doc); err != nil {
			t.Fatal(err)
		}
		if findings, judged, err := validate(text); err != nil || !judged || len(findings) > 0 {
			t.Errorf("%s as 3.1: judged %v, %v, %+v", filepath.Base(path), judged, err, findings)
		}
	}
}

func validate(text []byte) (findings []schemas.Finding, judged bool, err error) {
	d, err := schemas.ReadOpenAPI(text)
	if err != nil {
		return nil, false, err
	}
	return d.Validate()
}
