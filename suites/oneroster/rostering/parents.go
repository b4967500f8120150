package rostering

import "strings"

// parentIDs gives sourcedIds for the path parameters of an operation, from
// whatever the crawl brought: for a sub-collection those of a parent that has
// members, as far as one enrollment or session tells. ok is false when the crawl
// brought none.
func parentIDs(r *Roster, op Operation) (ids []string, ok bool) {
	segments := strings.Split(strings.Trim(op.Path, "/"), "/")
	switch {
	case op.Parameters() == 0:
		return nil, true
	case op.Single:
		return firstID(r, segments[0])
	}
	if ids, ok := populated(r, op, segments); ok {
		return ids, true
	}
	if op.Parameters() == 1 {
		return firstID(r, segments[0])
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
	return i >= 0 && derivationOf("schools").complete(r, i)
}

// firstID gives an object of a collection. A derived collection that lists
// nothing, or what doesn't belong into it, is made up for from the whole one.
func firstID(r *Roster, name string) ([]string, bool) {
	c := r.service.Collection(name)
	whole := c.Name
	belongs := func(int) bool { return true }
	if c.Derived() != "" {
		whole = c.Derived()
		d := derivationOf(name)
		belongs = func(i int) bool { return d.complete(r, i) }
	}
	raw := r.Raw(whole)
	if raw == nil {
		return nil, false
	}
	// An object that is flagged for deletion may be on its way out.
	spare, tried := "", 0
	for i := range raw.Len() {
		if !belongs(i) {
			continue
		}
		if tried++; tried > 100 {
			break
		}
		id, object, err := raw.At(i)
		if err != nil || id == "" {
			continue
		}
		if read[Base](object).Status != "tobedeleted" {
			return []string{id}, true
		}
		if spare == "" {
			spare = id
		}
	}
	return []string{spare}, spare != ""
}

// populated gives ids of a parent that has members.
func populated(r *Roster, op Operation, segments []string) ([]string, bool) {
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
