package rostering

// What each sub-collection holds, computed from the whole collections.

func refIDs(list []Ref) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.SourcedID)
	}
	return out
}

// parentsOf lists the sourcedIds of a crawled collection.
func parentsOf(name string) func(r *Roster) []string {
	return func(r *Roster) []string { return sortedKeys(r.members(name)) }
}

func start(parents []string) map[string]*membership {
	out := map[string]*membership{}
	for _, id := range parents {
		if id != "" {
			out[id] = newMembership()
		}
	}
	return out
}

func classesBy(by func(*Class) []string, parents func(*Roster) []string) func(*Roster) map[string]*membership {
	return func(r *Roster) map[string]*membership {
		out := start(parents(r))
		for i := range r.Classes {
			c := &r.Classes[i]
			for _, p := range by(c) {
				if m := out[p]; m != nil {
					m.add(c.SourcedID, c.Status == "active")
				}
			}
		}
		return out
	}
}

// classKeys gives for each class the key of its parents: its own id, or the
// school's and its own.
func classKeys(r *Roster, withSchool bool) map[string]string {
	out := map[string]string{}
	for i := range r.Classes {
		c := &r.Classes[i]
		if key := c.SourcedID; withSchool && c.School != nil {
			out[c.SourcedID] = c.School.SourcedID + "\x00" + key
		} else if !withSchool {
			out[c.SourcedID] = key
		}
	}
	return out
}

func usersOfClass(role string, withSchool bool) func(*Roster) map[string]*membership {
	return func(r *Roster) map[string]*membership {
		keys := classKeys(r, withSchool)
		out := map[string]*membership{}
		for _, key := range keys {
			out[key] = newMembership()
		}
		for _, e := range r.Enrollments {
			m := out[keys[r.Text(e.Class)]]
			if m == nil || r.Text(e.Role) != role {
				continue
			}
			if u := r.User(r.Text(e.User)); u != nil {
				m.add(u.SourcedID, r.Text(e.Status) == "active" && u.Status == "active")
			}
		}
		return out
	}
}

func enrollmentsOf(ofClass bool) func(*Roster) map[string]*membership {
	return func(r *Roster) map[string]*membership {
		keys := classKeys(r, true)
		out := map[string]*membership{}
		if ofClass {
			for _, key := range keys {
				out[key] = newMembership()
			}
		} else {
			out = start(sortedKeys(r.members("schools")))
		}
		raw := r.Raw("enrollments")
		for i, e := range r.Enrollments {
			m := out[r.Text(e.School)]
			if ofClass {
				m = out[keys[r.Text(e.Class)]]
			}
			if m == nil || len(m.may) > gatherMost {
				continue // too large to be sampled anyway
			}
			if id, _, err := raw.At(i); err == nil {
				m.add(id, r.Text(e.Status) == "active")
			}
		}
		return out
	}
}

func coursesOfSchool(r *Roster) map[string]*membership {
	out := start(sortedKeys(r.members("schools")))
	for i := range r.Courses {
		if m := out[idOf(r.Courses[i].Org)]; m != nil {
			m.add(r.Courses[i].SourcedID, r.Courses[i].Status == "active")
		}
	}
	for i := range r.Classes {
		if m := out[idOf(r.Classes[i].School)]; m != nil {
			// Some list only what the school itself offers: allowed.
			m.add(idOf(r.Classes[i].Course), false)
		}
	}
	return out
}

func usersOfSchool(role string) func(*Roster) map[string]*membership {
	return func(r *Roster) map[string]*membership {
		out := start(sortedKeys(r.members("schools")))
		byRole, byEnrollment := map[[2]string]bool{}, map[[2]string]bool{}
		for i := range r.Users {
			u := &r.Users[i]
			for _, x := range u.Roles {
				if m := out[idOf(x.Org)]; m != nil && x.Role == role {
					m.may[u.SourcedID] = true
					if u.Status == "active" {
						byRole[[2]string{idOf(x.Org), u.SourcedID}] = true
					}
				}
			}
		}
		for _, e := range r.Enrollments {
			m := out[r.Text(e.School)]
			if m == nil || r.Text(e.Role) != role {
				continue
			}
			u := r.User(r.Text(e.User))
			if u == nil {
				continue
			}
			m.may[u.SourcedID] = true
			if u.Status == "active" && r.Text(e.Status) == "active" {
				byEnrollment[[2]string{r.Text(e.School), u.SourcedID}] = true
			}
		}
		// The standard doesn't say which of the two counts: only who is both
		// must be listed.
		for key := range byRole {
			if byEnrollment[key] {
				out[key[0]].must[key[1]] = true
			}
		}
		return out
	}
}

func termsOfSchool(r *Roster) map[string]*membership {
	out := start(sortedKeys(r.members("schools")))
	terms := r.members("terms")
	for school, m := range out {
		for id := range terms {
			m.may[id] = true // sessions have no org: other terms of the district may appear
		}
		_ = school
	}
	for i := range r.Classes {
		c := &r.Classes[i]
		m := out[idOf(c.School)]
		for _, ref := range c.Terms {
			s := r.Session(ref.SourcedID)
			if m != nil && s != nil && s.Type == "term" && s.Status == "active" && c.Status == "active" {
				m.must[ref.SourcedID] = true
			}
		}
	}
	return out
}

func classesOfUser(role, parents string) func(*Roster) map[string]*membership {
	return func(r *Roster) map[string]*membership {
		out := start(sortedKeys(r.members(parents)))
		for _, e := range r.Enrollments {
			m := out[r.Text(e.User)]
			if m == nil {
				continue
			}
			c := r.Class(r.Text(e.Class))
			if c == nil {
				continue
			}
			counts := r.Text(e.Role) == role || role == ""
			if counts {
				m.add(c.SourcedID, r.Text(e.Status) == "active" && c.Status == "active")
			}
		}
		return out
	}
}

func periodsOfTerm(r *Roster) map[string]*membership {
	out := start(sortedKeys(r.members("terms")))
	for i := range r.Sessions {
		s := &r.Sessions[i]
		if s.Type != "gradingPeriod" {
			continue
		}
		direct, seen := true, map[string]bool{}
		for id := idOf(s.Parent); id != "" && !seen[id]; direct = false {
			seen[id] = true
			if m := out[id]; m != nil {
				m.add(s.SourcedID, direct && s.Status == "active")
			}
			next := r.Session(id)
			if next == nil {
				break
			}
			id = idOf(next.Parent)
		}
	}
	return out
}
