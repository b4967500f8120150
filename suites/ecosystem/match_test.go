package ecosystem

import (
	"slices"
	"testing"
	"time"
)

// TestKnownAs: somebody is found by the id that they should have, by one that is kept beside another, and by their mail
// address where the system knows them by neither; never by the last where it knows them.
func TestKnownAs(t *testing.T) {
	user := object{"sourcedId": "u-1", "userMasterIdentifier": "M-1", "email": "ann@school.example", "givenName": "Ann", "familyName": "Lee"}
	ids := []string{"u-1", "M-1"}
	for name, c := range map[string]struct {
		users map[string]object
		want  []string
	}{
		"as they should be": {map[string]object{"u-1": {}, "x": {"email": "ann@school.example"}}, []string{"u-1", "u-1", "M-1"}},
		"an id beside":      {map[string]object{"77": {"userMasterIdentifier": "M-1"}}, []string{"77", "u-1", "M-1"}},
		"by mail":           {map[string]object{"77": {"email": "ANN@school.example"}}, []string{"77", "u-1", "M-1"}},
		"not at all":        {map[string]object{"77": {"email": "bob@school.example"}}, []string{"u-1", "M-1"}},
	} {
		h := Holding{Objects: map[string]map[string]object{"users": c.users}}
		if got := h.as(ids, user); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
	h := Holding{Objects: map[string]map[string]object{"users": {"77": {"email": "ann@school.example"}},
		"enrollments": {"e": {"user": map[string]any{"sourcedId": "77"}}}}}
	if h.enrolls(ids) || !h.enrolls(h.as(ids, user)) {
		t.Error("who is known by their mail address is in the class under that alone")
	}
}

// TestSince: an instant of the SIS counts from a minute before on, for clocks differ; what can't be read doesn't.
func TestSince(t *testing.T) {
	began := time.Date(2026, 12, 1, 11, 0, 0, 0, time.UTC)
	for instant, want := range map[string]bool{"2026-12-01T11:00:01Z": true, "2026-12-01T12:59:30+02:00": true, "2026-12-01T10:58:00Z": false,
		"yesterday": false, "": false} {
		if got := since(instant, began); got != want {
			t.Errorf("%s: %v", instant, got)
		}
	}
}
