package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

func (p *Provider) answer(c *Call, r *http.Request) reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(c.Body) > mostSent { // what is more than that nobody has looked at
		c.Trouble = "too large"
		return p.refuse(http.StatusRequestEntityTooLarge, "invaliddata", fmt.Sprintf("No more than %d bytes are taken.", mostSent))
	}
	if r.URL.Path == "/token" {
		return p.token(c, r)
	}
	var s *service.Service
	var op service.Operation
	var methods []string // that the path has
	for _, one := range p.services {
		below, in := strings.CutPrefix(r.URL.Path, one.Path)
		if !in {
			continue
		}
		for _, o := range slices.Concat(one.Operations, one.Writes) {
			method := o.Method
			if method == "" {
				method = http.MethodGet
			}
			if !fits(o, below) {
				continue
			}
			methods = append(methods, method)
			if method == r.Method {
				s, op, c.Path = one, o, below
			}
		}
	}
	if s == nil {
		c.Problems = append(c.Problems, Problem{"operation", "an operation of OneRoster " + p.version, r.Method + " " + r.URL.Path, "path"})
		if len(methods) > 0 {
			slices.Sort(methods)
			a := p.refuse(http.StatusMethodNotAllowed, "invaliddata", "There is no such operation: its path has others.")
			a.header.Set("Allow", strings.Join(slices.Compact(methods), ", "))
			return a
		}
		return p.refuse(http.StatusNotFound, p.minor("unknownobject"), "There is no such operation.")
	}
	c.Operation = op.ID
	if strings.Contains(r.URL.Path, "//") { // it is answered, as by many providers, and others know no such path
		c.Problems = append(c.Problems, Problem{"operation", "a path without empty parts", r.Method + " " + r.URL.Path, "path"})
	}
	if p.signed {
		if refusal, ok := p.unsigned(c); !ok {
			return refusal
		}
		return p.opened(c, s, op)
	}
	given := bearer(r.Header.Get("Authorization"))
	t, known := p.tokens[given]
	refused := p.behaviour.Trouble == "token-refused" // those that were granted are good again later
	if !known || given == "" || t.ended || refused {
		if given == "" {
			c.Problems = append(c.Problems, Problem{"unauthorized", "a token", "none", "header Authorization"})
		}
		if known && refused {
			c.Trouble = "token-refused"
		} else if known {
			c.Trouble = "token-ended"
		} else if given != "" { // maybe of an earlier run: who asks for another one then does right
			c.Problems = append(c.Problems, Problem{"stale-token", "a token that was granted in this run", "another one", "header Authorization"})
		}
		return p.noToken()
	}
	allowed := slices.ContainsFunc(op.Scopes, func(scope string) bool { return slices.Contains(t.scopes, s.Scopes.Prefix+scope) })
	if !allowed {
		if p.behaviour.Trouble == "scopes-partly" {
			c.Trouble = "scopes-partly"
		}
		return p.refuse(http.StatusForbidden, "forbidden", "The token doesn't open this.")
	}
	return p.opened(c, s, op)
}

// opened answers a call that may be made.
func (p *Provider) opened(c *Call, s *service.Service, op service.Operation) reply {
	if c.Method != http.MethodGet {
		return p.write(c, s, op)
	}
	return p.read(c, s, op)
}

func fits(o service.Operation, path string) bool {
	a, b := o.Segments(), strings.Split(strings.Trim(path, "/"), "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !strings.HasPrefix(a[i], "{") && a[i] != b[i] {
			return false
		}
	}
	return true
}

// collectionOf names the collection of the objects that an operation gives.
func collectionOf(op service.Operation) string {
	return map[string]string{"org": "orgs", "academicSession": "academicSessions", "course": "courses", "class": "classes", "user": "users",
		"enrollment": "enrollments", "demographics": "demographics", "resource": "resources", "category": "categories",
		"scoreScale": "scoreScales", "lineItem": "lineItems", "result": "results",
		"assessmentLineItem": "assessmentLineItems", "assessmentResult": "assessmentResults"}[op.Kind]
}
