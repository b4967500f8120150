package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/assessment"
)

// Assessment is the test of the assessment app, as the students of a class took it by what the
// roster says of who is in it.
type Assessment struct {
	Class string // sourcedId
	// Took tells which of its students took the test; nil: all did.
	Took   func(student string) bool
	Roster fixtures.District
	Seed   uint64    // of the answers
	Taken  time.Time // when the test was taken; zero: on the first day of the class's term
}

// errNoAssessment says that a SIS can't be told what it has no words for.
var errNoAssessment = errors.New("OneRoster 1.1 has no assessment results: they are pushed to a SIS of OneRoster 1.2")

// Name is that of the test in its class.
func (a Assessment) Name() string { return "assessment of " + a.Class }

// Objects gives the tree of line items, and what each active student of the class got.
func (a Assessment) Objects(_ context.Context, to SIS) ([]Object, error) {
	if to.V1P1 {
		return nil, errNoAssessment
	}
	there := map[string]bool{}
	for u := range a.Roster.Users() {
		there[u.SourcedID] = u.Status == fixtures.Active
	}
	var students []string
	for e := range a.Roster.Enrollments() {
		if e.Class == a.Class && e.Role == "student" && e.Status == fixtures.Active && there[e.User] &&
			(a.Took == nil || a.Took(e.User)) {
			students = append(students, e.User)
		}
	}
	slices.Sort(students)
	students = slices.Compact(students)
	if len(students) == 0 {
		return nil, fmt.Errorf("the class %s has no active students", a.Class)
	}
	taken := a.Taken
	if taken.IsZero() {
		t := termsOf(a.Roster)[a.Class]
		var err error
		if taken, err = time.Parse(time.DateOnly, string(t.start)); err != nil {
			return nil, fmt.Errorf("the class %s has no term in which it could take a test", a.Class)
		}
	}
	app := assessment.Push{SIS: assessment.SIS{Gradebook: to.Gradebook, Rostering: to.Rostering}, Class: a.Class, Seed: a.Seed}
	made, err := app.Make(students, taken)
	if err != nil {
		return nil, err
	}
	var out []Object
	for _, m := range made {
		text, err := json.Marshal(m.Body)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", m.Wrapper, err)
		}
		var body map[string]any
		if err := json.Unmarshal(text, &body); err != nil {
			return nil, fmt.Errorf("writing %s: %w", m.Wrapper, err)
		}
		for _, name := range []string{"sourcedId", "status", "dateLastModified"} {
			delete(body, name)
		}
		out = append(out, Object{Collection: m.Collection, Wrapper: m.Wrapper, SourcedID: m.SourcedID, Owner: m.Owner,
			Lasting: m.Wrapper == "assessmentResult", Body: body})
	}
	return out, nil
}
