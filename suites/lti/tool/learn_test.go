package tool

import (
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

var (
	quizPage  = browser.Frame{Status: 200, Title: "Quiz", Text: "Welcome Carla Adeyemi, question 1 of 12", Marks: []string{"main#quiz", "h1", "p", "p", "ul.questions", "li", "li"}}
	plainPage = browser.Frame{Status: 200, Title: "Quiz", Text: "Question 1 of 12: what is a set?", Marks: []string{"main#quiz", "h1", "p"}}
	sorryPage = browser.Frame{Status: 200, Title: "Activity", Text: "We are sorry: this activity could not be opened.", Marks: []string{"main", "h1", "p"}}
	errorPage = browser.Frame{Status: 401, Title: "Error", Text: "Not authorized", Marks: []string{"h1"}}
)

// TestLearning: a page counts as opened only where it differs from that of a launch that
// can't open, and doesn't say itself that it isn't; where neither holds, the judge is blind
// or knows that nothing was opened.
func TestLearning(t *testing.T) {
	empty := func(f browser.Frame, same bool) sample { return sample{what: "no token", page: f, same: same} }
	token := func(f browser.Frame, same bool) sample {
		return sample{what: "a wrong token", page: f, token: true, same: same}
	}
	const opens, blinds, refuses = "opened", "blind", "not opened"
	for name, test := range map[string]struct {
		page    browser.Frame
		own     bool
		samples []sample
		want    string
	}{
		"all differ":                                     {plainPage, false, []sample{empty(errorPage, false), token(errorPage, false)}, opens},
		"one apology for every launch":                   {sorryPage, false, []sample{empty(sorryPage, true), token(sorryPage, true)}, refuses},
		"one apology for every token, 400 without one":   {sorryPage, false, []sample{empty(errorPage, false), token(sorryPage, true), token(sorryPage, true)}, refuses},
		"one page for every launch":                      {plainPage, false, []sample{empty(plainPage, true), token(plainPage, true)}, blinds},
		"one page for every token, 400 without one":      {plainPage, false, []sample{empty(errorPage, false), token(plainPage, true)}, blinds},
		"the same, and it shows whose launch it is":      {quizPage, true, []sample{empty(errorPage, false), token(quizPage, true)}, opens},
		"an apology beside other refusals":               {sorryPage, false, []sample{empty(errorPage, false), token(errorPage, false)}, blinds},
		"a page about errors that shows whose it is":     {quizPage, true, []sample{empty(errorPage, false), token(errorPage, false)}, opens},
		"opened without a token, refused with a wrong":   {quizPage, true, []sample{empty(quizPage, true), token(errorPage, false)}, opens},
		"the same, and it shows nothing of the launch":   {plainPage, false, []sample{empty(plainPage, true), token(errorPage, false)}, blinds},
		"the answer without a token could not be made":   {plainPage, false, []sample{token(errorPage, false)}, opens},
		"no launch that has to be refused could be made": {plainPage, false, nil, blinds},
	} {
		blind, notOpened := verdictOn(&sight{page: test.page}, test.own, test.samples)
		got := opens
		switch {
		case blind != "":
			got = blinds
		case notOpened != "":
			got = refuses
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s (%s%s)", name, got, test.want, blind, notOpened)
		}
	}
}

// TestPagesThatSaySo: a page speaks for itself by its title, its address and, where it has
// few, its words.
func TestPagesThatSaySo(t *testing.T) {
	for _, f := range []browser.Frame{sorryPage, errorPage, {Title: "Nothing can be opened here"}, {Title: "Not found"}, {Text: "The token has expired"},
		{Text: "Platform not registered"}, {Text: "Etwas ist schiefgelaufen"}, {URL: "https://tool.example/error?id=1"}, {URL: "https://tool.example/lti?error=access_denied"}, {Text: "We couldn't sign you in."}} {
		if says(f) == "" {
			t.Errorf("%+v says nothing", f)
		}
	}
	for _, f := range []browser.Frame{quizPage, plainPage, {Title: "To be or not to be"}, {Title: "Algebra 1", Text: "Solve for x. Show your work."}, {URL: "https://tool.example/terrors/1", Text: "The French Revolution"}} {
		if w := says(f); w != "" {
			t.Errorf("%+v says %q", f, w)
		}
	}
}

// TestInstructorsPageIsNoGoodOneByItsStatus: what is called an opened page for those who
// teach is held to the same.
func TestInstructorsPageIsNoGoodOneByItsStatus(t *testing.T) {
	j := &judge{good: []browser.Frame{quizPage}, bad: []browser.Frame{errorPage}}
	for name, page := range map[string]browser.Frame{
		"blank, with a title":   {Status: 200, Title: "Nothing can be opened here"},
		"blank":                 {Status: 200},
		"an apology":            sorryPage,
		"the page of a refusal": {Status: 200, Title: "Error", Text: "Not authorized", Marks: []string{"h1"}},
	} {
		if j.learnable(&sight{page: page}) {
			t.Errorf("%s: it is learned as opened", name)
		}
		s := answeredAt(page)
		if got := j.decide(s, nil); got != refused {
			t.Errorf("%s: %d, want refused", name, got)
		}
	}
	gradebook := browser.Frame{Status: 200, Title: "Gradebook", Text: "Scores of the whole class", Marks: []string{"table", "tr", "td"}}
	if !j.learnable(&sight{page: gradebook}) || j.decide(answeredAt(gradebook), nil) != opened {
		t.Error("a page of another kind that says nothing is not opened")
	}
}
