package bend

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// page answers with its path, by a policy, and refuses what lies below /no.
var page = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "script-src 'none'")
	if strings.HasPrefix(r.URL.Path, "/no") {
		w.WriteHeader(http.StatusForbidden)
	}
	_, _ = w.Write([]byte(r.URL.Path))
})

// A wrapper bends what it is for, and leaves all others as they were.
func TestWrappers(t *testing.T) {
	loud := Rewritten(strings.ToUpper)
	teapot := Refused(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, test := range []struct {
		name    string
		wrapper Wrapper
		path    string
		status  int
		body    string
		policy  bool
	}{
		{"at, there", At("/a", loud), "/a", 200, "/A", false},
		{"at, below it", At("/a", loud), "/a/b", 200, "/a/b", true},
		{"below, there", Below("/a/", loud), "/a/b", 200, "/A/B", false},
		{"below, the folder itself", Below("/a/", loud), "/a", 200, "/a", true},
		{"a status is kept", At("/no", loud), "/no", 403, "/NO", false},
		{"refused", At("/no", teapot), "/no", 418, "", false},
		{"not refused", At("/a", teapot), "/a", 200, "/a", true},
	} {
		rec := Answered(test.wrapper(page), httptest.NewRequest(http.MethodGet, test.path, nil))
		if policy := rec.Header().Get("Content-Security-Policy") != ""; rec.Code != test.status || rec.Body.String() != test.body || policy != test.policy {
			t.Errorf("%s: %d %q, a policy: %t", test.name, rec.Code, rec.Body, policy)
		}
	}
}
