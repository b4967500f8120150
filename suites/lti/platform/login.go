package platform

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// login looks at the login initiation of every link, for every user.
func login(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	for s := range j.launches(ctx) {
		if s.problem != nil {
			t.NotTested(j.halted(t, s, s.sent()))
			continue
		}
		t.Examined(reqBegun, 1)
		judgeLogin(t, j, s)
	}
	t.NotApplicable(Prefix+"login.deployment", "no login names a deployment, which is optional")
}

func judgeLogin(t *harness.T, j *judge, s *seen) {
	ids := s.keep(t, s.sent())
	l, p := s.launch.login, j.target.Platform
	check := func(id string, ok bool, expected, name string) {
		seen := "no " + name
		if l.Has(name) {
			seen = name + "=" + t.Show(name, l.Get(name))
		}
		t.Assert(Prefix+id, ok, harness.Finding{
			Sent:      "a click on a link: " + s.sent(),
			Expected:  expected,
			Seen:      seen,
			Where:     name,
			Exchanges: ids,
		})
	}
	check("login.iss", l.Get("iss") == p.Issuer, "iss="+p.Issuer, "iss")
	check("login.login-hint", l.Get("login_hint") != "", "a login_hint", "login_hint")
	check("login.target", absolute(l.Get("target_link_uri")), "an absolute target_link_uri", "target_link_uri")
	client := "client_id=" + j.tool.clientID
	if !l.Has("client_id") {
		client += ", for issuers may have several registrations at a tool"
	}
	check("login.client", l.Get("client_id") == j.tool.clientID, client, "client_id")
	if !l.Has("lti_deployment_id") {
		if l.Has("deployment_id") {
			t.Note(Prefix+"login.deployment", "the login has deployment_id, which tools don't look at: the parameter is called lti_deployment_id")
		}
		return
	}
	own := slices.Contains(j.target.Deployments, l.Get("lti_deployment_id"))
	expected := "one of " + strings.Join(j.target.Deployments, ", ")
	// A claim that names none of them is judged elsewhere.
	if d, _ := s.claims[claim+"deployment_id"].(string); own && slices.Contains(j.target.Deployments, d) {
		own, expected = l.Get("lti_deployment_id") == d, "the deployment_id of the token, "+d
	}
	check("login.deployment", own, expected, "lti_deployment_id")
}

func absolute(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// framed looks at links that say how they open, above all in a frame.
func framed(ctx context.Context, t *harness.T) {
	j, s := launchOf(t)
	opens, told, frames := false, false, false
	for _, l := range j.target.Platform.Links {
		s := j.good(ctx, s.user, l)
		if l.As == "" {
			continue
		}
		opens, frames = true, frames || l.As == "frame"
		if s.claims == nil {
			o := j.halted(t, s, l.Name)
			if o.Owner() == reqFraming {
				t.Fail(reqFraming, harness.Finding{
					Sent:      "the link " + l.Name + ", which opens in a frame",
					Expected:  "an answer that may be shown in the frame",
					Seen:      o.Reason(),
					Cause:     j.cause(s),
					Exchanges: s.shown,
				})
			}
			t.NotTested(o)
			continue
		}
		ids := s.keep(t, l.Name)
		o, _ := s.claims[claim+"launch_presentation"].(map[string]any)
		target, has := o["document_target"].(string)
		if has {
			told = true
			want := map[string][]string{"frame": {"iframe", "frame"}, "window": {"window"}}[l.As]
			t.Assert(Prefix+"message.document-target", slices.Contains(want, target), harness.Finding{
				Sent:      "the link " + l.Name + ", which opens as " + l.As,
				Expected:  strings.Join(want, " or "),
				Seen:      target,
				Where:     "/launch_presentation/document_target",
				Exchanges: ids,
			})
		}
		if l.As != "frame" {
			continue
		}
		t.Examined(reqFraming, 1)
		t.Assert(Prefix+"login.storage-target", s.launch.login.Get("lti_storage_target") != "", harness.Finding{
			Sent:      "the link " + l.Name + ", which opens in a frame",
			Expected:  "lti_storage_target, for browsers that block cookies in frames",
			Seen:      "none",
			Where:     "lti_storage_target",
			Exchanges: ids,
		})
		for _, x := range []struct{ what, dest string }{{"the login", s.launch.inFrame}, {"the answer", s.answer.dest}} {
			if x.dest == "" {
				t.NotTested(harness.Unconfigured("the browser doesn't tell (Sec-Fetch-Dest)", "Use a browser that tells it, and https at Rollcall."),
					Prefix+"response.frame")
				continue
			}
			t.Assert(Prefix+"response.frame", x.dest == "iframe" || x.dest == "frame", harness.Finding{
				Sent:      "the link " + l.Name + ", which opens in a frame",
				Expected:  x.what + " in the frame",
				Seen:      "Sec-Fetch-Dest: " + x.dest,
				Where:     "Sec-Fetch-Dest",
				Exchanges: ids,
			})
		}
	}
	if opens && !told {
		t.NotApplicable(Prefix+"message.document-target", "no launch says document_target, which is optional")
	}
	if frames {
		return
	}
	for _, id := range t.Check().Requirements {
		t.NotApplicable(id, "no link of the target file says that it opens in a frame (`as: frame` in lti.platform.links)")
	}
}
