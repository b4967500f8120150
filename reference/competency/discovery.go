package competency

import (
	"net/http"
	"reflect"
	"strings"
)

// DiscoveryPath is where 1.1 has its own OpenAPI document, below the base path (CASE 1.1 REST
// binding, section 2.5). 1.0 has none.
const DiscoveryPath = "/discovery/imscasev1p1_openapi3_v1p0.json"

// discovery answers without a token, as a client learns here what there is.
func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	if !reading(w, r, V1p1) {
		return
	}
	all, err := operations()
	if err != nil {
		fail(http.StatusInternalServerError, minorInternal, "the operations could not be read").write(w, V1p1)
		return
	}
	send(w, http.StatusOK, s.openAPI(all, s.base(r)))
}

type members = map[string]any

// openAPI describes the service as this server has it, from the tables that it runs on.
func (s *Server) openAPI(all []operation, base string) members {
	d := &describer{schemas: members{}, named: map[reflect.Type]string{reflect.TypeFor[statusInfo](): "imsx_StatusInfoDType"}}
	for name, t := range schemas {
		d.named[t] = name
	}
	paths := members{}
	for _, o := range all {
		paths[o.Path] = members{"get": d.operation(o, s.config.Token != "")}
	}
	components := members{"schemas": d.schemas}
	if s.config.Token != "" {
		components["securitySchemes"] = members{"bearer": members{"type": "http", "scheme": "bearer"}}
	}
	return members{
		"openapi": "3.0.1",
		"info": members{
			"title":       "CASE service of the Rollcall reference",
			"description": "The read operations of CASE 1.1, as this server offers them.",
			"version":     "1.0",
		},
		"servers":    []any{members{"url": base + V1p1.BasePath()}},
		"paths":      paths,
		"components": components,
	}
}

// describer makes schemas of the structs that are sent.
type describer struct {
	schemas members
	named   map[reflect.Type]string // those with a schema of their own
}

func (d *describer) operation(o operation, guarded bool) members {
	success := members{"description": "The answer is " + o.Answers + ".", "content": d.content(schemas[o.Schema])}
	var parameters []any
	parameter := func(in, name string, required bool, schema members) {
		parameters = append(parameters, members{"name": name, "in": in, "required": required, "schema": schema})
	}
	failures := map[string]string{"429": "Too much was asked for.", "500": "The server failed."}
	if o.ID == listing {
		parameter("query", "limit", false, members{"type": "integer", "minimum": 1, "default": defaultLimit})
		parameter("query", "offset", false, members{"type": "integer", "minimum": 0, "default": 0})
		parameter("query", "sort", false, members{"type": "string"})
		parameter("query", "orderBy", false, members{"type": "string", "enum": []string{"asc", "desc"}})
		parameter("query", "filter", false, members{"type": "string"})
		parameter("query", "fields", false, members{"type": "array", "items": members{"type": "string"}})
		success["headers"] = members{
			"X-Total-Count": members{"description": "How many documents there are on all pages.", "schema": members{"type": "integer"}},
			"Link":          members{"description": "The other pages.", "schema": members{"type": "string"}},
		}
		failures["400"] = "A parameter can't be used."
	} else {
		parameter("path", "sourcedId", true, members{"type": "string", "format": "uuid"})
		failures["404"] = "The identifier is none, or names nothing."
	}
	out := members{"operationId": o.ID, "parameters": parameters}
	if guarded {
		out["security"] = []any{members{"bearer": []string{}}}
		failures["401"] = "The bearer token is missing, or unknown."
	}
	responses := members{"200": success}
	for status, text := range failures {
		responses[status] = members{"description": text, "content": d.content(reflect.TypeFor[statusInfo]())}
	}
	out["responses"] = responses
	return out
}

func (d *describer) content(t reflect.Type) members {
	return members{"application/json": members{"schema": d.schema(t)}}
}

// schema describes a type, once, and gives a reference to it.
func (d *describer) schema(t reflect.Type) members {
	switch t.Kind() {
	case reflect.Pointer:
		return d.schema(t.Elem())
	case reflect.Slice:
		return members{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Int:
		return members{"type": "integer"}
	case reflect.Float64:
		return members{"type": "number"}
	case reflect.String:
		return members{"type": "string"}
	}
	name := d.named[t]
	if name == "" {
		name = "CF" + strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	}
	if _, there := d.schemas[name]; !there {
		d.schemas[name] = nil // it is being made
		properties, required := members{}, []string{}
		d.members(t, properties, &required)
		d.schemas[name] = members{"type": "object", "properties": properties, "required": required}
	}
	return members{"$ref": "#/components/schemas/" + name}
}

func (d *describer) members(t reflect.Type, properties members, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			d.members(f.Type, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		properties[name] = d.schema(f.Type)
		if options == "" {
			*required = append(*required, name)
		}
	}
}
