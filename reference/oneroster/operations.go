package oneroster

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is one row of the table of a service, with what follows from its path.
type operation struct {
	ID     string `json:"operationId"`
	Method string `json:"method"` // GET where none is named
	Path   string `json:"path"`
	// Relation leads from the last object of the path to the members of the
	// collection; it is empty where the collection is a whole endpoint.
	Relation string `json:"relation"`
	// Binds are the members by which what is posted belongs to the objects of the path, in
	// their order; a dotted one is a member of what the first part refers to.
	Binds []string `json:"binds"`
	// Within leads from the first object of the path to what the members must be among
	// as well, such as the results of a class where the last object is a student.
	Within string `json:"within"`
	// Scopes open the operation, any one of them; without the common prefix.
	Scopes []string `json:"scopes"`

	prefix   string // of its scopes
	segments []string
	parents  []Endpoint // the endpoint of each sourcedId in the path
	target   Endpoint   // the endpoint that names the payload
	span     filter     // that the objects of the target fulfil, where that spans it
	single   bool       // whether the path ends in a sourcedId
}

// operations reads the table of a service and checks it, so that an edit of the
// table that makes no sense is found when the provider starts.
func (s *Service) operations() ([]operation, error) {
	var table []operation
	if err := json.Unmarshal(s.Operations, &table); err != nil {
		return nil, fmt.Errorf("reading the operations of %s: %w", s.Name, err)
	}
	for i := range table {
		if err := table[i].complete(s); err != nil {
			return nil, fmt.Errorf("the operations of %s: %s: %w", s.Name, table[i].ID, err)
		}
	}
	return table, nil
}

func (o *operation) complete(s *Service) error {
	o.prefix = s.prefix()
	o.segments = strings.Split(strings.TrimPrefix(o.Path, "/"), "/")
	for i, segment := range o.segments {
		if isParameter(segment) {
			o.parents = append(o.parents, o.target)
			o.single = i == len(o.segments)-1
			continue
		}
		found := slices.IndexFunc(s.Endpoints, func(e Endpoint) bool { return e.Name == segment })
		if found < 0 {
			return fmt.Errorf("no endpoint %q", segment)
		}
		o.target = s.Endpoints[found]
	}
	if o.single {
		o.parents = o.parents[:len(o.parents)-1] // the object itself is no parent
	}
	if err := o.completeMethod(s); err != nil {
		return err
	}
	if o.Method == http.MethodGet && (o.Relation != "") != (len(o.parents) > 0) {
		return fmt.Errorf("a relation goes with a parent in the path")
	}
	if o.Relation != "" && !slices.Contains(s.Relations, o.Relation) {
		return fmt.Errorf("no relation %q", o.Relation)
	}
	if o.Within != "" && (len(o.parents) < 2 || !slices.Contains(s.Relations, o.Within)) {
		return fmt.Errorf("nothing is within %q", o.Within)
	}
	for _, scope := range o.Scopes {
		if !slices.ContainsFunc(s.Scopes, func(known Scope) bool { return known.Name == s.prefix()+scope }) {
			return fmt.Errorf("no scope %q", scope)
		}
	}
	if o.target.Where != "" {
		var err error
		if o.span, err = parseFilter(o.target.Where); err != nil {
			return err
		}
	}
	if len(o.Scopes) == 0 {
		return fmt.Errorf("no scope opens it")
	}
	if _, described := s.Objects[o.target.Collection]; !described || o.target.Plural == "" || o.target.Singular == "" {
		return fmt.Errorf("nothing says what the objects of %s are like", o.target.Name)
	}
	return nil
}

// completeMethod holds a row to what is done by its method: single objects are put and
// deleted, sets are posted.
func (o *operation) completeMethod(s *Service) error {
	o.Method = cmp.Or(o.Method, http.MethodGet)
	switch {
	case o.Method == http.MethodGet && len(o.Binds) == 0:
		return nil
	case o.Method == http.MethodPut && o.single, o.Method == http.MethodDelete && o.single:
	case o.Method == http.MethodPost && !o.single && len(o.Binds) == len(o.parents):
	default:
		return fmt.Errorf("there is no %s that is so", o.Method)
	}
	return s.checkReferrals(o.target.Collection)
}

func isParameter(segment string) bool { return strings.HasPrefix(segment, "{") }

// fullScopes returns the scopes as they stand in a token request.
func (o *operation) fullScopes() []string {
	full := make([]string, len(o.Scopes))
	for i, scope := range o.Scopes {
		full[i] = o.prefix + scope
	}
	return full
}

// route is an operation with the sourcedIds found in the path of a request.
type route struct {
	*operation
	sourcedIDs []string
}

// findRoutes matches what stands below the base path in a request, still encoded: one
// operation for each method. Each segment is decoded by itself, so that a sourcedId may
// hold a slash.
func findRoutes(table []operation, escapedPath string) []route {
	var found []route
	segments := strings.Split(escapedPath, "/")
	for i := range table {
		if sourcedIDs, ok := table[i].match(segments); ok {
			found = append(found, route{&table[i], sourcedIDs})
		}
	}
	return found
}

// choose takes the operation of a method; HEAD is a GET without its body.
func choose(routes []route, method string) (route, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, r := range routes {
		if r.Method == method {
			return r, true
		}
	}
	return route{}, false
}

// allowed lists the methods of the operations of a path, as Allow has them.
func allowed(routes []route) string {
	var methods []string
	for _, r := range routes {
		methods = append(methods, r.Method)
		if r.Method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	return strings.Join(append(methods, http.MethodOptions), ", ")
}

func (o *operation) match(segments []string) (sourcedIDs []string, ok bool) {
	if len(segments) != len(o.segments) {
		return nil, false
	}
	for i, segment := range segments {
		switch {
		case !isParameter(o.segments[i]):
			if segment != o.segments[i] {
				return nil, false
			}
		case segment == "":
			return nil, false
		default:
			id, err := url.PathUnescape(segment)
			if err != nil {
				return nil, false
			}
			sourcedIDs = append(sourcedIDs, id)
		}
	}
	return sourcedIDs, true
}
