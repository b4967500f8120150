package tool

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// response is an answer with headers in pairs.
func response(status int, body string, header ...string) *harness.Response {
	r := &harness.Response{Status: status, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: []byte(body)}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// TestPlainRefusals: what a browser might show otherwise is looked at in a browser.
func TestPlainRefusals(t *testing.T) {
	const refusal = "<!doctype html><title>Refused</title><style>body{margin:1em}</style><h1>This launch was refused</h1>"
	j := &judge{platform: &platform{hosts: []string{"tool.example"}}}
	for name, c := range map[string]struct {
		r     *harness.Response
		at    string
		plain bool
	}{
		"a page":                       {response(400, refusal), "", true},
		"403":                          {response(403, refusal), "", true},
		"JSON":                         {response(401, `{"error":"invalid_request"}`, "Content-Type", "application/json"), "", true},
		"text":                         {response(400, "state is missing", "Content-Type", "text/plain"), "", true},
		"an opened page":               {response(200, "<h1>Quiz</h1>"), "", false},
		"a page of refusal with 200":   {response(200, refusal), "", false},
		"an empty page":                {response(400, "<!doctype html><title>Refused</title>"), "", false},
		"a page that a script fills":   {response(400, refusal+"<script>show()</script>"), "", false},
		"a page with a frame":          {response(400, refusal+`<iframe src="/quiz"></iframe>`), "", false},
		"a page that goes on":          {response(400, refusal+`<body onload="go()">`), "", false},
		"a page that refreshes itself": {response(400, refusal, "Refresh", "0; url=/quiz"), "", false},
		"a meta refresh":               {response(400, `<meta http-equiv="refresh" content="0; url=/quiz">`+refusal), "", false},
		"hidden words":                 {response(400, `<p style="display: none">refused</p>`), "", false},
		"hidden by an attribute":       {response(400, `<p hidden>refused</p>`), "", false},
		"a file to be saved":           {response(400, refusal, "Content-Disposition", "attachment"), "", false},
		"a picture":                    {response(400, "\x89PNG....", "Content-Type", "image/png"), "", false},
		"nobody knows of what kind":    {response(400, refusal, "Content-Type", ""), "", false},
		"the tool breaks down":         {response(500, refusal), "", false},
		"too many requests":            {response(429, refusal), "", false},
		"a page of somebody else's":    {response(400, refusal), "https://gateway.example/", false},
	} {
		at := c.at
		if at == "" {
			at = "https://tool.example/launch"
		}
		s := &sight{attempt: &attempt{requests: []url.Values{{}}}, page: pageOf(at, c.r)}
		if got := j.plainlyRefused(s); got != c.plain {
			t.Errorf("%s: plainly refused is %v, of %+v", name, got, s.page)
		}
	}
	unasked := &sight{attempt: &attempt{}, page: pageOf("https://tool.example/login", response(400, refusal))}
	if j.plainlyRefused(unasked) {
		t.Error("a launch counts as refused whose login came to nothing")
	}
	if unasked.attempt.launch.Early = true; !j.plainlyRefused(unasked) {
		t.Error("a refusal at the login doesn't count, where it may come there")
	}
}

// TestWaysOfLaunches: a good launch goes well by wire only where it goes as in the browser.
func TestWaysOfLaunches(t *testing.T) {
	began := time.Now()
	launch := func(redirect string, log ...browser.Exchange) *sight {
		for i := range log {
			log[i].Started, log[i].Document = began, true
		}
		return &sight{began: began, attempt: &attempt{redirect: redirect, requests: []url.Values{{}}}, log: log, page: browser.Frame{Status: log[len(log)-1].Status}}
	}
	login := browser.Exchange{Method: "GET", URL: "https://tool.example/login?iss=x", Status: 302}
	auth := browser.Exchange{Method: "GET", URL: "https://judge.example/auth?login_hint=y", Status: 200}
	answer := browser.Exchange{Method: "POST", URL: "https://tool.example/launch", Status: 303}
	page := browser.Exchange{Method: "GET", URL: "https://tool.example/quiz/1", Status: 200}
	j := &judge{wires: wires{way: way(launch("https://tool.example/launch", login, auth, answer, page))}}
	other := page
	other.URL = "https://tool.example/quiz/2" // each session may have its own
	if !j.goesWell(launch("https://tool.example/launch", login, auth, answer, other)) {
		t.Error("the same way doesn't count as well")
	}
	refused := answer
	refused.Status = 400
	formed := login
	formed.Status = 200
	for name, s := range map[string]*sight{
		"it is refused":                 launch("https://tool.example/launch", login, auth, refused),
		"a page stands in between":      launch("https://tool.example/launch", formed),
		"the page comes without a step": launch("https://tool.example/launch", login, auth, browser.Exchange{Method: "POST", URL: answer.URL, Status: 200}),
	} {
		if j.goesWell(s) {
			t.Errorf("%s, and it counts as well", name)
		}
	}
}
