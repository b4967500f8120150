package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class      string           `xml:"classname,attr"`
	Name       string           `xml:"name,attr"`
	Time       string           `xml:"time,attr"`
	Properties *junitProperties `xml:"properties,omitempty"`
	Skipped    *junitOutcome    `xml:"skipped"`
	Failure    *junitOutcome    `xml:"failure"`
	Error      *junitOutcome    `xml:"error"`
	SystemOut  *junitText       `xml:"system-out"`
}

type junitProperties struct {
	Properties []junitProperty `xml:"property"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

// junitText is kept in CDATA, which people can read in the raw file too.
// Whatever goes in has been through Printable, so no character is left that XML
// forbids.
type junitText struct {
	Text string `xml:",cdata"`
}

// JUnit writes the report as JUnit XML: a test suite for each section, a test
// case for each requirement. A failure that is waived, and whatever could not
// be examined, is skipped with its reason; a warning passes and says so in its
// output. The time of a check is shared evenly among the requirements it
// decides, so that the times add up to the time spent.
func JUnit(w io.Writer, r *Report) error {
	x := indexOf(r)
	spent := junitTimes(r)
	root := junitSuites{Name: oneLine(title(r))}
	var total float64
	room := maxPage
	for _, s := range Sections(r.Requirements) {
		suite := junitSuite{
			Name: oneLine(s.Title), Tests: len(s.Requirements),
			// The form without zone or fraction is the only one every reader knows.
			Timestamp: r.Run.Started.UTC().Format("2006-01-02T15:04:05"),
			Properties: []junitProperty{
				{"target", oneLine(r.Target.Name)},
				{"stance", oneLine(r.Run.Stance)},
				{"outcome", string(r.Outcome)},
				{"judge", oneLine(r.Judge.Name + " " + r.Judge.Version)},
				{"seed", fmt.Sprint(r.Run.Seed)},
				{"run", oneLine(r.Run.ID)},
			},
		}
		var sum float64
		for _, q := range s.Requirements {
			c := junitCaseOf(q, x)
			if room -= c.size(); room < 0 {
				c.cut()
			}
			c.Time = seconds(spent[q.ID])
			sum += spent[q.ID]
			switch {
			case c.Failure != nil:
				suite.Failures++
			case c.Error != nil:
				suite.Errors++
			case c.Skipped != nil:
				suite.Skipped++
			}
			suite.Cases = append(suite.Cases, c)
		}
		suite.Time = seconds(sum)
		total += sum
		root.Tests += suite.Tests
		root.Failures += suite.Failures
		root.Errors += suite.Errors
		root.Skipped += suite.Skipped
		root.Suites = append(root.Suites, suite)
	}
	root.Time = seconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(root); err != nil {
		return fmt.Errorf("encoding JUnit XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitCaseOf(q RequirementResult, x index) junitCase {
	c := junitCase{
		Class: junitClass(q, x),
		Name:  oneLine(q.ID + " " + q.Title),
		Properties: &junitProperties{[]junitProperty{
			{"requirement", oneLine(q.ID)},
			{"level", string(q.Level)},
			{"verdict", oneLine(string(q.Verdict))},
			{"examined", fmt.Sprint(q.Examined)},
		}},
	}
	text := "\n" + describe(q)
	switch q.Verdict {
	case Pass:
	case Warning:
		c.SystemOut = &junitText{"\nWarning: " + q.headline() + "\n" + text}
	case Fail:
		if q.Waived {
			c.Properties.Properties = append(c.Properties.Properties, junitProperty{"waived", "true"})
			message := "waived"
			if v := x.waivers[q.ID]; v != nil {
				message = fmt.Sprintf("waived until %s by %s: %s", v.Expires, v.Owner, v.Reason)
			}
			c.Skipped = &junitOutcome{Message: oneLine(message), Text: text}
			break
		}
		if q.Known {
			c.Properties.Properties = append(c.Properties.Properties, junitProperty{"baseline", "true"})
			c.Skipped = &junitOutcome{Message: "known from the baseline: " + q.headline(), Text: text}
			break
		}
		c.Failure = &junitOutcome{Message: q.headline(), Type: "requirement", Text: text}
	case NotTested, NotApplicable:
		message := q.Verdict.Title()
		if q.Blame != nil {
			message = openGroup{Kind: q.Blame.Kind}.title()
			if q.Blame.Requirement != "" {
				message += " (" + q.Blame.Requirement + ")"
			}
		}
		if q.Reason != "" {
			message += ": " + q.Reason
		}
		if q.Remedy != "" {
			message += " Remedy: " + q.Remedy
		}
		c.Skipped = &junitOutcome{Message: oneLine(message)}
	default:
		c.Error = &junitOutcome{Message: q.headline(), Type: oneLine(string(q.Verdict)), Text: text}
	}
	return c
}

// size is how much is told of a case beyond its line.
func (c *junitCase) size() int {
	n := 0
	for _, o := range []*junitOutcome{c.Skipped, c.Failure, c.Error} {
		if o != nil {
			n += len(o.Text)
		}
	}
	if c.SystemOut != nil {
		n += len(c.SystemOut.Text)
	}
	return n
}

// cut leaves of a case what a list shows.
func (c *junitCase) cut() {
	const elsewhere = "\nThe file is large already: see report.json.\n"
	for _, o := range []*junitOutcome{c.Skipped, c.Failure, c.Error} {
		if o != nil && o.Text != "" {
			o.Text = elsewhere
		}
	}
	if c.SystemOut != nil {
		c.SystemOut.Text = elsewhere
	}
}

// junitClass is profile/section. Jenkins takes a dot for the border between
// package and class, so none is left in.
func junitClass(q RequirementResult, x index) string {
	profile := "no profile"
	if of := x.profiles[q.ID]; len(of) > 0 {
		profile = of[0]
	}
	return strings.ReplaceAll(oneLine(profile+"/"+q.Section), ".", "_")
}

// junitTimes gives the seconds spent on each requirement.
func junitTimes(r *Report) map[string]float64 {
	spent := map[string]float64{}
	for _, c := range r.Checks {
		for _, id := range c.Requirements {
			spent[id] += float64(c.Milliseconds) / 1000 / float64(len(c.Requirements))
		}
	}
	return spent
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// title names a report.
func title(r *Report) string { return "Rollcall: " + nameOf(r) }

// nameOf is what the target is called.
func nameOf(r *Report) string {
	if name := oneLine(r.Target.Name); name != "" {
		return name
	}
	return "Unnamed target"
}

// headline is what a reader of a list sees of a requirement that isn't kept.
func (q RequirementResult) headline() string {
	switch {
	case len(q.Findings) == 1:
		return q.Findings[0].summary()
	case len(q.Findings) > 1:
		return fmt.Sprintf("%d findings; first: %s", len(q.Findings), q.Findings[0].summary())
	case q.Reason != "":
		return clip(oneLine(q.Reason), 300)
	}
	return q.Verdict.Meaning()
}

// What JUnit XML tells of one requirement is bounded: its readers keep it whole in
// memory, and report.json holds the rest.
const (
	maxJUnitText     = 8 << 10
	maxJUnitFindings = 50
)

// describe gives a requirement with its findings in plain lines.
func describe(q RequirementResult) string {
	var b strings.Builder
	put := func(label, value string) {
		if value != "" {
			value = clipBytes(value, maxJUnitText)
			b.WriteString(label + ": " + strings.ReplaceAll(Printable(value), "\n", "\n    ") + "\n")
		}
	}
	put("Requirement", q.ID+" ("+string(q.Level)+")")
	put("Statement", q.Statement)
	for _, c := range q.Citations {
		put("Citation", c.String())
	}
	put("Reason", q.Reason)
	put("Remedy", q.Remedy)
	put("Blocks", strings.Join(q.Blocks, ", "))
	for i, f := range q.Findings {
		if i == maxJUnitFindings {
			b.WriteString(fmt.Sprintf("\n%d more findings in report.json\n", len(q.Findings)-i))
			break
		}
		head := fmt.Sprintf("\nFinding %d of %d", i+1, len(q.Findings))
		if t := f.times(); t != "" {
			head += ", seen " + t
		}
		b.WriteString(head + "\n")
		for _, l := range f.lines(q.Repeat) {
			put("  "+l.Label, l.Value)
		}
		if len(f.Exchanges) > 0 {
			put("  Exchanges", strings.Join(f.Exchanges, ", "))
		}
	}
	if len(q.Findings) > 0 && q.cause() == "" {
		put("Typical causes", q.Causes)
	}
	if len(q.Findings) == 0 {
		put("Repeat", q.Repeat)
	}
	for _, n := range q.Notes {
		put("Note", n)
	}
	return b.String()
}

// String words a citation in one line.
func (c Citation) String() string {
	s := c.Document
	if c.Section != "" {
		s += ", " + c.Section
	}
	if c.URL != "" {
		s += " <" + c.URL + ">"
	}
	return s
}
