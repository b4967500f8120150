package nrps

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/legible"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// shapes says which requirement speaks of the form of what; findings of messages belong to the
// check of links.
var shapes = []struct {
	at *regexp.Regexp
	id string
}{
	{regexp.MustCompile(`^/id$`), "container.id"},
	{regexp.MustCompile(`^/context(/|$)`), "container.context"},
	{regexp.MustCompile(`^/members/\*(/user_id)?$`), "member.user-id"},
	{regexp.MustCompile(`^/members/\*/roles(/|$)`), "member.roles"},
	{regexp.MustCompile(`^/members/\*/status$`), "member.status"},
	{regexp.MustCompile(`^/members/\*/message(/|$)`), ""},
	{regexp.MustCompile(`^/members/\*/`), "member.personal"},
}

// needed are the members that must be there; any other that is null is as good as left out,
// and a requirement of its own asks that it be.
var needed = regexp.MustCompile(`^/(id|context|context/id|members/\*|members/\*/user_id|members/\*/roles|members/\*/roles/\*)$`)

// index is the place of something in a list.
var index = regexp.MustCompile(`/[0-9]+(/|$)`)

// placeless gives a pointer without the places of lists, so that what is wrong with many
// members is told once.
func placeless(pointer string) string {
	for index.MatchString(pointer) {
		pointer = index.ReplaceAllString(pointer, "/*$1")
	}
	return pointer
}

func container(ctx context.Context, t *harness.T) {
	all := walk(ctx, t, address(t), mostPages)
	if o, stuck := all.stuck(); stuck {
		t.NotTested(o)
		return
	}
	first := all.pages[0]
	proof := []*harness.Response{first.Response}
	kind, _, _ := mime.ParseMediaType(first.Header.Get("Content-Type"))
	t.Assert(PlatformPrefix+"container.media-type", kind == mediaType, harness.Finding{
		Expected:  mediaType,
		Seen:      first.Header.Get("Content-Type"),
		Where:     "header Content-Type",
		Responses: proof,
	})
	anything := askBy(ctx, t, harness.Request{URL: address(t), Header: http.Header{"Accept": {"*/*"}}})
	t.Assert(PlatformPrefix+"container.accept", anything.usable(), harness.Finding{
		Sent:      "Accept: */*",
		Expected:  "200 and members",
		Seen:      anything.what(),
		Responses: []*harness.Response{anything.Response},
	})
	for _, p := range all.pages {
		form(t, p)
	}
	ofCourse(t, first)
	people(t, all)
}

// form holds a page to the schema, member by member.
func form(t *harness.T, p page) {
	findings, err := containerSchema().Validate(p.Body)
	if err != nil {
		t.NotTested(harness.BlockedBy(reqReadable, "the answer can't be read as JSON: "+err.Error(), p.Response))
		return
	}
	broken := map[string]bool{}
	for _, f := range findings {
		at := placeless(f.Pointer)
		if f.Seen == "null" && !needed.MatchString(at) {
			continue
		}
		for _, s := range shapes {
			if !s.at.MatchString(at) {
				continue
			}
			if s.id != "" {
				broken[s.id] = true
				// A message never quotes a value: it may be somebody's name.
				t.Fail(PlatformPrefix+s.id, harness.Finding{Expected: f.Expected, Seen: f.Message, Where: at,
					Responses: []*harness.Response{p.Response}})
			}
			break
		}
	}
	for _, s := range shapes {
		if s.id != "" && !broken[s.id] {
			t.Examined(PlatformPrefix+s.id, 1)
		}
	}
}

// ofCourse holds the container against the launch that led to it.
func ofCourse(t *harness.T, p page) {
	l := platform.First(t)
	told, _ := p.body["context"].(map[string]any)
	launched, _ := l.Claims[ltiClaim+"context"].(map[string]any)
	id, _ := told["id"].(string)
	if id != "" && contextOf(l) != "" {
		t.Assert(PlatformPrefix+"container.context", id == contextOf(l), harness.Finding{
			Expected:  contextOf(l) + ", as in the launch",
			Seen:      id,
			Where:     "/context/id",
			Responses: []*harness.Response{p.Response},
			Exchanges: l.Exchanges,
		})
	}
	for _, name := range []string{"label", "title"} {
		here, _ := told[name].(string)
		there, _ := launched[name].(string)
		if here != "" && there != "" {
			t.Assert(PlatformPrefix+"container.context-names", here == there, harness.Finding{
				Expected:  there + ", as in the launch",
				Seen:      here,
				Where:     "/context/" + name,
				Responses: []*harness.Response{p.Response},
				Exchanges: l.Exchanges,
			})
		}
	}
	if !t.Looked(PlatformPrefix + "container.context-names") {
		t.NotApplicable(PlatformPrefix+"container.context-names",
			"the container and the launch have no name of the course in common, which is optional")
	}
}

// people looks at members by themselves.
func people(t *harness.T, all roster) {
	if len(all.members) == 0 {
		o := harness.NoData("the course has no members", "Have lti.platform.links open a course with people in it.")
		t.NotTested(o, PlatformPrefix+"member.user-id", PlatformPrefix+"member.roles", PlatformPrefix+"member.status",
			PlatformPrefix+"member.personal")
		left(t, o, "member.unique", "member.roles-known", "member.no-deleted", "member.no-null", "member.legible")
		return
	}
	ids, twice, deleted, roleless := map[string]bool{}, 0, 0, 0
	var nulls, harmed []string
	for _, m := range all.members {
		if id := m.id(); id != "" && ids[id] {
			twice++
		} else {
			ids[id] = true
		}
		if m.text("status") == "Deleted" {
			deleted++
		}
		if list, is := m["roles"].([]any); is && len(list) > 0 && len(m.principals()) == 0 {
			roleless++
		}
		places(map[string]any(m), "/members/*", func(at string, v any) {
			text, _ := v.(string)
			switch harm := legible.Of(text); {
			case v == nil && !slices.Contains(nulls, at):
				nulls = append(nulls, at)
			case harm != legible.Whole && !slices.Contains(harmed, at+": "+string(harm)):
				harmed = append(harmed, at+": "+string(harm))
			}
		})
	}
	say := func(name string, n int, expected, seen, where string) {
		t.Assert(PlatformPrefix+name, n == 0, harness.Finding{Expected: expected, Seen: seen, Where: where, Responses: all.proof()})
	}
	say("member.unique", twice, "everybody once", many(twice, "member")+" more than once", "/members/*/user_id")
	say("member.no-deleted", deleted, "nobody with status Deleted: that is for what changes alone",
		many(deleted, "member")+" with status Deleted",
		"/members/*/status")
	say("member.roles-known", roleless, "a role in courses, of the vocabulary, for everybody who has roles",
		many(roleless, "member")+" without one",
		"/members/*/roles")
	say("member.no-null", len(nulls), "no member that is null: what isn't known is left out", "null at "+strings.Join(nulls, ", "),
		strings.Join(nulls, ", "))
	say("member.legible", len(harmed), "texts as somebody wrote them", strings.Join(harmed, ", "), "/members")
}

// places visits every value in another, with a pointer to it that has no places of lists.
func places(v any, at string, visit func(at string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			places(x, at+"/"+strings.ReplaceAll(strings.TrimPrefix(k, ltiClaim), "/", "~1"), visit)
		}
	case []any:
		for _, x := range v {
			places(x, at+"/*", visit)
		}
	default:
		visit(at, v)
	}
}

// compared holds the roster against launches by the same people.
func compared(ctx context.Context, t *harness.T) {
	all, ok := whole(ctx, t)
	if !ok {
		return
	}
	course, members := contextOf(platform.First(t)), all.ids()
	for l := range launches(ctx, t) {
		sub, _ := l.Claims["sub"].(string)
		if sub == "" || contextOf(l) != course || course == "" {
			continue
		}
		m, listed := members[sub]
		if teaches := slices.Contains([]string{"instructor", "learner"}, l.User.Role); teaches || listed {
			t.Assert(PlatformPrefix+"launch.listed", listed, harness.Finding{
				Sent:      sent(l) + "; then the members of the course are read",
				Expected:  "a member whose user_id is the sub of the launch",
				Seen:      fmt.Sprintf("%s, none of whom is that", many(len(all.members), "member")),
				Where:     "/members/*/user_id",
				Responses: all.proof(),
				Exchanges: l.Exchanges,
			})
		}
		if listed {
			same(t, l, m, all)
		}
	}
	left(t, harness.NoData("no launch by somebody of lti.platform.users is of this course with a sub",
		"Give lti.platform.users an instructor and a learner of the course that the first link opens."), "launch.listed")
	if !t.Looked(PlatformPrefix + "launch.privacy") { // nobody was found
		left(t, harness.BlockedBy(PlatformPrefix+"launch.listed", "nobody who launches is found among the members", all.proof()...),
			"launch.roles", "launch.privacy")
	}
	left(t, harness.BlockedBy(PlatformPrefix+"member.roles-known", "whoever launches has no role that is known", all.proof()...),
		"launch.roles")
	if !t.Looked(PlatformPrefix + "launch.names") {
		t.NotApplicable(PlatformPrefix+"launch.names", "launches and members have nothing personal in common, which is optional")
	}
}

// same compares one member with a launch.
func same(t *harness.T, l platform.Launch, m member, all roster) {
	here, there := m.principals(), principals(l.Claims[ltiClaim+"roles"])
	f := harness.Finding{Sent: sent(l) + "; then the members of the course are read", Responses: all.proof(), Exchanges: l.Exchanges}
	if len(here) > 0 { // of who has none that is known it is said elsewhere
		f.Expected, f.Seen, f.Where = "the roles of the launch: "+strings.Join(there, ", "), strings.Join(here, ", "), "/members/*/roles"
		t.Assert(PlatformPrefix+"launch.roles", slices.Equal(here, there), f)
	}
	private := true
	for _, name := range []string{"name", "given_name", "family_name", "email"} {
		said, _ := l.Claims[name].(string)
		if m.text(name) != "" && said == "" {
			private = false
			f.Expected, f.Seen, f.Where = "nothing that the launch doesn't tell of the person", name+" is told", "/members/*/"+name
			t.Fail(PlatformPrefix+"launch.privacy", f)
		}
		if m.text(name) != "" && said != "" {
			f.Expected, f.Seen, f.Where = "the "+name+" of the launch", "another", "/members/*/"+name
			t.Assert(PlatformPrefix+"launch.names", m.text(name) == said, f)
		}
	}
	if private {
		t.Examined(PlatformPrefix+"launch.privacy", 1)
	}
}
