package platform

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Nothing in a decoded token says who somebody is.
func TestVeiled(t *testing.T) {
	const full, short = "Siân O'Neill", "Al"
	claims := map[string]any{
		"sub": "u-1", "name": full, "given_name": "Siân", "nickname": "Nell", "middle_name": short,
		claim + "custom":        map[string]any{"kind": "judged", "who": full, "other": "Somebody Else", "first": "Siân"},
		claim + "lis":           map[string]any{"person_sourcedid": "sis-4711", "course_section_sourcedid": "class-1"},
		claim + "context":       map[string]any{"title": "History", "label": short},
		claim + "for_user":      map[string]any{"name": full},
		claim + "roles":         []any{"Learner", full},
		"https://vendor/x":      map[string]any{"deep": []any{map[string]any{"author": "Nell"}}},
		claim + "deployment_id": "d-1",
	}
	text, err := json.Marshal(veiled(claims, map[string]bool{"judged": true}, func(string) string { return "~hidden" }, func(string) {}))
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for _, personal := range []string{full, "Nell", "Somebody Else", "sis-4711", `"first":"Siân"`} {
		if strings.Contains(got, personal) {
			t.Errorf("%q is shown", personal)
		}
	}
	// The redactor hides given_name by its name, and a short text is a part of anything.
	for _, plain := range []string{`"given_name":"Siân"`, `"label":"Al"`, `"kind":"judged"`, "class-1", "History", "u-1", "d-1", "Learner"} {
		if !strings.Contains(got, plain) {
			t.Errorf("%q is lost", plain)
		}
	}
	if claims["name"] != full {
		t.Error("what is shown changes what was seen")
	}
}

func TestTypedTextIsHidden(t *testing.T) {
	x := browser.Exchange{URL: "https://p.example/signin?pin=1234&next=a", Body: "user=ann&password=hunter%202"}
	got := hidden(x, []string{"hunter 2", "1234"})
	if strings.Contains(got.Body, "hunter") || strings.Contains(got.URL, "1234") || !strings.Contains(got.Body, "user=ann") || !strings.Contains(got.URL, "next=a") {
		t.Errorf("%q %q", got.URL, got.Body)
	}
}

func TestTampered(t *testing.T) {
	for _, hint := range []string{"", "{}", "a", "x", "abcdefx", `{"launchid":"12_ab"}`, "eyJhbGciOiJSUzI1NiJ9.e30.sig=="} {
		got := tampered(hint)
		if got == hint {
			t.Errorf("%q is not changed", hint)
		}
		if n := len(hint); n > 8 && (got[0] != hint[0] || got[n-1] != hint[n-1]) {
			t.Errorf("%q is changed at an end: %q", hint, got)
		}
	}
}

func TestPlaces(t *testing.T) {
	for address, want := range map[string]string{
		"https://t.example/callback/../elsewhere": "https://t.example/elsewhere", "https://a@t.example/callback?x#y": "https://t.example/callback",
		"https://t.example/callback/": "https://t.example/callback/", "://": "",
	} {
		if got := place(address); got != want {
			t.Errorf("%s is %s, want %s", address, got, want)
		}
	}
}

func TestRolesAreTakenApart(t *testing.T) {
	for role, want := range map[string]string{
		inContext + "#Instructor": "Instructor", "Learner": "Learner", inContext + "/Learner#Instructor": "Learner", inContext + "/Instructor#Lecturer": "Instructor",
		strings.Replace(inContext, "http:", "https:", 1) + "#Instructor": "", "x/membership#Instructor": "", inContext + "#Lecturer": "", inContext + "Instructor": "", inContext + "#": "",
	} {
		if got := principal(role); got != want {
			t.Errorf("%s is %q, want %q", role, got, want)
		}
	}
}
