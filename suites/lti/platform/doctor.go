package platform

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// trySteps signs each user in and opens each link once, and looks at the login that
// comes: whether steps and registration are right shows there. No token is asked for.
func trySteps(ctx context.Context, s *harness.Session) []harness.Diagnosis {
	l := lti.Of(s.Target).Platform
	if len(l.Users) == 0 || len(l.Links) == 0 {
		return []harness.Diagnosis{{
			Name:   "steps",
			Detail: "the target file has no steps that lead to a launch",
			Remedy: "add lti.platform.users and lti.platform.links: who signs in, and how a link is opened; or run with --interactive",
		}}
	}
	shared, err := open(ctx, s)
	if err != nil {
		return []harness.Diagnosis{side.Faulty("steps", err)}
	}
	j := shared.(*judge)
	defer j.Close()
	var out []harness.Diagnosis
	for i, u := range l.Users {
		links := l.Links
		if i > 0 { // the others need no more than to get in
			links = links[:1]
		}
		for _, link := range links {
			s := j.begin(ctx, u, link, plan{hold: true})
			d := j.tried(s)
			out = append(out, d)
			if !d.OK && s.problem == nil { // the registration is wrong, and so it is for the others
				return out
			}
			if s.launch == nil { // nobody is signed in to open another link
				break
			}
		}
	}
	return out
}

// tried tells what is wrong with a launch as far as its login.
func (j *judge) tried(s *seen) harness.Diagnosis {
	d := harness.Diagnosis{Name: s.sent()}
	if s.problem != nil {
		d.Detail = s.problem.Error()
		d.Remedy = "correct the steps in the target file; `rollcall run --keep-personal-data` keeps a picture of where they end"
		return d
	}
	s.launch.mu.Lock()
	login := s.launch.login
	s.launch.mu.Unlock()
	const remedy = "compare the registration of Rollcall at the platform, and the target file, with `rollcall registration`"
	wrong := func(name, key, want string) bool {
		if got := login.Get(name); got != want && (got != "" || name == "iss") {
			d.Detail, d.Remedy = fmt.Sprintf("the login has %s %s, and %s is %s", name, side.Word(got), key, want), remedy
			return true
		}
		return false
	}
	switch deployment := login.Get("lti_deployment_id"); {
	case wrong("iss", "lti.platform.issuer", j.target.Platform.Issuer), wrong("client_id", "lti.client_id", j.tool.clientID):
	case deployment != "" && len(j.target.Deployments) > 0 && !slices.Contains(j.target.Deployments, deployment):
		d.Detail, d.Remedy = "the login has lti_deployment_id "+deployment+", and lti.deployments are "+
			strings.Join(j.target.Deployments, ", "), remedy
	default:
		d.OK, d.Detail = true, "a login came"
	}
	return d
}
