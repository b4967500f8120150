package onerosterfault

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// filtering changes the filter expression before it is answered; an empty
// result removes it.
func filtering(change func(expression string) string) wrapper {
	return asking(func(r *http.Request, path string) {
		if f := r.URL.Query().Get("filter"); f != "" && isCollection(path) {
			if g := change(f); g != f {
				rewrite(r, "filter", g)
			}
		}
	})
}

var predicate = regexp.MustCompile(`^([A-Za-z_][\w.]*)(!=|>=|<=|=|>|<|~)`)

// swapped replaces one predicate by another in every clause.
func swapped(from, to string) wrapper {
	return filtering(func(f string) string {
		parts := clauses.Split(f, -1)
		joints := clauses.FindAllString(f, -1)
		var b strings.Builder
		for i, part := range parts {
			b.WriteString(predicate.ReplaceAllStringFunc(part, func(m string) string {
				p := predicate.FindStringSubmatch(m)
				if p[2] == from {
					return p[1] + to
				}
				return m
			}))
			if i < len(joints) {
				b.WriteString(joints[i])
			}
		}
		return b.String()
	})
}

var clauses = regexp.MustCompile(` (AND|OR) `)

// refusedFilter applies to answers that refused a filter.
func refusedFilter(a *answer) bool {
	return a.status == http.StatusBadRequest && a.request.URL.Query().Has("filter") && isCollection(a.path)
}

// instead answers with what the same request without a parameter would have got.
func instead(applies when, parameter string) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ours := servicePath(r); !ours {
				h.ServeHTTP(w, r)
				return
			}
			a := ask(h, r)
			if applies(a) {
				bare := r.Clone(r.Context())
				rewrite(bare, parameter, "")
				a = ask(h, bare)
				a.request = r
			}
			a.send(w)
		})
	}
}

func queryFaults() map[string]wrapper {
	asked := func(name string) when { return func(a *answer) bool { return a.request.URL.Query().Has(name) } }
	return map[string]wrapper{
		"filter-ignored":              filtering(func(string) string { return "" }),
		"filter-equals-inverted":      swapped("=", "!="),
		"filter-not-equal-as-equal":   swapped("!=", "="),
		"filter-contains-as-equal":    swapped("~", "="),
		"filter-greater-inclusive":    swapped(">", ">="),
		"filter-greater-equal-strict": swapped(">=", ">"),
		"filter-less-inclusive":       swapped("<", "<="),
		"filter-less-equal-strict":    swapped("<=", "<"),
		"filter-and-ignored": filtering(func(f string) string {
			if i := strings.Index(f, "' AND "); i >= 0 {
				return f[:i+1]
			}
			return f
		}),
		"filter-or-as-and": filtering(func(f string) string { return strings.Replace(f, "' OR ", "' AND ", 1) }),
		"filter-nested-ignored": filtering(func(f string) string {
			if m := predicate.FindStringSubmatch(f); m != nil && strings.Contains(m[1], ".") {
				return ""
			}
			return f
		}),
		"filter-apostrophe-500": changing(func(a *answer) bool {
			f := a.request.URL.Query().Get("filter")
			return isCollection(a.path) && strings.Count(f, "'") > 2 && !clauses.MatchString(f)
		}, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"filter-and-in-value": changing(func(a *answer) bool {
			f := a.request.URL.Query().Get("filter")
			return isCollection(a.path) && clauses.MatchString(f) && strings.Count(f, "'") == 2
		}, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"filter-percent-wildcard": filtering(func(f string) string {
			if m := predicate.FindStringSubmatch(f); m != nil && m[2] == "~" && strings.HasSuffix(f, "'%'") {
				return ""
			}
			return f
		}),
		"filter-unknown-field-ignored": instead(both(refusedFilter, func(a *answer) bool {
			return predicate.MatchString(a.request.URL.Query().Get("filter")) && strings.Contains(a.body.String(), "invalid_filter_field")
		}), "filter"),
		"filter-unknown-field-500": changing(refusedFilter, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"filter-malformed-ignored": instead(refusedFilter, "filter"),
		"filter-wrong-code-minor": changing(refusedFilter, func(a *answer) {
			fail(a, http.StatusBadRequest, "unknownobject")
		}),
		"filter-escapes-scope": filterEscapesScope,
		"filter-time-dropped": filtering(func(f string) string {
			return instant.ReplaceAllString(f, "${1}T00:00:00.000Z")
		}),
		"sort-ignored":            asking(func(r *http.Request, _ string) { rewrite(r, "sort", ""); rewrite(r, "orderBy", "") }),
		"sort-descending-ignored": asking(func(r *http.Request, _ string) { rewrite(r, "orderBy", "") }),
		"sort-reversed": asking(func(r *http.Request, _ string) {
			q := r.URL.Query()
			if q.Get("sort") == "" {
				return
			}
			if q.Get("orderBy") == "desc" {
				rewrite(r, "orderBy", "asc")
			} else {
				rewrite(r, "orderBy", "desc")
			}
		}),
		"sort-page-only": sortPageOnly,
		"sort-unknown-500": changing(func(a *answer) bool {
			s := a.request.URL.Query().Get("sort")
			return isCollection(a.path) && s != "" && !slices.Contains(sortable, s)
		}, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"fields-ignored":         asking(func(r *http.Request, path string) { dropIf(isCollection(path), r, "fields") }),
		"fields-ignored-single":  asking(func(r *http.Request, path string) { dropIf(!isCollection(path), r, "fields") }),
		"fields-unknown-ignored": instead(both(status(http.StatusBadRequest), asked("fields")), "fields"),
		"fields-unknown-500":     changing(both(status(http.StatusBadRequest), asked("fields")), func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"fields-too-few": changing(both(succeeded, asked("fields")), func(a *answer) {
			names := strings.Split(a.request.URL.Query().Get("fields"), ",")
			if len(names) > 1 {
				a.objects(func(o object) { delete(o, names[len(names)-1]) })
			}
		}),
		"unknown-parameter-400": changing(func(a *answer) bool {
			for name := range a.request.URL.Query() {
				if !slices.Contains(parameters, name) {
					return true
				}
			}
			return false
		}, func(a *answer) { fail(a, http.StatusBadRequest, "invaliddata") }),
	}
}

var parameters = []string{"limit", "offset", "sort", "orderBy", "filter", "fields"}

// sortable are the properties that no sane check would call unknown.
var sortable = []string{"sourcedId", "status", "dateLastModified", "title", "name", "type", "identifier", "startDate", "endDate",
	"schoolYear",
	"courseCode", "classCode", "classType", "location", "givenName", "familyName", "middleName", "username", "email", "enabledUser", "role",
	"importance", "vendorResourceId", "vendorId", "applicationId", "beginDate", "birthDate", "sex", "phone", "sms", "primary", "class.sourcedId", "user.sourcedId", "school.sourcedId", "course.sourcedId", "org.sourcedId", "parent.sourcedId"}

var instant = regexp.MustCompile(`(\d{4}-\d{2}-\d{2})T[0-9:.]+(Z|[+-]\d{2}:\d{2})`)

// filterEscapesScope lets an OR reach over the edge of a derived collection:
// /students?filter=a OR b then shows whoever b matches.
func filterEscapesScope(h http.Handler) http.Handler {
	return asking(func(r *http.Request, path string) {
		if !strings.Contains(r.URL.Query().Get("filter"), "' OR ") {
			return
		}
		for from, to := range map[string]string{"/students": "/users", "/teachers": "/users", "/schools": "/orgs", "/terms": "/academicSessions",
			"/gradingPeriods": "/academicSessions"} {
			if path == from {
				r.URL.Path = strings.TrimSuffix(r.URL.Path, from) + to
				r.URL.RawPath = ""
			}
		}
	})(h)
}

// sortPageOnly sorts each page by itself instead of the whole collection.
func sortPageOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ours := servicePath(r)
		property := r.URL.Query().Get("sort")
		if !ours || !isCollection(path) || property == "" {
			h.ServeHTTP(w, r)
			return
		}
		bare := r.Clone(r.Context())
		rewrite(bare, "sort", "")
		rewrite(bare, "orderBy", "")
		a := ask(h, bare)
		a.request = r
		down := r.URL.Query().Get("orderBy") == "desc"
		a.list(func(l []any) []any {
			slices.SortStableFunc(l, func(x, y any) int {
				c := strings.Compare(str(x.(object)[property]), str(y.(object)[property]))
				if down {
					return -c
				}
				return c
			})
			return l
		})
		a.send(w)
	})
}
