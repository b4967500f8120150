package catalogue_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

func load(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func profile(t *testing.T, c *catalogue.Catalogue, id string) catalogue.Profile {
	t.Helper()
	p, ok := c.Profile(id)
	if !ok {
		t.Fatalf("profile %s is missing", id)
	}
	return p
}

// rosteringOperations are the 41 of the service, told by the official document.
const (
	rosteringOperations = 41
	coreOperations      = 22
)

// services are those of OneRoster, with the profile that is the whole of each, and how many
// operations a core profile of its own has.
var services = []struct {
	id, whole        string
	operations, core int
}{
	{"or12.rostering", "or12-rostering-provider", rosteringOperations, coreOperations},
	{"or12.resources", "or12-resources-provider", 5, 2},
	{"or11.rostering", "or11-rostering-provider", rosteringOperations, coreOperations},
	{"or11.resources", "or11-resources-provider", 4, 0},
	{"or12.gradebook", "or12-gradebook-provider", 15, 8},
	{"or12.assessment", "or12-assessment-provider", 4, 0}, // it has no core
}

func TestServicesAreWhole(t *testing.T) {
	c := load(t)
	for _, s := range services {
		var ids []string
		for _, r := range c.Requirements() {
			if strings.HasPrefix(r.ID, s.id+".") && !strings.HasPrefix(r.ID, s.id+".write.") { // which profiles of their own have
				ids = append(ids, r.ID)
			}
		}
		if len(ids) <= 120 {
			t.Errorf("%d requirements for %s; well over 120 are expected", len(ids), s.id)
		}
		whole := profile(t, c, s.whole)
		if len(whole.Requirements) != len(ids) {
			t.Errorf("%s holds %d of %d requirements", s.whole, len(whole.Requirements), len(ids))
		}
		if n := len(whole.Operations); n != s.operations {
			t.Errorf("%s has %d operations", s.whole, n)
		}
		if s.core == 0 {
			continue
		}
		core := profile(t, c, strings.Replace(s.whole, "-provider", "-core-provider", 1))
		if n := len(core.Operations); n != s.core {
			t.Errorf("%s has %d operations", core.ID, n)
		}
	}
}

// Each operation is named by exactly one endpoint requirement, whose id is the
// operationId in kebab case.
func TestOneEndpointRequirementEachOperation(t *testing.T) {
	c := load(t)
	for _, s := range services {
		named := map[string][]string{}
		operations := profile(t, c, s.whole).Operations
		for _, r := range c.Requirements() {
			for _, op := range r.Operations {
				if strings.HasPrefix(r.ID, s.id+".endpoint.") {
					named[op] = append(named[op], r.ID)
				}
				if strings.HasPrefix(r.ID, s.id+".") && !slices.Contains(operations, op) {
					t.Errorf("%s names the unknown operation %s", r.ID, op)
				}
			}
		}
		for _, op := range operations {
			want := s.id + ".endpoint." + kebab(op)
			if got := named[op]; len(got) != 1 || got[0] != want {
				t.Errorf("%s is named by %v, want %s alone", op, got, want)
			}
		}
		if len(named) != s.operations {
			t.Errorf("endpoint requirements of %s name %d operations", s.id, len(named))
		}
	}
}

var humps = regexp.MustCompile(`([a-z])([A-Z])`)

func kebab(s string) string { return strings.ToLower(humps.ReplaceAllString(s, "$1-$2")) }

// Core and Demographics ask for nothing that needs operations they don't cover.
func TestProfilesAskForWhatTheyCover(t *testing.T) {
	c := load(t)
	for _, p := range c.Profiles() {
		if p.Summary == "" || p.Role == "provider" && (len(p.Scopes) == 0 || len(p.Operations) == 0) {
			t.Errorf("profile %s lacks a summary, scopes or operations", p.ID)
		}
		for _, id := range p.Requirements {
			r, _ := c.Requirement(id)
			if len(r.Operations) == 0 {
				continue
			}
			if !slices.ContainsFunc(r.Operations, func(op string) bool { return slices.Contains(p.Operations, op) }) {
				t.Errorf("%s asks for %s, which binds none of its operations", p.ID, id)
			}
		}
	}
	core := profile(t, c, "or12-rostering-core-provider")
	for _, id := range core.Requirements {
		if r, _ := c.Requirement(id); r.Feature == "demographics" {
			t.Errorf("Core asks for %s", id)
		}
	}
}

// serviceOf gives the part of an id that names the standard, and the service where it has
// several.
func serviceOf(id string) string {
	parts := strings.SplitN(id, ".", 3)
	if parts[0] == "or12" || parts[0] == "or11" {
		return parts[0] + "." + parts[1]
	}
	return parts[0]
}

// Texts are for people: sentences that stand alone, cited, and not given twice.
func TestTexts(t *testing.T) {
	c := load(t)
	titles, statements := map[string]string{}, map[string]string{}
	for _, r := range c.Requirements() {
		for _, cite := range r.Citations {
			if cite.Document == "" || cite.Section == "" || !strings.HasPrefix(cite.URL, "https://") {
				t.Errorf("%s: citation %+v is incomplete", r.ID, cite)
			}
		}
		of := serviceOf(r.ID) // what several services have in common is said of each in the same words
		if other, twice := titles[of+" "+r.Title]; twice {
			t.Errorf("%s and %s have the same title", r.ID, other)
		}
		if other, twice := statements[of+" "+r.Statement]; twice {
			t.Errorf("%s and %s have the same statement", r.ID, other)
		}
		titles[of+" "+r.Title], statements[of+" "+r.Statement] = r.ID, r.ID
		for name, text := range map[string]string{"statement": r.Statement, "causes": r.Causes, "untestable": r.Untestable} {
			if text != "" && !strings.HasSuffix(text, ".") || strings.Contains(text, "\n") || strings.Contains(text, "  ") {
				t.Errorf("%s: %s is no sentence on one line: %q", r.ID, name, text)
			}
		}
		if (r.Causes == "") == (r.Untestable == "") {
			t.Errorf("%s needs either causes or a reason why it can't be tested", r.ID)
		}
		// A title says what must hold, in a sentence, of which the subject may be the product.
		if strings.HasSuffix(r.Title, ".") || len(r.Title) > 85 || len(strings.Fields(r.Title)) < 3 {
			t.Errorf("%s: the title %q is no short sentence", r.ID, r.Title)
		}
	}
}

func TestSectionsAreUsed(t *testing.T) {
	c := load(t)
	used := map[string]bool{}
	for _, r := range c.Requirements() {
		used[r.Section] = true
	}
	for _, s := range c.Sections() {
		if !used[s.Key] || s.Text == "" {
			t.Errorf("section %s has no requirement or no text", s.Key)
		}
	}
}

// stricterInCertification are requirements of which the certification is publicly
// known to ask for what the standard leaves open.
var stricterInCertification = []string{"lti13.tool.launch.short-role", "lti13.tool.launch.blank-role", "lti13.tool.refuse.sub-missing",
	"lti13.platform.token.rs256", "lti13.platform.message.whitespace", "nrps20.tool.roster.accept"}

// The certification stance never asks for more than the strict one, but for what is
// listed.
func TestStances(t *testing.T) {
	c := load(t)
	weight := map[catalogue.Level]int{catalogue.Off: 0, catalogue.May: 1, catalogue.Should: 2, catalogue.Must: 3}
	for _, r := range c.Requirements() {
		if weight[r.LevelIn(catalogue.Certification)] > weight[r.LevelIn(catalogue.Strict)] && !slices.Contains(stricterInCertification, r.ID) {
			t.Errorf("%s is stricter in the certification stance", r.ID)
		}
	}
	p := profile(t, c, "or12-rostering-core-provider")
	for stance, want := range map[catalogue.Stance]catalogue.Level{catalogue.Strict: catalogue.Must, catalogue.Certification: catalogue.Should} {
		if got := c.LevelOf(p, "or12.rostering.paging.total-count", stance); got != want {
			t.Errorf("X-Total-Count is %s in the %s stance, want %s", got, stance, want)
		}
	}
	if got := c.LevelOf(p, "or12.rostering.demographics.user", catalogue.Strict); got != catalogue.Off {
		t.Errorf("demographics are %s in Core", got)
	}
}

const goodRequirement = `
sections: [{key: s, title: S, text: S.}]
requirements:
  - id: a.one
    title: one
    statement: One.
    section: s
    role: provider
    level: MUST
    confidence: confirmed
    citations: [{document: D, section: '1', url: 'https://example.org/'}]
`

func TestLoadFromRefuses(t *testing.T) {
	if _, err := catalogue.LoadFrom(fstest.MapFS{"a.yaml": {Data: []byte(goodRequirement)}}); err != nil {
		t.Fatalf("the good catalogue is refused: %v", err)
	}
	for _, tc := range []struct{ name, old, new, want string }{
		{"id with capitals", "a.one", "a.One", "lower-case"},
		{"unknown section", "section: s\n", "section: x\n", "not defined"},
		{"no citation", "citations: [{document: D, section: '1', url: 'https://example.org/'}]", "citations: []", "citation"},
		{"unknown level", "level: MUST", "level: SHALL", "none of"},
		{"unconfirmed MUST", "confidence: confirmed", "confidence: unconfirmed", "can't be a MUST"},
		{"unknown key", "title: one", "titel: one", "field titel not found"},
		{"empty profile pattern", "requirements:", "profiles: [{id: p-x, requirements: [b.*]}]\nrequirements:", "matches no requirement"},
		{"citation without section", "section: '1', ", "", "section"},
		{"profile with unknown level", "requirements:", "profiles: [{id: p-x, requirements: [a.*], levels: {a.one: SHALL}}]\nrequirements:", "none of"},
		{"foreign level", "requirements:", "profiles: [{id: p-x, requirements: [a.*], levels: {b.two: MAY}}]\nrequirements:", "does not contain"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(goodRequirement, tc.old, tc.new, 1)
			if _, err := catalogue.LoadFrom(fstest.MapFS{"a.yaml": {Data: []byte(text)}}); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %q", err, tc.want)
			}
		})
	}
	twice := fstest.MapFS{"a.yaml": {Data: []byte(goodRequirement)}, "b.yaml": {Data: []byte(goodRequirement[strings.Index(goodRequirement, "requirements:"):])}}
	if _, err := catalogue.LoadFrom(twice); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("an id given twice yields %v", err)
	}
}

// shared is a catalogue with statements that hold for two services.
const shared = `
services:
  - {id: or12.one, fill: {title: One}}
  - {id: or12.two, fill: {title: Two}, operations: {reads: [getTwo, getTwos]}}
sections: [{key: s, title: S, text: S.}]
requirements:
  - id: or12.one.before
    title: T
    statement: S.
    section: s
    role: provider
    level: MUST
    confidence: confirmed
    citations: [{document: D, section: one, url: ''}]
  - id: '{service}.a'
    title: 'A of {title}'
    statement: 'The {title} service does A.'
    section: s
    role: provider
    level: MUST
    confidence: confirmed
    citations: [{document: '{title}', section: a, url: ''}]
  - id: '{service}.b'
    title: B
    statement: B.
    section: s
    role: provider
    level: MUST
    confidence: confirmed
    citations: [{document: D, section: '{braces} that no text of a {title} has', url: ''}]
  - id: '{service}.c'
    lacking: [or12.one]
    title: C
    statement: C.
    section: s
    role: provider
    level: MUST
    confidence: confirmed
    citations: [{document: D, section: c, url: ''}]
    operations: ['{reads}']
`

// A statement that holds for several services is a requirement of each, with what differs
// filled in; what nobody fills in is refused.
func TestServicesShareStatements(t *testing.T) {
	read := func(text string) (*catalogue.Catalogue, error) {
		return catalogue.LoadFrom(fstest.MapFS{"a.yaml": {Data: []byte(text)}})
	}
	if _, err := read(shared); err == nil || !strings.Contains(err.Error(), "{braces}") {
		t.Errorf("nobody fills in {braces}: %v", err)
	}
	c, err := read(strings.ReplaceAll(shared, "{braces}", "braces"))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range c.Requirements() {
		ids = append(ids, r.ID)
	}
	if want := []string{"or12.one.before", "or12.one.a", "or12.one.b", "or12.two.a", "or12.two.b", "or12.two.c"}; !slices.Equal(ids, want) {
		t.Errorf("%q", ids)
	}
	if r, _ := c.Requirement("or12.two.a"); r.Title != "A of Two" || r.Statement != "The Two service does A." || r.Citations[0].Document != "Two" {
		t.Errorf("%+v", r)
	}
	if r, _ := c.Requirement("or12.two.c"); !slices.Equal(r.Operations, []string{"getTwo", "getTwos"}) {
		t.Errorf("%+v", r)
	}
	for what, change := range map[string][2]string{
		"a statement of services stands where there is none": {shared[:strings.Index(shared, "sections:")], ""},
		"an operation of one service stands for several":     {"'{reads}'", "getTwo"},
		"a group of operations that a service doesn't have":  {"    lacking: [or12.one]\n", ""},
		"lacking in a service that there isn't":              {"lacking: [or12.one]", "lacking: [or12.three]"},
	} {
		if _, err := read(strings.Replace(strings.ReplaceAll(shared, "{braces}", "braces"), change[0], change[1], 1)); err == nil {
			t.Error(what)
		}
	}
}

// TestRenamed holds the table of renamed requirements to what there is.
func TestRenamed(t *testing.T) {
	const base = "sections: [{key: s, title: S, text: t}]\nrequirements:\n" +
		"  - {id: a.new, title: T, statement: S, section: s, role: r, level: MUST, confidence: confirmed, citations: [{document: d, section: '1'}]}\n"
	for table, wrong := range map[string]string{
		"[{from: a.old, to: a.new}]":                             "",
		"[{from: a.old, to: a.new}, {from: a.older, to: a.new}]": "",
		"[{from: a.new, to: a.new}]":                             "still",
		"[{from: a.old, to: a.gone}]":                            "there is no requirement",
		"[{from: a.old, to: a.new}, {from: a.old, to: a.new}]":   "twice",
		"[{from: Old, to: a.new}]":                               "lower-case",
	} {
		c, err := catalogue.LoadFrom(fstest.MapFS{"a.yaml": {Data: []byte(base + "renamed: " + table + "\n")}})
		switch {
		case wrong == "" && err != nil, wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
			t.Errorf("%s: %v", table, err)
		case err == nil && c.Renamed()["a.old"] != "a.new":
			t.Errorf("%s: %v", table, c.Renamed())
		}
	}
}
