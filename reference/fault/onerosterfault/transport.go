package onerosterfault

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// stall is longer than any client of a roster should wait for a page.
const stall = 10 * time.Second

// on makes a wrapper that answers the requests it applies to by itself; answer
// returns false to let the role answer.
func on(applies func(r *http.Request, path string) bool, answer func(w http.ResponseWriter, r *http.Request, h http.Handler)) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if path, ours := servicePath(r); ours && applies(r, path) {
				answer(w, r, h)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}

// victim is the collection that the transport faults befall: one is enough to be
// caught, and the rest of the service goes on.
const victim = "/courses"

// victims are those of all services.
var victims = []string{victim, "/resources"}

func atVictim(_ *http.Request, path string) bool { return slices.Contains(victims, path) }

// victimIn applies to the victims and their single objects.
var victimIn = under("courses", "resources")

// opened begins the body of a victim.
func opened(r *http.Request) []byte {
	path, _ := servicePath(r)
	return []byte(`{"` + strings.Trim(path, "/") + `":[`)
}

func transportFaults() map[string]wrapper {
	return map[string]wrapper{
		"content-type-html": changing(succeeded, func(a *answer) { a.header.Set("Content-Type", "text/html; charset=utf-8") }),
		"content-type-text": changing(succeeded, func(a *answer) { a.header.Set("Content-Type", "text/plain") }),
		"html-page": on(atVictim, func(w http.ResponseWriter, r *http.Request, h http.Handler) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<!doctype html><title>Maintenance</title><p>We will be back soon."))
		}),
		"truncated-json": changing(victimIn, func(a *answer) { a.setBody(a.body.Bytes()[:a.body.Len()*2/3]) }),
		"trailing-bytes": changing(victimIn, func(a *answer) { a.setBody(append(bytes.TrimSpace(a.body.Bytes()), "\n<!-- 12 ms -->"...)) }),
		"connection-cut": on(atVictim, func(w http.ResponseWriter, r *http.Request, h http.Handler) {
			a := ask(h, r)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
			_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2])
			panic(http.ErrAbortHandler)
		}),
		"endless-body": on(atVictim, func(w http.ResponseWriter, r *http.Request, h http.Handler) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(opened(r))
			for chunk := bytes.Repeat([]byte(" "), 1<<16); r.Context().Err() == nil; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}),
		"gzip-bomb": on(atVictim, func(w http.ResponseWriter, r *http.Request, h http.Handler) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			_, _ = z.Write(opened(r))
			for blanks, n := bytes.Repeat([]byte(" "), 1<<20), 0; n < 2048 && r.Context().Err() == nil; n++ {
				if _, err := z.Write(blanks); err != nil {
					return
				}
			}
		}),
		"gzip-lie": changing(victimIn, func(a *answer) { a.header.Set("Content-Encoding", "gzip") }),
		"gzip-weight-ignored": gzipped(func(accepted string) bool {
			return strings.Contains(accepted, "*") || strings.Contains(accepted, "gzip")
		}),
		"redirect-loop": on(atVictim, func(w http.ResponseWriter, r *http.Request, h http.Handler) {
			http.Redirect(w, r, r.URL.String(), http.StatusFound)
		}),
		"stall": on(atVictim, func(w http.ResponseWriter, r *http.Request, h http.Handler) {
			select {
			case <-time.After(stall):
			case <-r.Context().Done():
				return
			}
			h.ServeHTTP(w, r)
		}),
		"single-500": on(func(_ *http.Request, path string) bool {
			return slices.ContainsFunc(victims, func(v string) bool { return strings.HasPrefix(path, v+"/") }) && !isCollection(path)
		},
			func(w http.ResponseWriter, r *http.Request, h http.Handler) {
				a := ask(h, r)
				fail(a, http.StatusInternalServerError, "internal_server_error")
				a.send(w)
			}),
		"operation-missing": on(func(_ *http.Request, path string) bool { return strings.HasPrefix(path, "/gradingPeriods") },
			func(w http.ResponseWriter, r *http.Request, h http.Handler) {
				a := ask(h, r)
				fail(a, http.StatusNotFound, "unknownobject")
				a.send(w)
			}),
		"large-limit-500": on(func(r *http.Request, path string) bool { return number(r, "limit", 0) > 5000 && isCollection(path) },
			func(w http.ResponseWriter, r *http.Request, h http.Handler) {
				a := ask(h, r)
				fail(a, http.StatusInternalServerError, "internal_server_error")
				a.send(w)
			}),
		"concurrency-mix-up": concurrencyMixUp,
		"plus-not-blank": asking(func(r *http.Request, _ string) {
			r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "+", "%2B")
		}),
		"percent-20-refused": on(func(r *http.Request, path string) bool {
			return strings.Contains(r.URL.RawQuery, "%20") && r.URL.Query().Has("filter")
		}, func(w http.ResponseWriter, r *http.Request, h http.Handler) {
			a := ask(h, r)
			fail(a, http.StatusInternalServerError, "internal_server_error")
			a.send(w)
		}),
		"identity-refused": on(func(r *http.Request, _ string) bool {
			return !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
		},
			func(w http.ResponseWriter, r *http.Request, h http.Handler) {
				a := ask(h, r)
				fail(a, http.StatusInternalServerError, "internal_server_error")
				a.send(w)
			}),
		"discovery-missing": func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/discovery/") {
					http.NotFound(w, r)
					return
				}
				h.ServeHTTP(w, r)
			})
		},
		"discovery-locked": func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/discovery/") && r.Header.Get("Authorization") == "" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				h.ServeHTTP(w, r)
			})
		},
		"discovery-no-json": func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/discovery/") {
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write([]byte("openapi: 3.0.0"))
					return
				}
				h.ServeHTTP(w, r)
			})
		},
	}
}

// concurrencyMixUp gives a request that comes while another is under way the
// offset of that other: state shared where none should be.
func concurrencyMixUp(h http.Handler) http.Handler {
	var busy atomic.Int64
	var last atomic.Pointer[string]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ours := servicePath(r); !ours {
			h.ServeHTTP(w, r)
			return
		}
		query := r.URL.RawQuery
		crowded := busy.Add(1) > 3
		defer busy.Add(-1)
		if other := last.Swap(&query); crowded && other != nil {
			if q, err := url.ParseQuery(*other); err == nil && q.Get("filter") == "" {
				r = r.Clone(r.Context())
				rewrite(r, "offset", strconv.Itoa(number(r, "offset", 0)+1))
			}
		}
		time.Sleep(2 * time.Millisecond) // long enough for others to arrive
		h.ServeHTTP(w, r)
	})
}
