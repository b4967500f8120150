package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
	ltitool "github.com/rollcall-edu/rollcall/suites/lti/tool"
	"github.com/rollcall-edu/rollcall/tools/daily"
)

// odd is an answer that a target can give to anything.
type odd struct {
	name   string
	answer http.HandlerFunc
}

// odds are the answers that nobody scripted.
func odds() []odd {
	says := func(status int, media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body) // the client may be gone
		}
	}
	out := []odd{
		{"closes", func(w http.ResponseWriter, _ *http.Request) { hangUp(w, false) }},
		{"resets", func(w http.ResponseWriter, _ *http.Request) { hangUp(w, true) }},
		{"never answers", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"200 and nothing", says(http.StatusOK, "text/html", "")},
		{"200 and {}", says(http.StatusOK, "application/json", "{}")},
		{"200 and []", says(http.StatusOK, "application/json", "[]")},
		{"200 and a page", says(http.StatusOK, "text/html", "<!doctype html><h1>Welcome</h1><p>Please choose a school.")},
		{"leads to itself", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.RequestURI(), http.StatusFound)
		}},
		{"leads elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.invalid/", http.StatusFound)
		}},
	}
	for _, status := range []int{401, 404, 405, 429, 500, 503} {
		out = append(out, odd{strconv.Itoa(status), says(status, "text/html", "<h1>"+http.StatusText(status)+"</h1>")})
	}
	return out
}

// hangUp ends a connection without an answer.
func hangUp(w http.ResponseWriter, reset bool) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if secure, is := c.(*tls.Conn); is && reset {
		c = secure.NetConn()
	}
	if plain, is := c.(*net.TCPConn); is && reset {
		_ = plain.SetLinger(0)
	}
	_ = c.Close() // either way it is gone
}

// front is a server before a reference, which answers some paths itself.
type front struct {
	origin string
	back   *url.URL
}

// inFront serves under a host; odd answers what is below the paths that are named.
func inFront(t *testing.T, own judgesSide, host string, o odd, below ...string) *front {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String()) // of ours
	f := &front{origin: "https://" + net.JoinHostPort(host, port)}
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.ContainsFunc(below, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) }) {
			o.answer(w, r)
			return
		}
		(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(f.back)
			p.Out.Host = r.Host
		}, ErrorLog: log.New(io.Discard, "", 0)}).ServeHTTP(w, r)
	})}
	go func() { _ = s.Serve(tls.NewListener(l, security.ServerTLS(own.made.Certificate))) }() // until it is closed
	t.Cleanup(func() { _ = s.Close() })
	return f
}

// listensAt notes where the reference behind it listens.
func (f *front) listensAt(t *testing.T, address string) {
	t.Helper()
	var err error
	if f.back, err = url.Parse("http://" + address); err != nil {
		t.Fatal(err)
	}
}

// oddCase is one part of a product that answers everything in one odd way.
type oddCase struct {
	part string
	odd  odd
	way  int // a number by which what is free is chosen
}

func (c oddCase) String() string { return c.part + " " + c.odd.name }

// sampled picks some cases by the day, or by ROLLCALL_SEED; ROLLCALL_MATRIX takes all.
func sampled(t *testing.T, parts []string, most int) []oddCase {
	t.Helper()
	var all []oddCase
	for _, part := range parts {
		for _, o := range odds() {
			all = append(all, oddCase{part, o, len(all)})
		}
	}
	if daily.All() {
		return all
	}
	seed, _ := daily.Seed(t)
	t.Logf("%s=%d repeats this sample", daily.EnvSeed, seed)
	var out []oddCase
	for _, i := range daily.Draw(seed, len(all), most) {
		out = append(out, all[i])
	}
	return out
}

// oddly runs cases side by side.
func oddly(t *testing.T, cases []oddCase, judged func(t *testing.T, c oddCase) *reports.Report, passes map[string][]string) {
	t.Helper()
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	for _, c := range cases {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			sideBySide <- struct{}{}
			defer func() { <-sideBySide }()
			began := time.Now()
			report := judged(t, c)
			holdsOdd(t, report, passes[c.part])
			t.Logf("%s, exit %d, %d broken", time.Since(began).Round(time.Second), report.Exit, len(broken(report)))
		})
	}
}

// holdsOdd holds a report on a product that answers oddly to what every report promises: the
// judge doesn't fail, what is broken is told, and told once, and nothing passes that wasn't
// there to be seen.
func holdsOdd(t *testing.T, report *reports.Report, passes []string) {
	t.Helper()
	accused, unclear := 0, 0
	verdicts := map[string]reports.Verdict{}
	for _, q := range report.Requirements {
		verdicts[q.ID] = q.Verdict
	}
	for _, q := range report.Requirements {
		switch q.Verdict {
		case reports.Error:
			t.Errorf("the judge failed: %s", story(q))
		case reports.Pass:
			if q.Level == reports.Must && !slices.ContainsFunc(passes, func(p string) bool { return matches(q.ID, p) }) {
				t.Errorf("%s passed, of a product that showed nothing", q.ID)
			}
		case reports.Fail, reports.Warning:
			accused++
			t.Log(story(q))
		case reports.Unknown:
			unclear++
		case reports.NotTested:
			switch b := q.Blame; {
			case b == nil:
				t.Errorf("%s is not tested for no reason: %s", q.ID, q.Reason)
			case b.Kind == reports.BlockedBy:
				if v := verdicts[b.Requirement]; v != reports.Fail && v != reports.Warning {
					t.Errorf("%s is blocked by %s, which is %q", q.ID, b.Requirement, v)
				}
			case b.Kind == reports.Configuration:
				unclear++
			}
		}
	}
	if accused+unclear == 0 {
		t.Error("nothing is broken, and nothing is missing")
	}
	if report.Exit == reports.ExitJudge {
		t.Errorf("exit %d: %v", report.Exit, report.Diagnoses)
	}
	if most := 4; accused > most {
		t.Errorf("%d accusations for one cause", accused)
	}
}

// TestToolOdd feeds every check of the suite for tools a tool that answers in ways nobody
// scripted: the whole of it, its login, its redirect URI, its pages.
func TestToolOdd(t *testing.T) {
	where := map[string][]string{"whole": {"/"}, "login": {"/login"}, "launch": {"/launch"}, "page": {"/resources"}}
	// A tool that answers anything at all has shown that it is up, and how it asks.
	asked := []string{ltitool.Prefix + "login.*", ltitool.Prefix + "auth.*", ltitool.Prefix + "browser.cookie*", ltitool.Prefix + "launch.stays-up"}
	oddly(t, sampled(t, []string{"whole", "login", "launch", "page"}, 5), func(t *testing.T, c oddCase) *reports.Report {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		marker := ""
		if c.way%2 == 0 || c.part == "page" { // some page is all that opens there: what tells it apart must be said
			marker = marked
		}
		text, stop := toolBehind(ctx, t, c.odd, marker, where[c.part]...)
		t.Cleanup(stop)
		return judgedBy(ctx, t, text, harness.Options{})
	}, map[string][]string{"launch": asked, "page": append(asked, ltitool.Prefix+"response.*")})
}

// TestToolBlind judges a tool whose every launch ends with one page that says nothing of
// itself: whether it was opened can't be told, and nothing is judged by it, with one reason.
func TestToolBlind(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	i := slices.IndexFunc(odds(), func(o odd) bool { return o.name == "200 and a page" })
	text, stop := toolBehind(ctx, t, odds()[i], "", "/launch")
	defer stop()
	focus := []string{ltitool.Prefix + "launch.learner", ltitool.Prefix + "launch.instructor", ltitool.Prefix + "refuse.signature"}
	reason := ""
	for _, q := range judgedBy(ctx, t, text, harness.Options{Focus: focus}).Requirements {
		if !slices.Contains(focus, q.ID) {
			continue
		}
		if q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Kind != reports.Configuration || !strings.Contains(q.Remedy, "lti.tool.launched") {
			t.Errorf("%s %s %s", story(q), q.Reason, q.Remedy)
		}
		if reason == "" {
			reason = q.Reason
		}
		if q.Reason != reason {
			t.Errorf("%s has a reason of its own: %s; the other: %s", q.ID, q.Reason, reason)
		}
	}
	t.Log(reason)
}

// toolBehind serves the reference tool behind a server that answers some paths oddly, and
// gives the target file by which it is judged.
func toolBehind(ctx context.Context, t *testing.T, o odd, marker string, below ...string) (text string, stop func()) {
	t.Helper()
	own := judgeSide(t, "platform.localhost")
	f := inFront(t, own, "tool.localhost", o, below...)
	one := tool.Platform{Issuer: own.origin, ClientID: "rollcall-client", AuthURL: own.origin + "/auth", TokenURL: own.origin + "/token", JWKSURL: own.origin + "/jwks",
		Deployments: []string{"dep-1", "dep-2"}}
	listen := freePort(t)
	s, err := district.StartTool(ctx, district.ToolOptions{Listen: listen, Origin: f.origin, TrustPEM: own.made.AuthorityPEM, Platforms: []tool.Platform{one}})
	if err != nil {
		t.Fatal(err)
	}
	f.listensAt(t, listen)
	return hurried(toolText(s, own, catalogue.Strict, marker, "")), func() { _ = s.Close() }
}

// TestPlatformOdd feeds every check of the suite for platforms a platform that answers in
// ways nobody scripted, where its pages can be used: its authorization endpoint, its keys,
// its token endpoint, its links.
func TestPlatformOdd(t *testing.T) {
	where := map[string]string{"authorization": "/auth", "keys": "/jwks", "tokens": "/token", "links": "/links"}
	// What has no part in the odd endpoint is judged elsewhere.
	focus := map[string][]string{"keys": {"keys.*", "token.kid-published", "token.signature"}, "tokens": {"access.*"}}
	passes := map[string][]string{"authorization": {ltiplatform.Prefix + "login.*", ltiplatform.Prefix + "keys.*", ltiplatform.Prefix + "access.*"},
		"links": {ltiplatform.Prefix + "keys.*", ltiplatform.Prefix + "access.*"}}
	oddly(t, sampled(t, []string{"authorization", "keys", "tokens", "links"}, 6), func(t *testing.T, c oddCase) *reports.Report {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		own := judgeSide(t, "tool.localhost")
		f := inFront(t, own, "platform.localhost", c.odd, where[c.part])
		listen := freePort(t)
		p, err := district.StartPlatform(ctx, district.PlatformOptions{Listen: listen, Origin: f.origin, TrustPEM: own.made.AuthorityPEM, Tools: ownRegistrations(own.origin)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		f.listensAt(t, listen)
		var ids []string
		for _, id := range focus[c.part] {
			ids = append(ids, ltiplatform.Prefix+id)
		}
		return judgedBy(ctx, t, hurried(platformText(p, own, catalogue.Strict)), harness.Options{Focus: ids})
	}, passes)
}

// hurried has a target file wait no longer than a test can.
func hurried(text string) string {
	return strings.Replace(text, "launch_timeout: 6s", fmt.Sprintf("launch_timeout: %s", oddTimeout), 1) + "limits: {request_timeout: 2s}\n"
}

// oddTimeout is how long a launch may take here.
const oddTimeout = "3s"
