package sis_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// provider is a SIS that listens, and a client of it.
type provider struct {
	t      *testing.T
	base   string // of the service
	token  string
	tokens string // the token URL
	clock  *time.Time
}

var testClients = []security.Client{
	{ID: "all", Secret: "open sesame", Scopes: sis.Scopes()},
	{ID: "core", Secret: "core secret", Scopes: []string{sis.ScopeRosterCore}},
}

func newProvider(t *testing.T, change func(*sis.Config)) *provider {
	t.Helper()
	data, err := sis.OpenStore(t.Context(), "memory")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	return serve(t, data, hamlet{}, change)
}

// serve loads the district and starts a provider of it.
func serve(t *testing.T, data store.Store, district fixtures.District, change func(*sis.Config)) *provider {
	t.Helper()
	if err := sis.Load(t.Context(), data, district); err != nil {
		t.Fatal(err)
	}
	clock := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	config := sis.Config{Store: data, Clients: testClients, Clock: func() time.Time { return clock }}
	if change != nil {
		change(&config)
	}
	s, err := sis.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	p := &provider{t: t, base: server.URL + s.ServicePath(), tokens: server.URL + s.TokenPath(), clock: &clock}
	p.token = p.grant("all", "open sesame", "")
	return p
}

// grant asks for a token with the scopes, or all of them.
func (p *provider) grant(id, secret, scope string) string {
	p.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope != "" {
		form.Set("scope", scope)
	}
	r, _ := http.NewRequest(http.MethodPost, p.tokens, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, secret)
	answer := p.do(r)
	var body struct {
		Token string `json:"access_token"`
	}
	answer.decode(&body)
	if body.Token == "" {
		p.t.Fatalf("no token: %d %s", answer.status, answer.body)
	}
	return body.Token
}

type answer struct {
	t      *testing.T
	url    string
	status int
	header http.Header
	body   []byte
}

func (p *provider) do(r *http.Request) answer {
	p.t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{p.t, r.URL.String(), response.StatusCode, response.Header, body}
}

// request prepares a GET of a path below the service, with the token.
func (p *provider) request(method, path string) *http.Request {
	p.t.Helper()
	r, err := http.NewRequest(method, p.base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	return r
}

func (p *provider) get(path string) answer {
	p.t.Helper()
	return p.do(p.request(http.MethodGet, path))
}

// filtered is a path with a filter, encoded.
func filtered(path, filter string) string { return path + "?filter=" + url.QueryEscape(filter) }

func (a answer) decode(into any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		a.t.Fatalf("GET %s: %d: %v: %s", a.url, a.status, err, a.body)
	}
}

// list returns the objects of a collection in a wrapper, which must be the only
// member of the body.
func (a answer) list(wrapper string) []map[string]any {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("GET %s: %d %s", a.url, a.status, a.body)
	}
	var body map[string][]map[string]any
	a.decode(&body)
	objects, ok := body[wrapper]
	if !ok || len(body) != 1 || objects == nil {
		a.t.Fatalf("GET %s: not a single array %q: %s", a.url, wrapper, a.body)
	}
	return objects
}

// wantIDs compares the sourcedIds of a collection, in their order.
func (a answer) wantIDs(wrapper string, want ...string) {
	a.t.Helper()
	var got []string
	for _, object := range a.list(wrapper) {
		got = append(got, object["sourcedId"].(string))
	}
	if !slices.Equal(got, want) {
		a.t.Errorf("GET %s: %q, want %q", a.url, got, want)
	}
}

// object returns a single object from its wrapper.
func (a answer) object(wrapper string) map[string]any {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("GET %s: %d %s", a.url, a.status, a.body)
	}
	var body map[string]map[string]any
	a.decode(&body)
	if body[wrapper] == nil || len(body) != 1 {
		a.t.Fatalf("GET %s: not a single object %q: %s", a.url, wrapper, a.body)
	}
	return body[wrapper]
}

// wantFailure demands an imsx_StatusInfo, whole and nothing else.
func (a answer) wantFailure(status int, minor string) {
	a.t.Helper()
	var body struct {
		Major       string `json:"imsx_codeMajor"`
		Severity    string `json:"imsx_severity"`
		Description string `json:"imsx_description"`
		Minor       struct {
			Fields []struct {
				Name  string `json:"imsx_codeMinorFieldName"`
				Value string `json:"imsx_codeMinorFieldValue"`
			} `json:"imsx_codeMinorField"`
		} `json:"imsx_CodeMinor"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(a.body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		a.t.Errorf("GET %s: %d: %v: %s", a.url, a.status, err, a.body)
		return
	}
	if a.status != status || body.Major != "failure" || body.Severity != "error" || body.Description == "" ||
		len(body.Minor.Fields) != 1 || body.Minor.Fields[0].Name != "TargetEndSystem" || body.Minor.Fields[0].Value != minor {
		a.t.Errorf("GET %s: %d %s, want %d %s", a.url, a.status, a.body, status, minor)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		a.t.Errorf("GET %s: Content-Type %q", a.url, got)
	}
}

// onEachStore runs a test on a SIS over each kind of store.
func onEachStore(t *testing.T, test func(*testing.T, *provider)) {
	t.Run("SQLite", func(t *testing.T) { test(t, newProvider(t, nil)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		data, err := sis.OpenStore(t.Context(), pgtest.Start(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { data.Close() })
		test(t, serve(t, data, hamlet{}, nil))
	})
}
