package reports

import (
	"fmt"
	"strings"
)

// standing is how the requirements of a profile, or of a whole report, stand by
// level. Every sentence on an outcome is made of it, so that none contradicts what
// was counted.
type standing struct {
	demands int // MUSTs that apply
	broken  int // failures
	waived  int // of these, excused by a waiver
	known   int // of these, known from the baseline and under no waiver
	judge   int // in error
	open    int // MUSTs that are not tested or not reached
	blocked int // of these, for what they stand on is broken
	excused int // of these, excused by a waiver or the baseline, or blocked by what is
	warned  int // SHOULDs that are broken
	lesser  int // SHOULDs and MAYs that are not tested or not reached
	noted   int // MAYs that are used in another way
	part    string
	by      string // what excuses what could not be examined
}

// standingOf counts requirements by the level that they have where they are counted.
func (r *Report) standingOf(requirements []RequirementResult, level func(RequirementResult) Level) standing {
	var s standing
	excused := r.Excused()
	s.by = "excused by a waiver"
	if r.Run.Baseline != nil {
		s.by = "excused by a waiver or the baseline"
	}
	if r.Partial() {
		s.part = r.Part()
	}
	for _, q := range requirements {
		must := level(q) == Must
		if must && q.Verdict != NotApplicable {
			s.demands++
		}
		switch q.Verdict {
		case Pass:
			if q.Noted > 0 {
				s.noted++
			}
		case NotApplicable:
		case Fail:
			s.broken++
			if q.Waived {
				s.waived++
			} else if q.Known {
				s.known++
			}
		case Warning:
			s.warned++
		case Error:
			s.judge++
		default:
			if !must {
				s.lesser++
				continue
			}
			s.open++
			if q.Blame != nil && q.Blame.Kind == BlockedBy {
				s.blocked++
			}
			if excused[q.ID] {
				s.excused++
			}
		}
	}
	return s
}

// overall is how all requirements stand.
func (r *Report) overall() standing {
	return r.standingOf(r.Requirements, func(q RequirementResult) Level { return q.Level })
}

// of gives how the requirements of a profile stand.
func (r *Report) of(p ProfileResult) standing {
	levels := map[string]Level{}
	for _, q := range p.Requirements {
		levels[q.ID] = q.Level
	}
	var members []RequirementResult
	for _, q := range r.Requirements {
		if levels[q.ID] != "" {
			members = append(members, q)
		}
	}
	return r.standingOf(members, func(q RequirementResult) Level { return levels[q.ID] })
}

// worded gives title and meaning of an outcome in the light of what was counted.
func (o Outcome) worded(s standing) (title, meaning string) {
	switch {
	case o == Incomplete && s.part != "" && s.broken+s.judge+s.open == 0:
		title = "Nothing broken in this part"
	case o == Conforms && s.waived+s.excused > 0:
		title = "Conforms, apart from waivers"
	default:
		title = o.Title()
	}
	switch o {
	case Conforms, Incomplete, DoesNot, JudgeFailed:
		return title, strings.Join(s.sentences(o), " ")
	}
	return title, o.Meaning()
}

func (s standing) sentences(o Outcome) []string {
	var out []string
	say := func(n int, one, many string) {
		switch {
		case n == 1:
			out = append(out, "1 "+one+".")
		case n > 1:
			out = append(out, fmt.Sprintf("%d %s.", n, many))
		}
	}
	if s.part != "" {
		out = append(out, "Only a part was asked for ("+s.part+"), which proves nothing of the whole.")
	}
	excused := ofThem(s.waived, s.broken, "excused by a waiver") + ofThem(s.known, s.broken, "known from the baseline")
	say(s.broken, "MUST requirement fails"+excused, "MUST requirements fail"+excused)
	if s.judge > 0 || o == JudgeFailed {
		out = append(out, "The judge itself failed in a part, which says nothing against the product.")
	}
	why := ofThem(s.blocked, s.open, "blocked by one that fails") + ofThem(s.excused, s.open, s.by)
	say(s.open, "MUST requirement could not be examined"+why, "MUST requirements could not be examined"+why)
	switch {
	case s.broken == 0 && s.open > s.excused:
		out = append(out, "Until that is done, this is not a pass.")
	case s.broken+s.judge+s.open > 0 || o == JudgeFailed:
	case s.demands == 0:
		out = append(out, "No MUST requirement applies.")
	case s.part != "":
		out = append(out, "All MUST requirements in it pass.")
	case o == Conforms:
		out = append(out, "All MUST requirements that apply pass.")
	}
	say(s.warned, "SHOULD requirement is not kept", "SHOULD requirements are not kept")
	say(s.lesser, "SHOULD or MAY requirement could not be examined", "SHOULD or MAY requirements could not be examined")
	say(s.noted, "option is used in another way, which decides nothing", "options are used in another way, which decides nothing")
	return out
}

// ofThem words how many of a number something is so.
func ofThem(n, all int, so string) string {
	switch {
	case n == 0:
		return ""
	case n == all:
		return ", " + so
	case n == 1:
		return ", 1 of them " + so
	}
	return fmt.Sprintf(", %d of them %s", n, so)
}
