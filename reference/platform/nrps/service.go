package nrps

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// What NRPS 2.0 calls things.
const (
	Scope     = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
	ClaimName = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
	MediaType = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
	Version   = "2.0"
)

// Service answers what NRPS 2.0 has: who is in a course, to a tool that is there.
type Service struct {
	p *platform.Platform
}

// New makes the service of a platform.
func New(p *platform.Platform) (platform.Service, error) {
	return &Service{p}, nil
}

// Handle adds the one address that the service has for each deployment in each course.
func (s *Service) Handle(mux *http.ServeMux) {
	mux.HandleFunc("/nrps/{deployment}/{context}/memberships", s.memberships)
}

// Scopes are those that tools may have.
func (s *Service) Scopes() []string { return []string{Scope} }

// Claim tells where the members of the course are, to tools that may read them.
func (s *Service) Claim(l *platform.Pending) (name string, claim any) {
	c, there := s.p.Course(l.Link.Course)
	if !there || !slices.Contains(l.Tool.Scopes, Scope) {
		return "", nil
	}
	return ClaimName, map[string]any{
		"context_memberships_url": s.p.Issuer() + "/nrps/" + url.PathEscape(l.Link.Deployment) + "/" + url.PathEscape(c.Context) + "/memberships",
		"service_versions":        []string{Version},
	}
}

// asker is a tool that may read a course.
type asker struct {
	tool       platform.Registration // as it is in the deployment
	deployment string
	course     platform.Course
}

// mayRead finds who asks, and for which course; where they may not, it has answered.
func (s *Service) mayRead(w http.ResponseWriter, r *http.Request) (asker, bool) {
	g, err := s.p.Authorized(r, Scope)
	challenge := `Bearer realm="nrps"`
	switch {
	case errors.Is(err, platform.ErrScope):
		w.Header().Set("WWW-Authenticate", challenge+`, error="insufficient_scope", scope="`+Scope+`"`)
		refuse(w, http.StatusForbidden, "The access token is not good for memberships.")
		return asker{}, false
	case errors.Is(err, security.ErrUnknownToken), errors.Is(err, security.ErrMalformedBearer):
		w.Header().Set("WWW-Authenticate", challenge+`, error="invalid_token"`)
		refuse(w, http.StatusUnauthorized, "The access token is unknown or over.")
		return asker{}, false
	case errors.Is(err, security.ErrNoBearer):
		w.Header().Set("WWW-Authenticate", challenge)
		refuse(w, http.StatusUnauthorized, "Memberships need an access token.")
		return asker{}, false
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, "The platform can't look tokens up now; try again.")
		return asker{}, false
	}
	c, there := s.p.CourseIn(r.PathValue("context"))
	if !there {
		refuse(w, http.StatusNotFound, "There is no such context.")
		return asker{}, false
	}
	deployment := r.PathValue("deployment")
	t, known := s.p.Tool(g.Client)
	if !known || !slices.Contains(t.Deployments, deployment) || !slices.ContainsFunc(s.p.Links(c.ID, g.Client),
		func(l platform.Link) bool { return l.Deployment == deployment }) {
		refuse(w, http.StatusForbidden, "This tool is not deployed there.")
		return asker{}, false
	}
	return asker{t.In(deployment), deployment, c}, true
}
