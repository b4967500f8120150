package platform

import (
	"slices"
	"testing"
)

func TestMisspelt(t *testing.T) {
	claims := map[string]any{
		claim + "role": []any{}, claim + "resource_link": map[string]any{"id": "1", "Title": "x", "validation_context": nil, "errors": nil},
		claim + "lis": map[string]any{"course_offering_sourcedId": "x", "outcome": "y"}, claim + "custom": map[string]any{"titel": "z"},
		"https://vendor.example/claim/roless": 1, claim + "eulaservice": 1, "names": "x",
	}
	want := []string{"/lis/course_offering_sourcedId, for course_offering_sourcedid", "/resource_link/Title, for title", "/role, for roles"}
	if got := misspelt(claims); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
