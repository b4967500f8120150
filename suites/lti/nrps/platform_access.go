package nrps

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// readable holds the first answer to what all others stand on.
func readable(ctx context.Context, t *harness.T) {
	p := ask(ctx, t, address(t))
	t.Assert(reqReadable, p.usable(), harness.Finding{
		Expected:  "200 and a JSON object with a list of members",
		Seen:      p.what(),
		Responses: []*harness.Response{p.Response},
	})
}

// access asks for a token of the service's scope, and then by tokens that must not do.
func access(ctx context.Context, t *harness.T) {
	token, r := platform.AccessToken(ctx, t, scope)
	if o := platform.Ungranted(reqScope, "no token is issued for the scope of the service alone", r); token == "" && o.Owner() != reqScope {
		t.NotTested(o)
		return
	}
	if !t.Assert(reqScope, token != "", harness.Finding{
		Sent:      "a token request for " + scope,
		Expected:  "an access token",
		Seen:      platform.Refused(r),
		Responses: []*harness.Response{r},
	}) {
		t.NotTested(harness.BlockedBy(reqScope, "no token is issued for the scope of the service alone", r))
		return
	}
	if p := ask(ctx, t, address(t)); !p.usable() { // of a service that answers nobody a refusal proves nothing
		left(t, harness.BlockedBy(reqReadable, "a right request brings no members: "+p.what(), p.Response), "access.scheme", "deny.no-token",
			"deny.unknown-token", "deny.changed-token", "deny.expired-token", "deny.scope", "deny.other-client", "deny.status", "deny.challenge")
		return
	}
	lower := asked(ctx, t, "", harness.Request{URL: address(t),
		Header: http.Header{"Accept": {mediaType}, "Authorization": {"bearer " + token}}})
	t.Assert(PlatformPrefix+"access.scheme", lower.usable(), harness.Finding{
		Sent:      "a good token, by the scheme bearer in small letters",
		Expected:  "200 and members",
		Seen:      lower.what(),
		Responses: []*harness.Response{lower.Response},
	})
	changed := turned(token)
	unknown := side.Random()
	t.Session().Redactor().Secret(changed, unknown)
	defer func() {
		left(t, harness.BlockedBy(PlatformPrefix+"deny.no-token", "nobody is refused"), "deny.status")
		left(t, harness.BlockedBy(PlatformPrefix+"deny.status", "nobody is refused with 401"), "deny.challenge")
	}()
	denied(ctx, t, "deny.no-token", "no token", "", http.StatusUnauthorized)
	denied(ctx, t, "deny.unknown-token", "a token that was never issued", unknown, http.StatusUnauthorized)
	refused(t, "deny.unknown-token", "the scheme Bearer and no token behind it", asked(ctx, t, "", harness.Request{URL: address(t),
		Header: http.Header{"Accept": {mediaType}, "Authorization": {"Bearer"}}}), http.StatusUnauthorized, http.StatusBadRequest)
	denied(ctx, t, "deny.changed-token", "a good token with its second half turned round", changed, http.StatusUnauthorized)
	over, why, expired := platform.Expired(ctx, t, func(token string) bool {
		return asked(ctx, t, token, harness.Request{URL: address(t)}).usable()
	})
	if expired {
		denied(ctx, t, "deny.expired-token", "a token whose time is over", over, http.StatusUnauthorized)
	} else {
		t.NotTested(why, PlatformPrefix+"deny.expired-token")
	}
	if t.Met(PlatformPrefix + "deny.other-client") {
		strange(ctx, t)
	}
	other := slices.DeleteFunc(slices.Clone(lti.Of(t.Session().Target).Platform.Scopes), func(s string) bool { return s == scope })
	if len(other) == 0 {
		t.NotTested(harness.Unconfigured("the target file names no scope but that of Names and Roles",
			"Add another one that Rollcall may have to lti.platform.scopes, such as one of Assignments and Grades."), PlatformPrefix+"deny.scope")
		return
	}
	foreign, r := platform.AccessToken(ctx, t, other...)
	if foreign == "" {
		t.NotTested(harness.BlockedBy(platform.Issues, "no token is issued for the other scopes of the target file: "+platform.Refused(r), r),
			PlatformPrefix+"deny.scope")
		return
	}
	if grants(r, scope) {
		t.NotTested(harness.BlockedBy(platform.Subset, "a token for other scopes alone is said to have that of Names and Roles too", r),
			PlatformPrefix+"deny.scope")
		return
	}
	denied(ctx, t, "deny.scope", "a token for other scopes alone", foreign, http.StatusForbidden, http.StatusUnauthorized)
}

// strange asks with a token of another registration, which isn't in the course.
func strange(ctx context.Context, t *harness.T) {
	const name = "deny.other-client"
	token, r := platform.OtherAccessToken(ctx, t, scope)
	if token == "" {
		t.NotTested(harness.Unconfigured("the second registration gets no token: "+platform.Refused(r),
			"Grant the scope of Names and Roles to lti.other_client_id too."), PlatformPrefix+name)
		return
	}
	denied(ctx, t, name, "a token of another registration, which isn't in the course", token, http.StatusForbidden,
		http.StatusUnauthorized, http.StatusNotFound)
}

// grants tells whether a token response names a scope.
func grants(r *harness.Response, scope string) bool {
	var answer struct {
		Scope string `json:"scope"`
	}
	return json.Unmarshal(r.Body, &answer) == nil && slices.Contains(strings.Fields(answer.Scope), scope)
}

// turned turns the second half of a token round, so that nothing that signs it fits any more.
func turned(token string) string {
	b := []byte(token)
	slices.Reverse(b[len(b)/2:])
	if string(b) == token {
		return token + "x"
	}
	return string(b)
}

// denied asks with a token that must not do.
func denied(ctx context.Context, t *harness.T, name, what, token string, right ...int) {
	refused(t, name, what, asked(ctx, t, token, harness.Request{URL: address(t)}), right...)
}

// refused holds an answer to being a refusal, by one of the statuses.
func refused(t *harness.T, name, what string, p page, right ...int) {
	f := harness.Finding{Sent: "a request with " + what, Seen: p.Summary(), Responses: []*harness.Response{p.Response}}
	f.Expected = "a refusal"
	t.Assert(PlatformPrefix+name, !p.list && (p.Status < 200 || p.Status > 299), f)
	if p.list || p.Status < 400 {
		return
	}
	if p.Status >= 500 {
		t.NotTested(harness.BlockedBy(reqBroken, what+" was answered with "+p.Summary(), p.Response), PlatformPrefix+"deny.status",
			PlatformPrefix+"deny.challenge")
		return
	}
	f.Expected = "401"
	if slices.Contains(right, http.StatusBadRequest) { // RFC 6750 §3.1, invalid_request
		f.Expected = "401, or 400"
	}
	if slices.Contains(right, http.StatusForbidden) {
		f.Expected = "403, or 401"
	}
	if slices.Contains(right, http.StatusNotFound) {
		f.Expected = "403, 401 or 404"
	}
	t.Assert(PlatformPrefix+"deny.status", slices.Contains(right, p.Status), f)
	if p.Status == http.StatusUnauthorized {
		f.Expected, f.Where = "WWW-Authenticate with Bearer", "header WWW-Authenticate"
		f.Seen = "WWW-Authenticate: " + strings.Join(p.Header.Values("WWW-Authenticate"), ", ")
		t.Assert(PlatformPrefix+"deny.challenge", slices.ContainsFunc(p.Header.Values("WWW-Authenticate"), func(v string) bool {
			return strings.Contains(strings.ToLower(v), "bearer")
		}), f)
	}
}
