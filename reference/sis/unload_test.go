package sis

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/store"
)

func asJSON[T any](t *testing.T, all iter.Seq[T]) []string {
	t.Helper()
	var out []string
	for v := range all {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

func compare[T any](t *testing.T, what string, want, got iter.Seq[T]) {
	t.Helper()
	a, b := asJSON(t, want), asJSON(t, got)
	if len(a) != len(b) || len(a) == 0 {
		t.Errorf("%s: %d, and %d after the store", what, len(a), len(b))
		return
	}
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("%s:\n%s became\n%s", what, a[i], b[i])
			return
		}
	}
}

// What is loaded comes out again.
func TestUnload(t *testing.T) {
	ctx := context.Background()
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenStore(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := Load(ctx, s, d); err != nil {
		t.Fatal(err)
	}
	u, err := Unload(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "orgs", d.Orgs(), u.Orgs())
	compare(t, "academicSessions", d.AcademicSessions(), u.AcademicSessions())
	compare(t, "courses", d.Courses(), u.Courses())
	compare(t, "classes", d.Classes(), u.Classes())
	compare(t, "users", d.Users(), u.Users())
	compare(t, "enrollments", d.Enrollments(), u.Enrollments())
	compare(t, "demographics", d.Demographics(), u.Demographics())
	compare(t, "resources", d.Resources(), u.Resources())
	compare(t, "courseResources", d.CourseResources(), u.CourseResources())
	compare(t, "classResources", d.ClassResources(), u.ClassResources())
	compare(t, "userResources", d.UserResources(), u.UserResources())
	compare(t, "categories", d.Categories(), u.Categories())
	compare(t, "scoreScales", d.ScoreScales(), u.ScoreScales())
	compare(t, "lineItems", d.LineItems(), u.LineItems())
	compare(t, "results", d.Results(), u.Results())
	compare(t, "assessmentLineItems", d.AssessmentLineItems(), u.AssessmentLineItems())
	compare(t, "assessmentResults", d.AssessmentResults(), u.AssessmentResults())
	if u.Err() != nil {
		t.Error(u.Err())
	}
}

// What classes say of their resources over REST stands in a bundle by records.
func TestAssignmentsWithoutRecords(t *testing.T) {
	s, err := OpenStore(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	if err := Load(t.Context(), s, d); err != nil {
		t.Fatal(err)
	}
	count := func() (n int, ids map[string]bool) {
		t.Helper()
		stored, err := Unload(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		ids = map[string]bool{}
		for r := range stored.ClassResources() {
			n++
			ids[r.Class+" "+r.Resource] = true
		}
		if stored.Err() != nil {
			t.Fatal(stored.Err())
		}
		return n, ids
	}
	n, ids := count()
	err = s.Update(t.Context(), func(tx store.Tx) error {
		for r := range d.ClassResources() {
			if _, err := tx.Delete(resources.ClassResources, r.SourcedID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if without, same := count(); n == 0 || without != n || !maps.Equal(same, ids) {
		t.Errorf("%d without records, and %d with them", without, n)
	}
}
