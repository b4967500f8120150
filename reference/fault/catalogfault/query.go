package catalogfault

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/catalog"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

var (
	search   = regexp.MustCompile(`search~'((?:[^']|'')*)'`)
	dated    = regexp.MustCompile(`^publishDate(>=|<=|>|<)'`)
	unquoted = regexp.MustCompile(`"([^"]*)"`)
)

// filters are catalogues that leave something else than what was asked for.
func filters() map[string]bend.Wrapper {
	relation := func(from, to string) bend.Wrapper {
		return filtered(func(f string) string {
			if m := dated.FindStringSubmatch(f); m != nil && m[1] == from {
				return strings.Replace(f, from, to, 1)
			}
			return f
		})
	}
	has := func(part string) func(*http.Request) bool {
		return func(r *http.Request) bool { return strings.Contains(r.URL.Query().Get("filter"), part) }
	}
	comma := func(r *http.Request) bool {
		m := clause.FindStringSubmatch(r.URL.Query().Get("filter"))
		return m != nil && strings.Contains(m[3], ",") && slices.Contains([]string{"learningResourceType", "subject", "language", "author",
			"educationalAudience", "accessMode"}, m[1])
	}
	nothing := func(param string) bend.Wrapper {
		return changed(func(a *reply) {
			if list, _ := a.body()["resources"].([]any); a.is(resourcesPath) && len(list) == 0 && a.request.URL.Query().Has(param) {
				a.replace(http.StatusNotFound, failed("invaliddata", "nothing was found"))
			}
		})
	}
	return map[string]bend.Wrapper{
		"catalog-filter-ignored": asked(func(q url.Values) { q.Del("filter") }),
		"catalog-equal-begins": filtered(func(f string) string {
			if m := clause.FindStringSubmatch(f); m != nil && m[1] == "name" && m[2] == "=" {
				return "name~'" + strings.Fields(m[3] + " x")[0] + "'"
			}
			return f
		}),
		"catalog-not-equal-all": filtered(func(f string) string {
			if strings.Contains(f, "!=") && !strings.Contains(f, " AND ") {
				return ""
			}
			return f
		}),
		"catalog-greater-includes":  relation(">", ">="),
		"catalog-at-least-excludes": relation(">=", ">"),
		"catalog-less-includes":     relation("<", "<="),
		"catalog-at-most-excludes":  relation("<=", "<"),
		"catalog-contains-equals": filtered(func(f string) string {
			return notSearch(f, func(f string) string { return strings.ReplaceAll(f, "~'", "='") })
		}),
		"catalog-or-as-and": filtered(func(f string) string { return strings.ReplaceAll(f, "' OR ", "' AND ") }),
		"catalog-and-as-or": filtered(func(f string) string { return strings.ReplaceAll(f, "' AND ", "' OR ") }),
		"catalog-list-first": kept(false, func(entries []string, value string) bool {
			return strings.Contains(value, ",") || strings.EqualFold(entries[0], value)
		}),
		"catalog-list-alone":   kept(false, func(entries []string, value string) bool { return strings.Contains(value, ",") || len(entries) == 1 }),
		"catalog-dotted-first": kept(true, func(entries []string, value string) bool { return strings.EqualFold(entries[0], value) }),
		"catalog-filter-500":   turned(func(r *http.Request) bool { return has("((((")(r) || has("AND AND")(r) }, http.StatusInternalServerError, broke),
		"catalog-apostrophe":   filtered(func(f string) string { return strings.ReplaceAll(f, "''", "") }),
		"catalog-wildcards": filtered(func(f string) string {
			if f == "name~'%'" || f == "name~'_'" {
				return ""
			}
			return f
		}),
		"catalog-no-match-404":  nothing("filter"),
		"catalog-comma-refused": turned(comma, http.StatusBadRequest, func() any { return failed("invalidqueryparameter", "one value, please") }),
		"catalog-double-quotes": filtered(func(f string) string { return unquoted.ReplaceAllString(f, "'$1'") }),
		"catalog-plus-kept": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "+", "%2B")
				next.ServeHTTP(w, r)
			})
		},
		"catalog-letters-only": filtered(func(f string) string {
			return strings.Map(func(r rune) rune {
				if r > 0x7F {
					return '?'
				}
				return r
			}, f)
		}),
	}
}

func notSearch(f string, change func(string) string) string {
	if strings.Contains(f, "search~") {
		return f
	}
	return change(f)
}

// searches are catalogues whose search finds something else.
func searches() map[string]bend.Wrapper {
	words := func(change func(words string) string) bend.Wrapper {
		return filtered(func(f string) string {
			m := search.FindStringSubmatch(f)
			if m == nil {
				return f
			}
			return strings.Replace(f, m[1], change(m[1]), 1)
		})
	}
	return map[string]bend.Wrapper{
		"catalog-search-ignored": filtered(func(f string) string {
			if search.MatchString(f) {
				return "name!='nothing is called this'"
			}
			return f
		}),
		"catalog-search-first-word": words(func(s string) string { return strings.Fields(s + " x")[0] }),
		"catalog-search-case": words(func(s string) string {
			if s != "" && s == strings.ToUpper(s) && s != strings.ToLower(s) && len(s) > 3 {
				return "zzzzzz"
			}
			return s
		}),
		"catalog-search-misses": page(func(a *reply, items []any) []any {
			if search.MatchString(a.request.URL.Query().Get("filter")) && len(items) > 0 {
				return items[1:]
			}
			return items
		}),
		"catalog-search-404": changed(func(a *reply) {
			list, _ := a.body()["resources"].([]any)
			if a.is(resourcesPath) && len(list) == 0 && search.MatchString(a.request.URL.Query().Get("filter")) {
				a.replace(http.StatusNotFound, failed("invaliddata", "nothing was found"))
			}
		}),
		"catalog-search-500": turned(func(r *http.Request) bool {
			f := r.URL.Query().Get("filter")
			return search.MatchString(f) && strings.ContainsAny(f, `"*(`)
		}, http.StatusInternalServerError, broke),
		"catalog-search-alone": filtered(func(f string) string {
			if m := search.FindString(f); m != "" {
				return m
			}
			return f
		}),
	}
}

// selections are catalogues that give other members than those asked for.
func selections() map[string]bend.Wrapper {
	selected := func(change func(o object, names []string)) bend.Wrapper {
		return page(func(a *reply, items []any) []any {
			fields := a.request.URL.Query().Get("fields")
			if fields == "" || strings.Contains(fields, "noSuch") {
				return items
			}
			for _, one := range items {
				if o, is := one.(object); is {
					change(o, strings.Split(fields, ","))
				}
			}
			return items
		})
	}
	return map[string]bend.Wrapper{
		"catalog-fields-ignored": asked(func(q url.Values) { q.Del("fields") }),
		"catalog-fields-first":   selected(func(o object, names []string) { delete(o, names[len(names)-1]) }),
		"catalog-fields-capitals": selected(func(o object, _ []string) {
			if text, is := o["publisher"].(string); is {
				o["publisher"] = strings.ToUpper(text)
			}
		}),
		"catalog-fields-flat": selected(func(o object, _ []string) {
			if list, is := o["learningResourceType"].([]any); is && len(list) > 0 {
				o["learningResourceType"] = append(list, "Other")
			}
		}),
		"catalog-fields-unknown-400": turned(func(r *http.Request) bool { return strings.Contains(r.URL.Query().Get("fields"), "noSuch") },
			http.StatusBadRequest, func() any { return failed("invalidqueryparameter", "no such field") }),
		"catalog-fields-fewer": page(func(a *reply, items []any) []any {
			if a.request.URL.Query().Has("fields") && len(items) > 1 {
				return items[:len(items)-1]
			}
			return items
		}),
	}
}

// rules are what is decided otherwise by the reference itself.
func rules() map[string]func(*catalog.Rules) {
	kind := func(field string, kind catalog.Kind) func(*catalog.Rules) {
		return func(r *catalog.Rules) {
			r.Fields = slices.Clone(r.Fields)
			for i := range r.Fields {
				if r.Fields[i].Name == field {
					r.Fields[i].Kind = kind
				}
			}
		}
	}
	return map[string]func(*catalog.Rules){
		"catalog-limit-any":     func(r *catalog.Rules) { r.MaxLimit = 1_000_000 },
		"catalog-default-large": func(r *catalog.Rules) { r.DefaultLimit, r.MaxLimit = 1000, 1000 },
		"catalog-ages-text":     kind("typicalAgeRange", catalog.Text),
		"catalog-duration-text": kind("timeRequired", catalog.Text),
		"catalog-comma-literal": func(r *catalog.Rules) {
			r.Fields = slices.Clone(r.Fields)
			for i := range r.Fields {
				r.Fields[i].Many = false
			}
		},
		"catalog-dotted-unknown": func(r *catalog.Rules) {
			r.Fields = slices.DeleteFunc(slices.Clone(r.Fields), func(f catalog.Field) bool { return strings.Contains(f.Name, ".") })
		},
		"catalog-silent":         func(r *catalog.Rules) { r.Warn = catalog.WarnNowhere },
		"catalog-root-absent":    func(r *catalog.Rules) { r.Root = catalog.RootAbsent },
		"catalog-root-left":      func(r *catalog.Rules) { r.Root = catalog.RootLeft },
		"catalog-many-operators": func(r *catalog.Rules) { r.Operators = 9 },
	}
}
