package harness

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A request that is broken off arrives as far as it was sent, over plain connections and TLS,
// and is not sent again.
func TestBrokenOff(t *testing.T) {
	type heard struct {
		body  string
		whole bool
	}
	for name, serve := range map[string]func(http.Handler) *httptest.Server{"plain": httptest.NewServer, "TLS": httptest.NewTLSServer} {
		came := make(chan heard, 8)
		server := serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			came <- heard{string(body), err == nil}
			<-r.Context().Done() // whoever sent it has left
		}))
		c := &client{http: server.Client(), budgets: DefaultBudgets, recorder: &recorder{redactor: testRedactor(t)}}
		send := func(cut Cut) (*Response, heard) {
			t.Helper()
			r := c.do(t.Context(), Request{Method: http.MethodPut, URL: server.URL, Auth: AuthNone, Body: []byte(strings.Repeat("x", 400)), Cut: cut,
				Repeatable: true}, nil)
			return r, <-came
		}
		if r, got := send(CutBody); got.whole || len(got.body) < 150 || len(got.body) > 200 || r.Problem == "" || r.Unreachable || r.Status != 0 {
			t.Errorf("%s, in the midst of the body: %d bytes came, whole is %v; %q", name, len(got.body), got.whole, r.Problem)
		}
		if r, got := send(CutAnswer); !got.whole || len(got.body) != 400 || r.Problem == "" || r.Unreachable || r.Status != 0 {
			t.Errorf("%s, before the answer: %d bytes came, whole is %v; %q", name, len(got.body), got.whole, r.Problem)
		}
		server.Close()
		if len(came) > 0 {
			t.Errorf("%s: something was sent again", name)
		}
		if r := c.do(t.Context(), Request{Method: http.MethodPut, URL: server.URL, Auth: AuthNone, Body: []byte("xx"), Cut: CutBody}, nil); !r.Unreachable {
			t.Errorf("%s, where nobody listens: %q", name, r.Problem)
		}
	}
}
