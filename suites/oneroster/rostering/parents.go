package rostering

import (
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Parents gives ids for the path of a sub-collection: of a parent that has members, as far
// as one enrollment or session tells, and for two parameters of any that belong together.
func (r *Roster) Parents(op service.Operation) (ids []string, ok bool) {
	if ids, ok := populated(r, op, op.Segments()); ok || op.Parameters() < 2 {
		return ids, ok
	}
	for i := range r.Classes {
		if c := &r.Classes[i]; c.SourcedID != "" && c.Status != "tobedeleted" && r.school(idOf(c.School)) {
			return []string{c.School.SourcedID, c.SourcedID}, true
		}
	}
	return nil, false
}

// school tells whether an org is one that /schools serves.
func (r *Roster) school(id string) bool {
	i := r.Index("org", id)
	return i >= 0 && r.derivation("schools").complete(r, i)
}

// populated gives ids of a parent that has members.
func populated(r *Roster, op service.Operation, segments []string) ([]string, bool) {
	last := segments[len(segments)-1]
	term := func(id string) bool { s := r.Session(id); return s != nil && s.Type == "term" }
	if last == "gradingPeriods" {
		for i := range r.Sessions {
			if s := &r.Sessions[i]; s.Type == "gradingPeriod" && s.Status == "active" && term(idOf(s.Parent)) {
				return []string{idOf(s.Parent)}, true
			}
		}
		return nil, false
	}
	role := "student"
	if segments[0] == "teachers" || last == "teachers" {
		role = "teacher"
	}
	for _, e := range r.Enrollments {
		c, u := r.Class(r.Text(e.Class)), r.User(r.Text(e.User))
		if r.Text(e.Status) != "active" || r.Text(e.Role) != role || c == nil || u == nil || c.Status != "active" || u.Status != "active" {
			continue
		}
		found, there := "", false
		switch segments[0] {
		case "classes":
			found, there = c.SourcedID, true
		case "courses":
			found = idOf(c.Course)
			there = r.Has("course", found)
		case "schools":
			found = idOf(c.School)
			there = r.school(found)
		case "terms":
			for _, ref := range c.Terms {
				if term(ref.SourcedID) {
					found, there = ref.SourcedID, true
				}
			}
		default: // students, teachers, users
			found, there = u.SourcedID, segments[0] == "users" || u.HasRole(role)
		}
		switch {
		case !there || found == "":
		case op.Parameters() == 2:
			return []string{found, c.SourcedID}, true
		default:
			return []string{found}, true
		}
	}
	return nil, false
}
