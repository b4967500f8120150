package onerosterfault

import (
	"cmp"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures"
)

// resourceFaults are what only a Resources service can get wrong, and what differs by the
// members of its objects.
func resourceFaults() map[string]wrapper {
	listed := func(a *answer) bool { return collection(a) && strings.Count(a.path, "/") > 1 }
	below := func(owner string) when {
		return func(a *answer) bool { return listed(a) && strings.HasPrefix(a.path, owner) }
	}
	nothing := func(a *answer) {
		a.list(func([]any) []any { return []any{} })
		a.header.Set("X-Total-Count", "0")
		a.header.Del("Link")
	}
	eachRole := func(change func(string) string) func(*answer) {
		return member("roles", func(v any) any {
			l, _ := v.([]any)
			out := []any{}
			for _, r := range l {
				out = append(out, change(str(r)))
			}
			return out
		})
	}
	return map[string]wrapper{
		// payload
		"resources-without-number":      changing(succeeded, dropping("vendorResourceId")),
		"resources-without-status":      changing(succeeded, dropping("status")),
		"resources-number-as-number":    changing(succeeded, member("vendorResourceId", func(any) any { return json.Number("9780000001010") })),
		"resources-number-empty":        changing(succeeded, member("vendorResourceId", func(any) any { return "" })),
		"resources-title-two-lines":     changing(succeeded, member("title", func(v any) any { return str(v) + "\nvolume 2" })),
		"resources-number-twice":        changing(succeeded, bytesIn(`"vendorResourceId":"`, `"vendorResourceId":"X","vendorResourceId":"`)),
		"resources-roles-joined":        changing(succeeded, member("roles", joined)),
		"resources-title-null":          changing(whole, func(a *answer) { a.objects(func(o object) { setAbsent(o, "title", nil) }) }),
		"resources-title-mojibake":      changing(single, func(a *answer) { a.objects(func(o object) { latin(o, "title") }) }),
		"resources-named-as-1.0":        changing(whole, func(a *answer) { a.objects(func(o object) { o["isbn"] = o["vendorResourceId"] }) }),
		"resources-wrapper-single":      changing(single, renamed("resource", "resources")),
		"resources-wrapper-sub":         changing(listed, renamed("resources", "classResources")),
		"resources-single-differs":      changing(single, func(a *answer) { a.objects(func(o object) { appendTo(o, "title", " (3rd edition)") }) }),
		"resources-modified-not-listed": changing(under("resources"), dropping("dateLastModified")),

		"resources-latin-1-bytes": changing(succeeded, bytesIn(`"title":"`, "\"title\":\"\xe9")),
		"resources-large-limit-silent": changing(func(a *answer) bool { return collection(a) && number(a.request, "limit", 0) > gigantic }, func(a *answer) {
			a.header.Del("X-Total-Count")
			a.header.Del("Link")
			a.list(func(l []any) []any { return l[:len(l)/2] })
		}),

		// vocabularies
		"resources-single-importance":    changing(single, member("importance", func(v any) any { return strings.ToUpper(str(v)) })),
		"resources-role-outside":         changing(succeeded, eachRole(func(r string) string { return strings.Replace(r, "student", "pupil", 1) })),
		"resources-role-of-rosters":      changing(succeeded, eachRole(func(r string) string { return strings.Replace(r, "administrator", "districtAdministrator", 1) })),
		"resources-role-capitalised":     changing(succeeded, eachRole(func(r string) string { return strings.Replace(r, "teacher", "Teacher", 1) })),
		"resources-role-ext-blank":       changing(succeeded, eachRole(func(r string) string { return strings.Replace(r, "ext:", "ext: ", 1) })),
		"resources-importance-outside":   changing(succeeded, member("importance", func(v any) any { return strings.Replace(str(v), "secondary", "tertiary", 1) })),
		"resources-importance-extended":  changing(succeeded, member("importance", func(v any) any { return "ext:" + str(v) })),
		"resources-importance-uppercase": changing(succeeded, member("importance", func(v any) any { return strings.ToUpper(str(v)) })),

		// what they say of themselves
		"resources-numbers-alike":  changing(succeeded, member("vendorResourceId", func(any) any { return "course-material" })),
		"resources-vendor-blanks":  changing(succeeded, member("vendorId", func(v any) any { return str(v) + " " })),
		"resources-vendor-empty":   changing(succeeded, member("vendorId", func(any) any { return "" })),
		"resources-number-blanks":  changing(succeeded, member("vendorResourceId", func(v any) any { return " " + str(v) })),
		"resources-roles-repeated": changing(succeeded, member("roles", func(v any) any { l, _ := v.([]any); return append(slices.Clone(l), l...) })),

		// what belongs to whom
		"resources-class-all":    redirected("/classes/", "/resources", func(string) string { return "/resources" }),
		"resources-course-all":   redirected("/courses/", "/resources", func(string) string { return "/resources" }),
		"resources-user-all":     redirected("/users/", "/resources", func(string) string { return "/resources" }),
		"resources-class-none":   changing(below("/classes/"), nothing),
		"resources-course-none":  changing(below("/courses/"), nothing),
		"resources-user-none":    changing(below("/users/"), nothing),
		"resources-class-loses":  narrowingBelow("importance='primary'", "/classes/"),
		"resources-course-loses": narrowingBelow("importance='secondary'", "/courses/"),
		"resources-none-is-404": changing(func(a *answer) bool { return listed(a) && total(a) == 0 && a.request.URL.RawQuery == "" },
			func(a *answer) { fail(a, http.StatusNotFound, "unknownobject") }),

		// operations
		"resources-of-users-missing":   missing("/users/"),
		"resources-of-courses-missing": missing("/courses/"),
		"resources-single-missing":     missing("/resources/"),
		"resources-single-list": func(h http.Handler) http.Handler {
			return changing(single, func(a *answer) {
				a.envelope(func(e object) { e["resource"] = []any{e["resource"]} })
			})(h)
		},

		// the discovery document
		"resources-discovery-misspelt-id":      published(`"operationId":"getAllResources"`, `"operationId":"getAllResource"`),
		"resources-discovery-misspelt-scope":   published("resource-core.readonly", "resources-core.readonly"),
		"resources-discovery-misspelt-wrapper": published(`"properties":{"resources":`, `"properties":{"resource":`),
		"resources-discovery-misspelt-member":  published(`"vendorResourceId"`, `"vendorResourceID"`),
		"resources-discovery-of-rosters":       published(resourcesBase+`"`, rosteringBase+`"`),

		// variants
		"resources-roles-extended": changing(succeeded, eachRole(func(r string) string { return strings.Replace(r, "teacher", "ext:faculty", 1) })),
	}
}

// referenceFaults are wrong in what rosters say of resources.
func referenceFaults() map[string]wrapper {
	toResources := func(change func(object)) wrapper {
		return changing(succeeded, refs(func(r object) {
			if str(r["type"]) == "resource" {
				change(r)
			}
		}))
	}
	return map[string]wrapper{
		"resources-href-dead": toResources(func(r object) {
			r["href"] = strings.Replace(str(r["href"]), "/resources/v1p2/", "/resources/v1p1/", 1)
		}),
		"resources-href-in-rosters": toResources(func(r object) {
			r["href"] = strings.Replace(str(r["href"]), resourcesBase, rosteringBase, 1)
		}),
		"resources-href-of-list": toResources(func(r object) {
			list, _, _ := strings.Cut(str(r["href"]), resourcesBase+"/resources/")
			r["href"] = list + resourcesBase + "/resources"
		}),
	}
}

// narrowingBelow adds a condition to what is below an owner: members vanish.
func narrowingBelow(condition, owner string) wrapper {
	return asking(func(r *http.Request, path string) {
		if strings.HasPrefix(path, owner) && r.URL.Query().Get("filter") == "" {
			rewrite(r, "filter", condition)
		}
	})
}

// missing answers what is below a path as if there were no such operation.
func missing(prefix string) wrapper {
	return on(func(_ *http.Request, path string) bool { return strings.HasPrefix(path, prefix) },
		func(w http.ResponseWriter, r *http.Request, h http.Handler) {
			a := ask(h, r)
			fail(a, http.StatusNotFound, "unknownobject")
			a.send(w)
		})
}

// resourceReshapes are about what is taught with.
func resourceReshapes() map[string]func(fixtures.District) fixtures.District {
	return map[string]func(fixtures.District) fixtures.District{
		"resources-unassigned": func(d fixtures.District) fixtures.District { return oneMore{d} },
		"resources-withdrawn":  func(d fixtures.District) fixtures.District { return oneLess{d} },
		"resources-bare":       func(d fixtures.District) fixtures.District { return plain{District: d} },
		"resources-numbers-alone": func(d fixtures.District) fixtures.District {
			return plain{District: d, number: "1"}
		},
		"resources-none": func(d fixtures.District) fixtures.District { return untaught{d} },
	}
}

// oneMore has a resource that nobody has.
type oneMore struct{ fixtures.District }

func (o oneMore) Resources() iter.Seq[fixtures.Resource] {
	return func(yield func(fixtures.Resource) bool) {
		var last fixtures.Resource
		for r := range o.District.Resources() {
			if last = r; !yield(r) {
				return
			}
		}
		last.SourcedID, last.Status, last.VendorResourceID = last.SourcedID+"-spare", fixtures.Active, last.VendorResourceID+"-spare"
		yield(last)
	}
}

// oneLess lacks a resource that classes, courses and users have.
type oneLess struct{ fixtures.District }

func (o oneLess) Resources() iter.Seq[fixtures.Resource] {
	first := true
	return filtered(o.District.Resources(), func(fixtures.Resource) bool {
		defer func() { first = false }()
		return !first
	})
}

// plain has resources with nothing but what is required, and with one number where it has
// one.
type plain struct {
	fixtures.District
	number string
}

func (p plain) Resources() iter.Seq[fixtures.Resource] {
	return changed(p.District.Resources(), func(r fixtures.Resource) fixtures.Resource {
		base := r.Base
		base.Metadata = nil
		return fixtures.Resource{Base: base, VendorResourceID: cmp.Or(p.number, r.VendorResourceID)}
	})
}

// untaught has no resources.
type untaught struct{ fixtures.District }

func (untaught) Resources() iter.Seq[fixtures.Resource] { return none[fixtures.Resource] }
func (untaught) CourseResources() iter.Seq[fixtures.CourseResource] {
	return none[fixtures.CourseResource]
}
func (untaught) ClassResources() iter.Seq[fixtures.ClassResource] {
	return none[fixtures.ClassResource]
}
func (untaught) UserResources() iter.Seq[fixtures.UserResource] { return none[fixtures.UserResource] }

func (u untaught) Courses() iter.Seq[fixtures.Course] {
	return changed(u.District.Courses(), func(c fixtures.Course) fixtures.Course { c.Resources = nil; return c })
}

func (u untaught) Classes() iter.Seq[fixtures.Class] {
	return changed(u.District.Classes(), func(c fixtures.Class) fixtures.Class { c.Resources = nil; return c })
}

func (u untaught) Users() iter.Seq[fixtures.User] {
	return changed(u.District.Users(), func(x fixtures.User) fixtures.User { x.Resources = nil; return x })
}
