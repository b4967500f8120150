package resources

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

type object = map[string]any

// provider serves a dozen resources, and the classes, courses and users of rosters that refer
// to them, and does right, unless a test bends one of its hooks. It is no reference.
type provider struct {
	server string // its origin
	base   string // of the Resources service
	data   map[string][]object
	ask    func(a *reply) // before the answer is made: changes what is asked, or refuses
	change func(a *reply) // after: changes what is sent
	object func(path string, o object)
	mu     sync.Mutex
	tokens map[string][]string // to their scopes
}

// reply is one exchange in the making.
type reply struct {
	r      *http.Request
	q      url.Values
	path   string // below the base URL
	op     service.Operation
	ids    []string
	status int
	header http.Header
	body   object
	raw    string // sent instead of body
}

func (a *reply) page() []object {
	list, _ := a.body[a.op.Wrapper].([]object)
	return list
}

func (a *reply) set(list []object) { a.body[a.op.Wrapper] = list }

// refuse answers as the standard has it.
func (a *reply) refuse(status int, minor, text string) {
	a.status, a.body = status, resttest.Failure(minor, text)
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	s := &provider{tokens: map[string][]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.server = server.URL
	s.base = server.URL + service.Resources().Path
	s.load()
	return s
}

func (s *provider) ref(kind, base, collection, id string) object {
	return object{"href": s.server + base + "/" + collection + "/" + service.EscapeSegment(id), "sourcedId": id, "type": kind}
}

func (s *provider) resource(id string) object {
	return s.ref("resource", service.Resources().Path, "resources", id)
}

// load makes the data: each resource is of the first class, the course or a user, and titles
// hold what parsers stumble over.
func (s *provider) load() {
	titles := []string{"O'Brien's Atlas", "Müller Reader", "Smith and Co", "Algebra Book", "Botany Film", "Kaya Poems", "Novak Stories", "Silva Songs",
		"Rossi Art & Design", "Dubois Maps", "Jones Globe", "Garcia Lab", "Ng Notes"}
	s.data = map[string][]object{}
	for i, title := range titles {
		id := fmt.Sprintf("res%d", i)
		if i == 4 {
			id = "res/4"
		}
		o := object{"sourcedId": id, "status": "active", "dateLastModified": fmt.Sprintf("2026-01-%02dT03:04:05.%03dZ", 2+i*7%17, i), "title": title,
			"roles": []string{[]string{"student", "teacher", "parent"}[i%3]}, "importance": []string{"primary", "secondary"}[i%2],
			"vendorResourceId": fmt.Sprintf("V-%d", i), "vendorId": "press", "applicationId": []string{"reader", "viewer"}[i/2%2]}
		if i%4 == 0 {
			o["roles"] = []string{"student", "teacher"}
		}
		s.data["resources"] = append(s.data["resources"], o)
	}
	s.data["resources"][12]["status"] = "tobedeleted"
	roster := func(kind, id string, members object, resources ...int) object {
		o := object{"sourcedId": id, "status": "active", "dateLastModified": "2026-01-02T03:04:05.000Z"}
		maps.Copy(o, members)
		var list []object
		for _, i := range resources {
			list = append(list, s.resource(s.data["resources"][i]["sourcedId"].(string)))
		}
		if len(list) > 0 {
			o["resources"] = list
		}
		return o
	}
	course := func(id string) object {
		return object{"course": s.ref("course", service.Rostering().Path, "courses", id)}
	}
	s.data["courses"] = []object{roster("course", "course-1", nil, 0, 1), roster("course", "course-2", nil)}
	s.data["classes"] = []object{roster("class", "class-1", course("course-1"), 2, 3, 4, 5, 12), roster("class", "class-2", course("course-2")),
		roster("class", "class-3", course("course-1"), 6)}
	s.data["users"] = []object{roster("user", "ann", nil, 7, 8, 9), roster("user", "bob", nil), roster("user", "cem", nil, 10, 11)}
}

func (s *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	path := r.URL.EscapedPath()
	a := &reply{r: r, q: r.URL.Query(), status: http.StatusOK, header: w.Header(), body: object{}}
	known, of := false, service.Resources()
	if below, rosters := strings.CutPrefix(path, service.Rostering().Path); rosters {
		of, a.path = service.Rostering(), below
	} else {
		a.path = strings.TrimPrefix(path, of.Path)
	}
	if a.op, known = of.At(a.path); known {
		for i, segment := range a.op.Segments() {
			if strings.HasPrefix(segment, "{") {
				id, _ := url.PathUnescape(strings.Split(strings.Trim(a.path, "/"), "/")[i])
				a.ids = append(a.ids, id)
			}
		}
	}
	if s.ask != nil {
		s.ask(a)
	}
	switch {
	case a.raw != "" || a.status != http.StatusOK: // taken over
	case path == "/token":
		s.grant(a)
	case strings.HasPrefix(a.path, "/discovery/"):
		a.body = resttest.Document(service.Resources(), s.base, s.server+"/token")
	case !s.admitted(a, of):
	case !known:
		a.refuse(404, "unknownobject", "Unknown Object")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		a.header.Set("Allow", "GET, HEAD")
		a.refuse(405, "unsupported", "read only")
	case a.op.Single:
		s.single(a)
	default:
		s.collection(a)
	}
	if s.change != nil {
		s.change(a)
	}
	w.WriteHeader(a.status)
	if a.raw != "" {
		fmt.Fprint(w, a.raw)
	} else if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		_ = json.NewEncoder(w).Encode(a.body)
	}
}

// grant answers a token request.
func (s *provider) grant(a *reply) {
	scopes := []string{"roster-core.readonly", "resource-core.readonly", "resource.readonly"}
	a.status, a.body = resttest.Grant(a.header, a.r, service.Resources(), scopes, time.Hour, func(asked []string) string {
		s.mu.Lock()
		defer s.mu.Unlock()
		token := fmt.Sprintf("granted-%04d-granted", len(s.tokens))
		s.tokens[token] = asked
		return token
	})
}

func (s *provider) admitted(a *reply, of *service.Service) bool {
	status, minor, text := resttest.Admit(a.header, a.r, of, a.op, func(token string) ([]string, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		scopes, ok := s.tokens[token]
		return scopes, ok
	})
	if status != http.StatusOK {
		a.refuse(status, minor, text)
	}
	return status == http.StatusOK
}

func (s *provider) out(path string, o object) object {
	o = maps.Clone(o)
	if s.object != nil {
		s.object(path, o)
	}
	return o
}

func find(list []object, id string) object {
	for _, o := range list {
		if o["sourcedId"] == id {
			return o
		}
	}
	return nil
}

func (s *provider) single(a *reply) {
	found := find(s.data[a.op.Root()], a.ids[0])
	if found == nil {
		a.refuse(404, "unknownobject", "Unknown Object")
		return
	}
	if list, ok := s.selected(a, []object{s.out(a.op.Path, found)}); ok {
		a.body[a.op.Wrapper] = list[0]
	}
}

// list gives what an operation holds; found is false for an unknown parent.
func (s *provider) list(a *reply) (list []object, found bool) {
	if !a.op.Sub() {
		return s.data[a.op.Root()], true
	}
	parent := find(s.data[a.op.Root()], a.ids[0])
	if parent == nil {
		return nil, false
	}
	refs, _ := parent["resources"].([]object)
	for _, r := range refs {
		if o := find(s.data["resources"], r["sourcedId"].(string)); o != nil {
			list = append(list, o)
		}
	}
	return list, true
}

func (s *provider) collection(a *reply) {
	list, found := s.list(a)
	if !found {
		a.refuse(404, "unknownobject", "Unknown Object")
		return
	}
	q := s.query(a)
	limit, good := q.Number("limit", 100, 1)
	offset, fine := q.Number("offset", 0, 0)
	if !good || !fine {
		a.refuse(400, "invaliddata", "an impossible page")
		return
	}
	if list, good = q.Filtered(list); !good {
		a.refuse(400, "invalid_filter_field", "an impossible filter")
		return
	}
	if list, good = q.Sorted(list); !good {
		a.refuse(400, "invalid_sort_field", "an impossible order")
		return
	}
	n := len(list)
	a.header.Set("X-Total-Count", strconv.Itoa(n))
	a.header.Set("Link", q.Links(strings.TrimSuffix(s.server+a.r.URL.EscapedPath(), a.path)+a.path, offset, limit, n))
	page := []object{}
	for _, o := range list[min(offset, n):min(offset+limit, n)] {
		page = append(page, s.out(a.op.Path, o))
	}
	if page, good = s.selected(a, page); good {
		a.set(page)
	}
}

// target describes the fake as a target file does.
func (s *provider) target(t *testing.T, rosters bool, profiles ...string) *harness.Target {
	t.Helper()
	beside := ""
	if rosters {
		beside = "  rostering: " + s.server + service.Rostering().Path + "\n"
	}
	text := fmt.Sprintf("rollcall: 1\nname: Fake\nstance: strict\nprofiles: [%s]\noneroster:\n%s  resources: %s\n"+
		"  auth: {token_url: %q, client_id: me, client_secret: \"${SECRET}\"}\n", strings.Join(profiles, ", "), beside, s.base, s.server+"/token")
	return resttest.Target(t, text)
}

// run judges a target and gives the verdicts of the requirements that were looked at.
func run(t *testing.T, target *harness.Target, suites []harness.Suite, focus ...string) map[string]reports.RequirementResult {
	t.Helper()
	return resttest.Judge(t, target, "or12.resources.", suites, focus...)
}

// judged runs the checks that focus names. rosters says whether the target file names the
// Rostering service.
func judged(t *testing.T, s *provider, profile string, rosters bool, focus ...string) map[string]reports.RequirementResult {
	t.Helper()
	return run(t, s.target(t, rosters, profile), []harness.Suite{Suite()}, focus...)
}
