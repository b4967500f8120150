package consumerfault

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
)

// paged has pages of a size, and another way to the next.
func paged(size int, next func(*rest.Arrival) string) behaviour {
	return reading(func(at *rest.Config) {
		if size > 0 {
			at.PageSize = size
		}
		if next != nil {
			at.Manners.Next = next
		}
	})
}

// offsetTo is the address of the page at an offset.
func offsetTo(first *url.URL, offset int) string {
	at := *first
	parts := strings.Split(at.RawQuery, "&")
	for i, part := range parts {
		if strings.HasPrefix(part, "offset=") {
			parts[i] = fmt.Sprintf("offset=%d", offset)
		}
	}
	at.RawQuery = strings.Join(parts, "&")
	return at.String()
}

// offsetOf is the offset that a page was asked for at.
func offsetOf(a *rest.Arrival) int {
	n := 0
	_, _ = fmt.Sscan(a.Asked.Query().Get("offset"), &n) // none is 0
	return n
}

// linked goes by links alone, of the form that fits.
func linked(fits func(field string) bool) func(*rest.Arrival) string {
	return func(a *rest.Arrival) string {
		link := client.Links(a.Header)["next"]
		if link == "" || !fits(strings.Join(a.Header.Values("Link"), ",")) {
			return ""
		}
		to, err := a.Asked.Parse(link)
		if err != nil {
			return ""
		}
		return to.String()
	}
}

func any1(string) bool { return true }

func pagingFaults() map[string]behaviour {
	return map[string]behaviour{
		"consumer-first-page": paged(50, func(*rest.Arrival) string { return "" }),
		"consumer-short-page-ends": paged(0, func(a *rest.Arrival) string {
			if a.Objects < a.Limit {
				return ""
			}
			return offsetTo(a.First, a.Read)
		}),
		// It reckons by what it asked for, and not by what came.
		"consumer-offset-by-limit": paged(0, func(a *rest.Arrival) string {
			if to := offsetOf(a) + a.Limit; a.Objects > 0 && (a.Total < 0 || to < a.Total) {
				return offsetTo(a.First, to)
			}
			return ""
		}),
		"consumer-offset-beyond": paged(40, func(a *rest.Arrival) string {
			if a.Objects == 0 || a.Total >= 0 && a.Read >= a.Total {
				return ""
			}
			return offsetTo(a.First, offsetOf(a)+a.Objects+1)
		}),
		"consumer-offset-of-pages": paged(40, func(a *rest.Arrival) string {
			if a.Objects == 0 || a.Total >= 0 && a.Read >= a.Total {
				return ""
			}
			return offsetTo(a.First, offsetOf(a)+1)
		}),
		"consumer-no-total-ends": paged(0, func(a *rest.Arrival) string {
			if a.Objects == 0 || a.Total < 0 || a.Read >= a.Total {
				return ""
			}
			return offsetTo(a.First, a.Read)
		}),
		"consumer-no-link-ends": paged(0, linked(any1)),
		"consumer-links-quoted": paged(0, func(a *rest.Arrival) string {
			return linked(func(field string) bool { return strings.Contains(field, `rel="next"`) })(a)
		}),
		// Of several headers of one name it reads the first.
		"consumer-links-first-header": paged(0, func(a *rest.Arrival) string {
			one := *a
			one.Header = http.Header{"Link": {a.Header.Get("Link")}}
			return linked(any1)(&one)
		}),
		"consumer-links-absolute": paged(0, func(a *rest.Arrival) string {
			return linked(func(field string) bool { return strings.Contains(field, "<http") })(a)
		}),
		// More pages than that nobody has.
		"consumer-ten-pages": paged(0, func(a *rest.Arrival) string {
			if a.Objects == 0 || offsetOf(a) >= 9*a.Objects {
				return ""
			}
			return offsetTo(a.First, a.Read)
		}),
		"consumer-asks-again": sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodGet && !forToken(r) {
				for range 5 {
					drain(next.RoundTrip(r.Clone(r.Context())))
				}
			}
			return next.RoundTrip(r)
		}),
		"consumer-parallel": sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodGet && !forToken(r) && lastOf(r.URL.Path) == "orgs" {
				crowd(r, next, 60)
			}
			return next.RoundTrip(r)
		}),
	}
}
