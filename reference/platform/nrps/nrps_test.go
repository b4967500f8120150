package nrps_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/nrps"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// world is a platform with the service, and tools that may read.
type world struct {
	*testing.T
	p      *platform.Platform
	origin string
	keys   *security.Keys
	course platform.Course
	token  string
}

func newWorld(t *testing.T, dsn string) *world {
	t.Helper()
	keys, err := security.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	published := httptest.NewServer(keys)
	t.Cleanup(published.Close)
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	kept, err := platform.OpenStore(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Close() })
	tool := func(id string, scopes ...string) platform.Registration {
		return platform.Registration{ClientID: id, LoginURL: "https://tool.example/login", TargetURI: "https://tool.example/", JWKSURL: published.URL,
			Deployments: []string{id + "-1", id + "-2"}, Private: []string{id + "-2"}, Scopes: scopes, Custom: map[string]string{"who": "$User.id", "kind": "plain"}}
	}
	p, err := platform.New(t.Context(), platform.Config{Origin: "https://platform.example", Store: kept, Services: []func(*platform.Platform) (platform.Service, error){nrps.New},
		Tools: []platform.Registration{tool("a", nrps.Scope, "other"), tool("b", nrps.Scope), tool("c")}})
	if err != nil {
		t.Fatal(err)
	}
	handler = p.Handler()
	w := &world{T: t, p: p, origin: server.URL, keys: keys}
	_, _, _, course := p.People()
	w.course, _ = p.Course(course)
	w.token = w.granted("a", nrps.Scope)
	return w
}

func (w *world) granted(client, scope string) string {
	w.Helper()
	now := time.Now().Unix()
	assertion, err := w.keys.Sign(map[string]any{"iss": client, "sub": client, "aud": w.p.TokenURL(), "iat": now, "exp": now + 60, "jti": lti.Random()})
	if err != nil {
		w.Fatal(err)
	}
	r, err := http.PostForm(w.origin+"/token", url.Values{"grant_type": {"client_credentials"}, "client_assertion": {assertion}, "scope": {scope},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}})
	if err != nil {
		w.Fatal(err)
	}
	defer r.Body.Close()
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
		w.Fatal(err)
	}
	return out.Token
}

type member struct {
	Status  string           `json:"status"`
	ID      string           `json:"user_id"`
	Roles   []string         `json:"roles"`
	Name    *string          `json:"name"`
	Email   *string          `json:"email"`
	Message []map[string]any `json:"message"`
}

type page struct {
	status  int
	header  http.Header
	ID      string         `json:"id"`
	Context map[string]any `json:"context"`
	Members []member       `json:"members"`
}

// address is that of the service for a deployment.
func (w *world) address(deployment string) string {
	_, claim := nrpsOf(w.p).Claim(&platform.Pending{Link: platform.Link{Course: w.course.ID, Deployment: deployment}, Tool: platform.Registration{Scopes: []string{nrps.Scope}}})
	return claim.(map[string]any)["context_memberships_url"].(string)
}

func nrpsOf(p *platform.Platform) platform.Service {
	s, _ := nrps.New(p)
	return s
}

func (w *world) ask(method, address, token string, header ...string) page {
	w.Helper()
	r, err := http.NewRequest(method, strings.Replace(address, "https://platform.example", w.origin, 1), nil)
	if err != nil {
		w.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer got.Body.Close()
	body, _ := io.ReadAll(got.Body)
	out := page{status: got.StatusCode, header: got.Header}
	if len(body) > 0 && json.Unmarshal(body, &out) != nil {
		w.Fatalf("no JSON: %s", body)
	}
	return out
}

var linkOf = regexp.MustCompile(`<([^>]*)>; rel="([a-z]+)"`)

func (p page) link(rel string) string {
	for _, m := range linkOf.FindAllStringSubmatch(p.header.Get("Link"), -1) {
		if m[2] == rel {
			return m[1]
		}
	}
	return ""
}

// walk turns all pages.
func (w *world) walk(address string) (all []member, last page) {
	w.Helper()
	for range 200 {
		last = w.ask("GET", address, w.token)
		if last.status != http.StatusOK {
			w.Fatalf("%s: %d", address, last.status)
		}
		all = append(all, last.Members...)
		if address = last.link("next"); address == "" {
			return all, last
		}
	}
	w.Fatal("the pages don't end")
	return nil, last
}

func TestWhoMayRead(t *testing.T) {
	w := newWorld(t, "")
	at := w.address("a-1")
	for name, test := range map[string]struct {
		method, address, token string
		header                 []string
		want                   int
	}{
		"with a token":              {"GET", at, w.token, nil, 200},
		"HEAD":                      {"HEAD", at, w.token, nil, 200},
		"with anything accepted":    {"GET", at, w.token, []string{"Accept", "*/*"}, 200},
		"with the type accepted":    {"GET", at, w.token, []string{"Accept", nrps.MediaType + ";q=0.5, text/html"}, 200},
		"with a page accepted":      {"GET", at, w.token, []string{"Accept", "text/html"}, 406},
		"with all but it accepted":  {"GET", at, w.token, []string{"Accept", "*/*, " + nrps.MediaType + ";q=0"}, 406},
		"without a token":           {"GET", at, "", nil, 401},
		"with an unknown token":     {"GET", at, "x", nil, 401},
		"with another scope":        {"GET", at, w.granted("a", "other"), nil, 403},
		"from another tool":         {"GET", at, w.granted("b", nrps.Scope), nil, 403},
		"by another method":         {"POST", at, w.token, nil, 405},
		"of an unknown context":     {"GET", strings.Replace(at, w.course.Context, "x", 1), w.token, nil, 404},
		"with a role that is empty": {"GET", at + "?role=", w.token, nil, 200},
		"with a limit of nothing":   {"GET", at + "?limit=0", w.token, nil, 400},
		"with a limit in words":     {"GET", at + "?limit=all", w.token, nil, 400},
		"with two limits":           {"GET", at + "?limit=1&limit=2", w.token, nil, 400},
		"with an unknown parameter": {"GET", at + "?theme=dark", w.token, nil, 200},
		"with an unknown link":      {"GET", at + "?rlid=x", w.token, nil, 404},
		"with a change to come":     {"GET", at + "?since=99", w.token, nil, 400},
	} {
		if got := w.ask(test.method, test.address, test.token, test.header...); got.status != test.want {
			t.Errorf("%s: %d, want %d", name, got.status, test.want)
		}
	}
	if w.granted("c", nrps.Scope) != "" {
		t.Error("a tool that may not read gets a token")
	}
}

func TestPagesAreTheWhole(t *testing.T) {
	w := newWorld(t, "")
	all, last := w.walk(w.address("a-1"))
	if len(all) < 5 || last.header.Get("Content-Type") != nrps.MediaType || last.Context["id"] != w.course.Context || last.ID == "" {
		t.Fatalf("%d members, %v", len(all), last)
	}
	for _, query := range []string{"?limit=1", "?limit=3", "?limit=1000", "?role=Learner&limit=2", "?role=" + url.QueryEscape(lti.Membership+"Learner") + "&limit=2"} {
		some, last := w.walk(w.address("a-1") + query)
		want := len(slices.DeleteFunc(slices.Clone(all), func(m member) bool {
			return strings.Contains(query, "role") && !slices.Contains(m.Roles, lti.Membership+"Learner")
		}))
		seen := map[string]bool{}
		for _, m := range some {
			seen[m.ID] = true
		}
		if len(some) != want || len(seen) != want || last.link("differences") == "" {
			t.Errorf("%s: %d members, %d of them different, want %d", query, len(some), len(seen), want)
		}
	}
}

func TestPrivacy(t *testing.T) {
	w := newWorld(t, "")
	for deployment, told := range map[string]bool{"a-1": true, "a-2": false} {
		for _, m := range w.ask("GET", w.address(deployment), w.token).Members {
			if (m.Name != nil) != told {
				t.Errorf("%s tells names: %t", deployment, m.Name != nil)
			}
		}
	}
}

func TestLinks(t *testing.T) {
	w := newWorld(t, "")
	links := w.p.Links(w.course.ID, "a")
	for _, m := range w.ask("GET", w.address("a-1")+"?rlid="+links[0].ID, w.token).Members {
		custom, _ := m.Message[0][lti.Namespace+"custom"].(map[string]any)
		if len(m.Message) != 1 || custom["who"] != m.ID || m.Message[0][lti.Namespace+"message_type"] != lti.ResourceLinkRequest {
			t.Fatalf("%+v", m)
		}
	}
	if got := w.ask("GET", w.address("a-2")+"?rlid="+links[0].ID, w.token); got.status != http.StatusNotFound {
		t.Errorf("a link of another deployment: %d", got.status)
	}
}

// Whoever comes and leaves is among the differences, also after a restart; whoever comes while
// pages are turned is told the next time.
func TestDifferences(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "platform.db")
	w := newWorld(t, dsn)
	before := w.p.Members(w.course.ID, platform.Registration{})
	others := func() string {
		for _, c := range w.p.Courses() {
			for _, m := range w.p.Members(c.ID, platform.Registration{}) {
				if !slices.ContainsFunc(before, func(b platform.Member) bool { return b.User == m.User }) {
					return m.User
				}
			}
		}
		t.Fatal("everybody is in the course")
		return ""
	}()
	ctx := context.Background()
	first := w.ask("GET", w.address("a-1")+"?limit=2", w.token)
	nothing := w.ask("GET", first.link("differences"), w.token)
	if nothing.status != 200 || nothing.Members == nil || len(nothing.Members) != 0 {
		t.Fatalf("nothing changed: %+v", nothing)
	}
	for _, err := range []error{w.p.Enroll(ctx, w.course.ID, others, "student"), w.p.Leave(ctx, w.course.ID, before[0].User), w.p.Suspend(ctx, w.course.ID, before[1].User, true)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(address string) (next string) {
		t.Helper()
		changes, last := w.walk(address)
		got := map[string]string{}
		for _, m := range changes {
			got[m.ID] = m.Status
		}
		if len(got) != 3 || got[w.p.Subject(others)] != "Active" || got[w.p.Subject(before[0].User)] != "Deleted" || got[w.p.Subject(before[1].User)] != "Inactive" {
			t.Errorf("the changes are %v", got)
		}
		return last.link("differences")
	}
	check(first.link("differences"))
	_, last := w.walk(first.link("next")) // the pages that were begun before
	check(last.link("differences"))
	again := check(strings.Replace(first.link("differences"), "limit=2", "limit=1", 1))
	if changes, _ := w.walk(again); len(changes) != 0 {
		t.Errorf("told twice: %v", changes)
	}
	whole, _ := w.walk(w.address("a-1"))
	if slices.ContainsFunc(whole, func(m member) bool { return m.Status == "Deleted" || m.ID == w.p.Subject(before[0].User) }) || len(whole) != len(before) {
		t.Errorf("the list has whoever left: %d", len(whole))
	}
	if w.p.Leave(ctx, w.course.ID, before[0].User) == nil || w.p.Enroll(ctx, w.course.ID, others, "king") == nil || w.p.Enroll(ctx, "x", others, "student") == nil || w.p.Enroll(ctx, w.course.ID, "x", "student") == nil {
		t.Error("what can't be done is done")
	}

	w = newWorld(t, dsn)
	check(first.link("differences"))
	if err := w.p.Enroll(ctx, w.course.ID, before[0].User, "student"); err != nil {
		t.Fatal(err)
	}
	if changes, _ := w.walk(again); len(changes) != 1 || changes[0].Status != "Active" {
		t.Errorf("back again: %v", changes)
	}
}
