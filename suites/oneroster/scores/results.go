package scores

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// resultChecks judge scores, against their items, scales and rosters, and the days on which
// they were given.
func resultChecks(t Terms) []rest.Check {
	alone, both := []string{t.Results}, []string{t.Results, t.Items}
	scales, besideScales := append([]string{scaleCollection}, both...), []string(nil)
	if !t.ownScales() {
		scales, besideScales = both, []string{scaleCollection}
	}
	return []rest.Check{
		Rule("results.student-enrolled", "The students of results are enrolled in the class", t.Results, "an active result for a "+t.Words+
			" of a class", both, []string{"enrollments"}, studentEnrolled),
		Rule("results.within-bounds", "Scores lie between the bounds of their "+t.Words+"s", t.Results,
			"a result with a score for a "+t.Words+" with bounds", both, nil, withinBounds),
		Rule("results.scale-score", "Scores are those of their score scales", t.Results, "a result with a score and a score scale of numbers",
			scales, besideScales, scaleScores),
		Rule("results.scale-text", "Text scores are those of their score scales", t.Results, "a result with a textScore and a score scale",
			scales, besideScales, scaleTexts),
		Rule("results.text-score", "No textScore is a number alone", t.Results, "a result with a textScore", alone, nil, textScores),
		Rule("results.date-not-future", "No scoreDate lies in the future", t.Results, "a result with a scoreDate", alone, nil, notInFuture),
		Rule("results.modified-since", "Results were last modified when they were scored, or later", t.Results,
			"a result with a scoreDate and a dateLastModified", alone, nil, modifiedSince),
		Rule("results.once", "No student has two results for a "+t.Words, t.Results, "active results", alone, nil, once),
	}
}

func studentEnrolled(b *Book, see rest.See) {
	users := b.InRosters("users")
	known := map[uint32]bool{}
	b.eachResult(func(i int, r *Result) {
		x := b.ItemOf(r.Item)
		if x == nil || x.Class == 0 || r.Student == 0 {
			return
		}
		if b.Rosters.Enrolled(r.Student, x.Class) {
			see(true, rest.Place{}, "", "")
			return
		}
		// Who or what isn't there at all is judged with the references.
		there, met := known[r.Student]
		if !met {
			there = b.Beside("users") == nil || users(b.Text(r.Student))
			known[r.Student] = there
		}
		if there {
			see(false, b.atResult(i, "/student"), "a student of class "+b.Text(x.Class), b.Text(r.Student)+", who isn't one and wasn't")
		}
	})
}

func withinBounds(b *Book, see rest.See) {
	b.eachResult(func(i int, r *Result) {
		x := b.ItemOf(r.Item)
		if x == nil || math.IsNaN(r.Score) || math.IsNaN(x.Min) && math.IsNaN(x.Max) {
			return
		}
		if !(r.Score < x.Min) && !(r.Score > x.Max) {
			see(true, rest.Place{}, "", "")
			return
		}
		see(false, b.atResult(i, "/score"), "a score between "+bound(x.Min)+" and "+bound(x.Max), plain(r.Score))
	})
}

func bound(n float64) string {
	if math.IsNaN(n) {
		return "any"
	}
	return plain(n)
}

// scaled visits the active results that have a score scale which is there. A scale of the item
// isn't one of the result: it may be for people to read.
func (b *Book) scaled(visit func(i int, r *Result, s Scale)) {
	b.eachResult(func(i int, r *Result) {
		if r.Scale == 0 {
			return
		}
		if s, known := b.Scales[b.Text(r.Scale)]; known && len(s.Values) > 0 {
			visit(i, r, s)
		}
	})
}

func scaleScores(b *Book, see rest.See) {
	b.scaled(func(i int, r *Result, s Scale) {
		if math.IsNaN(r.Score) {
			return
		}
		holds, known := s.Holds(r.Score)
		switch {
		case !known: // the scale is of letters
		case holds:
			see(true, rest.Place{}, "", "")
		default:
			see(false, b.atResult(i, "/score"), "a score of the scale "+s.ID, plain(r.Score))
		}
	})
}

func scaleTexts(b *Book, see rest.See) {
	b.scaled(func(i int, r *Result, s Scale) {
		if r.Text == 0 {
			return
		}
		if s.Names(b.Text(r.Text)) {
			see(true, rest.Place{}, "", "")
			return
		}
		see(false, b.atResult(i, "/textScore"), "a value of the scale "+s.ID, b.Text(r.Text))
	})
}

func textScores(b *Book, see rest.See) {
	b.eachResult(func(i int, r *Result) {
		if r.Text == 0 {
			return
		}
		text := strings.TrimSpace(b.Text(r.Text))
		if _, err := strconv.ParseFloat(text, 64); err == nil && strings.ContainsAny(text, "0123456789") {
			see(false, b.atResult(i, "/textScore"), "a text that is no number", text)
			return
		}
		see(true, rest.Place{}, "", "")
	})
}

// elsewhere is how far a day may be off for the zone in which somebody lives.
const elsewhere = 1

func notInFuture(b *Book, see rest.See) {
	today := days(time.Now())
	b.eachResult(func(i int, r *Result) {
		switch {
		case r.Day == noDay:
		case r.Day <= today+elsewhere:
			see(true, rest.Place{}, "", "")
		default:
			see(false, b.atResult(i, "/scoreDate"), "a day that has come, "+dateOf(today)+" at the latest", dateOf(r.Day))
		}
	})
}

func modifiedSince(b *Book, see rest.See) {
	b.eachResult(func(i int, r *Result) {
		switch {
		case r.Day == noDay || r.Modified == noDay:
		case r.Modified+elsewhere >= r.Day:
			see(true, rest.Place{}, "", "")
		default:
			see(false, b.atResult(i, "/dateLastModified"), "a time on "+dateOf(r.Day)+", the scoreDate, or later", dateOf(r.Modified))
		}
	})
}

func once(b *Book, see rest.See) {
	type of struct{ item, student uint32 }
	met := make(map[of]struct{}, len(b.Results))
	b.eachResult(func(i int, r *Result) {
		if r.Item == 0 || r.Student == 0 {
			return
		}
		at := of{r.Item, r.Student}
		if _, twice := met[at]; twice {
			see(false, b.atResult(i, ""), "one result of "+b.Text(r.Student)+" for "+b.Text(r.Item), "another one")
			return
		}
		met[at] = struct{}{}
		see(true, rest.Place{}, "", "")
	})
}
