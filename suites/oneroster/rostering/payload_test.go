package rostering

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
	"github.com/rollcall-edu/rollcall/tools/daily"
)

// topicsOfData are the checks on what is sent, as against how it is asked for.
var topicsOfData = []string{"endpoint", "payload", "vocabulary", "references", "derived", "sub", "identity"}

// on bends the objects of operations whose path begins with one of paths.
func on(change func(object), paths ...string) func(string, object) {
	return func(path string, o object) {
		if slices.ContainsFunc(paths, func(p string) bool { return path == p }) {
			change(o)
		}
	}
}

func setTo(name string, value any) func(object) { return func(o object) { o[name] = value } }

// TestDataChecks bends the fake in one place at a time: what it breaks must be
// accused, and nothing else.
func TestDataChecks(t *testing.T) {
	everywhere := func(kind string) []string {
		var out []string
		for _, op := range service.Rostering().Operations {
			if op.Kind == kind {
				out = append(out, op.Path)
			}
		}
		return out
	}
	tests := []struct {
		name string
		bend func(f *fake)
		want []string // below the service
	}{
		{"nothing bent", func(*fake) {}, nil},
		{"pages of two", func(f *fake) { f.cap = 2 }, nil},
		{"pages of two and no totals", func(f *fake) { f.cap, f.noTotal = 2, true }, nil},
		{"no totals, and 404 past the end", func(f *fake) {
			f.cap, f.noTotal = 2, true
			f.answer = pastEndStatus(f, http.StatusNotFound)
		}, []string{"paging.offset-past-end"}},
		{"no totals, and 204 past the end", func(f *fake) {
			f.cap, f.noTotal = 2, true
			f.answer = pastEndStatus(f, http.StatusNoContent)
		}, []string{"payload.empty-list"}},
		{"offset is ignored", func(f *fake) {
			f.answer = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
				q := r.URL.Query()
				q.Set("offset", "0")
				r.URL.RawQuery = q.Encode()
				return false
			}
		}, []string{"paging.offset-past-end"}},
		{"single objects come bare", func(f *fake) {
			f.answer = func(w http.ResponseWriter, _ *http.Request, path string) bool {
				op, ids, _ := route(path)
				if op.ID != "getOrg" || len(where(f.data["orgs"], ids[0], "sourcedId")) == 0 {
					return false
				}
				_ = json.NewEncoder(w).Encode(where(f.data["orgs"], ids[0], "sourcedId")[0])
				return true
			}
		}, []string{"payload.wrapper-orgs"}},
		{"null for an empty list", func(f *fake) { f.answer = pastEndBody(f, `{"%s":null}`) }, []string{"payload.empty-list"}},
		{"no list when empty", func(f *fake) { f.answer = pastEndBody(f, `{}`) }, []string{"payload.empty-list"}},
		{"null in a personal member", func(f *fake) { f.object = on(setTo("middleName", nil), everywhere("user")...) }, []string{"payload.no-null"}},
		{"null in a reference", func(f *fake) {
			f.object = on(func(o object) { o["parent"] = object{"href": nil, "sourcedId": "year", "type": "academicSession"} }, everywhere("academicSession")...)
		}, []string{"payload.no-null"}},
		{"a number for a personal text", func(f *fake) { f.object = on(setTo("identifier", 77), everywhere("user")...) }, []string{"payload.text"}},
		{"a boolean in single users only", func(f *fake) { f.object = on(setTo("enabledUser", true), "/users/{sourcedId}") }, []string{"identity.single", "payload.enabled-user"}},
		{"a boolean in students only", func(f *fake) { f.object = on(setTo("enabledUser", true), "/students") }, []string{"identity.same-object", "identity.single", "payload.enabled-user"}},
		{"status in the students of a class only", func(f *fake) { f.object = on(setTo("status", "Active"), "/classes/{classSourcedId}/students") }, []string{"vocabulary.status"}},
		{"an extension with a blank", func(f *fake) { f.object = on(setTo("classType", "ext:my club"), everywhere("class")...) }, []string{"vocabulary.extension-form"}},
		{"an extension of nothing", func(f *fake) { f.object = on(setTo("classType", "ext:"), everywhere("class")...) }, []string{"vocabulary.extension-form"}},
		{"a class type outside", func(f *fake) { f.object = on(setTo("classType", "club"), everywhere("class")...) }, []string{"vocabulary.class-type"}},
		{"sex as a letter", func(f *fake) { f.object = on(setTo("sex", "F"), everywhere("demographics")...) }, []string{"vocabulary.sex"}},
		{"an empty href", func(f *fake) { f.object = on(inParent("href", ""), everywhere("academicSession")...) }, []string{"references.href-absolute"}},
		{"an href with a blank", func(f *fake) {
			f.object = on(inParent("href", f.base+"/academicSessions/my year"), everywhere("academicSession")...)
		}, []string{"references.href-absolute", "references.href-resolves"}},
		{"an href that is a number", func(f *fake) { f.object = on(inParent("href", 5), everywhere("academicSession")...) }, []string{"payload.text"}},
		{"a reference without sourcedId", func(f *fake) {
			f.object = on(func(o object) {
				if p, ok := o["parent"].(object); ok {
					delete(p, "sourcedId")
				}
			}, everywhere("org")...)
		}, []string{"references.members"}},
		{"a type that is empty", func(f *fake) { f.object = on(inParent("type", ""), everywhere("org")...) }, []string{"references.type"}},
		{"a type in the plural", func(f *fake) { f.object = on(inParent("type", "orgs"), everywhere("org")...) }, []string{"references.type"}},
		{"a member of the vendor's own in a reference", func(f *fake) { f.object = on(inParent("vendor", "x"), everywhere("org")...) }, []string{"payload.unknown-members"}},
		{"an href to another object", func(f *fake) { f.object = on(inParent("href", f.base+"/orgs/west"), everywhere("org")...) }, []string{"references.href-object"}},
		{"single reads answer with another object", func(f *fake) {
			f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
				if !strings.HasPrefix(path, "/courses/") || strings.HasSuffix(path, "/classes") {
					return false
				}
				o := f.out("/courses/{sourcedId}", f.data["courses"][0])
				o["sourcedId"] = "other"
				f.send(w, "course", o)
				return true
			}
		}, []string{"endpoint.get-course", "identity.single"}},
		{"a course is a bare null", func(f *fake) {
			f.data["courses"], f.data["classes"] = f.data["courses"][:1], f.data["classes"][:2]
			f.answer = fixed("/courses/course-1", `null`)
		}, []string{"payload.wrapper-courses"}},
		{"one class that can't be read singly", func(f *fake) {
			f.answer = func(w http.ResponseWriter, _ *http.Request, path string) bool {
				if path == "/classes/class-2" {
					f.refuse(w, http.StatusNotFound)
				}
				return path == "/classes/class-2"
			}
		}, []string{"references.href-resolves"}},
		{"the classes of a user answer with a server error", func(f *fake) {
			f.answer = func(w http.ResponseWriter, _ *http.Request, path string) bool {
				if strings.HasPrefix(path, "/users/") && strings.HasSuffix(path, "/classes") {
					f.refuse(w, http.StatusInternalServerError)
					return true
				}
				return false
			}
		}, []string{"endpoint.get-classes-for-user"}},
		{"students of other schools", func(f *fake) {
			f.answer = func(w http.ResponseWriter, _ *http.Request, path string) bool {
				if path == "/schools/west/students" {
					f.send(w, "users", f.data["users"][:3])
					return true
				}
				return false
			}
		}, []string{"sub.students-for-school"}},
		{"a former student who is no longer listed", func(f *fake) {
			f.data["users"][1]["roles"].([]object)[0]["endDate"] = "2020-06-30"
			f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
				if path == "/students" && r.URL.Query().Get("offset") == "0" {
					f.send(w, "users", []object{f.data["users"][0], f.data["users"][2]})
					return true
				}
				return false
			}
		}, nil},
		{"what is below a deleted class is gone", func(f *fake) {
			f.data["classes"][2]["status"] = "tobedeleted"
			f.answer = func(w http.ResponseWriter, _ *http.Request, path string) bool {
				if strings.Contains(path, "/class-3/") {
					f.refuse(w, http.StatusNotFound)
					return true
				}
				return false
			}
		}, nil},
		{"/students lists everybody", func(f *fake) {
			f.answer = lists(f, "/students", "users", func() []object { return f.data["users"] })
		}, []string{"derived.students-only"}},
		{"/schools lists every org", func(f *fake) {
			f.answer = lists(f, "/schools", "orgs", func() []object { return f.data["orgs"] })
		}, []string{"derived.schools-only"}},
		{"/teachers forgets one", func(f *fake) {
			f.answer = lists(f, "/teachers", "users", func() []object { return f.data["users"][3:4] })
		}, []string{"derived.teachers-complete"}},
		{"an enrollment of somebody unknown", func(f *fake) {
			f.data["users"] = append(f.data["users"][:1:1], f.data["users"][2:]...)
		}, []string{"references.enrollment-user"}},
		{"enrollments name their users wrongly", func(f *fake) {
			f.object = on(func(o object) { o["user"].(object)["sourcedId"] = "nobody" }, everywhere("enrollment")...)
		}, []string{"references.enrollment-user"}},
		{"an enrollment in a class that isn't listed", func(f *fake) {
			f.object = on(func(o object) {
				if o["sourcedId"] == "e3" {
					o["class"].(object)["sourcedId"] = "nowhere"
				}
			}, everywhere("enrollment")...)
		}, []string{"references.enrollment-class"}},
		{"an enrollment at a school that isn't listed", func(f *fake) {
			f.object = on(func(o object) {
				if o["sourcedId"] == "e3" {
					o["school"].(object)["sourcedId"] = "nowhere"
				}
			}, everywhere("enrollment")...)
		}, []string{"references.enrollment-school"}},
		{"a course of an org that isn't listed", func(f *fake) { f.data["courses"][0]["org"] = f.ref("org", "orgs", "nowhere") }, []string{"references.course"}},
		{"a session below one that isn't listed", func(f *fake) {
			f.data["academicSessions"][1]["parent"] = f.ref("academicSession", "academicSessions", "nowhere")
		}, []string{"references.session"}},
		{"an org below one that isn't listed", func(f *fake) { f.data["orgs"][1]["parent"] = f.ref("org", "orgs", "nowhere") }, []string{"references.org"}},
		{"a user with an agent who isn't listed", func(f *fake) { f.data["users"][0]["agents"] = []object{f.ref("user", "users", "nobody")} }, []string{"references.user-agents"}},
		{"an active enrollment of a deleted user", func(f *fake) { f.data["users"][1]["status"] = "tobedeleted" }, []string{"references.active"}},
		{"metadata is a list", func(f *fake) { f.object = on(setTo("metadata", []object{}), everywhere("org")...) }, []string{"payload.metadata"}},
		{"a reference is a text", func(f *fake) { f.object = on(setTo("org", "district"), everywhere("course")...) }, []string{"payload.objects"}},
		{"no roles", func(f *fake) { f.object = on(setTo("roles", []object{}), everywhere("user")...) }, []string{"payload.user-roles"}},
		{"a role without its type", func(f *fake) {
			f.object = on(func(o object) { delete(o["roles"].([]object)[0], "roleType") }, everywhere("user")...)
		}, []string{"payload.required-role"}},
		{"a user id without its type", func(f *fake) {
			f.object = on(setTo("userIds", []object{{"identifier": "x"}}), everywhere("user")...)
		}, []string{"payload.required-profile"}},
		{"a class without a title", func(f *fake) { f.object = on(func(o object) { delete(o, "title") }, everywhere("class")...) }, []string{"payload.required-class"}},
		{"an enrollment without a role", func(f *fake) { delete(f.data["enrollments"][2], "role") }, []string{"payload.required-enrollment"}},
		{"a course without a code", func(f *fake) {
			f.object = on(func(o object) { delete(o, "courseCode") }, everywhere("course")...)
		}, []string{"payload.required-course"}},
		{"demographics without a status", func(f *fake) {
			f.object = on(func(o object) { delete(o, "status") }, everywhere("demographics")...)
		}, []string{"payload.required-demographics"}},
		{"bytes of Latin-1", func(f *fake) {
			f.answer = fixed("/demographics", `{"demographics":[{"sourcedId":"ann","status":"active","dateLastModified":"2026-01-02T03:04:05.000Z","sex":"female","birthDate":"2010-02-03","asian":"false","cityOfBirth":"K`+"\xf6"+`ln"}]}`)
		}, []string{"identity.single", "paging.offset-past-end", "payload.utf8"}}, // the single read has no such member
		{"a time with an offset", func(f *fake) {
			f.object = on(setTo("dateLastModified", "2026-01-02T03:04:05+01:00"), everywhere("org")...)
		}, []string{"payload.date-time-utc"}},
		{"a title on two lines", func(f *fake) { f.object = on(setTo("title", "a\nb"), everywhere("course")...) }, []string{"payload.normalized-text"}},
		{"a profile that is no URI", func(f *fake) {
			f.object = on(setTo("userProfiles", []object{{"profileId": "me", "profileType": "x", "vendorId": "y"}}), everywhere("user")...)
		}, []string{"payload.profile-uri"}},
		{"a member twice", func(f *fake) {
			f.answer = fixed("/demographics", `{"demographics":[{"sourcedId":"ann","status":"active","dateLastModified":"2026-01-02T03:04:05.000Z","sex":"female","sex":"female","birthDate":"2010-02-03","asian":"false"}]}`)
		}, []string{"paging.offset-past-end", "payload.no-duplicate-members"}},
		{"enrollments don't say whose they are", func(f *fake) {
			f.object = on(func(o object) { delete(o["user"].(object), "sourcedId") }, everywhere("enrollment")...)
		}, []string{"references.members"}},
		{"the students of a class are those of all", func(f *fake) {
			f.answer = lists(f, "/classes/class-1/students", "users", func() []object { return f.data["users"][:3] })
		}, []string{"sub.students-for-class"}},
		{"a known class without students is unknown", func(f *fake) {
			f.answer = func(w http.ResponseWriter, _ *http.Request, path string) bool {
				if path == "/classes/class-3/students" {
					f.refuse(w, http.StatusNotFound)
				}
				return path == "/classes/class-3/students"
			}
		}, []string{"sub.empty"}},
		{"a class is found under any school", func(f *fake) {
			f.answer = func(w http.ResponseWriter, _ *http.Request, path string) bool {
				if path != "/schools/west/classes/class-1/enrollments" {
					return false
				}
				f.send(w, "enrollments", f.data["enrollments"][:1])
				return true
			}
		}, []string{"sub.class-of-other-school"}},
		{"any id is a student", func(f *fake) {
			f.answer = func(w http.ResponseWriter, _ *http.Request, path string) bool {
				o := where(f.data["users"], strings.TrimPrefix(path, "/students/"), "sourcedId")
				if !strings.HasPrefix(path, "/students/") || len(o) == 0 {
					return false
				}
				f.send(w, "user", o[0])
				return true
			}
		}, []string{"derived.wrong-kind"}},
		{"whatever is unknown is a bad request", func(f *fake) { f.missing = http.StatusBadRequest }, []string{"errors.unknown-object", "errors.unknown-parent"}},
		{"/students/{id} knows nobody", func(f *fake) {
			f.answer = func(w http.ResponseWriter, _ *http.Request, path string) bool {
				if strings.HasPrefix(path, "/students/") && strings.Count(path, "/") == 2 {
					f.refuse(w, http.StatusInternalServerError)
					return true
				}
				return false
			}
		}, []string{"endpoint.get-student"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if len(test.want) > 0 {
				daily.Share(t, 3)
			}
			t.Parallel()
			f := newFake(t)
			test.bend(f)
			results := judged(t, f, "", topicsOfData...)
			got := resttest.Accused(results)
			if !slices.Equal(got, append([]string{}, test.want...)) {
				t.Errorf("accused %v, want %v", got, test.want)
				for _, id := range got {
					for _, x := range results[id].Findings {
						t.Logf("%s: sent %s; expected %s; seen %s; at %s", id, x.Sent, x.Expected, x.Seen, x.Where)
					}
				}
			}
		})
	}
}

func inParent(name string, value any) func(object) {
	return func(o object) {
		if p, ok := o["parent"].(object); ok {
			p[name] = value
		}
	}
}

// lists takes over one collection.
func lists(f *fake, at, wrapper string, all func() []object) func(http.ResponseWriter, *http.Request, string) bool {
	return func(w http.ResponseWriter, r *http.Request, path string) bool {
		if path != at {
			return false
		}
		page := all()
		if offset := r.URL.Query().Get("offset"); offset != "" && offset != "0" {
			page = []object{}
		}
		f.send(w, wrapper, page)
		return true
	}
}

func fixed(at, body string) func(http.ResponseWriter, *http.Request, string) bool {
	return func(w http.ResponseWriter, _ *http.Request, path string) bool {
		if path == at {
			fmt.Fprint(w, body)
		}
		return path == at
	}
}

// pastEndAnswer takes over what lies past the end of the collections.
func pastEndAnswer(f *fake, write func(w http.ResponseWriter, wrapper string)) func(http.ResponseWriter, *http.Request, string) bool {
	return func(w http.ResponseWriter, r *http.Request, path string) bool {
		op, _, ok := route(path)
		var offset int
		_, _ = fmt.Sscan(r.URL.Query().Get("offset"), &offset)
		if !ok || op.Single || op.Sub() || offset == 0 {
			return false
		}
		if list, _ := f.list(op, nil); offset < len(list) {
			return false
		}
		write(w, op.Wrapper)
		return true
	}
}

func pastEndStatus(f *fake, status int) func(http.ResponseWriter, *http.Request, string) bool {
	return pastEndAnswer(f, func(w http.ResponseWriter, _ string) { w.WriteHeader(status) })
}

func pastEndBody(f *fake, body string) func(http.ResponseWriter, *http.Request, string) bool {
	return pastEndAnswer(f, func(w http.ResponseWriter, wrapper string) {
		fmt.Fprint(w, strings.ReplaceAll(body, "%s", wrapper))
	})
}

// TestPageSizeIsKept holds the judge to the page size of target.yaml, beyond
// which a provider may refuse to answer.
func TestPageSizeIsKept(t *testing.T) {
	f := newFake(t)
	f.answer = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if limit := r.URL.Query().Get("limit"); len(limit) > 2 {
			f.refuse(w, http.StatusBadRequest)
			return true
		}
		return false
	}
	results := judged(t, f, "limits: {page_size: 50}\n", topicsOfData...)
	if got := resttest.Accused(results); len(got) > 0 {
		t.Errorf("accused %v", got)
	}
	for id, q := range results {
		if strings.HasPrefix(id, "sub.") && q.Verdict == reports.NotTested {
			t.Errorf("%s is not tested: %s", id, q.Reason)
		}
	}
}
