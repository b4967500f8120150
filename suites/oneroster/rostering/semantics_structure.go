package rostering

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// structureChecks judge sessions and orgs: the trees that everything hangs on.
func structureChecks() []rest.Check {
	return rules(
		rule{"sessions.dates-ordered", "Every academic session starts before it ends", "sessions.dates-ordered",
			[]string{"academicSessions"}, "academicSessions", "an academic session with both dates", sessionDates},
		rule{"sessions.mutual", "Parent and child sessions name each other", "sessions.mutual",
			[]string{"academicSessions"}, "academicSessions", "academic sessions with a parent or children", sessionsMutual},
		rule{"sessions.acyclic", "No academic session is its own ancestor", "sessions.acyclic",
			[]string{"academicSessions"}, "academicSessions", "an academic session with a parent", sessionsAcyclic},
		rule{"sessions.within-parent", "Every academic session lies within its parent and its school year", "sessions.within-parent",
			[]string{"academicSessions"}, "academicSessions", "an academic session with a parent", sessionsWithin},
		rule{"sessions.grading-period-parent", "The parent of a grading period is a term or semester", "sessions.grading-period-parent",
			[]string{"academicSessions"}, "academicSessions", "a grading period with a parent", gradingPeriodParent},
		rule{"sessions.school-year-end", "schoolYear is the year in which the school year ends", "sessions.school-year-end",
			[]string{"academicSessions"}, "academicSessions", "an academic session of type schoolYear", schoolYearEnd},
		rule{"orgs.mutual", "Parent and child orgs name each other", "orgs.mutual",
			[]string{"orgs"}, "orgs", "orgs with a parent or children", orgsMutual},
		rule{"orgs.acyclic", "No org is its own ancestor", "orgs.acyclic",
			[]string{"orgs"}, "orgs", "an org with a parent", orgsAcyclic},
	)
}

// plainDate tells whether a text is written as a date; comparing others would
// accuse what the rules for payloads accuse already.
func plainDate(s string) bool {
	return len(s) == 10 && s[4] == '-' && s[7] == '-' && !strings.ContainsAny(s, "T:/")
}

func sessionDates(r *Roster, see verdictOn) {
	for i := range r.Sessions {
		s := &r.Sessions[i]
		if plainDate(s.StartDate) && plainDate(s.EndDate) {
			see(s.StartDate < s.EndDate, place{i, s.SourcedID, "/endDate"}, "startDate before endDate (the end is excluded)",
				fmt.Sprintf("startDate %s, endDate %s", s.StartDate, s.EndDate))
		}
	}
}

func sessionsMutual(r *Roster, see verdictOn) {
	for i := range r.Sessions {
		s := &r.Sessions[i]
		if parent := r.Session(idOf(s.Parent)); parent != nil {
			see(names(parent.Children, s.SourcedID), place{i, s.SourcedID, "/parent"}, "the parent names it among its children",
				"parent "+parent.SourcedID+" does not")
		}
		for _, c := range s.Children {
			if child := r.Session(c.SourcedID); child != nil {
				see(idOf(child.Parent) == s.SourcedID, place{i, s.SourcedID, "/children"}, "each child names it as parent",
					fmt.Sprintf("child %s names %q", child.SourcedID, idOf(child.Parent)))
			}
		}
	}
}

func sessionsAcyclic(r *Roster, see verdictOn) {
	for i := range r.Sessions {
		if s := &r.Sessions[i]; s.Parent != nil {
			see(!cyclic(s.SourcedID, func(id string) string {
				if x := r.Session(id); x != nil {
					return idOf(x.Parent)
				}
				return ""
			}), place{i, s.SourcedID, "/parent"}, "a way through the parents that ends", "it leads back to where it began")
		}
	}
}

// cyclic follows parents from id and tells whether it comes by a place twice.
func cyclic(id string, parent func(string) string) bool {
	seen := map[string]bool{}
	for ; id != ""; id = parent(id) {
		if seen[id] {
			return true
		}
		seen[id] = true
	}
	return false
}

func sessionsWithin(r *Roster, see verdictOn) {
	for i := range r.Sessions {
		s := &r.Sessions[i]
		p := r.Session(idOf(s.Parent))
		if p == nil || !plainDate(s.StartDate) || !plainDate(s.EndDate) || !plainDate(p.StartDate) || !plainDate(p.EndDate) ||
			s.StartDate >= s.EndDate || p.StartDate >= p.EndDate {
			continue // backward dates are judged by themselves
		}
		see(s.StartDate >= p.StartDate && s.EndDate <= p.EndDate, place{i, s.SourcedID, "/parent"},
			fmt.Sprintf("dates within the parent's, %s to %s", p.StartDate, p.EndDate), fmt.Sprintf("%s to %s", s.StartDate, s.EndDate))
		see(s.SchoolYear == p.SchoolYear, place{i, s.SourcedID, "/schoolYear"}, fmt.Sprintf("the parent's schoolYear, %q", p.SchoolYear),
			fmt.Sprintf("%q", s.SchoolYear))
	}
}

func gradingPeriodParent(r *Roster, see verdictOn) {
	for i := range r.Sessions {
		s := &r.Sessions[i]
		if p := r.Session(idOf(s.Parent)); p != nil && s.Type == "gradingPeriod" {
			see(p.Type == "term" || p.Type == "semester" || strings.HasPrefix(p.Type, "ext:") || p.Type == "gradingPeriod",
				place{i, s.SourcedID, "/parent"}, "a parent of type term or semester", "a parent of type "+p.Type)
		}
	}
}

func schoolYearEnd(r *Roster, see verdictOn) {
	for i := range r.Sessions {
		s := &r.Sessions[i]
		if s.Type != "schoolYear" || !plainDate(s.EndDate) || !plainDate(s.StartDate) || s.StartDate >= s.EndDate {
			continue
		}
		// The end is excluded: a year that ends on 1 January ended the year before.
		year := s.EndDate[:4]
		before := year
		if n, err := strconv.Atoi(year); err == nil && strings.HasSuffix(s.EndDate, "-01-01") {
			before = strconv.Itoa(n - 1)
		}
		see(s.SchoolYear == year || s.SchoolYear == before, place{i, s.SourcedID, "/schoolYear"},
			fmt.Sprintf("%s, for the school year ends on %s", year, s.EndDate), fmt.Sprintf("%q", s.SchoolYear))
	}
}

func orgsMutual(r *Roster, see verdictOn) {
	for i := range r.Orgs {
		o := &r.Orgs[i]
		if parent := r.Org(idOf(o.Parent)); parent != nil {
			see(names(parent.Children, o.SourcedID), place{i, o.SourcedID, "/parent"}, "the parent names it among its children",
				"parent "+parent.SourcedID+" does not")
		}
		for _, c := range o.Children {
			if child := r.Org(c.SourcedID); child != nil {
				see(idOf(child.Parent) == o.SourcedID, place{i, o.SourcedID, "/children"}, "each child names it as parent",
					fmt.Sprintf("child %s names %q", child.SourcedID, idOf(child.Parent)))
			}
		}
	}
}

func orgsAcyclic(r *Roster, see verdictOn) {
	for i := range r.Orgs {
		if o := &r.Orgs[i]; o.Parent != nil {
			see(!cyclic(o.SourcedID, func(id string) string {
				if x := r.Org(id); x != nil {
					return idOf(x.Parent)
				}
				return ""
			}), place{i, o.SourcedID, "/parent"}, "a way through the parents that ends", "it leads back to where it began")
		}
	}
}
