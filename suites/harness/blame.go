package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// debt is what one check says of another requirement: that it blocks.
type debt struct {
	blocked  string // the requirement that could not be examined, or not wholly
	owner    string // the one that is said to be broken
	reason   string
	expected string   // of the owner; empty: its statement
	seen     []string // exchanges
}

// debts lists what the checks say blocks the requirements that the run asks for.
func (r *Run) debts(report *reports.Report) []debt {
	var out []debt
	for _, c := range report.Checks {
		for _, said := range c.Results {
			b := said.Blame
			if b == nil || b.Kind != reports.BlockedBy || r.plan.Levels[said.Requirement] == "" || r.disclaims(said.Requirement) {
				continue
			}
			out = append(out, debt{said.Requirement, b.Requirement, reasonOf(said), b.Expected, b.Exchanges})
		}
	}
	return out
}

// conserve holds every "blocked by" to its word: the requirement that blocks is
// failed in this very report, or by its level warned; where it isn't, it fails
// now, by the exchange that blocked. So nothing that was broken can vanish into
// what was not tested.
func (r *Run) conserve(report *reports.Report) {
	byID := map[string]*reports.RequirementResult{}
	index := func() {
		for i := range report.Requirements {
			byID[report.Requirements[i].ID] = &report.Requirements[i]
		}
	}
	index()
	r.gained = map[string]bool{}
	debts := r.debts(report)
	for _, d := range debts {
		root := rootOf(byID, d.owner)
		q := byID[root]
		if q == nil {
			requirement, known := r.cat.Requirement(root)
			if !known {
				r.failures = append(r.failures, fmt.Sprintf("%s is said to be blocked by %q, which the catalogue doesn't hold", d.blocked, root))
				continue
			}
			out := r.base(requirement, r.blockingLevel(requirement))
			out.Repeat = r.repeatOf(root)
			out.Verdict = reports.NotTested
			report.Requirements = append(report.Requirements, out)
			index()
			q = byID[root]
			r.gained[root] = true
		}
		switch {
		case q.Verdict == reports.Fail, q.Verdict == reports.Warning, q.Verdict == reports.Error, q.Verdict == reports.Unknown:
		case q.Level == reports.May, r.disclaims(root):
			// What a target may leave out can't be held against it, nor what stands on it.
		default:
			accuse(q, d)
		}
	}
	// Only now does everybody's root stand fast.
	for _, d := range debts {
		r.settle(byID, d)
	}
	slices.SortStableFunc(report.Requirements, func(a, b reports.RequirementResult) int {
		return r.cat.Position(a.ID) - r.cat.Position(b.ID)
	})
}

// reasonOf gives what a check said of a requirement that it could not examine, or not
// wholly.
func reasonOf(said reports.CheckRequirement) string {
	for _, note := range said.Notes {
		if reason, partly := strings.CutPrefix(note, partlyTested); partly && said.Reason == "" {
			return reason
		}
	}
	return said.Reason
}

// disclaims tells whether the target file says that the product doesn't offer what
// a requirement is about.
func (r *Run) disclaims(id string) bool {
	q, known := r.cat.Requirement(id)
	return known && r.target.Disclaimed(q.Feature)
}

// blockingLevel is the level of a requirement that blocks and that the run doesn't
// ask for by itself: that of the profiles where it is left out for the focus alone,
// else its own. What a stance doesn't ask for at all is a SHOULD, for what keeps
// others from being examined is worth a word.
func (r *Run) blockingLevel(q catalogue.Requirement) catalogue.Level {
	if l := r.plan.Asked[q.ID]; l != "" {
		return l
	}
	if l := q.LevelIn(r.target.Stance); l != catalogue.Off {
		return l
	}
	return catalogue.Should
}

// rootOf follows who blocks whom to the first that is not itself blocked.
func rootOf(byID map[string]*reports.RequirementResult, id string) string {
	seen := map[string]bool{}
	for {
		q := byID[id]
		if q == nil || seen[id] || q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Kind != reports.BlockedBy {
			return id
		}
		seen[id] = true
		id = q.Blame.Requirement
	}
}

// accuse fails a requirement by what blocked another.
func accuse(q *reports.RequirementResult, d debt) {
	q.Verdict, q.Reason, q.Remedy, q.Blame = reports.Fail, "", "", nil
	if q.Level != reports.Must {
		q.Verdict = reports.Warning
	}
	q.Examined++
	q.Findings = append(q.Findings, reports.Finding{Requirement: q.ID, Required: q.Statement,
		Expected: cmp.Or(d.expected, q.Statement), Seen: d.reason, Where: "found where " + d.blocked + " was to be examined",
		Exchanges: slices.Clone(d.seen)})
}

// settle writes down at both ends who blocks whom.
func (r *Run) settle(byID map[string]*reports.RequirementResult, d debt) {
	q := byID[d.blocked]
	if q == nil || q.Verdict != reports.NotTested || q.Blame == nil {
		return
	}
	root := rootOf(byID, d.owner)
	owner := byID[root]
	switch {
	case owner == nil:
		return
	case owner.Verdict == reports.Unknown:
		q.Verdict, q.Blame = reports.Unknown, nil
		q.Reason = fmt.Sprintf("%s, on which it stands, is unknown: %s", root, owner.Reason)
		q.Remedy = owner.Remedy
		return
	case owner.Verdict != reports.Fail && owner.Verdict != reports.Warning && owner.Verdict != reports.Error:
		// Only what may be left out is spared, and so is what stands on it.
		q.Verdict, q.Blame, q.Remedy = reports.NotApplicable, nil, ""
		q.Reason = fmt.Sprintf("it stands on %s, which is optional or disclaimed: %s", root, d.reason)
		return
	}
	q.Blame.Requirement = root
	q.Remedy = fmt.Sprintf("Mend %s first: this one hangs on it.", root)
	if !slices.Contains(owner.Blocks, q.ID) {
		owner.Blocks = append(owner.Blocks, q.ID)
	}
}
