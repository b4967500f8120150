package assessment

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/rollcall-edu/rollcall/fixtures/framework"
	"github.com/rollcall-edu/rollcall/strictyaml"
)

//go:embed test.yaml
var text []byte

// Test is a test: sections with questions.
type Test struct {
	ID          string    `yaml:"id"`
	Title       string    `yaml:"title"`
	Description string    `yaml:"description"`
	Sections    []Section `yaml:"sections"`
}

// Section is a part of a test.
type Section struct {
	ID        string     `yaml:"id"`
	Title     string     `yaml:"title"`
	Questions []Question `yaml:"questions"`
}

// Question is what a student answers.
type Question struct {
	ID     string `yaml:"id"`
	Title  string `yaml:"title"`
	Code   string `yaml:"code"` // of the standard that it is about
	Points int    `yaml:"points"`

	Standard string `yaml:"-"` // the identifier of the standard
}

// Garden reads the test that the app comes with. It is a constant of the build and shared.
var Garden = sync.OnceValues(func() (*Test, error) {
	var t Test
	if err := strictyaml.Unmarshal(text, &t); err != nil {
		return nil, fmt.Errorf("reading test.yaml: %w", err)
	}
	book, err := framework.Read()
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, i := range book.Garden().Leaves() {
		known[i.Code] = true
	}
	taken := map[string]bool{}
	for i := range t.Sections {
		for j := range t.Sections[i].Questions {
			q := &t.Sections[i].Questions[j]
			if !known[q.Code] || q.Points < 1 || taken[q.ID] || q.ID == "" {
				return nil, fmt.Errorf("test.yaml: the question %q has no points, stands twice, or is about %q, which nobody learns", q.ID, q.Code)
			}
			taken[q.ID] = true
			q.Standard = book.Identifier(q.Code)
		}
	}
	if t.ID == "" || t.Title == "" || len(taken) == 0 {
		return nil, errors.New("test.yaml: the test has no id, no title or no questions")
	}
	return &t, nil
})

// points are what a section is worth.
func (s Section) points() int {
	sum := 0
	for _, q := range s.Questions {
		sum += q.Points
	}
	return sum
}

// points are what the whole is worth.
func (t *Test) points() int {
	sum := 0
	for _, s := range t.Sections {
		sum += s.points()
	}
	return sum
}

// Answers are the points of one student, by the id of the question.
type Answers map[string]int

// Answer makes up what a student answers: the same for the same seed, most of it right.
func (t *Test) Answer(seed uint64, student string) Answers {
	out := Answers{}
	for _, s := range t.Sections {
		for _, q := range s.Questions {
			h := sha256.Sum256(fmt.Appendf(nil, "%d %q %q", seed, student, q.ID))
			out[q.ID] = min(int(h[0])*(q.Points+2)/256, q.Points)
		}
	}
	return out
}

// identifier makes the sourcedId of a line item of a class, or of a student's result for it,
// of names that tell it from others: the same each time, so that what is pushed again takes
// its own place, and without a word about anybody.
func identifier(names ...string) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%q", names))
	return hex.EncodeToString(h[:16])
}
