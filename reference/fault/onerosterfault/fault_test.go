package onerosterfault

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
)

func TestTablesAndBehavioursAgree(t *testing.T) {
	for _, k := range Services() {
		faults, err := k.Faults()
		if err != nil {
			t.Fatal(err)
		}
		variants, err := k.Variants()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			if f.Title == "" || len(f.Breaks) == 0 {
				t.Errorf("fault %s has no title or breaks nothing", f.ID)
			}
			for _, id := range f.Breaks {
				if k == Resources && !strings.HasPrefix(id, "or12.resources.") {
					t.Errorf("fault %s of Resources breaks %s", f.ID, id)
				}
			}
		}
		for _, v := range variants {
			if v.Title == "" || v.Why == "" {
				t.Errorf("variant %s has no title or no reason", v.ID)
			}
		}
		least := 15
		if k == Push || k == AssessmentPush || k == V1P1Resources || k == V1P1Gradebook || k == V1P1Push {
			least = 9 // of writes the standard says little, and of 1.1 the rosters have the rest
		}
		most := 30
		if k == Versions {
			most = 25 // there are as many ways for two versions to differ
		}
		if len(faults) < most || len(variants) < least {
			t.Errorf("%d faults and %d variants; of Resources: %t", len(faults), len(variants), k == Resources)
		}
	}
	if _, err := Wrap(http.NotFoundHandler(), "no-such-fault"); err == nil {
		t.Error("an unknown fault is accepted")
	}
}

// A fault of one service leaves the others alone, and what they share it befalls.
func TestFaultsAreConfined(t *testing.T) {
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Total-Count", "3")
		_, _ = w.Write([]byte(`{"list":[]}`))
	})
	for fault, base := range map[string]string{"total-missing": rosteringBase, "resources-total-missing": resourcesBase,
		"v1p1-total-missing": v1p1Base + "/users", "v1p1-gradebook-total-missing": v1p1Base + "/classes/k/results"} {
		h, err := Wrap(plain, fault)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{rosteringBase + "/courses", "/tenant1" + resourcesBase + "/resources", v1p1Base + "/users",
			v1p1Base + "/classes/k/results", v1p1Base + "/courses/c/resources"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			if missing := w.Header().Get("X-Total-Count") == ""; missing != strings.Contains(path, base) {
				t.Errorf("%s at %s: missing is %v", fault, path, missing)
			}
		}
	}
}

// Variants of the data leave a district whole: assignments lead to what there is, and who
// names a resource has it.
func TestReshapedDistrictsAreWhole(t *testing.T) {
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"one-school", "no-optional-members", "nothing-deleted", "resources-bare", "resources-numbers-alone", "resources-none", "semesters-alone"} {
		reshaped, err := Reshape(d, id)
		if err != nil {
			t.Fatal(err)
		}
		there, owned, byOwner := map[string]bool{}, map[string]bool{}, map[string][]string{}
		for r := range reshaped.Resources() {
			there[r.SourcedID] = true
		}
		for x := range reshaped.CourseResources() {
			byOwner[x.Course] = append(byOwner[x.Course], x.Resource)
		}
		for x := range reshaped.ClassResources() {
			byOwner[x.Class] = append(byOwner[x.Class], x.Resource)
		}
		for x := range reshaped.UserResources() {
			byOwner[x.User] = append(byOwner[x.User], x.Resource)
		}
		check := func(owner string, resources []string) {
			if !slices.Equal(resources, byOwner[owner]) {
				t.Errorf("%s: %s names %q and has %q", id, owner, resources, byOwner[owner])
			}
			for _, r := range resources {
				owned[r] = true
				if !there[r] {
					t.Errorf("%s: %s names %s, which is gone", id, owner, r)
				}
			}
			delete(byOwner, owner)
		}
		for x := range reshaped.Courses() {
			check(x.SourcedID, x.Resources)
		}
		for x := range reshaped.Classes() {
			check(x.SourcedID, x.Resources)
		}
		for x := range reshaped.Users() {
			check(x.SourcedID, x.Resources)
		}
		if len(byOwner) != 0 || len(owned) != len(there) {
			t.Errorf("%s: %d owners who aren't there; %d resources, %d of somebody", id, len(byOwner), len(there), len(owned))
		}
	}
	more, err := Reshape(d, "resources-unassigned")
	if err != nil {
		t.Fatal(err)
	}
	less, err := Reshape(d, "resources-withdrawn")
	if err != nil {
		t.Fatal(err)
	}
	if a, b, c := fixtures.Summarize(less).Resources, fixtures.Summarize(d).Resources, fixtures.Summarize(more).Resources; a != b-1 || c != b+1 {
		t.Errorf("%d, %d and %d resources", a, b, c)
	}
}
