package sis_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

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
	if testing.Short() {
		t.Skip("this takes minutes under the race detector: make products runs it")
	}
	seen := map[string]bool{}
	for seed := range uint64(40) {
		knobs := oneroster.KnobsFor(seed)
		if knobs != oneroster.KnobsFor(seed) || knobs.MaxLimit < 500 || knobs.MaxLimit > 10_000 || knobs.TokenPath == "" || knobs.TokenForm == "" {
			t.Errorf("seed %d: %v", seed, knobs)
		}
		seen[knobs.String()] = true
		p := newProvider(t, func(c *sis.Config) { c.Seed = seed })
		p.get("/students").wantIDs("users", "cat", "ben", "ann")
	}
	if len(seen) < 20 {
		t.Errorf("only %d providers", len(seen))
	}
	if plain := oneroster.KnobsFor(0); plain.MaxLimit != oneroster.GoogleLimit || plain.PathPrefix != "" {
		t.Errorf("seed 0: %v", plain)
	}
}

func TestNewRefuses(t *testing.T) {
	data, err := sis.OpenStore(t.Context(), "memory")
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
	data, err := sis.OpenStore(t.Context(), "memory")
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
	server, err := oneroster.Listen(t.Context(), "127.0.0.1:0", security.ServerTLS(made.Certificate), s.Handler())
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

	if _, err := oneroster.Listen(t.Context(), strings.TrimPrefix(server.Origin, "https://"), nil, s.Handler()); err == nil {
		t.Error("two servers listen on one address")
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if _, err := client.Do(r); err == nil {
		t.Error("it still answers")
	}

	ctx, cancel := context.WithCancel(t.Context())
	if server, err = oneroster.Listen(ctx, "127.0.0.1:0", nil, s.Handler()); err != nil {
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
	data, err := sis.OpenStore(t.Context(), "memory")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	p := serve(t, data, hamlet{}, func(c *sis.Config) { c.Store = brokenStore{c.Store, 2} })
	a := p.get("/users")
	a.wantFailure(http.StatusInternalServerError, "internal_server_error")
	if strings.Contains(string(a.body), "10.0.0.1") {
		t.Errorf("the cause is told: %s", a.body)
	}
}

// crowd has more orgs than are read at a time.
type crowd struct{ hamlet }

func (crowd) Orgs() iter.Seq[fixtures.Org] {
	return func(yield func(fixtures.Org) bool) {
		for i := range 600 {
			if !yield(fixtures.Org{Base: record(fmt.Sprint("org ", i), 1), Name: "Org", Type: "school", Identifier: "o"}) {
				return
			}
		}
	}
}

func TestLargePage(t *testing.T) {
	data, err := sis.OpenStore(t.Context(), "memory")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	p := serve(t, data, crowd{}, nil)
	for _, query := range []string{"limit=600", "limit=600&sort=sourcedId&orderBy=desc"} {
		orgs := p.get("/orgs?" + query).list("orgs")
		seen := map[any]bool{}
		for _, o := range orgs {
			seen[o["sourcedId"]] = true
		}
		if len(orgs) != 600 || len(seen) != 600 {
			t.Errorf("%s: %d orgs, %d different", query, len(orgs), len(seen))
		}
	}
	if n := len(p.get("/orgs").list("orgs")); n != 100 {
		t.Errorf("%d orgs by default", n)
	}
	if a := p.get("/orgs/org%20599"); a.object("org")["sourcedId"] != "org 599" {
		t.Errorf("%s", a.body)
	}

	// Half a page must not look like a whole one.
	for _, coding := range []string{"identity", "gzip"} {
		// A whole batch passes, then the next fails.
		p = serve(t, data, crowd{}, func(c *sis.Config) { c.Store = &brokenLater{Store: c.Store} })
		r := p.request(http.MethodGet, "/orgs?limit=600")
		r.Header.Set("Accept-Encoding", coding)
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			continue // nothing had been sent yet
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		// The transport may have asked again, and then been told of the failure.
		if err == nil && response.StatusCode == http.StatusOK {
			t.Errorf("%s: %d bytes and no error", coding, len(body))
		}
	}
}

// brokenLater reads one batch and then no more.
type brokenLater struct {
	store.Store
	reads atomic.Int32
}

func (b *brokenLater) Read(ctx context.Context, c store.Collection, ranks []int32, visit store.Visit) error {
	if b.reads.Add(1) > 1 {
		return errors.New("gone")
	}
	return b.Store.Read(ctx, c, ranks, visit)
}

// A Host field that nobody configured stands in no address that is sent.
func TestHostIsNotBelieved(t *testing.T) {
	for name, change := range map[string]func(*sis.Config){
		"unconfigured": nil,
		"configured":   func(c *sis.Config) { c.BaseURL = "https://sis.example/tenant1" },
	} {
		p := newProvider(t, change)
		for _, path := range []string{"/users?limit=2", "/users/ann", "/classes", "/discovery/" + sis.DiscoveryNames()[0]} {
			r := p.request(http.MethodGet, path)
			r.Host = "evil.example"
			r.Header.Set("X-Forwarded-Host", "evil.example")
			r.Header.Set("Forwarded", "host=evil.example")
			a := p.do(r)
			own := p.base
			if change != nil {
				own = "https://sis.example/tenant1"
			}
			text := string(a.body) + strings.Join(a.header.Values("Link"), " ")
			if a.status != http.StatusOK || strings.Contains(text, "evil") || !strings.Contains(text, own) {
				t.Errorf("%s, %s: %d, %.300s", name, path, a.status, text)
			}
		}
	}
}
