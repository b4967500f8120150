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
	for operations, want := range map[string]string{
		`[{"operationId": "x", "path": "/people", "scopes": ["roster.readonly"]}]`:                                        "",
		`[{"operationId": "x", "path": "/rooms/{id}/people", "relation": "room.people", "scopes": ["roster.readonly"]}]`:  "",
		`[{"operationId": "x", "path": "/persons", "scopes": ["roster.readonly"]}]`:                                       `x: no endpoint "persons"`,
		`[{"operationId": "x", "path": "/rooms/{id}/people", "scopes": ["roster.readonly"]}]`:                             "a relation goes with a parent",
		`[{"operationId": "x", "path": "/people", "relation": "room.people", "scopes": ["roster.readonly"]}]`:             "a relation goes with a parent",
		`[{"operationId": "x", "path": "/rooms/{id}/people", "relation": "room.persons", "scopes": ["roster.readonly"]}]`: `no relation "room.persons"`,
		`[{"operationId": "x", "path": "/people", "scopes": ["gradebook.readonly"]}]`:                                     `no scope "gradebook.readonly"`,
		`[{"operationId": "x", "path": "/people"}]`:                                                                       "no scope opens it",
		`[{"operationId": "x", "path": "/rooms", "scopes": ["roster.readonly"]}]`:                                         "what the objects of rooms are like",
		`[{"operationId": "x", "path": "/bare", "scopes": ["roster.readonly"]}]`:                                          "what the objects of bare are like",
		`[{"operationId": 1}]`: "reading the operations of Miniature",
	} {
		s := good()
		s.Operations = []byte(operations)
		err := start(s)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", operations, err, want)
		}
	}
	if _, err := New(t.Context(), Config{Store: data, Clients: []security.Client{{ID: "a", Secret: "secret of a"}}}); err == nil || !strings.Contains(err.Error(), "a service to offer") {
		t.Errorf("without services: %v", err)
	}
}
