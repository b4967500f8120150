package driver

import (
	"slices"
	"strings"
	"testing"
)

// TestOtherwise: what a product holds from its first sync on with another value than it was told is found, and what it
// merely puts in its own way isn't.
func TestOtherwise(t *testing.T) {
	renamed := func(collection, member string, words map[string]string) func(Objects) {
		return each(collection, func(_ string, o map[string]any) {
			if now, is := words[o[member].(string)]; is {
				o[member] = now
			}
		})
	}
	ofUsers := func(words map[string]string) func(Objects) {
		return each("users", func(_ string, o map[string]any) {
			for _, r := range o["roles"].([]any) {
				role := r.(map[string]any)
				if now, is := words[role["role"].(string)]; is {
					role["role"] = now
				}
			}
		})
	}
	led := func(collection, member, to string) func(Objects) {
		return each(collection, func(_ string, o map[string]any) {
			id := to
			if id == "" {
				id = "lms-" + strings.ReplaceAll(o[member].(map[string]any)["sourcedId"].(string), "-", "0")
			}
			o[member] = map[string]any{"sourcedId": id}
		})
	}
	for name, test := range map[string]struct {
		change func(Objects)
		want   string
	}{
		"as it is": {func(Objects) {}, ""},
		"nothing as a text": {each("users", func(_ string, o map[string]any) {
			if o["grades"] == nil {
				o["grades"] = "null"
			}
		}), "users/grades"},
		"nothing as the product's own word": {each("users", func(_ string, o map[string]any) {
			if o["grades"] == nil {
				o["grades"] = "unknown"
			}
		}), ""},
		"names are swapped": {each("users", func(_ string, o map[string]any) {
			o["givenName"], o["familyName"] = o["familyName"], o["givenName"]
		}), "users/familyName users/givenName"},
		"days before": {each("academicSessions", func(_ string, o map[string]any) {
			o["startDate"], o["endDate"] = "2026-07-31", "2026-12-19"
		}), "academicSessions/endDate academicSessions/startDate"},
		"days as instants elsewhere": {each("academicSessions", func(_ string, o map[string]any) {
			o["startDate"] = "2026-07-31T22:00:00Z"
		}), ""},
		"days as instants of other days": {each("academicSessions", func(_ string, o map[string]any) {
			o["startDate"] = "2026-07-30T22:00:00Z"
		}), "academicSessions/startDate"},
		"one term of each": {each("classes", func(_ string, o map[string]any) {
			o["terms"] = []any{map[string]any{"sourcedId": "t-1"}}
			o["grades"], o["subjects"] = []any{"11"}, []any{}
		}), "classes/grades"},
		"roles in own terms":          {ofUsers(map[string]string{"teacher": "Instructor", "guardian": "Family", "student": "Learner"}), ""},
		"several roles become one":    {ofUsers(map[string]string{"student": "Person", "guardian": "Person", "teacher": "Staff"}), ""},
		"roles become others":         {ofUsers(map[string]string{"teacher": "student", "guardian": "teacher", "student": "aide"}), "users/roles"},
		"roles of enrollments":        {renamed("enrollments", "role", map[string]string{"teacher": "student", "student": "teacher"}), "enrollments/role"},
		"own roles of enrollments":    {renamed("enrollments", "role", map[string]string{"teacher": "editingteacher", "student": "participant"}), ""},
		"truth turned":                {renamed("users", "enabledUser", map[string]string{"true": "false", "false": "true"}), "users/enabledUser"},
		"truth in own terms":          {renamed("users", "enabledUser", map[string]string{"true": "on", "false": "off"}), ""},
		"types become others":         {renamed("orgs", "type", map[string]string{"school": "district", "district": "school"}), "orgs/type"},
		"ids of its own":              {led("enrollments", "class", "4711"), ""},
		"an id of its own for each":   {led("enrollments", "user", ""), ""},
		"one id of its own for all":   {led("enrollments", "user", "4711"), "enrollments/user"},
		"all are in another class":    {led("enrollments", "class", "c-2"), "enrollments/class"},
		"titles in its own words":     {each("classes", func(id string, o map[string]any) { o["title"] = "Course " + id }), "classes/title"},
		"what it doesn't keep at all": {each("classes", func(_ string, o map[string]any) { delete(o, "title") }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			expected, held, h := objects(t, roster), objects(t, roster), Holder{}
			test.change(held)
			l := h.Learn(expected, &Held{Objects: held}, nil)
			var got []string
			for _, d := range l.Otherwise {
				got = append(got, d.Collection+d.Member)
			}
			if got = slices.Compact(got); strings.Join(got, " ") != test.want {
				t.Errorf("%v, not %q", l.Otherwise, test.want)
			}
			if test.want == "" || name == "one term of each" {
				return
			}
			if later := h.Compare(expected, &Held{Objects: held}, l); len(later) > 0 {
				t.Errorf("it is told again: %v", later)
			}
		})
	}
}

// TestOtherwiseUnkept: a reference to what the product doesn't keep may be left out.
func TestOtherwiseUnkept(t *testing.T) {
	expected, held := objects(t, roster), objects(t, roster)
	delete(held["academicSessions"], "y-1")
	delete(held["classes"], "c-2")
	held["classes"]["c-1"]["terms"] = []any{map[string]any{"sourcedId": "t-1"}}
	if l := (Holder{}).Learn(expected, &Held{Objects: held}, nil); len(l.Otherwise) > 0 {
		t.Errorf("%v", l.Otherwise)
	}
	held["academicSessions"]["y-1"] = expected["academicSessions"]["y-1"]
	l := (Holder{}).Learn(expected, &Held{Objects: held}, nil)
	if len(l.Otherwise) != 1 || l.Otherwise[0].String() != "changed: classes/c-1 /terms" {
		t.Errorf("%v", l.Otherwise)
	}
}

// TestKindsUntold: who has left out a kind may leave out new ones; who hasn't is asked for them.
func TestKindsUntold(t *testing.T) {
	for name, leaves := range map[string]bool{"everybody is kept": false, "guardians are left out": true} {
		expected, held, h := objects(t, roster), objects(t, roster), Holder{}
		if leaves {
			delete(held["users"], "u-3")
			delete(held["users"], "u-2")
		}
		l := h.Learn(expected, &Held{Objects: held}, nil)
		expected.put("users", "u-8", map[string]any{"sourcedId": "u-8", "roles": []any{map[string]any{"role": "ext:pilot",
			"org": map[string]any{"sourcedId": "s-1"}}}})
		if found := h.Compare(expected, &Held{Objects: held}, l); (len(found) == 0) != leaves {
			t.Errorf("%s: %v", name, found)
		}
	}
}
