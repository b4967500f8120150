package platform

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// asserting makes a token request.
func (w *world) asserting(claims map[string]any) url.Values {
	w.t.Helper()
	assertion, err := w.keys.Sign(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	return url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}, "scope": {scope}}
}

func (w *world) token(v url.Values) (int, map[string]any) {
	w.t.Helper()
	r, err := w.browser.PostForm(w.server.URL+"/token", v)
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
		w.t.Fatal(err)
	}
	return r.StatusCode, out
}

// The id of an assertion is burnt for as long as the assertion is good.
func TestAssertionsAreGoodOnce(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	w.platform.c.Now = func() time.Time { return now }
	exp := now.Add(assertionMax + 20*time.Second)
	v := w.asserting(map[string]any{"iss": client, "sub": client, "aud": w.platform.TokenURL(), "iat": now.Unix(), "exp": exp.Unix(), "jti": "a"})
	if status, out := w.token(v); status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	for _, later := range []time.Duration{time.Second, assertionMax + 10*time.Second, assertionMax + 20*time.Second + leeway - 2*time.Second} {
		w.platform.c.Now = func() time.Time { return now.Add(later) }
		if status, out := w.token(v); status != http.StatusBadRequest || !strings.Contains(fmt.Sprint(out["error_description"]), "jti") {
			t.Errorf("again after %s: %d %v", later, status, out)
		}
	}
}

// What comes twice is refused, and nobody is sent anywhere.
func TestTwice(t *testing.T) {
	w := newWorld(t)
	teacher, _, _, course := w.platform.People()
	w.signIn(teacher)
	for _, name := range readOnce {
		q := request(w.begin(course))
		q.Add(name, q.Get(name))
		status, page := w.get("/auth?" + q.Encode())
		if status != http.StatusBadRequest || strings.Contains(page, "<form") || !strings.Contains(page, name) {
			t.Errorf("%s twice: %d %s", name, status, page)
		}
		r, err := w.browser.PostForm(w.server.URL+"/auth?"+url.Values{name: {q.Get(name)}}.Encode(), request(w.begin(course)))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s in the address and in the body: %s", name, r.Status)
		}
	}
	q := request(w.begin(course))
	q["of_another_kind"] = []string{"a", "b"}
	if _, page := w.get("/auth?" + q.Encode()); fields(page).Get("id_token") == "" {
		t.Errorf("what nobody reads comes twice: %s", page)
	}
	for _, name := range []string{"grant_type", "client_assertion_type", "client_assertion", "scope"} {
		now := time.Now().Unix()
		v := w.asserting(map[string]any{"iss": client, "sub": client, "aud": w.platform.TokenURL(), "iat": now, "exp": now + 60, "jti": name})
		v.Add(name, v.Get(name))
		if status, out := w.token(v); status != http.StatusBadRequest || out["error"] != "invalid_request" {
			t.Errorf("%s twice: %d %v", name, status, out)
		}
	}
}

// Of requests that come at once, one gets the token.
func TestOneTokenALaunch(t *testing.T) {
	w := newWorld(t)
	teacher, _, _, course := w.platform.People()
	w.signIn(teacher)
	ask := "/auth?" + request(w.begin(course)).Encode()
	var tokens atomic.Int32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, page := w.get(ask); fields(page).Get("id_token") != "" {
				tokens.Add(1)
			}
		})
	}
	wait.Wait()
	if n := tokens.Load(); n != 1 {
		t.Errorf("%d tokens for one launch", n)
	}
}

// Nobody learns from an error where the keys of a tool are, or what became of the
// way there.
func TestErrorsTellNothing(t *testing.T) {
	w := newWorld(t)
	const address = "http://127.0.0.1:1/keys"
	w.platform.Register(Registration{ClientID: "away", JWKSURL: address, Scopes: []string{scope}})
	now := time.Now().Unix()
	status, out := w.token(w.asserting(map[string]any{"iss": "away", "sub": "away", "aud": w.platform.TokenURL(), "iat": now, "exp": now + 60, "jti": "x"}))
	text := fmt.Sprint(out["error_description"])
	if status != http.StatusBadRequest || strings.Contains(text, "127.0.0.1") || strings.Contains(text, "dial") || !strings.Contains(text, "keys can't be read") {
		t.Errorf("%d %v", status, out)
	}
}

// Sessions beyond the maximum push out the oldest.
func TestSessionsAreBounded(t *testing.T) {
	w := newWorld(t)
	w.platform.sessions = lti.NewExpiring[session](w.platform.c.Store, sessionsKept, 2)
	teacher, student, parent, _ := w.platform.People()
	var jars []http.CookieJar
	for _, who := range []string{teacher, student, parent} {
		w.browser.Jar, _ = cookiejar.New(nil)
		w.signIn(who)
		jars = append(jars, w.browser.Jar)
	}
	for i, signedIn := range []bool{false, true, true} {
		w.browser.Jar = jars[i]
		if _, page := w.get("/"); strings.Contains(page, `id="courses"`) != signedIn {
			t.Errorf("session %d is there: %t", i, !signedIn)
		}
	}
}

// Pages say who may frame them and where their forms go; the tool is told where a
// form comes from.
func TestPolicies(t *testing.T) {
	w := newWorld(t)
	header := func(path string) http.Header {
		r, err := w.browser.Get(w.server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.Header
	}
	policy := func(path string) string { return header(path).Get("Content-Security-Policy") }
	if p := policy("/"); !strings.Contains(p, "frame-ancestors 'none'") || !strings.Contains(p, "form-action 'self'") {
		t.Errorf("signing in: %s", p)
	}
	teacher, _, _, course := w.platform.People()
	w.signIn(teacher)
	if p := policy("/"); !strings.Contains(p, "frame-ancestors 'none'") {
		t.Errorf("the courses: %s", p)
	}
	if p := policy("/courses/" + course); !strings.Contains(p, "frame-ancestors 'self'") {
		t.Errorf("a course: %s", p)
	}
	login := w.begin(course)
	// Pages that come in frames of others.
	if p := policy("/auth?" + request(login).Encode()); strings.Contains(p, "frame-ancestors") || !strings.Contains(p, "form-action http: https:") {
		t.Errorf("the answer: %s", p)
	}
	// no-referrer would have browsers send "Origin: null" (Fetch §3.2).
	if p := header("/auth").Get("Referrer-Policy"); p != "strict-origin" {
		t.Errorf("Referrer-Policy: %s", p)
	}
}

// The page that opens a window keeps things for the tool in it, as the page around a
// frame does.
func TestStorageOfWindows(t *testing.T) {
	w := newWorld(t)
	teacher, _, _, course := w.platform.People()
	w.signIn(teacher)
	_, page := w.get("/courses/" + course)
	if !strings.Contains(page, `window.addEventListener("message"`) || !strings.Contains(page, `<script nonce="`) {
		t.Error("the course page keeps nothing for tools")
	}
	link := w.platform.links[0]
	for _, l := range w.platform.links {
		if l.Course == course {
			link = l
		}
	}
	for as, want := range map[string]string{"frame": "_parent", "window": "_parent", "same": ""} {
		_, page := w.get("/links/" + link.ID + "/begin?as=" + as)
		login := fields(page)
		if login.Get("lti_storage_target") != want {
			t.Errorf("%s: the login offers %q", as, login.Get("lti_storage_target"))
		}
		_, page = w.get("/auth?" + request(login).Encode())
		if answer := fields(page); answer.Get("id_token") == "" || answer.Get("lti_storage_target") != want {
			t.Errorf("%s: the answer offers %q", as, answer.Get("lti_storage_target"))
		}
	}
}
