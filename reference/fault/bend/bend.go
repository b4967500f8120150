// Package bend holds the tools by which faults and variants are wrapped around the
// handler of a role.
package bend

import (
	"net/http"
	"net/http/httptest"
	"strings"
)

// Wrapper makes one handler out of another.
type Wrapper = func(http.Handler) http.Handler

// Then does one change after another, so that of two faults neither is lost; nil changes
// nothing.
func Then[A, B any](former, change func(A, B)) func(A, B) {
	if former == nil {
		return change
	}
	return func(a A, b B) {
		former(a, b)
		change(a, b)
	}
}

// At makes a wrapper that handles one path and leaves all others alone.
func At(path string, handle Handle) Wrapper {
	return where(func(p string) bool { return p == path }, handle)
}

// Below makes a wrapper that handles the paths below a folder and leaves all others
// alone.
func Below(folder string, handle Handle) Wrapper {
	return where(func(p string) bool { return strings.HasPrefix(p, folder) }, handle)
}

// Handle answers a request, itself or by the handler that it stands before.
type Handle = func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Rewritten changes the text of answers. Scripts that are put in run: what forbids them
// is taken out.
func Rewritten(change func(body string) string) Handle {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := Answered(next, r)
		body := change(rec.Body.String())
		rec.Body.Reset()
		rec.Body.WriteString(body)
		rec.Header().Del("Content-Security-Policy")
		Give(w, rec)
	}
}

// Refused handles what was refused, and lets pass what wasn't.
func Refused(then http.HandlerFunc) Handle {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := Answered(next, r)
		if rec.Code >= http.StatusBadRequest {
			then(w, r)
			return
		}
		Give(w, rec)
	}
}

func where(here func(path string) bool, handle Handle) Wrapper {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !here(r.URL.Path) {
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
