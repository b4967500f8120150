package platform

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// variable is how a substitution variable is written (LTI 1.3 §5.4.6, appendix B);
// other texts that begin with $ are plain.
var variable = regexp.MustCompile(`^\$[A-Z][A-Za-z0-9]*(\.[A-Za-z0-9]+)+$`)

// variableClaims says which claim has the same value as a variable (LTI 1.3
// appendix B names them side by side): a claim, and a member of it.
var variableClaims = map[string][]string{
	"$User.id": {"sub"}, "$User.image": {"picture"}, "$User.scope.mentor": {claim + "role_scope_mentor"}, "$Membership.role": {claim + "roles"},
	"$Person.name.full": {"name"}, "$Person.name.given": {"given_name"}, "$Person.name.family": {"family_name"}, "$Person.name.middle": {"middle_name"},
	"$Person.email.primary": {"email"}, "$Person.sourcedId": {claim + "lis", "person_sourcedid"},
	"$Context.id": {claim + "context", "id"}, "$Context.title": {claim + "context", "title"}, "$Context.label": {claim + "context", "label"}, "$Context.type": {claim + "context", "type"},
	"$CourseOffering.sourcedId": {claim + "lis", "course_offering_sourcedid"}, "$CourseSection.sourcedId": {claim + "lis", "course_section_sourcedid"},
	"$ResourceLink.id": {claim + "resource_link", "id"}, "$ResourceLink.title": {claim + "resource_link", "title"}, "$ResourceLink.description": {claim + "resource_link", "description"},
	"$ToolPlatformInstance.guid": {claim + "tool_platform", "guid"}, "$ToolPlatformInstance.name": {claim + "tool_platform", "name"},
	"$ToolPlatformInstance.description": {claim + "tool_platform", "description"}, "$ToolPlatformInstance.url": {claim + "tool_platform", "url"},
	"$ToolPlatformInstance.contactEmail": {claim + "tool_platform", "contact_email"},
	"$ToolPlatform.productFamilyCode":    {claim + "tool_platform", "product_family_code"}, "$ToolPlatform.version": {claim + "tool_platform", "version"},
	"$Message.documentTarget": {claim + "launch_presentation", "document_target"}, "$Message.returnUrl": {claim + "launch_presentation", "return_url"},
	"$Message.locale": {claim + "launch_presentation", "locale"}, "$Message.height": {claim + "launch_presentation", "height"}, "$Message.width": {claim + "launch_presentation", "width"},
}

// Variables are the substitution variables whose values a launch has in a claim too, by
// which the judge tells whether they are right (LTI 1.3 appendix B).
func Variables() []string { return slices.Sorted(maps.Keys(variableClaims)) }

// custom compares custom parameters with what the target file says of each link. Links are
// opened by the first user, and the first of them by everybody: what is one person's own
// shows with others alone.
func custom(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	var bare *harness.Obstacle // a variable whose value no claim has
	links, users := j.target.Platform.Links, j.target.Platform.Users
	for n, l := range links {
		wanted := customOf(links, l)
		for m, u := range users {
			if len(wanted) == 0 || n > 0 && m > 0 {
				continue
			}
			s := j.good(ctx, u, l)
			if s.claims == nil {
				t.NotTested(j.halted(t, s, s.sent()))
				continue
			}
			ids := s.keep(t, s.sent())
			for _, name := range slices.Sorted(maps.Keys(wanted)) {
				if o := j.judgeParameter(t, s, name, wanted[name], ids); o != nil {
					bare = o
				}
			}
		}
	}
	if bare != nil && !t.Looked(Prefix+"custom.value") {
		t.NotTested(*bare, Prefix+"custom.value")
	}
	if bare != nil && !t.Looked(Prefix+"custom.substituted") {
		t.NotTested(*bare, Prefix+"custom.substituted")
	}
}

// customOf are the parameters that a launch of a link carries: its own, or those of the
// link that it is, opened in another way.
func customOf(links []lti.Link, l lti.Link) map[string]string {
	if len(l.Custom) == 0 && l.SameAs != "" {
		if i := slices.IndexFunc(links, func(o lti.Link) bool { return o.Name == l.SameAs }); i >= 0 {
			return links[i].Custom
		}
	}
	return l.Custom
}

// judgeParameter judges a custom parameter of a launch by the text that was registered for
// it; the obstacle says that no claim has the value of its variable.
func (j *judge) judgeParameter(t *harness.T, s *seen, name, registered string, ids []string) *harness.Obstacle {
	got, _ := s.claims[claim+"custom"].(map[string]any)
	isVariable := variable.MatchString(registered)
	if odd, there := got[name]; there && !isText(odd) { // custom parameters are texts (LTI 1.3 §5.4.6)
		judged := []string{Prefix + "custom.plain"}
		if isVariable {
			judged = []string{Prefix + "custom.substituted", Prefix + "custom.value"}
		}
		t.NotTested(harness.BlockedBy(Prefix+"message.custom", name+" is no text but "+kindOf(odd)).Seen(ids...), judged...)
		return nil
	}
	v, there := got[name].(string)
	f := harness.Finding{Sent: s.sent(), Where: "/custom/" + name, Exchanges: ids, Seen: "no " + name}
	if !isVariable {
		f.Expected = registered
		if there {
			f.Seen = fmt.Sprintf("%q", t.Show(veil(j, v), v))
		}
		t.Assert(Prefix+"custom.plain", there && v == registered, f)
		return nil
	}
	path, known := variableClaims[registered]
	value, has := s.claimed(path)
	if known && !has && (!there || v == registered || v == "") {
		// What this launch has no value for can't be put in: nobody's mentor has no learners.
		o := harness.Unconfigured("no claim of the launch has the value of "+registered, valueRemedy)
		return &o
	}
	f.Expected = "the value of " + registered
	if there {
		f.Seen = "another text" // a value may be somebody's name
	}
	if there && v == registered {
		f.Seen = registered + " itself"
	}
	if !t.Assert(Prefix+"custom.substituted", there && v != registered, f) {
		t.NotTested(harness.BlockedBy(Prefix+"custom.substituted", registered+" was not substituted").Seen(ids...), Prefix+"custom.value")
		return nil
	}
	if !has {
		o := harness.Unconfigured("no claim of the launch has the value of "+registered, valueRemedy)
		return &o
	}
	f.Expected = "what /" + strings.TrimPrefix(strings.Join(path, "/"), claim) + " says"
	if registered == "$Membership.role" {
		f.Expected = "roles of /roles: all, or those in the course"
	}
	t.Assert(Prefix+"custom.value", sameValue(registered, v, value), f)
	return nil
}

const valueRemedy = "Use $User.id, $Context.id or $ResourceLink.id, whose values are in every launch."

// claimed reads the claim that lies at a path; has tells whether it says anything.
func (s *seen) claimed(path []string) (value any, has bool) {
	value = s.claims
	for _, member := range path {
		o, _ := value.(map[string]any)
		value = o[member]
	}
	switch v := value.(type) {
	case string:
		return v, v != ""
	case float64:
		return v, true
	case []any:
		return v, len(v) > 0
	}
	return nil, false
}

// sameValue tells whether a text says what a claim says: lists are written with commas,
// in any order, and numbers in digits.
func sameValue(variable, text string, value any) bool {
	switch v := value.(type) {
	case float64:
		return text == strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		if variable == "$Membership.role" {
			return rolesWithin(text, v)
		}
		if variable == "$Context.type" { // a platform may know one, or its short name
			return withinTypes(text, v)
		}
		return slices.Equal(sortedTexts(strings.Split(text, ",")), sortedTexts(texts(v)))
	}
	return text == value
}

// withinTypes tells whether the types that a text names, in full or by their short names,
// are among those of the claim.
func withinTypes(text string, list []any) bool {
	short := func(name string) string { return name[max(strings.LastIndexAny(name, "#/"), -1)+1:] }
	claimed := map[string]bool{}
	for _, name := range texts(list) {
		claimed[short(name)] = true
	}
	for name := range strings.SplitSeq(text, ",") {
		if !claimed[short(strings.TrimSpace(name))] {
			return false
		}
	}
	return true
}

func texts(list []any) (out []string) {
	for _, v := range list {
		text, _ := v.(string)
		out = append(out, text)
	}
	return out
}

func sortedTexts(list []string) (out []string) {
	for _, text := range list {
		out = append(out, strings.TrimSpace(text))
	}
	slices.Sort(out)
	return out
}

func isText(v any) bool { _, is := v.(string); return is }

// shortNumber is the most digits of a number that is shown: longer ones may be somebody's.
const shortNumber = 4

// kindOf words a value of JSON that should have been a text, and shows it where it can be
// nobody's.
func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(v)
	case float64:
		if text := strconv.FormatFloat(v, 'f', -1, 64); len(text) <= shortNumber {
			return "the number " + text
		}
		return "a number"
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case map[string]any:
		return "an object"
	}
	return "a text"
}

// veil gives a member name under which a custom value may be shown: one that the target
// file doesn't give may be somebody's name.
func veil(j *judge, value string) string {
	for _, l := range j.target.Platform.Links {
		for _, v := range l.Custom {
			if v == value {
				return "custom"
			}
		}
	}
	return "givenName"
}

// rolesWithin tells whether the roles that a variable stands for are among those of
// the claim: it may stand for those in the course alone, and name each by any of its names.
func rolesWithin(value string, list []any) bool {
	claimed := map[string]bool{}
	for _, r := range list {
		role, _ := r.(string)
		claimed[roleName(role)] = true
	}
	for role := range strings.SplitSeq(value, ",") {
		if !claimed[roleName(strings.TrimSpace(role))] {
			return false
		}
	}
	return true
}

// roleName is one name for a role, however it is written: in full, short, or as LTI 1.1
// had it.
func roleName(role string) string {
	if main, sub := refined(role); main != "" {
		return main + "/" + sub
	}
	for _, kind := range []string{"system", "institution"} {
		for _, prefix := range otherNames[kind] {
			if name, is := strings.CutPrefix(role, prefix); is {
				return kind + ":" + name
			}
		}
	}
	return role
}

// otherNames begin the roles outside of courses: as they are written now, and as LTI 1.1
// had them (LTI 1.3 appendix A).
var otherNames = map[string][]string{
	"system":      {"http://purl.imsglobal.org/vocab/lis/v2/system/person#", "urn:lti:sysrole:ims/lis/"},
	"institution": {"http://purl.imsglobal.org/vocab/lis/v2/institution/person#", "http://purl.imsglobal.org/vocab/lis/v2/person#", "urn:lti:instrole:ims/lis/"},
}
