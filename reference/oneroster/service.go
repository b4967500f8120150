package oneroster

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// service is a described service that is served.
type service struct {
	*Service
	selector   *selector
	operations []operation
}

// serveService answers one request below the base path of a service, in this order: is
// there such an operation, such a method, a good token, a scope that opens it, a usable
// query, and are there the objects that the path names.
func (p *Provider) serveService(w http.ResponseWriter, r *http.Request) {
	s, path, below := p.find(r.URL.EscapedPath())
	if document, ok := strings.CutPrefix(path, "discovery/"); below && ok {
		p.serveDiscovery(w, r, s, document)
		return
	}
	if !below {
		nothingHere(w, nil)
		return
	}
	routes := findRoutes(s.operations, path)
	if len(routes) == 0 {
		nothingHere(w, s.Dialect)
		return
	}
	route, found := choose(routes, r.Method)
	if !found {
		refuseMethod(w, r, allowed(routes), s.Dialect)
		return
	}
	if failed := p.authorize(w, r, s, route.operation); failed != nil {
		failed.writeIn(w, s.Dialect)
		return
	}
	err := error(nil)
	if route.Method == http.MethodGet {
		err = p.answer(w, r, s, route)
	} else {
		err = p.write(w, r, s, route)
	}
	if err != nil {
		var failed *failure
		if !errors.As(err, &failed) {
			// The cause may quote the database; it stays inside.
			failed = fail(http.StatusInternalServerError, minorInternal, "the provider could not reach its data")
		}
		failed.writeIn(w, s.Dialect)
	}
}

// find gives the service whose base path a path, still encoded, is below, and what
// stands below it.
func (p *Provider) find(escapedPath string) (s *service, path string, below bool) {
	for _, s := range p.services {
		if path, below := strings.CutPrefix(escapedPath, p.knobs.PathPrefix+s.Path+"/"); below {
			return s, path, true
		}
	}
	return nil, "", false
}

func nothingHere(w http.ResponseWriter, d *Dialect) {
	fail(http.StatusNotFound, minorUnknownObject, "there is no operation at this path").writeIn(w, d)
}

// refuseMethod answers a method for which there is no operation, and OPTIONS.
func refuseMethod(w http.ResponseWriter, r *http.Request, allowed string, d *Dialect) {
	w.Header().Set("Allow", allowed)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	fail(http.StatusMethodNotAllowed, minorForbidden, "there is no %s of this; there is %s", r.Method, allowed).writeIn(w, d)
}

// authorize demands a bearer token that holds one of the operation's scopes
// (RFC 6750; OpenAPI document, security of each operation).
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request, s *service, o *operation) *failure {
	challenge := func(attributes string) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="OneRoster"`+attributes)
		if s.signed() {
			w.Header().Add("WWW-Authenticate", `OAuth realm="OneRoster"`)
		}
	}
	if s.signed() {
		client, err := p.signed.Verify(r, p.publicBase(r)+strings.TrimPrefix(r.URL.EscapedPath(), p.knobs.PathPrefix))
		switch {
		case errors.Is(err, security.ErrNoSignature): // it may have a token
		case err != nil:
			challenge("")
			return fail(http.StatusUnauthorized, minorUnauthorised, "%v", err)
		case !slices.ContainsFunc(o.fullScopes(), func(scope string) bool { return slices.Contains(client.Scopes, scope) }):
			return fail(http.StatusForbidden, minorForbidden, "the consumer lacks the right %s", strings.Join(o.fullScopes(), " or "))
		default:
			return nil
		}
	}

	token, err := security.BearerToken(r)
	if errors.Is(err, security.ErrNoBearer) {
		challenge("") // no error code where nothing was presented (RFC 6750, section 3.1)
		return fail(http.StatusUnauthorized, minorUnauthorised, "%v", err)
	}
	if err != nil {
		challenge(`, error="invalid_token"`)
		return fail(http.StatusUnauthorized, minorUnauthorised, "%v", err)
	}
	grant, err := p.tokens.Inspect(r.Context(), token)
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
func (p *Provider) answer(w http.ResponseWriter, r *http.Request, s *service, route route) error {
	provider := p.publicBase(r)
	at := s.addresses(provider)
	properties := s.selector.properties[route.target.Collection]
	q, failed := parseQuery(r.URL.RawQuery, route.single, properties, p.knobs.MaxLimit, s.Dialect)
	if failed != nil {
		return failed
	}
	owners, err := s.resolveParents(r.Context(), route)
	if err != nil {
		return err
	}
	if route.single {
		sourcedID := route.sourcedIDs[len(route.sourcedIDs)-1]
		key, err := s.resolve(r.Context(), route.target, sourcedID)
		if err != nil {
			return err
		}
		return s.sendObject(w, r, route.target, sourcedID, key, q, at)
	}
	from := scope{collection: route.target.Collection, relation: route.target.Subset, owner: store.Whole}
	if route.Relation != "" {
		from.relation, from.owner = route.Relation, owners[len(owners)-1]
	}
	if route.Within != "" {
		from.within, from.whole = route.Within, owners[0]
	}
	wanted := relativeHrefs(q.filter, at)
	if route.Relation == "" {
		wanted = narrow(wanted, route.span)
	}
	selected, err := s.selector.choose(r.Context(), from, wanted, q.sort, q.descending)
	if err != nil {
		return err
	}
	collectionURL := at.Service + strings.TrimPrefix(r.URL.EscapedPath(), p.knobs.PathPrefix+s.Path)
	setPagingHeaders(w.Header(), collectionURL, q, selected.total)
	return s.sendPage(w, r, route.target.Plural, selected, q, at)
}

// resolveParents finds the objects that the path goes through. Where there are two, a
// school and a class, the class must be one of the school's.
func (s *service) resolveParents(ctx context.Context, route route) ([]store.Key, error) {
	var owners []store.Key
	for i, parent := range route.parents {
		key, err := s.resolve(ctx, parent, route.sourcedIDs[i])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			members, err := s.selector.choose(ctx, scope{
				collection: parent.Collection, relation: route.parents[i-1].owner() + "." + parent.Name, owner: owners[i-1],
			}, nil, "", false)
			if err != nil {
				return nil, err
			}
			if _, within := slices.BinarySearch(members.keys, key); !within {
				return nil, unknownObject(route.sourcedIDs[i])
			}
		}
		owners = append(owners, key)
	}
	return owners, nil
}

// owner is the word for an endpoint's object in the name of a relation.
func (e Endpoint) owner() string { return cmp.Or(e.Owner, e.Singular) }

// resolve finds an object of an endpoint. One of another kind, such as a teacher
// below /students, is as unknown as one that does not exist.
func (s *service) resolve(ctx context.Context, e Endpoint, sourcedID string) (store.Key, error) {
	key, err := s.selector.store.Find(ctx, e.Collection, sourcedID)
	if errors.Is(err, store.ErrNotFound) {
		return 0, unknownObject(sourcedID)
	}
	if err != nil {
		return 0, err
	}
	if there, err := s.selector.has(ctx, e.Collection, key); err != nil || !there {
		return 0, cmp.Or(err, error(unknownObject(sourcedID)))
	}
	if e.Subset == "" && e.Where == "" {
		return key, err
	}
	var span filter
	if e.Where != "" {
		if span, err = parseFilter(e.Where); err != nil {
			return 0, err
		}
	}
	subset, err := s.selector.choose(ctx, scope{collection: e.Collection, relation: e.Subset, owner: store.Whole}, span, "", false)
	if err != nil {
		return 0, err
	}
	if _, ok := slices.BinarySearch(subset.keys, key); !ok {
		return 0, unknownObject(sourcedID)
	}
	return key, nil
}

// relativeHrefs puts the mark of a stored document in place of our own URLs in
// the literals that are compared with an href.
func relativeHrefs(f filter, at Addresses) filter {
	for _, group := range f {
		for i, c := range group {
			if !strings.HasSuffix(c.path, ".href") {
				continue
			}
			if rest, ok := strings.CutPrefix(c.literal, at.Service); ok {
				group[i].literal = string(rune(baseMark)) + rest
			} else if rest, ok := strings.CutPrefix(c.literal, at.Provider+"/"); ok {
				group[i].literal = string(rune(baseMark)) + string(acrossMark) + "/" + rest
			}
		}
	}
	return f
}
