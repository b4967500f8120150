package searcherfault

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// odd are what a product that searches may do otherwise than the reference.
func odd() map[string]behaviour {
	return map[string]behaviour{
		"searcher-by-name": filter(func(f string) string {
			if value, is := strings.CutPrefix(f, "search~"); is {
				return "name~" + value + " OR description~" + value
			}
			return f
		}),
		"searcher-selects": asking(func(r *http.Request) {
			query(r, func(q url.Values) {
				q.Set("fields", "name,description,url,ltiLink,learningResourceType,publisher,learningObjectives,typicalAgeRange")
			})
		}),
		"searcher-sorts": asking(func(r *http.Request) {
			query(r, func(q url.Values) { q.Set("sort", "name"); q.Set("orderBy", "desc") })
		}),
		"searcher-tries-again": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err == nil && response.StatusCode >= 500 {
				drain(response, nil)
				return next.RoundTrip(r.Clone(r.Context()))
			}
			return response, err
		}),
		"searcher-asks-twice": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err == nil && response.StatusCode == http.StatusOK {
				drain(next.RoundTrip(r.Clone(r.Context())))
			}
			return response, err
		}),
		"searcher-busy-told": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err == nil && response.StatusCode == http.StatusTooManyRequests {
				body, _ := text(response)
				return with(response, http.StatusBadRequest, body), nil // and so nobody waits
			}
			return response, err
		}),
		"searcher-secret-in-form": sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if id, secret, basic := r.BasicAuth(); basic && isToken(r) {
				body, _ := io.ReadAll(r.Body) // of ours
				r = tokenForm(tokenWith(r, string(body)), func(f url.Values) { f.Set("client_id", id); f.Set("client_secret", secret) })
				r.Header.Del("Authorization")
			}
			return next.RoundTrip(r)
		}),
		"searcher-blanks-as-plus": asking(func(r *http.Request) { r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "%20", "+") }),
		"searcher-names-cut": shown(func(name string) string {
			if r := []rune(name); len(r) > 30 && !strings.Contains(name, "&") {
				return string(r[:30]) + "…"
			}
			return name
		}),
		"searcher-names-with-more": shown(func(name string) string { return name + " · free to use" }),
		"searcher-comes-later": {Wrap: bend.Below("/courses/", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method != http.MethodGet || !isPage(r) || !r.URL.Query().Has("words") || r.Header.Get("X-Later") != "" {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, later) // the browser may be gone
		})},
		"searcher-quote-escaped": filter(func(f string) string { return strings.ReplaceAll(f, "''", `\'`) }),
	}
}

// later is a page that fetches what was found a while after it is there.
const later = `<!doctype html><html lang="en"><title>Searching</title><main><h1>Searching</h1><p>…</p></main><script>
setTimeout(() => fetch(location.href, {headers: {"X-Later": "1"}}).then(r => r.text()).then(text => {
  document.querySelector("main").outerHTML = new DOMParser().parseFromString(text, "text/html").querySelector("main").outerHTML;
}), 200);
</script></html>`
