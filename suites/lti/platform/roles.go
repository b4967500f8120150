package platform

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Vocabularies (LTI 1.3 appendix A).
var (
	otherRoles = regexp.MustCompile(`^(http://purl\.imsglobal\.org/vocab/lis/v2/system/person#(Administrator|None|AccountAdmin|Creator|SysAdmin|SysSupport|User)` +
		`|http://purl\.imsglobal\.org/vocab/lti/system/person#TestUser` +
		`|http://purl\.imsglobal\.org/vocab/lis/v2/institution/person#(Administrator|Faculty|Guest|None|Other|Staff|Student|Alumni|Instructor|Learner|Member|Mentor|Observer|ProspectiveStudent)` +
		// Deprecated, and allowed.
		`|http://purl\.imsglobal\.org/vocab/lis/v2/person#[A-Za-z]+|urn:lti:(sysrole|instrole):ims/lis/[A-Za-z]+)$`)
	contextForm = regexp.MustCompile(`^http://purl\.imsglobal\.org/vocab/lis/v2/course#(CourseTemplate|CourseOffering|CourseSection|Group)$`)
	contextOld  = regexp.MustCompile(`^(urn:lti:context-type:ims/lis/)?(CourseTemplate|CourseOffering|CourseSection|Group)$`) // deprecated, and allowed
)

// inContext begins the roles that somebody has in a course.
const inContext = "http://purl.imsglobal.org/vocab/lis/v2/membership"

// subRoles are the roles in a course, each with those that refine it.
var subRoles = map[string][]string{
	"Administrator":    {"Administrator", "Developer", "ExternalDeveloper", "ExternalSupport", "ExternalSystemAdministrator", "Support", "SystemAdministrator"},
	"ContentDeveloper": {"ContentDeveloper", "ContentExpert", "ExternalContentExpert", "Librarian"},
	"Instructor": {"ExternalInstructor", "Grader", "GuestInstructor", "Lecturer", "PrimaryInstructor", "SecondaryInstructor", "TeachingAssistant", "TeachingAssistantGroup", "TeachingAssistantOffering",
		"TeachingAssistantSection", "TeachingAssistantSectionAssociation", "TeachingAssistantTemplate"},
	"Learner": {"ExternalLearner", "GuestLearner", "Instructor", "Learner", "NonCreditLearner"},
	"Manager": {"AreaManager", "CourseCoordinator", "ExternalObserver", "Manager", "Observer"},
	"Member":  {"Member"},
	"Mentor": {"Advisor", "Auditor", "ExternalAdvisor", "ExternalAuditor", "ExternalLearningFacilitator", "ExternalMentor", "ExternalReviewer", "ExternalTutor", "LearningFacilitator", "Mentor", "Reviewer",
		"Tutor"},
	"Officer": {"Chair", "Communications", "Secretary", "Treasurer", "Vice-Chair"},
}

// teaching are roles in a course that no learner has: tools show them what only
// teachers may see.
var teaching = []string{"Instructor", "ContentDeveloper", "Administrator"}

// refined takes a role in a course apart: Instructor, and the sub-role if it is one;
// "" for every other role. Short names are deprecated, and allowed.
func refined(role string) (principal, sub string) {
	if subRoles[role] != nil {
		return role, ""
	}
	if name, old := strings.CutPrefix(role, "urn:lti:role:ims/lis/"); old {
		name, sub, _ = strings.Cut(name, "/")
		if subRoles[name] == nil || sub != "" && !slices.Contains(subRoles[name], sub) {
			return "", ""
		}
		return name, sub
	}
	rest, is := strings.CutPrefix(role, inContext)
	if !is {
		return "", ""
	}
	if name, plain := strings.CutPrefix(rest, "#"); plain && subRoles[name] != nil {
		return name, ""
	}
	if name, sub, is := strings.Cut(strings.TrimPrefix(rest, "/"), "#"); is && strings.HasPrefix(rest, "/") &&
		slices.Contains(subRoles[name], sub) {
		return name, sub
	}
	return "", ""
}

// principal is the role in a course that a role stands for, "" for none.
func principal(role string) string { p, _ := refined(role); return p }

// inVocabulary tells whether a role is of the vocabularies, of whatever kind.
func inVocabulary(role string) bool { return principal(role) != "" || otherRoles.MatchString(role) }

// judgeRoles looks at the roles of a launch by themselves.
func judgeRoles(say func(id string, ok bool, expected, seen, where string), list []any) (mentor bool) {
	known := len(list) == 0
	var alike, lone []string
	for _, r := range list {
		name, _ := r.(string)
		known = known || inVocabulary(name)
		main, sub := refined(name)
		mentor = mentor || main == "Mentor"
		if strings.Contains(name, "purl.imsglobal.org") && !inVocabulary(name) {
			alike = append(alike, name)
		}
		if sub != "" && !slices.ContainsFunc(list, func(r any) bool {
			text, _ := r.(string)
			p, sub := refined(text)
			return p == main && sub == ""
		}) {
			lone = append(lone, name)
		}
	}
	say("message.roles-vocabulary", known, "at least one role of the vocabularies", fmt.Sprint(list), "/roles")
	say("message.roles-known", len(alike) == 0, "roles of 1EdTech as the vocabularies have them, letter by letter",
		strings.Join(alike, ", "), "/roles")
	say("message.roles-principal", len(lone) == 0, "the principal role beside its sub-role", strings.Join(lone, ", ")+" alone", "/roles")
	return mentor
}

// roles compares the roles with what the target file says of each user.
func roles(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	for _, u := range j.target.Platform.Users {
		s := j.good(ctx, u, j.target.Platform.Links[0])
		want, id := "Instructor", "roles.instructor"
		if u.Role == "learner" {
			want, id = "Learner", "roles.learner"
		} else if u.Role != "instructor" {
			continue
		}
		if s.claims == nil {
			t.NotTested(j.halted(t, s, s.sent()), Prefix+id)
			continue
		}
		list, _ := s.claims[claim+"roles"].([]any)
		has := func(role string) bool {
			return slices.ContainsFunc(list, func(r any) bool { name, _ := r.(string); return principal(name) == role })
		}
		ok, expected := has(want), "the role "+want+" in the course"
		if want == "Learner" {
			ok = ok && !slices.ContainsFunc(teaching, has)
			expected += ", and none of " + strings.Join(teaching, ", ")
		}
		t.Assert(Prefix+id, ok, harness.Finding{
			Sent:      s.sent(),
			Expected:  expected,
			Seen:      fmt.Sprint(list),
			Where:     "/roles",
			Exchanges: s.keep(t, u.Name),
		})
	}
}
