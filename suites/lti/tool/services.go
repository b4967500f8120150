package tool

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// services are what the claims of a launch lead to: the members of a made-up course, and a
// gradebook that is empty until the tool puts something there. A tool may call them while
// it opens, and must not be refused for that; how it calls them isn't judged here, so that
// whoever asks in the form of the standard gets a token. They hold nobody's data.
type services struct {
	made func(token string) // told of each token, which is a secret; may be nil

	mu      sync.Mutex
	revoked time.Time // tokens that were given until then are not good
	items   map[string]map[string]any
	order   []string
}

// The scopes that are granted.
const (
	agsScope  = "https://purl.imsglobal.org/spec/lti-ags/scope/"
	nrpsScope = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
)

var granted = []string{nrpsScope, agsScope + "lineitem", agsScope + "lineitem.readonly", agsScope + "result.readonly", agsScope + "score"}

// GradeScopes are those of grades.
func GradeScopes() []any {
	var out []any
	for _, s := range granted[1:] {
		out = append(out, s)
	}
	return out
}

// mostKept bounds how many line items a tool can have kept.
const mostKept = 200

// The media types of what is served.
const (
	membersMedia = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
	itemMedia    = "application/vnd.ims.lis.v2.lineitem+json"
	itemsMedia   = "application/vnd.ims.lis.v2.lineitemcontainer+json"
	resultsMedia = "application/vnd.ims.lis.v2.resultcontainer+json"
)

func (s *services) register(mux *http.ServeMux, p *platform) {
	s.items = map[string]map[string]any{}
	mux.HandleFunc("GET /services/members", s.allowed(func(w http.ResponseWriter, r *http.Request) { s.members(w, r, p) }, nrpsScope))
	mux.HandleFunc("GET /services/lineitems", s.allowed(s.list, agsScope+"lineitem", agsScope+"lineitem.readonly"))
	mux.HandleFunc("POST /services/lineitems", s.allowed(func(w http.ResponseWriter, r *http.Request) { s.put(w, r, p, "") },
		agsScope+"lineitem"))
	mux.HandleFunc("GET /services/lineitems/{id}", s.allowed(s.item, agsScope+"lineitem", agsScope+"lineitem.readonly"))
	mux.HandleFunc("PUT /services/lineitems/{id}", s.allowed(func(w http.ResponseWriter, r *http.Request) {
		s.put(w, r, p, r.PathValue("id"))
	}, agsScope+"lineitem"))
	mux.HandleFunc("DELETE /services/lineitems/{id}", s.allowed(s.drop, agsScope+"lineitem"))
	mux.HandleFunc("POST /services/lineitems/{id}/scores", s.allowed(s.score, agsScope+"score"))
	mux.HandleFunc("GET /services/lineitems/{id}/results", s.allowed(func(w http.ResponseWriter, _ *http.Request) {
		give(w, http.StatusOK, resultsMedia, []any{})
	}, agsScope+"result.readonly"))
}

// give answers with JSON.
func give(w http.ResponseWriter, status int, media string, v any) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}

// token grants what is asked for and is to be had (Security Framework 1.0 §4.1).
func (s *services) token(w http.ResponseWriter, r *http.Request) { s.grant(w, r, Grant{}) }

// grant does so in a way of its own.
func (s *services) grant(w http.ResponseWriter, r *http.Request, g Grant) {
	refuse := func(code, why string) {
		give(w, http.StatusBadRequest, "application/json", map[string]any{"error": code, "error_description": why})
	}
	if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") != "client_credentials" {
		refuse("unsupported_grant_type", "grant_type has to be client_credentials")
		return
	}
	if strings.Count(r.PostForm.Get("client_assertion"), ".") != 2 {
		refuse("invalid_client", "client_assertion has to be a JWT")
		return
	}
	asked := strings.Fields(r.PostForm.Get("scope"))
	scopes := slices.DeleteFunc(slices.Clone(asked), func(x string) bool { return !slices.Contains(granted, x) })
	if len(scopes) == 0 {
		refuse("invalid_scope", "none of the scopes is to be had here")
		return
	}
	life := cmp.Or(g.Life, tokenLife)
	token := newAccess(scopes, time.Now(), life).String()
	if s.made != nil {
		s.made(token)
	}
	w.Header().Set("Cache-Control", "no-store")
	give(w, cmp.Or(g.Status, http.StatusOK), "application/json", map[string]any{"access_token": token,
		"token_type": cmp.Or(g.Type, "Bearer"), "expires_in": int(life.Seconds()),
		"scope": strings.Join(scopes, " ")})
}

// good gives the scopes of the token of a request, where it is good now.
func (s *services) good(h http.Header) (scopes []string, good bool) {
	a, issued := readAccess(bearer(h))
	if !issued {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return a.Scopes, a.at().After(s.revoked) && time.Now().Before(a.end())
}

// allowed lets a request through that has a token for one of the scopes.
func (s *services) allowed(next http.HandlerFunc, scopes ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		has, good := s.good(r.Header)
		switch {
		case !good:
			w.Header().Set("WWW-Authenticate", "Bearer")
			give(w, http.StatusUnauthorized, "application/json", map[string]any{"error": "invalid_token"})
		case !slices.ContainsFunc(scopes, func(x string) bool { return slices.Contains(has, x) }):
			give(w, http.StatusForbidden, "application/json", map[string]any{"error": "insufficient_scope"})
		default:
			next(w, r)
		}
	}
}

// members lists the made-up people of the launches.
func (s *services) members(w http.ResponseWriter, r *http.Request, p *platform) {
	d, err := data()
	if err != nil {
		panic(err) // embedded data, read before
	}
	list := []any{}
	for _, name := range []string{"instructor", "learner", "classmate"} {
		who := d.People[name]
		roles, _ := who["roles"].([]any)
		if role := r.URL.Query().Get("role"); role != "" && !slices.ContainsFunc(roles, func(x any) bool {
			full := fmt.Sprint(x)
			return full == role || strings.HasSuffix(full, "#"+role)
		}) {
			continue
		}
		list = append(list, map[string]any{"status": "Active", "user_id": who["sub"], "name": who["name"], "given_name": who["given_name"],
			"family_name": who["family_name"], "email": who["email"], "roles": roles})
	}
	give(w, http.StatusOK, membersMedia, map[string]any{"id": p.issuer + "/services/members?course=1",
		"context": map[string]any{"id": "course-1", "label": "ALG-1", "title": "Algebra 1"}, "members": list})
}

func (s *services) list(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, id := range s.order {
		list = append(list, s.items[id])
	}
	give(w, http.StatusOK, itemsMedia, list)
}

// put makes a line item or, where id names one, changes it.
func (s *services) put(w http.ResponseWriter, r *http.Request, p *platform, id string) {
	var item map[string]any
	if err := json.NewDecoder(r.Body).Decode(&item); err != nil || item == nil {
		give(w, http.StatusBadRequest, "application/json", map[string]any{"error": "the line item can't be read"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	status := http.StatusOK
	switch _, there := s.items[id]; {
	case id != "" && !there:
		http.NotFound(w, r)
		return
	case id == "" && len(s.items) >= mostKept:
		give(w, http.StatusForbidden, "application/json", map[string]any{"error": "the gradebook is full"})
		return
	case id == "":
		id, status = side.Random()[:12], http.StatusCreated
		s.order = append(s.order, id)
	}
	item["id"] = p.issuer + "/services/lineitems/" + id
	s.items[id] = item
	give(w, status, itemMedia, item)
}

func (s *services) item(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	item, there := s.items[r.PathValue("id")]
	if !there {
		http.NotFound(w, r)
		return
	}
	give(w, http.StatusOK, itemMedia, item)
}

func (s *services) drop(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.PathValue("id")
	delete(s.items, id)
	s.order = slices.DeleteFunc(s.order, func(x string) bool { return x == id })
	w.WriteHeader(http.StatusNoContent)
}

// score takes a score and forgets it: nobody reads results here.
func (s *services) score(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	_, there := s.items[r.PathValue("id")]
	s.mu.Unlock()
	if !there {
		http.NotFound(w, r)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
