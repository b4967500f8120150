package rostering

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/tools/daily"
)

// hostileAnswers are what a target may answer to anything.
var hostileAnswers = map[string]func(w http.ResponseWriter, r *http.Request){
	"nothing":       func(w http.ResponseWriter, _ *http.Request) { hangUp(w, -1) },
	"a reset":       func(w http.ResponseWriter, _ *http.Request) { hangUp(w, 0) },
	"an empty body": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) },
	"{}":            func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") },
	"[]":            func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "[]") },
	"HTML": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>Log in</title>")
	},
	"401": status(401), "404": status(404), "405": status(405), "500": status(500), "503": status(503),
	"429": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(429)
	},
	"a redirect to itself": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) },
	"a redirect elsewhere": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:9/elsewhere", http.StatusFound)
	},
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// hangUp ends a connection without an answer; linger 0 resets it.
func hangUp(w http.ResponseWriter, linger int) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := c.(*net.TCPConn); ok && linger >= 0 {
		_ = tcp.SetLinger(linger)
	}
	_ = c.Close()
}

// contentless are the requirements of level MUST that a target may keep that answers
// everything alike: they ask that something is not answered, or nothing of content.
var contentless = []string{
	"endpoint.base-path", "payload.json", "payload.utf8", "headers.content-type",
	"paging.limit-invalid-no-500", "paging.offset-invalid-no-500", "sort.no-500", "filter.no-500",
	"robustness.empty-parameter", "robustness.long-query", "robustness.hostile-input", "robustness.in-time",
	"transport.no-redirect",
	"errors.write-refused", "errors.server-error", "errors.unknown-route", "errors.no-internals", "errors.not-in-success",
	"token.issue", "token.json", "token.wrong-secret", "token.post-only", "token.unknown-scope", "token.no-store",
}

// TestAnyAnswer gives every check a target that answers each request alike, or that
// does right until some request and then answers all alike: no check may end in
// error, no requirement that needs content may pass, and what is wrong is told: by a
// failure, or by saying that the target could not be asked.
func TestAnyAnswer(t *testing.T) {
	t.Parallel()
	type scenario struct {
		name, answer string
		tokens       bool // the token endpoint works
		after        int64
	}
	var all []scenario
	for name := range hostileAnswers {
		all = append(all, scenario{name + " but for tokens", name, true, 0}, scenario{name + " to everything", name, false, 0}, scenario{name + " in the middle", name, true, 1})
	}
	slices.SortFunc(all, func(a, b scenario) int { return strings.Compare(a.name, b.name) })
	seed, _ := daily.Seed(t)
	random := rand.New(rand.NewPCG(seed, 3))
	if !daily.All() {
		// What is asked for once more takes a breath each time.
		all = slices.DeleteFunc(all, func(x scenario) bool {
			return x.after > 0 && slices.Contains([]string{"503", "nothing", "a reset"}, x.answer)
		})
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:6]
	}
	t.Logf("%s=%d repeats this sample", daily.EnvSeed, seed)
	for _, x := range all {
		if x.after > 0 {
			x.after = 20 + random.Int64N(400)
			x.name += fmt.Sprintf(" after %d", x.after)
		}
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := newProvider(t)
			right := s.answer
			var came atomic.Int64
			s.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
				if x.tokens && path == "/token" || came.Add(1) <= x.after {
					return right(w, r, path)
				}
				hostileAnswers[x.answer](w, r)
				return true
			}
			told(t, judged(t, s.fake, "limits: {request_timeout: 2s, patience: 1s}\n"), x.after == 0, x.tokens)
		})
	}
}

// told holds a report of such a target to what it has to say.
func told(t *testing.T, results map[string]reports.RequirementResult, alike, tokens bool) {
	t.Helper()
	failed, unknown := 0, 0
	for id, q := range results {
		switch q.Verdict {
		case reports.Error:
			t.Errorf("%s is an error: %s", id, q.Reason)
		case reports.Fail, reports.Warning:
			failed++
		case reports.Unknown:
			unknown++
		case reports.Pass:
			about := slices.Contains(contentless, id) || strings.HasPrefix(id, "endpoint.get-all-") || tokens && strings.HasPrefix(id, "token.")
			if alike && q.Level == reports.Must && !about {
				t.Errorf("%s is kept by a target that answers everything alike: %d looked at", id, q.Examined)
			}
		}
	}
	if failed == 0 && unknown == 0 {
		t.Error("nothing is failed, and nothing unknown")
	}
}
