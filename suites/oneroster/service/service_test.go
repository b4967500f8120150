package service

import (
	"strings"
	"testing"
)

// TestDescriptions loads every description.
func TestDescriptions(t *testing.T) {
	entries, err := files.ReadDir("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := load(strings.TrimSuffix(e.Name(), ".yaml")); err != nil {
			t.Error(err)
		}
	}
	if len(entries) == 0 {
		t.Error("there is no description")
	}
}

// TestPaths fills ids into paths, reserved characters included.
func TestPaths(t *testing.T) {
	s := Rostering()
	op := s.Operation("getStudentsForClassInSchool")
	if got := op.PathFor("a/b", "c+d e"); got != "/schools/a%2Fb/classes/c%2Bd%20e/students" {
		t.Error(got)
	}
	if at, known := s.At("/schools/x/classes/y/students"); !known || at.ID != op.ID {
		t.Errorf("%+v", at)
	}
	if at, known := s.At("/users/x/nothing"); known {
		t.Errorf("%+v", at)
	}
	if !op.Sub() || op.Core() || op.Apart() || op.Root() != "schools" || op.Parameters() != 2 {
		t.Errorf("%+v", op)
	}
	if !s.Operation("getAllDemographics").Apart() || !s.Operation("getAllOrgs").Core() {
		t.Error("scopes are not read")
	}
}

// TestWrites tells what writes from what reads.
func TestWrites(t *testing.T) {
	for _, s := range []*Service{Gradebook(), Assessment()} {
		for _, op := range s.Writes {
			if op.Method == "GET" || op.Scopes[0] != s.Scopes.For(op.Method) || s.Operation(op.ID).Path != op.Path {
				t.Errorf("%+v", op)
			}
		}
		for _, op := range s.Operations {
			if op.Method != "GET" {
				t.Errorf("%s %s is among what reads", op.Method, op.Path)
			}
		}
	}
	if n, m := len(Gradebook().Writes), len(Assessment().Writes); n != 12 || m != 4 || len(Rostering().Writes) != 0 {
		t.Errorf("%d and %d operations write", n, m)
	}
	if m, _ := Gradebook().Kinds["result"].Member("/score"); m.Type != Number {
		t.Errorf("%+v", m)
	}
}

// TestForeign tells parents of the service from those of another.
func TestForeign(t *testing.T) {
	if name, foreign := Resources().Foreign(Resources().Operation("getResourcesForClass")); name != "classes" || !foreign {
		t.Errorf("%s, %v", name, foreign)
	}
	for _, op := range Rostering().Operations {
		if name, foreign := Rostering().Foreign(op); foreign {
			t.Errorf("%s hangs on /%s of another service", op.ID, name)
		}
	}
	if Resources().Has(Reference, Date, Boolean) || !Resources().Has(DateTime) {
		t.Error("the members of resources are not known by their types")
	}
}

// TestMembers holds what is read from a schema to some members of it.
func TestMembers(t *testing.T) {
	s := Rostering()
	for at, want := range map[string]Member{
		"user /roles/*/org":              {Type: Reference, Refers: "org", Required: true},
		"user /roles":                    {Type: List, Required: true},
		"user /roles/*":                  {Type: Structure},
		"user /enabledUser":              {Type: Boolean, Required: true},
		"user /grades/*":                 {Type: Text},
		"user /metadata":                 {Type: Anything},
		"user /userProfiles/*/profileId": {Type: URI, Required: true},
		"enrollment /user":               {Type: Reference, Refers: "user", Required: true},
		"enrollment /beginDate":          {Type: Date},
		"class /dateLastModified":        {Type: DateTime, Required: true},
		"org /status":                    {Type: Vocabulary, Required: true},
		"course /resources/*":            {Type: Reference, Refers: "resource"},
	} {
		kind, pointer, _ := strings.Cut(at, " ")
		got, known := s.Kinds[kind].Member(pointer)
		if !known || got.Type != want.Type || got.Refers != want.Refers || got.Required != want.Required {
			t.Errorf("%s: %+v", at, got)
		}
	}
	if m, _ := s.Kinds["org"].Member("/type"); !m.Extensible || len(m.Terms) != 6 {
		t.Errorf("%+v", m)
	}
}

// TestMistakes meets descriptions that are wrong in one way each.
func TestMistakes(t *testing.T) {
	refuses(t, "gradebook-1.2", map[string][2]string{
		"an unknown scope to write":  {"scopes: [gradebook.createpost]", "scopes: [gradebook.createput]"},
		"a scope to read for writes": {"scopes: [gradebook.delete]", "scopes: [gradebook.readonly]"},
		"a DELETE with a body":       {"id: deleteCategory\n", "id: deleteCategory\n    wrapper: category\n"},
		"a PUT without":              {"method: PUT\n    path: /results/{sourcedId}\n    wrapper: result\n", "method: PUT\n    path: /results/{sourcedId}\n"},
		"a POST of one":              {"id: postResultsForLineItem\n", "id: postResultsForLineItem\n    single: true\n"},
	})
	refuses(t, "rostering-1.2", map[string][2]string{
		"a member that no schema has":   {"labels: [title]", "labels: [tittle]"},
		"a label that is no text":       {"labels: [title]", "labels: [startDate]"},
		"an unknown kind":               {"kind: org\n", "kind: orgg\n"},
		"an unknown key":                {"name: rostering\n", "name: rostering\nnames: x\n"},
		"an unknown operation":          {"list: getAllOrgs", "list: getEveryOrg"},
		"another path":                  {"path: /orgs\n", "path: /organisations\n"},
		"an unknown scope":              {"scopes: [roster-demographics.readonly]", "scopes: [demographics.readonly]"},
		"an operation twice":            {"id: getOrg\n", "id: getUser\n"},
		"part of nothing":               {"{of: orgs,", "{of: organisations,"},
		"a term that there isn't":       {"any: [term, semester]", "any: [term, trimester]"},
		"a rule for no member":          {"at: [/roles/*]}", "at: [/rolls/*]}"},
		"a sample that there isn't":     {"  other: users", "  other: persons"},
		"a sample that is no text":      {"  property: name", "  property: parent"},
		"a sub-collection that is none": {"sub: {operation: getStudentsForClass", "sub: {operation: getUser"},
		"a filter by another reference": {"by: /course", "by: /school"},
		"no path":                       {"path: /ims/oneroster/rostering/v1p2", "path: ''"},
		"no status info":                {"status-info: oneroster/1.2/status-info", "status-info: oneroster/1.2/statusinfo"},
		"no selection":                  {"plain: [sourcedId, name, type]", "plain: [name, type]"},
		"a nested property of none":     {"nested: [org.sourcedId]", "nested: [title.sourcedId]"},
		"a vocabulary that is none":     {"vocabularies: {/sex: sex}", "vocabularies: {/birthDate: sex}"},
	})
}

func refuses(t *testing.T, service string, changes map[string][2]string) {
	t.Helper()
	text, err := files.ReadFile("data/" + service + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range changes {
		bent := strings.Replace(string(text), change[0], change[1], 1)
		if bent == string(text) {
			t.Errorf("%s: the description doesn't have %q", name, change[0])
		}
		if _, err := Parse([]byte(bent)); err == nil {
			t.Errorf("%s is let through", name)
		}
	}
}
