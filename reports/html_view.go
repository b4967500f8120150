package reports

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"
)

// view is the report arranged as the page shows it.
type view struct {
	*Report
	CSS    template.CSS
	JS     template.JS
	Policy string

	Heading    string
	Words      string // of the outcome
	Meaning    string
	Disclaimer string
	When       string
	Took       string
	Tone       Verdict
	Counts     []viewCount
	Chips      []viewCount
	Cards      []viewCard
	Trouble    int // diagnoses that are not in order
	Open       []viewOpen
	OpenCount  int
	Sections   []viewSection
	WaiverRows []viewWaiver
	CheckRows  []viewCheck
	Evidence   []viewExchange
	URLs       []Fact
}

// viewCount is one verdict with its number; Key is "waived" for failures that a
// waiver excuses, the verdict otherwise.
type viewCount struct {
	Key, Mark, Title, Meaning string
	N                         int
	X, Width                  string // place in the bar, in percent
}

type viewLink struct {
	Anchor, ID, Title, Key, Mark, Verdict string
}

type viewCard struct {
	ProfileResult
	Tone     Verdict
	Words    string
	Meaning  string
	Sentence string
	Counts   []viewCount
	Total    int
	Blocking []viewLink // demands not met, worst first
	More     int
}

// viewOpen is a reason why requirements were not examined, with all of them: one
// missing record may keep dozens from being tested.
type viewOpen struct {
	Verdict        Verdict
	Reason, Remedy string
	Links          []viewLink
}

type viewSection struct {
	Anchor, Title string
	Counts        []viewCount
	Requirements  []viewRequirement
}

type viewRequirement struct {
	RequirementResult
	Anchor, Key, Mark, Word string
	Attention               bool // printed open
	Profiles                []Fact
	Sources                 []viewCitation
	CheckLinks              []viewCheckLink
	Items                   []viewFinding
	Waiver                  *WaiverResult
	All                     string // indices of every exchange of its checks
	AllCount                int
}

// viewCitation is a citation whose URL is one a browser may be sent to, or empty.
type viewCitation struct {
	Document, Section, URL string
}

type viewCheckLink struct {
	Anchor, ID, Title, State string
}

type viewFinding struct {
	Number    int
	Lines     []line
	Times     string
	Exchanges []viewEvidence
	Missing   []string // named, but not kept
}

type viewEvidence struct {
	Index                   int
	ID, Method, URL, Result string
}

type viewWaiver struct {
	WaiverResult
	Link    viewLink
	Meaning string
}

type viewCheck struct {
	CheckResult
	Anchor   string
	Took     string
	Links    []viewLink
	All      string
	AllCount int
	Attached []viewAttachment
}

// maxBlocking is how many demands a profile's card lists before it points on.
const maxBlocking = 8

// viewer looks things up while it arranges a report.
type viewer struct {
	r       *Report
	x       index
	at      map[string]int // exchange id to index
	anchors map[string]string
	byID    map[string]*RequirementResult
}

func viewOf(r *Report) (*view, error) {
	w := viewer{r: r, x: indexOf(r), at: map[string]int{}, anchors: map[string]string{}, byID: map[string]*RequirementResult{}}
	for i, e := range r.Exchanges {
		w.at[e.ID] = i
	}
	for i := range r.Requirements {
		w.byID[r.Requirements[i].ID] = &r.Requirements[i]
	}
	tally := Tally(r.Requirements)
	v := &view{
		Report: r, Heading: nameOf(r), Disclaimer: disclaimer, Tone: r.Outcome.Tone(),
		When: r.Run.Started.UTC().Format("2 January 2006, 15:04 UTC"), Took: duration(r),
		Counts: countsOf(tally, false), Chips: countsOf(tally, true), Open: w.open(),
	}
	v.Words, v.Meaning = r.Outcome.worded(tally)
	for _, o := range v.Open {
		v.OpenCount += len(o.Links)
	}
	for _, p := range r.Profiles {
		v.Cards = append(v.Cards, w.card(p))
	}
	for _, d := range r.Diagnoses {
		if !d.OK {
			v.Trouble++
		}
	}
	for i, s := range Sections(r.Requirements) {
		section := viewSection{Anchor: fmt.Sprintf("section-%d", i+1), Title: s.Title, Counts: countsOf(Tally(s.Requirements), false)}
		for _, q := range Sort(s.Requirements) {
			section.Requirements = append(section.Requirements, w.requirement(q))
		}
		v.Sections = append(v.Sections, section)
	}
	for _, waiver := range r.Waivers {
		v.WaiverRows = append(v.WaiverRows, viewWaiver{waiver, w.link(waiver.Requirement), waiverMeaning(waiver.State)})
	}
	for _, c := range r.Checks {
		v.CheckRows = append(v.CheckRows, w.check(c))
	}
	for name, u := range r.Target.URLs {
		v.URLs = append(v.URLs, Fact{name, u})
	}
	slices.SortFunc(v.URLs, func(a, b Fact) int { return strings.Compare(a.Name, b.Name) })
	var err error
	v.Evidence, err = evidence(r.Exchanges)
	return v, err
}

// countsOf lists the verdicts that occur, worst first, with waived failures on
// their own.
func countsOf(c Counts, meaning bool) []viewCount {
	var out []viewCount
	add := func(key string, v Verdict, title string, n int) {
		if n > 0 {
			k := viewCount{Key: key, Mark: v.Mark(), Title: title, N: n}
			if meaning {
				k.Meaning = v.Meaning()
			}
			out = append(out, k)
		}
	}
	for _, v := range Verdicts() {
		if v == Fail {
			add("fail", v, v.Title(), c.Fail-c.Waived)
			continue
		}
		add(string(v), v, v.Title(), c.Of(v))
		if v == NotTested {
			add("waived", Fail, "Waived failure", c.Waived)
		}
	}
	total, x := c.Total(), 0.0
	for i := range out {
		width := 100 * float64(out[i].N) / float64(total)
		out[i].X, out[i].Width = percent(x), percent(width)
		x += width
	}
	return out
}

func percent(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }

// keyOf is what the filter goes by.
func keyOf(q RequirementResult) string {
	switch {
	case q.Verdict == Fail && q.Waived:
		return "waived"
	case !known(q.Verdict):
		return string(Unknown)
	}
	return string(q.Verdict)
}

func wordOf(q RequirementResult) string {
	if keyOf(q) == "waived" {
		return "Waived failure"
	}
	return q.Verdict.Title()
}

// anchor gives an id that is safe in a link and its own for each requirement.
func (w viewer) anchor(prefix, id string) string {
	var b strings.Builder
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return prefix + b.String()
}

// link refers to a requirement; one that is not in the report has no anchor.
func (w viewer) link(id string) viewLink {
	q := w.byID[id]
	if q == nil {
		return viewLink{ID: id}
	}
	return viewLink{w.anchor("req-", id), id, q.Title, keyOf(*q), q.Verdict.Mark(), wordOf(*q)}
}

func (w viewer) card(p ProfileResult) viewCard {
	c := viewCard{ProfileResult: p, Tone: p.Outcome.Tone(), Counts: countsOf(p.Counts, false), Total: p.Counts.Total()}
	c.Words, c.Meaning = p.Outcome.worded(p.Counts)
	var blocking []RequirementResult
	for _, pr := range p.Requirements {
		if q := w.byID[pr.ID]; q != nil && pr.Level == Must && q.Verdict != Pass && q.Verdict != NotApplicable {
			blocking = append(blocking, *q)
		}
	}
	for i, q := range Sort(blocking) {
		if i == maxBlocking {
			c.More = len(blocking) - maxBlocking
			break
		}
		c.Blocking = append(c.Blocking, w.link(q.ID))
	}
	applicable := c.Total - p.Counts.NotApplicable
	c.Sentence = fmt.Sprintf("%d of %s are kept.", p.Counts.Pass, plural(applicable, "requirement that applies", "requirements that apply"))
	return c
}

func (w viewer) open() []viewOpen {
	var out []viewOpen
	at := map[[3]string]int{}
	for _, q := range Sort(w.r.Requirements) {
		if q.Verdict == Pass || q.Verdict == Fail || q.Verdict == Warning || q.Verdict == NotApplicable {
			continue
		}
		key := [3]string{keyOf(q), q.Reason, q.Remedy}
		i, seen := at[key]
		if !seen {
			i = len(out)
			at[key] = i
			out = append(out, viewOpen{Verdict: Verdict(keyOf(q)), Reason: q.Reason, Remedy: q.Remedy})
		}
		out[i].Links = append(out[i].Links, w.link(q.ID))
	}
	return out
}

func (w viewer) requirement(q RequirementResult) viewRequirement {
	v := viewRequirement{
		RequirementResult: q, Anchor: w.anchor("req-", q.ID), Key: keyOf(q), Mark: q.Verdict.Mark(), Word: wordOf(q),
		Attention: q.Verdict != Pass && q.Verdict != NotApplicable,
	}
	if q.Waived {
		v.Waiver = w.x.waivers[q.ID]
	}
	for _, p := range w.r.Profiles {
		for _, pr := range p.Requirements {
			if pr.ID == q.ID {
				v.Profiles = append(v.Profiles, Fact{p.Title, string(pr.Level)})
			}
		}
	}
	for _, c := range q.Citations {
		if !strings.HasPrefix(c.URL, "https://") && !strings.HasPrefix(c.URL, "http://") {
			c.URL = ""
		}
		v.Sources = append(v.Sources, viewCitation(c))
	}
	var all []int
	for _, id := range q.Checks {
		link := viewCheckLink{ID: id}
		if c := w.x.checks[id]; c != nil {
			link = viewCheckLink{w.anchor("check-", id), id, c.Title, c.State}
			all = append(all, w.indices(c.Exchanges)...)
		}
		v.CheckLinks = append(v.CheckLinks, link)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	v.All, v.AllCount = joined(all), len(all)
	for n, f := range q.Findings {
		item := viewFinding{Number: n + 1, Lines: f.lines(q.Repeat), Times: f.times()}
		for _, id := range f.Exchanges {
			i, kept := w.at[id]
			if !kept {
				item.Missing = append(item.Missing, id)
				continue
			}
			e := w.r.Exchanges[i]
			item.Exchanges = append(item.Exchanges, viewEvidence{i, e.ID, e.Method, e.URL, result(e)})
		}
		v.Items = append(v.Items, item)
	}
	return v
}

func result(e Exchange) string {
	if e.Status == 0 {
		return "no response"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, e.StatusText))
}

func (w viewer) indices(ids []string) []int {
	var out []int
	for _, id := range ids {
		if i, kept := w.at[id]; kept {
			out = append(out, i)
		}
	}
	return out
}

func joined(indices []int) string {
	s := make([]string, len(indices))
	for i, n := range indices {
		s[i] = strconv.Itoa(n)
	}
	return strings.Join(s, " ")
}

func (w viewer) check(c CheckResult) viewCheck {
	v := viewCheck{CheckResult: c, Anchor: w.anchor("check-", c.ID), Took: (time.Duration(c.Milliseconds) * time.Millisecond).String()}
	for _, id := range c.Requirements {
		v.Links = append(v.Links, w.link(id))
	}
	all := w.indices(c.Exchanges)
	v.All, v.AllCount = joined(all), len(all)
	v.Attached = attached(c.Attachments)
	return v
}

func waiverMeaning(state string) string {
	switch state {
	case "applied":
		return "In force: the failure is excused until that day. It is still a failure."
	case "expired":
		return "Past its last day: it excuses nothing any more."
	case "stale":
		return "The requirement passes: the waiver can be removed."
	case "unmatched":
		return "No such requirement was part of this run: check the id."
	case "not-needed":
		return "The requirement did not fail in this run."
	}
	return ""
}
