package searcherfault

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	stdsync "sync"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
	"unicode"
)

// requests are mistakes in how is asked.
func requests() map[string]behaviour {
	return map[string]behaviour{
		"searcher-unknown-path": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			other := r.Clone(r.Context())
			other.URL.Path += "/1"
			drain(next.RoundTrip(other))
			return next.RoundTrip(r)
		}),
		"searcher-limit-large":    asking(func(r *http.Request) { query(r, func(q url.Values) { q.Set("limit", "1000") }) }),
		"searcher-page-parameter": asking(func(r *http.Request) { query(r, func(q url.Values) { q.Set("page", "1") }) }),
		"searcher-order-other": asking(func(r *http.Request) {
			query(r, func(q url.Values) { q.Set("sort", "name"); q.Set("orderBy", "ascending") })
		}),
		"searcher-sort-unknown": asking(func(r *http.Request) { query(r, func(q url.Values) { q.Set("sort", "title") }) }),
		"searcher-fields-unknown": asking(func(r *http.Request) {
			query(r, func(q url.Values) {
				q.Set("fields", "name,description,url,ltiLink,learningResourceType,publisher,learningObjectives,keywords")
			})
		}),
		"searcher-double-quotes": filter(func(f string) string {
			if strings.Contains(f, `"`) || strings.Contains(f, "''") {
				return f
			}
			return strings.ReplaceAll(f, "'", `"`)
		}),
		"searcher-filter-words":  filter(func(f string) string { return strings.NewReplacer("search~", "search LIKE ").Replace(f) }),
		"searcher-field-unknown": filter(func(f string) string { return strings.Replace(f, "search~", "keywords~", 1) }),
		"searcher-brackets":      filter(func(f string) string { return "(" + f + ")" }),
		"searcher-raw-query": asking(func(r *http.Request) {
			var out strings.Builder
			for i := 0; i < len(r.URL.RawQuery); i++ {
				if q := r.URL.RawQuery; q[i] == '%' && i+2 < len(q) && q[i+1] >= '8' {
					if b, err := url.PathUnescape(q[i : i+3]); err == nil {
						out.WriteString(b)
						i += 2
						continue
					}
				}
				out.WriteByte(r.URL.RawQuery[i])
			}
			r.URL.RawQuery = out.String()
		}),
		"searcher-accepts-pages": asking(func(r *http.Request) { r.Header.Set("Accept", "text/html") }),
		"searcher-asks-again": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			for n := 0; n < 4 && err == nil && response.StatusCode == http.StatusOK; n++ {
				drain(next.RoundTrip(r.Clone(r.Context())))
			}
			return response, err
		}),
	}
}

// tokens takes a token request apart, and puts it together anew.
func tokenForm(r *http.Request, change func(url.Values)) *http.Request {
	body, _ := io.ReadAll(r.Body) // of ours
	form, _ := url.ParseQuery(string(body))
	change(form)
	return tokenWith(r, form.Encode())
}

func tokenWith(r *http.Request, body string) *http.Request {
	out := r.Clone(r.Context())
	out.Body, out.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	out.GetBody = nil
	return out
}

// security are mistakes with tokens.
func security() map[string]behaviour {
	token := func(send func(r *http.Request, next http.RoundTripper) (*http.Response, error)) behaviour {
		return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if !isToken(r) {
				return next.RoundTrip(r)
			}
			return send(r, next)
		})
	}
	return map[string]behaviour{
		"searcher-grant-tried": token(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body) // of ours
			drain(next.RoundTrip(tokenForm(tokenWith(r, string(body)), func(f url.Values) { f.Set("grant_type", "password") })))
			return next.RoundTrip(tokenWith(r, string(body)))
		}),
		"searcher-scope-none": token(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			return next.RoundTrip(tokenForm(r, func(f url.Values) { f.Del("scope") }))
		}),
		"searcher-first-bare": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			bare := r.Clone(r.Context())
			bare.Header.Del("Authorization")
			drain(next.RoundTrip(bare))
			return next.RoundTrip(r)
		}),
		"searcher-token-in-address": asking(func(r *http.Request) {
			token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			query(r, func(q url.Values) { q.Set("access_token", token) })
		}),
		"searcher-token-each": {Bend: func(s *Searcher) {
			next := s.Transport
			var mu stdsync.Mutex
			var asked *http.Request
			var body string
			s.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				if isToken(r) {
					text, _ := io.ReadAll(r.Body) // of ours
					asked, body = r.Clone(r.Context()), string(text)
					return next.RoundTrip(tokenWith(r, body))
				}
				if asked != nil {
					drain(next.RoundTrip(tokenWith(asked.WithContext(r.Context()), body)))
				}
				return next.RoundTrip(r)
			})
		}},
		"searcher-token-kept": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err == nil && response.StatusCode == http.StatusUnauthorized {
				body, _ := text(response)
				return with(response, http.StatusForbidden, body), nil
			}
			return response, err
		}),
		"searcher-token-travels": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err == nil && response.StatusCode >= 300 && response.StatusCode < 400 {
				if at, err := url.Parse(response.Header.Get("Location")); err == nil {
					drain(response, nil)
					other := r.Clone(r.Context())
					other.URL, other.Host = at, at.Host
					return next.RoundTrip(other)
				}
			}
			return response, err
		}),
		"searcher-follows-anywhere": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err == nil {
				if at, err := url.Parse(linked(response)); err == nil && at.Host != "" && at.Host != r.URL.Host {
					other := r.Clone(r.Context())
					other.URL, other.Host = at, at.Host
					drain(next.RoundTrip(other))
				}
			}
			return response, err
		}),
	}
}

// folded is a text without accents.
func folded(s string) string {
	out, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		return s
	}
	return strings.NewReplacer("ß", "ss").Replace(out)
}

// questions are mistakes in what becomes of what somebody searches for.
func questions() map[string]behaviour {
	return map[string]behaviour{
		"searcher-words-lost": asking(func(r *http.Request) { query(r, func(q url.Values) { q.Del("filter") }) }),
		"searcher-stale": {Bend: func(s *Searcher) {
			next := s.Transport
			var mu stdsync.Mutex
			var kept []byte
			s.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				response, err := next.RoundTrip(r)
				if err != nil || !isSearch(r) || response.StatusCode != http.StatusOK {
					return response, err
				}
				mu.Lock()
				defer mu.Unlock()
				body, _ := text(response)
				if kept == nil {
					kept = body
				}
				return with(response, http.StatusOK, kept), nil
			})
		}},
		"searcher-nothing-fails": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err == nil && response.Header.Get("X-Total-Count") == "0" {
				return with(response, http.StatusNotFound, []byte("{}")), nil
			}
			return response, err
		}),
		"searcher-plus-as-blank": asking(func(r *http.Request) { r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "%2B", "+") }),
		"searcher-ampersand-cut": filter(func(f string) string {
			if before, _, is := strings.Cut(f, "&"); is {
				return strings.TrimSpace(before) + " nothing'"
			}
			return f
		}),
		"searcher-accents-folded": filter(folded),
		"searcher-latin-1": asking(func(r *http.Request) {
			query(r, func(q url.Values) {
				if f := []rune(q.Get("filter")); len(f) > 0 {
					var out []byte
					for _, c := range f {
						if c > 0xFF { // what Latin-1 doesn't have
							c = '?'
						}
						out = append(out, byte(c))
					}
					q.Set("filter", string(out))
				}
			})
		}),
		"searcher-quote-ends": filter(func(f string) string { return strings.ReplaceAll(f, "''", "'") }),
		"searcher-standard-as-name": filter(func(f string) string {
			return strings.Replace(f, "learningObjectives.targetName=", "name=", 1)
		}),
	}
}
