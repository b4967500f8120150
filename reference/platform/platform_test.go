package platform

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
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

const (
	client   = "quizmaker"
	callback = "https://tool.example/callback"
	scope    = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
)

// world is a platform with a tool registered, and somebody's browser.
type world struct {
	t        *testing.T
	platform *Platform
	server   *httptest.Server
	keys     *security.Keys // of the tool
	browser  *http.Client
}

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
	w.platform, err = New(t.Context(), Config{Origin: w.server.URL, Tools: []Registration{{ClientID: client, Name: "Quiz", LoginURL: "https://tool.example/login", RedirectURIs: []string{callback},
		TargetURI: "https://tool.example/quiz", JWKSURL: published.URL, Deployments: []string{"d1", "d2"}, Custom: map[string]string{"who": "$User.id", "odd": "$No.such"}, Scopes: []string{scope}}}})
	if err != nil {
		t.Fatal(err)
	}
	handler = w.platform.Handler()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w.browser = &http.Client{Transport: w.server.Client().Transport, Jar: jar}
	return w
}

func (w *world) get(path string) (int, string) {
	w.t.Helper()
	r, err := w.browser.Get(w.server.URL + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

var field = regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`)

func fields(page string) url.Values {
	v := url.Values{}
	for _, m := range field.FindAllStringSubmatch(page, -1) {
		v.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return v
}

func (w *world) signIn(user string) {
	w.t.Helper()
	_, page := w.get("/")
	r, err := w.browser.PostForm(w.server.URL+"/signin", url.Values{"user": {user}, "token": {fields(page).Get("token")}})
	if err != nil {
		w.t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		w.t.Fatalf("signing in: %s", r.Status)
	}
}

// begin opens the first link of a course and gives what the tool is told.
func (w *world) begin(course string) url.Values {
	w.t.Helper()
	_, page := w.get("/courses/" + course)
	m := regexp.MustCompile(`/links/([^?"]*)\?as=same`).FindStringSubmatch(page)
	if m == nil {
		w.t.Fatalf("no link in %s", page)
	}
	_, page = w.get("/links/" + m[1] + "?as=same")
	return fields(page)
}

// request is a right authentication request.
func request(login url.Values) url.Values {
	return url.Values{"scope": {"openid"}, "response_type": {"id_token"}, "response_mode": {"form_post"}, "prompt": {"none"}, "client_id": {client}, "redirect_uri": {callback},
		"state": {"s&1"}, "nonce": {"n1"}, "login_hint": {login.Get("login_hint")}, "lti_message_hint": {login.Get("lti_message_hint")}}
}

func decode(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %q", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestLaunch(t *testing.T) {
	w := newWorld(t)
	teacher, student, parent, course := w.platform.People()
	subs := map[any]bool{}
	for user, role := range map[string]string{teacher: "Instructor", student: "Learner", parent: "Mentor"} {
		w.signIn(user)
		login := w.begin(course)
		if login.Get("iss") != w.server.URL || login.Get("client_id") != client || login.Get("lti_deployment_id") != "d1" || login.Get("target_link_uri") != "https://tool.example/quiz" {
			t.Errorf("login %v", login)
		}
		status, page := w.get("/auth?" + request(login).Encode())
		answer := fields(page)
		if status != http.StatusOK || answer.Get("state") != "s&1" || !strings.Contains(page, `action="`+callback+`"`) {
			t.Fatalf("%d: %s", status, page)
		}
		c := decode(t, answer.Get("id_token"))
		roles, _ := json.Marshal(c[lti.Namespace+"roles"])
		lis, _ := c[lti.Namespace+"lis"].(map[string]any)
		custom, _ := c[lti.Namespace+"custom"].(map[string]any)
		if c["nonce"] != "n1" || c["aud"] != client || !strings.Contains(string(roles), lti.Membership+role) || lis["person_sourcedid"] != user || lis["course_section_sourcedid"] != course ||
			custom["who"] != c["sub"] || custom["odd"] != "$No.such" {
			t.Errorf("claims of %s: %v", role, c)
		}
		if (c[lti.Namespace+"role_scope_mentor"] != nil) != (role == "Mentor") {
			t.Errorf("role_scope_mentor of %s: %v", role, c[lti.Namespace+"role_scope_mentor"])
		}
		subs[c["sub"]] = true
		// The same request once more.
		if _, page := w.get("/auth?" + request(login).Encode()); fields(page).Get("error") != "invalid_request" {
			t.Errorf("a hint is good twice: %s", page)
		}
		w.browser.Jar, _ = cookiejar.New(nil)
	}
	if len(subs) != 3 {
		t.Errorf("%d different subs", len(subs))
	}
}

// Each request that is wrong is refused in its way, and nothing goes to an address
// that is not registered.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	teacher, _, _, course := w.platform.People()
	w.signIn(teacher)
	for _, test := range []struct {
		name, value, want string // want: an OAuth error, or page
	}{
		{"client_id", "x", "page"}, {"client_id", "", "page"}, {"redirect_uri", "https://evil.example/", "page"}, {"redirect_uri", callback + "?x", "page"}, {"redirect_uri", "", "page"},
		{"response_type", "code", "unsupported_response_type"}, {"scope", "profile", "invalid_scope"}, {"response_mode", "query", "invalid_request"}, {"prompt", "login", "invalid_request"},
		{"nonce", "", "invalid_request"}, {"state", "", "invalid_request"}, {"login_hint", "", "invalid_request"}, {"login_hint", "x", "access_denied"}, {"lti_message_hint", "x", "invalid_request"},
	} {
		q := request(w.begin(course))
		if q.Set(test.name, test.value); test.value == "" {
			q.Del(test.name)
		}
		status, page := w.get("/auth?" + q.Encode())
		answer := fields(page)
		if answer.Get("id_token") != "" {
			t.Errorf("%s=%s brings a token", test.name, test.value)
		}
		if test.want == "page" {
			if status != http.StatusBadRequest || strings.Contains(page, "<form") {
				t.Errorf("%s=%s: %d %s", test.name, test.value, status, page)
			}
			continue
		}
		if answer.Get("error") != test.want || test.name != "state" && answer.Get("state") != "s&1" {
			t.Errorf("%s=%s: %v, want %s", test.name, test.value, answer, test.want)
		}
	}
	q := request(w.begin(course))
	w.browser.Jar, _ = cookiejar.New(nil)
	if _, page := w.get("/auth?" + q.Encode()); fields(page).Get("error") != "login_required" {
		t.Errorf("without a session: %s", page)
	}
}

func TestForms(t *testing.T) {
	w := newWorld(t)
	teacher, _, _, _ := w.platform.People()
	for _, form := range []url.Values{{"user": {teacher}}, {"user": {teacher}, "token": {"made-up"}}} {
		r, err := w.browser.PostForm(w.server.URL+"/signin", form)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusForbidden {
			t.Errorf("a form from elsewhere: %s", r.Status)
		}
	}
	w.signIn(teacher)
	r, err := w.browser.PostForm(w.server.URL+"/signout", url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusForbidden {
		t.Errorf("signing out from elsewhere: %s", r.Status)
	}
	if status, _ := w.get("/courses/none"); status != http.StatusNotFound {
		t.Errorf("somebody else's course: %d", status)
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	now := time.Now().Unix()
	foreign, err := security.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ask := func(keys *security.Keys, changes map[string]any, form map[string]string) (int, map[string]any) {
		t.Helper()
		n++
		claims := map[string]any{"iss": client, "sub": client, "aud": w.platform.TokenURL(), "iat": now, "exp": now + 60, "jti": string(rune('a' + n))}
		for k, v := range changes {
			if claims[k] = v; v == nil {
				delete(claims, k)
			}
		}
		assertion, err := keys.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		v := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}, "scope": {scope + " x"}}
		for k, x := range form {
			v.Set(k, x)
		}
		r, err := w.browser.PostForm(w.server.URL+"/token", v)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var out map[string]any
		if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, out
	}
	if status, token := ask(w.keys, nil, nil); status != http.StatusOK || token["scope"] != scope || token["token_type"] != "Bearer" || token["access_token"] == "" {
		t.Errorf("%d %v", status, token)
	}
	if status, token := ask(w.keys, map[string]any{"aud": []string{w.platform.TokenURL()}}, nil); status != http.StatusOK {
		t.Errorf("aud as a list: %d %v", status, token)
	}
	ask(w.keys, map[string]any{"jti": "twice"}, nil)
	for _, test := range []struct {
		keys    *security.Keys
		changes map[string]any
		form    map[string]string
		want    string
	}{
		{foreign, nil, nil, "invalid_client"}, {w.keys, map[string]any{"aud": "https://x.example"}, nil, "invalid_client"}, {w.keys, map[string]any{"exp": now - 100}, nil, "invalid_client"},
		{w.keys, map[string]any{"jti": "twice"}, nil, "invalid_client"}, {w.keys, map[string]any{"jti": nil}, nil, "invalid_client"}, {w.keys, map[string]any{"iss": "x"}, nil, "invalid_client"},
		{w.keys, map[string]any{"exp": now + 90000}, nil, "invalid_client"}, {w.keys, map[string]any{"sub": "x"}, nil, "invalid_client"}, {w.keys, nil, map[string]string{"grant_type": "password"}, "unsupported_grant_type"},
		{w.keys, nil, map[string]string{"client_assertion_type": "x"}, "invalid_request"}, {w.keys, nil, map[string]string{"scope": "x"}, "invalid_scope"}, {w.keys, nil, map[string]string{"client_assertion": "a.b"}, "invalid_client"},
	} {
		if status, out := ask(test.keys, test.changes, test.form); status != http.StatusBadRequest || out["error"] != test.want {
			t.Errorf("%v %v: %d %v, want %s", test.changes, test.form, status, out, test.want)
		}
	}
}
