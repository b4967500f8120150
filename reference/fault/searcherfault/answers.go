package searcherfault

import (
	"bytes"
	"context"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// pagesOf are mistakes with pages.
func pagesOf() map[string]behaviour {
	more := regexp.MustCompile(`<p><a id="more"[^>]*>[^<]*</a></p>`)
	offset := func(change func(int) int) behaviour {
		return asking(func(r *http.Request) {
			query(r, func(q url.Values) {
				if n, err := strconv.Atoi(q.Get("offset")); err == nil && n > 0 {
					q.Set("offset", strconv.Itoa(max(0, change(n))))
				}
			})
		})
	}
	ends := func(is func(r *http.Request, response *http.Response, found *set) bool) behaviour {
		return answered(func(r *http.Request, response *http.Response, found *set) {
			if is(r, response, found) {
				last(r, response, found)
			}
		})
	}
	return map[string]behaviour{
		"searcher-first-page-alone": page(func(body string) string { return more.ReplaceAllString(body, "") }),
		"searcher-offset-in-pages":  offset(func(n int) int { return n / 20 }),
		"searcher-pages-overlap":    offset(func(n int) int { return n - 1 }),
		"searcher-short-is-last": ends(func(r *http.Request, _ *http.Response, found *set) bool {
			limit, _ := strconv.Atoi(r.URL.Query().Get("limit")) // none: 0
			return len(found.Resources) < limit
		}),
		"searcher-needs-links": ends(func(_ *http.Request, response *http.Response, _ *set) bool {
			return response.Header.Get("Link") == ""
		}),
		"searcher-needs-totals": ends(func(_ *http.Request, response *http.Response, _ *set) bool {
			return response.Header.Get("X-Total-Count") == ""
		}),
		"searcher-needs-absolute-links": ends(func(_ *http.Request, response *http.Response, _ *set) bool {
			return strings.HasPrefix(linked(response), "/")
		}),
	}
}

// shown changes the names of what was found, as they stand in the page.
func shown(change func(name string) string) behaviour {
	name := regexp.MustCompile(`(?s)(<h3>)(.*?)(</h3>)`)
	return page(func(body string) string {
		return name.ReplaceAllStringFunc(body, func(s string) string {
			m := name.FindStringSubmatch(s)
			return m[1] + change(m[2]) + m[3]
		})
	})
}

// items are mistakes with items of some kind.
func items() map[string]behaviour {
	known := []string{"name", "description", "subject", "url", "ltiLink", "learningResourceType", "language", "thumbnailUrl",
		"typicalAgeRange",
		"textComplexity", "learningObjectives", "author", "publisher", "useRightsURL", "timeRequired", "technicalFormat", "educationalAudience",
		"accessMode", "publishDate", "rating", "relevance"}
	return map[string]behaviour{
		"searcher-needs-description": keeping(func(i map[string]any) bool { return i["description"] != nil }),
		"searcher-closed-schema": keeping(func(i map[string]any) bool {
			for name := range i {
				if !slices.Contains(known, name) {
					return false
				}
			}
			return true
		}),
		"searcher-short-column": keeping(func(i map[string]any) bool {
			text, _ := i["description"].(string)
			return len(text) < 4000
		}),
		"searcher-first-item-lost": answered(func(_ *http.Request, _ *http.Response, found *set) {
			if len(found.Resources) > 0 {
				found.Resources = found.Resources[1:]
			}
		}),
		"searcher-markup-runs": page(func(body string) string {
			return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`).Replace(body)
		}),
		"searcher-encoded-twice": shown(func(name string) string { return strings.ReplaceAll(name, "&", "&amp;") }),
		"searcher-decoded-twice": shown(func(name string) string { return html.EscapeString(html.UnescapeString(html.UnescapeString(name))) }),
	}
}

// troubles are mistakes when something goes wrong.
func troubles() map[string]behaviour {
	silent := func(when func(r *http.Request, response *http.Response) bool) behaviour {
		return searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err == nil && when(r, response) {
				drain(response, nil)
				return nothing(response), nil
			}
			return response, err
		})
	}
	return map[string]behaviour{
		"searcher-silent": silent(func(_ *http.Request, response *http.Response) bool {
			return response.StatusCode >= 400 && response.StatusCode != http.StatusUnauthorized && response.StatusCode != http.StatusTooManyRequests
		}),
		"searcher-refusal-is-nothing": silent(func(_ *http.Request, response *http.Response) bool {
			return response.StatusCode == http.StatusBadRequest
		}),
		"searcher-page-is-nothing": silent(func(_ *http.Request, response *http.Response) bool {
			return response.StatusCode == http.StatusOK && strings.HasPrefix(response.Header.Get("Content-Type"), "text/html")
		}),
		"searcher-error-is-end": silent(func(r *http.Request, response *http.Response) bool {
			at := r.URL.Query().Get("offset")
			return response.StatusCode >= 500 && at != "" && at != "0"
		}),
		"searcher-half-is-nothing": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err != nil {
				return response, err
			}
			body, broken := text(response)
			if broken {
				return nothing(response), nil
			}
			response.Body = io.NopCloser(bytes.NewReader(body))
			return response, nil
		}),
		"searcher-hammers": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			for {
				response, err := next.RoundTrip(r.Clone(r.Context()))
				if err != nil || response.StatusCode != http.StatusTooManyRequests {
					return response, err
				}
				drain(response, nil)
			}
		}),
		"searcher-busy-is-nothing": silent(func(_ *http.Request, response *http.Response) bool {
			return response.StatusCode == http.StatusTooManyRequests
		}),
		"searcher-impatient": searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			ctx, cancel := context.WithTimeout(r.Context(), 1500*time.Millisecond)
			defer cancel()
			response, err := next.RoundTrip(r.WithContext(ctx))
			if err != nil {
				return nil, err
			}
			body, broken := text(response) // before the time is over
			if broken {
				response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), cut{}))
				return response, nil
			}
			response.Body = io.NopCloser(bytes.NewReader(body))
			return response, nil
		}),
		"searcher-locks": {Bend: func(s *Searcher) {
			next := s.Transport
			var locked atomic.Bool
			s.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				if isSearch(r) && locked.Load() {
					return with(&http.Response{Header: http.Header{}, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
						http.StatusServiceUnavailable,
						[]byte("{}")), nil
				}
				response, err := next.RoundTrip(r)
				if err == nil && isSearch(r) && response.StatusCode >= 500 {
					locked.Store(true)
				}
				return response, err
			})
		}},
	}
}

// chosen are mistakes in what becomes of what was chosen.
func chosen() map[string]behaviour {
	unqueried := func(address string) string {
		at, _, _ := strings.Cut(address, "?")
		return at
	}
	return map[string]behaviour{
		"searcher-page-query-lost": content(func(i *lti.ContentItem) {
			if i.Type == lti.TypeLink {
				i.URL = unqueried(i.URL)
			}
		}),
		"searcher-launch-query-lost": content(func(i *lti.ContentItem) {
			if i.Type == lti.TypeLTI {
				i.URL = unqueried(i.URL)
			}
		}),
		"searcher-launch-home": content(func(i *lti.ContentItem) {
			if u, err := url.Parse(i.URL); err == nil && i.Type == lti.TypeLTI {
				i.URL = u.Scheme + "://" + u.Host + "/target"
			}
		}),
		"searcher-custom-lost":   content(func(i *lti.ContentItem) { i.Custom = nil }),
		"searcher-custom-one":    content(func(i *lti.ContentItem) { delete(i.Custom, "note") }),
		"searcher-launch-plain":  content(func(i *lti.ContentItem) { i.URL = strings.TrimSuffix(i.URL, "-secure") }),
		"searcher-taken-by-name": content(func(i *lti.ContentItem) { i.URL = strings.Replace(i.URL, "/twin-b", "/twin-a", 1) }),
	}
}
