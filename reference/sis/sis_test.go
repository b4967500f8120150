package sis_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/sis"
)

func TestCollections(t *testing.T) {
	onEachStore(t, func(t *testing.T, p *provider) {
		for _, c := range []struct {
			path, wrapper string
			want          []string
		}{
			{"/orgs", "orgs", []string{"d", "s1", "s/2", "dep"}},
			{"/schools", "orgs", []string{"s1", "s/2"}},
			{"/academicSessions", "academicSessions", []string{"gp1", "sy", "sem", "t1", "t2", "gp2", "gp3", "x"}},
			{"/terms", "academicSessions", []string{"sem", "t1", "t2"}},
			{"/gradingPeriods", "academicSessions", []string{"gp1", "gp2", "gp3"}},
			{"/courses", "courses", []string{"c1", "c2", "c3"}},
			{"/classes", "classes", []string{"k1", "k2", "k3", "k4"}},
			{"/users", "users", []string{"eve", "dan", "cat", "ben", "ann", "fay"}},
			{"/students", "users", []string{"cat", "ben", "ann"}},
			{"/teachers", "users", []string{"eve", "cat"}},
			{"/enrollments", "enrollments", []string{"e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9"}},
			{"/demographics", "demographics", []string{"ann", "ben"}},

			{"/schools/s1/classes", "classes", []string{"k1", "k2"}},
			{"/schools/s%2F2/classes", "classes", []string{"k3", "k4"}},
			{"/schools/s1/courses", "courses", []string{"c1", "c2"}},
			{"/schools/s%2F2/courses", "courses", []string{"c2"}},
			{"/schools/s1/enrollments", "enrollments", []string{"e1", "e2", "e3", "e4", "e5", "e8", "e9"}},
			{"/schools/s1/students", "users", []string{"ben", "ann"}},
			{"/schools/s%2F2/students", "users", []string{"cat", "ben"}},
			{"/schools/s1/teachers", "users", []string{"dan", "cat"}},
			{"/schools/s%2F2/teachers", "users", []string{"eve"}},
			{"/schools/s1/terms", "academicSessions", []string{"t1", "t2"}},
			{"/schools/s%2F2/terms", "academicSessions", []string{"sem"}},
			{"/schools/s1/classes/k1/enrollments", "enrollments", []string{"e1", "e3", "e4", "e5", "e9"}},
			{"/schools/s1/classes/k1/students", "users", []string{"ben", "ann"}},
			{"/schools/s1/classes/k1/teachers", "users", []string{"dan", "cat"}},
			{"/schools/s%2F2/classes/k4/enrollments", "enrollments", nil},
			{"/schools/s%2F2/classes/k4/students", "users", nil},
			{"/schools/s%2F2/classes/k4/teachers", "users", nil},
			{"/classes/k1/students", "users", []string{"ben", "ann"}},
			{"/classes/k3/students", "users", []string{"cat"}},
			{"/classes/k3/teachers", "users", []string{"eve"}},
			{"/courses/c2/classes", "classes", []string{"k2", "k3", "k4"}},
			{"/courses/c3/classes", "classes", nil},
			{"/terms/t1/classes", "classes", []string{"k1", "k2"}},
			{"/terms/sem/classes", "classes", []string{"k3"}},
			{"/terms/t1/gradingPeriods", "academicSessions", []string{"gp1"}},
			{"/terms/sem/gradingPeriods", "academicSessions", []string{"gp1"}},
			{"/terms/t2/gradingPeriods", "academicSessions", []string{"gp2"}},
			{"/users/cat/classes", "classes", []string{"k1", "k3"}},
			{"/students/cat/classes", "classes", []string{"k3"}},
			{"/teachers/cat/classes", "classes", []string{"k1"}},
			{"/users/eve/classes", "classes", []string{"k2", "k3"}},
			{"/teachers/eve/classes", "classes", []string{"k3"}},
			{"/students/ann/classes", "classes", []string{"k1", "k2"}},
			{"/users/fay/classes", "classes", nil},
		} {
			p.get(c.path).wantIDs(c.wrapper, c.want...)
		}
	})
}

func TestSingleObjects(t *testing.T) {
	onEachStore(t, func(t *testing.T, p *provider) {
		for path, wrapper := range map[string]string{
			"/orgs/d": "org", "/orgs/s%2F2": "org", "/schools/s1": "org", "/schools/s%2f2": "org",
			"/academicSessions/sy": "academicSession", "/terms/t1": "academicSession", "/terms/sem": "academicSession",
			"/gradingPeriods/gp1": "academicSession", "/courses/c1": "course", "/classes/k1": "class",
			"/users/fay": "user", "/students/ann": "user", "/students/ben": "user", "/students/cat": "user", "/teachers/cat": "user",
			"/enrollments/e3": "enrollment", "/demographics/ann": "demographics",
		} {
			object := p.get(path).object(wrapper)
			id, err := url.PathUnescape(path[strings.LastIndex(path, "/")+1:])
			if err != nil || object["sourcedId"] != id {
				t.Errorf("GET %s: %v", path, object["sourcedId"])
			}
		}
	})
}

func TestUnknownObjects(t *testing.T) {
	p := newProvider(t, nil)
	for _, path := range []string{
		"/users/nobody", "/users/ANN", "/users/%00", "/users/%FF", "/orgs/s%252F2",
		// of another kind
		"/students/eve", "/teachers/ann", "/students/fay", "/schools/d", "/terms/sy", "/terms/gp1", "/gradingPeriods/t1",
		"/students/eve/classes", "/teachers/ann/classes", "/schools/d/classes", "/terms/gp1/classes", "/demographics/eve",
		// parents
		"/schools/none/classes", "/schools/none/courses", "/schools/none/enrollments", "/schools/none/students",
		"/schools/none/teachers", "/schools/none/terms", "/classes/none/students", "/classes/none/teachers",
		"/courses/none/classes", "/terms/none/classes", "/terms/none/gradingPeriods", "/users/none/classes",
		// a class of the other school
		"/schools/s%2F2/classes/k1/students", "/schools/s1/classes/k3/teachers", "/schools/s1/classes/k4/enrollments",
		"/schools/none/classes/k1/students", "/schools/s1/classes/none/students",
	} {
		p.get(path).wantFailure(http.StatusNotFound, "unknownobject")
	}
}

func TestUnknownRoutes(t *testing.T) {
	p := newProvider(t, nil)
	for _, path := range []string{
		"", "/", "/nothing", "/users/", "/users//classes", "//users", "/users/ann/enrollments", "/classes/k1/enrollments",
		"/Users", "/schools/s1/classes/k1", "/discovery/", "/discovery/other.json", "/users/../orgs",
	} {
		a := p.get(path)
		a.wantFailure(http.StatusNotFound, "unknownobject")
	}
	outside, err := http.NewRequest(http.MethodGet, strings.TrimSuffix(p.base, sis.BasePath)+"/elsewhere", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.do(outside).wantFailure(http.StatusNotFound, "unknownobject")
}

func TestMethods(t *testing.T) {
	p := newProvider(t, nil)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, "BREW"} {
		a := p.do(p.request(method, "/users"))
		a.wantFailure(http.StatusMethodNotAllowed, "forbidden")
		if got := a.header.Get("Allow"); got != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: Allow: %q", method, got)
		}
	}
	if a := p.do(p.request(http.MethodOptions, "/users")); a.status != http.StatusNoContent || a.header.Get("Allow") == "" {
		t.Errorf("OPTIONS: %d %v", a.status, a.header)
	}
	for _, path := range []string{"/users?limit=2", "/users/ann", "/users/nobody", "/users?limit=x"} {
		got, head := p.get(path), p.do(p.request(http.MethodHead, path))
		if len(head.body) != 0 || head.status != got.status {
			t.Errorf("HEAD %s: %d with %d bytes, GET %d", path, head.status, len(head.body), got.status)
		}
		for _, name := range []string{"Content-Type", "X-Total-Count", "Link"} {
			if head.header.Get(name) != got.header.Get(name) {
				t.Errorf("HEAD %s: %s is %q, GET has %q", path, name, head.header.Get(name), got.header.Get(name))
			}
		}
	}
}

func TestPayload(t *testing.T) {
	p := newProvider(t, nil)
	want := `{"user":{"sourcedId":"ann","status":"active","dateLastModified":"2026-03-08T08:30:00.250Z",` +
		`"metadata":{"hamlet.bus":"12","locker":7,"nested":{"deep":["a","b"]}},"enabledUser":"true","givenName":"Ann",` +
		`"familyName":"O'Brien","roles":[{"roleType":"primary","role":"student","org":{"href":"` + p.base + `/orgs/s1",` +
		`"sourcedId":"s1","type":"org"}}],"userProfiles":[{"profileId":"https://v.example/ann","profileType":"app",` +
		`"vendorId":"v","credentials":[{"type":"password","username":"ann"}]}],"email":"ann@hamlet.example","grades":["09"]}}`
	if got := string(p.get("/users/ann").body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	ben := p.get("/students/ben").object("user")
	if ben["enabledUser"] != "false" || ben["status"] != "tobedeleted" {
		t.Errorf("ben: %v", ben)
	}
	if body := string(p.get("/demographics/ben").body); strings.Contains(body, "null") || strings.Contains(body, `""`) {
		t.Errorf("absent members are sent: %s", body)
	}
}

func TestReferencesResolve(t *testing.T) {
	p := newProvider(t, nil)
	types := map[string]string{"academicSession": "academicSession", "class": "class", "course": "course", "org": "org", "user": "user"}
	checked := 0
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, element := range value {
				walk(element)
			}
		case map[string]any:
			if href, ok := value["href"].(string); ok {
				checked++
				below, ok := strings.CutPrefix(href, p.base)
				if !ok {
					t.Errorf("%s leads elsewhere", href)
					return
				}
				object := p.get(below).object(types[value["type"].(string)])
				if object["sourcedId"] != value["sourcedId"] {
					t.Errorf("%s has sourcedId %v, want %v", href, object["sourcedId"], value["sourcedId"])
				}
			}
			for _, member := range value {
				walk(member)
			}
		}
	}
	for _, path := range []string{"orgs", "academicSessions", "courses", "classes", "users", "enrollments"} {
		for _, object := range p.get("/" + path).list(path) {
			walk(object)
		}
	}
	if checked < 50 {
		t.Errorf("only %d references", checked)
	}
}
