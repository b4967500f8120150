package rostering

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// What each sub-collection holds, computed from the whole collections.

func refIDs(list []Ref) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.SourcedID)
	}
	return out
}

// rightfulIn lists the sourcedIds of a crawled collection; of a derived one, of those that
// belong there.
func rightfulIn(name string) func(r *Roster) []string {
	return func(r *Roster) []string {
		if r.Service.Collection(name).Part == nil {
			return rest.SortedKeys(r.IDs(name))
		}
		return r.rightful(name)
	}
}

func start(r *Roster, parents []string) map[string]*membership {
	out := map[string]*membership{}
	for _, id := range thin(r, parents) {
		if id != "" {
			out[id] = newMembership()
		}
	}
	return out
}

// computeParents is how many enrollments the members of all parents are computed
// of; in a larger district only so many of the parents are candidates that their
// members stay about as few.
const computeParents = 200_000

// thin picks some of many parents by chance.
func thin(r *Roster, parents []string) []string {
	if len(r.Enrollments) <= computeParents {
		return parents
	}
	keep := max(8, int(int64(len(parents))*computeParents/int64(len(r.Enrollments))))
	random := rand.New(rand.NewPCG(r.Seed, 29))
	parents = slices.Clone(parents)
	slices.Sort(parents) // they may come from a map
	random.Shuffle(len(parents), func(i, j int) { parents[i], parents[j] = parents[j], parents[i] })
	return parents[:min(keep, len(parents))]
}

// referred are the references of a class that a sub-collection may go by.
var referred = map[string]func(c *Class) []string{
	"/course":  func(c *Class) []string { return []string{idOf(c.Course)} },
	"/school":  func(c *Class) []string { return []string{idOf(c.School)} },
	"/terms/*": func(c *Class) []string { return refIDs(c.Terms) },
}

// classesBy gives the classes that refer to each parent at a place.
func classesBy(at string, parents func(*Roster) []string) func(*Roster) map[string]*membership {
	return func(r *Roster) map[string]*membership {
		out := start(r, parents(r))
		for i := range r.Classes {
			c := &r.Classes[i]
			for _, p := range referred[at](c) {
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
		switch {
		case c.SourcedID == "":
		case !withSchool:
			out[c.SourcedID] = c.SourcedID
		case idOf(c.School) != "":
			out[c.SourcedID] = c.School.SourcedID + "\x00" + c.SourcedID
		}
	}
	return out
}

func usersOfClass(role string, withSchool bool) func(*Roster) map[string]*membership {
	return func(r *Roster) map[string]*membership {
		keys := classKeys(r, withSchool)
		out := map[string]*membership{}
		for _, key := range thin(r, slices.Collect(maps.Values(keys))) {
			out[key] = newMembership()
		}
		doubt := map[string]bool{}
		for _, m := range out {
			m.doubt = doubt
		}
		for _, e := range r.Enrollments {
			m := out[keys[r.Text(e.Class)]]
			if e.Class != 0 && !r.Has("class", r.Text(e.Class)) {
				doubt[r.Text(e.User)] = true // enrolled somewhere, nobody knows where
			}
			if m == nil || r.Text(e.Role) != role {
				continue
			}
			if u := r.User(r.Text(e.User)); u != nil {
				m.add(u.SourcedID, r.Text(e.Status) == "active" && u.Status == "active")
			} else {
				m.open = true
			}
		}
		return opened(r, out, false)
	}
}

// opened opens all memberships where an enrollment doesn't say of which class
// and whom it is, for it may be of any; or in any case.
func opened(r *Roster, members map[string]*membership, all bool) map[string]*membership {
	if all || slices.ContainsFunc(r.Enrollments, func(e Enrollment) bool { return e.Class == 0 || e.User == 0 }) {
		for _, m := range members {
			m.open = true
		}
	}
	return members
}

func enrollmentsOf(ofClass bool) func(*Roster) map[string]*membership {
	return func(r *Roster) map[string]*membership {
		keys := classKeys(r, true)
		out := map[string]*membership{}
		if ofClass {
			for _, key := range thin(r, slices.Collect(maps.Values(keys))) {
				out[key] = newMembership()
			}
		} else {
			out = start(r, r.rightful("schools"))
		}
		doubt := map[string]bool{}
		for _, m := range out {
			m.doubt = doubt
		}
		raw := r.Raw("enrollments")
		for i, e := range r.Enrollments {
			m := out[r.Text(e.School)]
			lost := !r.Has("org", r.Text(e.School))
			if ofClass {
				m = out[keys[r.Text(e.Class)]]
				lost = !r.Has("class", r.Text(e.Class))
			}
			if lost && len(doubt) == gatherMost {
				opened(r, out, true)
			} else if lost {
				if id, _, err := raw.At(i); err == nil {
					doubt[id] = true
				}
			}
			if m == nil || m.over {
				continue
			}
			if m.over = len(m.may) >= computeParents; m.over {
				continue
			}
			if id, _, err := raw.At(i); err == nil {
				m.add(id, r.Text(e.Status) == "active")
			}
		}
		if !ofClass {
			return out
		}
		return opened(r, out, false)
	}
}

func coursesOfSchool(r *Roster) map[string]*membership {
	out := start(r, r.rightful("schools"))
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
		out := start(r, r.rightful("schools"))
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
				m.open = true
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
	out := start(r, r.rightful("schools"))
	terms := r.IDs("terms")
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
		out := start(r, rightfulIn(parents)(r))
		for _, e := range r.Enrollments {
			m := out[r.Text(e.User)]
			if m == nil {
				continue
			}
			c := r.Class(r.Text(e.Class))
			if c == nil {
				m.open = true
				continue
			}
			counts := r.Text(e.Role) == role || role == ""
			if counts {
				m.add(c.SourcedID, r.Text(e.Status) == "active" && c.Status == "active")
			}
		}
		return opened(r, out, false)
	}
}

func periodsOfTerm(r *Roster) map[string]*membership {
	out := start(r, r.rightful("terms"))
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

// Members tells what the classes hold that the description's sample of a sub-collection is
// about, in one order, so that every run picks the same.
func (r *Roster) Members() []rest.Members {
	var out []rest.Members
	for key, m := range usersOfClass("student", false)(r) {
		out = append(out, rest.Members{Parent: key, Must: m.must, May: m.may})
	}
	slices.SortFunc(out, func(a, b rest.Members) int { return strings.Compare(a.Parent, b.Parent) })
	return out
}
