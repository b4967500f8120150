package tool

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// opened makes a good launch and gives the address of the resource.
func (w *world) opened() string {
	w.t.Helper()
	_, q := w.login(nil)
	status, body, r := w.post(url.Values{"state": {q.Get("state")}, "id_token": {w.sign(w.claims(q.Get("nonce")))}})
	if status != http.StatusSeeOther {
		w.t.Fatalf("%d %s", status, rule(body))
	}
	return r.Header.Get("Location")
}

func (w *world) see(by *http.Client, address string) int {
	w.t.Helper()
	r, err := by.Get(address)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

// decodedOf is the address of the page that shows all that a launch told.
func decodedOf(resource string) string {
	return strings.Replace(resource, "/resources/quiz?", "/decoded?", 1)
}

// A launch is the browser's in which it was opened.
func TestLaunchIsBound(t *testing.T) {
	w := newWorld(t)
	one, two := w.opened(), w.opened()
	for _, address := range []string{one, two, decodedOf(one), one} { // side by side, and again
		if status := w.see(w.browser, address); status != http.StatusOK {
			t.Errorf("its own browser: %d", status)
		}
	}
	for _, address := range []string{one, decodedOf(one), decodedOf(two)} {
		if status := w.see(w.fresh(), address); status != http.StatusUnauthorized {
			t.Errorf("another browser: %d", status)
		}
	}
}

// Where no cookie comes back the address is good for a few minutes.
func TestLaunchWithoutCookies(t *testing.T) {
	w := newWorld(t)
	bound, unbound := w.opened(), w.opened()
	if status := w.see(w.browser, bound); status != http.StatusOK {
		t.Errorf("with cookies: %d", status)
	}
	blocked := w.fresh()
	for _, address := range []string{unbound, decodedOf(unbound)} {
		if status := w.see(blocked, address); status != http.StatusOK {
			t.Errorf("without cookies: %d", status)
		}
	}
	now := time.Now().Add(unboundLife + time.Second)
	w.tool.c.Now = func() time.Time { return now }
	if status := w.see(blocked, decodedOf(unbound)); status != http.StatusUnauthorized {
		t.Errorf("without cookies, later: %d", status)
	}
	if status := w.see(w.browser, bound); status != http.StatusOK {
		t.Errorf("with cookies, later: %d", status)
	}
	now = time.Now().Add(launchLife + time.Second)
	if status := w.see(w.browser, bound); status != http.StatusUnauthorized {
		t.Errorf("when it is over: %d", status)
	}
}

// A login is read from one place, and nothing in it may come twice.
func TestLoginParameters(t *testing.T) {
	w := newWorld(t)
	good := url.Values{"iss": {issuer}, "login_hint": {"h"}, "target_link_uri": {w.tool.TargetURL("quiz")}, "client_id": {"one"}, "lti_deployment_id": {"d1"}}
	ask := func(query, form url.Values) (int, string) {
		var r *http.Response
		var err error
		if form == nil {
			r, err = w.browser.Get(w.server.URL + "/login?" + query.Encode())
		} else {
			r, err = w.browser.PostForm(w.server.URL+"/login?"+query.Encode(), form)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body) // a short page has no rule
		return r.StatusCode, rule(string(b))
	}
	for name := range good {
		twice := url.Values{}
		for k, v := range good {
			twice[k] = v
		}
		twice[name] = append([]string{good.Get(name)}, good.Get(name))
		if status, broken := ask(twice, nil); status != http.StatusBadRequest || broken != "login.twice" {
			t.Errorf("%s twice by GET: %d %s", name, status, broken)
		}
		if status, broken := ask(nil, twice); status != http.StatusBadRequest || broken != "login.twice" {
			t.Errorf("%s twice by POST: %d %s", name, status, broken)
		}
	}
	if status, _ := ask(url.Values{"iss": {"https://other.example"}, "lti_deployment_id": {"d9"}, "x": {"1"}}, good); status != http.StatusFound {
		t.Errorf("an address that says something else: %d", status)
	}
	if status, broken := ask(good, url.Values{"login_hint": {"h"}}); status != http.StatusBadRequest || broken != "login.iss" {
		t.Errorf("parameters in the address of a POST: %d %s", status, broken)
	}
	odd := url.Values{"x": {"1", "2"}}
	for k, v := range good {
		odd[k] = v
	}
	if status, _ := ask(odd, nil); status != http.StatusFound {
		t.Errorf("what nobody reads comes twice: %d", status)
	}
}

var kept = regexp.MustCompile(`key = "lti_state_([^"]*)", value = "([^"]*)"`)

// What the platform's storage kept opens the launch once, and not when the login is
// over.
func TestStorageInTime(t *testing.T) {
	for name, late := range map[string]time.Duration{"in time": 0, "too late": loginLife + time.Second} {
		w := newWorld(t)
		v := url.Values{"iss": {issuer}, "login_hint": {"h"}, "target_link_uri": {w.tool.TargetURL("quiz")}, "lti_storage_target": {"_parent"}}
		r, err := w.browser.Get(w.server.URL + "/login?" + v.Encode())
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(r.Body) // a short page fails below
		r.Body.Close()
		m := kept.FindStringSubmatch(string(page))
		if m == nil {
			t.Fatalf("no key and value in %s", page)
		}
		login := w.pending(m[1])
		w.browser = w.fresh() // cookies are blocked
		if status, body, _ := w.post(url.Values{"state": {m[1]}, "id_token": {w.sign(w.claims(login.Nonce))}}); status != http.StatusOK {
			t.Fatalf("%d %s", status, rule(body))
		}
		began := time.Now()
		w.tool.c.Now = func() time.Time { return began.Add(late) }
		want := http.StatusSeeOther
		if late > 0 {
			want = http.StatusUnauthorized
		}
		for i, want := range []int{want, http.StatusUnauthorized} {
			r, err := w.browser.PostForm(w.server.URL+"/launch/stored", url.Values{"state": {m[1]}, "proof": {m[2]}})
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
			if r.StatusCode != want {
				t.Errorf("%s, posted %d times: %s, want %d", name, i+1, r.Status, want)
			}
		}
	}
}

// Logins beyond the maximum push out the oldest, however many come.
func TestLoginsAreBounded(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	const few = 100
	w.tool.pending = lti.NewExpiring[pending](w.tool.c.Store, loginsKept, few)
	for i := range few + 10 {
		if err := w.tool.pending.Put(t.Context(), "filler-"+strconv.Itoa(i), pending{}, now, now.Add(loginLife)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := w.tool.c.Store.Count(t.Context(), loginsKept); err != nil || n != few {
		t.Errorf("%d logins are kept, %v", n, err)
	}
	if status := w.see(w.browser, w.opened()); status != http.StatusOK {
		t.Errorf("a launch when all is full: %d", status)
	}
}

// The keys of a platform that is away are no reason to tell where they are.
func TestErrorsTellNothing(t *testing.T) {
	w := newWorld(t)
	w.tool.c.Platforms[0].JWKSURL = "http://127.0.0.1:1/keys"
	w.tool.verifiers[w.tool.c.Platforms[0].key()] = w.tool.c.Verifier(w.tool.c.Platforms[0])
	_, q := w.login(nil)
	_, body, _ := w.post(url.Values{"state": {q.Get("state")}, "id_token": {w.sign(w.claims(q.Get("nonce")))}})
	if rule(body) != "token.keys" || strings.Contains(body, "127.0.0.1:1") || strings.Contains(body, "dial") {
		t.Errorf("%s", body)
	}
}
