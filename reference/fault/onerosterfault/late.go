package onerosterfault

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
)

// lateFaults prove checks that look at corners: other serialisers than that of
// the lists, sub-collections seldom read, tokens side by side.
func lateFaults() map[string]wrapper {
	return map[string]wrapper{
		"single-user-flag-boolean": changing(both(single, under("users")), member("enabledUser", toBool)),
		"number-without-bounds": changing(both(under("courses"), whole), func(a *answer) {
			a.setBody([]byte(strings.Replace(a.body.String(), `{"sourcedId"`, `{"metadata":{"weight":1e999},"sourcedId"`, 1)))
		}),
		"roles-empty": changing(both(usersIn, whole), every(func(o object) bool { return strings.HasPrefix(rolesOf(o), "student") }, func(o object) { o["roles"] = []any{} })),
		"school-terms-empty": changing(func(a *answer) bool {
			return collection(a) && strings.HasPrefix(a.path, "/schools/") && strings.HasSuffix(a.path, "/terms")
		}, func(a *answer) { a.list(func([]any) []any { return []any{} }) }),
		"encoded-id-404": changing(func(a *answer) bool {
			return single(a) && strings.Contains(a.request.URL.EscapedPath(), "%")
		}, func(a *answer) { fail(a, http.StatusNotFound, "unknownobject") }),
		"reserved-id-404": func(h http.Handler) http.Handler {
			return changing(func(a *answer) bool {
				_, escaped, _ := strings.Cut(a.request.URL.EscapedPath(), baseOf(a.request.URL.Path))
				return succeeded(a) && strings.Count(escaped, "/") == 2 && strings.Contains(a.path, reserved)
			}, func(a *answer) { fail(a, http.StatusNotFound, "unknownobject") })(reservedIDs(h))
		},
		"token-revokes-older": tokenRevokesOlder,
		"filter-third-clause-dropped": filtering(func(f string) string {
			if all := joints.FindAllStringIndex(f, -1); len(all) > 1 {
				return f[:all[1][0]+1]
			}
			return f
		}),
		"order-by-first-400": changing(func(a *answer) bool {
			raw := a.request.URL.RawQuery
			return collection(a) && strings.Contains(raw, "sort=") && strings.Contains(raw, "orderBy=") &&
				strings.Index(raw, "orderBy=") < strings.Index(raw, "sort=")
		}, func(a *answer) { fail(a, http.StatusBadRequest, "invalid_sort_field") }),
		"huge-number-500": changing(func(a *answer) bool {
			return isCollection(a.path) && (len(a.request.URL.Query().Get("limit")) > 9 || len(a.request.URL.Query().Get("offset")) > 9)
		}, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"error-wrapped": changing(func(a *answer) bool { return a.status >= 400 }, func(a *answer) {
			challenge := a.header.Get("WWW-Authenticate")
			fail(a, a.status, "invaliddata")
			a.header.Set("WWW-Authenticate", challenge)
			a.setBody([]byte(`{"imsx_StatusInfo":` + a.body.String() + `}`))
		}),
	}
}

// tokenRevokesOlder lets a new token end the ones that the same client got
// before.
func tokenRevokesOlder(h http.Handler) http.Handler {
	var mu sync.Mutex
	client, latest := map[string]string{}, map[string]string{} // token → client, client → token
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isToken(r) {
			body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
			r = r.Clone(r.Context())
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			a := ask(h, r)
			var granted struct {
				AccessToken string `json:"access_token"`
			}
			if json.Unmarshal(a.body.Bytes(), &granted) == nil && granted.AccessToken != "" {
				name, _, basic := r.BasicAuth()
				if !basic {
					name = "by form"
				}
				mu.Lock()
				client[granted.AccessToken], latest[name] = name, granted.AccessToken
				mu.Unlock()
			}
			a.send(w)
			return
		}
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		mu.Lock()
		name, known := client[token]
		revoked := known && latest[name] != token
		mu.Unlock()
		if revoked {
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", "Bearer revoked")
		}
		h.ServeHTTP(w, r)
	})
}
