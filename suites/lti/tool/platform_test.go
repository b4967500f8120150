package tool

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// platformTarget is a target file for a platform of Rollcall's at any port.
func platformTarget(t *testing.T, login string) *harness.Target {
	t.Helper()
	text := "rollcall: 1\nname: Tool\nprofiles: [" + Profile + "]\nlti:\n  listen: 127.0.0.1:0\n  public_url: http://127.0.0.1:1\n  client_id: c\n" +
		"  tool: {login_url: " + login + ", target_link_uri: https://tool.example/quiz}\n"
	target, err := harness.ParseTarget("target.yaml", []byte(text), os.LookupEnv, lti.New)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// Rollcall's own platform sends browsers to the tool alone.
func TestAnswersGoToTheTool(t *testing.T) {
	target := platformTarget(t, "https://login.tool.example/in")
	for _, test := range []struct {
		name       string
		registered []string
		asked      []string // one after the other, at one platform
		answered   []bool
	}{
		{"a registered host", []string{"https://launch.tool.example/launch"}, []string{"https://launch.tool.example/launch", "https://tool.example/quiz"}, []bool{true, true}},
		{"a stranger", []string{"https://launch.tool.example/launch"}, []string{"https://stranger.example/x"}, []bool{false}},
		{"none is registered", nil, []string{"https://other.tool.example/launch", "https://stranger.example/x", "https://other.tool.example/b"}, []bool{true, false, true}},
		{"no address", nil, []string{"", "/launch", "javascript:alert(1)", "https://tool.example/quiz"}, []bool{false, false, false, true}},
	} {
		lti.Of(target).Tool.RedirectURIs = test.registered
		p, err := start(t.Context(), *lti.Of(target))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.close)
		for i, redirect := range test.asked {
			a, _ := p.begin(Launch{User: "learner"})
			rec := httptest.NewRecorder()
			q := url.Values{"login_hint": {a.hint}, "redirect_uri": {redirect}, "nonce": {"n"}, "state": {"s"}}
			p.handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/auth?"+q.Encode(), nil))
			if got := rec.Code == http.StatusOK && strings.Contains(rec.Body.String(), "id_token"); got != test.answered[i] {
				t.Errorf("%s: %q: %d %s", test.name, redirect, rec.Code, rec.Body)
			}
		}
	}
}

// TestServicesAnswer: what the claims of services name is there for whoever has a token,
// and for nobody else.
func TestServicesAnswer(t *testing.T) {
	target := platformTarget(t, "https://tool.example/in")
	p, err := start(t.Context(), *lti.Of(target))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	handler := p.handler()
	do := func(method, path, token, media, body string) (int, string) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		return rec.Code, rec.Body.String()
	}
	grant := func(scope string) string {
		form := url.Values{"grant_type": {"client_credentials"}, "client_assertion": {"a.b.c"}, "scope": {scope}}
		code, body := do("POST", "/token", "", "application/x-www-form-urlencoded", form.Encode())
		_, rest, _ := strings.Cut(body, `"access_token":"`)
		token, _, _ := strings.Cut(rest, `"`)
		if code != http.StatusOK || token == "" {
			t.Fatalf("a token for %s: %d %s", scope, code, body)
		}
		return token
	}
	members, items := grant(nrpsScope+" https://elsewhere.example/scope"), grant(agsScope+"lineitem "+agsScope+"score")
	for _, x := range []struct {
		method, path, token, body string
		code                      int
		holds                     string
	}{
		{"GET", "/services/members?course=1", "", "", http.StatusUnauthorized, "invalid_token"},
		{"GET", "/services/members?course=1", items, "", http.StatusForbidden, "insufficient_scope"},
		{"GET", "/services/members?course=1", members, "", http.StatusOK, "u-learner-7f3a"},
		{"GET", "/services/members?role=Instructor", members, "", http.StatusOK, "u-teacher-19bc"},
		{"GET", "/services/lineitems?course=1", items, "", http.StatusOK, "[]"},
		{"POST", "/services/lineitems", items, `{"label":"Quiz","scoreMaximum":10}`, http.StatusCreated, "/services/lineitems/"},
		{"POST", "/services/lineitems", items, `no JSON`, http.StatusBadRequest, "can't be read"},
		{"GET", "/services/lineitems/none", items, "", http.StatusNotFound, ""},
	} {
		if code, body := do(x.method, x.path, x.token, "application/json", x.body); code != x.code || !strings.Contains(body, x.holds) {
			t.Errorf("%s %s: %d %s, want %d and %q", x.method, x.path, code, body, x.code, x.holds)
		}
	}
	if code, body := do("POST", "/token", "", "application/x-www-form-urlencoded", "grant_type=client_credentials&client_assertion=a.b.c&scope=all"); code != http.StatusBadRequest || !strings.Contains(body, "invalid_scope") {
		t.Errorf("a token for nothing: %d %s", code, body)
	}
}
