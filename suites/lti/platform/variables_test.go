package platform

import (
	"testing"

	"github.com/rollcall-edu/rollcall/suites/lti"
)

func TestVariablesAreToldFromText(t *testing.T) {
	for text, is := range map[string]bool{"$User.id": true, "$CourseSection.timeFrame.begin": true, "$Canvas.user.id": true,
		"$5": false, "$5.00": false, "$": false, "User.id": false, "$user": false, "$User": false, "price $User.id": false, "$User.id extra": false} {
		if variable.MatchString(text) != is {
			t.Errorf("%q: a variable is %t", text, !is)
		}
	}
}

func TestVariablesWithClaims(t *testing.T) {
	for name, path := range variableClaims {
		if !variable.MatchString(name) || len(path) == 0 || len(path) > 2 {
			t.Errorf("%s: %q", name, path)
		}
	}
}

func TestRolesOfAVariable(t *testing.T) {
	const person = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student"
	now := []any{inContext + "#Learner", person, inContext + "/Instructor#Grader"}
	old := []any{"urn:lti:role:ims/lis/Learner", "urn:lti:instrole:ims/lis/Student", "urn:lti:role:ims/lis/Instructor/Grader"}
	for value, within := range map[string]bool{
		inContext + "#Learner": true, "Learner": true, person + "," + inContext + "#Learner": true, inContext + "/Instructor#Grader": true,
		"urn:lti:instrole:ims/lis/Student, urn:lti:role:ims/lis/Learner": true,
		"Learner,Instructor": false, "": false, "4711": false, "urn:lti:sysrole:ims/lis/Student": false,
	} {
		for _, list := range [][]any{now, old} {
			if rolesWithin(value, list) != within {
				t.Errorf("%q of %q: within is %t", value, list, !within)
			}
		}
	}
}

func TestValuesOfVariables(t *testing.T) {
	types := []any{"http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection", "urn:lti:context-type:ims/lis/Group"}
	for _, test := range []struct {
		variable, text string
		claim          any
		same           bool
	}{
		{"$Message.height", "576", 576.0, true}, {"$Message.height", "576px", 576.0, false}, {"$Message.height", "", 576.0, false},
		{"$User.scope.mentor", "b, a", []any{"a", "b"}, true}, {"$User.scope.mentor", "a;b", []any{"a", "b"}, false}, {"$User.scope.mentor", "a", []any{"a", "b"}, false},
		{"$Context.type", types[0].(string), types, true}, {"$Context.type", "Group,CourseSection", types, true}, {"$Context.type", "CourseOffering", types, false}, {"$Context.type", "", types, false},
		{"$Context.title", "Algebra", "Algebra", true}, {"$Context.title", "algebra", "Algebra", false},
	} {
		if sameValue(test.variable, test.text, test.claim) != test.same {
			t.Errorf("%s %q of %v: the same is %t", test.variable, test.text, test.claim, !test.same)
		}
	}
}

func TestParametersOfTheSameLink(t *testing.T) {
	quiz := lti.Link{Name: "quiz", Custom: map[string]string{"a": "b"}}
	links := []lti.Link{quiz, {Name: "framed", SameAs: "quiz"}, {Name: "own", SameAs: "quiz", Custom: map[string]string{"c": "d"}}, {Name: "none"}}
	for i, want := range []string{"a", "a", "c", ""} {
		got := customOf(links, links[i])
		if _, there := got[want]; there != (want != "") {
			t.Errorf("%s: %v", links[i].Name, got)
		}
	}
}

func TestRepliesAreWorded(t *testing.T) {
	long := make([]byte, 500)
	for i := range long {
		long[i] = 'x'
	}
	r := reply{Came: true, Data: map[string]any{"value": string(long)}}
	if got := r.String(); len(got) > 120 {
		t.Errorf("%d characters", len(got))
	}
	if v, _ := r.Data["value"].(string); len(v) != 500 {
		t.Error("what is shown changes what was seen")
	}
	if got := (reply{}).String(); got != "no answer" {
		t.Errorf("%q", got)
	}
}
