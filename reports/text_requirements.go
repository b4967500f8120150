package reports

import (
	"fmt"
	"strings"
)

// maxFindings is how many findings of one requirement a terminal shows.
const maxFindings = 3

// requirements shows what is broken in full, by cause; what was not examined in
// short, by what it hangs on; what is kept is counted above.
func (p *printer) requirements(r *Report) {
	sorted := Sort(r.Requirements)
	chosen := func(wanted func(RequirementResult) bool) []RequirementResult {
		var out []RequirementResult
		for _, q := range sorted {
			if wanted(q) {
				out = append(out, q)
			}
		}
		return out
	}
	p.broken("Failed", chosen(func(q RequirementResult) bool { return q.Verdict == Fail && !q.Waived && !q.Known }))
	p.broken("The judge failed", chosen(func(q RequirementResult) bool { return q.Verdict == Error }))
	p.broken("Failed, but waived", chosen(func(q RequirementResult) bool { return q.Verdict == Fail && q.Waived }))
	known := func(q RequirementResult) bool { return q.Verdict == Fail && q.Known && !q.Waived }
	p.broken("Failed, but known from the baseline", chosen(known))
	p.broken("Warnings", chosen(func(q RequirementResult) bool { return q.Verdict == Warning }))
	p.open(sorted)
	p.options(chosen(func(q RequirementResult) bool { return q.Noted > 0 }))
}

func (p *printer) broken(title string, list []RequirementResult) {
	if len(list) == 0 {
		return
	}
	p.section(fmt.Sprintf("%s (%d)", title, len(list)))
	for i, g := range byCause(list) {
		if i > 0 {
			p.line("")
		}
		shared := ""
		if len(g.Members) > 1 {
			shared = g.Cause
			p.wrap(fmt.Sprintf("  One cause of %d: ", len(g.Members)), 4, shared)
		}
		for j, q := range g.Members {
			if j > 0 {
				p.line("")
			}
			p.requirement(q, shared)
		}
	}
}

// requirement shows one that is broken. The cause that it shares with others has
// been told.
func (p *printer) requirement(q RequirementResult, told string) {
	p.wrap("  "+p.styled(styles[q.Verdict], q.Verdict.Mark())+" "+p.styled("1", oneLine(q.ID))+"  ", 4,
		fmt.Sprintf("%s [%s]", q.Title, q.Level))
	if len(q.Blocks) > 0 {
		p.field(line{"reason", "Blocks", plural(len(q.Blocks), "requirement", "requirements") + ": " + folded(q.Blocks, maxFolded)})
	}
	p.field(line{"reason", "Reason", q.Reason})
	p.field(line{"remedy", "Remedy", q.Remedy})
	for _, c := range q.Citations {
		p.field(line{"", "Standard", oneLine(c.String())})
	}
	required := "" // told already
	for i, f := range q.Findings {
		if i == maxFindings && len(q.Findings) > maxFindings+1 {
			p.line(fmt.Sprintf("    %d more findings in the report", len(q.Findings)-i))
			break
		}
		head := fmt.Sprintf("    finding %d of %d", i+1, len(q.Findings))
		if t := f.times(); t != "" {
			head += ", " + t
		}
		p.line(head)
		for _, l := range f.lines("") {
			if l.Key == "required" {
				if f.Required == required {
					continue
				}
				required = f.Required
			}
			if l.Key == "cause" {
				if f.Cause == told {
					continue
				}
				told = f.Cause
			}
			p.field(l)
		}
		p.field(line{"", "Exchanges", clip(oneLine(folded(f.Exchanges, 2*maxFolded)), textWidth-22)})
	}
	if q.cause() == "" {
		p.field(line{"cause", "Typical causes", q.Causes})
	}
	p.field(line{"", "Repeat", oneLine(q.Repeat)})
}

// open shows what has no verdict on the product.
func (p *printer) open(sorted []RequirementResult) {
	groups := openGroups(sorted)
	sizes := map[string]int{}
	for _, g := range groups {
		sizes[g.title()] += len(g.Members)
	}
	heading := ""
	for _, g := range groups {
		if g.Verdict == Error {
			continue // shown in full
		}
		if g.title() != heading {
			heading = g.title()
			p.section(fmt.Sprintf("%s (%d)", heading, sizes[heading]))
		}
		mark := "  " + p.styled(styles[g.Verdict], g.Verdict.Mark()) + " "
		if g.Kind == BlockedBy {
			p.wrap(mark, 4, fmt.Sprintf("%s by %s: %s", plural(len(g.Members), "requirement", "requirements"), orNothing(g.By),
				folded(ids(g.Members), maxFolded)))
			continue
		}
		p.wrap(mark, 4, orNothing(g.Reason))
		p.field(line{"remedy", "Remedy", g.Remedy})
		label, names := "Requirement", ids(g.Members)
		if len(names) > 1 {
			label = fmt.Sprintf("%d requirements", len(names))
		}
		p.field(line{"reason", label, folded(names, maxFolded)})
	}
}

// options shows, where it is asked for, which options are used in another way.
func (p *printer) options(list []RequirementResult) {
	if len(list) == 0 || !p.notes {
		return
	}
	p.section(fmt.Sprintf("Options used in another way, which decides nothing (%d)", len(list)))
	for _, q := range list {
		p.wrap("  "+p.styled(styles[q.Verdict], q.Verdict.Mark())+" "+p.styled("1", oneLine(q.ID))+"  ", 4,
			fmt.Sprintf("%s [%s]", q.Title, q.Level))
		for i, n := range q.Notes {
			if i == maxFindings {
				p.line(fmt.Sprintf("      %s in the report", plural(len(q.Notes)-i, "more note", "more notes")))
				break
			}
			p.field(line{"reason", "Note", n})
		}
	}
}

// observations shows what was seen of the target as a whole.
func (p *printer) observations(r *Report) {
	if len(r.Observations) == 0 {
		return
	}
	p.section("Observed of the target as a whole (decides no requirement)")
	for _, o := range r.Observations {
		p.wrap("  ! ", 4, o.heading()+". "+o.Detail)
		if len(o.Places) > 0 {
			p.field(line{"reason", "Where", folded(o.Places, maxFolded)})
		}
		p.field(line{"remedy", "Remedy", o.Remedy})
	}
}

// heading words an observation with how often it was made.
func (o Observation) heading() string {
	if o.Count > 1 {
		return fmt.Sprintf("%s, %d times", strings.TrimRight(o.Title, "."), o.Count)
	}
	return strings.TrimRight(o.Title, ".")
}

// field writes one labelled value, if there is one. Running text is wrapped; what
// somebody may copy keeps its lines, up to a screenful.
func (p *printer) field(l line) {
	if l.Value == "" {
		return
	}
	const indent = 22
	label := fmt.Sprintf("      %-15s ", l.Label)
	switch l.Key {
	case "required", "cause", "reason", "remedy":
		p.wrap(label, indent, l.Value)
		return
	}
	const most = 12 // lines of one value; the report holds the rest
	lines := strings.Split(strings.TrimRight(clipBytes(l.Value, 64<<10), "\n"), "\n")
	for i, s := range lines {
		if i == most {
			p.line(strings.Repeat(" ", indent) + fmt.Sprintf("… %d more lines in the report", len(lines)-most))
			break
		}
		if i > 0 {
			label = strings.Repeat(" ", indent)
		}
		p.line(label + clip(s, 1000))
	}
}
