package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/rollcall-edu/rollcall/reports"
)

// maxFindings bounds the findings that one check keeps per requirement. A
// vendor acts on the first few; the count of the rest is kept.
const maxFindings = 8

// Finding is one thing a check noticed. Sent and the exchanges are filled in
// from Responses when empty.
type Finding struct {
	Required string // what the requirement asks in this case; empty: the catalogue's statement
	Sent     string
	Expected string
	Seen     string
	Where    string // JSON pointer, header name, URL, sourcedId
	Cause    string
	Count    int // how often, where one finding stands for many
	// Responses are the exchanges that prove it, the most telling first.
	Responses []*Response
	// Exchanges are ids of exchanges recorded elsewhere, such as in the crawl.
	Exchanges []string
	Hop       string // id of the hop of a district where it showed
}

// T is the handle through which a check body looks at the target and reports.
// It is safe for use by several goroutines of one body.
type T struct {
	session *Session
	check   Check

	mu       sync.Mutex
	ctx      context.Context // of the body; nil before it began
	results  map[string]*outcome
	kept     *keeper
	unusable *Response // the last answer that no check can stand on
	// hindrance is the last answer of which the check itself said so
	hindrance *Response
	// pictures and texts beside the exchanges
	attached []reports.Attachment
}

// partlyTested begins the note on a requirement of which not all could be examined.
const partlyTested = "partly tested: "

// outcome gathers what a check has to say of one requirement.
type outcome struct {
	examined    int
	findings    []reports.Finding
	dropped     int
	unreachable string
	notTested   string
	remedy      string
	blame       *reports.Blame // what notTested hangs on
	notApplies  string
	unmet       bool // something is not there that it needs
	notes       []string
	hops        []reports.HopResult
}

// NewT makes the handle for one check; the executor calls it.
func NewT(s *Session, c Check) *T {
	t := &T{session: s, check: c, results: map[string]*outcome{}, kept: &keeper{check: c.ID}}
	for _, id := range c.Requirements {
		t.results[id] = &outcome{}
	}
	return t
}

// begin tells the handle by which context its body runs.
func (t *T) begin(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ctx = ctx
}

// cut tells whether the body's context has ended: its time ran out, or the run was
// interrupted. What it says from then on is of requests and waits that were cut off.
func (t *T) cut() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ctx != nil && t.ctx.Err() != nil
}

// Session gives what all checks of a process share.
func (t *T) Session() *Session { return t.session }

// Check gives the check that this handle belongs to.
func (t *T) Check() Check { return t.check }

// Do sends a request to the target and records the exchange as evidence of this
// check. It never returns nil; see Response.Problem for what went wrong.
func (t *T) Do(ctx context.Context, r Request) *Response {
	response := t.session.client.do(ctx, r, t.kept)
	if r.Cut == CutNever && (response.Problem != "" || response.Status < 200 || response.Status > 299) {
		t.mu.Lock()
		t.unusable = response
		t.mu.Unlock()
	}
	return response
}

// Assert examines one thing: ok says whether requirement is kept in this case,
// f tells the tale when it isn't. It returns ok.
func (t *T) Assert(requirement string, ok bool, f Finding) bool {
	if ok {
		t.Examined(requirement, 1)
		t.cite(f)
		return true
	}
	t.Fail(requirement, f)
	return false
}

// Examined adds n things that were looked at and found right.
func (t *T) Examined(requirement string, n int) {
	t.on(requirement, func(o *outcome) { o.examined += n })
}

// Fail records a finding against requirement. Where the exchange shows that the
// target could not be reached or was busy, nothing is held against it: the
// requirement becomes unknown. So it does once the check was cut off.
func (t *T) Fail(requirement string, f Finding) {
	if t.cut() {
		t.on(requirement, func(o *outcome) { o.unreachable = "the check was cut off before it had seen enough" })
		return
	}
	for _, r := range f.Responses {
		if r != nil && r.Unreachable {
			t.on(requirement, func(o *outcome) { o.unreachable = r.Problem })
			return
		}
	}
	if long := tooLong(f.Responses); long != nil {
		t.cite(f)
		t.NotTested(tooMuch(long), requirement)
		return
	}
	t.cite(f)
	finding := f.report(requirement)
	t.on(requirement, func(o *outcome) {
		o.examined++
		for i := range o.findings {
			same := &o.findings[i]
			if same.Expected == finding.Expected && same.Seen == finding.Seen && same.Where == finding.Where {
				same.Count = max(same.Count, 1) + 1
				return
			}
		}
		if len(o.findings) >= maxFindings {
			o.dropped++
			return
		}
		o.findings = append(o.findings, finding)
	})
}

// Unsorted says that a requirement could not be looked at without saying what it
// hangs on; NotTested takes its place.
func (t *T) Unsorted(requirement, reason, remedy string) {
	t.NotTested(NoData(reason, remedy), requirement)
}

// UnsortedAll does the same for every requirement of the check.
func (t *T) UnsortedAll(reason, remedy string) { t.NotTested(NoData(reason, remedy)) }

// NotApplicable says that the target doesn't claim the feature.
func (t *T) NotApplicable(requirement, reason string) {
	t.on(requirement, func(o *outcome) { o.notApplies = visible(reason) })
}

// Note adds a remark for the report that decides nothing.
func (t *T) Note(requirement, format string, args ...any) {
	t.on(requirement, func(o *outcome) {
		if note := visible(fmt.Sprintf(format, args...)); !slices.Contains(o.notes, note) && len(o.notes) < maxFindings {
			o.notes = append(o.notes, note)
		}
	})
}

// Hop notes how a requirement stands at one hop of a district, for its picture: the verdict comes of what is said of the
// requirement itself.
func (t *T) Hop(requirement string, h reports.HopResult) {
	t.on(requirement, func(o *outcome) { o.hops = append(o.hops, h) })
}

// Ready tells whether a response that a check merely stands on (not its
// subject) is usable: it came whole and has the wanted status. Where it is not,
// the named requirements are blocked by the one that governs that answer.
func (t *T) Ready(r *Response, status int, requirements ...string) bool {
	if r.Problem == "" && r.Status == status {
		return true
	}
	t.NotTested(t.blocked(r, stoodOn(r)), requirements...)
	return false
}

// Adopt takes an exchange that was recorded outside of the check (in the crawl)
// among its evidence and gives its id, to be named in Finding.Exchanges.
func (t *T) Adopt(e *Evidence) string {
	if e == nil {
		return ""
	}
	t.kept.adopt(*e)
	t.kept.pin(e.ID)
	return e.ID
}

// cite keeps the exchanges of a finding among the evidence.
func (t *T) cite(f Finding) {
	for _, r := range f.Responses {
		if r != nil {
			t.kept.pin(r.Evidence)
		}
	}
}

func (t *T) on(requirement string, change func(*outcome)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.results[requirement]
	if o == nil {
		// A body that reports on what it didn't declare is a fault of the
		// judge; it must not pass unseen.
		panic(fmt.Sprintf("check %s reports on %s, which it doesn't declare", t.check.ID, requirement))
	}
	change(o)
}

// visible makes a text fit for a message, whatever it quotes: no NUL, and no blanks at its
// end. Other characters that can't be seen are shown when a report is written: the
// redactor comes before that, and knows a secret by its line ends too.
func visible(s string) string {
	return strings.TrimRightFunc(strings.ReplaceAll(s, "\x00", reports.Printable("\x00")), unicode.IsSpace)
}

func (f Finding) report(requirement string) reports.Finding {
	out := reports.Finding{
		Requirement: requirement, Required: visible(f.Required), Sent: visible(f.Sent), Expected: visible(f.Expected),
		Seen: visible(f.Seen), Where: visible(f.Where), Cause: visible(f.Cause), Count: f.Count, Exchanges: slices.Clone(f.Exchanges), Hop: f.Hop,
	}
	for _, r := range f.Responses {
		if r == nil {
			continue
		}
		if out.Sent == "" {
			out.Sent = r.Line()
		}
		if !slices.Contains(out.Exchanges, r.Evidence) {
			out.Exchanges = append(out.Exchanges, r.Evidence)
		}
	}
	return out
}

// result turns what was gathered into the verdicts of this check. Findings are
// called Fail here; the level that holds in the run is applied when the parent
// merges, so that one result serves every stance.
func (t *T) result() ([]reports.CheckRequirement, []reports.Finding) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var results []reports.CheckRequirement
	var findings []reports.Finding
	for _, id := range t.check.Requirements {
		o := t.results[id]
		t.explain(id, o)
		r := reports.CheckRequirement{Requirement: id, Examined: o.examined, Blame: o.blame, Notes: o.notes, Hops: o.hops}
		switch {
		case len(o.findings) > 0:
			r.Verdict = reports.Fail
			if o.dropped > 0 {
				r.Notes = append(r.Notes, fmt.Sprintf("%d more findings of this kind are not listed", o.dropped))
			}
		case o.unreachable != "":
			r.Verdict, r.Reason = reports.Unknown, o.unreachable
			r.Remedy = "Make sure that the target stays up for the whole run, and run again (--resume)."
		case o.examined > 0:
			r.Verdict = reports.Pass
			if o.notTested != "" {
				r.Notes = append(r.Notes, partlyTested+o.notTested)
			}
		case o.notApplies != "":
			r.Verdict, r.Reason = reports.NotApplicable, o.notApplies
		case o.notTested != "":
			r.Verdict, r.Reason, r.Remedy = reports.NotTested, o.notTested, o.remedy
		default:
			r.Verdict = reports.Error
			r.Reason = "the check ended without having looked at anything for this requirement"
			r.Remedy = "This is a fault of Rollcall; please report it with this report attached."
		}
		results = append(results, r)
		findings = append(findings, o.findings...)
	}
	return results, findings
}

// explain lays what the check did not say of a requirement at the door of the last
// answer that nothing can stand on, where there was one: a target can answer
// anything, and that is never the judge's failure. It must be called with the lock
// held.
func (t *T) explain(id string, o *outcome) {
	bad := t.unusable
	if t.hindrance != nil {
		bad = t.hindrance
	}
	if bad == nil || o.said() {
		return
	}
	seen := stoodOn(bad)
	switch owner := t.session.owner(bad); {
	case bad.Unreachable:
		o.unreachable = bad.Problem
	case tooLong([]*Response{bad}) != nil:
		long := tooMuch(bad)
		o.notTested, o.remedy, o.blame = long.reason, long.remedy, long.blame()
	case owner == id:
		o.examined++
		o.findings = append(o.findings, BlockedBy(owner, seen, bad).finding().report(id))
	case owner != "":
		o.notTested, o.blame = seen, BlockedBy(owner, seen, bad).blame()
	default:
		return
	}
	t.kept.pin(bad.Evidence)
}

// said tells whether the check came to any verdict.
func (o *outcome) said() bool {
	return o.examined > 0 || len(o.findings) > 0 || o.unreachable != "" || o.notApplies != "" || o.notTested != ""
}

// Show renders a value of the target for a finding: personal data under the
// given member name become a pseudonym, long values are cut.
func (t *T) Show(member, value string) string {
	value = t.session.redactor.Value(member, value)
	if r := []rune(value); len(r) > 120 {
		value = string(r[:120]) + "…"
	}
	return value
}

// Own says that the judge made these values up, such as those of a filter that nothing
// satisfies: they are shown, whatever stands before them. It gives the first one back.
func (t *T) Own(values ...string) string { return t.session.redactor.Own(values...) }

// ShowAt does the same for a value that stands at a JSON pointer.
func (t *T) ShowAt(pointer, value string) string { return t.session.redactor.At(pointer, value) }
