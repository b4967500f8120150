package nrps

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

// container is the answer. What isn't known, or may not be told, is left out.
type container struct {
	ID      string       `json:"id"`
	Context contextBody  `json:"context"`
	Members []memberBody `json:"members"`
}

type contextBody struct {
	ID    string `json:"id"`
	Label string `json:"label,omitempty"`
	Title string `json:"title,omitempty"`
}

type memberBody struct {
	Status    string   `json:"status"`
	UserID    string   `json:"user_id"`
	Roles     []string `json:"roles"`
	Name      string   `json:"name,omitempty"`
	Given     string   `json:"given_name,omitempty"`
	Middle    string   `json:"middle_name,omitempty"`
	Family    string   `json:"family_name,omitempty"`
	Email     string   `json:"email,omitempty"`
	SourcedID string   `json:"lis_person_sourcedid,omitempty"`
	// Message is there where a link was named: what its launch would say of the member.
	Message []map[string]any `json:"message,omitempty"`
}

// pageMost is how many members one page has at most; who asks for more, or says nothing, gets
// so many.
const pageMost = 100

// What the service's own links carry beside what was asked.
const (
	afterKey = "after" // the place of the last member of the page before
	sinceKey = "since" // the change after which changes are told
	upToKey  = "up_to" // the change that the first page knew of
)

// asked is what a request asks for.
type asked struct {
	asker
	query url.Values
	role  string // by its full name; empty: every role
	limit int
	link  *platform.Link // rlid
	after int            // place
	since int64          // -1: the whole list
	upTo  int64          // -1: this is the first page
}

// memberships answers who is in a course, or what changed there.
func (s *Service) memberships(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "Memberships are read by GET.")
		return
	}
	who, ok := s.mayRead(w, r)
	if !ok {
		return
	}
	if !acceptable(r.Header.Values("Accept")) {
		refuse(w, http.StatusNotAcceptable, "There is nothing but "+MediaType+".")
		return
	}
	q, status, problem := s.read(who, r.URL.RawQuery)
	if problem != "" {
		refuse(w, status, problem)
		return
	}
	members, at := s.p.Roster(who.course.ID, who.tool)
	if q.since >= 0 {
		members, at = s.p.Changes(who.course.ID, who.tool, q.since)
	}
	// What comes while somebody turns pages is told the next time: the list of changes that
	// is offered begins where the first page was.
	if q.upTo >= 0 {
		at = min(at, q.upTo)
	}
	members = slices.DeleteFunc(members, func(m platform.Member) bool {
		return m.Place <= q.after || q.role != "" && !slices.Contains(m.Roles, q.role)
	})
	more := len(members) > q.limit
	members = members[:min(len(members), q.limit)]
	out := container{
		ID:      s.p.Issuer() + r.URL.RequestURI(),
		Context: contextBody{who.course.Context, who.course.Label, who.course.Title},
		Members: []memberBody{},
	}
	for _, m := range members {
		out.Members = append(out.Members, s.member(m, q))
	}
	var links []string
	if more {
		links = append(links, q.to(s.p.Issuer()+r.URL.EscapedPath(), "next",
			map[string]int64{afterKey: int64(members[len(members)-1].Place), upToKey: at, sinceKey: q.since}))
	}
	links = append(links, q.to(s.p.Issuer()+r.URL.EscapedPath(), "differences", map[string]int64{sinceKey: at, afterKey: -1, upToKey: -1}))
	w.Header().Set("Link", strings.Join(links, ", "))
	w.Header().Set("Content-Type", MediaType)
	_ = json.NewEncoder(w).Encode(out) // the client may be gone
}

// member tells of one. Of those who left nothing is told but that they did.
func (s *Service) member(m platform.Member, q asked) memberBody {
	out := memberBody{Status: m.Status, UserID: m.Subject, Roles: m.Roles}
	if m.Status == "Deleted" {
		return out
	}
	out.Name, out.Given, out.Middle, out.Family, out.Email, out.SourcedID = m.Name, m.Given, m.Middle, m.Family, m.Email, m.SourcedID
	if q.link != nil {
		out.Message = []map[string]any{s.p.Message(m.User, *q.link, q.tool)}
	}
	return out
}

// to writes a link that keeps all that was asked; what is below 0 is left out of it.
func (q asked) to(address, rel string, set map[string]int64) string {
	v := url.Values{}
	for name, values := range q.query {
		v[name] = values
	}
	for name, n := range set {
		v.Del(name)
		if n >= 0 {
			v.Set(name, strconv.FormatInt(n, 10))
		}
	}
	if len(v) > 0 {
		address += "?" + v.Encode()
	}
	return "<" + address + `>; rel="` + rel + `"`
}

// read takes in what a request asks for, or says what is wrong with it.
func (s *Service) read(who asker, query string) (q asked, status int, problem string) {
	v, err := url.ParseQuery(query)
	if err != nil {
		return q, http.StatusBadRequest, "The parameters can't be read."
	}
	q = asked{asker: who, query: v, limit: pageMost, after: -1, since: -1, upTo: -1}
	for _, name := range []string{"role", "limit", "rlid", afterKey, sinceKey, upToKey} {
		if len(v[name]) > 1 {
			return q, http.StatusBadRequest, name + " comes more than once."
		}
	}
	if role := v.Get("role"); role != "" {
		q.role = role
		if !strings.Contains(role, ":") { // a short name is of the roles in courses
			q.role = lti.Membership + role
		}
	}
	if v.Has("limit") {
		n, err := strconv.Atoi(v.Get("limit"))
		if err != nil || n < 1 {
			return q, http.StatusBadRequest, "limit has to be a number above 0."
		}
		q.limit = min(n, pageMost)
	}
	if v.Has("rlid") {
		l, there := s.p.Link(v.Get("rlid"))
		if !there || l.Course != who.course.ID || l.Tool != who.tool.ClientID || l.Deployment != who.deployment {
			return q, http.StatusNotFound, "There is no such link of this tool here."
		}
		q.link = &l
	}
	_, now := s.p.Roster(who.course.ID, who.tool)
	var after int64
	for name, into := range map[string]*int64{afterKey: &after, sinceKey: &q.since, upToKey: &q.upTo} {
		*into = -1
		if !v.Has(name) {
			continue
		}
		n, err := strconv.ParseInt(v.Get(name), 10, 64)
		if err != nil || n < 0 || n > now && name != afterKey {
			return q, http.StatusBadRequest, "This is no link of ours: " + name + " is another."
		}
		*into = n
	}
	q.after = int(min(after, 1<<31))
	return q, 0, ""
}

// acceptable tells whether an Accept header takes what there is (RFC 9110 §12.5.1).
func acceptable(fields []string) bool {
	list := strings.Join(fields, ",")
	if strings.TrimSpace(list) == "" {
		return true
	}
	taken, best := false, -1
	for _, r := range strings.Split(list, ",") {
		kind, params, _ := strings.Cut(r, ";")
		fit := slices.Index([]string{"*/*", "application/*", MediaType}, strings.ToLower(strings.TrimSpace(kind)))
		if fit < 0 && strings.EqualFold(strings.TrimSpace(kind), "application/json") {
			fit = 1 // it is JSON
		}
		if fit > best {
			best, taken = fit, !refusing(params)
		}
	}
	return taken
}

// refusing tells whether parameters of a media range say that it isn't wanted.
func refusing(params string) bool {
	for _, p := range strings.Split(params, ";") {
		if name, value, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return err == nil && q == 0
		}
	}
	return false
}

// refuse says why there is no answer (RFC 9457).
func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "title": http.StatusText(status), "detail": why}) // as above
}
