package riverbend

import (
	"fmt"
	"net/url"
)

// Flow is one of the nine flows of the district, as something to see for oneself.
type Flow struct {
	Number      int
	Title, Path string // who tells whom
	Text        string // what happens by itself
	Try         []Step // what to do to see it
}

// Step is something to do: words, and a link or a button where one helps.
type Step struct {
	Text string
	Link string // where it leads; empty: nowhere
	Do   string // what the button has the start page do; empty: there is none
}

// Flows lists the nine as they can be seen in this district. A step that needs a system which isn't there says so.
func (d *District) Flows() []Flow {
	c := d.Cast
	course := func(of string) string {
		if len(d.Platforms) == 0 || c.Class == "" {
			return ""
		}
		return d.Platforms[0].Origin + "/courses/" + url.PathEscape(d.Platforms[0].Home(c)) + of
	}
	// as is the address by which a person signs in at the platform.
	as := func(p Person) Step {
		if len(d.Platforms) == 0 || p.ID == "" {
			return Step{Text: "Sign in at your own platform, as somebody of the class."}
		}
		return Step{Text: "Sign in as " + p.Name + ".", Link: d.Platforms[0].Origin + "/?as=" + url.QueryEscape(d.Platforms[0].Account(p))}
	}
	class := c.ClassTitle
	if class == "" {
		class = "a class"
	}
	var rostering []Step
	for _, p := range d.Platforms {
		rostering = append(rostering, Step{Text: "See what the platform holds, and when it syncs.", Link: p.Sync.Origin + "/"})
	}
	if t := d.tool(Reader); t != nil && t.Sync != nil {
		rostering = append(rostering, Step{Text: "See what the reader holds, which is rostered by itself.", Link: t.Sync.Origin + "/"})
	}
	if d.SIS != nil && c.Class != "" {
		rostering = append(rostering,
			Step{Text: fmt.Sprintf("%s comes to %s.", c.Newcomer.Name, class), Do: "enroll"},
			Step{Text: fmt.Sprintf("%s is withdrawn from it.", c.Leaver.Name), Do: "withdraw"},
			Step{Text: "A learner whom nobody knew comes to the class.", Do: "add"},
			Step{Text: "Both are there again as at the beginning.", Do: "restore"},
			Step{Text: "Don't wait for the schedule: everything syncs now.", Do: "sync"})
	}
	tests := []Step{}
	if d.Assessment != nil {
		tests = append(tests, Step{Text: "See what the assessment app holds, and when it syncs.", Link: d.Assessment.Origin + "/"})
		if c.Class != "" {
			tests = append(tests, Step{Text: class + " takes the test; its results are pushed with the next sync.", Do: "take"})
		}
	}
	sis := Step{Text: "See in your own SIS what came."}
	if d.SIS != nil {
		sis = Step{Text: "See what the SIS has of the class.", Link: "/sis"}
	}
	search := Step{Text: "Search in your own catalogue."}
	if d.Catalog != nil {
		search = Step{Text: "What programs search is here; it wants a token.", Link: d.Catalog.BaseURL + "/resources"}
	}
	offer := Step{Text: "Search for a word, and add what opens in the reader.", Link: course("/search")}
	if d.Offer != "" && offer.Link != "" {
		offer = Step{Text: "Search for “" + d.Offer + "”, and add it: the reader opens it.",
			Link: offer.Link + "?" + url.Values{"words": {d.Offer}}.Encode()}
	}
	return []Flow{
		{1, "Rostering", "SIS to platform and tool", "Who is in which class is read from the SIS by OneRoster, with demographics: all of it at first, then what changed.", rostering},
		{2, "Resourcing", "SIS to platform",
			"The reader is a resource of the SIS. It is there for those alone to whose class it is assigned, and who are learners or teachers there.",
			[]Step{as(c.Teacher), {Text: "The course has a link to the reader.", Link: course("")}, as(c.Outsider),
				{Text: "Theirs have none, unless it is assigned there too."}}},
		{3, "Names and Roles", "platform to tool", "Tools ask the platform who is in a class, as it is now.",
			[]Step{as(c.Teacher), {Text: "Open the quiz in the course, and its class list.", Link: course("")}}},
		{4, "Resource Search", "catalogue to platform", "Content is found in the catalogue by grade, standard and words.",
			[]Step{as(c.Teacher), offer, search}},
		{5, "Deep Linking", "tool to platform", "What a teacher picks in a tool becomes a link of the course, with a line item where it has points.",
			[]Step{as(c.Teacher), {Text: "Add the quiz about equations to the course.", Link: course("/content")}}},
		{6, "Assignments and Grades", "tool to platform", "What a learner does in a tool is in the gradebook at once, with attempts and comments; a teacher has the last word.",
			[]Step{as(c.Learner), {Text: "Do the quiz.", Link: course("")}, as(c.Teacher),
				{Text: "See the mark, and give another by hand.", Link: course("/gradebook")}}},
		{7, "Launch", "platform to tool", "People go on to tools without signing in again, and are there who they are in the SIS.",
			[]Step{as(c.Learner), {Text: "Open a link of the course, and in the tool what it was told.", Link: course("")}}},
		{8, "Assessment Results", "assessment app to SIS", "The results of a test are in the SIS down to each question, with the learning standard that it is about.", append(tests, sis)},
		{9, "Gradebook", "platform to SIS", "The marks of the platform's gradebook are in the SIS after the next sync: those by hand too, and known as such.",
			[]Step{as(c.Teacher), {Text: "Give a mark.", Link: course("/gradebook")}, sis}},
	}
}

// tool finds one by its name; nil where there is none.
func (d *District) tool(name string) *Tool {
	for _, t := range d.Tools {
		if t.Name == name {
			return t
		}
	}
	return nil
}
