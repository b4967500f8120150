package tool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// tryLaunches begins a login as a person would and looks how the tool asks for
// authentication: most of what is wrong in a registration shows there. Where that is right
// a good launch and a broken one are made, and both are shown as a run will take them.
func tryLaunches(ctx context.Context, s *harness.Session) []harness.Diagnosis {
	l := *lti.Of(s.Target)
	j, err := open(ctx, s, l)
	if err != nil {
		return []harness.Diagnosis{side.Faulty("login", err)}
	}
	defer j.Close()
	j.keep = j.keep || s.Pictures() != ""
	login := j.tryLogin(ctx)
	if !login.OK {
		return []harness.Diagnosis{login}
	}
	out := append([]harness.Diagnosis{login}, j.tryPages(ctx, s.Pictures())...)
	if l.OtherPlatform.Set() {
		out = append(out, tryOther(ctx, s, l.Other()))
	}
	return out
}

// tryOther begins a login from Rollcall's other platform.
func tryOther(ctx context.Context, s *harness.Session, l lti.Section) harness.Diagnosis {
	const name = "login from other_platform"
	j, err := openOther(ctx, s, l)
	if err != nil {
		return side.Faulty(name, err)
	}
	defer j.Close()
	d := j.tryLogin(ctx)
	d.Name = name
	return d
}

// tryPages shows what a run will take for an opened launch, and what for a refusal.
func (j *judge) tryPages(ctx context.Context, folder string) []harness.Diagnosis {
	b := j.stand()
	first := j.footing.first
	good := harness.Diagnosis{Name: "good launch", Detail: "a launch that is good is taken for opened: " + first.what()}
	switch {
	case b != nil:
		good.Detail, good.Remedy = b.Reason(), "see what the tool has against the launch; if this page is an opened one, "+
			markerHelp(j.target.Tool.Launched.Set())
	case j.blind != "":
		good.Detail, good.Remedy = j.blind+"; nothing will be judged by pages", markerRemedy
	default:
		good.OK = true
	}
	good.Detail += portrait(first, folder, "doctor-good.jpg")
	if first.problem != nil || !first.requested() {
		return []harness.Diagnosis{good}
	}
	wrong := wrongTokens[0]
	wrong.ID, wrong.User, wrong.Login.Post = "doctor.bad", "learner", j.footing.byPost
	s := j.launch(ctx, wrong)
	bad := harness.Diagnosis{Name: "bad launch"}
	switch {
	case b != nil, j.blind != "":
		bad.OK, bad.Detail = true, "beside it, "+wrong.Title+" ended with: "+s.what()
	case s.fell:
		bad.Detail, bad.Remedy = wrong.Title+" brought the tool down", "see that the tool runs again, and what its own log says; a run judges this"
	case j.decide(s, &first.page) == refused:
		bad.OK, bad.Detail = true, wrong.Title+" is taken for refused: "+s.what()
	case j.decide(s, &first.page) == opened:
		bad.Detail, bad.Remedy = wrong.Title+" is taken for opened: "+
			s.what(), "if this page is a refusal, give lti.tool.launched; otherwise the tool opens what it must refuse, which a run judges"
	default:
		bad.Detail, bad.Remedy = "it can't be told whether "+wrong.Title+" was opened: "+s.what(), markerRemedy
	}
	bad.Detail += portrait(s, folder, "doctor-bad.jpg")
	return []harness.Diagnosis{good, bad}
}

// markerHelp says what to do with a marker so that an opened page is known as one.
func markerHelp(given bool) string {
	if given {
		return "correct lti.tool.launched, which was not found on it"
	}
	return "give lti.tool.launched"
}

// portrait leaves the picture of a launch in the folder, and says where; "" where there is
// none.
func portrait(s *sight, folder, name string) string {
	if folder == "" || len(s.picture) == 0 {
		return ""
	}
	at := filepath.Join(folder, name)
	if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(at, s.picture, 0o600)); err != nil { // it may show somebody
		return " (its picture can't be written: " + err.Error() + ")"
	}
	return " (picture: " + at + ")"
}

// tryLogin begins a login and holds its answer back.
func (j *judge) tryLogin(ctx context.Context) harness.Diagnosis {
	const name = "login"
	p, err := j.browser.Open(ctx, browser.PageOptions{})
	if err != nil {
		return side.Faulty(name, err)
	}
	defer p.Close()
	a, seen := j.held(ctx, p, Launch{ID: "doctor", User: "learner"})
	r, _ := a.firstRequest()
	byPost := false
	if r == nil && seen.problem == nil { // as a run does
		post := Launch{ID: "doctor", User: "learner"}
		post.Login.Post = true
		if b, then := j.held(ctx, p, post); then.problem == nil {
			if r, _ = b.firstRequest(); r != nil {
				byPost = true
			}
		}
	}
	d := harness.Diagnosis{Name: name}
	switch known := j.target.Tool.RedirectURIs; {
	case seen.problem != nil:
		d.Detail, d.Remedy = seen.problem.Error(), "open lti.tool.login_url in a browser on this machine, and see what it does"
	case r == nil:
		d.Detail = "a login led to no authentication request, by GET or by POST; the tool showed " + seen.shows()
		d.Remedy = "register Rollcall's platform at the tool by what `rollcall registration` prints: issuer " + j.platform.issuer +
			", client_id " + j.platform.clientID
	case r.Get("client_id") != j.platform.clientID:
		d.Detail = "the tool asks for authentication as client_id " + r.Get("client_id") + ", and lti.client_id is " + j.platform.clientID
		d.Remedy = "write into the target file what is registered at the tool, or register what the target file says"
	case len(known) > 0 && !slices.Contains(known, r.Get("redirect_uri")):
		d.Detail = "the tool wants the answer at " + browser.Bare(r.Get("redirect_uri")) + ", and lti.tool.redirect_uris has " +
			strings.Join(known, ", ")
		d.Remedy = "add it to lti.tool.redirect_uris, letter by letter"
	default:
		d.OK, d.Detail = true, "the tool asks for authentication as "+r.Get("client_id")+", and wants the answer at "+
			browser.Bare(r.Get("redirect_uri"))
	}
	if byPost {
		d.Detail += "; a login by GET leads nowhere (the tool showed " + seen.shows() + "), so all are begun by POST"
	}
	return d
}
