package assessment

import (
	"fmt"
	"strings"
	"time"
)

// Made is an object of the test as a class took it, for those who push it by their own means.
type Made struct {
	Collection string // below the Gradebook service: assessmentLineItems or assessmentResults
	Wrapper    string
	SourcedID  string
	Owner      string // sourcedId of what it hangs on; empty at the root
	Body       any    // for JSON
}

// Make gives what the students of a class got in the test that they took at a time: the line
// items, parents first, and the results. Of the same students, answers are the same each time.
func (p Push) Make(students []string, at time.Time) ([]Made, error) {
	test, err := Garden()
	if err != nil {
		return nil, fmt.Errorf("reading the test: %w", err)
	}
	answers := map[string]Answers{}
	for _, student := range students {
		answers[student] = test.Answer(p.Seed, student)
	}
	where := p.SIS
	where.Gradebook, where.Rostering = strings.TrimRight(where.Gradebook, "/"), strings.TrimRight(where.Rostering, "/")
	var out []Made
	for _, o := range (pushing{test, p.Class, where, at}).objects(answers) {
		out = append(out, Made{o.collection, o.wrapper, o.sourcedID, o.owner, o.body})
	}
	return out, nil
}
