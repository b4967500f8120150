package nrps

import (
	"slices"
	"strings"
	"testing"
)

// Parameters are added to what an address has, which stays as it is.
func TestWith(t *testing.T) {
	for address, want := range map[string]string{
		"https://x/m":              "https://x/m?role=a%23b&limit=1",
		"https://x/m?course=7":     "https://x/m?course=7&role=a%23b&limit=1",
		"https://x/m?course=7%2F8": "https://x/m?course=7%2F8&role=a%23b&limit=1",
	} {
		if got := with(address, "role", "a#b", "limit", "1"); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

// A changed token is another one, whatever it was.
func TestTurned(t *testing.T) {
	for _, token := range []string{"abcd", "aaaa", "x", "eyJ.eyJ.sig"} {
		if got := turned(token); got == token || !strings.HasPrefix(got, token[:len(token)/2]) {
			t.Errorf("%s becomes %s", token, got)
		}
	}
}

func TestPlaceless(t *testing.T) {
	for pointer, want := range map[string]string{"/members/12/roles/0": "/members/*/roles/*", "/members": "/members", "/members/3": "/members/*", "/a/1/2/3": "/a/*/*/*"} {
		if got := placeless(pointer); got != want {
			t.Errorf("%s: %s", pointer, got)
		}
	}
}

// Roles count by what they stand for, in whatever spelling; a role that refines another isn't
// that role plainly.
func TestPrincipals(t *testing.T) {
	const assistant = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"
	for name, test := range map[string]struct {
		roles   any
		want    []string
		plainly bool
	}{
		"a list":      {[]any{membership + "Instructor", "urn:lti:role:ims/lis/Learner", "https://vendor.example/x", 7.0}, []string{"Instructor", "Learner"}, true},
		"short names": {[]any{"Instructor"}, []string{"Instructor"}, true},
		"refined":     {[]any{assistant}, []string{"Instructor"}, false},
		"a text":      {membership + "Instructor", []string{"Instructor"}, false},
		"nothing":     {nil, nil, false},
	} {
		m := member{"roles": test.roles}
		if got := m.principals(); !slices.Equal(got, test.want) || m.plainly("Instructor") != test.plainly {
			t.Errorf("%s: %v, plainly %t", name, got, m.plainly("Instructor"))
		}
	}
}

func TestDiffer(t *testing.T) {
	set := func(ids ...string) map[string]member {
		out := map[string]member{}
		for _, id := range ids {
			out[id] = member{"user_id": id}
		}
		return out
	}
	for _, test := range []struct {
		got, want map[string]member
		says      string
	}{
		{set("a", "b"), set("b", "a"), ""},
		{set("a"), set("a", "b"), "one member missing"},
		{set("a", "b", "c"), set("a"), "2 members more"},
		{set("a", "c"), set("a", "b"), "one member missing, one member more"},
	} {
		if says := differ(test.got, test.want); says != test.says {
			t.Errorf("%q, want %q", says, test.says)
		}
	}
}
