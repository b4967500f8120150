package nrps

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// linkAddress asks for the members of the link of the first launch; "" where that names none.
func linkAddress(t *harness.T) string {
	link, _ := platform.First(t).Claims[ltiClaim+"resource_link"].(map[string]any)
	id, _ := link["id"].(string)
	if id == "" {
		return ""
	}
	return with(address(t), "rlid", id)
}

// hasMessage tells whether a member has messages, in whatever form.
func hasMessage(m member) bool { return m["message"] != nil }

func linked(ctx context.Context, t *harness.T) {
	at := linkAddress(t)
	if at == "" {
		t.NotTested(harness.BlockedBy(platform.Prefix+"message.resource-link", "the launch names no link").Seen(platform.First(t).Exchanges...))
		return
	}
	all := walk(ctx, t, at, mostPages)
	if all.failed != nil && len(all.pages) == 0 {
		t.Fail(reqMessage, harness.Finding{Expected: "200 and members with messages", Seen: all.failed.what(),
			Responses: []*harness.Response{all.failed.Response}})
		left(t, harness.BlockedBy(reqMessage, "a link that is named is answered with "+all.failed.what(), all.failed.Response),
			"rlid.array", "rlid.message-type", "rlid.custom", "rlid.members", "rlid.role", "rlid.unknown")
		return
	}
	o, stuck := all.stuck()
	if !stuck {
		o, stuck = all.nameless()
	}
	if stuck {
		t.NotTested(o)
		return
	}
	listed(ctx, t, all)
	inRole(ctx, t, at, all)
	active, lacking := 0, 0
	var told []member
	for _, m := range all.members {
		if hasMessage(m) {
			told = append(told, m)
		}
		if m.active() {
			active++
			if !hasMessage(m) {
				lacking++
			}
		}
	}
	if active == 0 {
		left(t, harness.BlockedBy(PlatformPrefix+"rlid.members", "nobody is told for the link", all.proof()...),
			"rlid.message", "rlid.array", "rlid.message-type", "rlid.custom", "rlid.unknown")
		return
	}
	t.Assert(reqMessage, lacking == 0, harness.Finding{
		Expected:  "message of each member who takes part",
		Seen:      fmt.Sprintf("%d of %d members without", lacking, active),
		Where:     "/members/*/message",
		Responses: all.proof(),
	})
	if len(told) == 0 {
		left(t, harness.BlockedBy(reqMessage, "no member has a message", all.proof()...),
			"rlid.array", "rlid.message-type", "rlid.custom", "rlid.unknown")
		return
	}
	messages(t, all, told)
	unknownLink(ctx, t)
}

// listed holds whoever launched the link to be told of.
func listed(ctx context.Context, t *harness.T, all roster) {
	link := platform.First(t).Link
	for _, u := range lti.Of(t.Session().Target).Platform.Users {
		if u.Role != "instructor" && u.Role != "learner" {
			continue
		}
		l, o, ok := platform.As(ctx, t, u, link)
		if !ok {
			t.NotTested(o, PlatformPrefix+"rlid.members")
			continue
		}
		sub, _ := l.Claims["sub"].(string)
		if sub == "" {
			continue
		}
		_, there := all.ids()[sub]
		t.Assert(PlatformPrefix+"rlid.members", there, harness.Finding{
			Sent:      sent(l) + "; then the members with access to the link are read",
			Expected:  "whoever launched it among them",
			Seen:      many(len(all.members), "member") + ", none of whom is that",
			Responses: all.proof(),
			Exchanges: l.Exchanges,
		})
	}
	left(t, harness.NoData("no instructor or learner of lti.platform.users launches with a sub",
		"Add a user with role instructor and one with role learner to lti.platform.users."), "rlid.members")
}

// inRole asks for the members of a link who have a role.
func inRole(ctx context.Context, t *harness.T, at string, all roster) {
	const id = PlatformPrefix + "rlid.role"
	role := filterable(all)
	if role == "" {
		t.NotTested(all.roleless(), id)
		return
	}
	without := func(r roster) int {
		return len(slices.DeleteFunc(slices.Clone(r.members), func(m member) bool { return slices.Contains(m.principals(), role) }))
	}
	alone := walk(ctx, t, with(address(t), "role", membership+role), mostPages)
	if o, stuck := alone.stuck(); stuck || without(alone) > 0 {
		if !stuck || alone.failed != nil {
			o = harness.BlockedBy(reqOnly, "roles don't filter", alone.proof()...)
		}
		t.NotTested(o, id)
		return
	}
	both := walk(ctx, t, with(at, "role", membership+role), mostPages)
	f := harness.Finding{Sent: "role=" + role + " and the rlid of the link", Expected: "members with the role alone",
		Seen: many(without(both), "member") + " without it", Where: "/members/*/roles", Responses: both.proof()}
	if both.failed != nil {
		f.Seen, f.Responses = both.failed.what(), []*harness.Response{both.failed.Response}
	} else if o, stuck := both.stuck(); stuck {
		t.NotTested(o, id)
		return
	}
	t.Assert(id, both.failed == nil && without(both) == 0 && len(both.members) > 0, f)
}

// messages looks at what is told of members.
func messages(t *harness.T, all roster, told []member) {
	objects, untyped := 0, 0
	launched := map[string]map[string]any{} // user → custom
	for _, m := range told {
		list, is := m["message"].([]any)
		if !is {
			objects++
			continue
		}
		typed := false
		for _, x := range list {
			o, _ := x.(map[string]any)
			if o[ltiClaim+"message_type"] != "LtiResourceLinkRequest" {
				continue
			}
			typed = true
			launched[m.id()], _ = o[ltiClaim+"custom"].(map[string]any)
		}
		if !typed {
			untyped++
		}
	}
	t.Assert(reqArray, objects == 0, harness.Finding{
		Expected:  "message as a list of objects, one for each kind of message",
		Seen:      many(objects, "member") + " with another kind of value",
		Where:     "/members/*/message",
		Responses: all.proof(),
	})
	if objects == len(told) {
		left(t, harness.BlockedBy(reqArray, "message is no list", all.proof()...), "rlid.message-type", "rlid.custom")
		return
	}
	t.Assert(PlatformPrefix+"rlid.message-type", untyped == 0, harness.Finding{
		Expected:  "a message whose " + ltiClaim + "message_type is LtiResourceLinkRequest, for each member",
		Seen:      many(untyped, "member") + " without one",
		Where:     "/members/*/message/*/message_type",
		Responses: all.proof(),
	})
	if untyped == len(told)-objects {
		left(t, harness.BlockedBy(PlatformPrefix+"rlid.message-type", "no message is one of a launch", all.proof()...), "rlid.custom")
		return
	}
	substituted(t, all, launched)
}

// substituted compares custom parameters that are about the person with those of the launch.
func substituted(t *harness.T, all roster, launched map[string]map[string]any) {
	const name = "rlid.custom"
	l := platform.First(t)
	sub, _ := l.Claims["sub"].(string)
	custom, _ := l.Claims[ltiClaim+"custom"].(map[string]any)
	about := 0
	for _, key := range personalParameters(l) {
		want, is := custom[key].(string)
		if !is || launched[sub] == nil {
			continue
		}
		about++
		got, _ := launched[sub][key].(string)
		t.Assert(PlatformPrefix+name, got == want, harness.Finding{
			Sent:      sent(l) + "; then the messages of the link's members are read",
			Expected:  "the value that " + key + " has in the launch of the same person",
			Seen:      map[bool]string{true: "another", false: "none"}[got != ""],
			Where:     "/members/*/message/*/custom/" + key,
			Responses: all.proof(),
			Exchanges: l.Exchanges,
		})
	}
	switch {
	case about > 0:
	case len(personalParameters(l)) == 0:
		left(t, harness.Unconfigured("the first link has no custom parameter with a variable that is about the person",
			"Give a parameter with $User.id to Rollcall's registration, and name it in lti.platform.links."), name)
	case launched[sub] == nil && !slices.ContainsFunc(all.members, func(m member) bool { return m.id() == sub }):
		left(t, harness.BlockedBy(PlatformPrefix+"rlid.members", "whoever launched is not among the members", all.proof()...), name)
	default:
		t.NotApplicable(PlatformPrefix+name, "messages have no custom parameters, which are optional there")
	}
}

// personalParameters are those of a link, as registered, whose variable is about the person.
func personalParameters(l platform.Launch) []string {
	var out []string
	for name, v := range l.Link.Custom {
		if strings.HasPrefix(v, "$User.id") || strings.HasPrefix(v, "$Person.") || strings.HasPrefix(v, "$Membership.") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// unknownLink names a link that there isn't.
func unknownLink(ctx context.Context, t *harness.T) {
	p := ask(ctx, t, with(address(t), "rlid", "rollcall-"+side.Random()[:12]))
	if p.Status >= http.StatusInternalServerError {
		left(t, harness.BlockedBy(reqBroken, "a link that there isn't is answered with "+p.what(), p.Response), "rlid.unknown")
		return
	}
	t.Assert(PlatformPrefix+"rlid.unknown",
		p.Status >= http.StatusBadRequest || p.usable() && len(p.members) == 0, harness.Finding{
			Sent:      "rlid of a link that there isn't",
			Expected:  "a refusal, such as 404, or no members",
			Seen:      p.what() + ", " + many(len(p.members), "member"),
			Responses: []*harness.Response{p.Response},
		})
}
