package gradestory

import (
	"fmt"
	"net/url"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Person is somebody of the district.
type Person struct{ ID, Name string }

// Cast says where the story plays, and who is in it.
type Cast struct {
	Origin           string // of the platform
	Course, Title    string // sourcedId and title of the class
	Teacher, Learner Person
	Tool             string // its client id at the platform
}

// Scene is one step of the story: what somebody does, and what the page says then.
type Scene struct {
	Title string
	Text  string // what happens, for somebody who has never seen such a page
	Alt   string // what the picture shows, for somebody who doesn't see it
	Who   Person
	steps []browser.Step
	says  []string // texts that have to be there, in the page or in a frame of it
}

// What the teacher picks, as the reference tool offers it.
const picked = "Quiz: equations"

// scenes are the whole story, in their order.
func (c Cast) scenes() []Scene {
	course := c.Origin + "/courses/" + url.PathEscape(c.Course)
	book := course + "/gradebook"
	cell := browser.Step{Click: fmt.Sprintf(`#book a[href$="/%s"]`, url.PathEscape(c.Learner.ID))}
	sign := func(p Person) []browser.Step {
		return []browser.Step{{Open: c.Origin + "/"}, {Select: "#user", Value: p.ID}, {Click: "#signin"}, {Wait: "#courses"}}
	}
	answer := func(with string) []browser.Step {
		return []browser.Step{{Click: "input[value='" + with + "']"}, {Click: "#answer"}}
	}
	launch := []browser.Step{{Open: course}, {Click: `#links a.as-frame[aria-label^="` + picked + `"]`}, {Frame: "tool"}, {Wait: "#launched"},
		{Click: "#begin"}, {Wait: "#quiz"}}
	return []Scene{
		{
			Title: "The teacher opens the content of the course",
			Text: c.Teacher.Name + " teaches " + c.Title + " and wants a quiz in it. The page where content is added lists the tools that the school " +
				"has registered. Nothing has been added yet.",
			Alt:   "The page Content of " + c.Title + ". Under Add content stands the Reference tool, with links to open it. Under Added so far it says: Nothing.",
			Who:   c.Teacher,
			steps: append(sign(c.Teacher), browser.Step{Open: course + "/content"}),
			says:  []string{"Add content", "Reference tool", "Nothing."},
		},
		{
			Title: "The teacher picks a quiz, in the tool’s own picker",
			Text: "The platform opens the tool inside its page and asks it for content. The tool shows what it has to offer. The teacher " +
				"ticks the quiz. (In the standard this is called Deep Linking.)",
			Alt: "The tool’s picker, in a frame of the platform’s page. Of the quiz, a practice, a page, a text, a picture and a work sheet " +
				"the quiz is ticked.",
			Who: c.Teacher,
			steps: []browser.Step{{Click: `#pickers a.as-frame[href*="tool=` + c.Tool + `"]`}, {Frame: "tool"}, {Wait: "#picker"},
				{Click: "input[name=pick][value=quiz]"}},
			says: []string{"Choose content for " + c.Title, "Quiz: equations, 10 points"},
		},
		{
			Title: "The quiz is in the course, and worth 10 points",
			Text: "The tool has answered with a signed message, and the platform has taken it: the course has a link to the quiz, and " +
				"the gradebook has a column for it, a line item.",
			Alt:   "The page Content of " + c.Title + " again. Under Added so far stands " + picked + ", opens a tool, 10 points.",
			Who:   c.Teacher,
			steps: []browser.Step{{Click: "#add"}, {Wait: "#added"}, {Open: course + "/content"}},
			says:  []string{picked, "10 points"},
		},
		{
			Title: "A learner finds the quiz in the course",
			Text:  c.Learner.Name + " learns in the same course, signs in, and sees the new link.",
			Alt:   "The page of the course " + c.Title + " as the learner sees it: links to tools, the last of them " + picked + ", 10 points.",
			Who:   c.Learner,
			steps: append(sign(c.Learner), browser.Step{Open: course}),
			says:  []string{picked, "10 points"},
		},
		{
			Title: "The learner opens it and answers the first question",
			Text: "The platform tells the tool who has come, from which course and through which link; nobody has to sign in again. " +
				"The tool tells the platform that work has begun.",
			Alt:   "The quiz in a frame of the platform’s page. The second of two questions is shown, with three answers to choose from.",
			Who:   c.Learner,
			steps: append(launch, answer("4")...),
			says:  []string{"Question 2 of 2", "What is 3 · (2 + 4)?"},
		},
		{
			Title: "The quiz is handed in: 5 of 10 points",
			Text:  "The second answer was wrong. The tool has graded the quiz, and has sent the score to the platform.",
			Alt:   "The quiz says: You have 5 of 10 points. Below it stands a written task that a teacher grades by hand.",
			Who:   c.Learner,
			steps: answer("10"),
			says:  []string{"You have 5 of 10 points."},
		},
		{
			Title: "The score stands in the gradebook",
			Text: "Nobody has copied anything: the teacher opens the gradebook and finds the score, in the column of the quiz, and that the " +
				"learner has completed it.",
			Alt: "The gradebook of " + c.Title + ": a table of learners by line items. In the row of " + c.Learner.Name + " stand 5 points, " +
				"completed. Nobody else has a mark.",
			Who:   c.Teacher,
			steps: []browser.Step{{Open: book}, {Wait: "#book"}},
			says:  []string{"Gradebook of " + c.Title, c.Learner.Name + " 5 completed"},
		},
		{
			Title: "How the score came about",
			Text:  "Behind each mark the teacher sees when the learner began and handed in, what the tool commented, and all that the tool has sent.",
			Alt: "The page of one mark. The mark that counts is 5 of 10, from the tool. Attempt 1 has the times at which it was begun and " +
				"handed in and the tool’s comment, 1 of 2 answers is right. Below stand a form for a mark by hand and what happened.",
			Who:   c.Teacher,
			steps: []browser.Step{cell, {Wait: "#override"}},
			says:  []string{"5 of 10", "1 of 2 answers is right", "Attempts"},
		},
		{
			Title: "The teacher gives another mark by hand",
			Text:  "The second answer was a slip of the pen, the teacher thinks, and gives 8 points with a comment for the learner.",
			Alt:   "The page of the mark says that it was given by hand. The mark that counts is 8 of 10, by hand; the 5 points of the tool stand beside it.",
			Who:   c.Teacher,
			steps: []browser.Step{{Fill: "#points", Value: "8"}, {Fill: "#comment", Value: ownComment},
				{Click: "#override button"}, {Wait: "#done"}},
			says: []string{"The mark was given by hand.", "8 of 10, by hand", "gave 8 by hand", ownComment},
		},
		{
			Title: "The learner does the quiz once more, without a mistake",
			Text:  "The tool sends the new score to the platform: 10 of 10 points.",
			Alt:   "The quiz says: You have 10 of 10 points.",
			Who:   c.Learner,
			steps: append(append([]browser.Step{{Click: "#begin"}}, answer("4")...), answer("18")...),
			says:  []string{"You have 10 of 10 points."},
		},
		{
			Title: "The mark by hand stays",
			Text: "What a teacher decides is not overwritten by a tool: 8 points still count. The new score is kept beside it, and the " +
				"history tells of every step.",
			Alt: "The page of the mark. The mark that counts is 8 of 10, by hand; from the tool come 10. There are two attempts, with 5 and " +
				"with 10 points. The history lists the mark by hand and all that the tool has sent.",
			Who:   c.Teacher,
			steps: []browser.Step{{Open: book}, {Wait: "#book"}, cell, {Wait: "#override"}},
			says:  []string{"8 of 10, by hand", "10 of 10", "2 of 2 answers are right", "gave 8 by hand"},
		},
		{
			Title: "The learner sees the mark that counts",
			Text:  "Learners see their own marks, and theirs alone, once these are released.",
			Alt:   "The learner’s page Your grades in " + c.Title + ": the quiz, 8 of 10, given by hand, with the teacher’s comment.",
			Who:   c.Learner,
			steps: []browser.Step{{Open: book}, {Wait: "#own"}},
			says:  []string{"Your grades in " + c.Title, "8 of 10, given by hand", ownComment},
		},
		{
			Title: "The teacher lets go of the mark by hand",
			Text:  "Now the score of the tool counts again. The mark that was given by hand is not forgotten: the history still tells of it.",
			Alt: "The page of the mark says that the mark by hand was let go. The mark that counts is 10 of 10. The history begins with " +
				c.Teacher.Name + " letting the mark by hand go.",
			Who:   c.Teacher,
			steps: []browser.Step{{Click: "#letgo button"}, {Wait: "#done"}},
			says:  []string{"was let go", "10 of 10", "let the mark given by hand go", "gave 8 by hand"},
		},
	}
}

// ownComment is what the teacher writes beside the mark by hand.
const ownComment = "You know how brackets work: that was a slip."
