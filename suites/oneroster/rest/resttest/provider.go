package resttest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Provider is a fake that serves objects of described services from memory, takes what is
// written to them, and does right, unless a test bends one of its hooks. It is no reference.
type Provider struct {
	Origin   string
	Services []*service.Service
	// Data are the objects by collection; those of rosters, to which others refer, among them.
	Data map[string][]Object
	// Among tells whether an object of its kind is in a sub-collection.
	Among func(op service.Operation, ids []string, o Object) bool
	// Ask comes before an answer is made, and may take it over; Change may change it then.
	Ask, Change func(a *Reply)

	mu     sync.Mutex
	tokens map[string][]string // to their scopes
	clock  int
}

// Reply is one exchange in the making.
type Reply struct {
	Request *http.Request
	Query   url.Values
	Service *service.Service
	Path    string // below the base URL
	Op      service.Operation
	IDs     []string
	Sent    []byte // the body
	Broken  bool   // the body ended before it was whole
	Status  int    // 0: not answered yet
	Header  http.Header
	Body    Object
	Raw     string // sent instead of Body
}

// Refuse answers as the standard of the service has it.
func (a *Reply) Refuse(status int, minor, text string) {
	a.Status, a.Body, a.Raw = status, Failure(minor, text), ""
	if a.Service.Status.Set != "" {
		a.Body = Object{a.Service.Status.Set: []Object{a.plain("failure", "error", minor, text)}}
	}
}

// plain is a status info where these come in a set: its code minor is a text, as the service
// spells it.
func (a *Reply) plain(major, severity, minor, text string) Object {
	for _, spelt := range a.Service.Status.Minors {
		if a.Service.Status.Means(spelt, minor) {
			minor = spelt
			break
		}
	}
	return Object{"imsx_codeMajor": major, "imsx_severity": severity, "imsx_codeMinor": minor, "imsx_description": text}
}

// warn says beside the data that something was asked for in vain, where the service does so.
func (a *Reply) warn(minor, text string) bool {
	if !a.Service.Warns {
		return false
	}
	a.Body[a.Service.Status.Set] = []Object{a.plain("success", "warning", minor, text)}
	return true
}

// Is tells whether the exchange is of a method, below a collection; any where that is empty.
func (a *Reply) Is(method, root string) bool {
	return a.Op.ID != "" && a.Request.Method == method && (root == "" || a.Op.Root() == root)
}

// NewProvider makes a fake of the services; the first is judged. Whoever serves it says where
// (Origin).
func NewProvider(services ...*service.Service) *Provider {
	return &Provider{Services: services, Data: map[string][]Object{}, tokens: map[string][]string{}}
}

// Base is the base URL of a service.
func (p *Provider) Base(of *service.Service) string { return p.Origin + of.Path }

// Reference makes one to an object of a collection of a service.
func (p *Provider) Reference(of *service.Service, kind, collection, id string) Object {
	return Object{"href": p.Base(of) + "/" + collection + "/" + service.EscapeSegment(id), "sourcedId": id, "type": kind}
}

// Find gives an object of a collection, nil where there is none.
func (p *Provider) Find(collection, id string) Object {
	for _, o := range p.Data[collection] {
		if o["sourcedId"] == id {
			return o
		}
	}
	return nil
}

// Put stores an object, in the place of the one that has its sourcedId.
func (p *Provider) Put(collection string, o Object) {
	p.Remove(collection, fmt.Sprint(o["sourcedId"]))
	p.Data[collection] = append(p.Data[collection], o)
}

// Remove takes one away.
func (p *Provider) Remove(collection, id string) {
	p.Data[collection] = slices.DeleteFunc(slices.Clone(p.Data[collection]), func(o Object) bool { return o["sourcedId"] == id })
}

// Marked lists the objects that hold a text, as collection/sourcedId.
func (p *Provider) Marked(text string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for name, list := range p.Data {
		for _, o := range list {
			if raw, _ := json.Marshal(o); strings.Contains(string(raw), text) {
				out = append(out, fmt.Sprintf("%s/%v", name, o["sourcedId"]))
			}
		}
	}
	slices.Sort(out)
	return out
}

// operation finds what a method does at a path, and the ids in it.
func operation(of *service.Service, method, path string) (op service.Operation, ids []string, known bool) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for _, op := range slices.Concat(of.Operations, of.Writes) {
		reads := op.Method == "" || op.Method == http.MethodGet
		if reads != (method == http.MethodGet || method == http.MethodHead) || !reads && op.Method != method {
			continue
		}
		template := op.Segments()
		fits := len(template) == len(segments)
		ids = nil
		for i := 0; fits && i < len(template); i++ {
			if strings.HasPrefix(template[i], "{") {
				id, _ := url.PathUnescape(segments[i])
				ids = append(ids, id)
			} else {
				fits = template[i] == segments[i]
			}
		}
		if fits {
			return op, ids, true
		}
	}
	return service.Operation{}, nil, false
}

func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	a := &Reply{Request: r, Query: r.URL.Query(), Header: w.Header(), Body: Object{}, Service: p.Services[0]}
	a.Header.Set("Content-Type", "application/json")
	known := false
	// Several services may have one base path.
	for _, of := range p.Services {
		if below, is := strings.CutPrefix(path, of.Path); is {
			if op, ids, found := operation(of, r.Method, below); found || a.Path == "" {
				a.Service, a.Path, a.Op, a.IDs, known = of, below, op, ids, found
			}
			if known {
				break
			}
		}
	}
	if path != "/token" {
		var err error
		if a.Sent, err = io.ReadAll(r.Body); err != nil {
			a.Broken = true
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Ask != nil {
		p.Ask(a)
	}
	if a.Broken && a.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	if a.Status == 0 && a.Raw == "" {
		p.answer(a, path, known)
	}
	if p.Change != nil {
		p.Change(a)
	}
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	w.WriteHeader(a.Status)
	switch {
	case a.Raw != "":
		fmt.Fprint(w, a.Raw)
	case a.Status != http.StatusNoContent && a.Status != http.StatusNotModified && len(a.Body) > 0:
		_ = json.NewEncoder(w).Encode(a.Body)
	}
}

// Answer makes the answer that is right.
func (p *Provider) Answer(a *Reply) {
	a.Status, a.Raw, a.Body = 0, "", Object{}
	p.answer(a, a.Request.URL.EscapedPath(), a.Op.ID != "")
}

func (p *Provider) answer(a *Reply, path string, known bool) {
	a.Status = http.StatusOK
	switch {
	case path == "/token":
		var scopes []string
		for _, of := range p.Services {
			scopes = append(scopes, of.Scopes.All()...)
		}
		a.Status, a.Body = Grant(a.Header, a.Request, p.Services[0], scopes, time.Hour, func(asked []string) string {
			token := fmt.Sprintf("granted-%04d-granted", len(p.tokens))
			p.tokens[token] = asked
			return token
		})
		return
	case strings.HasPrefix(a.Path, "/discovery/"):
		a.Body = Document(a.Service, p.Base(a.Service), p.Origin+"/token")
		return
	}
	status, minor, text := Admit(a.Header, a.Request, a.Service, a.Op, func(token string) ([]string, bool) {
		scopes, ok := p.tokens[token]
		return scopes, ok
	})
	switch method := a.Request.Method; {
	case status != http.StatusOK:
		a.Refuse(status, minor, text)
	case !known && method != http.MethodGet && method != http.MethodHead && p.reads(a):
		a.Header.Set("Allow", "GET, HEAD")
		a.Refuse(http.StatusMethodNotAllowed, "invaliddata", "read only")
	case !known:
		a.Refuse(http.StatusNotFound, "unknownobject", "Unknown Object")
	case method == http.MethodPut:
		p.put(a)
	case method == http.MethodPost:
		p.post(a)
	case method == http.MethodDelete:
		p.delete(a)
	case a.Op.Single:
		p.single(a)
	default:
		p.collection(a)
	}
}

func (p *Provider) reads(a *Reply) bool {
	_, known := a.Service.At(a.Path)
	return known
}

func (p *Provider) query(a *Reply) Query {
	k := a.Service.Kinds[a.Op.Kind]
	return Query{Values: a.Query, Knows: func(name string) bool {
		_, known := k.Member("/" + strings.ReplaceAll(name, ".", "/"))
		return known || strings.Contains(name, ".") && k.TypeOf(strings.Split(name, ".")[0]) == service.Reference
	}}
}

func (p *Provider) selected(a *Reply, list []Object) ([]Object, bool) {
	whole := list
	list, ok := p.query(a).Selected(list)
	if !ok && strings.Trim(a.Query.Get("fields"), " ,") != "" && a.warn("invalid_selection_field", "an unknown field") {
		return whole, true
	}
	if !ok {
		a.Refuse(http.StatusBadRequest, "invalid_selection_field", "an unknown field")
	}
	return list, ok
}

// collectionOf names that of a kind of object.
func collectionOf(of *service.Service, kind string) string {
	if of.Kinds[kind] != nil {
		return of.CollectionOf(kind).Name
	}
	return map[string]string{
		"class": "classes", "org": "orgs", "user": "users", "course": "courses", "academicSession": "academicSessions",
	}[kind]
}

func (p *Provider) single(a *Reply) {
	found := p.Find(collectionOf(a.Service, a.Op.Kind), a.IDs[0])
	if found == nil {
		a.Refuse(http.StatusNotFound, "unknownobject", "Unknown Object")
		return
	}
	if list, ok := p.selected(a, []Object{maps.Clone(found)}); ok {
		a.Body[a.Op.Wrapper] = list[0]
	}
}

// parents tells whether all are there that a path goes through.
func (p *Provider) parents(a *Reply) bool {
	at := 0
	for i, segment := range a.Op.Segments() {
		if !strings.HasPrefix(segment, "{") {
			continue
		}
		collection := a.Op.Segments()[i-1]
		if other, is := map[string]string{"schools": "orgs", "students": "users", "teachers": "users"}[collection]; is {
			collection = other
		}
		if p.Find(collection, a.IDs[at]) == nil {
			return false
		}
		at++
	}
	return true
}

func (p *Provider) collection(a *Reply) {
	list := p.Data[collectionOf(a.Service, a.Op.Kind)]
	if a.Op.Sub() {
		if !p.parents(a) {
			a.Refuse(http.StatusNotFound, "unknownobject", "Unknown Object")
			return
		}
		list = slices.DeleteFunc(slices.Clone(list), func(o Object) bool { return !p.Among(a.Op, a.IDs, o) })
	}
	q := p.query(a)
	limit, good := q.Number("limit", 100, 1)
	offset, fine := q.Number("offset", 0, 0)
	if !good || !fine {
		a.Refuse(http.StatusBadRequest, "invaliddata", "an impossible page")
		return
	}
	if list, good = q.Filtered(list); !good {
		a.Refuse(http.StatusBadRequest, "invalid_filter_field", "an impossible filter")
		return
	}
	unsorted := list
	if list, good = q.Sorted(list); !good && !q.Knows(a.Query.Get("sort")) && a.warn("invalid_sort_field", "an unknown field") {
		list = unsorted
	} else if !good {
		a.Refuse(http.StatusBadRequest, "invalid_sort_field", "an impossible order")
		return
	}
	n := len(list)
	a.Header.Set("X-Total-Count", strconv.Itoa(n))
	a.Header.Set("Link", q.Links(p.Origin+a.Request.URL.EscapedPath(), offset, limit, n))
	page := []Object{}
	for _, o := range list[min(offset, n):min(offset+limit, n)] {
		page = append(page, maps.Clone(o))
	}
	if page, good = p.selected(a, page); good {
		a.Body[a.Op.Wrapper] = page
	}
}

// Target describes the fake as a target file does. more are lines of the section of OneRoster.
func (p *Provider) Target(t *testing.T, profiles []string, more ...string) string {
	t.Helper()
	text := fmt.Sprintf("rollcall: 1\nname: Fake\nstance: strict\nprofiles: [%s]\noneroster:\n", strings.Join(profiles, ", "))
	for _, line := range more {
		text += "  " + line + "\n"
	}
	return text + fmt.Sprintf("  auth: {token_url: %q, client_id: me, client_secret: \"${SECRET}\"}\n", p.Origin+"/token")
}
