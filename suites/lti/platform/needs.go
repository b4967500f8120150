package platform

import (
	"context"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// What checks need: settings of the target file, and first steps that work. What only shows
// in a launch that a check makes, the check says itself.

// judgeOf gives what all checks share.
func judgeOf(t *harness.T) *judge { return t.Session().Shared.(*judge) }

// launchOf gives the good launch that all others stand on, which the check needs.
func launchOf(t *harness.T) (*judge, *seen) {
	j := judgeOf(t)
	return j, j.first()
}

// setting makes a need of what the target file says, or a person at the browser doesn't allow.
func setting(text string, o harness.Obstacle, lacks func(j *judge) bool) harness.Need {
	return harness.Need{Text: text, Unmet: func(_ context.Context, t *harness.T) (harness.Obstacle, bool) {
		return o, lacks(judgeOf(t))
	}}
}

// registered is what everything hangs on; that it is lacking shows in the first launch.
func registered() harness.Need { return harness.InBody("Rollcall registered as a tool") }

// launched needs steps of the target file that lead to an answer, with a token or without.
func launched() harness.Need {
	return harness.Need{Text: "steps that lead to a launch", Unmet: func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
		j := judgeOf(t)
		users, links := j.target.Platform.Users, j.target.Platform.Links
		if len(users) == 0 || len(links) == 0 {
			return harness.Unconfigured("the target file has no steps that lead to a launch",
				"Add lti.platform.users and lti.platform.links to it: who signs in, and how a link is opened."), true
		}
		if s := j.good(ctx, users[0], links[0]); s.problem != nil {
			return j.footless(t, s, "a launch"), true
		}
		return harness.Obstacle{}, false
	}}
}

// tokened needs a good launch that brings a token.
func tokened() harness.Need {
	n := launched()
	n.Text = "steps that lead to a launch with a token"
	answered := n.Unmet
	n.Unmet = func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
		if o, is := answered(ctx, t); is {
			return o, true
		}
		j, s := launchOf(t)
		if s.claims == nil {
			return j.footless(t, s, "a launch"), true
		}
		return harness.Obstacle{}, false
	}
	return n
}

// upon are the needs of a check that looks at launches, or makes some of its own.
func upon(more ...harness.Need) []harness.Need { return append([]harness.Need{tokened()}, more...) }

// Where a person opens the launches there is one of them, in a browser of their own.
const (
	tooMany      = "two users have to launch at the same time, which is too much to ask of a person"
	stepsInstead = "Give lti.platform.users and links with steps, and run without --interactive."
	secondUser   = "Add a second user to lti.platform.users."
)

// unattended needs launches that no person makes; why says what a person can't do.
func unattended(why string) harness.Need {
	return setting("launches by steps, and not by a person", harness.Unconfigured(why, stepsInstead),
		func(j *judge) bool { return j.person != nil })
}

// twoUsers needs a second user; why says what for.
func twoUsers(why string) harness.Need {
	return setting("a second user in lti.platform.users", harness.Unconfigured(why, secondUser),
		func(j *judge) bool { return len(j.target.Platform.Users) < 2 })
}

// twoLinks needs a second link that is known to be another one.
func twoLinks() harness.Need {
	return setting("a second link in lti.platform.links that is another one",
		harness.Unconfigured("the target file has no second link, or doesn't say that it is another one",
			"Add a link to lti.platform.links that opens in the same way as the first, or say of the others which they are the same as (`same_as`)."),
		func(j *judge) bool {
			links := j.target.Platform.Links
			return len(links) == 0 || !slices.ContainsFunc(links[1:], func(l lti.Link) bool {
				same, known := l.Same(links[0])
				return known && !same
			})
		})
}

// somebody needs a user of a role.
func somebody(role string) harness.Need {
	return setting("a user with role "+role+" in lti.platform.users", harness.Unconfigured("the target file has nobody of this role",
		"Add a user with role instructor and one with role learner to lti.platform.users."),
		func(j *judge) bool {
			return !slices.ContainsFunc(j.target.Platform.Users, func(u lti.User) bool { return u.Role == role })
		})
}

// parameter needs a custom parameter that links are registered with: a plain one, or one with
// a variable.
func parameter(text string, variables bool) harness.Need {
	return setting(text, harness.Unconfigured("the target file names no such custom parameters",
		"Give custom parameters to Rollcall's registration, one plain and one with a variable, and name them in lti.platform.links."),
		func(j *judge) bool {
			links := j.target.Platform.Links
			return !slices.ContainsFunc(links, func(l lti.Link) bool {
				for _, registered := range customOf(links, l) {
					if variable.MatchString(registered) == variables {
						return true
					}
				}
				return false
			})
		})
}

// otherRegistration needs a second registration of Rollcall at the platform.
func otherRegistration() harness.Need {
	return setting("a second registration in lti.other_client_id",
		harness.Unclaimed("the target file names no second registration (lti.other_client_id)"),
		func(j *judge) bool { return j.target.OtherClientID == "" })
}

// messageHint needs a login that carries one.
func messageHint() harness.Need {
	return setting("a login that carries a lti_message_hint",
		harness.Unclaimed("the login carries no lti_message_hint, which is optional"),
		func(j *judge) bool {
			users, links := j.target.Platform.Users, j.target.Platform.Links
			if len(users) == 0 || len(links) == 0 {
				return false // nothing was launched
			}
			s := j.first()
			return s != nil && s.launch != nil && !s.launch.login.Has("lti_message_hint")
		})
}

// services needs a token endpoint, and scopes to ask for.
func services() harness.Need {
	return setting("a token endpoint with scopes, in lti.platform.token_url and lti.platform.scopes",
		harness.Unclaimed("the target file names no token endpoint with scopes: the platform offers no services to Rollcall"),
		func(j *judge) bool { return j.target.Platform.TokenURL == "" || len(j.target.Platform.Scopes) == 0 })
}

// issuing needs a token endpoint that answers a right request with a token: of one that
// doesn't, a refusal proves nothing.
func issuing() harness.Need {
	return harness.Need{Text: "a token endpoint that answers a right request with a token",
		Unmet: func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
			j := judgeOf(t)
			if j.target.Platform.TokenURL == "" || len(j.target.Platform.Scopes) == 0 { // which is another need's to say
				return harness.Obstacle{}, false
			}
			r := j.ask(ctx, t, asked{})
			return harness.BlockedBy(reqIssue, "a right request is not answered with a token, so a refusal proves nothing: "+refusal(r), r),
				!issues(r)
		}}
}
