package platform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Vocabularies (LTI 1.3 appendix A).
var (
	roleForm = regexp.MustCompile(`^(http://purl\.imsglobal\.org/vocab/lis/v2/system/person#(Administrator|None|AccountAdmin|Creator|SysAdmin|SysSupport|User)` +
		`|http://purl\.imsglobal\.org/vocab/lti/system/person#TestUser` +
		`|http://purl\.imsglobal\.org/vocab/lis/v2/institution/person#(Administrator|Faculty|Guest|None|Other|Staff|Student|Alumni|Instructor|Learner|Member|Mentor|Observer|ProspectiveStudent)` +
		`|http://purl\.imsglobal\.org/vocab/lis/v2/membership#(Administrator|ContentDeveloper|Instructor|Learner|Mentor|Manager|Member|Officer)` +
		`|http://purl\.imsglobal\.org/vocab/lis/v2/membership/(Administrator|ContentDeveloper|Instructor|Learner|Manager|Member|Mentor|Officer)#[A-Za-z-]+` +
		`|Administrator|ContentDeveloper|Instructor|Learner|Mentor|Manager|Member|Officer)$`)
	contextForm = regexp.MustCompile(`^http://purl\.imsglobal\.org/vocab/lis/v2/course#(CourseTemplate|CourseOffering|CourseSection|Group)$`)
	mentorForm  = regexp.MustCompile(`membership(#Mentor|/Mentor#.+)$`)
)

func message(t *harness.T, j *judge, s *seen, ids []string) {
	c := s.claims
	say := func(id string, ok bool, expected, seen, where string) {
		t.Assert(Prefix+id, ok, harness.Finding{Sent: s.user.Name + " opens " + s.link.Name, Expected: expected, Seen: seen, Where: where, Exchanges: ids})
	}
	text := func(name string) string { v, _ := c[claim+name].(string); return v }
	object := func(name string) (map[string]any, bool) { v, ok := c[claim+name].(map[string]any); return v, ok }
	show := func(name string) string {
		if v, there := c[claim+name]; there {
			return fmt.Sprintf("%v", v)
		}
		return "no " + name
	}
	say("message.type", text("message_type") == "LtiResourceLinkRequest", "LtiResourceLinkRequest", show("message_type"), "/message_type")
	say("message.version", text("version") == "1.3.0", "1.3.0", show("version"), "/version")
	d := text("deployment_id")
	say("message.deployment", slices.Contains(j.target.Deployments, d) && len(d) <= 255, "one of "+strings.Join(j.target.Deployments, ", "), show("deployment_id"), "/deployment_id")
	say("message.target", absolute(text("target_link_uri")), "an absolute address", show("target_link_uri"), "/target_link_uri")
	say("message.login-target", text("target_link_uri") == s.launch.login.Get("target_link_uri"), "that of the login, "+s.launch.login.Get("target_link_uri"), show("target_link_uri"), "/target_link_uri")
	link, ok := object("resource_link")
	id, _ := link["id"].(string)
	say("message.resource-link", ok && id != "" && len(id) <= 255 && ascii(id), "an object with an id of 1 to 255 ASCII characters", show("resource_link"), "/resource_link/id")
	list, isList := c[claim+"roles"].([]any)
	say("message.roles", isList, "a list", show("roles"), "/roles")
	known, mentor := len(list) == 0, false
	for _, r := range list {
		name, _ := r.(string)
		known = known || roleForm.MatchString(name)
		mentor = mentor || mentorForm.MatchString(name) || name == "Mentor"
	}
	if isList {
		say("message.roles-vocabulary", known, "at least one role of the vocabularies", show("roles"), "/roles")
	}
	if _, there := c[claim+"context"]; there {
		o, ok := object("context")
		id, _ := o["id"].(string)
		say("message.context", ok && id != "" && len(id) <= 255, "an object with an id", show("context"), "/context")
		if types, there := o["type"]; there {
			list, ok := types.([]any)
			good := ok && slices.ContainsFunc(list, func(v any) bool { s, _ := v.(string); return contextForm.MatchString(s) })
			say("message.context-type", good, "a list with a type of the vocabulary", fmt.Sprint(types), "/context/type")
		}
	}
	if _, there := c[claim+"tool_platform"]; there {
		o, ok := object("tool_platform")
		guid, _ := o["guid"].(string)
		say("message.platform", ok && guid != "" && len(guid) <= 255, "an object with a guid", show("tool_platform"), "/tool_platform/guid")
	}
	if v, there := c[claim+"role_scope_mentor"]; there {
		list, ok := v.([]any)
		texts := ok && !slices.ContainsFunc(list, func(x any) bool { s, is := x.(string); return !is || s == "" })
		say("message.mentor", texts && mentor, "a list of user ids, for mentors alone", show("role_scope_mentor"), "/role_scope_mentor")
	}
	presented(s, c, say, object)
	if v, there := c[claim+"lis"]; there {
		o, ok := v.(map[string]any)
		good := ok
		for _, name := range []string{"person_sourcedid", "course_offering_sourcedid", "course_section_sourcedid"} {
			if x, there := o[name]; there {
				_, is := x.(string)
				good = good && is
			}
		}
		say("message.lis", good, "an object of texts", show("lis"), "/lis")
	}
	if v, there := c[claim+"custom"]; there {
		o, ok := v.(map[string]any)
		for _, x := range o {
			_, is := x.(string)
			ok = ok && is
		}
		say("message.custom", ok, "an object of texts", show("custom"), "/custom")
	}
	nulls := nullsOf(c, "")
	say("message.no-null", len(nulls) == 0, "no member that is null: what isn't known is left out", "null at "+strings.Join(nulls, ", "), strings.Join(nulls, ", "))
	identity(c, say)
}

// presented judges launch_presentation (LTI 1.3 §5.4.4).
func presented(_ *seen, c map[string]any, say func(id string, ok bool, expected, seen, where string), object func(string) (map[string]any, bool)) {
	if _, there := c[claim+"launch_presentation"]; !there {
		return
	}
	o, ok := object("launch_presentation")
	target, has := o["document_target"]
	ok = ok && (!has || slices.Contains([]any{"frame", "iframe", "window"}, target))
	for _, name := range []string{"height", "width"} {
		if v, there := o[name]; there {
			_, is := number(v)
			ok = ok && is
		}
	}
	say("message.presentation", ok, "an object; document_target is frame, iframe or window, height and width are numbers", fmt.Sprint(c[claim+"launch_presentation"]), "/launch_presentation")
	if v, there := o["return_url"]; there {
		s, _ := v.(string)
		say("message.return-url", absolute(s), "an absolute address", fmt.Sprint(v), "/launch_presentation/return_url")
	}
}

// identity judges the claims that tell who somebody is: texts, none empty.
func identity(c map[string]any, say func(id string, ok bool, expected, seen, where string)) {
	for _, name := range []string{"name", "given_name", "family_name", "middle_name", "email", "picture", "locale"} {
		if v, there := c[name]; there && v != nil {
			s, is := v.(string)
			what := "a text"
			if is {
				what = "an empty text"
			}
			say("message.identity", is && s != "", "a text that is not empty, or no such claim", what, "/"+name)
		}
	}
}

func nullsOf(v any, at string) []string {
	var out []string
	switch v := v.(type) {
	case nil:
		return []string{at}
	case map[string]any:
		for k, x := range v {
			out = append(out, nullsOf(x, at+"/"+strings.TrimPrefix(k, claim))...)
		}
	case []any:
		for i, x := range v {
			out = append(out, nullsOf(x, fmt.Sprintf("%s/%d", at, i))...)
		}
	}
	slices.Sort(out)
	return out
}
