package gradebook

import (
	"encoding/json"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
)

// The objects of the service as they stand on the wire (OneRoster 1.2 information model;
// OpenAPI document, the ...DType schemas).

type (
	base     = oneroster.Base
	guidRef  = oneroster.Reference
	date     = oneroster.Date
	dateTime = oneroster.DateTime
	number   = json.Number
)

type category struct {
	base
	Title  string `json:"title"`
	Weight number `json:"weight,omitempty"`
}

type scoreScale struct {
	base
	Title  string            `json:"title"`
	Type   string            `json:"type"`
	Course *guidRef          `json:"course,omitempty"`
	Class  guidRef           `json:"class"`
	Values []scoreScaleValue `json:"scoreScaleValue"` // at least one
}

type scoreScaleValue struct {
	LHS string `json:"itemValueLHS"`
	RHS string `json:"itemValueRHS"`
}

type lineItem struct {
	base
	Title           string       `json:"title"`
	Description     string       `json:"description,omitempty"`
	AssignDate      dateTime     `json:"assignDate"`
	DueDate         dateTime     `json:"dueDate"`
	Class           guidRef      `json:"class"`
	School          guidRef      `json:"school"`
	Category        guidRef      `json:"category"`
	GradingPeriod   *guidRef     `json:"gradingPeriod,omitempty"` // as 1.1 has it
	AcademicSession *guidRef     `json:"academicSession,omitempty"`
	ScoreScale      *guidRef     `json:"scoreScale,omitempty"`
	ResultValueMin  number       `json:"resultValueMin,omitempty"`
	ResultValueMax  number       `json:"resultValueMax,omitempty"`
	Objectives      []objectives `json:"learningObjectiveSet,omitempty"`
}

// objectives are identifiers from one source; those of CASE are UUIDs.
type objectives struct {
	Source string   `json:"source"`
	IDs    []string `json:"learningObjectiveIds"` // at least one
}

type result struct {
	base
	LineItem    guidRef           `json:"lineItem"`
	Student     guidRef           `json:"student"`
	Class       *guidRef          `json:"class,omitempty"`
	ScoreScale  *guidRef          `json:"scoreScale,omitempty"`
	ScoreStatus string            `json:"scoreStatus"`
	Score       number            `json:"score,omitempty"`
	TextScore   string            `json:"textScore,omitempty"`
	ScoreDate   date              `json:"scoreDate"`
	Comment     string            `json:"comment,omitempty"`
	Objectives  []objectiveScores `json:"learningObjectiveSet,omitempty"`
	InProgress  string            `json:"inProgress,omitempty"`
	Incomplete  string            `json:"incomplete,omitempty"`
	Late        string            `json:"late,omitempty"`
	Missing     string            `json:"missing,omitempty"`
}

type objectiveScores struct {
	Source  string           `json:"source"`
	Results []objectiveScore `json:"learningObjectiveResults"` // at least one
}

type objectiveScore struct {
	ID        string `json:"learningObjectiveId"`
	Score     number `json:"score,omitempty"`
	TextScore string `json:"textScore,omitempty"`
}

type assessmentLineItem struct {
	base
	Title          string       `json:"title"`
	Description    string       `json:"description,omitempty"`
	Class          *guidRef     `json:"class,omitempty"`
	Parent         *guidRef     `json:"parentAssessmentLineItem,omitempty"`
	ScoreScale     *guidRef     `json:"scoreScale,omitempty"`
	ResultValueMin number       `json:"resultValueMin,omitempty"`
	ResultValueMax number       `json:"resultValueMax,omitempty"`
	Objectives     []objectives `json:"learningObjectiveSet,omitempty"`
}

type assessmentResult struct {
	base
	AssessmentLineItem guidRef           `json:"assessmentLineItem"`
	Student            guidRef           `json:"student"`
	Score              number            `json:"score,omitempty"`
	TextScore          string            `json:"textScore,omitempty"`
	ScoreDate          date              `json:"scoreDate"`
	ScoreScale         *guidRef          `json:"scoreScale,omitempty"`
	ScorePercentile    number            `json:"scorePercentile,omitempty"`
	ScoreStatus        string            `json:"scoreStatus"`
	Comment            string            `json:"comment,omitempty"`
	Objectives         []objectiveScores `json:"learningObjectiveSet,omitempty"`
	InProgress         string            `json:"inProgress,omitempty"`
	Incomplete         string            `json:"incomplete,omitempty"`
	Late               string            `json:"late,omitempty"`
	Missing            string            `json:"missing,omitempty"`
}
