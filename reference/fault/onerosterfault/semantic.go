package onerosterfault

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// alias answers one collection with another's objects: what a missing filter in
// the provider's query looks like.
func alias(from, to, wrapFrom, wrapTo string) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, ours := servicePath(r)
			if !ours || path != from {
				h.ServeHTTP(w, r)
				return
			}
			other := r.Clone(r.Context())
			other.URL.Path, other.URL.RawPath = strings.TrimSuffix(r.URL.Path, from)+to, ""
			a := ask(h, other)
			a.request, a.path = r, path
			if wrapFrom != wrapTo {
				a.envelope(func(e object) {
					if v, there := e[wrapTo]; there {
						delete(e, wrapTo)
						e[wrapFrom] = v
					}
				})
			}
			links(func(_ *answer, _, u string) string { return strings.Replace(u, baseOf(u)+to, baseOf(u)+from, 1) })(a)
			a.send(w)
		})
	}
}

// narrowing adds a condition to every collection of a kind: objects vanish.
func narrowing(condition string, paths ...string) wrapper {
	return asking(func(r *http.Request, path string) {
		if !slices.Contains(paths, path) {
			return
		}
		switch f := r.URL.Query().Get("filter"); {
		case f == "":
			rewrite(r, "filter", condition)
		case !clauses.MatchString(f):
			rewrite(r, "filter", f+" AND "+condition)
		}
	})
}

func semanticFaults() map[string]wrapper {
	roots := []string{"/academicSessions", "/orgs", "/courses", "/classes", "/users", "/enrollments", "/demographics", "/schools",
		"/students", "/teachers", "/terms", "/gradingPeriods", "/resources"}
	return map[string]wrapper{
		"students-all-users":  alias("/students", "/users", "users", "users"),
		"teachers-all-users":  alias("/teachers", "/users", "users", "users"),
		"schools-all-orgs":    alias("/schools", "/orgs", "orgs", "orgs"),
		"terms-all-sessions":  alias("/terms", "/academicSessions", "academicSessions", "academicSessions"),
		"grading-periods-all": alias("/gradingPeriods", "/academicSessions", "academicSessions", "academicSessions"),
		"terms-empty":         narrowing("type='terms'", "/terms"),
		"students-lose-some":  narrowing("familyName<'P'", "/students"),
		"deleted-vanish":      narrowing("status='active'", roots...),
		"deleted-not-reachable": changing(single, func(a *answer) {
			if strings.Contains(a.body.String(), `"tobedeleted"`) {
				fail(a, http.StatusNotFound, "unknownobject")
			}
		}),
		"modified-always-now":    changing(succeeded, member("dateLastModified", func(any) any { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") })),
		"class-students-all":     aliasSub("/classes/", "/students", "/students"),
		"class-teachers-swapped": aliasTail("/classes/", "/teachers", "/students"),
		"school-classes-all":     aliasSub("/schools/", "/classes", "/classes"),
		"school-enrollments-all": aliasSub("/schools/", "/enrollments", "/enrollments"),
		"user-classes-all":       aliasSub("/users/", "/classes", "/classes"),
		"course-classes-all":     aliasSub("/courses/", "/classes", "/classes"),
		"term-periods-all":       aliasSub("/terms/", "/gradingPeriods", "/gradingPeriods"),
		"wrong-kind-served":      wrongKind,
		"agents-one-way": changing(usersIn, every(func(o object) bool {
			return strings.Contains(rolesOf(o), "parent") || strings.Contains(rolesOf(o), "guardian") || strings.Contains(rolesOf(o), "relative")
		},
			func(o object) { delete(o, "agents") })),
		"two-primary-roles": changing(usersIn, every(has("roles"), func(o object) {
			list, _ := o["roles"].([]any)
			if len(list) > 0 {
				o["roles"] = append(slices.Clone(list), list[0])
			}
		})),
		"no-primary-role":   changing(usersIn, func(a *answer) { a.objects(roles(func(r object) { replace(r, "roleType", "primary", "secondary") })) }),
		"profile-unmatched": changing(usersIn, func(a *answer) { a.objects(roles(func(r object) { appendTo(r, "userProfile", "-other") })) }),
		"ref-dangling": changing(under("enrollments"), refs(func(r object) {
			if str(r["type"]) == "user" && strings.ContainsAny(str(r["sourcedId"])[:1], "0123456789") {
				dangle(r)
			}
		})),
		"ref-org-dangling":    changing(usersIn, func(a *answer) { a.objects(roles(func(r object) { refsIn(r["org"], dangle) })) }),
		"session-backwards":   changing(under("academicSessions", "terms", "gradingPeriods"), every(has("startDate", "endDate"), func(o object) { o["startDate"], o["endDate"] = o["endDate"], o["startDate"] })),
		"session-one-sided":   changing(under("academicSessions", "terms", "gradingPeriods"), func(a *answer) { a.objects(func(o object) { delete(o, "children") }) }),
		"org-one-sided":       changing(under("orgs", "schools"), func(a *answer) { a.objects(func(o object) { delete(o, "children") }) }),
		"subject-codes-short": changing(succeeded, member("subjectCodes", func(v any) any { l, _ := v.([]any); return append(slices.Clone(l), "99") })),
		"enrollment-school-wrong": changing(under("enrollments"), refs(func(r object) {
			if str(r["type"]) == "org" {
				dangle(r)
			}
		})),
		"primary-teachers-many": changing(both(under("enrollments"), whole), every(func(o object) bool { return str(o["role"]) == "teacher" }, func(o object) { o["primary"] = "true" })),
		"demographics-own-id":   changing(under("demographics"), member("sourcedId", func(v any) any { return "demo-" + str(v) })),
		"duplicate-ids": changing(both(collection, under("courses", "resources")), func(a *answer) {
			if length(a) > 0 && length(a) < number(a.request, "limit", 100) {
				a.list(func(l []any) []any { return append(l, l[0]) })
			}
		}),
		"enrollment-outside-term": changing(under("enrollments"), func(a *answer) { member("beginDate", func(v any) any { return "1999" + str(v)[4:] })(a) }),
		"school-year-start":       changing(under("academicSessions", "terms", "gradingPeriods"), func(a *answer) { a.objects(every1("schoolYear", func(any) any { return "1999" })) }),
	}
}

func dangle(r object) {
	id := str(r["sourcedId"])
	r["sourcedId"] = "gone-" + id
	r["href"] = strings.TrimSuffix(str(r["href"]), id) + "gone-" + id
}

func rolesOf(o object) string {
	var names []string
	roles(func(r object) { names = append(names, str(r["role"])) })(o)
	return strings.Join(names, " ")
}

// aliasSub answers a sub-collection of depth one with the whole collection.
func aliasSub(prefix, suffix, whole string) wrapper {
	return redirected(prefix, suffix, func(path string) string { return whole })
}

// aliasTail answers a sub-collection with its sibling.
func aliasTail(prefix, suffix, sibling string) wrapper {
	return redirected(prefix, suffix, func(path string) string { return strings.TrimSuffix(path, suffix) + sibling })
}

func redirected(prefix, suffix string, to func(path string) string) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, ours := servicePath(r)
			if !ours || !strings.HasPrefix(path, prefix) || !strings.HasSuffix(path, suffix) || strings.Count(path, "/") != 3 {
				h.ServeHTTP(w, r)
				return
			}
			if a := ask(h, r); a.status != http.StatusOK {
				a.send(w)
				return
			}
			other := r.Clone(r.Context())
			other.URL.Path, other.URL.RawPath = strings.TrimSuffix(r.URL.Path, path)+to(path), ""
			a := ask(h, other)
			a.request, a.path = r, path
			a.send(w)
		})
	}
}

// wrongKind serves any user under /students and /teachers, any org under
// /schools and any session under /terms.
func wrongKind(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ours := servicePath(r)
		a := ask(h, r)
		if ours && a.status == http.StatusNotFound && strings.Count(path, "/") == 2 {
			for from, to := range map[string]string{"/students/": "/users/", "/teachers/": "/users/", "/schools/": "/orgs/",
				"/terms/": "/academicSessions/", "/gradingPeriods/": "/academicSessions/"} {
				if strings.HasPrefix(path, from) {
					other := r.Clone(r.Context())
					other.URL.Path, other.URL.RawPath = strings.TrimSuffix(r.URL.Path, path)+to+strings.TrimPrefix(path, from), ""
					a = ask(h, other)
					a.request = r
				}
			}
		}
		a.send(w)
	})
}
