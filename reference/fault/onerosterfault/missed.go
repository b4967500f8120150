package onerosterfault

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// structured are the properties that hold lists and objects.
var structured = []string{"agents", "children", "class", "course", "grades", "metadata", "org", "parent", "primaryOrg", "roles", "school",
	"schoolYear", "subjects", "terms", "user", "userIds"}

// pattern is the predicate ~ with a value that means something to a regular expression.
var pattern = regexp.MustCompile(`~'[^']*[.*^|\[(\\][^']*'`)

// missedFaults are what the suite did not see before products and mutants showed it.
func missedFaults() map[string]wrapper {
	broken := func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }
	asks := func(applies func(q url.Values) bool) when {
		return func(a *answer) bool { return isCollection(a.path) && applies(a.request.URL.Query()) }
	}
	twice := func(name string) when { return asks(func(q url.Values) bool { return len(q[name]) > 1 }) }
	enrollments := func(a *answer) bool {
		return collection(a) && a.path == "/enrollments" && number(a.request, "limit", 0) > gigantic
	}
	written := func(a *answer) bool { return a.status == http.StatusMethodNotAllowed }
	return map[string]wrapper{
		"write-upserts": upserting,
		"filter-equal-refused": changing(asks(func(q url.Values) bool {
			m := predicate.FindStringSubmatch(q.Get("filter"))
			return m != nil && m[2] == "="
		}), func(a *answer) { fail(a, http.StatusBadRequest, "invalid_filter_field") }),
		"filter-modified-500": changing(asks(func(q url.Values) bool { return strings.HasPrefix(q.Get("filter"), "dateLastModified>") }), broken),
		"filter-blank-hangs-up": changing(asks(func(q url.Values) bool {
			m := predicate.FindStringSubmatch(q.Get("filter"))
			return m != nil && strings.Contains(q.Get("filter")[len(m[0]):], " ")
		}), func(*answer) { panic(http.ErrAbortHandler) }),
		"largest-limit-500": changing(enrollments, broken),
		"largest-limit-silent": changing(enrollments, func(a *answer) {
			a.header.Del("X-Total-Count")
			a.header.Del("Link")
			a.list(func(l []any) []any { return l[:min(len(l), 50)] })
		}),
		"sub-empty-everything": overflowing(func(q url.Values) bool { return !q.Has("filter") }, "/students", "/resources"),
		"sub-empty-filtered":   overflowing(func(q url.Values) bool { return q.Get("filter") == "sourcedId!='no-such-object-here'" }, "/students", "/resources"),
		"sort-structured-500":  changing(asks(func(q url.Values) bool { return slices.Contains(structured, q.Get("sort")) }), broken),
		"filter-structured-500": changing(asks(func(q url.Values) bool {
			m := predicate.FindStringSubmatch(q.Get("filter"))
			return m != nil && slices.Contains(structured, m[1])
		}), broken),
		"sort-twice-500":   changing(twice("sort"), broken),
		"order-twice-500":  changing(twice("orderBy"), broken),
		"filter-twice-500": changing(twice("filter"), broken),
		"page-twice-500":   changing(func(a *answer) bool { return twice("limit")(a) || twice("offset")(a) }, broken),
		"filter-contains-pattern": filtering(func(f string) string {
			if pattern.MatchString(f) && !strings.Contains(f, "(") {
				return ""
			}
			return f
		}),
		"filter-parenthesis-500": changing(asks(func(q url.Values) bool {
			return strings.Contains(q.Get("filter"), "~'") && strings.Contains(q.Get("filter"), "(")
		}), broken),
		"unknown-parameter-500": changing(asks(func(q url.Values) bool { return q.Has("noSuchParameter") }), broken),
		"empty-parameter-500": changing(asks(func(q url.Values) bool {
			return slices.ContainsFunc(parameters, func(name string) bool { return q.Has(name) && q.Get(name) == "" })
		}), broken),
		"long-query-500": changing(func(a *answer) bool { return len(a.request.URL.RawQuery) > 4000 }, broken),
		"write-404":      changing(written, func(a *answer) { fail(a, http.StatusNotFound, "unknownobject") }),
		"write-allow-without-get": changing(written, func(a *answer) {
			if a.header.Get("Allow") != "" {
				a.header.Set("Allow", "HEAD, OPTIONS")
			}
		}),
		"write-without-allow": changing(written, func(a *answer) { a.header.Del("Allow") }),
		"write-own-code-minor": changing(written, func(a *answer) {
			allowed := a.header.Get("Allow")
			fail(a, http.StatusMethodNotAllowed, "methodnotallowed")
			a.header.Set("Allow", allowed)
		}),
		"class-without-teacher": changing(under("enrollments"), func(a *answer) {
			a.objects(func(o object) {
				if role := str(o["role"]); role != "" && role != "student" {
					o["role"] = "proctor"
				}
			})
		}),
		"labels-as-html": changing(succeeded, func(a *answer) {
			a.objects(func(o object) {
				for _, name := range []string{"title", "name", "familyName"} {
					if text := str(o[name]); text != "" {
						o[name] = html.EscapeString(text)
					}
				}
			})
		}),
		"punctuation-twice":           changing(victimIn, member("title", func(v any) any { return str(v) + " â€“ fall" })),
		"discovery-misspelt-id":       published(`"operationId":"getAllUsers"`, `"operationId":"getAllUser"`),
		"discovery-misspelt-scope":    published("roster-core.readonly", "rostering-core.readonly"),
		"discovery-foreign-scope":     published(`{"OAuth2CC":["https://purl.imsglobal.org/spec/or/v1p2/scope/roster-demographics.readonly"]}`, `{"OAuth2CC":["https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly"]}`),
		"discovery-no-flow":           published(`"clientCredentials"`, `"implicit"`),
		"discovery-misspelt-query":    published(`"name":"orderBy"`, `"name":"orderby"`),
		"discovery-limit-text":        published(`"format":"int32","minimum":1,"type":"integer"`, `"format":"int32","minimum":1,"type":"string"`),
		"discovery-style-misspelt":    published(`"style":"form"`, `"style":"from"`),
		"discovery-fields-numbers":    published(`"schema":{"items":{"type":"string"},"type":"array"}`, `"schema":{"items":{"type":"integer"},"type":"array"}`),
		"discovery-fields-unlisted":   published(`"schema":{"items":{"type":"string"},"type":"array"}`, `"schema":{"itms":{"type":"string"},"type":"array"}`),
		"discovery-order-misspelt":    published(`"asc","desc"`, `"asc","dsc"`),
		"discovery-path-misspelt":     published(`"in":"path","name":"sourcedId"`, `"in":"path","name":"sourceId"`),
		"discovery-wrapper-misspelt":  published(`"properties":{"users":`, `"properties":{"user":`),
		"discovery-status-misspelt":   published(`"imsx_codeMajor"`, `"imsx_codemajor"`),
		"discovery-member-misspelt":   published(`"familyName"`, `"surname"`),
		"discovery-dead-reference":    published(`"#/components/schemas/imsx_StatusInfo"`, `"#/components/schemas/StatusInfo"`),
		"discovery-no-version":        published(`"version":"1.0"`, `"version":""`),
		"discovery-keyword-misspelt":  published(`"minimum"`, `"minimun"`),
		"discovery-part-missing":      published(`,"description":"The object."`, ``),
		"discovery-type-misspelt":     published(`"type":"object"`, `"type":"objects"`),
		"discovery-header-misspelt":   published(`"Link":{"description"`, `"Links":{"description"`),
		"discovery-header-text":       published(`"schema":{"type":"integer"}`, `"schema":{"type":"string"}`),
		"discovery-format-misspelt":   published(`"format":"date-time"`, `"format":"datetime"`),
		"discovery-flag-boolean":      published(`"enabledUser":{"type":"string"}`, `"enabledUser":{"type":"boolean"}`),
		"discovery-required-misspelt": published(`"required":["imsx_codeMajor"`, `"required":["imsx_codemajor"`),
		"discovery-offset-one":        published(`"default":0`, `"default":1`),
		"sub-filter-whole": asking(func(r *http.Request, path string) {
			if parts := strings.Split(path, "/"); len(parts) > 3 && r.URL.Query().Has("filter") {
				r.URL.Path = strings.TrimSuffix(r.URL.Path, path) + "/" + parts[len(parts)-1]
				r.URL.RawPath = ""
			}
		}),
		"token-basic-undecoded": tokenRequests(func(r *http.Request, _ url.Values) {
			if _, secret, basic := r.BasicAuth(); basic {
				if plain, err := url.QueryUnescape(secret); err == nil && plain != secret {
					r.Header.Set("Authorization", "Basic bm9ib2R5Om5vdGhpbmc=")
				}
			}
		}),
		"semesters-in-part": changing(both(under("terms"), whole), func(a *answer) {
			a.list(func(l []any) []any { return l[min(1, len(l)):] })
		}),
	}
}

// overflowing answers a sub-collection that holds nothing with all there is of its kind, where
// the request is such a one.
func overflowing(applies func(q url.Values) bool, suffixes ...string) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, ours := servicePath(r)
			at := slices.IndexFunc(suffixes, func(s string) bool { return strings.HasSuffix(path, s) })
			a := ask(h, r)
			if ours && at >= 0 && strings.Count(path, "/") == 3 && a.status == http.StatusOK && length(a) == 0 && applies(r.URL.Query()) {
				r = r.Clone(r.Context())
				r.URL.Path = strings.TrimSuffix(r.URL.Path, path) + suffixes[at]
				a = ask(h, r)
			}
			a.send(w)
		})
	}
}

// published changes the text of the discovery documents.
func published(old, new string) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "/discovery/") {
				h.ServeHTTP(w, r)
				return
			}
			a := ask(h, r)
			a.setBody(bytes.ReplaceAll(a.body.Bytes(), []byte(old), []byte(new)))
			a.send(w)
		})
	}
}

// upserting stores whatever object is put, below an id that nobody has as well, as products do
// that were extended so. What is no object it answers alike, and stores nothing.
func upserting(h http.Handler) http.Handler {
	var mu sync.Mutex
	stored := map[string]bool{}
	return changing(func(*answer) bool { return true }, func(a *answer) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case a.request.Method == http.MethodPut && a.status == http.StatusMethodNotAllowed:
			var o object
			if body, err := io.ReadAll(a.request.Body); err == nil && json.Unmarshal(body, &o) == nil && o != nil {
				stored[a.path] = true
			}
			a.status = http.StatusOK
			say(a, "application/json", `{"upserted":1}`)
		case a.request.Method == http.MethodGet && a.status == http.StatusNotFound && stored[a.path]:
			a.status = http.StatusOK
			say(a, "application/json", `{"user":{"sourcedId":"stored"}}`)
		}
	})(h)
}
