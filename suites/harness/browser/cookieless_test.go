package browser

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A page without cookies brings none and takes none, by whatever way they come, and is in
// all else as any other.
func TestCookieless(t *testing.T) {
	b := started(t)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /take", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: r.PostFormValue("name"), Path: "/"})
		http.Redirect(w, r, "/show", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /show", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><p id="sent">sent %q</p><p id="had"></p><script>document.cookie = "b=2; path=/"; document.getElementById("had").textContent = "script [" + document.cookie + "]"</script>`, r.Header.Get("Cookie"))
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><form method="post" action="/take"><input id="name" name="name"><button>Send</button></form>`)
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	fetch := func(ctx context.Context, method, address string, header http.Header, body []byte) (int, http.Header, []byte, error) {
		r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
		if err != nil {
			return 0, nil, nil, err
		}
		r.Header = header
		answer, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
		if err != nil {
			return 0, nil, nil, err
		}
		defer answer.Body.Close()
		content, err := io.ReadAll(answer.Body)
		return answer.StatusCode, answer.Header, content, err
	}
	for own, want := range map[string]string{"https://elsewhere.example": `sent ""`, s.URL: `sent "a=x"`} {
		p, err := b.Open(t.Context(), PageOptions{Cookieless: &Cookieless{Own: own, Fetch: fetch}})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Run(t.Context(), []Step{{Open: s.URL + "/"}, {Fill: "#name", Value: "x"}, {Click: "text=Send"}, {Wait: "text=script []"}, {Wait: "text=" + want}}); err != nil {
			t.Errorf("cookies of %s are kept: %v", own, err)
		}
		p.Close()
	}
}
