package harness

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

// TestLostAnswersAreAskedForOnceMore has the first answers get lost between the
// product and the judge.
func TestLostAnswersAreAskedForOnceMore(t *testing.T) {
	t.Parallel()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	broken := func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			connection.Close()
		}
	}
	for name, c := range map[string]struct {
		request  Request
		answers  []http.HandlerFunc // the last for ever
		status   int
		asked    int
		observed int
	}{
		"502, then good":             {Request{}, []http.HandlerFunc{status(502), status(200)}, 200, 2, 1},
		"503, then good, to HEAD":    {Request{Method: "HEAD"}, []http.HandlerFunc{status(503), status(200)}, 200, 2, 1},
		"504, then not found":        {Request{}, []http.HandlerFunc{status(504), status(404)}, 404, 2, 1},
		"a broken one, then good":    {Request{}, []http.HandlerFunc{broken, status(200)}, 200, 2, 1},
		"503 for ever":               {Request{}, []http.HandlerFunc{status(503)}, 503, 2, 0},
		"broken for ever":            {Request{}, []http.HandlerFunc{broken}, 0, 2, 0},
		"500 is the product's own":   {Request{}, []http.HandlerFunc{status(500), status(200)}, 500, 1, 0},
		"POST is not safe to repeat": {Request{Method: "POST"}, []http.HandlerFunc{status(502), status(200)}, 502, 1, 0},
		"DELETE finds nothing then":  {Request{Method: "DELETE"}, []http.HandlerFunc{status(502), status(404)}, 502, 1, 0},
		"a POST for a token":         {Request{Method: "POST", Repeatable: true}, []http.HandlerFunc{status(502), status(200)}, 200, 2, 1},
		"a check that judges 503":    {Request{Once: true}, []http.HandlerFunc{status(503), status(200)}, 503, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var counted atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.answers[min(int(counted.Add(1))-1, len(c.answers)-1)](w, r)
			}))
			defer server.Close()
			budgets := tight
			budgets.Request = 20 * time.Second
			client := testClient(t, budgets)
			client.http.Transport.(*http.Transport).DisableKeepAlives = true // else Go itself repeats what a kept connection lost
			c.request.URL, c.request.Auth = server.URL+"/orgs?limit=2", AuthNone
			keep := &keeper{check: "c"}
			got := client.do(context.Background(), c.request, keep)
			asked := int(counted.Load())
			if got.Status != c.status || asked != c.asked || got.Unreachable {
				t.Errorf("got %s after %d requests", got.Summary(), asked)
			}
			list := client.observed.take()
			if len(list) != c.observed {
				t.Fatalf("observed %+v", list)
			}
			if c.observed > 0 {
				if o := list[0]; o.Kind != "flaky" || o.Count != 1 || len(o.Exchanges) != 1 || !strings.Contains(o.Places[0], "/orgs?limit=2: first ") {
					t.Errorf("observed %+v", o)
				}
			}
			if len(client.observed.take()) != 0 {
				t.Error("what was handed on once is handed on again")
			}
		})
	}
}

// TestBreaksOnKeptConnectionsAreTold: Go's client asks again by itself where a connection
// that was used before breaks.
func TestBreaksOnKeptConnectionsAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		scheme   func(*httptest.Server)
		breaks   int           // in a row, from the second request on
		idle     time.Duration // before the request that meets them
		method   string
		observed int
	}{
		"none":                  {(*httptest.Server).Start, 0, 0, "GET", 0},
		"one":                   {(*httptest.Server).Start, 1, 0, "GET", 1},
		"one, of a HEAD":        {(*httptest.Server).Start, 1, 0, "HEAD", 1},
		"one, in TLS":           {(*httptest.Server).StartTLS, 1, 0, "GET", 1},
		"after a long rest":     {(*httptest.Server).Start, 1, restOfConnection + 200*time.Millisecond, "GET", 0},
		"a redirect of a route": {(*httptest.Server).Start, 0, 0, "REDIRECT", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var counted atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/moved" {
					http.Redirect(w, r, "/here", http.StatusFound)
					return
				}
				if n := int(counted.Add(1)); n > 1 && n <= 1+c.breaks {
					panic(http.ErrAbortHandler)
				}
			}))
			c.scheme(server)
			defer server.Close()
			client := testClient(t, Budgets{Request: patient, Body: 1 << 20, Redirects: 3, Patience: time.Second})
			if server.TLS != nil {
				client.http.Transport = newTransport(server.Client().Transport.(*http.Transport).TLSClientConfig)
			}
			method, path := c.method, "/here"
			if method == "REDIRECT" {
				method, path = "GET", "/moved"
			}
			for i := range 3 {
				if i == 1 {
					time.Sleep(c.idle)
				}
				got := client.do(context.Background(), Request{Method: method, URL: server.URL + path, Auth: AuthNone, Follow: true}, &keeper{check: "c"})
				if got.Status != 200 {
					t.Fatal(got.Summary())
				}
			}
			seen := 0
			for _, o := range client.observed.take() {
				seen += o.Count
				if o.Kind != observedFlaky || !strings.Contains(o.Places[0], ": first a broken connection, then 200 OK") || o.Exchanges[0] == "" {
					t.Errorf("observed %+v", o)
				}
			}
			if seen != c.observed {
				t.Errorf("observed %d times, %d breaks", seen, c.breaks)
			}
		})
	}
}

// TestObservationsAreBounded adds up what many processes saw of a target that is
// always flaky.
func TestObservationsAreBounded(t *testing.T) {
	var sum []reports.Observation
	for range 300 {
		var o observed
		for i := range 10 {
			o.add(observedFlaky, fmt.Sprint(i)+strings.Repeat("x", 1000*i), "e")
		}
		o.add(observedBusy, "GET y", "")
		sum = addObservations(sum, o.take()...)
	}
	if len(sum) != 2 || sum[0].Count != 3000 || sum[1].Count != 300 || len(sum[0].Places) > maxPlaces || len(sum[0].Places[7]) > maxPlace+3 || len(sum[0].Exchanges) != 1 {
		t.Errorf("got %+v", sum)
	}
}
