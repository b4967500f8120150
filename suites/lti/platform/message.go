package platform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/legible"
)

func message(t *harness.T, j *judge, s *seen, ids []string) {
	c := s.claims
	say := func(id string, ok bool, expected, seen, where string) {
		t.Assert(Prefix+id, ok, harness.Finding{Sent: s.sent(), Expected: expected, Seen: seen, Where: where, Exchanges: ids})
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
	reachable(t, s, ids)
	if d := text("deployment_id"); d != "" {
		say("message.deployment", slices.Contains(j.target.Deployments, d), "one of "+strings.Join(j.target.Deployments, ", "),
			show("deployment_id"), "/deployment_id")
	}
	say("message.login-target", text("target_link_uri") == s.launch.login.Get("target_link_uri"),
		"that of the login, "+s.launch.login.Get("target_link_uri"), show("target_link_uri"), "/target_link_uri")
	known := []string{j.tool.origin + "/target"}
	if s.link.Target != "" {
		known = []string{s.link.Target}
	}
	if target := text("target_link_uri"); absolute(target) { // what isn't is judged elsewhere
		say("message.target-known", slices.Contains(known, target), known[0]+", as registered", target, "/target_link_uri")
	} else {
		t.NotTested(harness.BlockedBy(Prefix+"message.target", "target_link_uri is no absolute address").Seen(ids...),
			Prefix+"message.target-known")
	}
	list, isList := c[claim+"roles"].([]any)
	mentor := false
	if isList {
		mentor = judgeRoles(say, list)
	} else {
		t.NotTested(harness.BlockedBy(Prefix+"message.roles", "roles is no list").Seen(ids...), Prefix+"message.roles-vocabulary",
			Prefix+"message.roles-known", Prefix+"message.roles-principal")
	}
	locales(t, s, say)
	o, _ := c[claim+"context"].(map[string]any)
	if types, is := o["type"].([]any); is && len(types) > 0 {
		is := func(form *regexp.Regexp) bool {
			return slices.ContainsFunc(types, func(v any) bool { s, _ := v.(string); return form.MatchString(s) })
		}
		good := is(contextForm)
		if !good && is(contextOld) {
			t.Note(Prefix+"message.context-type", "the type has its short name, which is deprecated: %v", types)
			good = true
		}
		say("message.context-type", good, "a list with a type of the vocabulary", fmt.Sprint(types), "/context/type")
	}
	if v := c[claim+"role_scope_mentor"]; v != nil {
		say("message.mentor", mentor, "a list of user ids, for mentors alone", show("role_scope_mentor"), "/role_scope_mentor")
	}
	blanks := blanksOf(c, "")
	say("message.whitespace", len(blanks) == 0, "values without white space around them",
		"white space around what stands at "+strings.Join(blanks, ", "), strings.Join(blanks, ", "))
	odd := misspelt(c)
	say("message.names", len(odd) == 0, "names as LTI spells them", strings.Join(odd, "; "), "/")
	harms := harmsOf(c, "")
	say("message.legible", len(harms) == 0, "texts as somebody wrote them", strings.Join(harms, ", "), "/")
	nulls := nullsOf(c, "")
	say("message.no-null", len(nulls) == 0, "no member that is null: what isn't known is left out", "null at "+strings.Join(nulls, ", "),
		strings.Join(nulls, ", "))
}

// localeForm is a language tag, as loosely as tools take it: with hyphens or, as
// OpenID Connect Core §5.1 has seen, with underscores.
var localeForm = regexp.MustCompile(`^[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*$`)

// locales looks at the languages that a launch names.
func locales(t *harness.T, s *seen, say func(id string, ok bool, expected, seen, where string)) {
	o, _ := s.claims[claim+"launch_presentation"].(map[string]any)
	for _, x := range []struct {
		at string
		v  any
	}{{"/locale", s.claims["locale"]}, {"/launch_presentation/locale", o["locale"]}} {
		if text, is := x.v.(string); is && text != "" {
			say("message.locale", localeForm.MatchString(text), "a language tag, such as en-GB", text, x.at)
		}
	}
	t.NotApplicable(Prefix+"message.locale", "no launch has a locale, which is optional")
}

// reachable tells whether what a launch says of a person's address and portrait can
// be used: an address has an @, a portrait is at an absolute address.
func reachable(t *harness.T, s *seen, ids []string) {
	for name, fits := range map[string]func(string) bool{"email": func(v string) bool { return strings.Contains(v, "@") },
		"picture": absolute} {
		if v, _ := s.claims[name].(string); v != "" && !fits(v) {
			t.Fail(Prefix+"message.identity", harness.Finding{
				Sent:      s.sent(),
				Expected:  map[string]string{"email": "an address with an @", "picture": "an absolute address"}[name],
				Seen:      "another text",
				Where:     "/" + name,
				Exchanges: ids,
			})
		}
	}
}

// nullsOf lists where null stands.
func nullsOf(v any, at string) []string {
	return placesOf(v, at, true, func(v any) (string, bool) { return "", v == nil })
}

// blanksOf lists where a text begins or ends with white space.
func blanksOf(v any, at string) []string {
	return placesOf(v, at, false, func(v any) (string, bool) {
		s, _ := v.(string)
		return "", strings.TrimSpace(s) != s
	})
}

// harmsOf lists where texts suffered on their way, and what.
func harmsOf(v any, at string) []string {
	return placesOf(v, at, false, func(v any) (string, bool) {
		s, _ := v.(string)
		harm := legible.Of(s)
		return ": " + string(harm), harm != legible.Whole
	})
}

// placesOf lists where in a token a value is of a kind, and what there is to say of each.
// Custom parameters are the tool's own, and looked at only where custom says so.
func placesOf(v any, at string, custom bool, is func(v any) (note string, found bool)) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if custom || k != claim+"custom" {
				out = append(out, placesOf(x, at+"/"+strings.TrimPrefix(k, claim), custom, is)...)
			}
		}
	case []any:
		for i, x := range v {
			out = append(out, placesOf(x, fmt.Sprintf("%s/%d", at, i), custom, is)...)
		}
	default:
		if note, found := is(v); found {
			return []string{at + note}
		}
	}
	slices.Sort(out)
	return out
}
