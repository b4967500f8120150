package sis_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// The operations by what opens them (OpenAPI document, security).
var (
	corePaths = []string{
		"/academicSessions", "/academicSessions/sy", "/classes", "/classes/k1", "/courses", "/courses/c1", "/enrollments",
		"/enrollments/e1", "/gradingPeriods", "/gradingPeriods/gp1", "/orgs", "/orgs/d", "/schools", "/schools/s1",
		"/students", "/students/ann", "/teachers", "/teachers/eve", "/terms", "/terms/t1", "/users", "/users/fay",
	}
	fullPaths = []string{
		"/classes/k1/students", "/classes/k1/teachers", "/courses/c1/classes", "/schools/s1/classes",
		"/schools/s1/classes/k1/enrollments", "/schools/s1/classes/k1/students", "/schools/s1/classes/k1/teachers",
		"/schools/s1/courses", "/schools/s1/enrollments", "/schools/s1/students", "/schools/s1/teachers", "/schools/s1/terms",
		"/students/ann/classes", "/teachers/eve/classes", "/terms/t1/classes", "/terms/t1/gradingPeriods", "/users/ann/classes",
	}
	demographicsPaths = []string{"/demographics", "/demographics/ann"}
)

func TestScopes(t *testing.T) {
	p := newProvider(t, nil)
	if len(corePaths) != 22 || len(fullPaths)+len(corePaths)+len(demographicsPaths) != 41 {
		t.Fatal("the test does not know all 41 operations")
	}
	for scope, opened := range map[string][][]string{
		sis.ScopeRosterCore:   {corePaths},
		sis.ScopeRoster:       {corePaths, fullPaths},
		sis.ScopeDemographics: {demographicsPaths},
		sis.ScopeRosterCore + " " + sis.ScopeDemographics: {corePaths, demographicsPaths},
	} {
		p.token = p.grant("all", "open sesame", scope)
		open := slices.Concat(opened...)
		for _, path := range slices.Concat(corePaths, fullPaths, demographicsPaths) {
			a := p.get(path)
			if slices.Contains(open, path) {
				if a.status != http.StatusOK {
					t.Errorf("%s with %s: %d", path, scope, a.status)
				}
				continue
			}
			a.wantFailure(http.StatusForbidden, "forbidden")
			if !strings.Contains(a.header.Get("WWW-Authenticate"), `error="insufficient_scope"`) {
				t.Errorf("%s: WWW-Authenticate %q", path, a.header.Get("WWW-Authenticate"))
			}
		}
	}
	// What exists is no secret, but a closed operation tells nothing else.
	p.token = p.grant("core", "core secret", "")
	p.get("/classes/none/students?limit=x").wantFailure(http.StatusForbidden, "forbidden")
}

func TestUnauthorised(t *testing.T) {
	p := newProvider(t, nil)
	good := p.token
	for name, header := range map[string]string{
		"no token": "", "unknown": "Bearer 0123456789abcdef", "cut": "Bearer " + good[1:], "other case": "Bearer " + strings.ToUpper(good),
		"Basic": "Basic " + good, "bare": good, "quoted": `Bearer "` + good + `"`,
	} {
		for _, path := range []string{"/users", "/users/nobody", "/demographics?limit=x", "/users?access_token=" + good} {
			r := p.request(http.MethodGet, path)
			r.Header.Del("Authorization")
			if header != "" {
				r.Header.Set("Authorization", header)
			}
			a := p.do(r)
			a.wantFailure(http.StatusUnauthorized, "unauthorisedrequest")
			challenge := a.header.Get("WWW-Authenticate")
			if !strings.HasPrefix(challenge, "Bearer ") || strings.Contains(challenge, "error=") != (header != "") {
				t.Errorf("%s: WWW-Authenticate %q", name, challenge)
			}
			if strings.Contains(string(a.body), good) {
				t.Errorf("%s: the answer repeats the token", name)
			}
		}
	}
}

func TestTokenExpires(t *testing.T) {
	p := newProvider(t, func(c *sis.Config) { c.TokenTTL = time.Minute })
	*p.clock = p.clock.Add(time.Minute - time.Second)
	if a := p.get("/users"); a.status != http.StatusOK {
		t.Errorf("a second before the end: %d", a.status)
	}
	*p.clock = p.clock.Add(time.Second)
	p.get("/users").wantFailure(http.StatusUnauthorized, "unauthorisedrequest")
	p.token = p.grant("all", "open sesame", "")
	if a := p.get("/users"); a.status != http.StatusOK {
		t.Errorf("with a new token: %d", a.status)
	}
}

// A consumer that asks for everything it may ever need gets what there is.
func TestScopesOfOtherServices(t *testing.T) {
	p := newProvider(t, nil)
	p.token = p.grant("all", "open sesame", sis.ScopeRoster+" "+sis.ScopePrefix+"gradebook.readonly "+sis.ScopePrefix+"gradebook.delete")
	if a := p.get("/users"); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
}

// openTokens accept anything: what a fault would wrap around the real ones.
type openTokens struct{ security.Tokens }

func (openTokens) Inspect(context.Context, string) (security.Grant, error) {
	return security.Grant{Scopes: sis.Scopes()}, nil
}

func TestTokensCanBeWrapped(t *testing.T) {
	p := newProvider(t, func(c *sis.Config) {
		c.Tokens = openTokens{security.NewTokens(security.TokenOptions{})}
	})
	p.token = "whatever"
	if a := p.get("/demographics"); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
}

func TestCompression(t *testing.T) {
	p := newProvider(t, nil)
	plain := p.get("/users")
	for accept, want := range map[string]bool{
		"gzip": true, "deflate, gzip;q=0.5": true, "*": true, "GZIP": true,
		"identity": false, "gzip;q=0": false, "*;q=0": false, "gzip;q=0, *": false, "br": false, "gzip;q=x": false,
	} {
		r := p.request(http.MethodGet, "/users")
		r.Header.Set("Accept-Encoding", accept)
		a := p.do(r)
		if got := a.header.Get("Content-Encoding") == "gzip"; got != want || a.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v", accept, a.header)
			continue
		}
		if want {
			unzipped, err := gzip.NewReader(bytes.NewReader(a.body))
			if err != nil {
				t.Fatal(err)
			}
			if a.body, err = io.ReadAll(unzipped); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(a.body, plain.body) {
			t.Errorf("%q: another body", accept)
		}
	}
	r := p.request(http.MethodHead, "/users/ann")
	r.Header.Set("Accept-Encoding", "gzip")
	if a := p.do(r); a.status != http.StatusOK || len(a.body) != 0 {
		t.Errorf("HEAD: %d", a.status)
	}
}

// Conditional requests are answered as if they were not: the answers carry
// nothing that a condition could refer to.
func TestConditionsDoNoHarm(t *testing.T) {
	p := newProvider(t, nil)
	r := p.request(http.MethodGet, "/users")
	r.Header.Set("If-None-Match", "*")
	r.Header.Set("If-Modified-Since", time.Now().UTC().Format(http.TimeFormat))
	r.Header.Set("Range", "bytes=0-10")
	p.do(r).wantIDs("users", "eve", "dan", "cat", "ben", "ann", "fay")
}

func TestDiscovery(t *testing.T) {
	p := newProvider(t, func(c *sis.Config) { c.PathPrefix = "/tenant1" })
	var first []byte
	for _, name := range sis.DiscoveryNames() {
		r := p.request(http.MethodGet, "/discovery/"+name)
		r.Header.Del("Authorization")
		a := p.do(r)
		if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %d %v", name, a.status, a.header)
		}
		if first == nil {
			first = a.body
		}
		if !bytes.Equal(a.body, first) {
			t.Error("the two documents differ")
		}
	}
	var document struct {
		OpenAPI string
		Servers []struct{ URL string }
		Paths   map[string]map[string]struct {
			OperationID string
			Security    []map[string][]string
			Responses   map[string]any
			Parameters  []map[string]any
		}
		Components struct {
			SecuritySchemes map[string]struct {
				Flows struct {
					ClientCredentials struct {
						TokenURL string
						Scopes   map[string]string
					}
				}
			}
			Schemas, Parameters map[string]any
		}
	}
	if err := json.Unmarshal(first, &document); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.") || len(document.Servers) != 1 || document.Servers[0].URL != p.base {
		t.Errorf("openapi %q, servers %v", document.OpenAPI, document.Servers)
	}
	flow := document.Components.SecuritySchemes["OAuth2CC"].Flows.ClientCredentials
	if flow.TokenURL != p.tokens || len(flow.Scopes) != 3 {
		t.Errorf("flow: %v", flow)
	}
	if len(document.Paths) != 41 {
		t.Errorf("%d paths", len(document.Paths))
	}
	seen := map[string]bool{}
	for path, methods := range document.Paths {
		get := methods["get"]
		if get.OperationID == "" || seen[get.OperationID] || len(get.Security) == 0 || len(get.Responses) < 5 || len(get.Parameters) == 0 {
			t.Errorf("%s: %v", path, get)
		}
		seen[get.OperationID] = true
	}
	for reference := range strings.SplitSeq(string(first), `"$ref":"#/components/`) {
		kind, rest, _ := strings.Cut(reference, "/")
		name, _, _ := strings.Cut(rest, `"`)
		switch kind {
		case "schemas":
			if document.Components.Schemas[name] == nil {
				t.Errorf("no schema %q", name)
			}
		case "parameters":
			if document.Components.Parameters[name] == nil {
				t.Errorf("no parameter %q", name)
			}
		}
	}
	p.do(p.request(http.MethodPost, "/discovery/"+sis.DiscoveryNames()[0])).wantFailure(http.StatusMethodNotAllowed, "forbidden")
}

func TestPathPrefix(t *testing.T) {
	p := newProvider(t, func(c *sis.Config) { c.PathPrefix = "/a/b/" })
	if !strings.HasSuffix(p.base, "/a/b/ims/oneroster/rostering/v1p2") {
		t.Errorf("base %s", p.base)
	}
	a := p.get("/schools/s1")
	if parent := a.object("org")["parent"].(map[string]any); parent["href"] != p.base+"/orgs/d" {
		t.Errorf("href %v", parent["href"])
	}
	if link := p.get("/orgs?limit=1").header.Get("Link"); !strings.Contains(link, "<"+p.base+"/orgs?limit=1&offset=1>; rel=\"next\"") {
		t.Errorf("Link %s", link)
	}
}

func TestBaseURL(t *testing.T) {
	p := newProvider(t, func(c *sis.Config) { c.BaseURL = "https://sis.example/front/" })
	a := p.get("/schools?limit=1")
	const base = "https://sis.example/front" + sis.BasePath
	if parent := a.list("orgs")[0]["parent"].(map[string]any); parent["href"] != base+"/orgs/d" {
		t.Errorf("href %v", parent["href"])
	}
	if link := a.header.Get("Link"); !strings.Contains(link, "<"+base+"/schools?limit=1&offset=1>") {
		t.Errorf("Link %s", link)
	}
}

func TestSeeds(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(40) {
		knobs := sis.KnobsFor(seed)
		if knobs != sis.KnobsFor(seed) || knobs.MaxLimit < 500 || knobs.MaxLimit > 10_000 || knobs.TokenPath == "" || knobs.TokenForm == "" {
			t.Errorf("seed %d: %v", seed, knobs)
		}
		seen[knobs.String()] = true
		p := newProvider(t, func(c *sis.Config) { c.Seed = seed })
		p.get("/students").wantIDs("users", "cat", "ben", "ann")
	}
	if len(seen) < 20 {
		t.Errorf("only %d providers", len(seen))
	}
	if plain := sis.KnobsFor(0); plain.MaxLimit != sis.GoogleLimit || plain.PathPrefix != "" {
		t.Errorf("seed 0: %v", plain)
	}
}

func TestNewRefuses(t *testing.T) {
	data, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	good := sis.Config{Store: data, Clients: testClients}
	for name, change := range map[string]func(*sis.Config){
		"no store":            func(c *sis.Config) { c.Store = nil },
		"no client":           func(c *sis.Config) { c.Clients = nil },
		"a client twice":      func(c *sis.Config) { c.Clients = []security.Client{testClients[0], testClients[0]} },
		"a relative prefix":   func(c *sis.Config) { c.PathPrefix = "tenant" },
		"a relative base URL": func(c *sis.Config) { c.BaseURL = "/tenant" },
	} {
		config := good
		change(&config)
		if _, err := sis.New(t.Context(), config); err == nil {
			t.Errorf("%s: New took it", name)
		}
	}
}

func TestListen(t *testing.T) {
	data, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if err := sis.Load(t.Context(), data, hamlet{}); err != nil {
		t.Fatal(err)
	}
	s, err := sis.New(t.Context(), sis.Config{Store: data, Clients: testClients})
	if err != nil {
		t.Fatal(err)
	}
	made, err := security.NewSelfMade(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server, err := sis.Listen(t.Context(), "127.0.0.1:0", security.ServerTLS(made.Certificate), s.Handler())
	if err != nil {
		t.Fatal(err)
	}
	endpoints := s.Endpoints(server.Origin)
	if !strings.HasPrefix(endpoints.BaseURL, "https://127.0.0.1:") {
		t.Errorf("endpoints: %v", endpoints)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(made.AuthorityPEM)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	client := &http.Client{Transport: transport}
	response, err := client.PostForm(endpoints.TokenURL, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"all"}, "client_secret": {"open sesame"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&token); err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	r, _ := http.NewRequest(http.MethodGet, endpoints.BaseURL+"/schools/s1", nil)
	r.Header.Set("Authorization", "Bearer "+token.AccessToken)
	if response, err = client.Do(r); err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || !strings.Contains(string(body), `"href":"`+endpoints.BaseURL+`/orgs/d"`) {
		t.Errorf("%s, %v", body, err)
	}
	transport.CloseIdleConnections()

	if _, err := sis.Listen(t.Context(), strings.TrimPrefix(server.Origin, "https://"), nil, s.Handler()); err == nil {
		t.Error("two servers listen on one address")
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if _, err := client.Do(r); err == nil {
		t.Error("it still answers")
	}

	ctx, cancel := context.WithCancel(t.Context())
	if server, err = sis.Listen(ctx, "127.0.0.1:0", nil, s.Handler()); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := server.Wait(); err != nil {
		t.Error(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

// brokenStore fails where told, as a database that goes away does.
type brokenStore struct {
	store.Store
	after int // documents
}

func (b brokenStore) Read(ctx context.Context, c store.Collection, ranks []int32, visit store.Visit) error {
	n := 0
	return b.Store.Read(ctx, c, ranks, func(rank int32, body []byte) error {
		if n++; n > b.after {
			return errors.New("password of 10.0.0.1 lost")
		}
		return visit(rank, body)
	})
}

func TestBrokenStore(t *testing.T) {
	data, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	p := serve(t, data, func(c *sis.Config) { c.Store = brokenStore{c.Store, 2} })
	a := p.get("/users")
	a.wantFailure(http.StatusInternalServerError, "internal_server_error")
	if strings.Contains(string(a.body), "10.0.0.1") {
		t.Errorf("the cause is told: %s", a.body)
	}
}
