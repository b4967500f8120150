package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures/library"
	"github.com/rollcall-edu/rollcall/reference/catalog/shelf"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/web"
)

const (
	// DefaultBasePath is what operations stand below (OpenAPI document, basePath).
	DefaultBasePath = "/ims/rs/v1p0"
	// Scope is what 1EdTech's own conformance server asks for. The name that the final
	// standard has for it isn't known.
	Scope = "http://www.imsglobal.org/ltirs"

	tokenPath = "/token"
)

// Config says what is served, to whom, and by which rules.
type Config struct {
	// Shelf has the resources; it is the caller's to close.
	Shelf *shelf.Shelf
	// Subjects are the tree, parents first.
	Subjects []library.Subject
	// Clients may ask for tokens. A token needs one of Scopes, [Scope] where none are named.
	Clients  []security.Client
	Scopes   []string
	TokenTTL time.Duration // security.DefaultTokenTTL when zero
	// Tokens issues tokens; nil is made from TokenTTL.
	Tokens security.Tokens
	// BasePath is what operations stand below; DefaultBasePath when empty.
	BasePath string
	// BaseURL is what addresses begin with, where clients reach the server by another name
	// than its own; without a slash at its end.
	BaseURL string
	// Rules are what is decided here; NewRules() when nil.
	Rules *Rules
}

// Server serves one catalogue.
type Server struct {
	config Config
	rules  Rules
	tokens security.Tokens
	mux    *http.ServeMux
}

// New makes a server. The shelf is filled by [Seed], before or after.
func New(_ context.Context, c Config) (*Server, error) {
	if c.Shelf == nil {
		return nil, errors.New("making the catalogue: it has no shelf")
	}
	if c.BasePath == "" {
		c.BasePath = DefaultBasePath
	}
	if !strings.HasPrefix(c.BasePath, "/") || strings.HasSuffix(c.BasePath, "/") {
		return nil, fmt.Errorf("making the catalogue: the base path %q begins with a slash and ends without one", c.BasePath)
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{Scope}
	}
	rules := NewRules()
	if c.Rules != nil {
		rules = *c.Rules
	}
	clients, err := security.NewClients(c.Clients...)
	if err != nil {
		return nil, fmt.Errorf("making the catalogue: %w", err)
	}
	s := &Server{config: c, rules: rules, tokens: c.Tokens, mux: http.NewServeMux()}
	if s.tokens == nil {
		s.tokens = security.NewTokens(security.TokenOptions{TTL: c.TokenTTL})
	}
	known := c.Scopes
	for _, client := range c.Clients {
		known = append(known[:len(known):len(known)], client.Scopes...)
	}
	s.mux.Handle(tokenPath, &security.TokenEndpoint{Clients: clients, Tokens: s.tokens, KnownScopes: known})
	s.mux.HandleFunc(c.BasePath+"/resources", s.operation(s.resources))
	s.mux.HandleFunc(c.BasePath+"/subjects", s.operation(s.subjects))
	s.mux.HandleFunc("GET "+itemsPath, item)
	s.mux.HandleFunc("GET "+thumbnailsPath, thumbnail)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(http.StatusNotFound, minorNone, "there is no operation at this path; they stand below %s", c.BasePath).write(w)
	})
	return s, nil
}

// Handler answers all requests.
func (s *Server) Handler() http.Handler { return s.mux }

// Endpoints are the addresses that a consumer is told.
type Endpoints struct {
	BaseURL  string // what stands before /resources
	TokenURL string
}

// Endpoints gives the addresses below an origin.
func (s *Server) Endpoints(origin string) Endpoints {
	if s.config.BaseURL != "" {
		origin = s.config.BaseURL
	}
	return Endpoints{origin + s.config.BasePath, origin + tokenPath}
}

// operation answers all methods but GET and HEAD itself, and whoever has no good token.
func (s *Server) operation(answer func(http.ResponseWriter, *http.Request) *failure) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		const allowed = "GET, HEAD, OPTIONS"
		switch r.Method {
		case http.MethodGet, http.MethodHead:
		case http.MethodOptions:
			w.Header().Set("Allow", allowed)
			w.WriteHeader(http.StatusNoContent)
			return
		default:
			w.Header().Set("Allow", allowed)
			fail(http.StatusMethodNotAllowed, minorNone, "the catalogue is read here, not written").write(w)
			return
		}
		failed := s.admit(w, r)
		if failed == nil {
			failed = answer(w, r)
		}
		if failed != nil {
			failed.write(w)
		}
	}
}

// admit demands a token of the scope (RFC 6750, section 3.1).
func (s *Server) admit(w http.ResponseWriter, r *http.Request) *failure {
	const realm = `Bearer realm="Resource Search"`
	token, err := security.BearerToken(r)
	if errors.Is(err, security.ErrNoBearer) {
		w.Header().Set("WWW-Authenticate", realm) // no code where nothing was presented
		return fail(http.StatusUnauthorized, minorUnauthorised, "the catalogue wants an access token")
	}
	var grant security.Grant
	if err == nil {
		grant, err = s.tokens.Inspect(r.Context(), token)
	}
	switch {
	case errors.Is(err, security.ErrMalformedBearer), errors.Is(err, security.ErrUnknownToken), errors.Is(err, security.ErrExpiredToken):
		w.Header().Set("WWW-Authenticate", realm+`, error="invalid_token"`)
		return fail(http.StatusUnauthorized, minorUnauthorised, "the access token is unknown here, or has expired")
	case err != nil:
		return broken()
	case !grant.Allows(s.config.Scopes...):
		w.Header().Set("WWW-Authenticate", realm+`, error="insufficient_scope", scope="`+strings.Join(s.config.Scopes, " ")+`"`)
		return fail(http.StatusForbidden, minorForbidden, "the access token isn't for searching")
	}
	return nil
}

// broken is what is said of an error within, which is nobody's business.
func broken() *failure {
	return fail(http.StatusInternalServerError, minorInternal, "the catalogue could not be read")
}

// subjects is getAllSubjects.
func (s *Server) subjects(w http.ResponseWriter, _ *http.Request) *failure {
	send(w, http.StatusOK, subjectsBody(s.config.Subjects, s.rules.Root))
	return nil
}

// resources is searchForResources.
func (s *Server) resources(w http.ResponseWriter, r *http.Request) *failure {
	request, err := parse(r.URL.RawQuery)
	if err != nil {
		return fail(http.StatusBadRequest, minorParameter, "the query string can't be read: %v", err)
	}
	q, failed := s.rules.query(request)
	if failed != nil {
		return failed
	}
	page, total, err := s.config.Shelf.Search(r.Context(), q.Query)
	if err != nil {
		return broken()
	}
	body, err := s.body(page, q)
	if err != nil {
		return broken()
	}
	base := s.config.BaseURL
	if base == "" {
		base = web.Origin(r)
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	w.Header().Set("Link", links(base+s.config.BasePath+"/resources", request, q, total))
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // an error means that the client left
	return nil
}

// body writes the resources as they are kept, with those members that are wanted, and what
// was asked for in vain.
func (s *Server) body(page []shelf.Found, q query) ([]byte, error) {
	b := []byte(`{"resources":[`)
	for n, f := range page {
		if n > 0 {
			b = append(b, ',')
		}
		document, err := q.selected(f)
		if err != nil {
			return nil, err
		}
		b = append(b, document...)
	}
	b = append(b, ']')
	if len(q.warnings) > 0 && s.rules.Warn == WarnInBody {
		text, err := json.Marshal(status("success", "warning", minorParameter, strings.Join(q.warnings, "; ")))
		if err != nil {
			return nil, err
		}
		b = append(append(b, ','), text[1:]...)
		return b, nil
	}
	return append(b, '}'), nil
}

// selected gives the members that are wanted of a resource, with how well it fits what was
// looked for.
func (q *query) selected(f shelf.Found) ([]byte, error) {
	document := f.Document
	if q.fields != nil {
		chosen := []byte{'{'}
		all, err := members(f)
		if err != nil {
			return nil, err
		}
		for _, m := range all {
			if q.wants(m.name) {
				chosen = append(strconv.AppendQuote(comma(chosen), m.name), ':')
				chosen = append(chosen, m.value...)
			}
		}
		document = append(chosen, '}')
	}
	if !q.searched || !q.wants(relevance) {
		return document, nil
	}
	out := comma(append([]byte{}, document[:len(document)-1]...))
	out = append(out, `"`+relevance+`":`...)
	// To nine places: words that are in nearly every resource weigh some millionths.
	out = strconv.AppendFloat(out, math.Round(f.Weight*1e9)/1e9, 'f', -1, 64)
	return append(out, '}'), nil
}

func (q *query) wants(name string) bool {
	if q.fields == nil {
		return true
	}
	for _, f := range q.fields {
		if f == name {
			return true
		}
	}
	return false
}

// comma continues an object after its members.
func comma(b []byte) []byte {
	if len(b) > 1 {
		return append(b, ',')
	}
	return b
}
