package onerosterfault

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/rollcall-edu/rollcall/reference/web"
)

// links changes the URLs of a Link header: change gets each link's relation and
// URL and gives the URL to send, empty to drop the link.
func links(change func(a *answer, rel, target string) string) func(*answer) {
	return func(a *answer) {
		var out []string
		for _, part := range strings.Split(strings.Join(a.header.Values("Link"), ","), ",") {
			m := link.FindStringSubmatch(part)
			if m == nil {
				continue
			}
			if target := change(a, m[2], m[1]); target != "" {
				out = append(out, fmt.Sprintf(`<%s>; rel="%s"`, target, m[2]))
			}
		}
		a.header.Del("Link")
		if len(out) > 0 {
			a.header.Set("Link", strings.Join(out, ", "))
		}
	}
}

var link = regexp.MustCompile(`<([^>]*)>\s*;\s*rel="?([a-z]+)"?`)

func hasLink(a *answer, rel string) bool {
	return slices.ContainsFunc(link.FindAllStringSubmatch(strings.Join(a.header.Values("Link"), ","), -1),
		func(m []string) bool { return m[2] == rel })
}

func addLink(a *answer, rel, target string) {
	line := fmt.Sprintf(`<%s>; rel="%s"`, target, rel)
	if old := a.header.Get("Link"); old != "" {
		line = old + ", " + line
	}
	a.header.Set("Link", line)
}

// self is the absolute URL of the request that an answer belongs to.
func self(r *http.Request) *url.URL {
	u := *r.URL
	u.Scheme, u.Host, _ = strings.Cut(web.Origin(r), "://")
	return &u
}

// with gives the absolute URL of the request with another offset.
func with(r *http.Request, offset int) string {
	u := self(r)
	q := u.Query()
	q.Set("offset", strconv.Itoa(max(offset, 0)))
	u.RawQuery = q.Encode()
	return u.String()
}

func total(a *answer) int {
	n, _ := strconv.Atoi(a.header.Get("X-Total-Count"))
	return n
}

func setTotal(value func(a *answer) string) func(*answer) {
	return func(a *answer) { a.header.Set("X-Total-Count", value(a)) }
}

func length(a *answer) (n int) {
	a.envelope(func(e object) {
		for name, v := range e {
			if l, ok := v.([]any); ok && name != "statusInfoSet" {
				n = len(l)
			}
		}
	})
	return n
}

func pagingFaults() map[string]wrapper {
	paged := func(r *http.Request, path string) bool { return isCollection(path) }
	offset := func(change func(offset, limit int) int) wrapper {
		return asking(func(r *http.Request, path string) {
			if was := number(r, "offset", 0); paged(r, path) && was > 0 {
				rewrite(r, "offset", strconv.Itoa(change(was, number(r, "limit", 100))))
			}
		})
	}
	keepLinks := func(a *answer) bool { return collection(a) && a.header.Get("Link") != "" }
	return map[string]wrapper{
		"total-missing":     changing(collection, func(a *answer) { a.header.Del("X-Total-Count") }),
		"total-wrong":       changing(collection, setTotal(func(a *answer) string { return strconv.Itoa(total(a) + 7) })),
		"total-page-length": changing(collection, setTotal(func(a *answer) string { return strconv.Itoa(length(a)) })),
		"total-not-integer": changing(collection, setTotal(func(a *answer) string { return strconv.Itoa(total(a)) + ".0" })),
		"total-unfiltered":  totalUnfiltered,
		"total-in-body": changing(collection, func(a *answer) {
			n := total(a)
			a.header.Del("X-Total-Count")
			a.envelope(func(e object) { e["total"] = n })
		}),
		"total-varies": changing(collection, setTotal(func(a *answer) string {
			return strconv.Itoa(total(a) + number(a.request, "offset", 0)%3)
		})),
		"link-missing":       changing(collection, func(a *answer) { a.header.Del("Link") }),
		"link-next-missing":  changing(keepLinks, links(func(_ *answer, rel, u string) string { return pick(rel != "next", u) })),
		"link-first-missing": changing(keepLinks, links(func(_ *answer, rel, u string) string { return pick(rel != "first", u) })),
		"link-prev-missing":  changing(keepLinks, links(func(_ *answer, rel, u string) string { return pick(rel != "prev", u) })),
		"link-last-missing":  changing(keepLinks, links(func(_ *answer, rel, u string) string { return pick(rel != "last", u) })),
		"link-empty-negative": changing(keepLinks, links(func(a *answer, rel, u string) string {
			if rel == "last" && total(a) == 0 {
				return strings.Replace(u, "offset=0", "offset=-"+strconv.Itoa(number(a.request, "limit", 100)), 1)
			}
			return u
		})),
		"link-empty-next": changing(keepLinks, func(a *answer) {
			if total(a) == 0 {
				addLink(a, "next", with(a.request, number(a.request, "limit", 100)))
			}
		}),
		"link-next-loops": changing(keepLinks, links(func(a *answer, rel, u string) string {
			if rel == "next" {
				return self(a.request).String()
			}
			return u
		})),
		"link-other-host": changing(keepLinks, links(func(_ *answer, rel, u string) string {
			parsed, err := url.Parse(u)
			if err != nil || rel != "next" {
				return u
			}
			parsed.Host = "internal.invalid:8080"
			return parsed.String()
		})),
		"link-relative": changing(keepLinks, links(func(_ *answer, _, u string) string {
			if parsed, err := url.Parse(u); err == nil {
				return parsed.RequestURI()
			}
			return u
		})),
		"link-drops-filter": changing(keepLinks, links(func(_ *answer, _, u string) string {
			parsed, err := url.Parse(u)
			if err != nil {
				return u
			}
			q := parsed.Query()
			q.Del("filter")
			parsed.RawQuery = q.Encode()
			return parsed.String()
		})),
		"link-drops-fields": changing(keepLinks, links(func(_ *answer, _, u string) string {
			parsed, err := url.Parse(u)
			if err != nil {
				return u
			}
			q := parsed.Query()
			q.Del("fields")
			q.Del("sort")
			q.Del("orderBy")
			parsed.RawQuery = q.Encode()
			return parsed.String()
		})),
		"link-next-on-last-page": changing(collection, func(a *answer) {
			if !hasLink(a, "next") {
				addLink(a, "next", with(a.request, number(a.request, "offset", 0)+number(a.request, "limit", 100)))
			}
		}),
		"link-prev-on-first-page": changing(collection, func(a *answer) {
			if !hasLink(a, "prev") {
				addLink(a, "prev", with(a.request, 0))
			}
		}),
		"link-last-wrong": changing(keepLinks, links(func(a *answer, rel, u string) string {
			if rel == "last" {
				return with(a.request, total(a)+number(a.request, "limit", 100))
			}
			return u
		})),
		"page-overlap":        offset(func(o, _ int) int { return o - 1 }),
		"page-overlap-capped": offset(func(o, _ int) int { return o - 1 }),
		"page-gap":            offset(func(o, _ int) int { return o + 1 }),
		"offset-as-page":      offset(func(o, l int) int { return o * l }),
		"offset-ignored":      asking(func(r *http.Request, path string) { dropIf(paged(r, path), r, "offset") }),
		"limit-ignored":       asking(func(r *http.Request, path string) { dropIf(paged(r, path), r, "limit") }),
		"limit-off-by-one":    limitOffByOne,
		"order-unstable":      orderUnstable,
		"last-page-short": changing(collection, func(a *answer) {
			if o := number(a.request, "offset", 0); o > 0 && o+length(a) >= total(a) {
				a.list(func(l []any) []any { return l[:max(0, len(l)-1)] })
			}
		}),
		"past-end-404": changing(collection, func(a *answer) {
			if o := number(a.request, "offset", 0); o > 0 && length(a) == 0 {
				fail(a, http.StatusNotFound, "unknownobject")
			}
		}),
		"past-end-500": changing(collection, func(a *answer) {
			if o := number(a.request, "offset", 0); o > 0 && length(a) == 0 {
				fail(a, http.StatusInternalServerError, "internal_server_error")
			}
		}),
		"bad-limit-500": changing(func(a *answer) bool {
			_, err := strconv.Atoi(a.request.URL.Query().Get("limit"))
			return a.request.URL.Query().Has("limit") && err != nil && isCollection(a.path)
		}, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
	}
}

func pick(keep bool, u string) string {
	if keep {
		return u
	}
	return ""
}

func dropIf(drop bool, r *http.Request, name string) {
	if drop {
		rewrite(r, name, "")
	}
}

// limitOffByOne sends one object more than asked for.
func limitOffByOne(h http.Handler) http.Handler {
	return asking(func(r *http.Request, path string) {
		if l := number(r, "limit", 0); l > 0 && isCollection(path) {
			rewrite(r, "limit", strconv.Itoa(l+1))
		}
	})(h)
}

// totalUnfiltered announces the size of the whole collection, whatever the
// filter.
func totalUnfiltered(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ours := servicePath(r)
		if !ours || !isCollection(path) || r.URL.Query().Get("filter") == "" {
			h.ServeHTTP(w, r)
			return
		}
		a := ask(h, r)
		bare := r.Clone(r.Context())
		rewrite(bare, "filter", "")
		if whole := ask(h, bare); succeeded(a) && succeeded(whole) {
			a.header.Set("X-Total-Count", whole.header.Get("X-Total-Count"))
		}
		a.send(w)
	})
}

// orderUnstable answers every second request of a collection in the reverse
// order, as a database without an ORDER BY may.
func orderUnstable(h http.Handler) http.Handler {
	var turn atomic.Int64
	return asking(func(r *http.Request, path string) {
		if isCollection(path) && r.URL.Query().Get("sort") == "" && turn.Add(1)%2 == 0 {
			rewrite(r, "sort", "sourcedId")
			rewrite(r, "orderBy", "desc")
		}
	})(h)
}
