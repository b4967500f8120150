package tool

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What comes of an action is kept: below the address of its services, at the token endpoint,
// and where an answer was broken off.
func TestActsAreKept(t *testing.T) {
	p := &platform{issuer: "https://platform.example", acts: map[string]*acting{}, attempts: map[string]*attempt{"hint": {}}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", p.tokenEndpoint)
	mux.HandleFunc("/acts/{name}/", p.act)
	p.services.register(mux, p)
	server := httptest.NewServer(mux)
	defer server.Close()
	ask := func(method, path, body string) int {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return 0
		}
		response.Body.Close()
		return response.StatusCode
	}
	const form = "grant_type=client_credentials&client_assertion=a.b.c&scope=" + agsScope + "score"
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/off" {
			panic(http.ErrAbortHandler)
		}
		body, _ := io.ReadAll(r.Body)
		give(w, http.StatusAccepted, "text/plain", string(body))
	})
	if status := ask("GET", "/acts/course/x", ""); status != http.StatusNotFound {
		t.Errorf("services of nobody: %d", status)
	}
	under := p.enact(Action{Services: "course", Serve: serve, Token: func(w http.ResponseWriter, r *http.Request) bool {
		p.services.grant(w, r, Grant{Status: http.StatusCreated, Type: "bearer"})
		return true
	}})
	for path, want := range map[string]int{"/acts/course/x?q=1": 202, "/acts/course/off": 0, "/acts/hint/x": 202, "/token": 201} {
		if status := ask("POST", path, form); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	kept := map[string]Call{}
	for _, c := range under.all() {
		kept[c.Path+"?"+c.Query] = c
	}
	if c := kept["/x?q=1"]; c.Status != http.StatusAccepted || string(c.Body) != form || !strings.Contains(string(c.Answer), "client_credentials") || c.Token ||
		c.url != "https://platform.example/acts/course/x?q=1" {
		t.Errorf("%+v", c)
	}
	if c, there := kept["/off?"]; !there || c.Status != 0 || c.watched().Problem == "" {
		t.Errorf("%+v", c)
	}
	if c := kept["/token?"]; !c.Token || c.Status != http.StatusCreated || c.watched().Answer != nil || !c.watched().Form {
		t.Errorf("%+v", c)
	}
	p.acting.Store(nil) // the action is over; its services go on, and tokens are given as always
	if status := ask("POST", "/acts/course/x", ""); status != http.StatusAccepted || len(under.all()) != 5 {
		t.Errorf("late: %d, %d calls", status, len(under.all()))
	}
	if status := ask("POST", "/token", form); status != http.StatusOK || len(p.asked) != 2 {
		t.Errorf("%d, %d requests of tokens", status, len(p.asked))
	}
}

func TestBearer(t *testing.T) {
	for header, want := range map[string]string{"Bearer abc": "abc", "bearer abc": "abc", "BEARER  abc": "abc", "Basic abc": "", "abc": "", "": ""} {
		if got := bearer(http.Header{"Authorization": {header}}); got != want {
			t.Errorf("%q: %q", header, got)
		}
	}
}
