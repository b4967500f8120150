package onerosterfault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// dropping drops members from the objects of an answer.
func dropping(names ...string) func(*answer) {
	return func(a *answer) {
		a.objects(func(o object) {
			for _, n := range names {
				delete(o, n)
			}
		})
	}
}

// inner changes each object in a list member.
func inner(list string, change func(object)) func(*answer) {
	return func(a *answer) {
		a.objects(func(o object) {
			l, _ := o[list].([]any)
			for _, x := range l {
				if m, ok := x.(object); ok {
					change(m)
				}
			}
		})
	}
}

// dangling makes the references at some members lead to nothing.
func dangling(members ...string) func(*answer) {
	return func(a *answer) {
		a.objects(func(o object) {
			for _, n := range members {
				refsIn(o[n], dangle)
			}
		})
	}
}

func swap(o object, a, b string) {
	if has(a, b)(o) {
		o[a], o[b] = o[b], o[a]
	}
}

// own makes the parent of an object itself.
func own(o object) {
	refsIn(o["parent"], func(r object) {
		id := str(r["sourcedId"])
		r["href"] = strings.TrimSuffix(str(r["href"]), id) + str(o["sourcedId"])
		r["sourcedId"] = o["sourcedId"]
	})
}

// bytesIn replaces bytes in a body, valid JSON or not.
func bytesIn(old, new string) func(*answer) {
	return func(a *answer) { a.setBody(bytes.ReplaceAll(a.body.Bytes(), []byte(old), []byte(new))) }
}

func moreFaults() map[string]wrapper {
	sessions := under("academicSessions", "terms", "gradingPeriods")
	orgs := under("orgs", "schools")
	var answers atomic.Int64
	return map[string]wrapper{
		"metadata-text":            changing(both(whole, victimIn), func(a *answer) { a.objects(func(o object) { o["metadata"] = "house=red" }) }),
		"primary-org-text":         changing(usersIn, member("primaryOrg", func(any) any { return "org-1" })),
		"profile-id-no-uri":        changing(usersIn, inner("userProfiles", func(p object) { p["profileId"] = "not a uri" })),
		"class-without-title":      changing(under("classes"), dropping("title")),
		"course-without-code":      changing(under("courses"), dropping("courseCode")),
		"demographics-no-modified": changing(under("demographics"), dropping("dateLastModified")),
		"enrollment-without-role":  changing(under("enrollments"), dropping("role")),
		"user-id-without-type":     changing(usersIn, inner("userIds", func(u object) { delete(u, "type") })),
		"role-without-type":        changing(usersIn, inner("roles", func(r object) { delete(r, "roleType") })),
		"class-code-number":        changing(under("classes"), member("classCode", func(any) any { return json.Number("101") })),
		"latin-1-bytes":            changing(under("courses"), bytesIn(`"courseCode":"`, "\"courseCode\":\"\xe9")),
		"member-twice":             changing(under("courses"), bytesIn(`"courseCode":"`, `"courseCode":"X","courseCode":"`)),
		"modified-other-zone":      changing(victimIn, member("dateLastModified", func(v any) any { return strings.Replace(str(v), "Z", "+02:00", 1) })),
		"label-with-line-break":    changing(under("courses"), member("courseCode", func(v any) any { return str(v) + "\nB" })),
		"student-differs": changing(under("students"), func(a *answer) {
			a.objects(func(o object) { appendTo(o, "pronouns", " (student)"); appendTo(o, "username", "-s") })
		}),
		"sub-object-differs": changing(func(a *answer) bool { return succeeded(a) && strings.Count(strings.Trim(a.path, "/"), "/") == 2 }, func(a *answer) {
			a.objects(func(o object) {
				for _, member := range []string{"title", "givenName"} {
					appendTo(o, member, " (listed)")
				}
			})
		}),
		"ref-class-dangling":      changing(under("enrollments"), dangling("class")),
		"ref-course-dangling":     changing(under("classes"), dangling("course")),
		"ref-school-dangling":     changing(under("classes"), dangling("school")),
		"ref-terms-dangling":      changing(under("classes"), dangling("terms")),
		"ref-year-dangling":       changing(under("courses"), dangling("schoolYear")),
		"ref-parent-org-dangling": changing(orgs, dangling("parent")),
		"ref-parent-dangling":     changing(sessions, dangling("parent")),
		"ref-agents-dangling":     changing(usersIn, dangling("agents")),
		"orgs-cyclic":             changing(orgs, func(a *answer) { a.objects(own) }),
		"sessions-cyclic":         changing(sessions, func(a *answer) { a.objects(own) }),
		"session-outside-parent":  changing(sessions, every(func(o object) bool { return str(o["type"]) == "gradingPeriod" && o["startDate"] != nil }, func(o object) { o["startDate"] = "1990" + str(o["startDate"])[4:] })),
		"profile-twice": changing(usersIn, func(a *answer) {
			a.objects(func(o object) {
				l, _ := o["userProfiles"].([]any)
				if len(l) > 0 {
					o["userProfiles"] = append(slices.Clone(l), l[0])
				}
			})
		}),
		"role-dates-swapped":       changing(usersIn, inner("roles", func(r object) { swap(r, "beginDate", "endDate") })),
		"master-identifier-copied": changing(usersIn, every(has("userMasterIdentifier"), func(o object) { o["userMasterIdentifier"] = o["sourcedId"] })),
		"profiles-never":           changing(usersIn, dropping("userProfiles")),
		"user-ids-never":           changing(usersIn, dropping("userIds")),
		"enrollment-dates-swapped": changing(under("enrollments"), func(a *answer) { a.objects(func(o object) { swap(o, "beginDate", "endDate") }) }),
		"enrollment-beyond-term":   changing(under("enrollments"), member("endDate", func(v any) any { return "2099" + str(v)[4:] })),
		"students-primary":         changing(both(under("enrollments"), whole), every(func(o object) bool { return str(o["role"]) == "student" }, func(o object) { o["primary"] = "true" })),
		"values-change": changing(whole, func(a *answer) {
			n := answers.Add(1)
			a.objects(func(o object) { appendTo(o, "title", fmt.Sprint(" ", n)); appendTo(o, "name", fmt.Sprint(" ", n)) })
		}),
		"scheme-case-sensitive": changing(func(a *answer) bool {
			scheme, _, _ := strings.Cut(a.request.Header.Get("Authorization"), " ")
			return succeeded(a) && scheme != "Bearer"
		}, func(a *answer) {
			fail(a, http.StatusUnauthorized, "unauthorisedrequest")
			a.header.Set("WWW-Authenticate", "Bearer")
		}),
		"fields-first-only": asking(func(r *http.Request, _ string) {
			if l := r.URL.Query()["fields"]; len(l) > 1 {
				rewrite(r, "fields", l[0])
			}
		}),
	}
}
