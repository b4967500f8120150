package browser

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

func started(t *testing.T) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("starting a browser is left out with -short")
	}
	b, err := New(Options{})
	if errors.Is(err, ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func opened(t *testing.T, b *Browser) *Page {
	t.Helper()
	p, err := b.Open(t.Context(), PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// site is a server of odd pages.
func site(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	html := func(path, body string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<!doctype html><title>t</title><body>"+body)
		})
	}
	html("/form", `<form action="/done"><input id="name" name="name"><select id="who" name="who"><option value="1">Ann</option><option value="2">Tom</option></select><button>Send it</button></form>`)
	mux.Handle("GET /nowhere", http.RedirectHandler("https://no-such-host.invalid/x", http.StatusFound))
	mux.HandleFunc("GET /done", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><meta charset=utf-8><p id=result>%s and %s</p>", r.FormValue("name"), r.FormValue("who"))
	})
	html("/parent", `<button id=open onclick="window.open('/shuts')">open</button>`)
	html("/shuts", `<script>setTimeout(function(){window.close()},400)</script>`)
	html("/opens", `<p>It goes on elsewhere.</p><script>if (!opener) window.open("/opens-not?own=1")</script>`)
	html("/opens-not", `<p id=own>Here it goes on.</p>`)
	html("/in-frame", `<iframe name="tool" src="/opens"></iframe>`)
	html("/late", `<script>setTimeout(function(){document.body.innerHTML='<a id=go href="/frames">go</a>'},300)</script>`)
	html("/hidden", `<nav hidden><a href="/throws">Quiz</a></nav><main><a href="/form?here">Quiz</a> <a href="/throws">Quiz 2</a></main>`)
	html("/same", `<nav id="index"><a href="/form">Quiz</a></nav><main><a href="/form"><span>Quiz</span></a></main>`)
	html("/signin", `<header><a href="/throws">Sign in</a></header><form action="/done"><input id="name" name="name"><button>Sign in</button></form>`)
	html("/twice", `<nav id="index"><a href="/form">Quiz</a></nav><main><a href="/frames?token=1">Quiz</a></main>`)
	html("/frames", `<iframe name="inner" src="/form"></iframe>`)
	html("/window", `<a id="new" target="_blank" href="/form">new</a>`)
	html("/alert", `<script>alert("stop"); confirm("sure?"); document.body.innerHTML="<p id=after>after</p>"</script>`)
	html("/download", `<script>location.href="/file"</script><p>downloading</p>`)
	// What pages ask for by themselves, for ever.
	html("/polls", `<p>there</p><script>(function p(){fetch('/odd').finally(function(){setTimeout(p,1000)})})()</script>`)
	html("/polls-often", `<p>there</p><script>(function p(){fetch('/odd').then(function(r){return r.text()}).finally(function(){setTimeout(p,50)})})()</script>`)
	html("/listens", `<p>there</p><script>fetch('/stream'); fetch('/never')</script>`)
	mux.HandleFunc("GET /odd", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "nothing", http.StatusNotFound) })
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush() // it goes on without
		<-r.Context().Done()
	})
	html("/throws", `<script>console.error("oh no"); throw new Error("broken")</script>`)
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", "attachment; filename=x.bin")
		fmt.Fprint(w, "data")
	})
	mux.HandleFunc("GET /never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("GET /loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop?x", http.StatusFound) })
	mux.HandleFunc("GET /cookie", func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("c")
		http.SetCookie(w, &http.Cookie{Name: "c", Value: "1"})
		fmt.Fprintf(w, "<p id=had>%t</p>", err == nil)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.CloseClientConnections)
	return s
}

func TestSteps(t *testing.T) {
	b, s := started(t), site(t)
	p := opened(t, b)
	err := p.Run(t.Context(), []Step{{Open: s.URL + "/late"}, {Click: "#go"}, {Frame: "inner"}, {Fill: "#name", Value: "Ün \"x\""}, {Select: "#who", Value: "Tom"}, {Click: "text=Send it"}, {Wait: "text=and 2"}})
	if err != nil {
		t.Fatal(err)
	}
	frames, err := p.Look(t.Context())
	if err != nil || len(frames) != 2 || !strings.Contains(frames[1].Text, `Ün "x" and 2`) || frames[1].Status != 200 {
		t.Errorf("%+v, %v", frames, err)
	}
	p = opened(t, b)
	if err := p.Run(t.Context(), []Step{{Open: s.URL + "/window"}, {Click: "#new"}, {Window: true}, {Fill: "#name", Value: "w"}, {Click: "text=Send"}, {Wait: "url=/done"}}); err != nil {
		t.Error(err)
	}
	if err := opened(t, b).Run(t.Context(), []Step{{}}); !errors.Is(err, errEmptyStep) {
		t.Errorf("an empty step: %v", err)
	}
}

// A text may stand in more than one place: what a person sees is taken, and what they would
// have to choose between is told, with where the browser was.
func TestTextsThatStandTwice(t *testing.T) {
	b, s := started(t), site(t)
	for _, path := range []string{"/hidden", "/same"} {
		if err := opened(t, b).Run(t.Context(), []Step{{Open: s.URL + path}, {Click: "text=Quiz"}, {Wait: "#name"}}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := opened(t, b).Run(t.Context(), []Step{{Open: s.URL + "/signin"}, {Fill: "#name", Value: "me"}, {Click: "text=Sign in"}, {Wait: "text=me and"}}); err != nil {
		t.Error(err)
	}
	p := opened(t, b)
	p.limit = time.Second
	err := p.Run(t.Context(), []Step{{Open: s.URL + "/twice?secret=1"}, {Click: "text=Quiz"}})
	for _, part := range []string{"step 2", "2 with that text", "a in nav#index, to " + s.URL + "/form", "a in main, to " + s.URL + "/frames", "the browser was at " + s.URL + "/twice?…"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q: %v", part, err)
		}
	}
	if err := p.Run(t.Context(), []Step{{Click: "main a"}, {Frame: "inner"}, {Click: "#nothing"}}); err == nil || !strings.Contains(err.Error(), ", in a frame at "+s.URL+"/form") {
		t.Errorf("the error doesn't tell of the frame: %v", err)
	}
}

// Large pages don't crowd out the documents that come after them, and a page that goes in
// circles is seen to.
func TestLogOfLargePages(t *testing.T) {
	p := &Page{status: map[cdp.FrameID]int{}, requests: map[network.RequestID]*chain{}, pending: map[*Exchange]bool{}}
	asked := func(id, kind, address string) {
		p.note(&network.EventRequestWillBeSent{RequestID: network.RequestID(id), Type: network.ResourceType(kind), Request: &network.Request{Method: "POST", URL: address}})
	}
	for i := range 3 * maxExchanges {
		asked(fmt.Sprint(i), "Script", "https://lms.example/x.js")
	}
	if len(p.Log()) != maxExchanges || p.Circling(time.Time{}) != "" {
		t.Errorf("%d are kept; circling: %q", len(p.Log()), p.Circling(time.Time{}))
	}
	for i := range circle {
		if at := p.Circling(time.Time{}); at != "" {
			t.Errorf("%d of one are called a circle: %s", i, at)
		}
		asked(fmt.Sprint("d", i), "Document", "https://lms.example/auth?n="+fmt.Sprint(i))
	}
	if at := p.Circling(time.Time{}); at != "POST https://lms.example/auth" {
		t.Errorf("a circle is %q", at)
	}
	if at := p.Circling(time.Now().Add(time.Hour)); at != "" {
		t.Errorf("what came before is a circle: %s", at)
	}
}

// Pages keep nothing of each other, but for those beside.
func TestCookies(t *testing.T) {
	b, s := started(t), site(t)
	p := opened(t, b)
	beside, err := p.Beside(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	for i, test := range []struct {
		page *Page
		had  string
	}{{p, "false"}, {p, "true"}, {beside, "true"}, {opened(t, b), "false"}} {
		if err := test.page.Run(t.Context(), []Step{{Open: s.URL + "/cookie"}, {Wait: "text=" + test.had}}); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if err := p.Forget(); err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context(), []Step{{Open: s.URL + "/cookie"}, {Wait: "text=false"}}); err != nil {
		t.Errorf("after forgetting: %v", err)
	}
}

// A tab that was emptied keeps its cookies, and nothing that was noted of it.
func TestReset(t *testing.T) {
	b, s := started(t), site(t)
	p := opened(t, b)
	if err := p.Run(t.Context(), []Step{{Open: s.URL + "/cookie"}, {Wait: "text=false"}, {Open: s.URL + "/frames"}, {Frame: "inner"}, {Fill: "#name", Value: "x"}}); err != nil {
		t.Fatal(err)
	}
	if err := p.Reset(); err != nil || len(p.Log()) > 0 {
		t.Errorf("%v; %d requests are still noted", err, len(p.Log()))
	}
	if err := p.Run(t.Context(), []Step{{Open: s.URL + "/cookie"}, {Wait: "text=true"}}); err != nil {
		t.Error(err)
	}
	if len(p.Log()) != 1 {
		t.Errorf("%d requests are noted of one page", len(p.Log()))
	}
}

// Odd pages cost a bounded time and leave their traces.
func TestOddPages(t *testing.T) {
	b, s := started(t), site(t)
	look := func(path string) (*Page, []Frame, error) {
		p := opened(t, b)
		_ = p.Go(s.URL + path) // some can't be opened
		settled := p.Settle(t.Context(), 200*time.Millisecond, 2*time.Second, nil)
		frames, err := p.Look(t.Context())
		if settled != nil {
			err = settled
		}
		return p, frames, err
	}
	if p, frames, err := look("/alert"); err != nil || !strings.Contains(frames[0].Text, "after") || !slices.Contains(p.Console(), "alert: stop") {
		t.Errorf("alert: %v, %v, %q", frames, err, p.Console())
	}
	if p, _, err := look("/throws"); err != nil || !slices.ContainsFunc(p.Console(), func(l string) bool { return strings.Contains(l, "broken") }) {
		t.Errorf("throws: %v, %q", err, p.Console())
	}
	if _, frames, err := look("/download"); err != nil || len(frames) == 0 {
		t.Errorf("download: %v, %v", frames, err)
	}
	if p, frames, _ := look("/loop"); len(frames) > 0 && !frames[0].Failed && frames[0].Status == 200 || len(p.Log()) == 0 {
		t.Errorf("loop: %v", frames)
	}
}

// A page that goes on asking for something by itself is at rest all the same.
func TestPagesThatAskForEver(t *testing.T) {
	b, s := started(t), site(t)
	for _, path := range []string{"/polls", "/polls-often", "/listens"} {
		t.Run(path, func(t *testing.T) {
			p := opened(t, b)
			if err := p.Go(s.URL + path); err != nil {
				t.Fatal(err)
			}
			if err := p.Settle(t.Context(), 300*time.Millisecond, 30*time.Second, nil); err != nil {
				t.Errorf("it never comes to rest: %v", err)
			}
			if frames, err := p.Look(t.Context()); err != nil || !strings.Contains(frames[0].Text, "there") {
				t.Errorf("%v, %v", frames, err)
			}
		})
	}
}

// A window that closes itself is told from a browser that ended.
func TestGone(t *testing.T) {
	b, s := started(t), site(t)
	p := opened(t, b)
	if err := p.Run(t.Context(), []Step{{Open: s.URL + "/parent"}, {Click: "#open"}, {Window: true}}); err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context(), []Step{{Wait: "#nothing"}}); !errors.Is(err, ErrGone) {
		t.Errorf("a window closed itself, and the error is %v", err)
	}
	if _, err := p.Look(t.Context()); !errors.Is(err, ErrGone) {
		t.Errorf("looking at a closed window gives %v", err)
	}
}

// Where a page leads to nowhere, the error names the address that failed.
func TestNowhere(t *testing.T) {
	b, s := started(t), site(t)
	err := opened(t, b).Go(s.URL + "/nowhere")
	if err == nil || !strings.Contains(err.Error(), "no-such-host.invalid") {
		t.Errorf("%v", err)
	}
}

// A page that never comes is given up.
func TestNever(t *testing.T) {
	b, s := started(t), site(t)
	p := opened(t, b)
	done := make(chan error, 1)
	go func() { done <- p.Go(s.URL + "/never") }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it hangs")
	}
	if err := p.Settle(t.Context(), 100*time.Millisecond, time.Second, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("a page that never comes is at rest: %v", err)
	}
}

// A browser that died is started anew.
func TestKilled(t *testing.T) {
	b, s := started(t), site(t)
	p := opened(t, b)
	if _, err := chromedp.CallBrowser(b.ctx, cdpbrowser.Close, cdp.Empty{}); err != nil {
		t.Log(err) // it may be gone before it answers
	}
	_ = p.Go(s.URL + "/form") // fails, or not yet
	end := time.Now().Add(time.Minute)
	for {
		again, err := b.Open(t.Context(), PageOptions{})
		if err == nil {
			err = again.Run(t.Context(), []Step{{Open: s.URL + "/form"}, {Wait: "#name"}})
			again.Close()
		}
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func TestFind(t *testing.T) {
	t.Setenv("ROLLCALL_CHROMIUM", "/nothing/here")
	if _, err := Find(); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "/nothing/here") {
		t.Errorf("%v", err)
	}
	t.Setenv("ROLLCALL_CHROMIUM", os.Args[0])
	if path, err := Find(); err != nil || path != os.Args[0] {
		t.Errorf("%s, %v", path, err)
	}
}
