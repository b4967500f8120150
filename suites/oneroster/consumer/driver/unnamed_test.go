package driver

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	enrollment := func(user, class, role, status string) map[string]any {
		return map[string]any{"user": map[string]any{"sourcedId": user}, "class": map[string]any{"sourcedId": class}, "role": role, "status": status}
	}
	known := Objects{"enrollments": {
		"e1": enrollment("u1", "c1", "student", "active"),
		"e2": enrollment("u1", "c2", "student", "tobedeleted"),
		"e3": enrollment("u1", "c2", "student", "active"),
		"e4": enrollment("u2", "c1", "teacher", "active"),
		"e5": enrollment("u2", "c1", "aide", "active"),
	}}
	before := Objects{"enrollments": {"e9": enrollment("u9", "c1", "student", "active")}}
	for _, test := range []struct{ name, lines, ids, twice string }{
		{"by user and class", `{"collection":"enrollments","user":{"sourcedId":"u1"},"class":{"sourcedId":"c1"}}`, "e1", ""},
		{"as CSV has it", `{"collection":"enrollments","userSourcedId":"u1","classSourcedId":"c1"}`, "e1", ""},
		{"the active one", `{"collection":"enrollments","user":"u1","class":"c2","role":"Student"}`, "e3", ""},
		{"by role", `{"collection":"enrollments","user":"u2","class":"c1","role":"aide"}`, "e5", ""},
		{"both roles", `{"collection":"enrollments","user":"u2","class":"c1"} {"collection":"enrollments","user":"u2","class":"c1"}`, "e4 e5", ""},
		{"one that is no more", `{"collection":"enrollments","user":"u9","class":"c1"}`, "e9", ""},
		{"one that never was", `{"collection":"enrollments","user":"u7","class":"c1","role":"student"}`, "c1/u7/student", ""},
		{"one twice", `{"collection":"enrollments","user":"u7","class":"c1"} {"collection":"enrollments","user":"u7","class":"c1"}`, "c1/u7/", "enrollments/c1/u7/"},
		{"beside one with its name", `{"collection":"enrollments","sourcedId":"e4","user":"u2","class":"c1"} {"collection":"enrollments","user":"u2","class":"c1"}`,
			"e4 e5", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := newLines("there")
			if err := in.read(strings.NewReader(test.lines)); err != nil {
				t.Fatal(err)
			}
			held := in.held()
			held.Name(known, before)
			if got := strings.Join(slices.Sorted(maps.Keys(held.Objects["enrollments"])), " "); got != test.ids {
				t.Errorf("they are called %q, want %q", got, test.ids)
			}
			if got := strings.Join(held.Twice, " "); got != test.twice {
				t.Errorf("twice: %q, want %q", got, test.twice)
			}
		})
	}
	in := newLines("there")
	if err := in.read(strings.NewReader(`{"collection":"enrollments","user":"u1"}`)); err == nil || !strings.Contains(err.Error(), "sourcedId") {
		t.Errorf("an enrollment that names no class is taken: %v", err)
	}
}
