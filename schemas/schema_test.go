package schemas

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// TestModel compares the definitions with what the official document says of each
// member; there the only differences are those that errata.json names.
func TestModel(t *testing.T) {
	for path, model := range map[string]string{"definitions.json": "model.txt", "resources.json": "model-resources.txt",
		"gradebook.json": "model-gradebook.txt"} {
		compareModel(t, "oneroster/v1p2/"+path, "testdata/"+model)
	}
}

func compareModel(t *testing.T, path, model string) {
	t.Helper()
	f, err := os.Open(model)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var want []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := lines.Text(); !strings.HasPrefix(line, "#") {
			want = append(want, line)
		}
	}
	c := compiler{files: map[string]*raw{}, nodes: map[string]*node{}}
	for _, other := range []string{"definitions.json", "resources.json", "gradebook.json"} {
		if _, err := c.read("oneroster/v1p2/" + other); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.read(path); err != nil {
		t.Fatal(err)
	}
	var got []string
	for name := range c.files[idBase+path].Definitions {
		n, err := c.at(idBase+path, "#/definitions/"+name)
		if err != nil {
			t.Fatal(err)
		}
		if len(n.names) == 0 {
			continue // a definition that is shared by members
		}
		state := map[bool]string{true: "closed", false: "open"}[n.closed]
		got = append(got, name+" "+state)
		for _, member := range n.names {
			p := n.props[member]
			need := map[bool]string{true: "required", false: "optional"}[n.required&p.bit != 0]
			got = append(got, fmt.Sprintf("%s.%s %s %s", name, member, need, kindOf(p.node)))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("the official document says %q, ours does not", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("ours says %q, the official document does not", line)
		}
	}
}

// TestModelOfGrades compares the objects of Assignment and Grade Services with what the
// official document says of each member. It knows of no others than those of the erratum.
func TestModelOfGrades(t *testing.T) {
	text, err := os.ReadFile("testdata/model-ags.txt")
	if err != nil {
		t.Fatal(err)
	}
	const path = "lti/ags/v2p0/definitions.json"
	c := compiler{files: map[string]*raw{}, nodes: map[string]*node{}}
	if _, err := c.read(path); err != nil {
		t.Fatal(err)
	}
	weighed := []string{"Result.scoreOf required", "Result.userId required"} // by severity, as warnings
	later := []string{"LineItem.gradesReleased", "LineItem.submissionReview", "LineItemSent.gradesReleased", "LineItemSent.submissionReview",
		"Result.scoringUserId", "Score.scoringUserId", "Score.submission", "LineItemSent.id"}
	official := string(text)
	for _, name := range []string{"LineItem", "LineItemSent", "Result", "Score"} {
		n, err := c.at(idBase+path, "#/definitions/"+name)
		if err != nil {
			t.Fatal(err)
		}
		if n.closed {
			t.Errorf("%s is closed, and the standard has unknown members passed over", name)
		}
		for _, member := range n.names {
			p := n.props[member]
			line := fmt.Sprintf("%s.%s %s", name, member, map[bool]string{true: "required", false: "optional"}[n.required&p.bit != 0])
			if slices.Contains(weighed, line) {
				line = strings.Replace(line, "required", "optional", 1)
			}
			kind := kindOf(p.node)
			switch {
			case p.node.pattern != nil && strings.HasPrefix(p.node.pattern.String(), "^https?"):
				kind = "uri"
			case p.node.pattern != nil && strings.HasPrefix(p.node.pattern.String(), "^[0-9]{4}"):
				kind = "date-time"
			case p.node.pattern != nil && strings.Contains(p.node.pattern.String(), "{0,256}"):
				kind += "<=256"
			case p.node.above != nil:
				kind += fmt.Sprintf(">%v", *p.node.above)
			}
			line += " " + kind
			if !strings.Contains(official, line+"\n") && !slices.Contains(later, name+"."+member) {
				t.Errorf("ours says %q, the official document does not", line)
			}
			official = strings.Replace(official, line+"\n", "", 1)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(official), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			t.Errorf("the official document says %q, ours does not", line)
		}
	}
}

// TestModelOfSearch compares the objects of Resource Search with what the official document
// says of each member. Each difference is one of ours, and names why.
func TestModelOfSearch(t *testing.T) {
	text, err := os.ReadFile("testdata/model-rs.txt")
	if err != nil {
		t.Fatal(err)
	}
	const path = "lti/rs/v1p0.json"
	c := compiler{files: map[string]*raw{}, nodes: map[string]*node{}}
	if _, err := c.read(path); err != nil {
		t.Fatal(err)
	}
	// See the errata rs-root and rs-curriculum-standards.
	official := strings.NewReplacer("Subject.parent required integer\n", "Subject.parent optional \n",
		"LTILink.metadata.curriculumStandardsMetadataSet optional object\n", "").Replace(string(text))
	var got []string
	var walk func(at string, n *node)
	walk = func(at string, n *node) {
		for _, member := range n.names {
			p, path := n.props[member], at+"."+member
			need := map[bool]string{true: "required", false: "optional"}[n.required&p.bit != 0]
			within := p.node
			if within.items != nil {
				within = within.items
			}
			kind := kindOf(p.node)
			if strings.Contains(within.name, ".") && within.typ == "object" {
				kind = strings.Replace(kind, within.name, "object", 1)
				walk(path, within)
			}
			got = append(got, path+" "+need+" "+kind)
		}
	}
	for name := range c.files[idBase+path].Definitions {
		n, err := c.at(idBase+path, "#/definitions/"+name)
		if err != nil {
			t.Fatal(err)
		}
		walk(name, n)
	}
	for _, line := range strings.Split(official, "\n") {
		if line != "" && !strings.HasPrefix(line, "#") && !slices.Contains(got, line) {
			t.Errorf("the official document says %q, ours does not", line)
		}
	}
	for _, line := range got {
		if !strings.Contains(official, "\n"+line+"\n") {
			t.Errorf("ours says %q, the official document does not", line)
		}
	}
}

// kindOf writes the kind of a member as testdata/model.txt does.
func kindOf(n *node) string {
	switch terms, extension := n.vocabulary(); {
	case extension != nil:
		return "open:" + strings.Join(terms, ",")
	case len(terms) > 0:
		return "closed:" + strings.Join(terms, ",")
	case n.items != nil && n.minItems > 0:
		return fmt.Sprintf("list%d:%s", n.minItems, kindOf(n.items))
	case n.items != nil:
		return "list:" + kindOf(n.items)
	case n.format != "":
		return n.format
	case n.typ == "object":
		return n.name
	}
	return n.typ
}

func TestErrata(t *testing.T) {
	var errata []struct{ ID, Document, Where, Says, Ours, Why string }
	readJSON(t, "errata.json", &errata)
	known := map[string]bool{}
	for _, e := range errata {
		if e.ID == "" || e.Document == "" || e.Where == "" || e.Says == "" || e.Ours == "" || e.Why == "" {
			t.Errorf("an erratum lacks something: %+v", e)
		}
		known[e.ID] = true
	}
	var look func(r *raw)
	look = func(r *raw) {
		if r == nil {
			return
		}
		if rest, marked := strings.CutPrefix(r.Comment, "Erratum "); marked {
			if id, _, _ := strings.Cut(rest, ":"); !known[id] {
				t.Errorf("a schema names the erratum %q, and errata.json does not", id)
			}
		}
		for _, d := range r.Definitions {
			look(d)
		}
		for _, p := range r.Properties {
			look(p)
		}
		look(r.Items)
	}
	for _, r := range rawFiles(t) {
		look(r)
	}
}

// TestDescriptions sees to it that each member says what it is for, shortly.
func TestDescriptions(t *testing.T) {
	const long = 120
	var look func(where string, r *raw)
	look = func(where string, r *raw) {
		if r.Ref != "" {
			return
		}
		if d := r.Description; d == "" || len(d) > long || !strings.HasSuffix(d, ".") {
			t.Errorf("%s: the description is missing, too long or no sentence: %q", where, d)
		}
		for name, p := range r.Properties {
			if strings.Contains(name, parting) {
				t.Errorf("%s: the name cannot be told apart in a context", where)
			}
			look(where+"."+name, p)
		}
		if r.Additional != nil && r.Additional.each != nil {
			look(where+"{}", r.Additional.each)
		}
	}
	for path, r := range rawFiles(t) {
		if len(r.Definitions) == 0 {
			look(path, r)
		}
		for name, d := range r.Definitions {
			look(name, d)
		}
	}
}

func rawFiles(t *testing.T) map[string]*raw {
	t.Helper()
	set := map[string]*raw{}
	entries, err := readIndex()
	if err != nil {
		t.Fatal(err)
	}
	c := compiler{files: set, nodes: map[string]*node{}}
	for _, e := range entries {
		path, _, _ := strings.Cut(e.File, "#")
		if _, err := c.read(path); err != nil {
			t.Fatal(err)
		}
	}
	return set
}

// TestHints sees to it that no hint is for a definition or a member that is gone,
// or for a term that is allowed.
func TestHints(t *testing.T) {
	h, err := readHints()
	if err != nil {
		t.Fatal(err)
	}
	set := rawFiles(t)
	definitions := set[idBase+"oneroster/v1p2/definitions.json"].Definitions
	for name, members := range h.Members {
		d := definitions[name]
		if d == nil && name != "*" {
			t.Errorf("hints for members of %s, which is not defined", name)
			continue
		}
		for member := range members {
			if d != nil && d.Properties[member] != nil {
				t.Errorf("a hint for %s.%s, which is allowed", name, member)
			}
		}
	}
	for name, values := range h.Values {
		definition, member, nested := strings.Cut(name, ".")
		d := definitions[definition]
		if d != nil && nested {
			d = d.Properties[member]
		}
		if d == nil {
			t.Errorf("hints for values of %s, which is not defined", name)
			continue
		}
		terms := d.Enum
		for _, a := range d.AnyOf {
			terms = append(terms, a.Enum...)
		}
		for value := range values {
			if slices.Contains(terms, value) {
				t.Errorf("a hint for %s of %s, which is allowed", value, name)
			}
		}
	}
}

// TestWords shows whole findings, as a report would print them.
func TestWords(t *testing.T) {
	long := strings.Repeat("ü", 200)
	for _, c := range []struct {
		schema, doc string
		want        Finding
	}{
		{"oneroster/1.2/users", `{"users":1}`, Finding{"/users", "type", "an array", "number 1", Error, "This should be an array."}},
		{"oneroster/1.2/status-info", `{"imsx_codeMajor":"` + long + `","imsx_severity":"error"}`, Finding{"/imsx_codeMajor", "enum",
			"one of success, processing, failure, unsupported", `string "` + strings.Repeat("ü", maxSeen-1) + `…"`, Error, "The term is not in the vocabulary, which is closed."}},
		{"oneroster/1.2/status-info", `{"imsx_codeMajor":"failure","imsx_severity":"Error"}`, Finding{"/imsx_severity", "enum",
			"one of status, warning, error", `string "Error"`, Error, "The term is not in the vocabulary, which is closed. It differs from a listed one by the case of letters alone."}},
		{"oneroster/1.2/status-info", `{"imsx_codeMajor":"failure","imsx_severity":"error","imsx_codeMinor":{"secret":"x"}}`, Finding{"/imsx_codeMinor", "additionalProperties",
			"no such member", "object with 1 member", Note, "The standard knows no such member here. It is written imsx_CodeMinor, with a capital C, and is an object."}},
		{"oneroster/1.2/status-info", `{"imsx_codeMajor":"failure"}`, Finding{"/imsx_severity", "required",
			"the member imsx_severity, a string", "nothing", Error, "A required member is missing."}},
		{"oneroster/1.2/orgs", `{}`, Finding{"/orgs", "required", "the member orgs, an array", "nothing", Warning, "A member is missing that readers rely on."}},
		{"oneroster/1.2/orgs", `<html>`, Finding{"", "json", "one JSON value (RFC 8259)", `'<' at byte 0`, Error, "This looks like HTML or XML: perhaps an error page or a login page."}},
		{"oneroster/1.2/orgs", `{"orgs":[]}` + "\x00", Finding{"", "json", "one JSON value (RFC 8259)", `'\x00' at byte 11`, Error, "Something follows the end of the JSON value."}},
	} {
		got, err := MustLoad(c.schema).Validate([]byte(c.doc))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s\nfound  %+v\nwanted %+v", c.doc, got, c.want)
		}
	}
}

// TestReticence: only Seen may hold something of a value.
func TestReticence(t *testing.T) {
	const secret = "Xyzzy-1971-07-04"
	for name, facts := range readFacts(t) {
		for _, f := range facts {
			if f.Base == "" {
				continue
			}
			var doc any
			if err := json.Unmarshal(f.document(t), &doc); err != nil {
				t.Fatal(err)
			}
			replaced, err := json.Marshal(replaceTexts(doc, secret))
			if err != nil {
				t.Fatal(err)
			}
			findings, err := MustLoad(f.Schema).Validate(replaced)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range findings {
				if strings.Contains(g.Pointer+g.Message+g.Expected, secret) {
					t.Errorf("%s/%s: a value is told outside of Seen: %+v", name, f.Fact, g)
				}
			}
		}
	}
}

func replaceTexts(v any, by string) any {
	switch v := v.(type) {
	case string:
		return by
	case []any:
		for i := range v {
			v[i] = replaceTexts(v[i], by)
		}
	case map[string]any:
		for k := range v {
			v[k] = replaceTexts(v[k], by)
		}
	}
	return v
}

// TestHostile: documents made to cost much.
func TestHostile(t *testing.T) {
	s := MustLoad("oneroster/1.2/users")
	var many strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&many, `"m%d":null,`, i)
	}
	for name, c := range map[string]struct {
		doc, keyword string
		findings     int
	}{
		"deep":       {strings.Repeat("[", 1_000_000), KeywordDepth, 1},
		"deep known": {`{"users":[{"metadata":` + strings.Repeat(`{"a":`, 1_000_000), KeywordDepth, 1},
		"repeated":   {`{"users":[{"metadata":{` + many.String() + `"m0":1,"m0":2}}]}`, KeywordMore, MaxFindings + 1},
		"offences":   {`{"users":[{"roles":[` + strings.Repeat(`{},`, 100_000) + `{}]}]}`, KeywordMore, MaxFindings + 1},
		"faults":     {`{"users":[` + strings.Repeat(`{},`, 10_000) + `{}]}`, KeywordMore, MaxFindings + 1},
	} {
		findings, err := s.Validate([]byte(c.doc))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(findings) != c.findings || !slices.ContainsFunc(findings, func(f Finding) bool { return f.Keyword == c.keyword }) {
			t.Errorf("%s: %d findings", name, len(findings))
		}
		if Worst(findings) != Error {
			t.Errorf("%s: the worst is %q", name, Worst(findings))
		}
		for _, f := range findings {
			if n := utf8.RuneCountInString(f.Seen); n > 2*maxSeen {
				t.Errorf("%s: what was seen has %d runes", name, n)
			}
		}
	}
}

func TestLoad(t *testing.T) {
	if _, err := Load("oneroster/1.2/people"); err == nil || !strings.Contains(err.Error(), "oneroster/1.2/users") {
		t.Errorf("an unknown name gives %v, which does not say what there is", err)
	}
	names := Names()
	if !slices.IsSorted(names) || len(names) != 80 {
		t.Errorf("%d names: %q", len(names), names)
	}
	for _, name := range names {
		if s := MustLoad(name); s.Name() != name {
			t.Errorf("%s is loaded as %s", name, s.Name())
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("MustLoad takes any name")
		}
	}()
	MustLoad("nothing")
}

// TestTogether runs one schema in many goroutines, for the race detector.
func TestTogether(t *testing.T) {
	s := MustLoad("oneroster/1.2/org")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 50 {
				findings, err := s.Validate(fmt.Appendf(nil, `{"org":{"sourcedId":"o-%d","status":"x"}}`, i))
				if err != nil || len(findings) != 5 {
					t.Errorf("%v, %v", findings, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestRefusesWhatItCannotWalk(t *testing.T) {
	for _, doc := range []string{
		`{"$id":"x","type":"object","patternProperties":{}}`,
		`{"$id":"x","type":"thing"}`,
		`{"$id":"x","format":"email"}`,
		`{"$id":"x","required":["a"]}`,
		`{"$id":"x","$ref":"y"}`,
		`{"$id":"x","pattern":"(?!a)"}`,
		`{"$id":"x","items":{"$ref":"#/definitions/y"}}`,
		`{"$id":"x","additionalProperties":{"maxLength":3}}`,
		`{"$id":"x","additionalProperties":{"$ref":"#/definitions/y"}}`,
	} {
		r := new(raw)
		err := strictly([]byte(doc), r)
		if err == nil {
			c := compiler{files: map[string]*raw{idBase + "x": r}, nodes: map[string]*node{}}
			_, err = c.at(idBase, "x")
		}
		if err == nil && r.Ref == "" {
			t.Errorf("%s is compiled", doc)
		}
	}
}

// What is wrong in a document is worded by a schema that is compiled when it is first needed.
func TestEverySchemaHasWords(t *testing.T) {
	for _, name := range Names() {
		if _, err := MustLoad(name).words(); err != nil {
			t.Error(err)
		}
	}
}
