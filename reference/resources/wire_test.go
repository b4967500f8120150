package resources

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/schemas"
)

func district(t *testing.T) fixtures.District {
	t.Helper()
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stored encodes an object and decodes it again, as a store gives it back.
func stored[T any](t *testing.T, object any) (out T, body []byte) {
	t.Helper()
	document, err := oneroster.EncodeDocument(object)
	if err != nil {
		t.Fatal(err)
	}
	body = oneroster.AppendDocument(nil, document, oneroster.Addresses{})
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	return out, body
}

// Every resource of the district is right by the schema of the standard, and comes back as
// it was.
func TestResourcesAreRight(t *testing.T) {
	schema := schemas.MustLoad("oneroster/1.2/resource")
	for r := range district(t).Resources() {
		back, body := stored[Stored](t, Encode(r))
		findings, err := schema.Validate([]byte(`{"resource":` + string(body) + `}`))
		if err != nil || len(findings) > 0 {
			t.Errorf("%s: %v, %v", body, findings, err)
		}
		if got := back.Row(); r.Metadata == nil && !reflect.DeepEqual(got, r) || got.SourcedID != r.SourcedID || len(got.Metadata) != len(r.Metadata) {
			t.Errorf("%+v became %+v", r, got)
		}
	}
}

// What assigns a resource comes back as it was.
func TestAssignmentsComeBack(t *testing.T) {
	d := district(t)
	for r := range d.CourseResources() {
		if back, _ := stored[StoredAssignment](t, EncodeForCourse(r)); !reflect.DeepEqual(back.ForCourse(), r) {
			t.Errorf("%+v became %+v", r, back.ForCourse())
		}
	}
	for r := range d.ClassResources() {
		if back, _ := stored[StoredAssignment](t, EncodeForClass(r)); !reflect.DeepEqual(back.ForClass(), r) {
			t.Errorf("%+v became %+v", r, back.ForClass())
		}
	}
	for r := range d.UserResources() {
		if back, _ := stored[StoredAssignment](t, EncodeForUser(r)); !reflect.DeepEqual(back.ForUser(), r) {
			t.Errorf("%+v became %+v", r, back.ForUser())
		}
	}
}
