package driver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/bundle"
)

// written writes a bundle of a small district.
func written(t *testing.T, version string) (string, fixtures.District) {
	t.Helper()
	district, err := fixtures.New(fixtures.Small, 7)
	if err != nil {
		t.Fatal(err)
	}
	var zip bytes.Buffer
	if _, err := bundle.Write(&zip, district, bundle.Options{Version: version}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "export.zip")
	if err := os.WriteFile(path, zip.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, district
}

// TestExport: a bundle tells the same of objects as JSON does.
func TestExport(t *testing.T) {
	for _, version := range []string{"1.1", "1.2"} {
		path, district := written(t, version)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }))
		defer server.Close()
		for _, export := range []string{"file: '" + path + "'", "url: '" + server.URL + "'", `command: 'cp "` + path + `" "$ROLLCALL_EXPORT"'`,
			"command: 'cp " + path + " " + path + ".copy', file: '" + path + ".copy'"} {
			held, err := driven(t, "consumer: {holds: {export: {"+export+"}}}", nil).Holdings(t.Context(), nil)
			if err != nil {
				t.Fatalf("%s %s: %v", version, export, err)
			}
			n := 0
			for u := range district.Users() {
				o := held.Objects["users"][u.SourcedID]
				if o == nil && (version == "1.1" || u.Status != fixtures.Active) {
					continue // who is flagged, or has a role that 1.1 doesn't have, isn't told of
				}
				n++
				if o == nil {
					t.Fatalf("%s: the user %s isn't there", version, u.SourcedID)
				}
				expected := map[string]any{"sourcedId": u.SourcedID, "username": u.Username, "givenName": u.GivenName, "familyName": u.FamilyName, "email": u.Email}
				want, got := viewOf("users", expected, asWritten), viewOf("users", o, asWritten)
				for member, v := range want.values {
					if !same(member, v, got.values[member]) {
						t.Errorf("%s: users/%s %s is %v, not %v", version, u.SourcedID, member, got.values[member].items, v.items)
					}
				}
				if len(u.Roles) > 0 && version == "1.2" && (!got.roles || len(got.values["roles"].items) != len(u.Roles)) {
					t.Errorf("users/%s has the roles %v, not %d", u.SourcedID, got.values["roles"].items, len(u.Roles))
				}
				if version == "1.1" && (got.roles || len(got.values["role"].items) != 1) {
					t.Errorf("users/%s has the role %v", u.SourcedID, got.values["role"].items)
				}
			}
			if len(held.Objects["users"]) != n || len(held.Objects["enrollments"]) == 0 || len(held.Twice) > 0 {
				t.Errorf("%s: %d users, not %d; %d enrollments; twice: %v", version, len(held.Objects["users"]), n, len(held.Objects["enrollments"]), held.Twice)
			}
			for e := range district.Enrollments() {
				if held.Objects["enrollments"][e.SourcedID] == nil && (version == "1.1" || e.Status != fixtures.Active) {
					continue
				}
				v := viewOf("enrollments", held.Objects["enrollments"][e.SourcedID], asWritten)
				if first(v.values["user"].items) != e.User || first(v.values["class"].items) != e.Class {
					t.Fatalf("%s: enrollments/%s is of %v in %v", version, e.SourcedID, v.values["user"], v.values["class"])
				}
			}
		}
	}
	junk := filepath.Join(t.TempDir(), "junk.zip")
	if err := os.WriteFile(junk, []byte("PK\x03\x04 and nothing more"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/short":
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write(make([]byte, 10))
		case "/page":
			fmt.Fprint(w, "<html>Please sign in</html>")
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	for name, test := range map[string]struct{ export, fault string }{
		"no bundle":         {"file: reading_test.go", "no file of OneRoster CSV is in it"},
		"no file":           {"file: /nowhere.zip", "can't be read"},
		"no zip":            {"file: '" + junk + "'", "can't be read"},
		"nothing written":   {"command: 'true'", "wrote nothing to the path in ROLLCALL_EXPORT"},
		"it fails":          {"command: 'echo locked >&2; exit 1'", "it ends with 1: locked"},
		"it isn't let in":   {"url: '" + server.URL + "/'", "answers 401"},
		"it breaks off":     {"url: '" + server.URL + "/short'", "breaks off after 10 bytes"},
		"a page to sign in": {"url: '" + server.URL + "/page'", "can't be read"},
		"nobody there":      {"url: 'http://127.0.0.1:1/'", "nothing answers"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := driven(t, "consumer: {holds: {export: {"+test.export+"}}}", nil).Holdings(t.Context(), nil)
			if err == nil || !strings.Contains(err.Error(), test.fault) || !strings.Contains(err.Error(), "remedy: ") {
				t.Errorf("%v", err)
			}
		})
	}
}

// provider answers as a product's own provider does: users in pages, nothing else.
type provider struct {
	users  int
	links  bool
	bend   func(w http.ResponseWriter, r *http.Request, offset int) bool
	tokens int
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/token" {
		p.tokens++
		fmt.Fprint(w, `{"access_token":"let-me-in-please","token_type":"bearer","expires_in":3600}`)
		return
	}
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	switch {
	case r.Header.Get("Authorization") != "Bearer let-me-in-please":
		w.WriteHeader(http.StatusUnauthorized)
	case p.bend != nil && p.bend(w, r, offset):
	case strings.HasSuffix(r.URL.Path, "/users"):
		list := []any{}
		if p.links {
			limit = min(limit, 40)
		}
		for i := offset; i < min(offset+limit, p.users); i++ {
			list = append(list, map[string]any{"sourcedId": fmt.Sprint("u-", i), "givenName": "Ada"})
		}
		if p.links && offset+limit < p.users {
			w.Header().Set("Link", fmt.Sprintf("<%s?limit=%d&offset=%d>; rel=next", r.URL.Path, limit, offset+limit))
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"users": list})
	case strings.HasSuffix(r.URL.Path, "/orgs"):
		fmt.Fprint(w, `{"orgs":[]}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func TestCrawl(t *testing.T) {
	for name, test := range map[string]struct {
		p     *provider
		users int
		twice int
		fault string
	}{
		"one page":    {&provider{users: 7}, 7, 0, ""},
		"nobody":      {&provider{}, 0, 0, ""},
		"whole pages": {&provider{users: 200}, 200, 0, ""},
		"links":       {&provider{users: 95, links: true}, 95, 0, ""},
		"it breaks down": {&provider{users: 250, bend: func(w http.ResponseWriter, r *http.Request, offset int) bool {
			if offset >= 100 {
				w.WriteHeader(http.StatusInternalServerError)
			}
			return offset >= 100
		}}, 0, 0, "can't be read to the end: after 100 objects"},
		"it goes in circles": {&provider{users: 250, bend: func(w http.ResponseWriter, r *http.Request, _ int) bool {
			w.Header().Set("Link", "<"+r.URL.Path+"?limit=100&offset=0>; rel=\"next\"")
			return false
		}}, 0, 0, "which was read already"},
		"it leads elsewhere": {&provider{users: 250, bend: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set("Link", "<http://other.example.org/users>; rel=\"next\"")
			return false
		}}, 0, 0, "is another server's"},
		"it has nothing": {&provider{bend: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.WriteHeader(http.StatusNotFound)
			return true
		}}, 0, 0, "none of the collections"},
		"an id twice": {&provider{bend: func(w http.ResponseWriter, r *http.Request, _ int) bool {
			if !strings.HasSuffix(r.URL.Path, "/users") {
				return false
			}
			fmt.Fprint(w, `{"users":[{"sourcedId":"u-1"},{"sourcedId":"u-1"}]}`)
			return true
		}}, 1, 1, ""},
		"pages of markup": {&provider{bend: func(w http.ResponseWriter, _ *http.Request, _ int) bool { fmt.Fprint(w, "<html>"); return true }}, 0, 0, "none of the collections"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.p)
			defer server.Close()
			for _, key := range []string{"rostering", "v1p1"} {
				d := driven(t, "consumer: {holds: {provider: {"+key+": '"+server.URL+"/ims', auth: {token_url: '"+server.URL+"/token', client_id: rollcall, client_secret: '${SECRET}'}}}}", nil)
				held, err := d.Holdings(t.Context(), nil)
				if test.fault != "" {
					if err == nil || !strings.Contains(err.Error(), test.fault) || !strings.Contains(err.Error(), "remedy: ") {
						t.Errorf("%s: %v", key, err)
					}
					continue
				}
				if err != nil || len(held.Objects["users"]) != test.users || len(held.Twice) != test.twice || len(held.Notes) == 0 {
					t.Errorf("%s: %+v %v", key, held, err)
				}
			}
		})
	}
	d := driven(t, "consumer: {holds: {provider: {rostering: 'http://127.0.0.1:1/ims', auth: {bearer: '${KEY}'}}}}", nil)
	began := time.Now()
	if _, err := d.Holdings(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "nothing answers at http://127.0.0.1:1/ims") {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}
