package driver

import (
	"slices"
	"strings"
	"testing"
)

// TestRewrites: what the target file says that a product keeps in its own words isn't compared, is told, and nothing
// else is passed over for it; what is named and not held is told as that.
func TestRewrites(t *testing.T) {
	own := func(o Objects) {
		each("classes", func(id string, o map[string]any) { o["title"] = "Course " + id })(o)
		each("users", func(id string, o map[string]any) { o["phone"] = "on file: " + id })(o)
	}
	for name, test := range map[string]struct {
		rewrites               []string
		change                 func(Objects)
		want, rewritten, later string
	}{
		"nothing is said":    {nil, own, "classes/title users/phone", "", ""},
		"both are said":      {[]string{"classes.title", "users.phone"}, own, "", "classes.title users.phone", ""},
		"one of them is":     {[]string{"users.phone"}, own, "classes/title", "users.phone", ""},
		"another one is":     {[]string{"users.email"}, own, "classes/title users/phone", "users.email", ""},
		"what is in roles":   {[]string{"users.roles"}, func(Objects) {}, "", "users.roles users.roles/begindate users.roles/roletype", ""},
		"what isn't held is": {[]string{"users.phone"}, each("users", func(_ string, o map[string]any) { delete(o, "phone") }), "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			expected, held, h := objects(t, roster), objects(t, roster), Holder{Rewrites: test.rewrites}
			test.change(held)
			l := h.Learn(expected, &Held{Objects: held}, nil)
			var got []string
			for _, d := range l.Otherwise {
				got = append(got, d.Collection+d.Member)
			}
			slices.Sort(got)
			if got = slices.Compact(got); strings.Join(got, " ") != test.want || strings.Join(l.Rewritten, " ") != test.rewritten {
				t.Errorf("%v, and %v isn't compared", got, l.Rewritten)
			}
			if found := h.Compare(expected, &Held{Objects: held}, l); len(found) > 0 {
				t.Errorf("it is told again: %v", found)
			}
			expected["users"]["u-1"]["givenName"] = "Augusta"
			if found := h.Compare(expected, &Held{Objects: held}, l); len(found) != 1 || found[0].Member != "/givenName" {
				t.Errorf("a change of what is compared: %v", found)
			}
		})
	}
}

// TestShows: a change shows where it is one of a member that is compared.
func TestShows(t *testing.T) {
	expected, h := objects(t, roster), Holder{Rewrites: []string{"classes.title"}}
	l := h.Learn(expected, &Held{Objects: objects(t, roster)}, nil)
	was := expected["classes"]["c-1"]
	for member, shows := range map[string]bool{"title": false, "classType": true, "dateLastModified": false} {
		is := objects(t, roster)["classes"]["c-1"]
		if is[member] = "homeroom"; l.Shows("classes", was, is) != shows {
			t.Errorf("a change of %s: %t", member, !shows)
		}
		delete(is, member)
		if l.Shows("classes", was, is) != shows {
			t.Errorf("without %s: %t", member, !shows)
		}
	}
}
