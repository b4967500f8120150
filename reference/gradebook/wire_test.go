package gradebook

import (
	"encoding/json"
	"iter"
	"reflect"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/schemas"
)

func districts(t *testing.T) []fixtures.District {
	t.Helper()
	var all []fixtures.District
	for _, size := range []fixtures.Size{fixtures.Small, fixtures.Scale(120)} {
		d, err := fixtures.New(size, fixtures.DefaultSeed)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// right encodes each object, validates it by the schema of the standard, and decodes it
// again, as a store gives it back.
func right[Row any, Stored interface{ Row() Row }](t *testing.T, kind string, rows iter.Seq[Row], encode func(Row) any) {
	t.Helper()
	schema := schemas.MustLoad("oneroster/1.2/" + kind)
	n := 0
	for row := range rows {
		n++
		document, err := oneroster.EncodeDocument(encode(row))
		if err != nil {
			t.Fatal(err)
		}
		body := oneroster.AppendDocument(nil, document, oneroster.Addresses{Service: "https://sis.example", Provider: "https://sis.example"})
		findings, err := schema.Validate([]byte(`{"` + kind + `":` + string(body) + `}`))
		if err != nil || len(findings) > 0 {
			t.Errorf("%s: %v, %v", body, findings, err)
		}
		var stored Stored
		if err := json.Unmarshal(body, &stored); err != nil {
			t.Fatal(err)
		}
		if back := stored.Row(); !reflect.DeepEqual(withoutMetadata(back), withoutMetadata(row)) {
			t.Errorf("%+v became %+v", row, back)
		}
	}
	if n == 0 {
		t.Errorf("no %s", kind)
	}
}

// withoutMetadata leaves out what JSON gives other types to.
func withoutMetadata(row any) any {
	v := reflect.New(reflect.TypeOf(row)).Elem()
	v.Set(reflect.ValueOf(row))
	v.FieldByName("Metadata").SetZero()
	return v.Interface()
}

// Every object of gradebooks and assessments is right by the schema of the standard, and
// comes back as it was.
func TestObjectsAreRight(t *testing.T) {
	for _, d := range districts(t) {
		right[fixtures.Category, StoredCategory](t, "category", d.Categories(), EncodeCategory)
		right[fixtures.ScoreScale, StoredScoreScale](t, "scoreScale", d.ScoreScales(), EncodeScoreScale)
		right[fixtures.LineItem, StoredLineItem](t, "lineItem", d.LineItems(), EncodeLineItem)
		right[fixtures.Result, StoredResult](t, "result", d.Results(), EncodeResult)
		right[fixtures.AssessmentLineItem, StoredAssessmentLineItem](t, "assessmentLineItem", d.AssessmentLineItems(), EncodeAssessmentLineItem)
		right[fixtures.AssessmentResult, StoredAssessmentResult](t, "assessmentResult", d.AssessmentResults(), EncodeAssessmentResult)
	}
}
