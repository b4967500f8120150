package rostering

import (
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

func TestDiscovery(t *testing.T) {
	published := func(change func(a *reply)) func(*provider) {
		return func(s *provider) {
			s.change = func(a *reply) {
				if strings.HasPrefix(a.path, "/discovery/") {
					change(a)
				}
			}
		}
	}
	with := func(name string, v any) func(*provider) { return published(func(a *reply) { a.body[name] = v }) }
	bent(t, "discovery", []row{
		{"no document", published(func(a *reply) { a.refuse(404, "unknownobject", "none") }), []string{"discovery.document"}},
		{"one of the two names", published(func(a *reply) {
			if strings.Contains(a.path, "imsor") {
				a.refuse(404, "unknownobject", "none")
			}
		}), nil},
		{"only with a token", published(func(a *reply) {
			if a.r.Header.Get("Authorization") == "" {
				a.refuse(401, "unauthorisedrequest", "no")
			}
		}), []string{"discovery.public"}},
		{"Swagger 2", published(func(a *reply) { delete(a.body, "openapi"); a.body["swagger"] = "2.0" }), []string{"discovery.openapi"}},
		{"a page", published(func(a *reply) { a.raw = "<html></html>" }), []string{"discovery.openapi"}},
		{"the address of the consortium", with("servers", []object{{"url": "https://example.invalid/ims/oneroster/rostering/v1p2"}}), []string{"discovery.server"}},
		{"no address", with("servers", []object{}), []string{"discovery.server"}},
		{"an address with a variable", published(func(a *reply) {
			base := a.body["servers"].([]object)[0]["url"].(string)
			scheme, rest, _ := strings.Cut(base, "://")
			a.body["servers"] = []object{{"url": "{scheme}://" + rest, "variables": object{"scheme": object{"default": scheme}}}}
		}), nil},
		{"another token endpoint", with("components", object{"securitySchemes": object{"x": object{"type": "oauth2", "flows": object{"clientCredentials": object{"tokenUrl": "https://example.invalid/token", "scopes": object{}}}}}}), []string{"discovery.scopes", "discovery.token-url"}},
		{"no security schemes", with("components", object{}), []string{"discovery.scopes", "discovery.token-url"}},
		{"one operation is missing", published(func(a *reply) { delete(a.body["paths"].(object), "/orgs/{sourcedId}") }), []string{"discovery.operations"}},
		{"parameters of other names", published(func(a *reply) {
			paths := a.body["paths"].(object)
			delete(paths, "/orgs/{sourcedId}")
			paths["/orgs/{id}"] = object{"get": describe(service.Rostering().Operation("getOrg"), "/orgs/{id}")}
		}), nil},
		{"a path parameter that the path doesn't have", published(func(a *reply) {
			paths := a.body["paths"].(object)
			paths["/orgs/{id}"] = paths["/orgs/{sourcedId}"]
			delete(paths, "/orgs/{sourcedId}")
		}), []string{"discovery.parameters"}},
		{"how a parameter of paths is written, and what of", published(func(a *reply) {
			get := describe(service.Rostering().Operation("getOrg"), "/orgs/{sourcedId}")
			get["parameters"].([]object)[1]["style"] = "simple"
			get["parameters"].([]object)[1]["x-example"] = 1
			a.body["paths"].(object)["/orgs/{sourcedId}"] = object{"get": get}
		}), nil},
		{"a parameter of paths in the style of queries", published(func(a *reply) {
			get := describe(service.Rostering().Operation("getOrg"), "/orgs/{sourcedId}")
			get["parameters"].([]object)[1]["style"] = "form"
			a.body["paths"].(object)["/orgs/{sourcedId}"] = object{"get": get}
		}), []string{"discovery.parameters"}},
		{"a parameter with a flag that is a text", published(func(a *reply) {
			get := describe(service.Rostering().Operation("getOrg"), "/orgs/{sourcedId}")
			get["parameters"].([]object)[1]["explode"] = "false"
			a.body["paths"].(object)["/orgs/{sourcedId}"] = object{"get": get}
		}), []string{"discovery.valid"}},
		{"a bound that is a text", published(func(a *reply) {
			get := describe(service.Rostering().Operation("getAllOrgs"), "/orgs")
			get["parameters"].([]object)[0]["schema"].(object)["minimum"] = "1"
			a.body["paths"].(object)["/orgs"] = object{"get": get}
		}), []string{"discovery.valid"}},
		{"a bound that is another", published(func(a *reply) {
			get := describe(service.Rostering().Operation("getAllOrgs"), "/orgs")
			get["parameters"].([]object)[0]["schema"].(object)["minimum"] = 2
			a.body["paths"].(object)["/orgs"] = object{"get": get}
		}), []string{"discovery.parameters"}},
		{"a parameter with a member that OpenAPI doesn't have", published(func(a *reply) {
			get := describe(service.Rostering().Operation("getOrg"), "/orgs/{sourcedId}")
			get["parameters"].([]object)[1]["exploded"] = false
			a.body["paths"].(object)["/orgs/{sourcedId}"] = object{"get": get}
		}), []string{"discovery.valid"}},
		{"a response with a member that OpenAPI doesn't have", published(func(a *reply) {
			get := describe(service.Rostering().Operation("getOrg"), "/orgs/{sourcedId}")
			get["responses"].(object)["404"] = object{"description": "none", "contents": object{}}
			a.body["paths"].(object)["/orgs/{sourcedId}"] = object{"get": get}
		}), []string{"discovery.valid"}},
		{"a schema with a member that OpenAPI doesn't have", published(func(a *reply) { a.body["openapi"] = "3.0.3"; inSchema(a, "additionalProps") }), []string{"discovery.valid"}},
		{"a schema with a member of JSON Schema", published(func(a *reply) { a.body["openapi"] = "3.1.0"; inSchema(a, "unevaluatedProperties") }), nil},
		{"parameters of the path as a whole, and by reference", published(func(a *reply) {
			get := describe(service.Rostering().Operation("getOrg"), "/orgs/{sourcedId}")
			list := get["parameters"].([]object)
			delete(get, "parameters")
			a.body["components"].(object)["x-parts"] = object{"f/x": []any{list[0]}}
			a.body["paths"].(object)["/orgs/{sourcedId}"] = object{"get": get, "parameters": []object{{"$ref": "#/components/x-parts/f~1x/0"}, list[1]}}
		}), nil},
		{"security of the whole document, and schemas made of others", published(func(a *reply) {
			for _, op := range service.Rostering().Operations {
				get := describe(op, op.Path)
				if slices.Contains(op.Scopes, "roster.readonly") {
					delete(get, "security")
				}
				schema := get["responses"].(object)["200"].(object)["content"].(object)["application/json"].(object)["schema"]
				get["responses"].(object)["200"] = object{"description": "success", "content": object{"application/json; charset=utf-8": object{"schema": object{"allOf": []any{schema}}}}}
				a.body["paths"].(object)[op.Path] = object{"get": get}
			}
			a.body["security"] = []object{{"oauth": []string{service.Rostering().Scopes.Prefix + "roster.readonly"}}}
		}), nil},
		{"schemas of another document", published(func(a *reply) {
			elsewhere := object{"description": "success", "content": object{"application/json": object{"schema": object{"$ref": "https://example.invalid/schemas.json#/Org"}}}}
			for _, item := range a.body["paths"].(object) {
				item.(object)["get"].(object)["responses"].(object)["200"] = elsewhere
			}
		}), nil},
		{"header fields of its own, and no others", headers(object{"ETag": object{"schema": object{"type": "string"}}, "X-Request-Id": object{"content": object{"text/plain": object{}}}}), nil},
		{"header fields in lower case", headers(object{"x-total-count": object{"schema": object{"type": "integer"}}, "link": object{"schema": object{"type": "array", "items": object{}}}}), nil},
		{"a header field in two words", headers(object{"X-TotalCount": object{"schema": object{"type": "integer"}}}), []string{"discovery.headers"}},
		{"a header field of another type", headers(object{"Link": object{"schema": object{"type": "object"}}}), []string{"discovery.headers"}},
		{"members as they may be described", members(object{"sourcedId": object{"type": "string", "format": "uuid"}, "name": object{}, "dateLastModified": object{"type": "string"},
			"status": object{"enum": []string{"active"}}, "type": object{"anyOf": []object{{"type": "string", "enum": []string{"school", "ext:hub"}}, {"type": "string"}}},
			"parent": object{"type": "object", "required": []string{"href"}, "properties": object{"href": object{"type": "string", "format": "uri"}}}}), nil},
		{"an instant as a day", members(object{"dateLastModified": object{"type": "string", "format": "date"}}), []string{"discovery.types"}},
		{"a term that is none", members(object{"status": object{"enum": []string{"active", "deleted"}}}), []string{"discovery.types"}},
		{"a list as a text", members(object{"children": object{"type": "string"}}), []string{"discovery.types"}},
		{"a required member that isn't described", members(object{"parent": object{"type": "object", "required": []string{"id"}, "properties": object{"href": object{}}}}), []string{"discovery.types"}},
		{"references in a circle", published(func(a *reply) {
			a.body["components"].(object)["schemas"] = object{"A": object{"$ref": "#/components/schemas/A"}}
			get := describe(service.Rostering().Operation("getOrg"), "/orgs/{sourcedId}")
			get["responses"].(object)["200"] = object{"$ref": "#/components/schemas/A"}
			a.body["paths"].(object)["/orgs/{sourcedId}"] = object{"get": get}
		}), []string{"discovery.responses"}},
		{"one operation only posts", published(func(a *reply) {
			a.body["paths"].(object)["/orgs"] = object{"post": object{"responses": object{"default": object{"description": "any"}}}}
		}), []string{"discovery.operations"}},
	})
}

// members has the members of an org described.
func members(described object) func(*provider) {
	return func(s *provider) {
		s.change = func(a *reply) {
			if !strings.HasPrefix(a.path, "/discovery/") {
				return
			}
			for _, name := range []string{"sourcedId", "status", "dateLastModified", "name", "type", "identifier"} { // the required ones
				if described[name] == nil {
					described[name] = object{}
				}
			}
			get := describe(service.Rostering().Operation("getOrg"), "/orgs/{sourcedId}")
			schema := get["responses"].(object)["200"].(object)["content"].(object)["application/json"].(object)["schema"].(object)
			schema["properties"].(object)["org"] = object{"type": "object", "properties": described}
			a.body["paths"].(object)["/orgs/{sourcedId}"] = object{"get": get}
		}
	}
}

// headers has the answers to a collection described with header fields.
func headers(described object) func(*provider) {
	return func(s *provider) {
		s.change = func(a *reply) {
			if strings.HasPrefix(a.path, "/discovery/") {
				get := describe(service.Rostering().Operation("getAllOrgs"), "/orgs")
				get["responses"].(object)["200"].(object)["headers"] = described
				a.body["paths"].(object)["/orgs"] = object{"get": get}
			}
		}
	}
}

// inSchema puts a member into the schema of an org.
func inSchema(a *reply, member string) {
	get := describe(service.Rostering().Operation("getOrg"), "/orgs/{sourcedId}")
	schema := get["responses"].(object)["200"].(object)["content"].(object)["application/json"].(object)["schema"].(object)
	schema["properties"].(object)["org"] = object{"type": "object", "allOf": []any{object{member: true}}}
	a.body["paths"].(object)["/orgs/{sourcedId}"] = object{"get": get}
}
