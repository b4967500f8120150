package harness

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func testClient(t *testing.T, b Budgets) *client {
	return &client{http: &http.Client{Transport: newTransport(nil)}, budgets: b, headers: http.Header{},
		recorder: &recorder{prefix: "x", redactor: testRedactor(t)}}
}

var tight = Budgets{Request: 300 * time.Millisecond, Body: 1 << 20, Redirects: 3, Patience: time.Second}

// patient is for what must come to its end by itself, however busy the machine is:
// nothing is told by how long it takes.
const patient = 10 * time.Minute

// TestHostileTargets runs the client into every kind of target that wants to
// hang or flood it.
func TestHostileTargets(t *testing.T) {
	t.Parallel()
	zipped := func(plain []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(plain)
		z.Close()
		return b.Bytes()
	}
	done := make(chan struct{})
	handlers := map[string]http.HandlerFunc{
		"no whole response within": func(w http.ResponseWriter, r *http.Request) { <-done },
		"longer than": func(w http.ResponseWriter, r *http.Request) {
			for chunk := bytes.Repeat([]byte("x"), 1<<16); ; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		},
		"unpacks to more than": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(zipped(bytes.Repeat([]byte("0"), 64<<20)))
		},
		"announced as gzip but is not": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write([]byte("plain text, longer than a gzip header"))
		},
		"was not offered": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			w.Write([]byte("x"))
		},
		"broke off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.Write([]byte("short"))
		},
		"redirects": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
	}
	for want, handler := range handlers {
		t.Run(want, func(t *testing.T) {
			server := httptest.NewServer(handler)
			budgets := tight
			if want != "no whole response within" {
				budgets.Request = patient
				if want == "unpacks to more than" {
					budgets.Body = 1 << 30
				}
			}
			c := testClient(t, budgets)
			got := c.do(context.Background(), Request{URL: server.URL + "/x", Auth: AuthNone, Follow: true}, &keeper{})
			if !strings.Contains(got.Problem, want) {
				t.Errorf("problem is %q, want it to name %q", got.Problem, want)
			}
			if got.Unreachable {
				t.Error("a target that answers wrongly is called unreachable")
			}
			server.CloseClientConnections()
			if want == "no whole response within" {
				close(done)
			}
			server.Close()
		})
	}
}

func TestBusyIsWaitedOut(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer server.Close()
	budgets := tight
	budgets.Request, budgets.Patience = patient, patient
	got := testClient(t, budgets).do(context.Background(), Request{URL: server.URL, Auth: AuthNone}, nil)
	if got.Status != 200 || got.Problem != "" {
		t.Errorf("got %s after %d requests", got.Summary(), asked.Load())
	}
}

func TestGoneTargetIsUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	got := testClient(t, tight).do(context.Background(), Request{URL: url, Auth: AuthNone}, nil)
	if !got.Unreachable || got.Problem == "" {
		t.Errorf("a closed port gives %+v", got)
	}
}

func TestGzipIsDecodedAndRedirectsAreSeen(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/from" {
			http.Redirect(w, r, "/login", http.StatusFound)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		z.Write([]byte(`{"orgs":[]}`))
		z.Close()
	}))
	defer server.Close()
	budgets := tight
	budgets.Request = patient
	c := testClient(t, budgets)
	if got := c.do(context.Background(), Request{URL: server.URL, Auth: AuthNone}, nil); string(got.Body) != `{"orgs":[]}` {
		t.Errorf("body is %q (%s)", got.Body, got.Problem)
	}
	if got := c.do(context.Background(), Request{URL: server.URL + "/from", Auth: AuthNone}, nil); got.Status != http.StatusFound {
		t.Errorf("a redirect that was not to be followed gives %d", got.Status)
	}
	k := &keeper{check: "c"}
	c.do(context.Background(), Request{URL: server.URL, Header: http.Header{"Authorization": {"Bearer tok-123456"}}, Auth: AuthNone}, k)
	kept, _ := k.exchanges(nil)
	if len(kept) != 1 || strings.Contains(kept[0].Curl, "tok-123456") {
		t.Errorf("evidence: %+v", kept)
	}
}

// TestBodiesBeyondBoundsAreLetGo has answers that are too long for the judge: what is
// kept of them is little, for a check may ask for many.
func TestBodiesBeyondBoundsAreLetGo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 64 {
			if _, err := w.Write(bytes.Repeat([]byte("a"), 1<<20)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	for _, most := range []int64{0, 2 << 20} {
		got := testClient(t, DefaultBudgets).do(t.Context(), Request{URL: server.URL, Auth: AuthNone, Most: most}, nil)
		if want := "longer than 32 MiB"; most == 0 && !strings.Contains(got.Problem, want) || most > 0 && !strings.Contains(got.Problem, "longer than 2 MiB") {
			t.Errorf("with at most %d: %q", most, got.Problem)
		}
		if !got.Beyond || !strings.Contains(got.Problem, "the most that Rollcall reads ("+BodyLimit+" raises it)") {
			t.Errorf("with at most %d it is called the target's: %q", most, got.Problem)
		}
		if len(got.Body) == 0 || cap(got.Body) > 128<<10 {
			t.Errorf("%d bytes are kept, in room for %d", len(got.Body), cap(got.Body))
		}
	}
}

// TestEndlessBodiesAreTheTargets has a body that goes on far beyond what Rollcall reads:
// no setting helps, and it is held against the target.
func TestEndlessBodiesAreTheTargets(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for chunk := bytes.Repeat([]byte(" "), 1<<20); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	budgets := DefaultBudgets
	budgets.Body = 1 << 20
	got := testClient(t, budgets).do(t.Context(), Request{URL: server.URL, Auth: AuthNone}, nil)
	if got.Beyond || !strings.Contains(got.Problem, "longer than 1 MiB, and goes on beyond 16 MiB") {
		t.Errorf("beyond %t: %q", got.Beyond, got.Problem)
	}
	if len(got.Body) > 128<<10 {
		t.Errorf("%d bytes are kept", len(got.Body))
	}
}
