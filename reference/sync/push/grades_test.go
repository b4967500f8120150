package push_test

import (
	"context"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/ags"
)

func platformLink(course string) platform.Link {
	return platform.Link{ID: "essay", Course: course, Tool: "quiz", Deployment: "d1"}
}

// book is a gradebook of one line item.
type book struct {
	column ags.Column
	grades []ags.Grade
}

func (b book) Columns(_ context.Context, course string) ([]ags.Column, error) {
	if course != b.column.Course {
		return nil, nil
	}
	return []ags.Column{b.column}, nil
}

func (b book) Grades(context.Context, string) ([]ags.Grade, error) { return b.grades, nil }

// What tools say is told as OneRoster has it.
func TestGradesOfTools(t *testing.T) {
	w := newWorld(t)
	held := false
	b := book{column: ags.Column{ID: "c", Course: w.course, Item: ags.LineItem{Label: "Quiz", ScoreMaximum: 10,
		StartDateTime: "2027-01-10T08:00:00+02:00", GradesReleased: &held}}}
	w.grades.Book = &b
	b.grades = []ags.Grade{{Column: "c", User: w.student, Activity: ags.Completed, Grading: ags.FullyGraded, Last: "2027-01-12T23:30:00-05:00",
		Mark: &ags.Mark{Given: 4, Maximum: 5}}}
	w.push(w.grades, 2, 0, 0) // marks that aren't released aren't told
	if item := w.get(w.place("lineItems")); item["assignDate"] != "2027-01-10T06:00:00.000Z" {
		t.Errorf("the line item is %v", item)
	}
	b.column.Item.GradesReleased = nil
	for _, test := range []struct {
		grade ags.Grade
		want  map[string]any
	}{
		{b.grades[0], map[string]any{"score": 8.0, "scoreStatus": "fully graded", "scoreDate": "2027-01-13"}},
		{ags.Grade{Column: "c", User: w.student, Activity: ags.Submitted, Grading: ags.PendingManual, Last: "2027-01-12T10:00:00Z"},
			map[string]any{"score": nil, "scoreStatus": "submitted"}},
		{ags.Grade{Column: "c", User: w.student, Activity: ags.InProgress, Grading: ags.NotReady, Last: "2027-01-12T10:00:00Z"},
			map[string]any{"score": nil, "scoreStatus": "not submitted", "inProgress": "true"}},
	} {
		b.grades[0] = test.grade
		w.push(w.grades, 1, 0, 0)
		got := w.get(w.place("results"))
		for name, want := range test.want {
			if got[name] != want {
				t.Errorf("%s of %v is %v, want %v", name, test.grade, got[name], want)
			}
		}
	}
	b.grades[0] = ags.Grade{Column: "c", User: w.student}
	w.push(w.grades, 0, 0, 0) // nothing is known of them: what was told stays
}
