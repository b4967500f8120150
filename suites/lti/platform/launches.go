package platform

import (
	"context"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

const claim = "https://purl.imsglobal.org/spec/lti/claim/"

// launchChecks judge what a platform sends.
func launchChecks() []harness.Check {
	return []harness.Check{
		{ID: "platform.login", Title: "The platform initiates a login", Needs: []harness.Need{launched()}, Body: login, Requirements: []string{"login.begun", "login.iss", "login.login-hint", "login.target", "login.client", "login.deployment"}},
		{ID: "platform.response", Title: "The answer is a form post with the token and the state", Needs: []harness.Need{launched()}, Body: response,
			Requirements: []string{"response.form-post", "response.state", "response.token", "response.auth-post", "response.extra"}},
		{ID: "platform.together", Title: "Two people who launch at the same time both get in", Needs: upon(unattended(tooMany), twoUsers("there is no second user who could launch at the same time")), Body: together, Requirements: []string{"response.side-by-side"}},
		{ID: "platform.header", Title: "The token is signed by a published key", Needs: upon(), Body: header, Requirements: []string{"token.alg", "token.rs256", "token.kid", "token.kid-published", "token.signature"}},
		{ID: "platform.security-claims", Title: "The token says whose it is", Needs: upon(), Body: every(securityClaims),
			Requirements: []string{"token.iss", "token.aud", "token.azp", "token.exp", "token.iat", "token.life", "token.nonce", "token.sub"}},
		{ID: "platform.message", Title: "The claims of the message are those of the standard", Needs: upon(), Body: every(message), Requirements: []string{"message.type", "message.version", "message.deployment", "message.target",
			"message.target-known", "message.resource-link", "message.roles", "message.roles-vocabulary", "message.roles-known", "message.roles-principal", "message.context", "message.context-type",
			"message.platform", "message.mentor", "message.presentation", "message.presentation-size", "message.return-url", "message.locale", "message.lis", "message.custom", "message.migration",
			"message.no-null", "message.whitespace", "message.legible", "message.names", "message.login-target", "message.identity"}},
		{ID: "platform.custom", Title: "Custom parameters come as registered, variables substituted", Needs: upon(
			parameter("a plain custom parameter in lti.platform.links", false).For(Prefix+"custom.plain"),
			parameter("a custom parameter with a variable in lti.platform.links", true).For(Prefix+"custom.substituted", Prefix+"custom.value")),
			Body: custom, Requirements: []string{"custom.plain", "custom.substituted", "custom.value"}},
		{ID: "platform.roles", Title: "Roles are those of the people", Needs: upon(somebody("instructor").For(Prefix+"roles.instructor"), somebody("learner").For(Prefix+"roles.learner")), Body: roles, Requirements: []string{"roles.instructor", "roles.learner"}},
		{
			ID:    "platform.stability",
			Title: "Ids stay the same, and differ where they must",
			Needs: upon(twoLinks().For(Prefix+"distinct.link"), twoUsers("the target file has one user only").For(Prefix+"distinct.sub")),
			Body:  stability,
			Requirements: []string{"stable.sub", "stable.link", "stable.context", "stable.platform",
				"distinct.sub", "distinct.link", "distinct.nonce", "distinct.person"},
		},
		{ID: "platform.frame", Title: "A link in a frame says so, and stays there", Needs: upon(), Body: framed, Requirements: []string{"message.document-target", "login.storage-target", "response.frame", "response.framing"}},
		{
			ID:    "platform.storage",
			Title: "The platform keeps things for tools in frames",
			Needs: upon(),
			Body:  storage,
			Requirements: []string{"storage.capabilities", "storage.put", "storage.get", "storage.absent",
				"storage.size", "storage.removed", "storage.subjects"},
		},
	}
}

// every runs a judge over launches by every user from every link.
func every(judge func(t *harness.T, j *judge, s *seen, ids []string)) func(context.Context, *harness.T) {
	return func(ctx context.Context, t *harness.T) {
		j, s := launchOf(t)
		for s := range j.launches(ctx) {
			if s.claims == nil {
				t.NotTested(j.halted(t, s, s.sent()))
				continue
			}
			judge(t, j, s, s.keep(t, s.sent()))
		}
		t.NotTested(harness.BlockedBy(reqToken, "the token holds nothing that this could be told of").Seen(s.keep(t, "a launch")...))
	}
}
