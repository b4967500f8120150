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
)

// variable is how a substitution variable is written (LTI 1.3 §5.4.6, appendix B);
// other texts that begin with $ are plain.
var variable = regexp.MustCompile(`^\$[A-Z][A-Za-z0-9]*(\.[A-Za-z0-9]+)+$`)

// variableClaims says which claim has the same value as a variable (LTI 1.3
// appendix B names them side by side): a claim, and a member of it.
var variableClaims = map[string][]string{
	"$User.id": {"sub"}, "$User.image": {"picture"},
	"$Person.name.full": {"name"}, "$Person.name.given": {"given_name"}, "$Person.name.family": {"family_name"}, "$Person.name.middle": {"middle_name"},
	"$Person.email.primary": {"email"}, "$Person.sourcedId": {claim + "lis", "person_sourcedid"},
	"$Context.id": {claim + "context", "id"}, "$Context.title": {claim + "context", "title"}, "$Context.label": {claim + "context", "label"},
	"$CourseOffering.sourcedId": {claim + "lis", "course_offering_sourcedid"}, "$CourseSection.sourcedId": {claim + "lis", "course_section_sourcedid"},
	"$ResourceLink.id": {claim + "resource_link", "id"}, "$ResourceLink.title": {claim + "resource_link", "title"}, "$ResourceLink.description": {claim + "resource_link", "description"},
	"$ToolPlatformInstance.guid": {claim + "tool_platform", "guid"}, "$ToolPlatformInstance.name": {claim + "tool_platform", "name"},
	"$ToolPlatformInstance.description": {claim + "tool_platform", "description"}, "$ToolPlatformInstance.url": {claim + "tool_platform", "url"},
	"$ToolPlatformInstance.contactEmail": {claim + "tool_platform", "contact_email"},
	"$ToolPlatform.productFamilyCode":    {claim + "tool_platform", "product_family_code"}, "$ToolPlatform.version": {claim + "tool_platform", "version"},
	"$Message.documentTarget": {claim + "launch_presentation", "document_target"}, "$Message.returnUrl": {claim + "launch_presentation", "return_url"},
	"$Message.locale": {claim + "launch_presentation", "locale"},
}

// custom compares custom parameters with what the target file says of each link.
func custom(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	var bare *harness.Obstacle // a variable whose value no claim has
	for _, l := range j.target.Platform.Links {
		if len(l.Custom) == 0 {
			continue
		}
		s := j.good(ctx, s.user, l)
		ids := s.keep(t, "the link "+l.Name)
		if s.claims == nil {
			t.NotTested(j.halted(t, s, "the link "+l.Name))
			continue
		}
		got, _ := s.claims[claim+"custom"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(l.Custom)) {
			want := l.Custom[name]
			if odd, there := got[name]; there && !isText(odd) { // custom parameters are texts (LTI 1.3 §5.4.6)
				judged := []string{Prefix + "custom.plain"}
				if variable.MatchString(want) {
					judged = []string{Prefix + "custom.substituted", Prefix + "custom.value"}
				}
				t.NotTested(harness.BlockedBy(Prefix+"message.custom", name+" is no text but "+kindOf(odd)).Seen(ids...), judged...)
				continue
			}
			v, there := got[name].(string)
			f := harness.Finding{Sent: "the link " + l.Name, Where: "/custom/" + name, Exchanges: ids}
			switch f.Seen = "no " + name; {
			case !variable.MatchString(want):
				f.Expected = want
				if there {
					f.Seen = fmt.Sprintf("%q", t.Show(veil(j, v), v))
				}
				t.Assert(Prefix+"custom.plain", there && v == want, f)
			default:
				f.Expected = "the value of " + want
				if there {
					f.Seen = "another text" // a value may be somebody's name
				}
				if there && v == want {
					f.Seen = want + " itself"
				}
				if t.Assert(Prefix+"custom.substituted", there && v != want, f) {
					if o, none := valued(t, s, want, v, f); none {
						bare = &o
					}
				} else {
					t.NotTested(harness.BlockedBy(Prefix+"custom.substituted", want+" was not substituted").Seen(ids...), Prefix+"custom.value")
				}
			}
		}
	}
	if bare != nil && !t.Looked(Prefix+"custom.value") {
		t.NotTested(*bare, Prefix+"custom.value")
	}
	remedy := "Give custom parameters to Rollcall's registration, one plain and one with a variable, and name them in lti.platform.links."
	t.NotTested(harness.Unconfigured("the target file names no such custom parameters", remedy))
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

// valued compares what was substituted with the claim that has the same value, where
// both were sent; none says that the launch has no such claim.
func valued(t *harness.T, s *seen, name, value string, f harness.Finding) (o harness.Obstacle, none bool) {
	const id, remedy = Prefix + "custom.value", "Use $User.id, $Context.id or $ResourceLink.id, whose values are in every launch."
	if name == "$Membership.role" {
		list, _ := s.claims[claim+"roles"].([]any)
		if len(list) == 0 {
			return harness.Unconfigured("the launch has no roles beside "+name, remedy), true
		}
		f.Expected = "roles of /roles: all, or those in the course"
		t.Assert(id, rolesWithin(value, list), f)
		return o, false
	}
	path := variableClaims[name]
	var v any = s.claims
	for _, member := range path {
		o, _ := v.(map[string]any)
		v = o[member]
	}
	text, is := v.(string)
	if !is || text == "" {
		return harness.Unconfigured("no claim of the launch has the value of "+name, remedy), true
	}
	f.Expected = "what /" + strings.TrimPrefix(strings.Join(path, "/"), claim) + " says"
	t.Assert(id, value == text, f)
	return o, false
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
