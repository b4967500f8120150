package sis

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// allowedMethods of every operation: the Rostering service has no writes.
const allowedMethods = "GET, HEAD, OPTIONS"

// serveService answers one request below the base path, in this order: is there
// such an operation, such a method, a good token, a scope that opens it, a usable
// query, and are there the objects that the path names.
func (s *SIS) serveService(w http.ResponseWriter, r *http.Request) {
	serviceURL := s.publicBase(r) + BasePath
	path, below := strings.CutPrefix(r.URL.EscapedPath(), s.ServicePath()+"/")
	if document, ok := strings.CutPrefix(path, "discovery/"); below && ok {
		s.serveDiscovery(w, r, document)
		return
	}
	route, found := findRoute(s.operations, path)
	if !below || !found {
		fail(http.StatusNotFound, minorUnknownObject, "there is no operation at this path").write(w)
		return
	}
	if !methodAllowed(w, r) {
		return
	}
	if failed := s.authorize(w, r, route.operation); failed != nil {
		failed.write(w)
		return
	}
	if err := s.answer(w, r, route, serviceURL); err != nil {
		var failed *failure
		if !errors.As(err, &failed) {
			// The cause may quote the database; it stays inside.
			failed = fail(http.StatusInternalServerError, minorInternal, "the provider could not read its data")
		}
		failed.write(w)
	}
}

// methodAllowed answers all methods but GET and HEAD itself.
func methodAllowed(w http.ResponseWriter, r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodOptions:
		w.Header().Set("Allow", allowedMethods)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", allowedMethods)
		fail(http.StatusMethodNotAllowed, minorForbidden, "this service is read-only").write(w)
	}
	return false
}

// authorize demands a bearer token that holds one of the operation's scopes
// (RFC 6750; OpenAPI document, security of each operation).
func (s *SIS) authorize(w http.ResponseWriter, r *http.Request, o *operation) *failure {
	challenge := func(attributes string) { w.Header().Set("WWW-Authenticate", `Bearer realm="OneRoster"`+attributes) }

	token, err := security.BearerToken(r)
	if errors.Is(err, security.ErrNoBearer) {
		challenge("") // no error code where nothing was presented (RFC 6750, section 3.1)
		return fail(http.StatusUnauthorized, minorUnauthorised, "%v", err)
	}
	if err != nil {
		challenge(`, error="invalid_token"`)
		return fail(http.StatusUnauthorized, minorUnauthorised, "%v", err)
	}
	grant, err := s.tokens.Inspect(r.Context(), token)
	switch {
	case errors.Is(err, security.ErrUnknownToken), errors.Is(err, security.ErrExpiredToken):
		challenge(`, error="invalid_token"`)
		return fail(http.StatusUnauthorized, minorUnauthorised, "%v", err)
	case err != nil:
		return fail(http.StatusInternalServerError, minorInternal, "the access token could not be checked")
	case !grant.Allows(o.fullScopes()...):
		challenge(`, error="insufficient_scope", scope="` + o.fullScopes()[0] + `"`)
		return fail(http.StatusForbidden, minorForbidden, "the token lacks the scope %s", strings.Join(o.fullScopes(), " or "))
	}
	return nil
}

// answer reads the query, finds the objects and sends them.
func (s *SIS) answer(w http.ResponseWriter, r *http.Request, route route, serviceURL string) error {
	properties := s.selector.properties[route.target.collection]
	q, failed := parseQuery(r.URL.RawQuery, route.single, properties, s.knobs.MaxLimit)
	if failed != nil {
		return failed
	}
	owner, err := s.resolveParents(r.Context(), route)
	if err != nil {
		return err
	}
	if route.single {
		sourcedID := route.sourcedIDs[len(route.sourcedIDs)-1]
		key, err := s.resolve(r.Context(), route.target, sourcedID)
		if err != nil {
			return err
		}
		return s.sendObject(w, r, route.target, sourcedID, key, q.fields, serviceURL)
	}
	from := scope{collection: route.target.collection, relation: route.target.subset, owner: store.Whole}
	if route.Relation != "" {
		from.relation, from.owner = route.Relation, owner
	}
	selected, err := s.selector.choose(r.Context(), from, relativeHrefs(q.filter, serviceURL), q.sort, q.descending)
	if err != nil {
		return err
	}
	collectionURL := serviceURL + strings.TrimPrefix(r.URL.EscapedPath(), s.ServicePath())
	setPagingHeaders(w.Header(), collectionURL, q, selected.total)
	return s.sendPage(w, r, route.target.plural, selected, q, serviceURL)
}

// resolveParents finds the objects that the path goes through and returns the
// last. Where there are two, a school and a class, the class must be one of the
// school's.
func (s *SIS) resolveParents(ctx context.Context, route route) (store.Key, error) {
	owner := store.Whole
	for i, parent := range route.parents {
		key, err := s.resolve(ctx, parent, route.sourcedIDs[i])
		if err != nil {
			return 0, err
		}
		if i > 0 {
			relation := singularOwner(route.parents[i-1]) + "." + parent.name
			members, err := s.selector.choose(ctx, scope{parent.collection, relation, owner}, nil, "", false)
			if err != nil {
				return 0, err
			}
			if _, within := slices.BinarySearch(members.keys, key); !within {
				return 0, unknownObject(route.sourcedIDs[i])
			}
		}
		owner = key
	}
	return owner, nil
}

// singularOwner is the word for an endpoint's object in the name of a relation.
func singularOwner(e endpoint) string {
	if e.name == "schools" {
		return "school"
	}
	return e.singular
}

// resolve finds an object of an endpoint. One of another kind, such as a teacher
// below /students, is as unknown as one that does not exist.
func (s *SIS) resolve(ctx context.Context, e endpoint, sourcedID string) (store.Key, error) {
	key, err := s.selector.store.Find(ctx, e.collection, sourcedID)
	if errors.Is(err, store.ErrNotFound) {
		return 0, unknownObject(sourcedID)
	}
	if err != nil || e.subset == "" {
		return key, err
	}
	subset, err := s.selector.choose(ctx, scope{e.collection, e.subset, store.Whole}, nil, "", false)
	if err != nil {
		return 0, err
	}
	if _, ok := slices.BinarySearch(subset.keys, key); !ok {
		return 0, unknownObject(sourcedID)
	}
	return key, nil
}

// relativeHrefs puts the mark of a stored document in place of our own URL in
// the literals that are compared with an href.
func relativeHrefs(f filter, serviceURL string) filter {
	for _, group := range f {
		for i, c := range group {
			if rest, ok := strings.CutPrefix(c.literal, serviceURL); ok && strings.HasSuffix(c.path, ".href") {
				group[i].literal = string(rune(baseMark)) + rest
			}
		}
	}
	return f
}
