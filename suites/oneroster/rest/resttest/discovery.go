package resttest

import (
	"cmp"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Document is a discovery document: of a service at an address, with its token endpoint.
func Document(of *service.Service, base, tokenURL string) Object {
	paths, scopes := Object{}, Object{}
	for _, op := range of.Operations {
		paths[op.Path] = Object{"get": Described(of, op, op.Path)}
		for _, scope := range op.Scopes {
			scopes[of.Scopes.Prefix+scope] = "reads"
		}
	}
	flows := Object{"clientCredentials": Object{"tokenUrl": tokenURL, "scopes": scopes}}
	return Object{"openapi": "3.0.1", "info": Object{"title": "Fake", "version": "1"}, "servers": []Object{{"url": base}}, "paths": paths,
		"components": Object{"securitySchemes": Object{"oauth": Object{"type": "oauth2", "flows": flows}}}}
}

// Described is an operation of a service as the discovery document has it.
func Described(of *service.Service, op service.Operation, path string) Object {
	names, payload := []string{"limit", "offset", "sort", "orderBy", "filter", "fields"}, Object{"type": "array", "items": Object{}}
	if op.Single {
		names, payload = []string{"fields"}, Object{"type": "object"}
	}
	types := map[string]string{"limit": "integer", "offset": "integer", "fields": "array"}
	var parameters []Object
	for _, name := range names {
		schema := Object{"type": cmp.Or(types[name], "string")}
		if schema["type"] == "array" {
			schema["items"] = Object{}
		}
		parameters = append(parameters, Object{"in": "query", "name": name, "schema": schema})
	}
	for _, in := range service.Parameter.FindAllString(path, -1) {
		name := strings.Trim(in, "{}")
		parameters = append(parameters, Object{"in": "path", "name": name, "required": true, "schema": Object{"type": "string"}})
	}
	var scopes []string
	for _, scope := range op.Scopes {
		scopes = append(scopes, of.Scopes.Prefix+scope)
	}
	schema := Object{"properties": Object{op.Wrapper: payload}}
	success := Object{"description": "success", "content": Object{"application/json": Object{"schema": schema}}}
	if !op.Single {
		success["headers"] = Object{"X-Total-Count": Object{"schema": Object{"type": "integer"}}}
	}
	return Object{"operationId": op.ID, "parameters": parameters, "security": []Object{{"oauth": scopes}},
		"responses": Object{"200": success, "default": Object{"description": "failure"}}}
}
