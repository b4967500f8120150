package tool

import (
	"context"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// tryLogin begins a login as a person would and looks how the tool asks for
// authentication: most of what is wrong in a registration shows there. No token is
// sent, so that the tool fetches no keys, which a run won't have.
func tryLogin(ctx context.Context, s *harness.Session) harness.Diagnosis {
	const name = "login"
	shared, err := open(ctx, s)
	if err != nil {
		return side.Faulty(name, err)
	}
	j := shared.(*judge)
	defer j.Close()
	p, err := j.browser.Open(ctx, browser.PageOptions{})
	if err != nil {
		return side.Faulty(name, err)
	}
	defer p.Close()
	a, seen := j.held(ctx, p, Launch{ID: "doctor", User: "learner"})
	r, _ := a.firstRequest()
	d := harness.Diagnosis{Name: name}
	switch known := j.target.Tool.RedirectURIs; {
	case seen.problem != nil:
		d.Detail, d.Remedy = seen.problem.Error(), "open lti.tool.login_url in a browser on this machine, and see what it does"
	case r == nil:
		d.Detail = "a login led to no authentication request; the tool showed " + seen.shows()
		d.Remedy = "register Rollcall's platform at the tool by what `rollcall registration` prints: issuer " + j.platform.issuer + ", client_id " + j.platform.clientID
	case r.Get("client_id") != j.platform.clientID:
		d.Detail = "the tool asks for authentication as client_id " + r.Get("client_id") + ", and lti.client_id is " + j.platform.clientID
		d.Remedy = "write into the target file what is registered at the tool, or register what the target file says"
	case len(known) > 0 && !slices.Contains(known, r.Get("redirect_uri")):
		d.Detail = "the tool wants the answer at " + browser.Bare(r.Get("redirect_uri")) + ", and lti.tool.redirect_uris has " + strings.Join(known, ", ")
		d.Remedy = "add it to lti.tool.redirect_uris, letter by letter"
	default:
		d.OK, d.Detail = true, "the tool asks for authentication as "+r.Get("client_id")+", and wants the answer at "+browser.Bare(r.Get("redirect_uri"))
	}
	return d
}
