package gradebook

import (
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// rostering is the path of the service that resolves references to the roster.
const rostering = "/ims/oneroster/rostering/v1p2"

// The words of references, and the endpoints where they are resolved.
var (
	own = map[string]store.Collection{
		"category": Categories, "scoreScale": ScoreScales, "lineItem": LineItems, "assessmentLineItem": AssessmentLineItems,
	}
	rosters = map[string]store.Collection{
		"academicSession": academicSessions, "class": classes, "course": courses, "org": orgs, "user": users,
	}
)

func refer(kind, sourcedID string) guidRef {
	if endpoint, here := own[kind]; here {
		return oneroster.ReferTo(kind, string(endpoint), sourcedID)
	}
	return oneroster.ReferAcross(rostering, kind, string(rosters[kind]), sourcedID)
}

func referIf(kind, sourcedID string) *guidRef {
	if sourcedID == "" {
		return nil
	}
	r := refer(kind, sourcedID)
	return &r
}

func instant(t time.Time) dateTime { return dateTime(t.UTC().Format(oneroster.TimestampLayout)) }

// EncodeCategory gives the stored form of a category, for oneroster.EncodeDocument, as the
// others do.
func EncodeCategory(c fixtures.Category) any {
	return category{base: oneroster.BaseOf(c.Base), Title: c.Title, Weight: number(c.Weight)}
}

// EncodeScoreScale gives the stored form of a score scale. The org, of which only CSV
// knows, is kept in metadata where it is one of its own.
func EncodeScoreScale(s fixtures.ScoreScale) any {
	x := scoreScale{
		base: oneroster.BaseOf(s.Base), Title: s.Title, Type: s.Type, Course: referIf("course", s.Course), Class: refer("class", s.Class),
		Values: []scoreScaleValue{},
	}
	for _, v := range s.Values {
		x.Values = append(x.Values, scoreScaleValue(v))
	}
	return x
}

// EncodeLineItem gives the stored form of a line item.
func EncodeLineItem(l fixtures.LineItem) any {
	return lineItem{
		base: oneroster.BaseOf(l.Base), Title: l.Title, Description: l.Description,
		AssignDate: instant(l.AssignDate), DueDate: instant(l.DueDate),
		Class: refer("class", l.Class), School: refer("org", l.School), Category: refer("category", l.Category),
		GradingPeriod: referIf("academicSession", l.GradingPeriod), AcademicSession: referIf("academicSession", l.AcademicSession),
		ScoreScale: referIf("scoreScale", l.ScoreScale), ResultValueMin: number(l.ResultValueMin), ResultValueMax: number(l.ResultValueMax),
		Objectives: aligned(l.Objectives),
	}
}

func aligned(list []fixtures.LearningObjectives) []objectives {
	var out []objectives
	for _, o := range list {
		out = append(out, objectives(o))
	}
	return out
}

func mastered(list []fixtures.LearningObjectiveScores) []objectiveScores {
	var out []objectiveScores
	for _, o := range list {
		of := objectiveScores{Source: o.Source}
		for _, x := range o.Results {
			of.Results = append(of.Results, objectiveScore{ID: x.ID, Score: number(x.Score), TextScore: x.TextScore})
		}
		out = append(out, of)
	}
	return out
}

// EncodeResult gives the stored form of a result.
func EncodeResult(r fixtures.Result) any {
	return result{
		base: oneroster.BaseOf(r.Base), LineItem: refer("lineItem", r.LineItem), Student: refer("user", r.Student),
		Class: referIf("class", r.Class), ScoreScale: referIf("scoreScale", r.ScoreScale), ScoreStatus: r.ScoreStatus,
		Score: number(r.Score), TextScore: r.TextScore, ScoreDate: date(r.ScoreDate), Comment: r.Comment,
		Objectives: mastered(r.Objectives), InProgress: r.InProgress, Incomplete: r.Incomplete, Late: r.Late, Missing: r.Missing,
	}
}

// EncodeAssessmentLineItem gives the stored form of a test, or of a part of one.
func EncodeAssessmentLineItem(l fixtures.AssessmentLineItem) any {
	return assessmentLineItem{
		base: oneroster.BaseOf(l.Base), Title: l.Title, Description: l.Description, Class: referIf("class", l.Class),
		Parent: referIf("assessmentLineItem", l.Parent), ScoreScale: referIf("scoreScale", l.ScoreScale),
		ResultValueMin: number(l.ResultValueMin), ResultValueMax: number(l.ResultValueMax), Objectives: aligned(l.Objectives),
	}
}

// EncodeAssessmentResult gives the stored form of what was got for a test or a part of it.
func EncodeAssessmentResult(r fixtures.AssessmentResult) any {
	return assessmentResult{
		base: oneroster.BaseOf(r.Base), AssessmentLineItem: refer("assessmentLineItem", r.AssessmentLineItem), Student: refer("user", r.Student),
		Score: number(r.Score), TextScore: r.TextScore, ScoreDate: date(r.ScoreDate), ScoreScale: referIf("scoreScale", r.ScoreScale),
		ScorePercentile: number(r.ScorePercentile), ScoreStatus: r.ScoreStatus, Comment: r.Comment, Objectives: mastered(r.Objectives),
		InProgress: r.InProgress, Incomplete: r.Incomplete, Late: r.Late, Missing: r.Missing,
	}
}

// Stored objects, to be decoded.
type (
	StoredCategory           struct{ category }
	StoredScoreScale         struct{ scoreScale }
	StoredLineItem           struct{ lineItem }
	StoredResult             struct{ result }
	StoredAssessmentLineItem struct{ assessmentLineItem }
	StoredAssessmentResult   struct{ assessmentResult }
)

func idOf(r *guidRef) string {
	if r == nil {
		return ""
	}
	return r.SourcedID
}

func timeOf(t dateTime) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, string(t)) // as instant wrote it, or a client that was let do so
	return at.UTC()
}

// Row gives back what was encoded, as the others do.
func (s StoredCategory) Row() fixtures.Category {
	return fixtures.Category{Base: s.base.Row(), Title: s.Title, Weight: fixtures.Number(s.Weight)}
}

// Row gives back what was encoded.
func (s StoredScoreScale) Row() fixtures.ScoreScale {
	x := fixtures.ScoreScale{Base: s.base.Row(), Title: s.Title, Type: s.Type, Course: idOf(s.Course), Class: s.Class.SourcedID}
	for _, v := range s.Values {
		x.Values = append(x.Values, fixtures.ScoreScaleValue(v))
	}
	return x
}

// Row gives back what was encoded.
func (s StoredLineItem) Row() fixtures.LineItem {
	return fixtures.LineItem{
		Base: s.base.Row(), Title: s.Title, Description: s.Description, AssignDate: timeOf(s.AssignDate), DueDate: timeOf(s.DueDate),
		Class: s.Class.SourcedID, School: s.School.SourcedID, Category: s.Category.SourcedID, GradingPeriod: idOf(s.GradingPeriod),
		AcademicSession: idOf(s.AcademicSession), ScoreScale: idOf(s.ScoreScale), ResultValueMin: fixtures.Number(s.ResultValueMin),
		ResultValueMax: fixtures.Number(s.ResultValueMax), Objectives: alignedRows(s.Objectives),
	}
}

func alignedRows(list []objectives) []fixtures.LearningObjectives {
	var out []fixtures.LearningObjectives
	for _, o := range list {
		out = append(out, fixtures.LearningObjectives(o))
	}
	return out
}

func masteredRows(list []objectiveScores) []fixtures.LearningObjectiveScores {
	var out []fixtures.LearningObjectiveScores
	for _, o := range list {
		of := fixtures.LearningObjectiveScores{Source: o.Source}
		for _, x := range o.Results {
			of.Results = append(of.Results, fixtures.LearningObjectiveScore{
				ID: x.ID, Score: fixtures.Number(x.Score), TextScore: x.TextScore,
			})
		}
		out = append(out, of)
	}
	return out
}

// Row gives back what was encoded.
func (s StoredResult) Row() fixtures.Result {
	return fixtures.Result{
		Base: s.base.Row(), LineItem: s.LineItem.SourcedID, Class: idOf(s.Class), Mark: fixtures.Mark{
			Student: s.Student.SourcedID, ScoreScale: idOf(s.ScoreScale), ScoreStatus: s.ScoreStatus, Score: fixtures.Number(s.Score),
			TextScore: s.TextScore, ScoreDate: fixtures.Date(s.ScoreDate), Comment: s.Comment, Objectives: masteredRows(s.Objectives),
			InProgress: s.InProgress, Incomplete: s.Incomplete, Late: s.Late, Missing: s.Missing,
		},
	}
}

// Row gives back what was encoded.
func (s StoredAssessmentLineItem) Row() fixtures.AssessmentLineItem {
	return fixtures.AssessmentLineItem{
		Base: s.base.Row(), Title: s.Title, Description: s.Description, Class: idOf(s.Class), Parent: idOf(s.Parent),
		ScoreScale: idOf(s.ScoreScale), ResultValueMin: fixtures.Number(s.ResultValueMin), ResultValueMax: fixtures.Number(s.ResultValueMax),
		Objectives: alignedRows(s.Objectives),
	}
}

// Row gives back what was encoded.
func (s StoredAssessmentResult) Row() fixtures.AssessmentResult {
	return fixtures.AssessmentResult{
		Base: s.base.Row(), AssessmentLineItem: s.AssessmentLineItem.SourcedID, ScorePercentile: fixtures.Number(s.ScorePercentile),
		Mark: fixtures.Mark{
			Student: s.Student.SourcedID, ScoreScale: idOf(s.ScoreScale), ScoreStatus: s.ScoreStatus, Score: fixtures.Number(s.Score),
			TextScore: s.TextScore, ScoreDate: fixtures.Date(s.ScoreDate), Comment: s.Comment, Objectives: masteredRows(s.Objectives),
			InProgress: s.InProgress, Incomplete: s.Incomplete, Late: s.Late, Missing: s.Missing,
		},
	}
}
