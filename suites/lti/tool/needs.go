package tool

import (
	"context"
	"net/url"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// What checks need: settings of the target file, and first steps that work. What only shows
// in a launch that a check makes, the check says itself.

// judgeOf gives what all checks share.
func judgeOf(t *harness.T) *judge { return t.Session().Shared.(*judge) }

// registered is what everything hangs on; that it is lacking shows in the first launch.
func registered() harness.Need {
	return harness.InBody("a registration of Rollcall's platform at the tool")
}

// setting is what the target file has to say for a launch to be about anything.
type setting struct {
	text  string
	lacks func(j *judge) (harness.Obstacle, bool)
}

func (s setting) need() harness.Need {
	return harness.Need{Text: s.text, Unmet: func(_ context.Context, t *harness.T) (harness.Obstacle, bool) { return s.lacks(judgeOf(t)) }}
}

// unclaimed is a setting without which a launch is about what the registration doesn't have.
func unclaimed(text, without string, lacks func(j *judge) bool) setting {
	return setting{text, func(j *judge) (harness.Obstacle, bool) { return harness.Unclaimed(without), lacks(j) }}
}

const (
	singleText   = "the target file names one deployment only (lti.deployments)"
	singleRemedy = "Register another deployment of the same registration at the tool, and name both in lti.deployments."
)

// deployments are two of one registration.
var deployments = setting{"two deployments in lti.deployments", func(j *judge) (harness.Obstacle, bool) {
	d := j.platform.deployments
	return harness.Unconfigured(singleText, singleRemedy), d[0] == d[len(d)-1]
}}

// settings are those that a launch is about.
func (l Launch) settings() []setting {
	var out []setting
	if l.Second {
		out = append(out, unclaimed("a second registration in lti.other_client_id",
			"the target file names no second registration (lti.other_client_id)",
			func(j *judge) bool { return j.platform.second == "" }))
	}
	if l.Requirement == "launch.anonymous" {
		out = append(out, unclaimed("a tool that may serve launches without a user (lti.tool.anonymous)",
			"the target file says that launches without a user are refused (lti.tool.anonymous)",
			func(j *judge) bool { return j.target.Tool.Anonymous == "refused" }))
	}
	if l.Requirement == "refuse.sub-missing" {
		out = append(out, unclaimed("a tool that may refuse launches without a user (lti.tool.anonymous)",
			"the target file says that launches without a user are served (lti.tool.anonymous)",
			func(j *judge) bool { return j.target.Tool.Anonymous == "served" }))
	}
	if l.Sole {
		out = append(out, unclaimed("one registration alone",
			"there are two registrations, between which only the client id decides",
			func(j *judge) bool { return j.platform.second != "" }))
	}
	if l.Claims["deployment_id"] == "$other" {
		out = append(out, deployments)
	}
	return out
}

// lacks tells whether a launch is about what isn't there.
func (j *judge) lacks(l Launch) bool {
	return slices.ContainsFunc(l.settings(), func(s setting) bool { _, is := s.lacks(j); return is })
}

// needs are those of the check of a launch.
func (l Launch) needs() []harness.Need {
	out := []harness.Need{registered()}
	for _, s := range l.settings() {
		out = append(out, s.need())
	}
	if l.Expect == "answer" {
		out = append(out, plainOpens())
	} else {
		out = append(out, tellable())
	}
	if l.Expect == "open" && l.Teacher != nil {
		out = append(out, teacher().For(reqTeacher))
	}
	return out
}

// plainOpens needs a plain good launch that opens.
func plainOpens() harness.Need {
	return footed("a plain launch that opens", func(*judge, *broken) bool { return true })
}

// begun needs a good login that leads to an authentication request.
func begun() harness.Need {
	return footed("a login that leads to an authentication request", func(j *judge, b *broken) bool { return !j.asked(b.sight) })
}

// known needs one that can be told to be of its login.
func known() harness.Need {
	return footed("an authentication request with the login_hint that was sent", func(_ *judge, b *broken) bool { return !b.sight.requested() })
}

// footed needs a first step; hangs tells whether a broken one is in the way.
func footed(text string, hangs func(*judge, *broken) bool) harness.Need {
	return harness.Need{Text: text, Unmet: func(_ context.Context, t *harness.T) (harness.Obstacle, bool) {
		j := judgeOf(t)
		if b := j.stand(); b != nil && hangs(j, b) {
			return j.footless(t, b), true
		}
		return harness.Obstacle{}, false
	}}
}

// tellable needs plain launches that open and can be told from refusals.
func tellable() harness.Need {
	n := plainOpens()
	n.Text = "plain launches that open, and can be told from refusals"
	opens := n.Unmet
	n.Unmet = func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
		if o, is := opens(ctx, t); is {
			return o, true
		}
		blind := judgeOf(t).blind
		return harness.Unconfigured(blind, markerRemedy), blind != ""
	}
	return n
}

// opening are the needs of a check that makes launches of its own.
func opening(more ...harness.Need) []harness.Need { return append([]harness.Need{tellable()}, more...) }

const teacherRemedy = "Give lti.tool.teacher in the target file: what only those who teach are shown."

// teacher needs a mark by which the pages of those who teach are known.
func teacher() harness.Need {
	return setting{"what only those who teach are shown, in lti.tool.teacher", func(j *judge) (harness.Obstacle, bool) {
		return harness.Unconfigured("nothing tells a page for those who teach from others", teacherRemedy), !j.target.Tool.Teacher.Set()
	}}.need()
}

// redirects needs the redirect URIs that are registered.
func redirects() harness.Need {
	return setting{"the registered redirect URIs in lti.tool.redirect_uris", func(j *judge) (harness.Obstacle, bool) {
		return harness.Unconfigured("the target file doesn't say which redirect URIs are registered", "Add lti.tool.redirect_uris."),
			len(j.target.Tool.RedirectURIs) == 0
	}}.need()
}

// launchedEarlier needs the launch that was made at the beginning of the run.
func launchedEarlier() harness.Need {
	return setting{"a launch from the beginning of the run", func(j *judge) (harness.Obstacle, bool) {
		if j.earlier.problem == nil {
			return harness.Obstacle{}, false
		}
		return j.failing(j.earlier.problem), true
	}}.need()
}

// target needs the address of a target that can be read.
func target() harness.Need {
	return setting{"a lti.tool.target_link_uri that can be read", func(j *judge) (harness.Obstacle, bool) {
		_, err := url.Parse(j.platform.target)
		if err == nil {
			return harness.Obstacle{}, false
		}
		return harness.Unconfigured("lti.tool.target_link_uri can't be read: "+err.Error(), "Correct it."), true
	}}.need()
}
