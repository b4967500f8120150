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
	LeftOut    string // what the page leaves out for its size
	Part       string // of a partial report
	Counts     []viewCount
	Chips      []viewCount
	Cards      []viewCard
	Trouble    int // diagnoses that are not in order
	Causes     []viewCause
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

// viewCause is a cause of failures with what it breaks and what that blocks.
type viewCause struct {
	Cause   string
	Links   []viewLink
	Blocked []viewLink
}

// viewOpen is a reason why requirements were not examined, with all of them. Head is
// the heading of its kind, where it is the first of that.
type viewOpen struct {
	Head           string
	Verdict        Verdict
	Reason, Remedy string
	By             *viewLink
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
	BlockedBy               *viewLink
	Blocked                 []viewLink
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
	LeftOut   []string // kept, but not on this page
}

type viewEvidence struct {
	Index                           int
	ID, System, Method, URL, Result string
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
	r     *Report
	x     index
	at    map[string]int // exchange id to index
	byID  map[string]*RequirementResult
	whole *Report
	kept  map[string]bool // ids of all exchanges of the report
}

func viewOf(whole *Report, b budget) (*view, error) {
	r, left := shrunk(whole, b)
	shown, err := evidence(whole, b, left)
	if err != nil {
		return nil, err
	}
	pictures := attachments(whole, b, left)
	w := viewer{r: r, whole: whole, x: indexOf(r), at: map[string]int{}, byID: map[string]*RequirementResult{}, kept: map[string]bool{}}
	for _, e := range whole.Exchanges {
		w.kept[e.ID] = true
	}
	for _, x := range shown {
		w.at[whole.Exchanges[x.Index].ID] = x.Index
	}
	for i := range r.Requirements {
		w.byID[r.Requirements[i].ID] = &r.Requirements[i]
	}
	tally := Tally(whole.Requirements)
	v := &view{
		Report: r, Heading: nameOf(r), Disclaimer: disclaimer, Tone: r.Outcome.Tone(),
		When: r.Run.Started.UTC().Format("2 January 2006, 15:04 UTC"), Took: duration(r),
		Counts: countsOf(tally, false), Chips: countsOf(tally, true), Causes: w.causes(), Open: w.open(), LeftOut: left.words(), Evidence: shown,
	}
	if r.Partial() {
		v.Part = whole.Part()
	}
	v.Words, v.Meaning = r.Outcome.worded(whole.overall())
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
		row := w.check(c)
		row.Attached = pictures[c.ID]
		v.CheckRows = append(v.CheckRows, row)
	}
	for name, u := range r.Target.URLs {
		v.URLs = append(v.URLs, Fact{name, u})
	}
	slices.SortFunc(v.URLs, func(a, b Fact) int { return strings.Compare(a.Name, b.Name) })
	return v, nil
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
	c.Words, c.Meaning = p.Outcome.worded(w.whole.of(p))
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
	c.Sentence = fmt.Sprintf("%d of %s %s kept.", p.Counts.Pass, plural(applicable, "requirement that applies", "requirements that apply"),
		map[bool]string{true: "is", false: "are"}[p.Counts.Pass == 1])
	return c
}

func (w viewer) links(list []string) []viewLink {
	var out []viewLink
	for _, id := range list {
		out = append(out, w.link(id))
	}
	return out
}

// causes lists what is broken by cause, one told once.
func (w viewer) causes() []viewCause {
	var broken []RequirementResult
	for _, q := range Sort(w.r.Requirements) {
		if q.Verdict == Fail {
			broken = append(broken, q)
		}
	}
	var out []viewCause
	for _, g := range byCause(broken) {
		c := viewCause{Cause: g.Cause, Links: w.links(ids(g.Members))}
		for _, q := range g.Members {
			c.Blocked = append(c.Blocked, w.links(q.Blocks)...)
		}
		out = append(out, c)
	}
	return out
}

func (w viewer) open() []viewOpen {
	var out []viewOpen
	heading := ""
	for _, g := range openGroups(Sort(w.r.Requirements)) {
		v := viewOpen{Verdict: g.Verdict, Reason: g.Reason, Remedy: g.Remedy, Links: w.links(ids(g.Members))}
		if g.title() != heading {
			heading = g.title()
			v.Head = heading
		}
		if g.Kind == BlockedBy {
			by := w.link(g.By)
			v.By = &by
		}
		out = append(out, v)
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
	if q.Blame != nil && q.Blame.Requirement != "" {
		by := w.link(q.Blame.Requirement)
		v.BlockedBy = &by
	}
	v.Blocked = w.links(q.Blocks)
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
			i, shown := w.at[id]
			switch {
			case shown:
			case w.kept[id]:
				item.LeftOut = append(item.LeftOut, id)
				continue
			default:
				item.Missing = append(item.Missing, id)
				continue
			}
			e := w.whole.Exchanges[i]
			item.Exchanges = append(item.Exchanges, viewEvidence{i, e.ID, e.System, e.Method, e.URL, result(e)})
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
	return v
}

func waiverMeaning(state string) string {
	switch state {
	case "applied":
		return "In force: it is excused until that day. The verdict stays what it is."
	case "expired":
		return "Past its last day: it excuses nothing any more."
	case "stale":
		return "The requirement passes: the waiver can be removed."
	case "unmatched":
		return "No such requirement was part of this run: check the id."
	case "not-needed":
		return "The requirement does not apply: the waiver can be removed."
	case "undecided":
		return "The judge did not reach the requirement: nothing is excused."
	}
	return ""
}
