package onerosterfault

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// answer is a response held back, so that a wrapper can change it.
type answer struct {
	request *http.Request
	path    string // below the service's base
	status  int
	header  http.Header
	body    bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// ask lets the inner handler answer r; the body is plain, never compressed, so
// that it can be read.
func ask(h http.Handler, r *http.Request) *answer {
	path, _ := servicePath(r)
	a := &answer{request: r, path: path, status: http.StatusOK, header: http.Header{}}
	inner := r.Clone(r.Context())
	inner.Header.Del("Accept-Encoding")
	h.ServeHTTP(a, inner)
	return a
}

// send hands the answer out.
func (a *answer) send(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.request.Method != http.MethodHead {
		w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}

func (a *answer) setBody(b []byte) {
	a.body.Reset()
	a.body.Write(b)
	a.header.Del("ETag")
}

// when says which answers a change applies to.
type when func(*answer) bool

// changing makes a wrapper that changes the service's answers.
func changing(applies when, change func(*answer)) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ours := servicePath(r); !ours {
				h.ServeHTTP(w, r)
				return
			}
			a := ask(h, r)
			if applies(a) {
				change(a)
			}
			a.send(w)
		})
	}
}

// asking makes a wrapper that changes the requests of the service before they
// are answered.
func asking(change func(r *http.Request, path string)) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if path, ours := servicePath(r); ours {
				r = r.Clone(r.Context())
				change(r, path)
			}
			h.ServeHTTP(w, r)
		})
	}
}

// Which answers: any that succeeded, collections, single objects, by path.

func succeeded(a *answer) bool { return a.status == http.StatusOK }

func collection(a *answer) bool { return succeeded(a) && isCollection(a.path) }

func single(a *answer) bool { return succeeded(a) && !isCollection(a.path) }

func status(codes ...int) when {
	return func(a *answer) bool {
		for _, c := range codes {
			if a.status == c {
				return true
			}
		}
		return false
	}
}

// under applies to the collection of that name and its single objects.
func under(names ...string) when {
	return func(a *answer) bool {
		parts := strings.Split(strings.Trim(a.path, "/"), "/")
		for _, n := range names {
			if succeeded(a) && len(parts) <= 2 && parts[0] == n {
				return true
			}
		}
		return false
	}
}

func both(a, b when) when { return func(x *answer) bool { return a(x) && b(x) } }

func isCollection(path string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	return len(parts)%2 == 1 && parts[0] != ""
}

// object is a JSON object under change.
type object = map[string]any

// objects changes every object of a successful answer, in its wrapper.
func (a *answer) objects(change func(object)) {
	a.envelope(func(envelope object) {
		for _, inner := range envelope {
			switch v := inner.(type) {
			case object:
				change(v)
			case []any:
				for _, o := range v {
					if m, ok := o.(object); ok {
						change(m)
					}
				}
			}
		}
	})
}

// list changes the array of a collection as a whole; a warning that 1.1 has beside it is no part
// of that.
func (a *answer) list(change func([]any) []any) {
	a.envelope(func(envelope object) {
		for name, inner := range envelope {
			if v, ok := inner.([]any); ok && name != "statusInfoSet" {
				envelope[name] = change(v)
			}
		}
	})
}

// envelope changes the whole payload.
func (a *answer) envelope(change func(object)) {
	var envelope object
	d := json.NewDecoder(bytes.NewReader(a.body.Bytes()))
	d.UseNumber()
	if d.Decode(&envelope) != nil {
		return
	}
	change(envelope)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(envelope) == nil {
		a.setBody(out.Bytes())
	}
}

// member changes one member wherever an object has it.
func member(name string, change func(any) any) func(*answer) {
	return func(a *answer) {
		a.objects(func(o object) {
			if v, has := o[name]; has {
				o[name] = change(v)
			}
		})
	}
}

// number reads a query parameter as an integer.
func number(r *http.Request, name string, otherwise int) int {
	if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil {
		return n
	}
	return otherwise
}

// rewrite sets or (with an empty value) removes a query parameter.
func rewrite(r *http.Request, name, value string) {
	q := r.URL.Query()
	if value == "" {
		q.Del(name)
	} else {
		q.Set(name, value)
	}
	r.URL.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
}

func str(v any) string { s, _ := v.(string); return s }
