package mutant

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/sis"
)

const people = `{"users":[
 {"sourcedId":"a","status":"active","dateLastModified":"2026-01-01T00:00:00.000Z","username":"Ann","enabledUser":"true","givenName":"Ann","grades":["09"],"agents":[{"sourcedId":"b","type":"user","href":"http://x/users/b"}]},
 {"sourcedId":"b","status":"active","dateLastModified":"2026-01-02T00:00:00.000Z","username":"Ben","enabledUser":"false","givenName":"Ben","grades":["10"],"agents":[]}]}`

// served answers what a provider would.
func served(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	switch r.URL.Query().Get("want") {
	case "400", "401", "403", "404", "405":
		w.WriteHeader(map[string]int{"400": 400, "401": 401, "403": 403, "404": 404, "405": 405}[r.URL.Query().Get("want")])
		return
	}
	h.Set("X-Total-Count", "2")
	h.Set("Link", `<http://x/users?limit=1&offset=0>; rel="prev", <http://x/users?limit=1&offset=2>; rel="next"`)
	_, _ = w.Write([]byte(people))
}

// asks are requests of which one at least is answered otherwise by each mutant.
var asks = []string{"?limit=5&offset=5&sort=x&orderBy=desc&fields=a&filter=" + "a%3D%27b%27%20AND%20a%3E%27b%27%20OR%20a%3C%27c%27%20AND%20a~%27d%27", "?want=400", "?want=401", "?want=403", "?want=404", "?want=405"}

func mutantsOf(t *testing.T, s oneroster.Service) []*Mutant {
	t.Helper()
	all, err := Of(s)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Another service has mutants at its own places.
func TestMutantsOfAnother(t *testing.T) {
	names := map[string]bool{}
	for _, m := range mutantsOf(t, resources.Service()) {
		names[m.Name] = true
	}
	for _, name := range []string{"GET /resources: vendorResourceId is missing", "GET /resources/*: title is null", "GET /classes/*/resources: roles is missing"} {
		if !names[name] {
			t.Errorf("there is no %q", name)
		}
	}
}

// Every mutant changes what it is about and leaves other places alone; none has the
// name of another.
func TestMutantsBite(t *testing.T) {
	seen, structural := map[string]bool{}, 0
	for _, m := range mutantsOf(t, sis.Rostering()) {
		if seen[m.Name] {
			t.Errorf("two mutants are called %s", m.Name)
		}
		seen[m.Name] = true
		h := m.Wrap(http.HandlerFunc(served))
		get := func(path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/tenant"+sis.BasePath+path, nil))
			return w
		}
		if !strings.HasPrefix(m.Name, "GET /users: ") {
			if w := get("/users"); w.Code != http.StatusOK || w.Body.String() != people || m.Bites() != 0 {
				t.Errorf("%s changes another place: %d %s", m.Name, w.Code, w.Body)
			}
			continue
		}
		if m.Structural {
			structural++
		}
		if get("/users/a"); m.Bites() != 0 {
			t.Errorf("%s bites below its place", m.Name)
		}
		for _, ask := range asks {
			get("/users" + ask)
		}
		if m.Bites() == 0 && !absent(m.Name) {
			t.Errorf("%s never bites", m.Name)
		}
	}
	if len(seen) < 1000 || structural < 10 {
		t.Errorf("%d mutants, %d of them of the structure of users", len(seen), structural)
	}
}

// absent tells whether a mutant is about what the people here don't have.
func absent(name string) bool {
	_, what, _ := strings.Cut(name, ": ")
	for _, p := range []string{"sourcedId", "status", "dateLastModified", "username", "enabledUser", "givenName", "grades", "agents"} {
		if rest, is := strings.CutPrefix(what, p+" "); is {
			for _, kind := range []string{"is missing", "is null", "is of another type", "is empty", "is misspelt"} {
				if rest == kind {
					return false
				}
			}
			return true // whether it bites depends on the value
		}
	}
	for _, m := range membersOf(sis.Rostering().Objects[sis.Users]) {
		if strings.HasPrefix(what, m+" ") {
			return true
		}
	}
	return false
}
