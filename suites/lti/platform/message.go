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
	show := func(name string) string {
		if v, there := c[claim+name]; there {
			return fmt.Sprintf("%v", v)
		}
		return "no " + name
	}
	// The form of each claim is judged by the schema; here is what no schema can say.
	shape(t, s, ids, map[string]bool{})
	if d := text("deployment_id"); d != "" {
		say("message.deployment", slices.Contains(j.target.Deployments, d), "one of "+strings.Join(j.target.Deployments, ", "), show("deployment_id"), "/deployment_id")
	}
	say("message.login-target", text("target_link_uri") == s.launch.login.Get("target_link_uri"), "that of the login, "+s.launch.login.Get("target_link_uri"), show("target_link_uri"), "/target_link_uri")
	list, isList := c[claim+"roles"].([]any)
	known, mentor := len(list) == 0, false
	for _, r := range list {
		name, _ := r.(string)
		known = known || roleForm.MatchString(name)
		mentor = mentor || mentorForm.MatchString(name) || name == "Mentor"
	}
	if isList {
		say("message.roles-vocabulary", known, "at least one role of the vocabularies", show("roles"), "/roles")
	}
	o, _ := c[claim+"context"].(map[string]any)
	if types, is := o["type"].([]any); is && len(types) > 0 {
		good := slices.ContainsFunc(types, func(v any) bool { s, _ := v.(string); return contextForm.MatchString(s) })
		say("message.context-type", good, "a list with a type of the vocabulary", fmt.Sprint(types), "/context/type")
	}
	if v := c[claim+"role_scope_mentor"]; v != nil {
		say("message.mentor", mentor, "a list of user ids, for mentors alone", show("role_scope_mentor"), "/role_scope_mentor")
	}
	nulls := nullsOf(c, "")
	say("message.no-null", len(nulls) == 0, "no member that is null: what isn't known is left out", "null at "+strings.Join(nulls, ", "), strings.Join(nulls, ", "))
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
