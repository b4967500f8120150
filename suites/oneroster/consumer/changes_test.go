package consumer

import (
	"maps"
	"slices"
	"testing"
)

// TestChangesReach: what a phase says that it changes is changed of something that the provider has as active.
func TestChangesReach(t *testing.T) {
	w, err := newWorld(1)
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{version: "1.2", world: w}
	for _, c := range []struct {
		change string
		what   touch
		of     []string
	}{
		{"add", added, []string{"classes", "courses", "enrollments", "orgs", "users"}},
		{"rename", changed, []string{"classes", "courses", "orgs", "users"}},
		{"details", changed, []string{"academicSessions", "demographics", "users"}},
		{"relocate", changed, []string{"classes", "users"}},
		{"reseat", changed, []string{"enrollments"}},
		{"delete", flagged, []string{"demographics", "enrollments", "users"}},
		{"vanish", vanished, []string{"enrollments", "users"}},
		{"return", added, []string{"enrollments", "users"}},
		{"assign", changed, []string{"classes"}},
		{"equip", changed, []string{"resources"}},
	} {
		before := j.told(w)
		changes[c.change](w)
		reached := map[string]bool{}
		for at, what := range touches(before, j.told(w)) {
			if what == c.what {
				reached[at.collection] = true
			}
		}
		for _, collection := range c.of {
			if !reached[collection] {
				t.Errorf("%s reaches %q, and none of %s is %s", c.change, slices.Sorted(maps.Keys(reached)), collection, c.what)
			}
		}
	}
}
