package sis_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/sis"
)

// The operations by what opens them (OpenAPI document, security).
var (
	corePaths = []string{
		"/academicSessions", "/academicSessions/sy", "/classes", "/classes/k1", "/courses", "/courses/c1", "/enrollments",
		"/enrollments/e1", "/gradingPeriods", "/gradingPeriods/gp1", "/orgs", "/orgs/d", "/schools", "/schools/s1",
		"/students", "/students/ann", "/teachers", "/teachers/eve", "/terms", "/terms/t1", "/users", "/users/fay",
	}
	fullPaths = []string{
		"/classes/k1/students", "/classes/k1/teachers", "/courses/c1/classes", "/schools/s1/classes",
		"/schools/s1/classes/k1/enrollments", "/schools/s1/classes/k1/students", "/schools/s1/classes/k1/teachers",
		"/schools/s1/courses", "/schools/s1/enrollments", "/schools/s1/students", "/schools/s1/teachers", "/schools/s1/terms",
		"/students/ann/classes", "/teachers/eve/classes", "/terms/t1/classes", "/terms/t1/gradingPeriods", "/users/ann/classes",
	}
	demographicsPaths = []string{"/demographics", "/demographics/ann"}
)

func TestScopes(t *testing.T) {
	p := newProvider(t, nil)
	if len(corePaths) != 22 || len(fullPaths)+len(corePaths)+len(demographicsPaths) != 41 {
		t.Fatal("the test does not know all 41 operations")
	}
	for scope, opened := range map[string][][]string{
		sis.ScopeRosterCore:   {corePaths},
		sis.ScopeRoster:       {corePaths, fullPaths},
		sis.ScopeDemographics: {demographicsPaths},
		sis.ScopeRosterCore + " " + sis.ScopeDemographics: {corePaths, demographicsPaths},
	} {
		p.token = p.grant("all", "open sesame", scope)
		open := slices.Concat(opened...)
		for _, path := range slices.Concat(corePaths, fullPaths, demographicsPaths) {
			a := p.get(path)
			if slices.Contains(open, path) {
				if a.status != http.StatusOK {
					t.Errorf("%s with %s: %d", path, scope, a.status)
				}
				continue
			}
			a.wantFailure(http.StatusForbidden, "forbidden")
			if !strings.Contains(a.header.Get("WWW-Authenticate"), `error="insufficient_scope"`) {
				t.Errorf("%s: WWW-Authenticate %q", path, a.header.Get("WWW-Authenticate"))
			}
		}
	}
	// What exists is no secret, but a closed operation tells nothing else.
	p.token = p.grant("core", "core secret", "")
	p.get("/classes/none/students?limit=x").wantFailure(http.StatusForbidden, "forbidden")
}

func TestUnauthorised(t *testing.T) {
	p := newProvider(t, nil)
	good := p.token
	for name, header := range map[string]string{
		"no token": "", "unknown": "Bearer 0123456789abcdef", "cut": "Bearer " + good[1:], "other case": "Bearer " + strings.ToUpper(good),
		"Basic": "Basic " + good, "bare": good, "quoted": `Bearer "` + good + `"`,
	} {
		for _, path := range []string{"/users", "/users/nobody", "/demographics?limit=x", "/users?access_token=" + good} {
			r := p.request(http.MethodGet, path)
			r.Header.Del("Authorization")
			if header != "" {
				r.Header.Set("Authorization", header)
			}
			a := p.do(r)
			a.wantFailure(http.StatusUnauthorized, "unauthorisedrequest")
			challenge := a.header.Get("WWW-Authenticate")
			if !strings.HasPrefix(challenge, "Bearer ") || strings.Contains(challenge, "error=") != (header != "") {
				t.Errorf("%s: WWW-Authenticate %q", name, challenge)
			}
			if strings.Contains(string(a.body), good) {
				t.Errorf("%s: the answer repeats the token", name)
			}
		}
	}
}

func TestTokenExpires(t *testing.T) {
	p := newProvider(t, func(c *sis.Config) { c.TokenTTL = time.Minute })
	*p.clock = p.clock.Add(time.Minute - time.Second)
	if a := p.get("/users"); a.status != http.StatusOK {
		t.Errorf("a second before the end: %d", a.status)
	}
	*p.clock = p.clock.Add(time.Second)
	p.get("/users").wantFailure(http.StatusUnauthorized, "unauthorisedrequest")
	p.token = p.grant("all", "open sesame", "")
	if a := p.get("/users"); a.status != http.StatusOK {
		t.Errorf("with a new token: %d", a.status)
	}
}

// A consumer that asks for everything it may ever need gets what there is.
func TestScopesOfOtherServices(t *testing.T) {
	p := newProvider(t, nil)
	p.token = p.grant("all", "open sesame", sis.ScopeRoster+" "+oneroster.ScopePrefix+"gradebook.readonly "+oneroster.ScopePrefix+"gradebook.delete")
	if a := p.get("/users"); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
}

// openTokens accept anything: what a fault would wrap around the real ones.
type openTokens struct{ security.Tokens }

func (openTokens) Inspect(context.Context, string) (security.Grant, error) {
	return security.Grant{Scopes: sis.Scopes()}, nil
}

func TestTokensCanBeWrapped(t *testing.T) {
	p := newProvider(t, func(c *sis.Config) {
		c.Tokens = openTokens{security.NewTokens(security.TokenOptions{})}
	})
	p.token = "whatever"
	if a := p.get("/demographics"); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
}
