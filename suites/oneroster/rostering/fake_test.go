package rostering

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

type object = map[string]any

// fake is a provider of one small district that does right, unless a test bends
// one of its hooks. It is no reference: it knows neither filters nor sorting.
type fake struct {
	base  string
	root  string              // path of the service on its server
	token string              // URL of the token endpoint
	data  map[string][]object // by collection
	// object changes one object on its way out; path is that of the operation.
	object func(path string, o object)
	// answer takes a request over when it returns true.
	answer  func(w http.ResponseWriter, r *http.Request, path string) bool
	cap     int
	noTotal bool
	missing int // status for what is not found
}

func newFake(t *testing.T) *fake {
	t.Helper()
	return newFakeAt(t, httptest.NewServer, "/ims/oneroster/rostering/v1p2")
}

// newFakeAt serves the fake by other means than plain HTTP, or at another path.
func newFakeAt(t *testing.T, start func(http.Handler) *httptest.Server, root string) *fake {
	t.Helper()
	f := &fake{cap: 100, missing: http.StatusNotFound, root: root}
	server := start(f)
	t.Cleanup(server.Close)
	f.base = server.URL + root
	f.data = f.district()
	return f
}

func (f *fake) tokenURL() string {
	if f.token != "" {
		return f.token
	}
	return strings.TrimSuffix(f.base, f.root) + "/token"
}

func (f *fake) ref(kind, collection, id string) object {
	return object{"href": f.base + "/" + collection + "/" + service.EscapeSegment(id), "sourcedId": id, "type": kind}
}

func (f *fake) district() map[string][]object {
	thing := func(id string, members object) object {
		o := object{"sourcedId": id, "status": "active", "dateLastModified": "2026-01-02T03:04:05.000Z"}
		maps.Copy(o, members)
		return o
	}
	org := func(id string) object { return f.ref("org", "orgs", id) }
	session := func(id string) object { return f.ref("academicSession", "academicSessions", id) }
	user := func(id, role, school string, more object) object {
		o := thing(id, object{"enabledUser": "true", "username": id, "givenName": "Ada " + id, "familyName": "Ng",
			"roles": []object{{"roleType": "primary", "role": role, "org": org(school)}}})
		maps.Copy(o, more)
		return o
	}
	class := func(id, course, school, term string) object {
		return thing(id, object{"title": "Class " + id, "classCode": id, "classType": "scheduled", "grades": []string{"09"},
			"course": f.ref("course", "courses", course), "school": org(school), "terms": []object{session(term)}})
	}
	enrollment := func(id, who, class, school, role string) object {
		return thing(id, object{"user": f.ref("user", "users", who), "class": f.ref("class", "classes", class), "school": org(school), "role": role, "primary": "false"})
	}
	period := func(id, kind, from, to, parent string) object {
		o := thing(id, object{"title": id, "startDate": from, "endDate": to, "type": kind, "schoolYear": "2026"})
		if parent != "" {
			o["parent"] = session(parent)
		}
		return o
	}
	return map[string][]object{
		"orgs": {thing("district", object{"name": "District", "type": "district", "identifier": "1"}),
			thing("east/1", object{"name": "East", "type": "school", "identifier": "2", "parent": org("district")}),
			thing("west", object{"name": "West", "type": "school", "identifier": "3", "parent": org("district")})},
		"academicSessions": {period("year", "schoolYear", "2025-08-01", "2026-07-01", ""), period("fall", "term", "2025-08-01", "2026-01-01", "year"),
			period("spring", "term", "2026-01-01", "2026-07-01", "year"), period("quarter", "gradingPeriod", "2025-08-01", "2025-10-15", "fall")},
		"courses": {thing("course-1", object{"title": "Algebra", "courseCode": "ALG", "org": org("district")}),
			thing("course-2", object{"title": "Botany", "courseCode": "BOT", "org": org("west")})},
		"classes": {class("class-1", "course-1", "east/1", "fall"), class("class-2", "course-1", "west", "spring"), class("class-3", "course-2", "west", "spring")},
		"users": {user("ann", "student", "east/1", object{"identifier": "77"}), user("bob", "student", "west", nil), user("cem", "student", "west", nil),
			user("tess", "teacher", "east/1", nil), user("theo", "teacher", "west", nil), user("pat", "principal", "west", nil)},
		"enrollments": {enrollment("e1", "ann", "class-1", "east/1", "student"), enrollment("e2", "tess", "class-1", "east/1", "teacher"),
			enrollment("e3", "bob", "class-2", "west", "student"), enrollment("e4", "cem", "class-2", "west", "student"), enrollment("e5", "theo", "class-2", "west", "teacher")},
		"demographics": {thing("ann", object{"birthDate": "2010-02-03", "sex": "female", "asian": "false"})},
	}
}

// textAt follows members to a text.
func textAt(o object, path ...string) string {
	for _, name := range path[:len(path)-1] {
		o, _ = o[name].(object)
	}
	text, _ := o[path[len(path)-1]].(string)
	return text
}

// where gives the objects that have a text at a path of members.
func where(list []object, want string, at ...string) (out []object) {
	for _, o := range list {
		if textAt(o, at...) == want {
			out = append(out, o)
		}
	}
	return out
}

// list gives what an operation holds for the ids of its path; found is false
// for an unknown parent.
func (f *fake) list(op service.Operation, ids []string) (list []object, found bool) {
	d := f.data
	segments := strings.Split(strings.Trim(op.Path, "/"), "/")
	role := func(of string) (out []object) {
		for _, u := range d["users"] {
			if u["roles"].([]object)[0]["role"] == of {
				out = append(out, u)
			}
		}
		return out
	}
	whole := map[string][]object{"schools": where(d["orgs"], "school", "type"), "terms": where(d["academicSessions"], "term", "type"),
		"gradingPeriods": where(d["academicSessions"], "gradingPeriod", "type"), "students": role("student"), "teachers": role("teacher")}
	maps.Copy(whole, d)
	if len(ids) == 0 {
		return whole[segments[0]], true
	}
	if len(where(whole[segments[0]], ids[0], "sourcedId")) == 0 {
		return nil, false
	}
	// named keeps the objects of a collection that others refer to.
	named := func(collection, member string, by []object) (out []object) {
		for _, o := range whole[collection] {
			if len(where(by, o["sourcedId"].(string), member, "sourcedId")) > 0 {
				out = append(out, o)
			}
		}
		return out
	}
	enrolled, last := d["enrollments"], segments[len(segments)-1]
	switch {
	case op.Parameters() == 2:
		if len(where(where(d["classes"], ids[1], "sourcedId"), ids[0], "school", "sourcedId")) == 0 {
			return nil, false
		}
		enrolled = where(where(enrolled, ids[0], "school", "sourcedId"), ids[1], "class", "sourcedId")
	case segments[0] == "classes":
		enrolled = where(enrolled, ids[0], "class", "sourcedId")
	case segments[0] == "schools":
		enrolled = where(enrolled, ids[0], "school", "sourcedId")
	default:
		enrolled = where(enrolled, ids[0], "user", "sourcedId")
	}
	switch last {
	case "students", "teachers":
		return named("users", "user", where(enrolled, strings.TrimSuffix(last, "s"), "role")), true
	case "enrollments":
		return enrolled, true
	case "gradingPeriods":
		return where(whole[last], ids[0], "parent", "sourcedId"), true
	case "courses":
		return named(last, "course", where(d["classes"], ids[0], "school", "sourcedId")), true
	case "terms":
		var terms []object
		for _, c := range where(d["classes"], ids[0], "school", "sourcedId") {
			terms = append(terms, object{"term": c["terms"].([]object)[0]})
		}
		return named(last, "term", terms), true
	}
	switch segments[0] { // classes below something
	case "courses":
		return where(d["classes"], ids[0], "course", "sourcedId"), true
	case "schools":
		return where(d["classes"], ids[0], "school", "sourcedId"), true
	case "terms":
		for _, c := range d["classes"] {
			if c["terms"].([]object)[0]["sourcedId"] == ids[0] {
				list = append(list, c)
			}
		}
		return list, true
	}
	return named("classes", "class", enrolled), true
}

// route finds the operation of a path, and the ids in it.
func route(path string) (op service.Operation, ids []string, ok bool) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for _, op := range service.Rostering().Operations {
		want := strings.Split(strings.Trim(op.Path, "/"), "/")
		if len(want) != len(segments) {
			continue
		}
		ids, ok = nil, true
		for i, s := range want {
			if strings.HasPrefix(s, "{") {
				id, _ := url.PathUnescape(segments[i])
				ids = append(ids, id)
			} else {
				ok = ok && s == segments[i]
			}
		}
		if ok {
			return op, ids, true
		}
	}
	return service.Operation{}, nil, false
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	path := strings.TrimPrefix(r.URL.EscapedPath(), f.root)
	if f.answer != nil && f.answer(w, r, path) {
		return
	}
	if path == "/token" {
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprint(w, `{"access_token":"a-token-of-the-fake","token_type":"Bearer","expires_in":3600}`)
		return
	}
	op, ids, ok := route(path)
	if !ok {
		f.refuse(w, f.missing)
		return
	}
	if op.Single {
		whole, _ := f.list(service.Operation{Path: "/" + strings.Split(op.Path, "/")[1]}, nil)
		found := where(whole, ids[0], "sourcedId")
		if len(found) == 0 {
			f.refuse(w, f.missing)
			return
		}
		f.send(w, op.Wrapper, f.out(op.Path, found[0]))
		return
	}
	list, found := f.list(op, ids)
	if !found {
		f.refuse(w, f.missing)
		return
	}
	limit, offset := f.cap, 0
	if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil {
		limit = min(n, f.cap)
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("offset")); err == nil {
		offset = min(n, len(list))
	}
	if !f.noTotal {
		w.Header().Set("X-Total-Count", strconv.Itoa(len(list)))
	}
	page := []object{}
	for _, o := range list[offset:min(len(list), offset+limit)] {
		page = append(page, f.out(op.Path, o))
	}
	f.send(w, op.Wrapper, page)
}

func (f *fake) out(path string, o object) object {
	o = deep(o).(object)
	if f.object != nil {
		f.object(path, o)
	}
	return o
}

func deep(v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for name, inner := range v {
			out[name] = deep(inner)
		}
		return out
	case []object:
		out := make([]object, len(v))
		for i := range v {
			out[i] = deep(v[i]).(object)
		}
		return out
	}
	return v
}

func (f *fake) send(w http.ResponseWriter, wrapper string, v any) {
	_ = json.NewEncoder(w).Encode(object{wrapper: v})
}

func (f *fake) refuse(w http.ResponseWriter, status int) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object{"imsx_codeMajor": "failure", "imsx_severity": "error"})
}

// judged runs the checks that focus names against the provider and gives the
// verdicts of the requirements that were looked at.
func judged(t *testing.T, f *fake, more string, focus ...string) map[string]reports.RequirementResult {
	t.Helper()
	text := fmt.Sprintf("rollcall: 1\nname: Fake\nstance: strict\nprofiles: [or12-rostering-core-provider, or12-rostering-provider, or12-demographics-provider]\n"+
		"oneroster:\n  rostering: %s\n  auth: {token_url: %q, client_id: me, client_secret: \"${SECRET}\"}\n%s", f.base, f.tokenURL(), more)
	return resttest.Judge(t, resttest.Target(t, text), "or12.rostering.", []harness.Suite{Suite()}, focus...)
}
