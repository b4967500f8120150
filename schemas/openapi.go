package schemas

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"
)

//go:embed openapi
var openAPIFiles embed.FS

// object is a JSON object, decoded.
type object = map[string]any

// openAPI judges OpenAPI documents of one version. The walker is not used: such a document
// is read once in a run, and its schema needs more of draft-07 than payloads do.
type openAPI struct {
	schema object // as written, to tell which names stand at a place
	words  *gojsonschema.Schema
}

var (
	openAPI30 = sync.OnceValues(func() (*openAPI, error) { return readOpenAPI("v3.0.json") })
	openAPI31 = sync.OnceValues(func() (*openAPI, error) { return readOpenAPI("v3.0.json", "v3.1.json") })
)

// maxOpenAPI bounds the documents that are judged: the largest official one has 0.5 MB.
const maxOpenAPI = 8 << 20

// OpenAPI is an OpenAPI document, decoded once for all who read it.
type OpenAPI struct {
	// Root is the document; nil where it is no object. Its numbers are json.Number; those
	// that no double holds are 0.
	Root  map[string]any
	value any
	large bool
}

// ReadOpenAPI decodes a document in JSON.
func ReadOpenAPI(text []byte) (*OpenAPI, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // gojsonschema demands it
	doc := &OpenAPI{large: len(text) > maxOpenAPI}
	err := d.Decode(&doc.value)
	if err == nil {
		if _, err = d.Token(); err == nil {
			err = errors.New("more follows behind the document")
		} else if err == io.EOF {
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading an OpenAPI document: %w", err)
	}
	doc.value = tame(doc.value)
	doc.Root, _ = doc.value.(object)
	return doc, nil
}

// Validate says what is wrong with the document, by its own version. Judged is false where
// the version is newer than 3.1, or the document larger or deeper nested than any that
// describes a service.
func (d *OpenAPI) Validate() (findings []Finding, judged bool, err error) {
	version, _ := d.Root["openapi"].(string)
	var o *openAPI
	switch {
	case d.large, deeper(d.value, maxNesting):
		return nil, false, nil
	case strings.HasPrefix(version, "3.0"):
		o, err = openAPI30()
	case strings.HasPrefix(version, "3.1"):
		o, err = openAPI31()
	default:
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("compiling the schema of OpenAPI: %w", err)
	}
	result, err := o.words.Validate(gojsonschema.NewRawLoader(d.value))
	if err != nil {
		return nil, false, fmt.Errorf("judging an OpenAPI document: %w", err)
	}
	both := map[string]bool{} // places that lack either of two members: the first is not named again
	for _, r := range result.Errors() {
		if r.Type() == "number_one_of" && len(both) < MaxFindings {
			both[r.Context().String(parting)] = true
		}
	}
	for _, r := range result.Errors() {
		if len(findings) == MaxFindings {
			break
		}
		if r.Type() == "required" && r.Details()["property"] == "schema" && both[r.Context().String(parting)] {
			continue
		}
		if f := o.finding(r); f.Message != "" {
			findings = append(findings, f)
		}
	}
	return settle(findings, 0, ""), true, nil
}

// maxNesting bounds what gojsonschema is led through: errors are copied at each level.
const maxNesting = 128

func deeper(value any, than int) bool {
	deep := func(v any) bool { return deeper(v, than-1) }
	switch v := value.(type) {
	case object:
		return than == 0 || slices.ContainsFunc(slices.Collect(maps.Values(v)), deep)
	case []any:
		return than == 0 || slices.ContainsFunc(v, deep)
	}
	return false
}

// readOpenAPI reads a schema and the patches that make it that of a later version.
func readOpenAPI(names ...string) (*openAPI, error) {
	var schema any
	for _, name := range names {
		text, err := openAPIFiles.ReadFile("openapi/" + name)
		if err != nil {
			return nil, err
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var part any
		if err := d.Decode(&part); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		schema = patched(schema, part)
	}
	text, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	loader := gojsonschema.NewSchemaLoader()
	loader.Draft, loader.AutoDetect = gojsonschema.Draft7, false
	words, err := loader.Compile(gojsonschema.NewBytesLoader(text))
	if err != nil {
		return nil, err
	}
	return &openAPI{schema.(object), words}, nil
}

// patched applies a merge patch (RFC 7396).
func patched(to, patch any) any {
	members, isObject := patch.(object)
	if !isObject {
		return patch
	}
	out, _ := to.(object)
	if out == nil {
		out = object{}
	}
	for name, v := range members {
		if v == nil {
			delete(out, name)
		} else {
			out[name] = patched(out[name], v)
		}
	}
	return out
}

// finding puts an error into words; it has no message where another error says more.
func (o *openAPI) finding(r gojsonschema.ResultError) Finding {
	tokens := strings.Split(r.Context().String(parting), parting)[1:]
	f := Finding{Severity: Error, Keyword: r.Type(), Seen: render(r.Value())}
	if keyword := keywords[r.Type()]; keyword != "" {
		f.Keyword = keyword
	}
	member, _ := r.Details()["property"].(string)
	switch r.Type() {
	case "required":
		f.Expected, f.Seen = "the member "+member, "nothing"
		f.Message = "The member " + member + " is missing."
		tokens = append(slices.Clone(tokens), member)
	case "additional_property_not_allowed":
		f.Expected, f.Seen = "members that OpenAPI has here", "the member "+shorten(member)
		f.Message = "OpenAPI knows no member " + shorten(member) + " here."
		if name := nearest(member, o.names(tokens)); name != "" {
			f.Message += " Perhaps " + name + " is meant."
		}
		tokens = append(slices.Clone(tokens), member)
	case "enum":
		f.Expected = "one of " + fmt.Sprint(r.Details()["allowed"])
		f.Message = "This should be one of " + fmt.Sprint(r.Details()["allowed"]) + "."
	case "invalid_type":
		f.Expected = withArticle(fmt.Sprint(r.Details()["expected"]))
		f.Message = "This should be " + f.Expected + "."
	case "number_one_of":
		f.Expected = "either schema or content"
		f.Message = "This has neither schema nor content, or both."
	case "pattern":
		f.Expected, f.Message = "a version, as 3.0.3", "This is no version."
	case "array_min_properties":
		f.Expected, f.Message = "at least one member", "This is empty."
	case "number_gte":
		f.Expected, f.Message = "no negative number", "This is a negative number."
	default: // what only says that a part of the schema failed, of which there is an error of its own
		return Finding{}
	}
	f.Pointer = pointerTo(tokens)
	return f
}

// names gives the members that the schema has for the object at a place.
func (o *openAPI) names(tokens []string) []string {
	at := o.follow(o.schema)
	for _, token := range tokens {
		properties, _ := at["properties"].(object)
		patterns, _ := at["patternProperties"].(object)
		next := properties[token]
		for _, inner := range patterns {
			if _, isSchema := inner.(object); next == nil && isSchema { // the one that isn't of x-
				next = inner
			}
		}
		if next == nil {
			next = at["additionalProperties"]
		}
		if items := at["items"]; items != nil {
			next = items
		}
		schema, _ := next.(object)
		at = o.follow(schema)
	}
	properties, _ := at["properties"].(object)
	return slices.Sorted(maps.Keys(properties))
}

// follow goes on to what a reference leads to, and to what stands where no reference does.
func (o *openAPI) follow(schema object) object {
	definitions, _ := o.schema["definitions"].(object)
	for {
		if ref, isRef := schema["$ref"].(string); isRef {
			schema, _ = definitions[strings.TrimPrefix(ref, "#/definitions/")].(object)
			continue
		}
		either, _ := schema["else"].(object) // of what may be a reference
		then, _ := schema["then"].(object)
		switch {
		case either["$ref"] != nil:
			schema = either
		case then["$ref"] != nil:
			schema = then
		default:
			return schema
		}
	}
}
