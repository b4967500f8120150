package rest

import (
	"fmt"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// Rule is one thing that pages are held to, so that no reading goes on for ever.
type Rule struct {
	ID string
	// Broken says what is wrong with a page, for people; "" when all is well.
	Broken func(*Arrival) string
}

// Rules lists what pages are held to. That as many objects came as the provider says there are is a
// rule of the sync's, which counts each once and may read again (sync.Rules).
func Rules() []Rule {
	return []Rule{
		{"page.again", func(a *Arrival) string {
			return when(a.Again, "the page has the objects of an earlier one: the provider doesn't page as it was asked to, "+
				"or lost a page that should have come; have it fixed there")
		}},
		{"page.round", func(a *Arrival) string {
			return when(a.Round, "the page leads to one that was read before: it would go round in a circle")
		}},
	}
}

func when(broken bool, why string) string {
	if broken {
		return why
	}
	return ""
}

// PageError is a page that breaks a rule.
type PageError struct {
	Rule       string
	Collection store.Collection
	URL        string
	Text       string
}

func (e *PageError) Error() string { return fmt.Sprintf("GET %s: %s", e.URL, e.Text) }

// AnswerError is an answer of 200 that is no page.
type AnswerError struct {
	URL  string
	Text string
}

func (e *AnswerError) Error() string { return fmt.Sprintf("GET %s: %s", e.URL, e.Text) }
