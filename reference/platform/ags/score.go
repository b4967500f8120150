package ags

import (
	"net/http"
	"slices"
)

// Score is what a tool says of a learner's work at one point in time (AGS 2.0 §3.4).
type Score struct {
	User        string     `json:"userId"`
	Timestamp   string     `json:"timestamp"`
	Activity    string     `json:"activityProgress"`
	Grading     string     `json:"gradingProgress"`
	Given       *float64   `json:"scoreGiven,omitempty"`
	Maximum     *float64   `json:"scoreMaximum,omitempty"`
	Comment     *string    `json:"comment,omitempty"`
	ScoringUser string     `json:"scoringUserId,omitempty"`
	Submission  Submission `json:"submission,omitzero"`
}

// Submission is when a learner began, and when they handed in; neither has to do with when
// the score was given.
type Submission struct {
	StartedAt   string `json:"startedAt,omitempty"`
	SubmittedAt string `json:"submittedAt,omitempty"`
}

// The states of a learner's work, and of its grading (AGS 2.0 §3.4.6, §3.4.7).
const (
	Initialized = "Initialized"
	Started     = "Started"
	InProgress  = "InProgress"
	Submitted   = "Submitted"
	Completed   = "Completed"

	NotReady      = "NotReady"
	Failed        = "Failed"
	Pending       = "Pending"
	PendingManual = "PendingManual"
	FullyGraded   = "FullyGraded"
)

var (
	activities = []string{Initialized, Started, InProgress, Submitted, Completed}
	gradings   = []string{NotReady, Failed, Pending, PendingManual, FullyGraded}
)

// readScore takes in what a tool sends, and holds it to what a score is.
func readScore(body []byte) (s Score, err error) {
	m, err := readObject(body)
	if err != nil {
		return s, err
	}
	s = Score{User: m.text("userId"), Timestamp: m.date("timestamp"), Activity: m.text("activityProgress"), Grading: m.text("gradingProgress"),
		Given: m.number("scoreGiven"), Maximum: m.number("scoreMaximum"), ScoringUser: m.text("scoringUserId")}
	if m.has("comment") {
		m.read("comment", "a text", &s.Comment)
	}
	if m.has("submission") {
		inner, err := readObject(m.all["submission"])
		if err != nil {
			return s, refused(http.StatusBadRequest, "submission has to be an object")
		}
		s.Submission = Submission{StartedAt: inner.date("startedAt"), SubmittedAt: inner.date("submittedAt")}
		if inner.problem != nil {
			m.fail(inner.problem)
		}
	}
	bad := func(format string, args ...any) (Score, error) {
		return s, refused(http.StatusBadRequest, format, args...)
	}
	switch {
	case m.problem != nil:
		return s, m.problem
	case s.User == "":
		return bad("userId is needed")
	case s.Timestamp == "":
		return bad("timestamp is needed")
	case !slices.Contains(activities, s.Activity):
		return bad("activityProgress has to be one of %v", activities)
	case !slices.Contains(gradings, s.Grading):
		return bad("gradingProgress has to be one of %v", gradings)
	case s.Given != nil && *s.Given < 0:
		return bad("scoreGiven can't be less than 0")
	case s.Given != nil && s.Maximum == nil:
		return bad("scoreMaximum has to come with scoreGiven")
	case s.Maximum != nil && *s.Maximum <= 0:
		return bad("scoreMaximum has to be more than 0")
	case later(s.Submission.StartedAt, s.Submission.SubmittedAt):
		return bad("submission.startedAt is after submission.submittedAt")
	}
	return s, nil
}

// later tells whether one time comes after another one; of nothing nothing is said.
func later(a, b string) bool {
	x, err := readTime(a)
	if err != nil {
		return false
	}
	y, err := readTime(b)
	return err == nil && x.After(y)
}
