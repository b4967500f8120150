package tool

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// world is a tool, the keys of a platform, and a browser without a window.
type world struct {
	t       *testing.T
	tool    *Tool
	server  *httptest.Server
	keys    *security.Keys
	browser *http.Client
}

const issuer = "https://platform.example"

func newWorld(t *testing.T) *world {
	t.Helper()
	keys, err := security.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	published := httptest.NewServer(keys)
	t.Cleanup(published.Close)
	w := &world{t: t, keys: keys}
	var handler http.Handler
	w.server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	w.tool, err = New(t.Context(), Config{Origin: w.server.URL, Platforms: []Platform{
		{Issuer: issuer, ClientID: "one", AuthURL: issuer + "/auth", JWKSURL: published.URL, Deployments: []string{"d1", "d2"}},
		{Issuer: "https://shared.example", ClientID: "a", AuthURL: issuer + "/auth", JWKSURL: published.URL, Deployments: []string{"d1"}},
		{Issuer: "https://shared.example", ClientID: "b", AuthURL: issuer + "/auth", JWKSURL: published.URL, Deployments: []string{"d1"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	handler = w.tool.Handler()
	w.browser = w.fresh()
	return w
}

// fresh is a browser without cookies.
func (w *world) fresh() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	c := w.server.Client()
	return &http.Client{Transport: c.Transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// pending is the login that was begun with a state.
func (w *world) pending(state string) pending {
	w.t.Helper()
	login, there, err := w.tool.pending.Get(w.t.Context(), state, time.Now())
	if err != nil || !there {
		w.t.Fatalf("no login waits: %v", err)
	}
	return login
}

func (w *world) login(changes map[string]string) (*http.Response, url.Values) {
	w.t.Helper()
	v := url.Values{"iss": {issuer}, "login_hint": {"h"}, "target_link_uri": {w.tool.TargetURL("quiz")}, "client_id": {"one"}, "lti_message_hint": {`{"a":"b+c%20"}`}}
	for name, x := range changes {
		if v.Set(name, x); x == "" {
			v.Del(name)
		}
	}
	r, err := w.browser.Get(w.server.URL + "/login?" + v.Encode())
	if err != nil {
		w.t.Fatal(err)
	}
	r.Body.Close()
	u, err := url.Parse(r.Header.Get("Location"))
	if err != nil {
		w.t.Fatal(err)
	}
	return r, u.Query()
}

// claims are those of a good launch.
func (w *world) claims(nonce string) map[string]any {
	now := time.Now().Unix()
	return map[string]any{"iss": issuer, "aud": "one", "sub": "u1", "nonce": nonce, "iat": now, "exp": now + 60, "name": "Ann <Lee>",
		lti.Namespace + "message_type": lti.ResourceLinkRequest, lti.Namespace + "version": lti.Version, lti.Namespace + "deployment_id": "d1",
		lti.Namespace + "target_link_uri": w.tool.TargetURL("quiz"), lti.Namespace + "resource_link": map[string]any{"id": "l1"}, lti.Namespace + "roles": []string{lti.Membership + "Learner"}}
}

func (w *world) post(form url.Values) (int, string, *http.Response) {
	w.t.Helper()
	r, err := w.browser.PostForm(w.server.URL+"/launch", form)
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.StatusCode, string(b), r
}

func (w *world) sign(claims map[string]any) string {
	w.t.Helper()
	token, err := w.keys.Sign(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

var ruleOf = regexp.MustCompile(`data-rule="([^"]*)"`)

func rule(body string) string {
	if m := ruleOf.FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return ""
}

func TestLaunch(t *testing.T) {
	w := newWorld(t)
	r, q := w.login(nil)
	if r.StatusCode != http.StatusFound || q.Get("scope") != "openid" || q.Get("response_mode") != "form_post" || q.Get("redirect_uri") != w.tool.RedirectURL() || q.Get("lti_message_hint") != `{"a":"b+c%20"}` {
		t.Fatalf("%s, %v", r.Status, q)
	}
	cookie := r.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "Secure", "SameSite=None", "Partitioned"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie lacks %s: %s", want, cookie)
		}
	}
	form := url.Values{"state": {q.Get("state")}, "id_token": {w.sign(w.claims(q.Get("nonce")))}}
	status, _, r := w.post(form)
	if status != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Location"), w.tool.TargetURL("quiz")+"?launch=") {
		t.Fatalf("%s to %s", r.Status, r.Header.Get("Location"))
	}
	for path, want := range map[string]string{"": "Ann &lt;Lee&gt;", "/decoded?" + strings.SplitN(r.Header.Get("Location"), "?", 2)[1]: "resource_link"} {
		address := r.Header.Get("Location")
		if path != "" {
			address = w.server.URL + path
		}
		p, err := w.browser.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(p.Body) // a short page is a page without it
		p.Body.Close()
		if p.StatusCode != http.StatusOK || !strings.Contains(string(b), want) {
			t.Errorf("%s: %s, no %q", address, p.Status, want)
		}
	}
	if status, body, _ := w.post(form); status != http.StatusUnauthorized || rule(body) != "response.state" {
		t.Errorf("the same answer again: %d, %s", status, rule(body))
	}
}

// Each rule refuses what it is about.
func TestRules(t *testing.T) {
	w := newWorld(t)
	now := time.Now().Unix()
	ns := lti.Namespace
	for _, test := range []struct {
		rule    string
		changes map[string]any
	}{
		{"claim.iss", map[string]any{"iss": "https://other.example"}}, {"claim.aud", map[string]any{"aud": "two"}}, {"claim.azp-needed", map[string]any{"aud": []string{"one", "two"}}},
		{"claim.azp", map[string]any{"azp": "two"}}, {"claim.exp", map[string]any{"exp": now - 60}}, {"claim.exp", map[string]any{"exp": nil}}, {"claim.iat", map[string]any{"iat": now + 3600}},
		{"claim.iat", map[string]any{"iat": float64(now) * 1000}}, {"claim.nbf", map[string]any{"nbf": now + 3600}}, {"claim.iat-old", map[string]any{"iat": now - 7200}}, {"claim.nonce", map[string]any{"nonce": "another"}}, {"claim.sub", map[string]any{"sub": ""}},
		{"claim.sub", map[string]any{"sub": nil}}, {"message.version", map[string]any{ns + "version": "1.3"}}, {"message.type", map[string]any{ns + "message_type": "x"}},
		{"message.deployment", map[string]any{ns + "deployment_id": "d3"}}, {"message.roles", map[string]any{ns + "roles": nil}}, {"message.resource-link", map[string]any{ns + "resource_link": map[string]any{"id": ""}}},
		{"message.target", map[string]any{ns + "target_link_uri": nil}}, {"message.target-own", map[string]any{ns + "target_link_uri": "https://stranger.example/"}},
		{"message.target-login", map[string]any{ns + "target_link_uri": w.tool.TargetURL("other")}}, {"token.claims", map[string]any{ns + "roles": "text"}},
	} {
		_, q := w.login(nil)
		claims := w.claims(q.Get("nonce"))
		maps.Copy(claims, test.changes)
		if _, body, _ := w.post(url.Values{"state": {q.Get("state")}, "id_token": {w.sign(claims)}}); rule(body) != test.rule {
			t.Errorf("%v is refused by %q, want %q", test.changes, rule(body), test.rule)
		}
	}
}

// What the standard allows is opened.
func TestAllowed(t *testing.T) {
	w := newWorld(t)
	for _, changes := range []map[string]any{
		{"aud": []string{"one"}}, {"aud": []string{"one", "two"}, "azp": "one"}, {"sub": nil, "name": nil}, {lti.Namespace + "roles": []string{}}, {lti.Namespace + "roles": []string{""}},
		{lti.Namespace + "context": nil}, {"future": map[string]any{"a": nil}}, {"nbf": time.Now().Unix() - 5}, {"nbf": nil}, {"iat": float64(time.Now().Unix()) + 0.5}, {lti.Namespace + "deployment_id": "d2"},
	} {
		_, q := w.login(nil)
		claims := w.claims(q.Get("nonce"))
		maps.Copy(claims, changes)
		if status, body, _ := w.post(url.Values{"state": {q.Get("state")}, "id_token": {w.sign(claims)}}); status != http.StatusSeeOther {
			t.Errorf("%v is refused by %s", changes, rule(body))
		}
	}
}

func TestLogins(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		changes map[string]string
		status  int
	}{
		{map[string]string{"client_id": ""}, http.StatusFound}, {map[string]string{"iss": ""}, 400}, {map[string]string{"login_hint": ""}, 400}, {map[string]string{"iss": "https://x.example"}, 400},
		{map[string]string{"client_id": "two"}, 400}, {map[string]string{"iss": "https://shared.example", "client_id": ""}, 400}, {map[string]string{"iss": "https://shared.example", "client_id": "b"}, http.StatusFound},
		{map[string]string{"lti_deployment_id": "d9"}, 403}, {map[string]string{"lti_message_hint": ""}, http.StatusFound},
	} {
		if r, _ := w.login(test.changes); r.StatusCode != test.status {
			t.Errorf("%v: %s, want %d", test.changes, r.Status, test.status)
		}
	}
}

// An answer is bound to the browser that began the login.
func TestBrowsers(t *testing.T) {
	w := newWorld(t)
	_, q := w.login(nil)
	form := url.Values{"state": {q.Get("state")}, "id_token": {w.sign(w.claims(q.Get("nonce")))}}
	own := w.browser
	w.browser = w.fresh()
	if _, body, _ := w.post(form); rule(body) != "response.browser" {
		t.Errorf("another browser: %q", rule(body))
	}
	w.browser = own
	if status, body, _ := w.post(form); status != http.StatusSeeOther {
		t.Errorf("its own browser: %d %s", status, rule(body))
	}
	_, q = w.login(nil)
	if _, body, _ := w.post(url.Values{"state": {q.Get("state")}, "error": {"login_required"}, "error_description": {"<b>x</b>"}}); rule(body) != "response.error" || strings.Contains(body, "<b>x") {
		t.Errorf("an error: %q", body)
	}
	if _, body, _ := w.post(url.Values{"state": {"unknown"}, "error": {"x"}}); rule(body) != "response.state" {
		t.Errorf("an error to an unknown state: %q", rule(body))
	}
}

// With the platform's storage on offer, a browser without cookies proves itself by
// what it kept there.
func TestStorage(t *testing.T) {
	w := newWorld(t)
	v := url.Values{"iss": {issuer}, "login_hint": {"h"}, "target_link_uri": {w.tool.TargetURL("quiz")}, "lti_storage_target": {"_parent"}}
	r, err := w.browser.Get(w.server.URL + "/login?" + v.Encode())
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(r.Body) // a short page fails below
	r.Body.Close()
	var state, proof string
	if m := regexp.MustCompile(`key = "lti_state_([^"]*)", value = "([^"]*)"`).FindStringSubmatch(string(page)); m != nil {
		state, proof = m[1], m[2]
	} else {
		t.Fatalf("no key and value in %s", page)
	}
	nonce := w.pending(state).Nonce
	w.browser = w.fresh() // cookies are blocked
	status, body, _ := w.post(url.Values{"state": {state}, "id_token": {w.sign(w.claims(nonce))}})
	if status != http.StatusOK || !strings.Contains(body, "lti.get_data") {
		t.Fatalf("%d: %s", status, body)
	}
	for value, want := range map[string]int{"wrong": http.StatusUnauthorized} {
		r, err := w.browser.PostForm(w.server.URL+"/launch/stored", url.Values{"state": {state}, "proof": {value}})
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("proof %s: %s", value, r.Status)
		}
	}
	_ = proof // burnt by the wrong one
}

func TestClaimsForms(t *testing.T) {
	for text, ok := range map[string]bool{`{"aud":"a"}`: true, `{"aud":["a","b"]}`: true, `{"aud":1}`: false, `{"exp":1.5}`: true, `{"exp":"1"}`: false, `{"sub":null}`: true, `{"exp":1e300}`: true} {
		var c lti.Claims
		if err := json.Unmarshal([]byte(text), &c); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
