package reports

import (
	"cmp"
	"slices"
)

// Tally counts requirements by verdict. A verdict that this version doesn't know
// counts as unknown: what can't be read is never taken for a pass.
func Tally(requirements []RequirementResult) Counts {
	var c Counts
	for _, r := range requirements {
		switch r.Verdict {
		case Pass:
			c.Pass++
			if r.Noted > 0 {
				c.Noted++
			}
		case Fail:
			c.Fail++
			if r.Waived {
				c.Waived++
			}
		case Warning:
			c.Warning++
		case NotApplicable:
			c.NotApplicable++
		case NotTested:
			c.NotTested++
			if r.Waived {
				c.WaivedOpen++
			}
		case Error:
			c.Error++
		default:
			c.Unknown++
		}
	}
	return c
}

// Excused lists the requirements that spare the exit code: those under a waiver, those
// known from the baseline of the run, and those not tested that only hang on one of them.
func (r *Report) Excused() map[string]bool {
	out := map[string]bool{}
	for _, q := range r.Requirements {
		if q.Waived || q.Known {
			out[q.ID] = true
		}
	}
	for _, q := range r.Requirements {
		if q.Verdict == NotTested && q.Blame != nil && q.Blame.Kind == BlockedBy && out[q.Blame.Requirement] {
			out[q.ID] = true
		}
	}
	return out
}

// Total is the number of requirements counted.
func (c Counts) Total() int {
	return c.Pass + c.Fail + c.Warning + c.NotApplicable + c.NotTested + c.Error + c.Unknown
}

// Of gives the count of one verdict.
func (c Counts) Of(v Verdict) int {
	switch v {
	case Pass:
		return c.Pass
	case Fail:
		return c.Fail
	case Warning:
		return c.Warning
	case NotApplicable:
		return c.NotApplicable
	case NotTested:
		return c.NotTested
	case Error:
		return c.Error
	}
	return c.Unknown
}

// rank orders verdicts worst first; an unrecognised one stands with unknown. A
// waived failure follows the open questions: known, owned, but not kept.
func rank(r RequirementResult) int {
	if r.Verdict == Fail && r.Waived {
		return slices.Index(Verdicts(), NotTested)*2 + 1
	}
	i := slices.Index(Verdicts(), r.Verdict)
	if i < 0 {
		i = slices.Index(Verdicts(), Unknown)
	}
	return i * 2
}

func levelRank(l Level) int {
	switch l {
	case Must:
		return 0
	case Should:
		return 1
	}
	return 2
}

// Sort gives the requirements worst first, then by level, by how
// many others they block, and by id. The
// argument is left as it is.
func Sort(requirements []RequirementResult) []RequirementResult {
	out := slices.Clone(requirements)
	slices.SortStableFunc(out, func(a, b RequirementResult) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)),
			cmp.Compare(levelRank(a.Level), levelRank(b.Level)),
			cmp.Compare(len(b.Blocks), len(a.Blocks)),
			cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Section is the requirements that share a heading.
type Section struct {
	Title        string
	Requirements []RequirementResult
}

// Sections groups requirements by heading, both in the order of the report,
// which is the catalogue's.
func Sections(requirements []RequirementResult) []Section {
	var out []Section
	at := map[string]int{}
	for _, r := range requirements {
		title := r.Section
		if title == "" {
			title = "Other"
		}
		i, known := at[title]
		if !known {
			i = len(out)
			at[title] = i
			out = append(out, Section{Title: title})
		}
		out[i].Requirements = append(out[i].Requirements, r)
	}
	return out
}

// index gives what a rendering looks up by id.
type index struct {
	exchanges map[string]*Exchange
	checks    map[string]*CheckResult
	profiles  map[string][]string // requirement id to the ids of its profiles
	waivers   map[string]*WaiverResult
}

func indexOf(r *Report) index {
	x := index{
		exchanges: make(map[string]*Exchange, len(r.Exchanges)),
		checks:    make(map[string]*CheckResult, len(r.Checks)),
		profiles:  map[string][]string{},
		waivers:   map[string]*WaiverResult{},
	}
	for i := range r.Exchanges {
		x.exchanges[r.Exchanges[i].ID] = &r.Exchanges[i]
	}
	for i := range r.Checks {
		x.checks[r.Checks[i].ID] = &r.Checks[i]
	}
	for _, p := range r.Profiles {
		for _, q := range p.Requirements {
			x.profiles[q.ID] = append(x.profiles[q.ID], p.ID)
		}
	}
	for i := range r.Waivers {
		x.waivers[r.Waivers[i].Requirement] = &r.Waivers[i]
	}
	return x
}
