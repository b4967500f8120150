package scores

import (
	"math"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// Terms of scoreStatus.
const (
	exempt       = "exempt"
	graded       = "fully graded"
	notSubmitted = "not submitted"
	submitted    = "submitted"
)

// statusChecks judge whether scoreStatus, flags and scores of a result agree.
func statusChecks(t Terms) []rest.Check {
	needs := []string{t.Results}
	return []rest.Check{
		Rule("results.graded-score", "What is fully graded has a score", t.Results, "a result that is fully graded", needs, nil, gradedScore),
		Rule("results.ungraded-score", "What is exempt or not submitted has no score", t.Results, "a result that is exempt or not submitted",
			needs, nil, ungradedScore),
		Rule("results.status-flags", "Flags agree with scoreStatus", t.Results, "a result with flags", needs, nil, statusFlags),
		Rule("results.flags-agree", "Flags agree with each other", t.Results, "a result with two flags that are true", needs, nil, flagsAgree),
	}
}

func (r *Result) scored() bool { return r.Text != 0 || !math.IsNaN(r.Score) }

func gradedScore(b *Book, see rest.See) {
	b.eachResult(func(i int, r *Result) {
		if b.Text(r.ScoreStatus) != graded {
			return
		}
		if r.scored() {
			see(true, rest.Place{}, "", "")
			return
		}
		see(false, b.atResult(i, ""), "a score or a textScore", "neither")
	})
}

func ungradedScore(b *Book, see rest.See) {
	b.eachResult(func(i int, r *Result) {
		status := b.Text(r.ScoreStatus)
		if status != exempt && status != notSubmitted {
			return
		}
		if !r.scored() {
			see(true, rest.Place{}, "", "")
			return
		}
		see(false, b.atResult(i, "/score"), "no score where scoreStatus is "+status, "a score")
	})
}

// against are the flags that a status of a score doesn't go with.
var against = map[string]Flags{
	submitted:    Missing,
	graded:       InProgress,
	notSubmitted: Incomplete,
}

// apart are flags of which no two go together.
var apart = []Flags{InProgress | Late, InProgress | Incomplete, Missing | Incomplete}

func statusFlags(b *Book, see rest.See) {
	b.eachResult(func(i int, r *Result) {
		if r.Flags == 0 {
			return
		}
		status := b.Text(r.ScoreStatus)
		if wrong := r.Flags & against[status]; wrong != 0 {
			see(false, b.atResult(i, "/scoreStatus"), "no "+wrong.String()+" of what is "+status, `"true"`)
			return
		}
		see(true, rest.Place{}, "", "")
	})
}

func flagsAgree(b *Book, see rest.See) {
	b.eachResult(func(i int, r *Result) {
		if r.Flags&(r.Flags-1) == 0 {
			return // one at most
		}
		for _, pair := range apart {
			if r.Flags&pair == pair {
				see(false, b.atResult(i, ""), "one of "+pair.String()+" at most", "both")
				return
			}
		}
		see(true, rest.Place{}, "", "")
	})
}

// String names the flags as the members of a result.
func (f Flags) String() string {
	var names []string
	for _, x := range []struct {
		flag Flags
		name string
	}{{InProgress, "inProgress"}, {Incomplete, "incomplete"}, {Late, "late"}, {Missing, "missing"}} {
		if f&x.flag != 0 {
			names = append(names, x.name)
		}
	}
	return strings.Join(names, " and ")
}
