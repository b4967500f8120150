package harness

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

// counter is a target without a network, so that its time can be a clock of the
// test's own.
type counter struct {
	mu     sync.Mutex
	came   []time.Time
	answer func(n int, now time.Time) (int, http.Header)
}

func (s *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came = append(s.came, time.Now())
	status, header := s.answer(len(s.came), time.Now())
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("{}")), Request: r, Proto: "HTTP/1.1"}, nil
}

// paced gives a client of s that shares it with others.
func paced(t *testing.T, s *counter, share int) *client {
	c := testClient(t, DefaultBudgets)
	c.http = &http.Client{Transport: s}
	c.paces.share = share
	return c
}

func get(ctx context.Context, c *client) *Response {
	return c.do(ctx, Request{URL: "http://sis.example/orgs", Auth: AuthNone}, nil)
}

// TestImpossibleWaitsAreBounded answers with times that no clock can hold. One
// overflowed once, and brought 114,000 requests in 30 s.
func TestImpossibleWaitsAreBounded(t *testing.T) {
	for _, after := range []string{"99999999999999999999", "9223372036", "-1", "NaN", "0", "", "Sun, 01 Mar 2099 11:00:00 GMT", "86401"} {
		t.Run(after, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &counter{answer: func(int, time.Time) (int, http.Header) { return 429, headers("Retry-After: " + after) }}
				c := paced(t, s, 1)
				began := time.Now()
				for range 5000 {
					if got := get(t.Context(), c); !got.Unreachable || !strings.Contains(got.Problem, "429") {
						t.Fatalf("a target that is busy for ever gives %s", got.Summary())
					}
				}
				if len(s.came) > 40 {
					t.Errorf("%d requests in %s", len(s.came), time.Since(began))
				}
				if most := DefaultBudgets.Patience; time.Since(began) > most {
					t.Errorf("waited for %s, more than %s", time.Since(began), most)
				}
			})
		})
	}
}

func TestNamedWaitsAreKept(t *testing.T) {
	for said, want := range map[string]time.Duration{
		"Retry-After: 37":                            37 * time.Second,
		"RateLimit: \"default\";r=0;t=12":            12 * time.Second,
		"X-RateLimit-Reset: 12":                      time.Second, // nothing says that none are left
		"Retry-After: Sat, 01 Jan 2000 00:02:00 GMT": 2 * time.Minute,
	} {
		t.Run(said, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // whose clock begins with the year 2000
				s := &counter{answer: func(n int, _ time.Time) (int, http.Header) {
					if n == 1 {
						return 429, headers(said)
					}
					return 200, nil
				}}
				got := get(t.Context(), paced(t, s, 1))
				if got.Status != 200 || len(s.came) != 2 || s.came[1].Sub(s.came[0]).Round(time.Second) != want {
					t.Errorf("got %s after %v", got.Summary(), s.came)
				}
			})
		})
	}
}

// TestPolicyIsKeptBeforeAnythingIsRefused has two processes share a quota that the
// target tells and holds them to.
func TestPolicyIsKeptBeforeAnythingIsRefused(t *testing.T) {
	const quota, window = 20, time.Minute
	for name, tell := range map[string]func(left int, fresh time.Duration) http.Header{
		"as a policy": func(int, time.Duration) http.Header { return headers(`RateLimit-Policy: "default";q=20;w=60`) },
		"as what is left": func(left int, fresh time.Duration) http.Header {
			return headers("X-RateLimit-Limit: 20", fmt.Sprintf("X-RateLimit-Remaining: %d", left), fmt.Sprintf("X-RateLimit-Reset: %d", int(fresh.Seconds())+1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refused, used, began := 0, 0, time.Now()
				s := &counter{answer: func(_ int, now time.Time) (int, http.Header) {
					if now.Sub(began) >= window {
						used, began = 0, now
					}
					fresh := window - now.Sub(began)
					if used++; used > quota {
						refused++
						return 429, headers(fmt.Sprintf("Retry-After: %d", int(fresh.Seconds())+1))
					}
					return 200, tell(quota-used, fresh)
				}}
				var group sync.WaitGroup
				start := time.Now()
				for range 2 {
					c := paced(t, s, 2)
					group.Go(func() {
						for range 50 {
							if got := get(t.Context(), c); got.Status != 200 {
								t.Errorf("got %s", got.Summary())
							}
							time.Sleep(50 * time.Millisecond)
						}
					})
				}
				group.Wait()
				if refused > 2 { // of two that ask at once for the last one left
					t.Errorf("%d of %d requests were refused", refused, len(s.came))
				}
				if took := time.Since(start); took > 6*window {
					t.Errorf("100 requests at 20 a minute took %s", took)
				}
			})
		})
	}
}

func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &counter{answer: func(int, time.Time) (int, http.Header) { return 429, headers("Retry-After: 3600") }}
		c := paced(t, s, 1)
		if got := get(t.Context(), c); !got.Unreachable || !strings.Contains(got.Problem, "1h0m0s") || !strings.Contains(got.Problem, "limits.patience") || len(s.came) != 1 {
			t.Errorf("got %s after %d requests", got.Summary(), len(s.came))
		}
		c = paced(t, s, 1)
		c.budgets.Patience = 2 * time.Hour
		s.answer = func(n int, _ time.Time) (int, http.Header) {
			if n == 2 {
				return 429, headers("Retry-After: 3600")
			}
			return 200, nil
		}
		if got := get(t.Context(), c); got.Status != 200 {
			t.Errorf("with patience for two hours: %s", got.Summary())
		}
	})
}

// TestInterruptedWaitIsNoEvidence ends a check while it waits.
func TestInterruptedWaitIsNoEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &counter{answer: func(int, time.Time) (int, http.Header) { return 429, headers("Retry-After: 60") }}
		session := &Session{client: paced(t, s, 1), redactor: testRedactor(t)}
		for name, before := range map[string]bool{"in the wait": false, "before the request": true} {
			h := NewT(session, Check{ID: "c", Requirements: []string{"a", "b"}})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			h.begin(ctx)
			if before {
				cancel()
			}
			got := h.Do(ctx, Request{URL: "http://sis.example/orgs", Auth: AuthNone})
			if !got.Unreachable || got.Problem == "" {
				t.Errorf("%s: the response counts: %s", name, got.Summary())
			}
			h.Assert("a", got.Status == 200, Finding{Expected: "200", Seen: got.Summary(), Responses: []*Response{got}})
			h.Assert("b", got.Status == 200, Finding{Expected: "200", Seen: got.Summary()}) // names no response
			results, findings := h.result()
			if len(findings) != 0 || results[0].Verdict != reports.Unknown || results[1].Verdict != reports.Unknown {
				t.Errorf("%s: %+v, %+v", name, results, findings)
			}
			cancel()
		}
	})
}
