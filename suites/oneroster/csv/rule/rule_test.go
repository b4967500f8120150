package rule

import (
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// Every rule says what was expected and what to do, once, and has a requirement.
func TestRules(t *testing.T) {
	for _, name := range table.Versions() {
		v, err := table.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		set, err := Load(v)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for i, r := range set.Rules {
			if r.Expected == "" || r.Remedy == "" || !strings.HasPrefix(r.Requirement, Prefix) || seen[r.ID] {
				t.Errorf("%s: rule %+v", name, r)
			}
			seen[r.ID] = true
			if set.Number(r.ID) != i {
				t.Errorf("%s: %s is number %d, not %d", name, r.ID, set.Number(r.ID), i)
			}
			for _, place := range r.Needs {
				for _, column := range place {
					file, _, _ := strings.Cut(column, ".")
					if v.File(file) == nil && name == "1.2" {
						t.Errorf("%s looks at %s, a file that there isn't", r.ID, column)
					}
				}
			}
		}
	}
}

// A column has rules for those aspects alone that make sense for it.
func TestColumns(t *testing.T) {
	v, err := table.Load("1.2")
	if err != nil {
		t.Fatal(err)
	}
	set, err := Load(v)
	if err != nil {
		t.Fatal(err)
	}
	users := v.File("users")
	at := func(column string, a Aspect) string {
		n := set.Columns("users")[users.Column(column)][a]
		if n < 0 {
			return ""
		}
		return set.Rules[n].Requirement
	}
	for _, test := range []struct {
		column string
		aspect Aspect
		want   string
	}{
		{"sourcedId", Unique, "orcsv.users.unique"},
		{"givenName", Unique, ""},
		{"givenName", Required, "orcsv.users.required"},
		{"givenName", References, ""},
		{"primaryOrgSourcedId", References, "orcsv.users.references"},
		{"enabledUser", Vocabulary, "orcsv.users.vocabulary"},
	} {
		if got := at(test.column, test.aspect); got != test.want {
			t.Errorf("%s of %s: %q, want %q", set.Aspect(test.aspect), test.column, got, test.want)
		}
	}
	if got := Kebab("academicSessions"); got != "academic-sessions" {
		t.Error(got)
	}
	defer func() {
		if recover() == nil {
			t.Error("nothing says that a rule isn't there")
		}
	}()
	set.Number("no.such-rule")
}
