package competency

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures/framework"
)

// official is what the OpenAPI document of CASE 1.1 says of operations and members: of each
// member its type, [] behind a list of it, ! behind what is required. The members that came
// with 1.1 are listed beside.
type official struct {
	Operations map[string]struct{ Path, Schema string }
	Since1p1   map[string][]string
	Schemas    map[string]map[string]string
}

func readOfficial(t *testing.T) official {
	t.Helper()
	text, err := os.ReadFile("testdata/official.json")
	if err != nil {
		t.Fatal(err)
	}
	var o official
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func serve(t *testing.T, c Config) *httptest.Server {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, address string, into any) *http.Response {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(body, into); err != nil {
			t.Fatalf("%s: %v in %s", address, err, body)
		}
	}
	return r
}

func identifier(t *testing.T, code string) string {
	t.Helper()
	b, err := framework.Read()
	if err != nil {
		t.Fatal(err)
	}
	return b.Identifier(code)
}

// subjects of the operations: an identifier that each knows.
func identifiers(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"getCFAssociationGrouping": identifier(t, "CFAssociationGrouping/order"),
		"getCFAssociation":         identifier(t, "CFAssociation/doc/precedes/B.1/B.2"),
		"getCFConcept":             identifier(t, "CFConcept/growing"),
		"getAllCFDocuments":        "",
		"getCFDocument":            identifier(t, "doc"),
		"getCFItemAssociations":    identifier(t, "A.4"),
		"getCFItemType":            identifier(t, "CFItemType/Strand"),
		"getCFItem":                identifier(t, "A.3"),
		"getCFLicense":             identifier(t, "CFLicense/CC0"),
		"getCFPackage":             identifier(t, "doc"),
		"getCFRubric":              identifier(t, "CFRubric/bed"),
		"getCFSubject":             identifier(t, "CFSubject/M"),
	}
}

// TestOperations holds what is served to the official document: every operation answers with
// an object of its schema, in which nothing is missing or unknown, and of which 1.0 has what
// 1.0 has.
func TestOperations(t *testing.T) {
	o, server := readOfficial(t), serve(t, Config{})
	all, err := operations()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(o.Operations) {
		t.Errorf("there are %d operations, and the document has %d", len(all), len(o.Operations))
	}
	ids, met := identifiers(t), map[string]map[string]bool{}
	for _, op := range all {
		if want := o.Operations[op.ID]; want.Path != op.Path || want.Schema != op.Schema {
			t.Errorf("%s is %s with %s, and the document has %v", op.ID, op.Path, op.Schema, want)
		}
		for _, v := range Versions() {
			t.Run(op.ID+" "+string(v), func(t *testing.T) {
				var answer any
				r := get(t, server.URL+v.BasePath()+strings.ReplaceAll(op.Path, "{sourcedId}", ids[op.ID]), &answer)
				if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/json" {
					t.Fatalf("answered with %s, %s", r.Status, r.Header.Get("Content-Type"))
				}
				h := held{t, o, v, met}
				h.object("", op.Schema, answer)
			})
		}
	}
	for schema, members := range o.Schemas {
		for name := range members {
			if !strings.HasPrefix(schema, "imsx") && !met[schema][name] {
				t.Errorf("%s.%s is never sent, and certification wants everything", schema, name)
			}
		}
	}
}

type held struct {
	t   *testing.T
	o   official
	v   Version
	met map[string]map[string]bool
}

func (h held) object(at, schema string, value any) {
	h.t.Helper()
	members, known := h.o.Schemas[schema]
	object, is := value.(map[string]any)
	if !known || !is {
		h.t.Fatalf("%s is a %T, of the schema %q", at, value, schema)
	}
	if h.met[schema] == nil {
		h.met[schema] = map[string]bool{}
	}
	for name, kind := range members {
		v, there := object[name]
		if later := slices.Contains(h.o.Since1p1[schema], name); later && h.v == V1p0 {
			if there {
				h.t.Errorf("%s/%s is sent in 1.0", at, name)
			}
			continue
		}
		kind, required := strings.CutSuffix(kind, "!")
		if !there {
			if required {
				h.t.Errorf("%s/%s is missing", at, name)
			}
			continue
		}
		h.met[schema][name] = true
		kind, many := strings.CutSuffix(kind, "[]")
		if !many {
			h.value(at+"/"+name, kind, v)
			continue
		}
		list, _ := v.([]any)
		if len(list) == 0 {
			h.t.Errorf("%s/%s is no list, or empty", at, name)
		}
		for i, x := range list {
			h.value(fmt.Sprintf("%s/%s/%d", at, name, i), kind, x)
		}
	}
	for name := range object {
		if members[name] == "" {
			h.t.Errorf("%s/%s is nothing that %s has", at, name, schema)
		}
	}
	switch id, named := object["identifier"].(string); {
	case !named || schema == "LinkGenURIDType":
	case !uuid.MatchString(id):
		h.t.Errorf("%s/identifier is %q", at, id)
	}
	if when, has := object["lastChangeDateTime"].(string); has {
		if _, err := time.Parse(time.RFC3339, when); err != nil {
			h.t.Error(err)
		}
	}
}

func (h held) value(at, kind string, v any) {
	h.t.Helper()
	right := false
	switch kind {
	case "string":
		text, is := v.(string)
		right = is && text != ""
	case "integer", "number":
		_, right = v.(float64)
	default:
		h.object(at, kind, v)
		return
	}
	if !right {
		h.t.Errorf("%s is %v, and no %s", at, v, kind)
	}
}

// TestAddresses: every uri that isn't of somewhere else is answered with what it names.
func TestAddresses(t *testing.T) {
	server := serve(t, Config{})
	var p map[string]any
	get(t, server.URL+V1p0.BasePath()+"/CFPackages/"+identifier(t, "doc"), &p)
	seen := map[string]string{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if uri, has := v["uri"].(string); has {
				seen[uri], _ = v["identifier"].(string)
			}
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(p)
	for uri, id := range seen {
		if strings.HasPrefix(uri, "urn:") {
			continue
		}
		if !strings.HasPrefix(uri, server.URL+V1p1.BasePath()+"/") {
			t.Errorf("the address %s is not below 1.1", uri)
			continue
		}
		r, err := http.Get(uri)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(id)) {
			t.Errorf("%s is answered with %s, without %s", uri, r.Status, id)
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d addresses were looked at", len(seen))
	}
}

// TestTree: the items of the package hang together as case.md, section 5, has them.
func TestTree(t *testing.T) {
	server := serve(t, Config{})
	var p cfPackage
	get(t, server.URL+V1p1.BasePath()+"/CFPackages/"+identifier(t, "doc"), &p)
	count := map[string]int{}
	for _, a := range p.CFAssociations {
		count[a.AssociationType]++
	}
	if want := map[string]int{"isChildOf": 10, "replacedBy": 1, "precedes": 1, "exactMatchOf": 1}; !maps.Equal(count, want) {
		t.Errorf("the associations are %v, want %v", count, want)
	}
	if len(p.CFItems) != 10 || p.CFItems[4].StatusEndDate != "2024-06-30" {
		t.Errorf("there are %d items, and A.4 ended at %q", len(p.CFItems), p.CFItems[4].StatusEndDate)
	}
	var of associationSet
	get(t, server.URL+V1p1.BasePath()+"/CFItemAssociations/"+identifier(t, "A.4"), &of)
	var ends []string
	for _, a := range of.CFAssociations {
		ends = append(ends, a.AssociationType+" "+a.DestinationNodeURI.Title)
	}
	if want := []string{"isChildOf Counting in the garden", "replacedBy Share plants equally among beds"}; !slices.Equal(ends, want) {
		t.Errorf("A.4 %q, want %q", ends, want)
	}
	var types itemTypeSet
	get(t, server.URL+V1p1.BasePath()+"/CFItemTypes/"+identifier(t, "CFItemType/Strand"), &types)
	if len(types.CFItemTypes) != 2 || types.CFItemTypes[0].Title != "Strand" || types.CFItemTypes[1].Title != "Standard" {
		t.Errorf("a type comes as %v", types.CFItemTypes)
	}
}

func TestRefusals(t *testing.T) {
	server := serve(t, Config{})
	stranger := "0b0c5d3e-8a53-4b3c-9a4c-5b3d2c1e0f9a"
	for _, test := range []struct {
		title, path string
		status      int
		old, new    string // minor codes of 1.0 and 1.1
	}{
		{"an item that isn't", "/CFItems/" + stranger, 404, "unknownobject", "unknownobject"},
		{"a document asked for as an item", "/CFItems/" + identifier(t, "doc"), 404, "unknownobject", "unknownobject"},
		{"an item asked for as a package", "/CFPackages/" + identifier(t, "A"), 404, "unknownobject", "unknownobject"},
		{"associations of nothing", "/CFItemAssociations/" + stranger, 404, "unknownobject", "unknownobject"},
		{"a subject that isn't", "/CFSubjects/" + stranger, 404, "unknownobject", "unknownobject"},
		{"a code of people", "/CFItems/A.1", 404, "invaliduuid", "invalid_uuid"},
		{"capital letters", "/CFItems/" + strings.ToUpper(identifier(t, "A.1")), 404, "invaliduuid", "invalid_uuid"},
		{"a URN", "/CFItems/urn:uuid:" + identifier(t, "A.1"), 404, "invaliduuid", "invalid_uuid"},
		{"version 7", "/CFItems/0190d3a8-7e4f-7d3c-9a4c-5b3d2c1e0f9a", 404, "invaliduuid", "invalid_uuid"},
		{"no such operation", "/CFItem/" + identifier(t, "A.1"), 404, "unknownobject", "unknownobject"},
		{"all items", "/CFItems", 404, "unknownobject", "unknownobject"},
		{"no identifier", "/CFItems/", 404, "unknownobject", "unknownobject"},
		{"two", "/CFItems/" + stranger + "/x", 404, "unknownobject", "unknownobject"},
		{"no number", "/CFDocuments?limit=ten", 400, "invalid_selection_field", "invalid_selection_field"},
		{"nothing of a page", "/CFDocuments?limit=0", 400, "invalid_selection_field", "invalid_selection_field"},
		{"before the first", "/CFDocuments?offset=-1", 400, "invalid_selection_field", "invalid_selection_field"},
		{"half a filter", "/CFDocuments?filter=" + url.QueryEscape("title='a"), 400, "invalid_selection_field", "invalid_selection_field"},
		{"a filter by nothing", "/CFDocuments?filter=" + url.QueryEscape("colour='a'"), 400, "invalid_selection_field", "invalid_selection_field"},
		{"a direction", "/CFDocuments?sort=title&orderBy=up", 400, "invalid_selection_field", "invalid_selection_field"},
		{"no members", "/CFDocuments?fields=", 400, "invalid_selection_field", "invalid_selection_field"},
		{"a bad escape", "/CFDocuments?filter=%zz", 400, "invalid_selection_field", "invalid_selection_field"},
	} {
		t.Run(test.title, func(t *testing.T) {
			for v, minor := range map[Version]string{V1p0: test.old, V1p1: test.new} {
				var s statusInfo
				r := get(t, server.URL+v.BasePath()+test.path, &s)
				if r.StatusCode != test.status || s.CodeMajor != "failure" || s.Severity != "error" || s.Description == "" ||
					len(s.CodeMinor.Fields) != 1 || s.CodeMinor.Fields[0].Value != minor || s.CodeMinor.Fields[0].Name == "" {
					t.Errorf("%s: %s with %+v, want %d with %s", v, r.Status, s, test.status, minor)
				}
			}
		})
	}
	if r := get(t, server.URL+"/ims/case/v2p0/CFDocuments", nil); r.StatusCode != 404 {
		t.Errorf("version 2.0 is answered with %s", r.Status)
	}
	for method, status := range map[string]int{http.MethodPost: 405, http.MethodDelete: 405, http.MethodOptions: 204, http.MethodHead: 200} {
		request, _ := http.NewRequest(method, server.URL+V1p1.BasePath()+"/CFDocuments", nil)
		r, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != status || status != 200 && r.Header.Get("Allow") == "" {
			t.Errorf("%s is answered with %s, Allow %q", method, r.Status, r.Header.Get("Allow"))
		}
	}
}

func TestDocuments(t *testing.T) {
	server := serve(t, Config{})
	const garden, pond, skills = "Rollcall Garden Mathematics", "Rollcall Pond Science", "Rollcall School Skills"
	for query, want := range map[string][]string{
		"":                                 {garden, pond, skills},
		"limit=1":                          {garden},
		"limit=1&offset=1":                 {pond},
		"offset=7":                         {},
		"sort=title&orderBy=desc":          {skills, pond, garden},
		"sort=adoptionStatus":              {garden, skills, pond},
		"sort=colour&orderBy=desc":         {garden, pond, skills},
		"filter=title~'POND'":              {pond},
		"filter=adoptionStatus='retired'":  {pond},
		"filter=adoptionStatus!='retired'": {garden, skills},
		"filter=subject='Science'":         {pond},
		"filter=subject~'math'":            {garden, skills},
		"filter=subject='math'":            {},
		"filter=statusStartDate<'2020-01-01' OR title~'garden'":   {garden, pond},
		"filter=statusStartDate<='2019-08-01' AND title~'garden'": {},
		"filter=statusStartDate>'2019-08-01'":                     {garden, skills},
		"filter=statusStartDate>='2019-08-01'":                    {garden, pond, skills},
		"filter=notes='never said'":                               {},
		"fields=colour":                                           {garden, pond, skills},
	} {
		t.Run(query, func(t *testing.T) {
			name, value, _ := strings.Cut(query, "=")
			if name == "filter" {
				query = "filter=" + url.QueryEscape(value)
			}
			var s documentSet
			r := get(t, server.URL+V1p1.BasePath()+"/CFDocuments?"+query, &s)
			titles := []string{}
			for _, d := range s.CFDocuments {
				titles = append(titles, d.Title)
			}
			if !slices.Equal(titles, want) {
				t.Errorf("%s with %q, want %q", r.Status, titles, want)
			}
		})
	}
	var some map[string][]map[string]any
	get(t, server.URL+V1p1.BasePath()+"/CFDocuments?fields=title,identifier", &some)
	if len(some["CFDocuments"][0]) != 2 {
		t.Errorf("two members are %v", some["CFDocuments"][0])
	}
	r := get(t, server.URL+V1p0.BasePath()+"/CFDocuments?limit=1&offset=2", nil)
	base := server.URL + V1p0.BasePath() + "/CFDocuments?limit=1&offset="
	if got, want := r.Header.Get("Link"), "<"+base+`0>; rel="first", <`+base+`1>; rel="prev", <`+base+`2>; rel="last"`; got != want {
		t.Errorf("the links are %s, want %s", got, want)
	}
	if got := r.Header.Get("X-Total-Count"); got != "3" {
		t.Errorf("the total is %q", got)
	}
	if next := get(t, server.URL+V1p0.BasePath()+"/CFDocuments?limit=1", nil).Header.Get("Link"); !strings.Contains(next, `offset=1>; rel="next"`) {
		t.Errorf("the links of the first page are %s", next)
	}
}

func TestToken(t *testing.T) {
	server := serve(t, Config{Token: "seeds", BaseURL: "https://case.example.org"})
	for token, status := range map[string]int{"": 401, "Bearer weeds": 401, "Bearer seeds": 200} {
		request, _ := http.NewRequest(http.MethodGet, server.URL+V1p1.BasePath()+"/CFItems/"+identifier(t, "A.1"), nil)
		if token != "" {
			request.Header.Set("Authorization", token)
		}
		r, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			statusInfo
			URI string `json:"uri"`
		}
		_ = json.NewDecoder(r.Body).Decode(&s)
		r.Body.Close()
		if r.StatusCode != status {
			t.Errorf("%q is answered with %s", token, r.Status)
		}
		if status == 401 && (s.CodeMinor.Fields[0].Value != "unauthorised_request" || r.Header.Get("WWW-Authenticate") == "") {
			t.Errorf("%q is refused with %+v, %v", token, s, r.Header)
		}
		if status == 200 && !strings.HasPrefix(s.URI, "https://case.example.org/ims/case/v1p1/CFItems/") {
			t.Errorf("the address is %s", s.URI)
		}
	}
	var d map[string]any
	if r := get(t, server.URL+V1p1.BasePath()+DiscoveryPath, &d); r.StatusCode != 200 || d["openapi"] != "3.0.1" {
		t.Errorf("discovery is answered with %s", r.Status)
	}
	if r := get(t, server.URL+V1p0.BasePath()+DiscoveryPath, nil); r.StatusCode != 404 {
		t.Errorf("1.0 has a discovery document: %s", r.Status)
	}
}
