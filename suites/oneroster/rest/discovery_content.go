package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// What a client that is generated from the discovery document would do wrong: the document
// is read as such a client reads it, and held to what the service has by the standard.

// node is a part of the document.
type node = map[string]any

// described is a discovery document in which references can be followed.
type described struct {
	service *service.Service
	root    node
	broken  map[string]bool // references that lead nowhere
	listed  bool            // an operation was found
	unfit   bool            // an answer has no payload whose members could be read
}

// at follows a reference, or several.
func (d *described) at(v any) node {
	n, _ := v.(node)
	for range 8 { // a reference to itself has no end
		ref, isRef := n["$ref"].(string)
		if !isRef {
			return n
		}
		n = d.resolve(ref)
	}
	return nil
}

func (d *described) resolve(ref string) node {
	path, local := strings.CutPrefix(ref, "#/")
	if !local {
		return nil // another document: not ours to read
	}
	var v any = d.root
	for _, name := range strings.Split(path, "/") {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		switch in := v.(type) {
		case node:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if v = nil; err == nil && i >= 0 && i < len(in) {
				v = in[i]
			}
		default:
			v = nil
		}
	}
	n, _ := v.(node)
	if n == nil {
		d.broken[ref] = true
	}
	return n
}

// references visits each $ref of the document.
func (d *described) references(v any) {
	switch v := v.(type) {
	case node:
		if ref, isRef := v["$ref"].(string); isRef {
			d.resolve(ref)
		}
		for _, inner := range v {
			d.references(inner)
		}
	case []any:
		for _, inner := range v {
			d.references(inner)
		}
	}
}

// properties gives the members that a schema describes, with those of which it is made;
// open says that it leaves others open, as one of another document does.
func (d *described) properties(v any) (out node, open bool) {
	n := d.at(v)
	if n == nil {
		return node{}, true
	}
	out = node{}
	own, _ := n["properties"].(node)
	maps.Copy(out, own)
	parts, _ := n["allOf"].([]any)
	for _, part := range parts {
		inner, more := d.properties(part)
		maps.Copy(out, inner)
		open = open || more
	}
	return out, open || len(out) == 0
}

// payload gives the schema of an answer in JSON; nil where none is described.
func (d *described) payload(response node) any {
	content, _ := response["content"].(node)
	for kind, v := range content {
		if kind, _, _ := strings.Cut(kind, ";"); strings.EqualFold(strings.TrimSpace(kind), "application/json") {
			return d.at(v)["schema"]
		}
	}
	return nil
}

// discoveryContent judges what the document says of the operations that a run covers.
func discoveryContent(t *T, doc *schemas.OpenAPI, found *harness.Response) {
	d := &described{service: t.Service, root: doc.Root, broken: map[string]bool{}}
	shown := []*harness.Response{found}
	say := func(name string, ok bool, where, expected, seen string) {
		t.Assert(discoveryAt+name, ok, harness.Finding{Expected: expected, Seen: seen, Where: where, Responses: shown})
	}
	d.references(d.root)
	say("references", len(d.broken) == 0, "$ref", "references that lead to something in the document",
		Examples(slices.Sorted(maps.Keys(d.broken))))
	paths, _ := d.root["paths"].(node)
	for _, op := range t.Service.Operations {
		if !t.Session().Covers(op.ID) {
			continue
		}
		for path, item := range paths {
			get := d.at(d.at(item)["get"])
			if !samePath(path, op.Path) || get == nil {
				continue
			}
			d.listed = true
			at := "/paths" + path + "/get"
			id, _ := get["operationId"].(string)
			say("operation-ids", id == op.ID, at+"/operationId", op.ID, orNone(id))
			d.judgeScopes(say, op, get, at)
			d.judgeParameters(say, op, path, d.at(item), get, at)
			d.judgeResponses(say, op, get, at)
			d.judgeHeaders(say, op, get, at)
		}
	}
	d.settle(t, found)
}

// settle says why nothing was examined of what hangs on operations and their payloads.
func (d *described) settle(t *T, found *harness.Response) {
	none := t.BlockedBy(discoveryAt+"operations", "the discovery document lists none of the operations", found)
	settle := func(o harness.Obstacle, names ...string) {
		for _, name := range names {
			t.Settle(o, discoveryAt+name)
		}
	}
	settle(none, "operation-ids", "scopes", "parameters", "responses")
	switch {
	case !d.listed:
		settle(none, "headers")
	case !t.Looked(discoveryAt + "headers"):
		t.NotApplicable(discoveryAt+"headers", "no header field of an answer is described")
	}
	switch {
	case d.unfit:
		settle(t.BlockedBy(discoveryAt+"responses", "no payload is described whose members could be read", found), "members", "types")
	case !d.listed:
		settle(none, "members", "types")
	case !t.Looked(discoveryAt + "members"):
		t.NotApplicable(discoveryAt+"members", "the schemas stand in another document")
		t.NotApplicable(discoveryAt+"types", "the schemas stand in another document")
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

type sayer func(name string, ok bool, where, expected, seen string)

// judgeScopes compares the scopes that an operation names with those that open it. How
// they are combined is left open: the official document has them all in one, though any
// one does.
func (d *described) judgeScopes(say sayer, op service.Operation, get node, at string) {
	list, named := get["security"].([]any)
	if !named {
		list, _ = d.root["security"].([]any)
	}
	components, _ := d.root["components"].(node)
	schemes, _ := components["securitySchemes"].(node)
	var scopes, wrong []string
	for _, requirement := range list {
		r, _ := requirement.(node)
		for scheme, v := range r {
			flows, _ := d.at(schemes[scheme])["flows"].(node)
			credentials, _ := flows["clientCredentials"].(node)
			offered, _ := credentials["scopes"].(node)
			if len(offered) == 0 {
				wrong = append(wrong, scheme+", which is no scheme with client credentials and scopes")
			}
			for _, s := range texts1(v) {
				scopes = append(scopes, s)
				if _, there := offered[s]; !there && len(offered) > 0 {
					wrong = append(wrong, s+", which the security scheme doesn't offer")
				}
			}
		}
	}
	opens := 0
	for _, s := range scopes {
		switch name, official := strings.CutPrefix(s, d.service.Scopes.Prefix); {
		case official && slices.Contains(op.Scopes, name):
			opens++
		case official:
			wrong = append(wrong, s+", which doesn't open it")
		}
	}
	if opens == 0 {
		wrong = append(wrong, "none of those that open it")
	}
	say("scopes", len(wrong) == 0, at+"/security",
		"scopes that open it: "+d.service.Scopes.Prefix+strings.Join(op.Scopes, " or "+d.service.Scopes.Prefix), Examples(wrong))
}

// texts1 gives the texts of a list.
func texts1(v any) (out []string) {
	list, _ := v.([]any)
	for _, x := range list {
		if s, isText := x.(string); isText {
			out = append(out, s)
		}
	}
	return out
}

// numberOf reads a number.
func numberOf(v any) (float64, bool) {
	text, is := v.(json.Number)
	number, err := text.Float64()
	return number, is && err == nil
}

// queryTypes are the query parameters and the types of their values.
var queryTypes = map[string]string{"limit": "integer", "offset": "integer", "sort": "string", "orderBy": "string", "filter": "string",
	"fields": "array"}

// judgeParameters compares the parameters of an operation with what it takes.
func (d *described) judgeParameters(say sayer, op service.Operation, path string, item, get node, at string) {
	met := map[string]node{}
	for _, holder := range []node{item, get} {
		list, _ := holder["parameters"].([]any)
		for _, v := range list {
			if p := d.at(v); p != nil {
				met[fmt.Sprint(p["in"])+" "+fmt.Sprint(p["name"])] = p
			}
		}
	}
	want := []string{"fields"}
	if !op.Single {
		want = []string{"limit", "offset", "sort", "orderBy", "filter", "fields"}
	}
	var wrong []string
	for _, name := range want {
		p := met["query "+name]
		if p == nil {
			wrong = append(wrong, "no query parameter "+name)
			continue
		}
		wrong = append(wrong, d.formOf(name, p, "form")...)
		schema := d.valueOf(p)
		if kind, _ := schema["type"].(string); kind != queryTypes[name] && !(name == "fields" && kind == "string") {
			wrong = append(wrong, fmt.Sprintf("%s of type %q", name, kind))
		} else if kind == "array" {
			if of, typed := d.at(schema["items"])["type"]; typed && of != "string" {
				wrong = append(wrong, fmt.Sprintf("%s is a list of %v", name, of))
			}
		}
		if p["required"] == true {
			wrong = append(wrong, name+" is required")
		}
		if width, is := schema["format"]; is && queryTypes[name] == "integer" && width != "int32" && width != "int64" {
			wrong = append(wrong, fmt.Sprintf("%s in the format %v", name, width))
		}
		least := map[string]float64{"limit": 1, "offset": 0}[name]
		// One that is no number is a breach of OpenAPI itself.
		if given, is := numberOf(schema["minimum"]); is && given != least {
			wrong = append(wrong, fmt.Sprintf("%s from %v on", name, given))
		}
		directions := texts1(schema["enum"])
		if name == "orderBy" && len(directions) > 0 && !slices.Equal(slices.Sorted(slices.Values(directions)), []string{"asc", "desc"}) {
			wrong = append(wrong, "orderBy is one of "+strings.Join(directions, ", "))
		}
		if given, is := schema["default"]; is {
			number, counts := numberOf(given)
			if queryTypes[name] == "integer" && (number != math.Trunc(number) || number < least || !counts) ||
				name == "orderBy" && given != "asc" || name == "offset" && number != 0 {
				wrong = append(wrong, fmt.Sprintf("%s is %v where none is given", name, given))
			}
		}
	}
	for _, in := range service.Parameter.FindAllString(path, -1) {
		name := strings.Trim(in, "{}")
		switch p := met["path "+name]; {
		case p == nil:
			wrong = append(wrong, "no path parameter "+name)
		case p["required"] != true:
			wrong = append(wrong, "path parameter "+name+" is not required")
		default:
			wrong = append(wrong, d.formOf(name, p, "simple")...)
			if kind, named := d.valueOf(p)["type"]; named && kind != "string" {
				wrong = append(wrong, fmt.Sprintf("path parameter %s of type %v", name, kind))
			}
		}
	}
	say("parameters", len(wrong) == 0, at+"/parameters",
		"the parameters of the operation: "+strings.Join(want, ", ")+", and those of its path", Examples(wrong))
}

// formOf says what is wrong in how a parameter is said to be written into an address:
// style names the only one that OneRoster's addresses have at its place, which is also
// what holds where none is named.
func (d *described) formOf(name string, p node, style string) (wrong []string) {
	if given, is := p["style"]; is && given != style {
		wrong = append(wrong, fmt.Sprintf("%s in the style %v", name, given))
	}
	return wrong
}

// valueOf gives the schema of a parameter's value, wherever it stands.
func (d *described) valueOf(p node) node {
	if schema := d.at(p["schema"]); schema != nil {
		return schema
	}
	content, _ := p["content"].(node)
	for _, kind := range slices.Sorted(maps.Keys(content)) {
		return d.at(d.at(content[kind])["schema"])
	}
	return nil
}

// judgeResponses compares the answers that an operation describes with those that it has.
func (d *described) judgeResponses(say sayer, op service.Operation, get node, at string) {
	responses, _ := get["responses"].(node)
	good := d.payload(d.at(responses["200"]))
	properties, open := d.properties(good)
	inner := d.at(properties[op.Wrapper])
	wanted := map[bool]string{true: "object", false: "array"}[op.Single]
	kind, _ := inner["type"].(string)
	says := fmt.Sprintf("member %q of type %q", op.Wrapper, kind)
	switch {
	case good == nil:
		says = "no 200 with application/json"
	case inner == nil:
		says = "members " + orNone(Examples(slices.Sorted(maps.Keys(properties))))
	}
	fits := inner != nil && (kind == wanted || kind == "" && (op.Single || inner["items"] != nil))
	d.unfit = d.unfit || !fits && !(good != nil && open)
	say("responses", fits || good != nil && open, at+"/responses/200",
		fmt.Sprintf("application/json with the member %q, an %s", op.Wrapper, wanted), says)
	refusals := 0
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		if status != "default" && !strings.HasPrefix(status, "4") && !strings.HasPrefix(status, "5") {
			continue
		}
		refusals++
		schema := d.payload(d.at(responses[status]))
		members, open := d.properties(schema)
		ok := schema == nil || open || members["imsx_codeMajor"] != nil && members["imsx_severity"] != nil &&
			d.known(d.service.StatusInfo, members) == ""
		say("responses", ok, at+"/responses/"+status, "a status info object", "members "+Examples(slices.Sorted(maps.Keys(members))))
		if schema != nil && ok && !open {
			d.judgeTypes(say, d.service.StatusInfo, schema, at+"/responses/"+status)
		}
	}
	say("responses", refusals > 0, at+"/responses", "how the operation fails", "nothing but success")
	if !fits {
		return
	}
	item := any(inner)
	if !op.Single {
		item = inner["items"]
	}
	members, open := d.properties(item)
	wrong := ""
	if !open {
		wrong = d.known(d.service.Schema(op.Kind), members)
	}
	d.judgeTypes(say, d.service.Schema(op.Kind), item, at+"/responses/200: /"+op.Wrapper)
	say("members", wrong == "", at+"/responses/200: /"+op.Wrapper, "the members of "+op.Kind+" by their names", wrong)
}

// known compares the names of members with those of the standard: they are put into an
// object, which the standard's schema looks at.
func (d *described) known(name string, members node) (wrong string) {
	object := map[string]any{}
	for member := range members {
		object[member] = nil
	}
	text, _ := json.Marshal(object) // of names alone
	schema, err := schemas.Load(name)
	if err != nil {
		panic(err) // it is part of the program
	}
	findings, err := schema.Validate(text)
	if err != nil {
		panic(err)
	}
	for _, f := range findings {
		if f.Keyword == "required" || f.Keyword == "additionalProperties" {
			return f.Message
		}
	}
	return ""
}
