package versions

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness/corpus"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// pairOf compares a kind of object of rosters. Orgs are below the district d; who is called
// "gone" is listed by one version alone.
func pairOf(kind string) pair {
	own, other := service.Rostering11(), service.Rostering()
	return pair{
		own: side{own, own.Kinds[kind]}, other: side{other, other.Kinds[kind]}, fields: fieldsOf(own.Kinds[kind], other.Kinds[kind]),
		settled: func(_, id string) bool { return id != "gone" },
		above:   func(string) []string { return []string{"d"} },
	}
}

func TestDifferences(t *testing.T) {
	ref := func(id string) string {
		return fmt.Sprintf(`{"href":"https://x.example/%s","sourcedId":%q,"type":"x"}`, id, id)
	}
	for _, test := range []struct {
		name, kind, own, other string
		want                   string // the members that differ
	}{
		{"the same", "org", `{"name":"Oak","type":"school"}`, `{"type":"school","name":"Oak"}`, ""},
		{"another name", "org", `{"name":"Oak"}`, `{"name":"Elm"}`, "name"},
		{"blanks and forms of letters", "org", `{"name":" Jose\u0301"}`, `{"name":"José"}`, ""},
		{"garbled, which is judged by itself", "org", `{"name":"JosÃ©"}`, `{"name":"José"}`, ""},
		{"left out", "org", `{"name":"Oak"}`, `{"name":"Oak","identifier":"7"}`, ""},
		{"null", "org", `{"identifier":null}`, `{"identifier":"7"}`, ""},
		{"a number for a text", "academicSession", `{"schoolYear":2026}`, `{"schoolYear":"2026"}`, ""},
		{"another year", "academicSession", `{"schoolYear":"2026"}`, `{"schoolYear":"2027"}`, "schoolYear"},
		{"a date with a time", "academicSession", `{"endDate":"2026-07-31T00:00:00Z"}`, `{"endDate":"2026-07-31"}`, ""},
		{"another time of change", "org", `{"dateLastModified":"2026-07-31T00:00:00Z"}`, `{"dateLastModified":"2026-08-31T00:00:00Z"}`, ""},
		{"a flag", "user", `{"enabledUser":"true"}`, `{"enabledUser":"false"}`, "enabledUser"},
		{"a flag without quotes", "user", `{"enabledUser":true}`, `{"enabledUser":"true"}`, ""},
		{"a password", "user", `{"password":"a"}`, `{"password":"b"}`, ""},
		{"a term that 1.1 lacks", "demographics", `{"sex":"male"}`, `{"sex":"other"}`, ""},
		{"terms of both", "demographics", `{"sex":"male"}`, `{"sex":"female"}`, "sex"},
		{"an extension", "enrollment", `{"role":"teacher"}`, `{"role":"ext:coach"}`, ""},
		{"a role that 1.2 lacks", "enrollment", `{"role":"aide"}`, `{"role":"teacher"}`, ""},
		{"another role", "enrollment", `{"role":"student"}`, `{"role":"teacher"}`, "role"},
		{"another class", "enrollment", `{"class":` + ref("a") + `}`, `{"class":` + ref("b") + `}`, "class"},
		{"a class that one version lacks", "enrollment", `{"class":` + ref("a") + `}`, `{"class":` + ref("gone") + `}`, ""},
		{"terms in another order", "class", `{"terms":[` + ref("a") + `,` + ref("b") + `]}`, `{"terms":[` + ref("b") + `,` + ref("a") + `]}`, ""},
		{"a term less", "class", `{"terms":[` + ref("a") + `]}`, `{"terms":[` + ref("b") + `,` + ref("a") + `]}`, "terms"},
		{"a term that one version lacks", "class", `{"terms":[` + ref("a") + `]}`, `{"terms":[` + ref("gone") + `,` + ref("a") + `]}`, ""},
		{"grades", "class", `{"grades":["09","10"]}`, `{"grades":["10","9"]}`, ""},
		{"other grades", "class", `{"grades":["09"]}`, `{"grades":["10"]}`, "grades"},
		{"grades in one's own words", "class", `{"grades":["09"]}`, `{"grades":["Freshmen"]}`, ""},
		{"subjects", "class", `{"subjects":["Art"]}`, `{"subjects":["Arts"]}`, "subjects"},
		{"ids", "user", `{"userIds":[{"type":"SIS","identifier":"1"}]}`, `{"userIds":[{"identifier":"1","type":"SIS"}]}`, ""},
		{"other ids", "user", `{"userIds":[{"type":"SIS","identifier":"1"}]}`, `{"userIds":[{"identifier":"2","type":"SIS"}]}`, "userIds"},
		{"flagged by one", "org", `{"status":"tobedeleted","name":"Oak"}`, `{"status":"active","name":"Elm"}`, "status"},
		{"flagged by both", "org", `{"status":"tobedeleted","name":"-"}`, `{"status":"tobedeleted","name":"Elm"}`, ""},
		{"inactive of 1.0", "org", `{"status":"inactive"}`, `{"status":"tobedeleted"}`, ""},
		{"of the wrong type", "class", `{"terms":7,"title":[],"course":"c"}`, `{"terms":[` + ref("a") + `],"title":"T","course":` + ref("c") + `}`, ""},
		{"one of several roles", "user", `{"role":"parent","orgs":[` + ref("b") + `]}`,
			`{"roles":[{"role":"teacher","org":` + ref("a") + `},{"role":"parent","org":` + ref("b") + `}]}`, ""},
		{"none of them", "user", `{"role":"student"}`, `{"roles":[{"role":"teacher","org":` + ref("a") + `}]}`, "role"},
		{"a role that 1.1 has to call otherwise", "user", `{"role":"teacher"}`, `{"roles":[{"role":"counselor","org":` + ref("a") + `}]}`, ""},
		{"an extension of the roles", "user", `{"role":"aide"}`, `{"roles":[{"role":"ext:coach","org":` + ref("a") + `}]}`, ""},
		{"another org", "user", `{"role":"student","orgs":[` + ref("b") + `]}`, `{"roles":[{"role":"student","org":` + ref("a") + `}]}`, "orgs"},
		{"an org less", "user", `{"role":"student","orgs":[` + ref("b") + `]}`,
			`{"roles":[{"role":"student","org":` + ref("a") + `},{"role":"student","org":` + ref("b") + `}]}`, "orgs"},
		{"an org that was", "user", `{"role":"student","orgs":[` + ref("b") + `]}`,
			`{"roles":[{"role":"student","org":` + ref("a") + `,"endDate":"2020-06-30"},{"role":"student","org":` + ref("b") + `}]}`, ""},
		{"the district too", "user", `{"role":"student","orgs":[` + ref("a") + `,` + ref("d") + `]}`,
			`{"roles":[{"role":"student","org":` + ref("a") + `}]}`, ""},
		{"the primary org", "user", `{"role":"student","orgs":[` + ref("a") + `,` + ref("p") + `]}`,
			`{"roles":[{"role":"student","org":` + ref("a") + `}],"primaryOrg":` + ref("p") + `}`, ""},
		{"an org that one version lacks", "user", `{"role":"student","orgs":[` + ref("a") + `,` + ref("gone") + `]}`,
			`{"roles":[{"role":"student","org":` + ref("a") + `}]}`, ""},
		{"no roles", "user", `{"role":"student"}`, `{}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var names []string
			for _, d := range pairOf(test.kind).differences(rest.Read[object]([]byte(test.own)), rest.Read[object]([]byte(test.other))) {
				names = append(names, d.name)
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("they differ in %q; want %q", got, test.want)
			}
		})
	}
}

// TestLeftOut: what a version can't say it may leave out.
func TestLeftOut(t *testing.T) {
	const refs = `"user":{"sourcedId":"u"},"class":{"sourcedId":"c"},"school":{"sourcedId":"s"}`
	for _, test := range []struct {
		name, kind, object string
		later              bool // it is 1.2 that lacks it
		want               bool
	}{
		{"an org", "org", `{"status":"active","name":"Oak","type":"school","identifier":"1"}`, false, false},
		{"a flagged one", "org", `{"status":"tobedeleted","name":"Oak"}`, false, true},
		{"an org without a number, which 1.2 demands", "org", `{"status":"active","name":"Oak","type":"school"}`, true, true},
		{"the same in 1.2", "org", `{"status":"active","name":"Oak","type":"school"}`, false, false},
		{"an org of a type that 1.1 lacks", "org", `{"status":"active","name":"Oak","type":"ext:club"}`, false, true},
		{"a user", "user", `{"username":"a","roles":[{"role":"student"}]}`, false, false},
		{"a user without a username", "user", `{"roles":[{"role":"student"}]}`, false, true},
		{"a user of no role that 1.1 has", "user", `{"username":"a","roles":[{"role":"ext:coach"},{"role":"counselor"}]}`, false, true},
		{"an enrollment", "enrollment", `{"role":"student",` + refs + `}`, false, false},
		{"an enrollment by an extension", "enrollment", `{"role":"ext:coach",` + refs + `}`, false, true},
		{"an enrollment of somebody who is lacking", "enrollment", `{"role":"student",` + strings.ReplaceAll(refs, `"u"`, `"gone"`) + `}`, false, true},
		{"demographics of somebody who is lacking", "demographics", `{"sourcedId":"gone"}`, false, true},
		{"demographics", "demographics", `{"sourcedId":"u"}`, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := pairOf(test.kind)
			lacking, listing := p.own, p.other
			if test.later {
				lacking, listing = listing, lacking
			}
			lists := func(_, id string) bool { return id != "gone" }
			if got := p.leftOut(rest.Read[object]([]byte(test.object)), lacking, listing, lists); got != test.want {
				t.Errorf("it may be left out: %t", got)
			}
		})
	}
}

// TestWalk: what is kept grows with what differs, however many objects there are.
func TestWalk(t *testing.T) {
	const many = 20_000
	spool := func(name string, change func(i int) string) *corpus.Collection {
		dir := t.TempDir()
		w, err := corpus.Create(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range many {
			if err := w.Add(fmt.Sprint("e", i), []byte(change(i))); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close("", many, nil); err != nil {
			t.Fatal(err)
		}
		c, err := corpus.Open(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	object := func(i int, role string) string {
		return fmt.Sprintf(`{"sourcedId":"e%d","status":"active","role":%q,"primary":"true"}`, i, role)
	}
	r := &trial{pair: pairOf("enrollment"), members: map[string]*disagreement{},
		mine: spool("enrollments", func(i int) string { return object(i, "student") }),
		hers: spool("enrollments", func(i int) string { return object(many-1-i, []string{"student", "teacher"}[i%2]) })}
	alone, same := r.walk(t.Context())
	d := r.members["role"]
	if alone.count != 0 || same != many/2 || d == nil || d.count != many/2 || len(d.ids) != named {
		t.Errorf("%d alone, %d the same, %+v", alone.count, same, d)
	}
}

// TestFields: of all that both versions have nothing is passed over but what says nothing.
func TestFields(t *testing.T) {
	for kind, want := range map[string][]string{
		"enrollment": {"beginDate", "class", "endDate", "primary", "role", "school", "status", "user"},
		"org":        {"children", "identifier", "name", "parent", "status", "type"},
		"user": {"agents", "email", "enabledUser", "familyName", "givenName", "grades", "identifier", "middleName", "phone", "sms", "status",
			"userIds", "username"},
	} {
		var names []string
		for _, f := range pairOf(kind).fields {
			names = append(names, f.name)
		}
		if slices.Sort(names); !slices.Equal(names, want) {
			t.Errorf("of %s are compared %q", kind, names)
		}
	}
}
