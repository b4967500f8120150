package oneroster

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// DiscoveryNames gives the file names of a service's own OpenAPI document, as the REST binding
// (section 2.5) and the conformance guide have them: they differ, so both are served.
func DiscoveryNames(binding, guide string) []string {
	return []string{
		"onerosterv1p2" + binding + "service_openapi3_v1p0.json",
		"imsorv1p2_" + guide + "_openapi3_v1p0.json",
	}
}

// serveDiscovery answers without a token: a client reads the document to learn
// where tokens are.
func (p *Provider) serveDiscovery(w http.ResponseWriter, r *http.Request, s *service, name string) {
	if !slices.Contains(s.Discovery, name) {
		fail(http.StatusNotFound, minorUnknownObject, "there is no such discovery document").write(w)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		refuseMethod(w, r, "GET, HEAD, OPTIONS", nil)
		return
	}
	document, err := json.Marshal(p.openAPI(s, p.publicBase(r)))
	if err != nil {
		fail(http.StatusInternalServerError, minorInternal, "the discovery document could not be written").write(w)
		return
	}
	out := newResponse(w, r)
	defer out.close()
	out.write(document)
}

// object is a JSON object in the making.
type object = map[string]any

// openAPI describes a service as this provider has it: its own server and token URL, and the
// operations, scopes and schemas that it has. It is made from the tables that
// the provider runs on, so that it cannot promise anything else.
func (p *Provider) openAPI(s *service, publicBase string) object {
	paths := object{}
	for i := range s.operations {
		o := &s.operations[i]
		methods, known := paths[o.Path].(object)
		if !known {
			methods = object{}
			paths[o.Path] = methods
		}
		methods[strings.ToLower(o.Method)] = describeOperation(o)
	}
	scopes := object{}
	for _, scope := range s.Scopes {
		scopes[scope.Name] = scope.Description
	}
	return object{
		"openapi": "3.0.1",
		"info": object{
			"title":       "OneRoster " + s.Name + " service of the Rollcall reference SIS",
			"description": "The operations of OneRoster 1.2 " + s.Name + ", as this server offers them.",
			"version":     "1.0",
		},
		"servers": []any{object{"url": publicBase + s.Path}},
		"paths":   paths,
		"components": object{
			"schemas":    p.describeSchemas(s),
			"parameters": describeParameters(p.knobs.MaxLimit),
			"securitySchemes": object{"OAuth2CC": object{
				"type": "oauth2",
				"flows": object{"clientCredentials": object{
					"tokenUrl": publicBase + p.knobs.TokenPath,
					"scopes":   scopes,
				}},
			}},
		},
	}
}

func schemaRef(name string) object { return object{"$ref": "#/components/schemas/" + name} }

func jsonContent(schema object) object {
	return object{"application/json": object{"schema": schema}}
}

func describeOperation(o *operation) object {
	var parameters []any
	for _, segment := range o.segments {
		if isParameter(segment) {
			parameters = append(parameters, object{
				"name": strings.Trim(segment, "{}"), "in": "path", "required": true, "schema": object{"type": "string"},
			})
		}
	}
	names, responses := describeAnswers(o)
	for _, name := range names {
		parameters = append(parameters, object{"$ref": "#/components/parameters/" + name})
	}
	failures := map[string]string{
		"401": "The access token is missing, unknown or expired.",
		"403": "The access token has no scope for this operation.",
		"500": "The server failed.",
	}
	if o.Method == http.MethodGet {
		failures["400"] = "The filter, the selection or another parameter is unusable."
	} else {
		failures["422"] = "The object can't be stored, or can't be deleted, as it is."
	}
	if len(parameters) > len(names) {
		failures["404"] = "An object named in the path is unknown."
	}
	for status, description := range failures {
		responses[status] = object{"description": description, "content": jsonContent(schemaRef("imsx_StatusInfo"))}
	}
	described := object{
		"operationId": o.ID,
		"tags":        []string{o.target.Name},
		"security":    alternatives(o),
		"responses":   responses,
	}
	if parameters != nil {
		described["parameters"] = parameters
	}
	if o.Method == http.MethodPut || o.Method == http.MethodPost {
		described["requestBody"] = object{"required": true, "content": jsonContent(wrapped(o))}
	}
	return described
}

// describeAnswers tells what an operation takes in its query, and what it answers where it
// succeeds.
func describeAnswers(o *operation) (parameters []string, responses object) {
	switch {
	case o.Method == http.MethodPut:
		return nil, object{"201": object{"description": "The object is stored."}}
	case o.Method == http.MethodDelete:
		return nil, object{"204": object{"description": "The object is deleted."}}
	case o.Method == http.MethodPost:
		text := object{"type": "string"}
		pairs := object{"type": "array", "items": object{"type": "object", "properties": object{
			"suppliedSourcedId": text, "allocatedSourcedId": text,
		}, "required": []string{"suppliedSourcedId", "allocatedSourcedId"}}}
		return nil, object{"201": object{"description": "The objects are stored, under these sourcedIds.", "content": jsonContent(
			object{"type": "object", "properties": object{"sourcedIdPairs": pairs}, "required": []string{"sourcedIdPairs"}})}}
	case o.single:
		return []string{"fields"}, object{"200": object{"description": "The object.", "content": jsonContent(wrapped(o))}}
	}
	return []string{"limit", "offset", "sort", "orderBy", "filter", "fields"}, object{"200": object{
		"description": "A page of the collection.",
		"headers": object{
			"X-Total-Count": object{"description": "How many objects there are on all pages.", "schema": object{"type": "integer"}},
			"Link":          object{"description": "The first, previous, next and last page.", "schema": object{"type": "string"}},
		},
		"content": jsonContent(wrapped(o)),
	}}
}

// wrapped is the schema of an object, or of several, in its wrapper.
func wrapped(o *operation) object {
	name, content := o.target.Plural, object{"type": "array", "items": schemaRef(o.target.Singular)}
	if o.single {
		name, content = o.target.Singular, schemaRef(o.target.Singular)
	}
	return object{"type": "object", "properties": object{name: content}, "required": []string{name}}
}

// alternatives lists each scope as a requirement of its own: scopes within one
// requirement would all be needed.
func alternatives(o *operation) []any {
	var list []any
	for _, scope := range o.fullScopes() {
		list = append(list, object{"OAuth2CC": []string{scope}})
	}
	return list
}

func describeParameters(maxLimit int) object {
	parameter := func(name, description string, schema object) object {
		return object{"name": name, "in": "query", "description": description, "schema": schema}
	}
	fields := parameter("fields", "The members to send, separated by commas.", object{"type": "array", "items": object{"type": "string"}})
	fields["style"], fields["explode"] = "form", false
	return object{
		"limit": parameter("limit", "How many objects to send at most. Larger values than this server's maximum are capped.",
			object{"type": "integer", "format": "int32", "minimum": 1, "default": min(DefaultLimit, maxLimit), "x-maximum": maxLimit}),
		"offset": parameter("offset", "How many objects to pass over.",
			object{"type": "integer", "format": "int32", "minimum": 0, "default": 0}),
		"sort":    parameter("sort", "The member to sort by.", object{"type": "string"}),
		"orderBy": parameter("orderBy", "The direction of sort.", object{"type": "string", "enum": []string{"asc", "desc"}, "default": "asc"}),
		"filter":  parameter("filter", "Which objects to send, such as familyName='Okafor' AND status='active'.", object{"type": "string"}),
		"fields":  fields,
	}
}

// describeSchemas turns the property trees into schemas. They say which members
// there are; what each may hold is for the official document to say.
func (p *Provider) describeSchemas(s *service) object {
	schemas := object{"imsx_StatusInfo": object{
		"type":     "object",
		"required": []string{"imsx_codeMajor", "imsx_severity"},
		"properties": object{
			"imsx_codeMajor":   object{"type": "string"},
			"imsx_severity":    object{"type": "string"},
			"imsx_description": object{"type": "string"},
			"imsx_CodeMinor":   object{"type": "object"},
		},
	}}
	for i := range s.operations {
		target := s.operations[i].target
		schemas[target.Singular] = s.selector.properties[target.Collection].schema()
	}
	return schemas
}

func (p *property) schema() object {
	var schema object
	switch p.kind {
	case dateProperty:
		schema = object{"type": "string", "format": "date"}
	case dateTimeProperty:
		schema = object{"type": "string", "format": "date-time"}
	case numberProperty:
		schema = object{"type": "number", "format": "float"}
	case openProperty:
		schema = object{"type": "object", "additionalProperties": true}
	case objectProperty:
		members := object{}
		for _, name := range slices.Sorted(maps.Keys(p.members)) {
			members[name] = p.members[name].schema()
		}
		schema = object{"type": "object", "properties": members}
	default:
		schema = object{"type": "string"}
	}
	if p.many {
		return object{"type": "array", "items": schema}
	}
	return schema
}
