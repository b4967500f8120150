package onerosterfault

import (
	_ "embed"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault"
)

//go:embed versions-faults.yaml
var versionsFaults []byte

//go:embed versions-variants.yaml
var versionsVariants []byte

// Versions are what a provider says otherwise by OneRoster 1.1 than by 1.2: each version is right
// in itself, and they don't agree; or they differ as they may.
var Versions = fault.NewKind("provider of two versions", func() (fault.Tables, error) {
	return fault.ReadTables("provider of two versions", versionsFaults, versionsVariants, versionsBehaviours(), nil, nil)
}, versionsBehaviours, func(*Data, fault.Fault) {})

func versionsBehaviours() map[string]behaviour {
	all := map[string]behaviour{}
	district := ""
	found := func(d *Data) {
		for o := range d.District.Orgs() {
			if o.Type == "district" {
				district = o.SourcedID
			}
		}
	}
	of := func(ref any) any { return leading(ref, district) }
	for base, list := range map[string]map[string]wrapper{
		v1p1Base: earlier(of), rosteringBase: later(of), resourcesBase: laterResources(), v1p1GradebookBase: earlierGradebook(),
		gradebookBase: laterGradebook(),
	} {
		for id, w := range list {
			all[id] = behaviour{Wrap: at(base, id, w), Bend: found}
		}
	}
	return all
}

// Where the objects of a kind stand that people and schools are.
var (
	usersAt    = []string{"users", "students", "teachers"}
	orgsAt     = []string{"orgs", "schools"}
	sessionsAt = []string{"academicSessions", "terms", "gradingPeriods"}
)

// fewOf picks one in five, the same by each request.
func fewOf(o object) bool {
	h := fnv.New32a()
	h.Write([]byte(str(o["sourcedId"])))
	return h.Sum32()%5 == 0
}

// differing changes few of the objects of a kind wherever they are read, also below others.
func differing(collections []string, change func(object)) wrapper {
	last := func(a *answer) bool {
		parts := strings.Split(strings.Trim(a.path, "/"), "/")
		return succeeded(a) && (slices.Contains(collections, parts[len(parts)-1]) || len(parts) == 2 && slices.Contains(collections, parts[0]))
	}
	return changing(last, func(a *answer) {
		a.objects(func(o object) {
			if fewOf(o) {
				change(o)
			}
		})
	})
}

// lacking leaves out of collections what a filter doesn't leave, and knows nothing of it singly.
func lacking(condition string, gone func(object) bool, collections ...string) wrapper {
	var paths []string
	for _, name := range collections {
		paths = append(paths, "/"+name)
	}
	lists := narrowing(condition, paths...)
	singles := changing(both(single, under(collections...)), func(a *answer) {
		lost := false
		a.objects(func(o object) { lost = lost || gone(o) })
		if lost {
			fail(a, http.StatusNotFound, "unknownobject")
		}
	})
	return func(h http.Handler) http.Handler { return lists(singles(h)) }
}

// set puts one value in the place of another, where there is one.
func set(name string, value any) func(object) {
	return func(o object) {
		if o[name] != nil {
			o[name] = value
		}
	}
}

// append to a text, where there is one.
func appended(name, text string) func(object) {
	return func(o object) {
		if s := str(o[name]); s != "" {
			o[name] = s + text
		}
	}
}

// flipped turns a flag around.
func flipped(name string) func(object) {
	return func(o object) {
		if other := map[string]string{"true": "false", "false": "true"}[str(o[name])]; other != "" {
			o[name] = other
		}
	}
}

// shifted lets a reference lead to what the last object before it referred to.
func shifted(name string) func(object) {
	var before any
	return func(o object) {
		if o[name] != nil {
			before, o[name] = o[name], first(before, o[name])
		}
	}
}

func first(a, b any) any {
	if a != nil {
		return a
	}
	return b
}

// earlier are what OneRoster 1.1 says otherwise.
func earlier(district func(ref any) any) map[string]wrapper {
	other := func(name, value string) func(object) { return set(name, value) }
	return map[string]wrapper{
		"versions-users-lacking": lacking("familyName<'P'", func(o object) bool { return str(o["familyName"]) >= "P" }, usersAt...),
		"versions-classes-lacking": lacking("classType!='homeroom'", func(o object) bool { return str(o["classType"]) == "homeroom" },
			"classes"),
		"versions-org-renamed":        differing(orgsAt, appended("name", " (closed)")),
		"versions-org-number":         differing(orgsAt, appended("identifier", "-0")),
		"versions-session-dates":      differing(sessionsAt, other("endDate", "2031-07-31")),
		"versions-session-year":       differing(sessionsAt, other("schoolYear", "2031")),
		"versions-course-code":        differing([]string{"courses"}, appended("courseCode", "X")),
		"versions-course-grades":      differing([]string{"courses"}, set("grades", []any{"13"})),
		"versions-class-title":        differing([]string{"classes"}, appended("title", " *")),
		"versions-class-terms":        differing([]string{"classes"}, shifted("terms")),
		"versions-class-course":       differing([]string{"classes"}, shifted("course")),
		"versions-user-names":         differing(usersAt, func(o object) { o["givenName"], o["familyName"] = o["familyName"], o["givenName"] }),
		"versions-user-enabled":       differing(usersAt, flipped("enabledUser")),
		"versions-user-role":          differing(usersAt, other("role", "relative")),
		"versions-user-orgs":          differing(usersAt, shifted("orgs")),
		"versions-user-status":        differing(usersAt, func(o object) { o["status"] = "active" }),
		"versions-enrollment-role":    differing([]string{"enrollments"}, other("role", "proctor")),
		"versions-enrollment-user":    differing([]string{"enrollments"}, shifted("user")),
		"versions-enrollment-primary": differing([]string{"enrollments"}, flipped("primary")),
		"versions-demographics-birth": differing([]string{"demographics"}, other("birthDate", "1999-01-01")),
		"versions-demographics-flags": differing([]string{"demographics"}, flipped("white")),

		"versions-deleted-left-out": lacking("status='active'", func(o object) bool { return str(o["status"]) == "tobedeleted" },
			slices.Concat(usersAt, orgsAt, sessionsAt, []string{"courses", "classes", "enrollments", "demographics", "resources"})...),
		"versions-optional-left-out": changing(succeeded, func(a *answer) {
			a.objects(func(o object) {
				for _, name := range []string{"middleName", "email", "phone", "sms", "identifier", "courseCode", "grades", "subjects", "periods",
					"location", "agents", "parent", "children"} {
					delete(o, name)
				}
			})
		}),
		"versions-modified-later": changing(succeeded, func(a *answer) {
			a.objects(set("dateLastModified", "2026-08-31T23:59:59.000Z"))
		}),
		"versions-order-other":    changing(succeeded, func(a *answer) { a.list(func(l []any) []any { slices.Reverse(l); return l }) }),
		"versions-lists-reversed": changing(succeeded, func(a *answer) { a.objects(reversed("grades", "subjects", "terms", "orgs", "agents", "periods")) }),
		"versions-orgs-district": differing(usersAt, func(o object) {
			if list, is := o["orgs"].([]any); is && len(list) > 0 {
				o["orgs"] = append(list, district(list[0]))
			}
		}),
		"versions-role-of-aides": differing(usersAt, func(o object) {
			if str(o["role"]) == "administrator" {
				o["role"] = "teacher" // of whom 1.2 says another that 1.1 has no word for
			}
		}),
		"versions-grades-plain": changing(succeeded, func(a *answer) {
			a.objects(func(o object) {
				grades, _ := o["grades"].([]any)
				for i := range grades {
					grades[i] = strings.TrimLeft(str(grades[i]), "0")
				}
			})
		}),
		"versions-blanks-around": differing(orgsAt, func(o object) { o["name"] = str(o["name"]) + " " }),
	}
}

// leading gives a reference like another one, to something else.
func leading(ref any, id string) any {
	like, _ := ref.(object)
	href := str(like["href"])
	return object{"href": href[:strings.LastIndexByte(href, '/')+1] + id, "sourcedId": id, "type": like["type"]}
}

func reversed(names ...string) func(object) {
	return func(o object) {
		for _, name := range names {
			if list, is := o[name].([]any); is {
				slices.Reverse(list)
			}
		}
	}
}

// later are what 1.2 says otherwise.
func later(district func(ref any) any) map[string]wrapper {
	return map[string]wrapper{
		"versions-enrollments-lacking": lacking("role!='teacher'", func(o object) bool { return str(o["role"]) == "teacher" }, "enrollments"),
		"versions-orgs-lacking":        lacking("type!='department'", func(o object) bool { return str(o["type"]) == "department" }, orgsAt...),
		"versions-school-of-class":     differing([]string{"classes"}, shifted("school")),
		"versions-user-ids":            differing(usersAt, appended("username", ".x")),

		"versions-roles-extended": differing(usersAt, func(o object) {
			roles, _ := o["roles"].([]any)
			for _, one := range roles {
				if role, is := one.(object); is {
					role["role"] = "ext:coach"
				}
			}
		}),
		"versions-enrollments-extended": differing([]string{"enrollments"}, set("role", "ext:coach")),
		"versions-grades-named": differing(slices.Concat(usersAt, []string{"classes", "courses"}), func(o object) {
			if o["grades"] != nil {
				o["grades"] = []any{"Grade Nine"}
			}
		}),
		"versions-sex-unspecified": differing([]string{"demographics"}, set("sex", "unspecified")),
		"versions-metadata-beside": changing(succeeded, func(a *answer) {
			a.objects(func(o object) { o["metadata"] = object{"x.of": "1.2"} })
		}),
		"versions-username-optional": differing(usersAt, func(o object) { delete(o, "username") }),
		"versions-role-before": differing(usersAt, func(o object) { // a role that ended: 1.1 has no dates to say so
			roles, _ := o["roles"].([]any)
			if len(roles) > 0 {
				if role, is := roles[0].(object); is {
					ended := object{"beginDate": "2019-08-01", "endDate": "2020-06-30"}
					for name, value := range role {
						ended[name] = value
					}
					ended["roleType"], ended["org"] = "secondary", district(role["org"])
					o["roles"] = append(roles, ended)
				}
			}
		}),
	}
}

func laterResources() map[string]wrapper {
	return map[string]wrapper{
		"versions-resource-title":    differing([]string{"resources"}, appended("title", " (old)")),
		"versions-resource-roles":    differing([]string{"resources"}, set("roles", []any{"parent"})),
		"versions-resources-lacking": lacking("importance!='secondary'", func(o object) bool { return str(o["importance"]) == "secondary" }, "resources"),
		"versions-roles-of-1.2":      differing([]string{"resources"}, set("roles", []any{"counselor"})),
	}
}

// earlierGradebook are what gradebooks say otherwise by 1.1.
func earlierGradebook() map[string]wrapper {
	return map[string]wrapper{
		"versions-item-due":        differing([]string{"lineItems"}, set("dueDate", "2031-05-01T00:00:00.000Z")),
		"versions-result-rounded":  differing([]string{"results"}, raised("score")),
		"versions-results-lacking": lacking("scoreStatus!='fully graded'", func(o object) bool { return str(o["scoreStatus"]) == "fully graded" }, "results"),
		"versions-comments-left-out": changing(succeeded, func(a *answer) {
			a.objects(func(o object) { delete(o, "comment"); delete(o, "description") })
		}),
	}
}

// laterGradebook are what they say otherwise by 1.2.
func laterGradebook() map[string]wrapper {
	return map[string]wrapper{"versions-category-title": differing([]string{"categories"}, appended("title", " (old)"))}
}

// raised adds one to a number.
func raised(name string) func(object) {
	return func(o object) {
		if n, err := strconv.ParseFloat(fmt.Sprint(o[name]), 64); err == nil {
			o[name] = n + 1
		}
	}
}
