package tool

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Rollcall's own platform sends browsers to the tool alone.
func TestAnswersGoToTheTool(t *testing.T) {
	target := &harness.Target{LTI: harness.LTI{Listen: "127.0.0.1:0", PublicURL: "http://127.0.0.1:1", ClientID: "c", Deployments: []string{"1"},
		Tool: harness.LTITool{LoginURL: "https://login.tool.example/in", TargetLinkURI: "https://tool.example/quiz"}}}
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
		target.LTI.Tool.RedirectURIs = test.registered
		p, err := start(t.Context(), target)
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
