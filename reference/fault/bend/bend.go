// Package bend holds the tools by which faults and variants are wrapped around the
// handler of a role.
package bend

import (
	"net/http"
	"net/http/httptest"
)

// Wrapper makes one handler out of another.
type Wrapper = func(http.Handler) http.Handler

// At makes a wrapper that handles one path and leaves all others alone.
func At(path string, handle func(w http.ResponseWriter, r *http.Request, next http.Handler)) Wrapper {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != path {
				next.ServeHTTP(w, r)
				return
			}
			handle(w, r, next)
		})
	}
}

// Answered runs a handler and keeps its answer back.
func Answered(next http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	return rec
}

// Give writes an answer that was kept back.
func Give(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()) // the client may be gone
}
