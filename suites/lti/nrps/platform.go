package nrps

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// PlatformProfile is what a platform claims that tells tools who is in a course, and
// PlatformPrefix begins the ids of the requirements on it.
const (
	PlatformProfile = "nrps20-platform"
	PlatformPrefix  = "nrps20.platform."
)

// What the standard calls things.
const (
	scope      = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
	claimName  = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
	mediaType  = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
	ltiClaim   = "https://purl.imsglobal.org/spec/lti/claim/"
	membership = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
)

// Owners of the first steps: the claim, a token for the scope, an answer that holds members;
// and of what others stand on.
const (
	reqClaim    = PlatformPrefix + "claim.present"
	reqAddress  = PlatformPrefix + "claim.form"
	reqScope    = PlatformPrefix + "access.scope"
	reqReadable = PlatformPrefix + "container.readable"
	reqEnds     = PlatformPrefix + "page.ends"
	reqLimit    = PlatformPrefix + "limit.kept"
	reqNext     = PlatformPrefix + "page.next"
	reqOnly     = PlatformPrefix + "role.only"
	reqLink     = PlatformPrefix + "diff.link"
	reqAnswers  = PlatformPrefix + "diff.answers"
	reqMessage  = PlatformPrefix + "rlid.message"
	reqArray    = PlatformPrefix + "rlid.array"
	reqBroken   = PlatformPrefix + "error.status"
	reqUserID   = PlatformPrefix + "member.user-id"
)

// PlatformPart judges the service of a platform.
func PlatformPart() platform.Part {
	return platform.Part{Profile: PlatformProfile, Prefix: PlatformPrefix, Checks: []harness.Check{
		{ID: "platform.nrps-claim", Title: "Launches say where the members of the course are", Body: claims,
			Needs: platform.Upon(), Requirements: []string{"claim.present", "claim.form", "claim.version", "claim.https"}},
		{ID: "platform.nrps-access", Title: "Members are told to whoever has a token for them, and to nobody else", Body: access,
			Needs: append(standing(), platform.OtherRegistration().For(PlatformPrefix+"deny.other-client"),
				elsewhere().For(PlatformPrefix+"deny.other-client")),
			Requirements: []string{"access.scope", "access.scheme", "deny.no-token", "deny.unknown-token", "deny.changed-token",
				"deny.expired-token", "deny.scope", "deny.other-client", "deny.status", "deny.challenge"}},
		{ID: "platform.nrps-container", Title: "The answer is a container of members, of the course of the launch", Body: container,
			Needs: reading(), Requirements: []string{"container.media-type", "container.accept", "container.id", "container.context",
				"container.context-names", "member.user-id", "member.unique", "member.roles", "member.roles-known", "member.status",
				"member.no-deleted", "member.personal", "member.no-null", "member.legible"}},
		{ID: "platform.nrps-readable", Title: "A right request is answered with members", Body: readable,
			Needs: standing(granted()), Requirements: []string{"container.readable"}},
		{ID: "platform.nrps-launches", Title: "The roster and launches say the same of people", Body: compared,
			Needs: reading(), Requirements: []string{"launch.listed", "launch.roles", "launch.names", "launch.privacy"}},
		{ID: "platform.nrps-role", Title: "A role filters the members", Body: roles,
			Needs: reading(), Requirements: []string{"role.only", "role.complete", "role.short", "role.nobody"}},
		{ID: "platform.nrps-pages", Title: "Pages together are the whole", Body: pages,
			Needs: reading(), Requirements: []string{"limit.kept", "page.next", "page.ends", "page.whole", "page.links", "page.form",
				"page.keeps-role", "page.keeps-rlid"}},
		{ID: "platform.nrps-differences", Title: "A link leads to what changes", Body: differences,
			Needs: reading(), Requirements: []string{"diff.link", "diff.complete", "diff.answers", "diff.only-changes", "diff.goes-on"}},
		{ID: "platform.nrps-changes", Title: "Whoever comes to a course and leaves it is told of", Body: changes,
			Needs:        reading(unattended(), changing()),
			Requirements: []string{"change.enrolled", "change.left", "change.list"}},
		{ID: "platform.nrps-link", Title: "Members come with their messages where a resource link is asked for", Body: linked,
			Needs: reading(), Requirements: []string{"rlid.message", "rlid.array", "rlid.message-type", "rlid.custom", "rlid.members",
				"rlid.role", "rlid.unknown"}},
		{ID: "platform.nrps-errors", Title: "Odd and wrong requests break nothing", Body: odd,
			Needs: reading(), Requirements: []string{"error.status", "limit.invalid", "query.unknown", "method.refused", "method.status",
				"method.head"}},
	}}
}

// unattended needs steps: a person would have to enroll somebody, and have them leave again.
func unattended() harness.Need {
	return platform.Unattended("somebody has to be enrolled and to leave again while Rollcall asks, which is too much to ask of a person")
}

// changing needs steps of the target file that change who is in the course.
func changing() harness.Need {
	return platform.Setting("steps that enroll somebody and have them leave, in lti.platform.roster",
		harness.Unconfigured("the target file has no steps by which somebody comes to a course and leaves it",
			"Add lti.platform.roster: the steps (enroll, leave) by which somebody comes to the course of the first link and leaves it again."),
		func(l *lti.Section) bool { return len(l.Platform.Roster.Enroll) == 0 })
}

// elsewhere needs a second registration of which it is known that it isn't in the course: another tool
// that is there may be told of its members too.
func elsewhere() harness.Need {
	return platform.Setting("lti.platform.other_elsewhere", harness.Unconfigured(
		"nobody says whether the second registration is in the course, where it may read who else is",
		"Set lti.platform.other_elsewhere to true, where other_client_id isn't in the course of the first link."),
		func(l *lti.Section) bool { return !l.Platform.OtherElsewhere })
}

// configured needs a token endpoint in the target file, and the scope of the service.
func configured() harness.Need {
	return platform.Setting("a token endpoint in lti.platform.token_url, and the scope of the service in lti.platform.scopes",
		harness.Unconfigured("the target file names no token endpoint, or not the scope of Names and Roles",
			"Add token_url to lti.platform, and "+scope+" to lti.platform.scopes."),
		func(l *lti.Section) bool { return !inFile(l) })
}

// inFile tells whether the target file says where tokens of the service are had.
func inFile(l *lti.Section) bool {
	return l.Platform.TokenURL != "" && slices.Contains(l.Platform.Scopes, scope)
}

// standing are the needs of a check that asks the service: a launch that says where it is, and
// a token endpoint that issues tokens.
func standing(more ...harness.Need) []harness.Need {
	needs := append([]harness.Need{configured()}, platform.Upon(claimed())...)
	return append(append(needs, platform.Issuing()...), more...)
}

// reading are the needs of a check that looks at members.
func reading(more ...harness.Need) []harness.Need {
	return standing(append([]harness.Need{granted(), answering()}, more...)...)
}

// claimed needs a launch that says where the service is.
func claimed() harness.Need {
	return need("a launch that says where members are told", func(_ context.Context, t *harness.T) (harness.Obstacle, bool) {
		l := platform.First(t)
		claim, _ := l.Claims[claimName].(map[string]any)
		address, _ := claim["context_memberships_url"].(string)
		switch {
		case l.Claims == nil: // there is no launch, which is another need's to say
			return harness.Obstacle{}, false
		case l.Claims[claimName] == nil:
			return harness.BlockedBy(reqClaim, "the launch doesn't say where members are told").Seen(l.Exchanges...), true
		case !absolute.MatchString(address):
			return harness.BlockedBy(reqAddress, "the launch has no address at which members are told").Seen(l.Exchanges...), true
		}
		return harness.Obstacle{}, false
	})
}

// granted needs a token for the scope of the service alone.
func granted() harness.Need {
	return need("an access token for the scope of the service", func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
		if !inFile(lti.Of(t.Session().Target)) { // which is another need's to say
			return harness.Obstacle{}, false
		}
		token, r := platform.AccessToken(ctx, t, scope)
		return platform.Ungranted(reqScope, "no token is issued for the scope of the service alone", r), token == ""
	})
}

// answering needs a service that answers a right request with members.
func answering() harness.Need {
	return need("a service that answers a right request with members", func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
		if address(t) == "" || !inFile(lti.Of(t.Session().Target)) { // which is another need's to say
			return harness.Obstacle{}, false
		}
		p := ask(ctx, t, address(t))
		return harness.BlockedBy(reqReadable, "a right request brings no members: "+p.what(), p.Response), !p.usable()
	})
}

func need(text string, unmet func(ctx context.Context, t *harness.T) (harness.Obstacle, bool)) harness.Need {
	return harness.Need{Text: text, Unmet: unmet}
}

// address is where the launch on which all stands says that members are told.
func address(t *harness.T) string {
	claim, _ := platform.First(t).Claims[claimName].(map[string]any)
	s, _ := claim["context_memberships_url"].(string)
	return s
}

// launches gives the good launches of every user from the first link, and of the first user
// from every link that is another one. What those hang on that brought no token is said of the
// requirements.
func launches(ctx context.Context, t *harness.T, requirements ...string) iter.Seq[platform.Launch] {
	p := lti.Of(t.Session().Target).Platform
	return func(yield func(platform.Launch) bool) {
		for i, u := range p.Users {
			for k, l := range p.Links {
				if i > 0 && k > 0 || l.SameAs != "" {
					continue
				}
				launch, o, ok := platform.As(ctx, t, u, l)
				if !ok {
					t.NotTested(o, requirements...)
					continue
				}
				if !yield(launch) {
					return
				}
			}
		}
	}
}

// left says what those requirements hang on of which nothing was examined.
func left(t *harness.T, o harness.Obstacle, names ...string) {
	for _, name := range names {
		if id := PlatformPrefix + name; !t.Looked(id) {
			t.NotTested(o, id)
		}
	}
}

// sent words who opened what.
func sent(l platform.Launch) string { return l.User.Name + " opens " + l.Link.Name }

// contextOf is the id of the course that a launch is from; empty: it names none.
func contextOf(l platform.Launch) string {
	c, _ := l.Claims[ltiClaim+"context"].(map[string]any)
	id, _ := c["id"].(string)
	return id
}

// many words a number of things.
func many(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
