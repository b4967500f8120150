package tool

import (
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

func TestLikeness(t *testing.T) {
	quiz := browser.Frame{Title: "Quiz", Text: "Welcome Ann, question 1 of 12", Marks: []string{"main#quiz", "h1", "p", "p", "ul.questions", "li", "li"}}
	again := browser.Frame{Title: "Quiz", Text: "Welcome Tom, question 3 of 12", Marks: []string{"main#quiz", "h1", "p", "p", "ul.questions", "li", "li"}}
	sorry := browser.Frame{Title: "Sorry", Text: "Something went wrong", Marks: []string{"div.box", "h2", "p"}}
	if got := likeness(quiz, again); got < same {
		t.Errorf("the same page for another person: %.2f", got)
	}
	if got := likeness(quiz, sorry); got >= different {
		t.Errorf("a page and an error: %.2f", got)
	}
	if likeness(browser.Frame{}, browser.Frame{}) != 1 {
		t.Error("two empty pages differ")
	}
}

// Opened and refused are told apart, or nothing is said.
func TestDecide(t *testing.T) {
	quiz := browser.Frame{Status: 200, Title: "Quiz", Text: "Welcome Ann, question 1 of 12", Marks: []string{"main#quiz", "h1", "p", "p", "ul.questions", "li", "li"}}
	sorry := browser.Frame{Status: 200, Title: "Sorry", Text: "Something went wrong", Marks: []string{"div.box", "h2", "p"}}
	refusal := sorry
	refusal.Status = 401
	other := browser.Frame{Status: 200, Title: "?", Text: "entirely different words here", Marks: []string{"table", "td"}}
	for name, test := range map[string]struct {
		bad     []browser.Frame
		page    browser.Frame
		control *browser.Frame
		want    outcome
	}{
		"good, refusals by page":           {[]browser.Frame{sorry}, quiz, nil, opened},
		"refused, refusals by page":        {[]browser.Frame{sorry}, sorry, &quiz, refused},
		"opened though it must be refused": {[]browser.Frame{sorry}, quiz, &quiz, opened},
		"refused by status":                {[]browser.Frame{refusal}, refusal, &quiz, refused},
		"another page than either":         {[]browser.Frame{refusal}, other, &quiz, unclear},
		"no refusal is known":              {nil, quiz, &quiz, opened},
		"nothing is known, and it differs": {nil, other, &quiz, unclear},
	} {
		j := &judge{good: []browser.Frame{quiz}, bad: test.bad}
		if got := j.decide(answeredAt(test.page), test.control); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
	silent := answeredAt(sorry)
	silent.log = nil
	if (&judge{good: []browser.Frame{quiz}}).decide(silent, &quiz) != refused {
		t.Error("a launch without an answer was opened")
	}
}

// answeredAt is a launch whose answer came, and which ended with a page.
func answeredAt(f browser.Frame) *sight {
	return &sight{page: f, attempt: &attempt{redirect: "https://t.example/launch"}, log: []browser.Exchange{{URL: "https://t.example/launch", Status: 200, Started: time.Now()}}}
}

// The data are what they say.
func TestLaunches(t *testing.T) {
	all, err := Launches()
	if err != nil {
		t.Fatal(err)
	}
	good, bad := 0, 0
	for _, l := range all {
		if l.Expect == "open" {
			good++
		} else {
			bad++
		}
	}
	if good < 45 || bad < 60 {
		t.Errorf("%d good launches, %d bad ones", good, bad)
	}
}
