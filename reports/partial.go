package reports

import "fmt"

// Partial tells whether only part of what the profiles ask for was judged.
func (r *Report) Partial() bool { return r.Run.Whole > 0 || len(r.Run.Focus) > 0 }

// Part words which part a partial report holds.
func (r *Report) Part() string {
	if r.Run.Whole == 0 { // written by an older version
		return "partial: " + plural(len(r.Requirements), "requirement", "requirements") + ", not all"
	}
	return fmt.Sprintf("partial: %d of %d requirements", len(r.Requirements), r.Run.Whole)
}

// ToRepeat lists the requirements that are worth running again once something was
// mended: those broken, in error or not reached, and those that they block.
func (r *Report) ToRepeat() []string {
	var out []string
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	for _, q := range r.Requirements {
		switch q.Verdict {
		case Pass, NotApplicable, NotTested:
			continue
		}
		if len(q.Checks) > 0 { // others are in the report for what they block
			add(q.ID)
		}
		for _, id := range q.Blocks {
			add(id)
		}
	}
	return out
}
