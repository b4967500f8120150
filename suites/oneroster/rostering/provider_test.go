package rostering

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// provider is the fake as a whole product: with tokens and scopes, links, filters,
// sorting, fields and error bodies. It does right unless a test bends a hook.
type provider struct {
	*fake
	ask    func(a *reply) // before the answer is made: changes what is asked, or refuses
	change func(a *reply) // after: changes what is sent
	// holds tells whether an object satisfies one clause of a filter; right is
	// what a faithful provider would say.
	holds func(name, sign, value string, o object, right bool) bool
	life  time.Duration // of tokens

	mu     sync.Mutex
	tokens map[string]grant
}

type grant struct {
	scopes []string
	until  time.Time
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

// page gives the objects of a collection's answer.
func (a *reply) page() []object {
	list, _ := a.body[a.op.Wrapper].([]object)
	return list
}

func (a *reply) set(list []object) { a.body[a.op.Wrapper] = list }

// refuse answers as the standard has it.
func (a *reply) refuse(status int, minor, text string) {
	a.status, a.body = status, resttest.Failure(minor, text)
}

func newProvider(t *testing.T) *provider { return providerOf(newFake(t)) }

func providerOf(f *fake) *provider {
	s := &provider{fake: f, life: time.Hour, tokens: map[string]grant{}}
	s.grow()
	f.answer = s.serve
	return s
}

// grow loads what the larger questions need: ten more students whose names
// differ and hold what parsers stumble over, changes at different times, and
// records that are flagged for deletion.
func (s *provider) grow() {
	d := s.data
	for i, family := range []string{"O'Brien", "Müller", "Smith", "Jones", "Garcia", "Kaya", "Novak", "Silva", "Rossi", "Dubois"} {
		id := fmt.Sprintf("kim%d", i)
		u := deep(d["users"][1]).(object)
		u["sourcedId"], u["username"], u["familyName"], u["givenName"] = id, id, family, "Kim "+id
		d["users"] = append(d["users"], u)
		e := deep(d["enrollments"][2]).(object)
		e["sourcedId"], e["user"] = "k"+id, s.ref("user", "users", id)
		d["enrollments"] = append(d["enrollments"], e)
	}
	for _, list := range d {
		for i, o := range list {
			// In another order than they are listed, so that a sort shows.
			o["dateLastModified"] = fmt.Sprintf("2026-01-%02dT03:04:05.%03dZ", 2+i*7%17, i)
		}
	}
	d["users"][3]["enabledUser"] = "false"
	d["users"][8]["status"], d["users"][9]["status"], d["enrollments"][12]["status"] = "tobedeleted", "tobedeleted", "tobedeleted"
	d["classes"][0]["grades"], d["classes"][2]["grades"] = []string{"09", "12"}, []string{"10", "11"}
	d["classes"][1]["title"] = "Art & Design"
}

func (s *provider) serve(w http.ResponseWriter, r *http.Request, path string) bool {
	a := &reply{r: r, q: r.URL.Query(), path: path, status: http.StatusOK, header: w.Header(), body: object{}}
	var known bool
	a.op, a.ids, known = route(path)
	if s.ask != nil {
		s.ask(a)
	}
	switch {
	case a.raw != "" || a.status != http.StatusOK: // taken over
	case path == "/token":
		s.grant(a)
	case strings.HasPrefix(path, "/discovery/"):
		a.body = resttest.Document(service.Rostering(), s.base, s.tokenURL())
	case !s.admitted(a):
	case !known:
		a.refuse(404, "unknownobject", "Unknown Object")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		a.header.Set("Allow", "GET, HEAD")
		a.refuse(405, "forbidden", "read only")
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
	return true
}

// grant answers a token request.
func (s *provider) grant(a *reply) {
	scopes := []string{"roster-core.readonly", "roster.readonly", "roster-demographics.readonly"}
	a.status, a.body = resttest.Grant(a.header, a.r, service.Rostering(), scopes, s.life, func(asked []string) string {
		s.mu.Lock()
		defer s.mu.Unlock()
		token := fmt.Sprintf("granted-%04d-granted", len(s.tokens))
		s.tokens[token] = grant{asked, time.Now().Add(s.life)}
		return token
	})
}

func (s *provider) admitted(a *reply) bool {
	status, minor, text := resttest.Admit(a.header, a.r, service.Rostering(), a.op, func(token string) ([]string, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		g, ok := s.tokens[token]
		return g.scopes, ok && !time.Now().After(g.until)
	})
	if status != http.StatusOK {
		a.refuse(status, minor, text)
	}
	return status == http.StatusOK
}

// describe gives an operation as the discovery document has it.
func describe(op service.Operation, path string) object {
	return resttest.Described(service.Rostering(), op, path)
}

func (s *provider) single(a *reply) {
	whole, _ := s.list(service.Operation{Path: "/" + strings.Split(a.op.Path, "/")[1]}, nil)
	found := where(whole, a.ids[0], "sourcedId")
	if len(found) == 0 {
		a.refuse(404, "unknownobject", "Unknown Object")
		return
	}
	if list, ok := s.selected(a, []object{s.out(a.op.Path, found[0])}); ok {
		a.body[a.op.Wrapper] = list[0]
	}
}

func (s *provider) collection(a *reply) {
	list, found := s.list(a.op, a.ids)
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
		a.refuse(400, "invaliddata", "an impossible order")
		return
	}
	n := len(list)
	a.header.Set("X-Total-Count", strconv.Itoa(n))
	a.header.Set("Link", q.Links(s.base+a.path, offset, limit, n))
	page := []object{}
	for _, o := range list[min(offset, n):min(offset+limit, n)] {
		page = append(page, s.out(a.op.Path, o))
	}
	if page, good = s.selected(a, page); good {
		a.set(page)
	}
}

// row bends a service in one way; want are the requirements, below
// or12.rostering., that it breaks.
type row struct {
	name string
	bend func(s *provider)
	want []string
}

// TestUnbent judges the service that does right: nothing may be accused, and all
// but what needs other circumstances must pass.
func TestUnbent(t *testing.T) {
	t.Parallel()
	// Its tokens live too long, and its client has a plain secret.
	elsewhere := map[string]bool{"access.expired": true, "token.basic-encoded": true}
	for _, focus := range []string{"paging", "sort", "filter", "fields", "security", "errors", "discovery", "robustness", "lifecycle", "transport"} {
		t.Run(focus, func(t *testing.T) {
			t.Parallel()
			results := judged(t, newProvider(t).fake, "", focus)
			resttest.Complain(t, results, nil)
			for id, q := range results {
				wireless := strings.HasPrefix(id, "transport.") && q.Verdict == reports.NotApplicable // no wire on loopback
				if q.Verdict != reports.Pass && q.Verdict != reports.NotApplicable && !elsewhere[id] || q.Verdict == reports.NotApplicable && !wireless && !elsewhere[id] {
					t.Errorf("%s is %s: %s", id, q.Verdict, q.Reason)
				}
			}
		})
	}
}

// bent runs the checks of one topic against each row.
func bent(t *testing.T, focus string, rows []row) {
	t.Helper()
	t.Parallel()
	for _, test := range rows {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newProvider(t)
			test.bend(s)
			resttest.Complain(t, judged(t, s.fake, "", focus), test.want)
		})
	}
}
