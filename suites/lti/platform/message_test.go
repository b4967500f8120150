package platform

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestHarmsOfAToken(t *testing.T) {
	claims := map[string]any{"name": "JosÃ© Núñez", claim + "context": map[string]any{"title": "R &amp; D", "label": "Q&A"}, claim + "custom": map[string]any{"x": "&amp;"}}
	if harms := harmsOf(claims, ""); len(harms) != 2 || !strings.HasPrefix(harms[0], "/context/title: ") || !strings.HasPrefix(harms[1], "/name: ") {
		t.Errorf("%q", harms)
	}
}

func TestVocabularies(t *testing.T) {
	for role, known := range map[string]bool{
		"http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor":                   true,
		"http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant": true,
		"http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student":              true,
		"http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin":                  true,
		"http://purl.imsglobal.org/vocab/lti/system/person#TestUser":                     true,
		"Learner": true, "Mentor": true,
		"http://purl.imsglobal.org/vocab/lis/v2/membership/Officer#Vice-Chair":           true,
		"http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#Bogus":             false,
		"http://purl.imsglobal.org/vocab/lis/v2/membership#TeachingAssistant":            false,
		"https://purl.imsglobal.org/vocab/lis/v2/membership#Instructor":                  false,
		"http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor/TeachingAssistant": false,
		"urn:lti:role:ims/lis/Instructor":                                                true, "Student": false, "": false,
	} {
		if inVocabulary(role) != known {
			t.Errorf("%q: known is %t", role, !known)
		}
	}
	for kind, known := range map[string]bool{"http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection": true, "http://purl.imsglobal.org/vocab/lis/v2/course#CourseGroup": false, "CourseSection": false} {
		if contextForm.MatchString(kind) != known {
			t.Errorf("%q: known is %t", kind, !known)
		}
	}
}

func TestNulls(t *testing.T) {
	var claims map[string]any
	if err := json.Unmarshal([]byte(`{"a":1,"b":null,"`+claim+`context":{"label":null,"type":["x",null]},"c":[]}`), &claims); err != nil {
		t.Fatal(err)
	}
	if got, want := nullsOf(claims, ""), []string{"/b", "/context/label", "/context/type/1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// The suite as a value: ids are its own, and each requirement is in the catalogue.
func TestSuite(t *testing.T) {
	s := Suite()
	if len(s.Checks) < 30 {
		t.Errorf("%d checks", len(s.Checks))
	}
	again := Suite()
	for i, c := range s.Checks {
		if !slices.Equal(c.Requirements, again.Checks[i].Requirements) {
			t.Errorf("%s changes when the suite is made twice", c.ID)
		}
	}
}
