package onerosterfault

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// listFilter is a filter on a list, with what it looks for.
var listFilter = regexp.MustCompile(`^(grades|subjects|roles)[=~]'([^']*)'$`)

// fieldFaults are failures that products in the field were seen to have
// (docs/realworld.md).
func fieldFaults() map[string]wrapper {
	return map[string]wrapper{
		"large-limit-silent": changing(func(a *answer) bool { return collection(a) && number(a.request, "limit", 0) > gigantic }, func(a *answer) {
			a.header.Del("X-Total-Count")
			a.header.Del("Link")
			a.list(func(l []any) []any { return l[:min(len(l), 50)] })
		}),
		"link-mangled": changing(func(a *answer) bool { return collection(a) && a.header.Get("Link") != "" }, func(a *answer) {
			a.header.Set("Link", strings.NewReplacer("<", "", ">", "").Replace(a.header.Get("Link")))
		}),
		"bad-limit-ignored": asking(func(r *http.Request, path string) {
			if q := r.URL.Query(); isCollection(path) && q.Has("limit") && number(r, "limit", 0) < 1 {
				rewrite(r, "limit", "")
			}
		}),
		"bad-offset-500": changing(func(a *answer) bool {
			return isCollection(a.path) && a.request.URL.Query().Has("offset") && number(a.request, "offset", -1) < 0
		}, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"sort-ties-shuffled": sortTiesShuffled,
		"filter-list-ignored": filtering(func(f string) string {
			if m := predicate.FindStringSubmatch(f); m != nil && (slices.Contains([]string{"grades", "subjects", "roles"}, m[1])) {
				return ""
			}
			return f
		}),
		"filter-list-first": changing(func(a *answer) bool {
			return isCollection(a.path) && listFilter.MatchString(a.request.URL.Query().Get("filter"))
		}, func(a *answer) {
			m := listFilter.FindStringSubmatch(a.request.URL.Query().Get("filter"))
			a.list(func(all []any) []any {
				return slices.DeleteFunc(all, func(o any) bool {
					list, _ := o.(object)[m[1]].([]any)
					return len(list) > 0 && !strings.Contains(m[2], str(list[0]))
				})
			})
			a.header.Del("X-Total-Count")
			a.header.Del("Link")
		}),
		"filter-third-clause-500": changing(func(a *answer) bool {
			return isCollection(a.path) && len(joints.FindAllString(a.request.URL.Query().Get("filter"), -1)) > 1
		}, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"filter-text-order-as-equal": filtering(func(f string) string {
			if m := predicate.FindStringSubmatch(f); m != nil && (m[2] == ">=" || m[2] == "<=") && !dated.MatchString(f) {
				return m[1] + "=" + strings.TrimPrefix(f, m[0])
			}
			return f
		}),
		"filter-few-fields": changing(func(a *answer) bool {
			m := predicate.FindStringSubmatch(a.request.URL.Query().Get("filter"))
			return collection(a) && m != nil && slices.Contains(seldomFiltered, m[1])
		}, func(a *answer) { fail(a, http.StatusBadRequest, "invalid_filter_field") }),
		"filter-unquoted-accepted": filtering(func(f string) string { return unquoted.ReplaceAllString(f, "$1'$2'") }),
		"filter-apostrophe-kept":   filtering(func(f string) string { return doubled.ReplaceAllString(f, "$1''''$2") }),
		"filter-bare-date-year-one": filtering(func(f string) string {
			return bareInstant.ReplaceAllString(f, "${1}'0001-01-01T00:00:00.000Z'")
		}),
		"filter-offset-refused": changing(func(a *answer) bool { return collection(a) && zone.MatchString(a.request.URL.Query().Get("filter")) },
			func(a *answer) { fail(a, http.StatusBadRequest, "invaliddata") }),
		"fields-hollow": changing(func(a *answer) bool { return collection(a) && a.request.URL.Query().Has("fields") },
			refs(func(r object) { delete(r, "type") })),
		"schools-flagged":     changing(both(under("orgs", "schools"), whole), every(func(o object) bool { return str(o["type"]) == "school" }, func(o object) { o["status"] = "tobedeleted" })),
		"teacher-classes-all": aliasSub("/teachers/", "/classes", "/classes"),
		"token-own-scopes": tokenRequests(func(_ *http.Request, form url.Values) {
			if strings.HasPrefix(form.Get("scope"), "https://") && !strings.Contains(form.Get("scope"), " ") {
				form.Set("scope", "oneroster:read")
			}
		}),
	}
}

// gigantic is more than any judge or client asks for page by page.
const gigantic = 10_000

// seldomFiltered are properties that providers with a short list of their own
// leave out.
var seldomFiltered = []string{"email", "phone", "sms", "middleName", "location", "userMasterIdentifier", "applicationId"}

var (
	dated       = regexp.MustCompile(`'\d{4}-\d{2}-\d{2}`)
	unquoted    = regexp.MustCompile(`^([\w.]+(?:!=|>=|<=|=|>|<|~))(\w+)$`)
	doubled     = regexp.MustCompile(`(\pL)''(\pL)`)
	bareInstant = regexp.MustCompile(`^(dateLastModified[<>=!]+)'\d{4}-\d{2}-\d{2}'$`)
	zone        = regexp.MustCompile(`T[0-9:.]+[+-]\d{2}:\d{2}'`)
	joints      = regexp.MustCompile(`' (AND|OR) [\w.]+[!=<>~]`)
)

// sortTiesShuffled sorts by the property asked for and by nothing else: objects
// that are equal there stand in another order on every second page, so that some
// come twice and others never.
func sortTiesShuffled(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ours := servicePath(r)
		property := r.URL.Query().Get("sort")
		if !ours || !isCollection(path) || property == "" || number(r, "limit", 0) < 1 {
			h.ServeHTTP(w, r)
			return
		}
		a := ask(h, r)
		offset, limit := number(r, "offset", 0), number(r, "limit", 1)
		if succeeded(a) && offset/limit%2 == 1 && !r.URL.Query().Has("fields") {
			everything := r.Clone(r.Context())
			rewrite(everything, "offset", "0")
			rewrite(everything, "limit", "10000")
			var all []any
			ask(h, everything).list(func(l []any) []any { all = l; return l })
			for from := 0; from < len(all); {
				to := from + 1
				for to < len(all) && str(all[to].(object)[property]) == str(all[from].(object)[property]) {
					to++
				}
				slices.Reverse(all[from:to])
				from = to
			}
			a.list(func([]any) []any { return all[min(offset, len(all)):min(offset+limit, len(all))] })
		}
		a.send(w)
	})
}
