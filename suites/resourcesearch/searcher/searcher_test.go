package searcher

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher/catalog"
)

// What a product is made to search for can be read, and each requirement is decided by a check.
func TestSearches(t *testing.T) {
	if _, err := searches(); err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := Suite().Validate(cat); err != nil {
		t.Error(err)
	}
	if left := Suite().Uncovered(cat); len(left) > 0 {
		t.Errorf("nothing decides %q", left)
	}
}

// An item is known by its name, whatever a page makes of it; another one isn't.
func TestKnown(t *testing.T) {
	items := []catalog.Item{{Name: "Salt & vitrum"}, {Name: "A pendulum <b>swings</b>"}, {Name: "Jerboa &amp; friends"}, {Name: "Lanternfish lesson 01"},
		{Name: "Lanternfish lesson 10"}, {Name: "Reading an astrolabe by night"}}
	for shown, want := range map[string]string{
		"Salt & vitrum":                 "Salt & vitrum",
		"Salt  &\n vitrum — free":       "Salt & vitrum",
		"Salt &amp; vitrum":             "Salt & vitrum",
		"A pendulum swings":             "A pendulum <b>swings</b>",
		"Jerboa & friends":              "Jerboa &amp; friends",
		"Lanternfish lesson 10":         "Lanternfish lesson 10",
		"Reading an astro…":             "Reading an astrolabe by night",
		"Reading an astro...":           "Reading an astrolabe by night",
		"Read…":                         "",
		"Recommended for you":           "",
		"":                              "",
		"3. Lanternfish lesson 01 Open": "Lanternfish lesson 01",
	} {
		if i, _ := known(shown, items); i.Name != want {
			t.Errorf("%q is taken for %q", shown, i.Name)
		}
	}
	counts, strangers := shownOf([]string{"Salt & vitrum", "Salt & vitrum", "Ad"}, items)
	if counts["Salt & vitrum"] != 2 || !slices.Equal(strangers, []string{"Ad"}) {
		t.Errorf("%v %q", counts, strangers)
	}
	twins := []catalog.Item{{Name: "Twin"}, {Name: "Twin"}}
	if n := len(missing(twins, map[string]int{"Twin": 1})); n != 1 {
		t.Errorf("%d twins are missing", n)
	}
	if written("Jerboa &amp; friends", []string{"Jerboa & friends"}) || !written("Jerboa &amp; friends", []string{"Jerboa &amp; fri…"}) {
		t.Error("what is written isn't known")
	}
}

// Names are read from every usual form of JSON, and what is none is the target file's to mend.
func TestRead(t *testing.T) {
	session := sessionOf(t, "searcher: {search: {command: ./search.sh}}\n")
	s := &seat{section: Of(session.Target), session: session}
	for text, want := range map[string]string{
		"":                                      "",
		`[]`:                                    "",
		`{"results":[]}`:                        "",
		`{"name":"A","tags":[{"x":1}]}`:         "A",
		"{\"name\":\"A\"}\n{\"title\":\"B\"}\n": "A,B",
		`[{"name":"A"},{"name":"B"}]`:           "A,B",
		`{"total":2,"items":[{"title":"A"}]}`:   "A",
	} {
		names, err := s.read([]byte(text), "command")
		if err != nil || strings.Join(names, ",") != want {
			t.Errorf("%s gives %q, %v", text, names, err)
		}
	}
	for text, says := range map[string]string{"<html>": "no JSON", `[{"label":"A"}]`: "has no name, but label", `{"name":"A"} x`: "no JSON"} {
		if _, err := s.read([]byte(text), "command"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	s.section.Search.Shows.Name = "label"
	if names, err := s.read([]byte(`[{"label":"A","name":"x"}]`), "command"); err != nil || len(names) != 1 || names[0] != "A" {
		t.Errorf("%q, %v", names, err)
	}
}

func sessionOf(t *testing.T, section string) *harness.Session {
	t.Helper()
	target, err := harness.ParseTarget("target.yaml", []byte("rollcall: 1\nname: x\nprofiles: [rs10-searcher]\n"+section), os.LookupEnv, NewSection,
		func() harness.Section { return &lti.Section{} })
	if err != nil {
		t.Fatal(err)
	}
	s, err := harness.NewSession(target, Suite(), harness.SessionOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What can't be used is told with its key and a remedy.
func TestSection(t *testing.T) {
	for section, says := range map[string]string{
		"listen: nowhere": "searcher.listen",
		"search: {command: a, webhook: {url: 'https://x.example'}}":            "several ways",
		"search: {webhook: {url: 'https://x.example?q=$word'}}":                "$word stands for nothing",
		"search: {steps: [{open: 'https://x.example', click: a}]}":             "says 2 things",
		"search: {command: a, by: [title]}":                                    "searcher.search.by",
		"search: {command: a, shows: {items: h3}}":                             "no steps lead",
		"search: {shows: {items: h3}}":                                         "how the product is made to search",
		"search: {steps: [{open: 'https://x.example'}]}\n  open: [{click: a}]": "not how it is chosen",
		"client: {id: a}\n  search: {command: a}":                              "id",
		"connect: {command: a, webhook: {url: 'https://x.example'}}":           "a command and a webhook",
		"cert_file: a.pem": "go together",
	} {
		_, err := harness.ParseTarget("target.yaml", []byte("rollcall: 1\nname: x\nprofiles: [rs10-searcher]\nsearcher:\n  "+section+"\n"), os.LookupEnv,
			NewSection, func() harness.Section { return &lti.Section{} })
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", section, err)
		}
	}
}
