package harness

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// seen is a server that writes down what it was sent, and answers 200.
type seen struct {
	*httptest.Server
	mu      sync.Mutex
	headers []http.Header
	bodies  []string
}

func newSeen(t *testing.T, start func(http.Handler) *httptest.Server) *seen {
	s := &seen{}
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 1<<10)
		n, _ := r.Body.Read(body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.headers, s.bodies = append(s.headers, r.Header.Clone()), append(s.bodies, string(body[:n]))
	}))
	t.Cleanup(s.Close)
	return s
}

// whole renders everything that came.
func (s *seen) whole() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for i, h := range s.headers {
		_ = h.Write(&b)
		b.WriteString(s.bodies[i])
	}
	return b.String()
}

// TestCredentialsGoToNamedOriginsOnly sends every kind of credential to a target
// whose answers lead elsewhere: to another port of its host, to plain http, and by
// addresses in its payloads. Nothing of it may arrive there, and all of it at home.
func TestCredentialsGoToNamedOriginsOnly(t *testing.T) {
	other := newSeen(t, httptest.NewServer) // same host, another port, plain http
	home := newSeen(t, httptest.NewTLSServer)
	inner := home.Config.Handler
	home.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r)
		if to := r.URL.Query().Get("to"); to != "" {
			w.Header().Set("Location", to)
			status, _ := strconv.Atoi(cmp.Or(r.URL.Query().Get("as"), "302"))
			w.WriteHeader(status)
		}
	})
	target := &Target{sections: []Section{&toySection{}}, Headers: map[string]string{"X-Api-Key": "key-of-the-gateway"}}
	toyOf(target).First = home.URL + "/v1p2"
	toyOf(target).Auth.TokenURL = home.URL + "/token"
	c := testClient(t, tight)
	c.budgets.Request = 20 * time.Second
	c.http = home.Client()
	c.origins = target.origins()
	c.headers.Set("X-Api-Key", target.Headers["X-Api-Key"])
	c.token = func(context.Context, []string) (string, error) { return "bearer-of-the-session", nil }
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("client:secret"))
	secrets := []string{"key-of-the-gateway", "bearer-of-the-session", basic, "cookie-of-a-user", "secret-in-a-form"}

	for name, r := range map[string]Request{
		"bearer token, redirected":    {URL: home.URL + "/v1p2/orgs?to=" + other.URL + "/orgs", Follow: true},
		"Basic, redirected":           {URL: home.URL + "/v1p2/orgs?to=" + other.URL + "/orgs", Follow: true, Auth: AuthNone, Header: http.Header{"authorization": {basic}}},
		"cookie, redirected":          {URL: home.URL + "/v1p2/orgs?to=" + other.URL + "/orgs", Follow: true, Auth: AuthNone, Header: http.Header{"Cookie": {"s=cookie-of-a-user"}}},
		"form, redirected by 307":     {Method: "POST", URL: home.URL + "/token?as=307&to=" + other.URL + "/token", Follow: true, Auth: AuthNone, Secret: true, Body: []byte("client_secret=secret-in-a-form")},
		"bearer token, by an address": {URL: other.URL + "/orgs?offset=100"},
		"Basic, by an address":        {URL: other.URL + "/orgs", Auth: AuthNone, Header: http.Header{"Authorization": {basic}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.do(context.Background(), r, nil)
			if got.Problem != "" {
				t.Fatalf("problem: %s", got.Problem)
			}
			for _, secret := range secrets {
				if strings.Contains(other.whole(), secret) {
					t.Errorf("%q went to %s:\n%s", secret, other.URL, other.whole())
				}
			}
			if strings.Contains(name, "307") {
				if got.Status != 307 || len(other.headers) > 0 && strings.Contains(other.whole(), "client_secret") {
					t.Errorf("a form with a secret was sent on: %d", got.Status)
				}
				return
			}
			if !got.Withheld || !strings.Contains(got.Summary(), "asked without credentials: the target file names no address at "+other.URL) {
				t.Errorf("nothing tells that credentials were left out: %s", got.Summary())
			}
		})
	}
	for _, secret := range secrets {
		if !strings.Contains(home.whole(), secret) {
			t.Errorf("%q did not reach the target itself", secret)
		}
	}
	back := c.do(context.Background(), Request{URL: home.URL + "/v1p2/orgs?to=" + home.URL + "/v1p2/orgs/", Follow: true}, nil)
	if back.Withheld || len(back.Redirects) != 1 {
		t.Errorf("a redirect within the target's own origin: %+v", back)
	}
}

func TestOrigin(t *testing.T) {
	for address, want := range map[string]string{
		"https://SIS.example/v1p2":     "https://sis.example:443",
		"https://sis.example:443":      "https://sis.example:443",
		"https://sis.example:8443/x":   "https://sis.example:8443",
		"http://sis.example":           "http://sis.example:80",
		"http://[::1]:9000/orgs":       "http://::1:9000",
		"/orgs":                        "",
		"mailto:someone@sis.example":   "",
		"https://sis.example@evil.org": "https://evil.org:443",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := origin(u); got != want {
			t.Errorf("%s is of origin %q, want %q", address, got, want)
		}
	}
}
