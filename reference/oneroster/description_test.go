package oneroster

import (
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/security"
)

// A description that makes no sense is refused when the provider starts.
func TestDescriptionsAreChecked(t *testing.T) {
	good := func() Service {
		s := miniature()[0]
		s.Path = "/or"
		s.Endpoints = []Endpoint{{Name: "people", Collection: people, Plural: "people", Singular: "person"}, {Name: "rooms", Collection: "rooms"},
			{Name: "bare", Collection: people}}
		s.Relations = []string{"room.people"}
		s.Scopes = []Scope{{Name: ScopePrefix + "roster.readonly"}}
		return s
	}
	data := openMiniature(t)
	start := func(s Service) error {
		_, err := New(t.Context(), Config{Store: data, Services: []Service{s}, Clients: []security.Client{{ID: "a", Secret: "secret of a"}}})
		return err
	}
	const scopes = `"scopes": ["roster.readonly"]`
	for row, want := range map[string]string{
		`"path": "/people", ` + scopes:                                        "",
		`"path": "/rooms/{id}/people", "relation": "room.people", ` + scopes:  "",
		`"path": "/persons", ` + scopes:                                       `x: no endpoint "persons"`,
		`"path": "/rooms/{id}/people", ` + scopes:                             "a relation goes with a parent",
		`"path": "/people", "relation": "room.people", ` + scopes:             "a relation goes with a parent",
		`"path": "/rooms/{id}/people", "relation": "room.persons", ` + scopes: `no relation "room.persons"`,
		`"path": "/people", "scopes": ["gradebook.readonly"]`:                 `no scope "gradebook.readonly"`,
		`"path": "/people"`:                                                   "no scope opens it",
		`"path": "/rooms", ` + scopes:                                         "what the objects of rooms are like",
		`"path": "/bare", ` + scopes:                                          "what the objects of bare are like",
		`"method": "POST", "path": "/people/{id}", ` + scopes:                 "there is no POST that is so",
		`"method": "PUT", "path": "/people", ` + scopes:                       "there is no PUT that is so",
		`"path": "/people", "binds": ["x"], ` + scopes:                        "there is no GET that is so",
		`"path": 1`: "reading the operations of Miniature",
	} {
		s := good()
		s.Operations = []byte(`[{"operationId": "x", ` + row + `}]`)
		err := start(s)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", row, err, want)
		}
	}
	_, err := New(t.Context(), Config{Store: data, Clients: []security.Client{{ID: "a", Secret: "secret of a"}}})
	if err == nil || !strings.Contains(err.Error(), "a service to offer") {
		t.Errorf("without services: %v", err)
	}
}
