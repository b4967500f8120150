package catalogfault

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// access are catalogues that let in whom they shouldn't, or turn away whom they should let in.
func access() map[string]bend.Wrapper {
	return map[string]bend.Wrapper{
		"catalog-open":          letting(func(r *http.Request) bool { return true }),
		"catalog-subjects-open": letting(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, subjectsPath) }),
		"catalog-query-token": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if token := r.URL.Query().Get("access_token"); token != "" {
					r.Header.Set("Authorization", "Bearer "+token)
				}
				next.ServeHTTP(w, r)
			})
		},
		"catalog-401-bare": changed(func(a *reply) { a.Header().Del("WWW-Authenticate") }),
		"catalog-401-as-403": changed(func(a *reply) {
			if a.Code == http.StatusUnauthorized {
				a.Code = http.StatusForbidden
			}
		}),
		"catalog-bearer-case": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if h := r.Header.Get("Authorization"); strings.HasPrefix(strings.ToLower(h), "bearer") && !strings.HasPrefix(h, "Bearer") {
					r.Header.Del("Authorization")
				}
				next.ServeHTTP(w, r)
			})
		},
		"catalog-token-html":         tokens(func(a *reply, _ object) { a.Header().Set("Content-Type", "text/html") }),
		"catalog-token-expires-text": tokens(func(a *reply, o object) { o["expires_in"] = "3600"; a.set(o) }),
		"catalog-token-cached":       tokens(func(a *reply, _ object) { a.Header().Del("Cache-Control") }),
		"catalog-token-type":         tokens(func(a *reply, o object) { o["token_type"] = "access"; a.set(o) }),
		"catalog-token-bearer-small": tokens(func(a *reply, o object) { o["token_type"] = "bearer"; a.set(o) }),
	}
}

// letting lets those in who have no token, by the last one that was good.
func letting(where func(*http.Request) bool) bend.Wrapper {
	return func(next http.Handler) http.Handler {
		var mu sync.Mutex
		good := ""
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !ofService(r) {
				next.ServeHTTP(w, r)
				return
			}
			rec := bend.Answered(next, r)
			mu.Lock()
			if rec.Code == http.StatusOK {
				good = r.Header.Get("Authorization")
			}
			known := good
			mu.Unlock()
			if rec.Code == http.StatusUnauthorized && known != "" && where(r) {
				r.Header.Set("Authorization", known)
				rec = bend.Answered(next, r)
			}
			bend.Give(w, rec)
		})
	}
}

// tokens changes what is granted.
func tokens(change func(a *reply, granted object)) bend.Wrapper {
	return bend.At("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		a := &reply{bend.Answered(next, r), r}
		if a.Code == http.StatusOK {
			change(a, a.body())
		}
		bend.Give(w, a.ResponseRecorder)
	})
}

// paging are pages that don't fit together.
func paging() map[string]bend.Wrapper {
	odd := func(name string) func(*http.Request) bool {
		return func(r *http.Request) bool {
			v := r.URL.Query().Get(name)
			_, err := strconv.Atoi(v)
			return v != "" && (err != nil || strings.HasPrefix(v, "-"))
		}
	}
	total := func(value func(a *reply, items int) string) bend.Wrapper {
		return changed(func(a *reply) {
			if a.is(resourcesPath) {
				list, _ := a.body()["resources"].([]any)
				a.Header().Set("X-Total-Count", value(a, len(list)))
			}
		})
	}
	return map[string]bend.Wrapper{
		"catalog-limit-ignored":  asked(func(q url.Values) { q.Del("limit") }),
		"catalog-offset-ignored": asked(func(q url.Values) { q.Del("offset") }),
		"catalog-offset-pages":   asked(func(q url.Values) { q.Set("offset", strconv.Itoa(number(q, "offset", 0)*number(q, "limit", 100))) }),
		"catalog-offset-from-one": asked(func(q url.Values) {
			if n := number(q, "offset", 0); n > 0 {
				q.Set("offset", strconv.Itoa(n-1))
			}
		}),
		"catalog-page-gap": page(func(a *reply, items []any) []any {
			if number(a.request.URL.Query(), "offset", 0) > 0 && len(items) > 1 {
				return items[1:]
			}
			return items
		}),
		"catalog-past-end-404": changed(func(a *reply) {
			if list, _ := a.body()["resources"].([]any); a.is(resourcesPath) && len(list) == 0 && number(a.request.URL.Query(), "offset", 0) > 0 {
				a.replace(http.StatusNotFound, failed("invaliddata", "there is no such page"))
			}
		}),
		"catalog-offset-500":  turned(odd("offset"), http.StatusInternalServerError, broke),
		"catalog-limit-500":   turned(odd("limit"), http.StatusInternalServerError, broke),
		"catalog-total-wrong": total(func(a *reply, _ int) string { return a.Header().Get("X-Total-Count") + "0" }),
		"catalog-total-page":  total(func(_ *reply, n int) string { return strconv.Itoa(n) }),
		"catalog-total-words": total(func(a *reply, _ int) string { return a.Header().Get("X-Total-Count") + " items" }),
		"catalog-total-gone":  changed(func(a *reply) { a.Header().Del("X-Total-Count") }),
		"catalog-link-gone":   changed(func(a *reply) { a.Header().Del("Link") }),
		"catalog-link-path": links(func(_, target string) string {
			u, _ := url.Parse(target)
			return u.RequestURI()
		}),
		"catalog-link-forgets": links(func(_, target string) string {
			u, _ := url.Parse(target)
			q := u.Query()
			q.Del("filter")
			u.RawQuery = q.Encode()
			return u.String()
		}),
		"catalog-link-http": links(func(_, target string) string { return strings.Replace(target, "127.0.0.1", "localhost", 1) }),
		"catalog-link-no-last": links(func(rel, target string) string {
			if rel == "last" {
				return ""
			}
			return target
		}),
		"catalog-link-endless": changed(func(a *reply) {
			if l := a.Header().Get("Link"); a.is(resourcesPath) && !strings.Contains(l, `rel="next"`) {
				m := linkForm.FindStringSubmatch(l)
				if m != nil {
					a.Header().Set("Link", l+", <"+m[1]+`>; rel="next"`)
				}
			}
		}),
		"catalog-restless": func(next http.Handler) http.Handler {
			var n atomic.Int64
			return asked(func(q url.Values) {
				if !q.Has("sort") && !q.Has("filter") {
					q.Set("sort", "name")
					q.Set("orderBy", []string{"asc", "desc"}[n.Add(1)%2])
				}
			})(next)
		},
	}
}

// ordering are catalogues that sort otherwise than they are asked to.
func ordering() map[string]bend.Wrapper {
	unknown := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Query().Get("sort"), "noSuch") }
	reversed := func(when func(q url.Values) bool) bend.Wrapper {
		return page(func(a *reply, items []any) []any {
			if when(a.request.URL.Query()) {
				slices.Reverse(items)
			}
			return items
		})
	}
	return map[string]bend.Wrapper{
		"catalog-sort-ignored": asked(func(q url.Values) { q.Del("sort") }),
		"catalog-sort-rising":  asked(func(q url.Values) { q.Del("orderBy") }),
		"catalog-sort-falling": asked(func(q url.Values) {
			if q.Has("sort") && !q.Has("orderBy") {
				q.Set("orderBy", "desc")
			}
		}),
		"catalog-sort-unknown-400": turned(unknown, http.StatusBadRequest, func() any { return failed("invalidqueryparameter", "no such field") }),
		"catalog-sort-500":         turned(unknown, http.StatusInternalServerError, broke),
		"catalog-sort-pagewise":    reversed(func(q url.Values) bool { return q.Has("sort") && number(q, "offset", 0) > 0 }),
		"catalog-sort-loses": page(func(a *reply, items []any) []any {
			if a.request.URL.Query().Has("sort") && len(items) > 3 {
				return items[1:]
			}
			return items
		}),
		"catalog-relevance-rising": reversed(func(q url.Values) bool { return q.Get("sort") == "relevance" }),
	}
}

// transport are answers that are wrong on the wire.
func transport() map[string]bend.Wrapper {
	return map[string]bend.Wrapper{
		"catalog-type-text":    changed(func(a *reply) { a.Header().Set("Content-Type", "text/plain") }),
		"catalog-charset":      changed(func(a *reply) { a.Header().Set("Content-Type", "application/json; charset=iso-8859-1") }),
		"catalog-charset-utf8": changed(func(a *reply) { a.Header().Set("Content-Type", "application/json; charset=utf-8") }),
		"catalog-wrapper": changed(func(a *reply) {
			if a.is(resourcesPath) {
				a.set(object{"hits": a.body()["resources"]})
			}
		}),
		"catalog-wrapper-more": changed(func(a *reply) {
			if a.is(resourcesPath) {
				body := a.body()
				body["total"] = 7
				a.set(body)
			}
		}),
		"catalog-subjects-bare": changed(func(a *reply) {
			if a.is(subjectsPath) {
				a.set(a.body()["subjects"])
			}
		}),
		"catalog-subjects-500": turned(func(r *http.Request) bool {
			return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, subjectsPath)
		},
			http.StatusInternalServerError, broke),
		"catalog-empty-bare": changed(func(a *reply) {
			if list, _ := a.body()["resources"].([]any); a.is(resourcesPath) && len(list) == 0 {
				a.text("{}")
			}
		}),
		"catalog-head-500": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead && ofService(r) {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				next.ServeHTTP(w, r)
			})
		},
		"catalog-head-405": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead && ofService(r) {
					w.Header().Set("Allow", "GET")
					w.WriteHeader(http.StatusMethodNotAllowed)
					return
				}
				next.ServeHTTP(w, r)
			})
		},
		"catalog-304-always": changed(func(a *reply) {
			if a.request.Header.Get("If-None-Match") != "" {
				a.Code = http.StatusNotModified
				a.text("")
			}
		}),
		"catalog-range-cut": changed(func(a *reply) {
			if a.request.Header.Get("Range") != "" && a.Body.Len() > 10 {
				a.text(a.Body.String()[:10])
			}
		}),
		"catalog-closes": changed(func(a *reply) { a.Header().Set("Connection", "close") }),
	}
}

// failures are those that are told otherwise than the standard has it.
func failures() map[string]bend.Wrapper {
	unknown := func(r *http.Request) bool {
		return !strings.HasSuffix(r.URL.Path, resourcesPath) && !strings.HasSuffix(r.URL.Path, subjectsPath)
	}
	return map[string]bend.Wrapper{
		"catalog-404-html": changed(func(a *reply) {
			if a.Code == http.StatusNotFound {
				a.Header().Set("Content-Type", "text/html")
				a.text("<!doctype html><title>Not found</title>")
			}
		}),
		"catalog-404-as-200": turned(unknown, http.StatusOK, func() any { return object{"resources": []any{}} }),
		"catalog-error-text": changed(func(a *reply) {
			if a.Code == http.StatusBadRequest || a.Code == http.StatusUnauthorized {
				a.Header().Set("Content-Type", "text/plain")
				a.text("no")
			}
		}),
		"catalog-error-wrapped":  refusals(func(a *reply, body object) { a.set(object{"error": body}) }),
		"catalog-error-success":  refusals(func(a *reply, body object) { body["imsx_codeMajor"] = "success"; a.set(body) }),
		"catalog-error-severity": refusals(func(a *reply, body object) { body["imsx_severity"] = "status"; a.set(body) }),
		"catalog-minor-capital": refusals(func(a *reply, body object) {
			if v, has := body["imsx_codeMinor"]; has {
				delete(body, "imsx_codeMinor")
				body["imsx_CodeMinor"] = v
				a.set(body)
			}
		}),
		"catalog-minor-own":    minor(func(*reply, string) string { return "bad_query" }),
		"catalog-minor-filter": minor(func(a *reply, v string) string { return otherFor(a, v, "filter", "server_busy") }),
		"catalog-minor-fields": minor(func(a *reply, v string) string { return otherFor(a, v, "fields", "server_busy") }),
		"catalog-minor-token": minor(func(a *reply, v string) string {
			if a.Code == http.StatusUnauthorized {
				return "forbidden"
			}
			return v
		}),
		"catalog-minor-nameless": refusals(func(a *reply, body object) {
			holder, _ := body["imsx_codeMinor"].(object)
			fields, _ := holder["imsx_codeMinorField"].([]any)
			for _, one := range fields {
				one.(object)["imsx_codeMinorFieldName"] = ""
			}
			a.set(body)
		}),
		"catalog-minor-oneroster": minor(func(a *reply, v string) string {
			return otherFor(a, otherFor(a, v, "filter", "invalid_filter_field"), "fields", "invalid_selection_field")
		}),
		"catalog-minor-none": refusals(func(a *reply, body object) { delete(body, "imsx_codeMinor"); a.set(body) }),
		"catalog-wordless":   refusals(func(a *reply, body object) { delete(body, "imsx_description"); a.set(body) }),
		"catalog-error-traced": refusals(func(a *reply, body object) {
			body["imsx_description"] = "at org.lor.Search.run(Search.java:41)"
			a.set(body)
		}),
		"catalog-post-taken": turned(func(r *http.Request) bool { return r.Method == http.MethodPost }, http.StatusOK,
			func() any { return object{"resources": []any{}} }),
		"catalog-405-bare": changed(func(a *reply) { a.Header().Del("Allow") }),
		"catalog-parameter-400": turned(func(r *http.Request) bool {
			return r.URL.Query().Has("noSuchParameter")
		}, http.StatusBadRequest, func() any { return failed("invalidqueryparameter", "an unknown parameter") }),
		"catalog-parameter-500": turned(func(r *http.Request) bool { return r.Header.Get("Accept-Language") != "" }, http.StatusInternalServerError,
			broke),
	}
}

// otherFor gives another code minor where a parameter was refused.
func otherFor(a *reply, value, parameter, other string) string {
	if a.Code == http.StatusBadRequest && a.request.URL.Query().Has(parameter) {
		return other
	}
	return value
}
