package ags

import (
	"context"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// PlatformProfile is what a platform claims that takes grades from tools.
const PlatformProfile = "ags20-platform"

// PlatformPrefix begins the ids of the requirements on platforms.
const PlatformPrefix = "ags20.platform."

// Scopes of the service (AGS 2.0 §3.1).
const (
	scopeItems   = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
	scopeReading = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
	scopeResults = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
	scopeScores  = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
)

var (
	allScopes   = []string{scopeItems, scopeReading, scopeResults, scopeScores}
	gradeScopes = []string{scopeItems, scopeResults, scopeScores} // of whoever makes a line item and fills it
)

// Media types (AGS 2.0 §3.2.2, §3.3.3, §3.4.2).
const (
	typeItem    = "application/vnd.ims.lis.v2.lineitem+json"
	typeItems   = "application/vnd.ims.lis.v2.lineitemcontainer+json"
	typeResults = "application/vnd.ims.lis.v2.resultcontainer+json"
	typeScore   = "application/vnd.ims.lis.v1.score+json"
)

// Owners of the first steps: a claim, a list, a line item that is made, a score that is taken,
// results. What stands on one that doesn't work is blocked by it.
const (
	reqClaim   = PlatformPrefix + "claim.present"
	reqForm    = PlatformPrefix + "claim.form"
	reqList    = PlatformPrefix + "list.answers"
	reqCreate  = PlatformPrefix + "create.answers"
	reqAnother = PlatformPrefix + "create.another"
	reqRead    = PlatformPrefix + "item.answers"
	reqPut     = PlatformPrefix + "put.answers"
	reqScore   = PlatformPrefix + "score.answers"
	reqResults = PlatformPrefix + "result.answers"
	// What breaks down is a failure of its own, whatever it was asked for.
	reqBroke  = PlatformPrefix + "errors.breakdown"
	reqStatus = PlatformPrefix + "errors.status"
)

// PlatformPart is what the service adds to the suite for platforms.
func PlatformPart() platform.Part {
	p := PlatformPrefix
	return platform.Part{Profile: PlatformProfile, Prefix: p, Checks: []harness.Check{
		{
			ID:           "platform.ags.claim",
			Title:        "Launches tell of the service, and of scopes that are granted",
			Needs:        platform.Upon(append([]harness.Need{asking().For(p + "claim.scopes")}, needIssuing(p+"claim.scopes")...)...),
			Body:         claims,
			Requirements: []string{"claim.present", "claim.form", "claim.lineitems", "claim.scopes"},
		},
		{
			ID:    "platform.ags.claim-lineitem",
			Title: "A launch names a line item where its link has exactly one",
			Needs: writing([]string{scopeItems},
				platform.Unattended("the link has to be opened anew for each line item that is made")),
			Body:         atDesk(claimedItem),
			Requirements: []string{"claim.single"},
		},
		{
			ID:    "platform.ags.access",
			Title: "A token opens what its scope says, and nothing else",
			Needs: append(writing(gradeScopes), platform.OtherRegistration().For(p+"access.other-client"),
				anotherScope().For(p+"access.other-service"), configured([]string{scopeReading}).For(p+"access.read-only")),
			Body: atDesk(access),
			Requirements: []string{"access.none", "access.unknown", "access.expired", "access.allowed", "access.read-only", "access.items",
				"access.results", "access.scores", "access.other-service", "access.other-client", "access.status",
				"access.challenge"},
		},
		{
			ID:    "platform.ags.list",
			Title: "Line items can be listed, and read one by one",
			Needs: readable(),
			Body:  atDesk(list),
			Requirements: []string{"list.answers", "list.type", "list.form", "list.no-null", "item.answers", "item.type", "item.same",
				"item.unknown"},
		},
		{
			ID:    "platform.ags.create",
			Title: "A line item that is made is kept as it was sent",
			Needs: writing([]string{scopeItems}),
			Body:  atDesk(create),
			Requirements: []string{"create.answers", "create.status", "create.type", "create.form", "create.kept", "create.preserved",
				"create.dates", "create.unknown-members", "create.listed", "create.another"},
		},
		{
			ID:    "platform.ags.create-refused",
			Title: "A wrong line item is refused, and nothing is made of it",
			Needs: writing([]string{scopeItems}),
			Body:  atDesk(createRefused),
			Requirements: []string{"create.label", "create.maximum", "create.lengths", "create.types", "create.date-form",
				"create.link", "create.nothing", "errors.breakdown", "errors.status"},
		},
		{
			ID:           "platform.ags.filters",
			Title:        "Line items are found by tag, resource and resource link",
			Needs:        writing([]string{scopeItems}),
			Body:         atDesk(filters),
			Requirements: []string{"filter.tag", "filter.resource", "filter.link", "filter.together", "filter.none", "filter.exact"},
		},
		{
			ID:           "platform.ags.paging",
			Title:        "The pages of line items are together the whole list",
			Needs:        writing([]string{scopeItems}),
			Body:         atDesk(paging),
			Requirements: []string{"page.limit", "page.union", "page.filtered"},
		},
		{
			ID:           "platform.ags.put",
			Title:        "A line item is replaced as a whole",
			Needs:        writing([]string{scopeItems}),
			Body:         atDesk(put),
			Requirements: []string{"put.answers", "put.form", "put.kept", "put.whole", "put.id", "put.refused"},
		},
		{
			ID:           "platform.ags.put-rescaled",
			Title:        "Results follow a maximum that was changed",
			Needs:        writing(gradeScopes, learner()),
			Body:         atDesk(rescaled),
			Requirements: []string{"put.rescaled"},
		},
		{
			ID:           "platform.ags.delete",
			Title:        "A line item that is deleted is gone",
			Needs:        writing(gradeScopes),
			Body:         atDesk(remove),
			Requirements: []string{"delete.answers", "delete.gone", "delete.again", "delete.scores", "errors.status"},
		},
		{
			ID:    "platform.ags.scores",
			Title: "Scores are taken with every activity and grading progress",
			Needs: writing(gradeScopes, learner()),
			Body:  atDesk(scores),
			Requirements: []string{"score.answers", "score.progress", "score.zero", "score.extra", "score.comment-blank",
				"score.submission", "score.unknown-members"},
		},
		{
			ID:    "platform.ags.scores-refused",
			Title: "A wrong score is refused, and changes nothing",
			Needs: writing(gradeScopes, learner()),
			Body:  atDesk(scoresRefused),
			Requirements: []string{"score.user", "score.user-unknown", "score.activity", "score.grading", "score.timestamp",
				"score.zone", "score.without-maximum", "score.maximum", "score.negative", "score.types",
				"score.unchanged", "errors.breakdown", "errors.status"},
		},
		{
			ID:           "platform.ags.order",
			Title:        "The latest score counts",
			Needs:        writing(gradeScopes, learner()),
			Body:         atDesk(order),
			Requirements: []string{"score.later", "score.stale", "score.conflict", "score.again", "score.offset"},
		},
		{
			ID:    "platform.ags.results",
			Title: "Results say what the scores say",
			Needs: writing(gradeScopes, learner()),
			Body:  atDesk(results),
			Requirements: []string{"result.answers", "result.type", "result.form", "result.empty", "result.score", "result.extra",
				"result.user", "result.score-of", "result.filter", "result.id", "result.comment", "result.comment-cleared",
				"result.cleared", "filter.exact"},
		},
		{
			ID:           "platform.ags.results-paging",
			Title:        "Pages of results are the whole",
			Needs:        writing(gradeScopes, learners()),
			Body:         atDesk(resultPages),
			Requirements: []string{"result.limit", "result.pages"},
		},
		{
			ID:           "platform.ags.errors",
			Title:        "Requests of the wrong kind are refused",
			Needs:        writing(gradeScopes, learner()),
			Body:         atDesk(wrongKinds),
			Requirements: []string{"errors.method", "errors.media", "errors.parameters", "errors.breakdown"},
		},
		{
			ID:    "platform.ags.gradebook",
			Title: "People see the score that was sent",
			Needs: writing(gradeScopes, learner(), gradebookSteps(), somebodyTeaching(),
				platform.Unattended("somebody has to look at the gradebook while the score is there")),
			Body:         atDesk(gradebook),
			Requirements: []string{"gradebook.score", "gradebook.text", "gradebook.deleted"},
		},
	}}
}

// needIssuing are the needs of asking for a token, as those of some requirements alone.
func needIssuing(requirements ...string) []harness.Need {
	var out []harness.Need
	for _, n := range platform.Issuing() {
		out = append(out, n.For(requirements...))
	}
	return out
}

// granted are the needs of a check that asks with tokens of these scopes, each alone.
func granted(scopes ...string) []harness.Need {
	// What the target file lacks comes first: a service that is claimed is not tested without it.
	out := append([]harness.Need{configured(scopes)}, platform.Upon(platform.Issuing()...)...)
	out = append(out, offered())
	return append(out, harness.InBody("an access token for each of its scopes"))
}

// readable are those of one that reads line items, by either scope. What the target file lacks comes
// first, as for granted.
func readable() []harness.Need {
	setting := platform.Setting("a token endpoint in lti.platform.token_url, and a scope by which line items are read, in lti.platform.scopes",
		harness.Unconfigured("the target file names no token endpoint, or lacks scopes of Assignment and Grade Services",
			"Add token_url to lti.platform; have the platform grant "+scopeReading+" to Rollcall, and add it to lti.platform.scopes."),
		func(l *lti.Section) bool {
			return l.Platform.TokenURL == "" || len(intersect([]string{scopeItems, scopeReading}, l.Platform.Scopes)) == 0
		})
	out := append([]harness.Need{setting}, platform.Upon(platform.Issuing()...)...)
	return append(out, offered(), harness.InBody("an access token for that scope"))
}

// writing are those of one that makes line items too.
func writing(scopes []string, more ...harness.Need) []harness.Need {
	return append(append(granted(scopes...), writes()), more...)
}

func writes() harness.Need {
	return platform.Setting("lti.platform.writes that isn't false",
		harness.Unconfigured("the target file has nothing made at the platform (lti.platform.writes: false)",
			"Set lti.platform.writes to true, or leave it out: what is made is removed again."),
		func(l *lti.Section) bool { return !l.Platform.MayWrite() })
}

// asking needs a token endpoint in the target file, and any scope of the service to ask for.
func asking() harness.Need {
	return platform.Setting("a token endpoint in lti.platform.token_url, and scopes of the service in lti.platform.scopes",
		harness.Unconfigured("the target file names no token endpoint, or no scope of Assignment and Grade Services",
			"Add token_url to lti.platform, and the scopes that the platform grants to Rollcall to lti.platform.scopes."),
		func(l *lti.Section) bool {
			return l.Platform.TokenURL == "" || !slices.ContainsFunc(l.Platform.Scopes, func(s string) bool { return slices.Contains(allScopes, s) })
		})
}

// configured needs a token endpoint, and scopes that the target file says are granted.
func configured(scopes []string) harness.Need {
	return platform.Setting("a token endpoint in lti.platform.token_url, and the scopes of the service in lti.platform.scopes",
		harness.Unconfigured("the target file names no token endpoint, or lacks scopes of Assignment and Grade Services",
			"Add token_url to lti.platform; have the platform grant "+join(scopes)+" to Rollcall, and add them to lti.platform.scopes."),
		func(l *lti.Section) bool {
			return l.Platform.TokenURL == "" || slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(l.Platform.Scopes, s) })
		})
}

// anotherScope needs a scope of another service in the target file.
func anotherScope() harness.Need {
	return platform.Setting("a scope of another service in lti.platform.scopes",
		harness.Unconfigured("lti.platform.scopes has no scope of another service",
			"Add the scope of Names and Roles to lti.platform.scopes, where the platform grants it."),
		func(l *lti.Section) bool { return otherScope(l) == "" })
}

// otherScope is a scope that isn't this service's.
func otherScope(l *lti.Section) string {
	for _, s := range l.Platform.Scopes {
		if !slices.Contains(allScopes, s) {
			return s
		}
	}
	return ""
}

// offered needs a launch that says where the line items are.
func offered() harness.Need {
	const text = "a launch that says where line items are"
	return harness.Need{Text: text, Unmet: func(_ context.Context, t *harness.T) (harness.Obstacle, bool) {
		l := platform.First(t)
		e := endpointOf(l)
		switch {
		case l.Claims == nil: // there is no launch, which is another need's to say
			return harness.Obstacle{}, false
		case !e.there:
			return harness.BlockedBy(reqClaim, "the launch doesn't tell of the service").Seen(l.Exchanges...), true
		case e.items != "" && !absolute(e.items):
			return harness.BlockedBy(reqForm, "what the launch says of line items is no address").Seen(l.Exchanges...), true
		case e.items == "":
			return harness.BlockedBy(PlatformPrefix+"claim.lineitems", "the launch doesn't say where the line items are").Seen(l.Exchanges...), true
		}
		return harness.Obstacle{}, false
	}}
}

// learner needs somebody who can have a score.
func learner() harness.Need {
	return platform.Setting("a user with role learner in lti.platform.users",
		harness.Unconfigured("the target file has nobody who can have a score",
			"Add a user with role learner to lti.platform.users."), func(l *lti.Section) bool {
			return !slices.ContainsFunc(l.Platform.Users, isLearner)
		})
}

// learners needs two who can have a score.
func learners() harness.Need {
	return platform.Setting("two users with role learner in lti.platform.users",
		harness.Unconfigured("the target file has nobody, or one alone, who can have a score: one result makes no pages",
			"Add a second user with role learner to lti.platform.users."), func(l *lti.Section) bool {
			n := 0
			for _, u := range l.Platform.Users {
				if isLearner(u) {
					n++
				}
			}
			return n < 2
		})
}

func isLearner(u lti.User) bool { return u.Role == "learner" }

func somebodyTeaching() harness.Need {
	return platform.Setting("a user with role instructor in lti.platform.users",
		harness.Unconfigured("the target file has nobody who could look at a gradebook",
			"Add a user with role instructor to lti.platform.users."), func(l *lti.Section) bool {
			return !slices.ContainsFunc(l.Platform.Users, isInstructor)
		})
}

func isInstructor(u lti.User) bool { return u.Role == "instructor" }

func gradebookSteps() harness.Need {
	return platform.Setting("steps to the gradebook in lti.platform.gradebook", harness.Unconfigured("no steps lead to the gradebook",
		"Write into lti.platform.gradebook how an instructor who has signed in comes to the page with the scores of the course."),
		func(l *lti.Section) bool { return len(l.Platform.Gradebook) == 0 })
}
