package provider

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
)

// FuzzCalls: whatever a product asks for is answered or refused, and remembered; nothing that it sends is too much
// for the provider.
func FuzzCalls(f *testing.F) {
	for _, seed := range [][2]string{
		{"/users", "limit=2&offset=1"},
		{"/users", "limit=9223372036854775807&offset=1"},
		{"/users", "limit=1&offset=9223372036854775807"},
		{"/users", "limit=0"}, {"/users", "offset=-1"},
		{"/users", "filter=givenName%3D%27O%27%27Brien%27%20AND%20role%3D%27student%27"},
		{"/users", "filter=roles.role%3D%27student%27%20OR%20metadata.x%3D%27%27"},
		{"/classes", "filter=dateLastModified>%272026-01-01%27&sort=title&orderBy=desc&fields=sourcedId,title"},
		{"/classes", "filter='"}, {"/classes", "filter=title%3D%27"}, {"/classes", "sort=%2F&fields=,"},
		{"/users/%2F%00/classes", ""}, {"/schools/x/classes/y/students", "limit=1"}, {"/", ""}, {"/users//", "%"},
	} {
		f.Add(seed[0], seed[1])
	}
	providers := map[string]*Provider{}
	for _, version := range []string{"1.1", "1.2"} {
		p, err := Start(f.Context(), Options{Version: version})
		if err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { _ = p.Close() })
		w, err := world.New(7)
		if err != nil {
			f.Fatal(err)
		}
		p.Serve(w, Behaviour{})
		var scopes []string
		for _, s := range p.services {
			for _, scope := range s.Scopes.All() {
				scopes = append(scopes, s.Scopes.Prefix+scope)
			}
		}
		p.tokens["good"] = token{scopes: scopes}
		providers[version] = p
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		for version, p := range providers {
			u, err := url.Parse(p.origin + p.services[0].Path + path)
			if err != nil || !strings.HasPrefix(u.Path, "/") {
				return // no client can send it
			}
			u.RawQuery = query
			r := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{"Authorization": {"Bearer good"}}, Body: http.NoBody}
			mark, answer := p.Mark(), httptest.NewRecorder()
			p.ServeHTTP(answer, r)
			switch answer.Code {
			case http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed:
			default:
				t.Errorf("%s: %s is answered by %d", version, u, answer.Code)
			}
			if !json.Valid(answer.Body.Bytes()) {
				t.Errorf("%s: %s is answered by what is no JSON", version, u)
			}
			if calls := p.Calls(mark); len(calls) != 1 || calls[0].Status != answer.Code {
				t.Errorf("%s: %s is remembered as %+v", version, u, calls)
			}
			p.mu.Lock()
			if p.open != 0 {
				t.Errorf("%s: %s is said to be on its way still", version, u)
			}
			p.calls = nil // they would be kept for as long as this runs
			p.mu.Unlock()
		}
	})
}
