package push_test

import (
	"context"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/ags"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
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

// A SIS of OneRoster 1.1 gets what that version has: a grading period, and no mark without a score.
func TestGradesOf11(t *testing.T) {
	w := newWorld(t)
	w.pusher.To = push.SIS{Gradebook: w.sis.V1P1URL, Rostering: w.sis.V1P1URL, V1P1: true, Sender: w.plain}
	b := book{column: ags.Column{ID: "c", Course: w.course, Item: ags.LineItem{Label: "Quiz", ScoreMaximum: 10}},
		grades: []ags.Grade{{Column: "c", User: w.student, Activity: ags.Submitted, Grading: ags.PendingManual, Last: "2027-01-12T10:00:00Z"}}}
	w.grades.Book = &b
	w.push(w.grades, 2, 0, 0) // the category and the line item; the result has no score yet
	item := w.get(w.place("lineItems"))
	if period, _ := item["gradingPeriod"].(map[string]any); period["sourcedId"] == nil || item["academicSession"] != nil {
		t.Errorf("the line item is %v", item)
	}
	b.grades[0] = ags.Grade{Column: "c", User: w.student, Activity: ags.Completed, Grading: ags.FullyGraded, Last: "2027-01-12T10:00:00Z",
		Mark: &ags.Mark{Given: 4, Maximum: 5}}
	w.push(w.grades, 1, 0, 0)
	if got := w.get(w.place("results")); got["score"] != 8.0 || got["scoreDate"] != "2027-01-12" {
		t.Errorf("the result is %v", got)
	}
	w.push(w.grades, 0, 0, 0)
	w.grades.Roster = nil // nobody knows the grading period any more, by which the line item would be another
	w.push(w.grades, 0, 0, 1)
	if _, err := w.pusher.Push(t.Context(), push.Assessment{Class: w.course}); err == nil {
		t.Error("OneRoster 1.1 has no assessment results")
	}
}

// A line item is of the period in which it is due, or of the nearest that the class has.
func TestPeriods(t *testing.T) {
	roster, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	sessions := map[string]fixtures.AcademicSession{}
	for s := range roster.AcademicSessions() {
		sessions[s.SourcedID] = s
	}
	periods, tried := push.PeriodsOf(roster), 0
	for l := range roster.LineItems() {
		if l.GradingPeriod == "" || l.Status != fixtures.Active {
			continue
		}
		got := sessions[periods.At(l.Class, l.DueDate.Format(time.RFC3339))]
		if want := sessions[l.GradingPeriod]; want.Status == fixtures.Active && got.StartDate != want.StartDate {
			t.Errorf("%s, due %s, is of %s, want %s", l.SourcedID, l.DueDate, got.SourcedID, want.SourcedID)
		}
		tried++
	}
	if tried == 0 || periods.At("nobody", "2026-09-01") != "" {
		t.Error("no line item has a period")
	}
}
