package assessment

// The objects that are pushed, as they stand on the wire (OpenAPI document of the Gradebook
// service, AssessmentLineItemDType and AssessmentResultDType). Numbers are sent as numbers,
// also those that are nothing.

type base struct {
	SourcedID        string `json:"sourcedId"`
	Status           string `json:"status"`
	DateLastModified string `json:"dateLastModified"`
}

type reference struct {
	Href      string `json:"href"`
	SourcedID string `json:"sourcedId"`
	Type      string `json:"type"`
}

type lineItem struct {
	base
	Title       string       `json:"title"`
	Description string       `json:"description,omitempty"`
	Class       *reference   `json:"class,omitempty"`
	Parent      *reference   `json:"parentAssessmentLineItem,omitempty"`
	Min         int          `json:"resultValueMin"`
	Max         int          `json:"resultValueMax"`
	Objectives  []objectives `json:"learningObjectiveSet,omitempty"`
}

type objectives struct {
	Source string   `json:"source"`
	IDs    []string `json:"learningObjectiveIds"`
}

type result struct {
	base
	LineItem   reference   `json:"assessmentLineItem"`
	Student    reference   `json:"student"`
	Score      int         `json:"score"`
	ScoreDate  string      `json:"scoreDate"`
	Percentile *float64    `json:"scorePercentile,omitempty"`
	Status     string      `json:"scoreStatus"`
	Objectives []scoredSet `json:"learningObjectiveSet,omitempty"`
}

type scoredSet struct {
	Source  string   `json:"source"`
	Results []scored `json:"learningObjectiveResults"`
}

type scored struct {
	ID    string  `json:"learningObjectiveId"`
	Score float64 `json:"score"`
}

// fromCASE is the source of identifiers of standards.
const fromCASE = "case"

// graded is the status of a score that nothing will be added to.
const graded = "fully graded"
