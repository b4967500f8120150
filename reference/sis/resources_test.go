package sis_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// resources gives the same provider, asked for its Resources service.
func (p *provider) resources() *provider {
	other := *p
	other.base = strings.Replace(p.base, sis.BasePath, resources.BasePath, 1)
	return &other
}

// The second service of a provider is served by its description.
func TestResourcesService(t *testing.T) {
	onEachStore(t, func(t *testing.T, p *provider) {
		p = p.resources()
		for path, want := range map[string][]string{
			"/resources":                     {"r2", "r1", "r/3", "r4"},
			"/resources?sort=title":          {"r2", "r1", "r4", "r/3"},
			"/resources?limit=2&offset=1":    {"r1", "r/3"},
			"/courses/c1/resources":          {"r1"},
			"/courses/c2/resources":          nil,
			"/classes/k1/resources":          {"r2", "r/3"},
			"/classes/k2/resources":          {"r1"},
			"/classes/k3/resources":          nil,
			"/users/ann/resources":           {"r2"},
			"/users/ben/resources":           nil,
			"/classes/k1/resources?limit=1":  {"r2"},
			"/classes/k1/resources?fields=x": nil,
		} {
			if strings.HasSuffix(path, "=x") {
				p.get(path).wantFailure(http.StatusBadRequest, "invalid_selection_field")
				continue
			}
			p.get(path).wantIDs("resources", want...)
		}
		p.get(filtered("/resources", "roles='student,teacher'")).wantIDs("resources", "r1")
		p.get(filtered("/resources", "importance='secondary' OR vendorResourceId='v-r4'")).wantIDs("resources", "r/3", "r4")
		p.get(filtered("/resources", "isbn='1'")).wantFailure(http.StatusBadRequest, "invalid_filter_field")
		if got := p.get("/resources/r%2F3").object("resource"); got["title"] != "Song AND Dance" || got["vendorResourceId"] != "v-r/3" {
			t.Errorf("%v", got)
		}
		for _, path := range []string{"/resources/none", "/classes/none/resources", "/courses/k1/resources", "/users/c1/resources", "/classes",
			"/classes/k1", "/orgs", "/resources/r1/classes", "/users/ann/classes"} {
			p.get(path).wantFailure(http.StatusNotFound, "unknownobject")
		}
	})
}

// Each service has its own scopes and one token endpoint; neither opens the other.
func TestResourcesScopes(t *testing.T) {
	p := newProvider(t, nil)
	r := p.resources()
	for scope, opens := range map[string]map[string]bool{
		resources.ScopeAll:  {"/resources": true, "/resources/r1": true, "/classes/k1/resources": true, "/courses/c1/resources": true, "/users/ann/resources": true},
		resources.ScopeCore: {"/resources": true, "/resources/r1": true, "/classes/k1/resources": false, "/courses/c1/resources": false, "/users/ann/resources": false},
		sis.ScopeRoster:     {"/resources": false, "/resources/r1": false, "/classes/k1/resources": false},
	} {
		r.token = p.grant("all", "open sesame", scope)
		for path, open := range opens {
			if a := r.get(path); open != (a.status == http.StatusOK) || !open && a.status != http.StatusForbidden {
				t.Errorf("%s with %s: %d", path, scope, a.status)
			}
		}
		roster := *p
		roster.token = r.token
		if a := roster.get("/users"); (a.status == http.StatusOK) != (scope == sis.ScopeRoster) {
			t.Errorf("/users with %s: %d", scope, a.status)
		}
	}
}

// Its discovery document is at its own address and speaks of itself alone.
func TestResourcesDiscovery(t *testing.T) {
	p := newProvider(t, func(c *sis.Config) { c.PathPrefix = "/tenant1" })
	r := p.resources()
	for _, name := range resources.DiscoveryNames() {
		var document struct {
			Servers    []struct{ URL string }
			Paths      map[string]map[string]any
			Components struct {
				Schemas         map[string]any
				SecuritySchemes struct {
					OAuth2CC struct {
						Flows struct {
							ClientCredentials struct{ Scopes map[string]string }
						}
					}
				}
			}
		}
		request, err := http.NewRequest(http.MethodGet, r.base+"/discovery/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.do(request).decode(&document)
		if len(document.Servers) != 1 || document.Servers[0].URL != r.base || len(document.Paths) != 5 || len(document.Components.Schemas) != 2 ||
			len(document.Components.SecuritySchemes.OAuth2CC.Flows.ClientCredentials.Scopes) != 2 {
			t.Errorf("%s: %+v", name, document)
		}
		p.get("/discovery/"+name).wantFailure(http.StatusNotFound, "unknownobject")
	}
}

// What rosters refer to is there, where the reference leads, and who names a resource has it.
func TestRosterRefersToResources(t *testing.T) {
	district, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	for name, dsn := range map[string]string{"SQLite": "memory", "PostgreSQL": ""} {
		t.Run(name, func(t *testing.T) {
			if dsn == "" {
				dsn = pgtest.Start(t)
			}
			data, err := sis.OpenStore(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { data.Close() })
			p := serve(t, data, district, nil)
			r := p.resources()
			referred := 0
			for _, endpoint := range []string{"courses", "classes", "users"} {
				for _, owner := range p.get("/" + endpoint + "?limit=1000").list(endpoint) {
					list, _ := owner["resources"].([]any)
					named := map[any]bool{}
					for _, x := range list {
						ref := x.(map[string]any)
						request, err := http.NewRequest(http.MethodGet, ref["href"].(string), nil)
						if err != nil {
							t.Fatal(err)
						}
						request.Header.Set("Authorization", "Bearer "+r.token)
						if got := r.do(request).object("resource"); got["sourcedId"] != ref["sourcedId"] || ref["type"] != "resource" {
							t.Errorf("%v leads to %v", ref, got)
						}
						named[ref["sourcedId"]] = true
						referred++
					}
					theirs := r.get("/" + endpoint + "/" + owner["sourcedId"].(string) + "/resources?limit=1000").list("resources")
					for _, x := range theirs {
						if !named[x["sourcedId"]] {
							t.Errorf("%s %v has %v and doesn't name it", endpoint, owner["sourcedId"], x["sourcedId"])
						}
					}
					if len(theirs) != len(named) {
						t.Errorf("%s %v names %d and has %d", endpoint, owner["sourcedId"], len(named), len(theirs))
					}
				}
			}
			if referred < 50 {
				t.Errorf("%d references", referred)
			}
			href := r.base + "/resources/resource.bare_1"
			p.get(filtered("/classes", "resources.href='"+href+"'")).list("classes")
			if got := p.get(filtered("/classes", "resources.href='"+href+"'")).list("classes"); len(got) != 1 {
				t.Errorf("%d classes refer to %s", len(got), href)
			}
		})
	}
}
