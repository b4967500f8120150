package platform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// A token may hold what LTI doesn't know, and tools pass it over (LTI 1.3 §5.4.7). So they
// pass over what is misspelt, and nobody notices.

// claimNames are the claims that LTI itself has, and membersOf the members of those that
// are objects (LTI 1.3 §5.3, §5.4, appendix C).
var (
	claimNames = []string{"message_type", "version", "deployment_id", "target_link_uri", "resource_link", "roles", "context", "tool_platform",
		"role_scope_mentor",
		"launch_presentation", "lis", "custom", "lti1p1", "for_user", "target_uri"}
	membersOf = map[string][]string{
		"resource_link":       {"id", "title", "description"},
		"context":             {"id", "label", "title", "type"},
		"tool_platform":       {"guid", "contact_email", "description", "name", "url", "product_family_code", "version"},
		"launch_presentation": {"document_target", "height", "width", "return_url", "locale"},
		"lis":                 {"person_sourcedid", "course_offering_sourcedid", "course_section_sourcedid"},
	}
)

// misspelt lists the names in a token that LTI doesn't know and that are nearly those that
// it does, each with where it stands.
func misspelt(claims map[string]any) (out []string) {
	look := func(at, name string, known []string) {
		if slices.Contains(known, name) {
			return
		}
		for _, meant := range spelling.Near(name, known) {
			if longer := len(meant) - len(name); max(longer, -longer) <= 2 {
				out = append(out, fmt.Sprintf("%s%s, for %s", at, name, meant))
				return
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		short, is := strings.CutPrefix(name, claim)
		if !is {
			continue
		}
		look("/", short, claimNames)
		o, _ := claims[name].(map[string]any)
		if known := membersOf[short]; known != nil {
			for _, member := range slices.Sorted(maps.Keys(o)) {
				look("/"+short+"/", member, known)
			}
		}
	}
	return out
}
