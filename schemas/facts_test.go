package schemas

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// fact is a line of testdata/facts: a small document and all that is wrong with
// it. The document is a base of testdata/bases.json with members removed and then
// set by pointer, or a text, or bytes in hexadecimal digits.
type fact struct {
	Fact   string         `json:"fact"`
	Schema string         `json:"schema"`
	Base   string         `json:"base"`
	Remove []string       `json:"remove"`
	Set    map[string]any `json:"set"`
	Text   *string        `json:"text"`
	Hex    string         `json:"hex"`
	Fields []string       `json:"fields"`
	// Want lists severity, keyword and pointer of each finding, in their order.
	Want []string `json:"want"`
	// OursOnly is the reason why a second validator cannot be asked.
	OursOnly string `json:"oursOnly"`
}

func readFacts(t testing.TB) map[string][]fact {
	t.Helper()
	paths, err := filepath.Glob("testdata/facts/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no facts: %v", err)
	}
	all := map[string][]fact{}
	for _, path := range paths {
		var facts []fact
		readJSON(t, path, &facts)
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = facts
	}
	return all
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := strictly(data, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func (f fact) document(t testing.TB) []byte {
	t.Helper()
	switch {
	case f.Text != nil:
		return []byte(*f.Text)
	case f.Hex != "":
		b, err := hex.DecodeString(f.Hex)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var bases map[string]any
	readJSON(t, "testdata/bases.json", &bases)
	doc, ok := bases[f.Base]
	if !ok {
		t.Fatalf("no base is called %q", f.Base)
	}
	for _, pointer := range f.Remove {
		change(t, doc, pointer, nil, true)
	}
	pointers := make([]string, 0, len(f.Set))
	for p := range f.Set {
		pointers = append(pointers, p)
	}
	slices.Sort(pointers) // a holder before what it holds
	for _, p := range pointers {
		doc = change(t, doc, p, f.Set[p], false)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// change sets or removes what a pointer leads to.
func change(t testing.TB, holder any, pointer string, value any, remove bool) any {
	t.Helper()
	if pointer == "" {
		return value
	}
	token, rest := nextToken(pointer)
	token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	switch h := holder.(type) {
	case map[string]any:
		if remove && rest == "" {
			delete(h, token)
		} else {
			h[token] = change(t, h[token], rest, value, remove)
		}
		return h
	case []any:
		i, err := strconv.Atoi(token)
		if err != nil {
			t.Fatal(err)
		}
		if i == len(h) {
			return append(h, change(t, nil, rest, value, remove))
		}
		h[i] = change(t, h[i], rest, value, remove)
		return h
	}
	t.Fatalf("nothing stands at %q", pointer)
	return nil
}

// TestFacts holds the schemas to their facts, and a second validator that reads
// the same files to the same findings.
func TestFacts(t *testing.T) {
	second := newSecond(t, "uri", "date-or-date-time")
	total, shared := 0, 0
	for file, facts := range readFacts(t) {
		seen := map[string]bool{}
		for _, f := range facts {
			total++
			if f.OursOnly == "" {
				shared++
			}
			if key := f.Fact; seen[key] {
				t.Errorf("%s: the fact %q stands twice", file, key)
			} else {
				seen[key] = true
			}
			t.Run(file+"/"+f.Fact, func(t *testing.T) {
				doc := f.document(t)
				s, err := Load(f.Schema)
				if err != nil {
					t.Fatal(err)
				}
				findings, err := s.ValidateSelected(doc, f.Fields)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, g := range findings {
					got = append(got, fmt.Sprintf("%s %s %s", g.Severity, g.Keyword, g.Pointer))
					if g.Expected == "" || g.Seen == "" || g.Message == "" || strings.Contains(g.Message, "  ") {
						t.Errorf("a finding lacks words: %+v", g)
					}
				}
				slices.Sort(got)
				want := slices.Sorted(slices.Values(f.Want))
				if !slices.Equal(got, want) {
					t.Errorf("%s\nfound  %q\nwanted %q", doc, got, want)
				}
				if f.OursOnly != "" {
					return
				}
				ours := make([]string, 0, len(findings))
				for _, g := range findings {
					ours = append(ours, g.Keyword+" "+g.Pointer)
				}
				slices.Sort(ours)
				if theirs := second.findings(t, f.Schema, doc); !slices.Equal(ours, theirs) {
					t.Errorf("%s\nwe find          %q\nthe second finds %q", doc, ours, theirs)
				}
			})
		}
	}
	const least = 150
	if total < least || shared < least {
		t.Errorf("%d facts, %d of them shared: at least %d are wanted of both", total, shared, least)
	}
	t.Logf("%d facts, %d of them shared with the second validator", total, shared)
}

// TestEveryName sees to it that each schema has a fact that passes and one that fails.
func TestEveryName(t *testing.T) {
	passes, fails := map[string]bool{}, map[string]bool{}
	for _, facts := range readFacts(t) {
		for _, f := range facts {
			if len(f.Want) == 0 {
				passes[f.Schema] = true
			} else {
				fails[f.Schema] = true
			}
		}
	}
	for _, name := range Names() {
		if !passes[name] || !fails[name] {
			t.Errorf("%s: a fact that passes: %v, one that fails: %v", name, passes[name], fails[name])
		}
	}
}

// second is santhosh-tekuri/jsonschema, fed the same files.
type second struct {
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
}

// newSecond makes it use our judges of some formats. Its own of date and date-time
// are strict enough for the facts, and a true second opinion; its uri takes blanks.
func newSecond(t testing.TB, ours ...string) *second {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range ours {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok && !formats[name](s) {
				return errors.New("not of this format")
			}
			return nil
		}})
	}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "/") {
			return err
		}
		f, err := files.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		doc, err := jsonschema.UnmarshalJSON(f)
		if err != nil {
			return err
		}
		return c.AddResource(idBase+path, doc)
	})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := readIndex()
	if err != nil {
		t.Fatal(err)
	}
	s := &second{compiler: c, schemas: map[string]*jsonschema.Schema{}}
	for _, e := range entries {
		if s.schemas[e.Name], err = c.Compile(idBase + e.File); err != nil {
			t.Fatal(err) // also when a file breaks the metaschema of draft-07
		}
	}
	return s
}

func (s *second) findings(t testing.TB, name string, doc []byte) []string {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(doc)))
	if err != nil {
		t.Fatalf("the second validator cannot read %s: %v", doc, err)
	}
	found := map[string]bool{}
	var invalid *jsonschema.ValidationError
	if err := s.schemas[name].Validate(value); errors.As(err, &invalid) {
		gather(invalid, found)
	} else if err != nil {
		t.Fatal(err)
	}
	list := make([]string, 0, len(found))
	for f := range found {
		list = append(list, f)
	}
	slices.Sort(list)
	return list
}

func gather(e *jsonschema.ValidationError, found map[string]bool) {
	at := pointerTo(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, m := range k.Missing {
			found["required "+at+pointerTo([]string{m})] = true
		}
	case *kind.AdditionalProperties:
		for _, m := range k.Properties {
			found["additionalProperties "+at+pointerTo([]string{m})] = true
		}
	case *kind.AnyOf:
		found["enum "+at] = true
	default:
		if len(e.Causes) > 0 {
			for _, c := range e.Causes {
				gather(c, found)
			}
			return
		}
		path := e.ErrorKind.KeywordPath()
		found[path[len(path)-1]+" "+at] = true
	}
}
