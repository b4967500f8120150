package reports

import "slices"

// openGroup is a reason why requirements were not examined, with all of them: one
// missing record may keep dozens from being tested.
type openGroup struct {
	Kind           BlameKind // empty where the verdict isn't not-tested, or in older reports
	Verdict        Verdict
	By             string // the requirement that blocks
	Reason, Remedy string
	Members        []RequirementResult
}

// openGroups gathers what has no verdict on the product by what it hangs on: what
// the target's data lack, what the target file doesn't say, what is broken.
func openGroups(sorted []RequirementResult) []openGroup {
	type key struct {
		verdict        Verdict
		kind           BlameKind
		by             string
		reason, remedy string
	}
	var out []openGroup
	at := map[key]int{}
	for _, q := range sorted {
		switch q.Verdict {
		case Pass, Fail, Warning, NotApplicable:
			continue
		}
		k := key{verdict: q.Verdict, reason: q.Reason, remedy: q.Remedy}
		if !known(k.verdict) {
			k.verdict = Unknown
		}
		if q.Blame != nil && q.Verdict == NotTested {
			k.kind = q.Blame.Kind
			if k.kind == BlockedBy { // however each words it, the cause is one
				k.by, k.reason, k.remedy = q.Blame.Requirement, "", ""
			}
		}
		i, seen := at[k]
		if !seen {
			i = len(out)
			at[k] = i
			out = append(out, openGroup{Kind: k.kind, Verdict: k.verdict, By: k.by, Reason: k.reason, Remedy: k.remedy})
		}
		out[i].Members = append(out[i].Members, q)
	}
	order := []string{string(Error), string(Unknown), string(Configuration), string(NoData), string(NotTested), string(BlockedBy)}
	place := func(g openGroup) int {
		if g.Kind != "" {
			return slices.Index(order, string(g.Kind))
		}
		return slices.Index(order, string(g.Verdict))
	}
	slices.SortStableFunc(out, func(a, b openGroup) int { return place(a) - place(b) })
	return out
}

// title heads the groups of one kind.
func (g openGroup) title() string {
	switch g.Kind {
	case NoData:
		return "Not tested for want of data"
	case Configuration:
		return "Not tested for want of configuration"
	case BlockedBy:
		return "Blocked by what is broken"
	}
	return g.Verdict.Title()
}

// causeGroup is a cause that was seen, with the requirements that it breaks.
type causeGroup struct {
	Cause   string // empty: what was seen says no more than the findings do
	Members []RequirementResult
}

// byCause gathers broken requirements by the cause that their findings share. One
// without a cause stands by itself.
func byCause(broken []RequirementResult) []causeGroup {
	var out []causeGroup
	at := map[string]int{}
	for _, q := range broken {
		cause := q.cause()
		i, seen := at[cause]
		if !seen || cause == "" {
			i = len(out)
			at[cause] = i
			out = append(out, causeGroup{Cause: cause})
		}
		out[i].Members = append(out[i].Members, q)
	}
	return out
}

// cause is the first that the findings name.
func (q RequirementResult) cause() string {
	for _, f := range q.Findings {
		if f.Cause != "" {
			return f.Cause
		}
	}
	return ""
}

func ids(requirements []RequirementResult) []string {
	out := make([]string, len(requirements))
	for i, q := range requirements {
		out[i] = q.ID
	}
	return out
}
