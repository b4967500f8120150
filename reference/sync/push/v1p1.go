package push

import (
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures"
)

// later are members that OneRoster 1.1 doesn't have, by the collection.
var later = map[string][]string{
	"lineItems": {"school", "academicSession", "scoreScale"},
	"results":   {"class", "scoreScale", "textScore", "inProgress", "incomplete", "late", "missing"},
}

// old gives an object the members of OneRoster 1.1 (final specification, data model): fewer of them,
// and of a line item the grading period, which is required there; empty: it isn't known.
func old(o *Object, period string, to SIS) {
	for _, name := range later[o.Collection] {
		delete(o.Body, name)
	}
	switch {
	case o.Collection != "lineItems":
	case period == "":
		o.Lacks = "OneRoster 1.1 requires the grading period of a line item, and the roster tells of none in which its class is taught"
	default:
		o.Body["gradingPeriod"] = to.Refer("academicSession", "academicSessions", period)
	}
}

// Periods are the grading periods in which classes are taught.
type Periods struct {
	of map[string][]fixtures.AcademicSession // by class
}

// PeriodsOf finds them in a roster: those of the classes' terms, and what lies below them. nil has none.
func PeriodsOf(roster fixtures.District) Periods {
	out := Periods{map[string][]fixtures.AcademicSession{}}
	if roster == nil {
		return out
	}
	parents := map[string]string{}
	var periods []fixtures.AcademicSession
	for s := range roster.AcademicSessions() {
		parents[s.SourcedID] = s.Parent
		if s.Type == "gradingPeriod" && s.Status == fixtures.Active {
			periods = append(periods, s)
		}
	}
	slices.SortFunc(periods, func(a, b fixtures.AcademicSession) int {
		return strings.Compare(string(a.StartDate), string(b.StartDate))
	})
	for c := range roster.Classes() {
		for _, p := range periods {
			if below(p.SourcedID, c.Terms, parents) {
				out.of[c.SourcedID] = append(out.of[c.SourcedID], p)
			}
		}
	}
	return out
}

// below tells whether a session is one of some, or lies below one.
func below(id string, of []string, parents map[string]string) bool {
	for range len(parents) { // what goes round in a circle ends too
		if slices.Contains(of, id) {
			return true
		}
		if id = parents[id]; id == "" {
			return false
		}
	}
	return false
}

// At is the grading period of a class in which a day lies, or the last one that began before it, or
// the first; empty where the class has none. Of a time its day counts.
func (p Periods) At(class, day string) (id string) {
	day, _, _ = strings.Cut(day, "T")
	for i, s := range p.of[class] {
		if i == 0 || string(s.StartDate) <= day {
			id = s.SourcedID
		}
	}
	return id
}
