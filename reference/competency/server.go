package competency

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures/framework"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// Config says how the server is reached, and by whom. The zero value lets everybody read.
type Config struct {
	// BaseURL is what addresses begin with, where clients reach the server by another name
	// than its own; without a slash at its end.
	BaseURL string
	// Token lets in who presents it as a bearer token, and nobody else; empty lets in
	// everybody, as frameworks are published for.
	Token string
}

// Server serves the frameworks of fixtures/framework.
type Server struct {
	config Config
	book   *framework.Book
}

// New makes a server.
func New(c Config) (*Server, error) {
	if _, err := operations(); err != nil {
		return nil, err
	}
	book, err := framework.Read()
	if err != nil {
		return nil, err
	}
	return &Server{c, book}, nil
}

// uuid is the form of identifiers: lower case, of version 1 to 5 (CASE 1.1 information model,
// UUID). The official pattern isn't anchored, which is not meant.
var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// ServeHTTP answers one request, in this order: is there such a version and operation, such
// a method, a good token, an identifier, and an object of it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	version, path, below := versionAt(r.URL.EscapedPath())
	if !below {
		fail(http.StatusNotFound, minorUnknown, "there is nothing at this path; operations stand below %s", V1p1.BasePath()).write(w, V1p1)
		return
	}
	if path == DiscoveryPath && version == V1p1 {
		s.discovery(w, r)
		return
	}
	o, id, found := route(path)
	if !found {
		fail(http.StatusNotFound, minorUnknown, "there is no operation at this path").write(w, version)
		return
	}
	if !reading(w, r, version) {
		return
	}
	if failed := s.admit(w, r); failed != nil {
		failed.write(w, version)
		return
	}
	l := build(s.book, s.base(r), version)
	if o.ID == listing {
		if failed := s.list(w, r, l, version); failed != nil {
			failed.write(w, version)
		}
		return
	}
	if !uuid.MatchString(id) {
		fail(http.StatusNotFound, minorMalformed, "%q is no UUID in small letters, of version 1 to 5", id).write(w, version)
		return
	}
	if answer := reads[o.ID](l, id); answer != nil {
		send(w, http.StatusOK, answer)
		return
	}
	fail(http.StatusNotFound, minorUnknown, "%s knows nothing of %s", o.ID, id).write(w, version)
}

// versionAt gives the version whose base path a path is below, and what stands below it.
func versionAt(path string) (v Version, below string, found bool) {
	for _, v := range Versions() {
		if below, found := strings.CutPrefix(path, v.BasePath()); found && strings.HasPrefix(below, "/") {
			return v, below, true
		}
	}
	return "", "", false
}

// base is what addresses begin with in answer to a request.
func (s *Server) base(r *http.Request) string {
	if s.config.BaseURL != "" {
		return s.config.BaseURL
	}
	return web.Origin(r)
}

// reading answers all methods but GET and HEAD itself.
func reading(w http.ResponseWriter, r *http.Request, version Version) bool {
	const allowed = "GET, HEAD, OPTIONS"
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodOptions:
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", allowed)
		fail(http.StatusMethodNotAllowed, minorForbidden, "frameworks are read here, not written").write(w, version)
	}
	return false
}

// admit demands the token, where one is needed (CASE 1.1 REST binding, section 4).
func (s *Server) admit(w http.ResponseWriter, r *http.Request) *failure {
	if s.config.Token == "" {
		return nil
	}
	token, err := security.BearerToken(r)
	if err == nil && subtle.ConstantTimeCompare([]byte(token), []byte(s.config.Token)) == 1 {
		return nil
	}
	challenge := `Bearer realm="CASE"`
	if !errors.Is(err, security.ErrNoBearer) {
		challenge += `, error="invalid_token"` // no code where nothing was presented (RFC 6750, section 3.1)
	}
	w.Header().Set("WWW-Authenticate", challenge)
	return fail(http.StatusUnauthorized, minorUnauthorised, "this server wants a bearer token that it knows")
}
