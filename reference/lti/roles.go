package lti

import "strings"

// The vocabularies of roles (LTI 1.3 appendix A.2).
const (
	Membership  = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
	subRole     = "http://purl.imsglobal.org/vocab/lis/v2/membership/"
	Institution = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
	System      = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
	TestUser    = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
)

// principals are the roles in a course (appendix A.2.3).
var principals = []string{"Administrator", "ContentDeveloper", "Instructor", "Learner", "Mentor", "Manager", "Member", "Officer"}

// InCourse tells which role in the course a launch gives: the principal ones, from
// full names, sub-roles and the short names that are deprecated. Roles of an
// institution or of the system say nothing about the course, and what isn't known
// is ignored (appendix A.2).
func InCourse(roles []string) map[string]bool {
	out := map[string]bool{}
	for _, r := range roles {
		name := r
		if rest, ok := strings.CutPrefix(r, Membership); ok {
			name = rest
		} else if rest, ok := strings.CutPrefix(r, subRole); ok {
			name, _, _ = strings.Cut(rest, "#")
		}
		for _, p := range principals {
			if name == p {
				out[p] = true
			}
		}
	}
	return out
}

// Teaches tells whether the roles let somebody see what teachers see.
func Teaches(roles []string) bool {
	in := InCourse(roles)
	return in["Instructor"] || in["ContentDeveloper"] || in["Administrator"]
}
