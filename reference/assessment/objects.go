package assessment

import (
	"net/url"
	"slices"
	"time"
)

// object is something to be pushed: its place below the service, and its wrapper.
type object struct {
	collection, wrapper, sourcedID string
	owner                          string // sourcedId of what it hangs on; empty: nothing
	body                           any
}

// pushing is a test of a class, on its way into a SIS.
type pushing struct {
	test  *Test
	class string
	sis   SIS
	now   time.Time
}

func (p pushing) base(sourcedID string) base {
	return base{sourcedID, "active", p.now.UTC().Format("2006-01-02T15:04:05.000Z")}
}

func (p pushing) refer(service, collection, kind, sourcedID string) reference {
	return reference{service + "/" + collection + "/" + url.PathEscape(sourcedID), sourcedID, kind}
}

// item names a line item: the test for no name, a section, a question.
func (p pushing) item(names ...string) string {
	return identifier(append([]string{p.test.ID, p.class}, names...)...)
}

func (p pushing) toItem(sourcedID string) reference {
	return p.refer(p.sis.Gradebook, "assessmentLineItems", "assessmentLineItem", sourcedID)
}

// lineItems makes the tree, parents first: a SIS may want to know the parent of a child.
func (p pushing) lineItems() []object {
	class := p.refer(p.sis.Rostering, "classes", "class", p.class)
	add := func(sourcedID, title, description, parent string, points int, standards []string) object {
		i := lineItem{base: p.base(sourcedID), Title: title, Description: description, Class: &class, Max: points}
		if parent != "" {
			r := p.toItem(parent)
			i.Parent = &r
		}
		if len(standards) > 0 {
			i.Objectives = []objectives{{fromCASE, standards}}
		}
		return object{"assessmentLineItems", "assessmentLineItem", sourcedID, parent, i}
	}
	var all []string
	var below []object
	for _, s := range p.test.Sections {
		var standards []string
		var questions []object
		for _, q := range s.Questions {
			standards = append(standards, q.Standard)
			questions = append(questions, add(p.item(s.ID, q.ID), q.Title, "", p.item(s.ID), q.Points, []string{q.Standard}))
		}
		below = append(below, add(p.item(s.ID), s.Title, "", p.item(), s.points(), standards))
		below = append(below, questions...)
		all = append(all, standards...)
	}
	return append([]object{add(p.item(), p.test.Title, p.test.Description, "", p.test.points(), all)}, below...)
}

// results makes what one student got, of each question, of each section and of the whole.
// mastery of a standard is the share of points of the questions about it.
func (p pushing) results(student string, a Answers, percentile float64) []object {
	who := p.refer(p.sis.Rostering, "users", "user", student)
	add := func(item string, score int, percentile *float64, mastery []scored) object {
		r := result{
			base: p.base(identifier(item, student)), LineItem: p.toItem(item), Student: who, Score: score,
			ScoreDate: p.now.Format(time.DateOnly), Percentile: percentile, Status: graded, Objectives: []scoredSet{{fromCASE, mastery}},
		}
		return object{"assessmentResults", "assessmentResult", r.SourcedID, item, r}
	}
	var out []object
	var all []scored
	total := 0
	for _, s := range p.test.Sections {
		var mastery []scored
		sum := 0
		for _, q := range s.Questions {
			one := scored{q.Standard, float64(a[q.ID]) / float64(q.Points)}
			out = append(out, add(p.item(s.ID, q.ID), a[q.ID], nil, []scored{one}))
			mastery, sum = append(mastery, one), sum+a[q.ID]
		}
		out = append(out, add(p.item(s.ID), sum, nil, mastery))
		all, total = append(all, mastery...), total+sum
	}
	return append(out, add(p.item(), total, &percentile, all))
}

// total is what a student got altogether.
func (a Answers) total() int {
	sum := 0
	for _, points := range a {
		sum += points
	}
	return sum
}

// percentile is the share of scores that are equal or lower, in hundredths (OpenAPI document,
// scorePercentile).
func percentile(score int, all []int) float64 {
	n := 0
	for _, other := range all {
		if other <= score {
			n++
		}
	}
	return 100 * float64(n) / float64(max(1, len(all)))
}

// objects lists everything that is pushed of the answers of a class, in an order in which
// what is referred to comes first.
func (p pushing) objects(answers map[string]Answers) []object {
	var students []string
	var totals []int
	for student, a := range answers {
		students, totals = append(students, student), append(totals, a.total())
	}
	slices.Sort(students)
	out := p.lineItems()
	for _, student := range students {
		out = append(out, p.results(student, answers[student], percentile(answers[student].total(), totals))...)
	}
	return out
}
