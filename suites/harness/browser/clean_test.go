package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// hoarder is a site whose page keeps something wherever a page can, and tells what it
// found there when it came.
const hoarder = `<!doctype html><title>t</title><p id=out></p><script>
(async () => {
  const found = [];
  if (document.cookie) found.push("cookie");
  if (localStorage.getItem("k")) found.push("localStorage");
  if (sessionStorage.getItem("k")) found.push("sessionStorage");
  if (window.name) found.push("name");
  if (history.length > 2) found.push("history");
  if ((await caches.keys()).length) found.push("caches");
  if ((await indexedDB.databases()).length) found.push("indexedDB");
  if ((await navigator.serviceWorker.getRegistrations()).length) found.push("serviceWorker");
  document.cookie = "k=v; path=/; max-age=9999; secure";
  localStorage.setItem("k", "v"); sessionStorage.setItem("k", "v"); window.name = "k";
  await caches.open("k");
  await new Promise((done) => { const r = indexedDB.open("k"); r.onsuccess = () => { r.result.close(); done(); }; });
  if (location.search === "?worker") await navigator.serviceWorker.register("/worker.js");
  if (location.search === "?window") window.open("/quiet");
  document.getElementById("out").textContent = "found: " + (found.join(" ") || "nothing");
  document.title = "done";
})();
</script>`

func hoarding(t *testing.T) (*httptest.Server, *int) {
	cached := 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		http.SetCookie(w, &http.Cookie{Name: "h", Value: "1", Path: "/", HttpOnly: true, MaxAge: 999})
		fmt.Fprint(w, hoarder+`<script src="/kept.js"></script>`)
	})
	mux.HandleFunc("GET /quiet", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "quiet") })
	mux.HandleFunc("GET /worker.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, "self.addEventListener('fetch', () => {})")
	})
	mux.HandleFunc("GET /kept.js", func(w http.ResponseWriter, _ *http.Request) {
		cached++
		w.Header().Set("Content-Type", "text/javascript")
		w.Header().Set("Cache-Control", "max-age=99999")
		fmt.Fprint(w, "1")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, &cached
}

// TestSweptPagesFindNothing: whatever a page keeps, the next one in its room doesn't find.
func TestSweptPagesFindNothing(t *testing.T) {
	b := started(t)
	server, cached := hoarding(t)
	visit := func(query string) {
		t.Helper()
		p, err := b.OpenSwept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if err := p.Go(server.URL + "/" + query); err != nil {
			t.Fatal(err)
		}
		if err := p.Settle(t.Context(), 100*time.Millisecond, 20*time.Second, nil); err != nil {
			t.Fatal(err)
		}
		var text string
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			frames, err := p.Look(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if text = frames[0].Text; frames[0].Title == "done" {
				break
			}
		}
		if text != "found: nothing" {
			t.Errorf("%q: %s", query, text)
		}
		for _, x := range p.Log() {
			if x.Document && x.Request.Get("Cookie") != "" {
				t.Errorf("%q: a cookie was sent to %s", query, x.URL)
			}
		}
	}
	for _, query := range []string{"", "", "?worker", "", "?window", "", ""} {
		before := *cached
		visit(query)
		if *cached == before {
			t.Errorf("%q: a script came out of the cache of the page before", query)
		}
	}
	if n := len(b.free); n != 1 {
		t.Errorf("%d rooms are free after one page at a time, want 1", n)
	}
}

// TestRoomsAreGivenUpWhereSomethingIsLeft: a room in which a window is still open isn't
// used again, and one is whose page was only closed.
func TestRoomsAreGivenUpWhereSomethingIsLeft(t *testing.T) {
	b := started(t)
	server, _ := hoarding(t)
	used := func(query string) *room {
		t.Helper()
		p, err := b.OpenSwept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r := p.room
		if err := p.Go(server.URL + "/" + query); err != nil {
			t.Fatal(err)
		}
		if err := p.Settle(t.Context(), 300*time.Millisecond, 20*time.Second, nil); err != nil {
			t.Fatal(err)
		}
		p.Close()
		p.Close() // twice does nothing more
		return r
	}
	first := used("quiet")
	if again := used("quiet"); again != first {
		t.Error("a clean room isn't used again")
	}
	p, err := b.OpenSwept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// As a window that a page opened.
	beside, err := chromedp.CallBrowser(first.ctx, target.CreateTarget, target.CreateTargetParams{URL: "about:blank", BrowserContextID: first.id})
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	if used("quiet") == first {
		t.Error("a room in which another page is still open was used again")
	}
	if beside.TargetID == first.at {
		t.Error("the window is the empty tab")
	}
	if n := len(b.free); n != 1 {
		t.Errorf("%d rooms are free, want 1", n)
	}
}
