package ecosystem

import (
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// ids are those by which a system may know somebody.
func (s *Section) ids(t *harness.Target, at string, user object) []string {
	return s.expected(t, PersonID, at, user)
}

// member finds somebody among the members of a course, by id, or else by mail or by name; nil where they aren't there.
func member(members []object, ids []string, user object) object {
	for _, m := range members {
		if one(ids, m.text("lis_person_sourcedid"), m.text("user_id")) {
			return m
		}
	}
	for _, m := range members {
		if alike(m, user) {
			return m
		}
	}
	return nil
}

// one tells whether one of some ids is one of those that are wanted.
func one(wanted []string, ids ...string) bool {
	for _, w := range wanted {
		for _, id := range ids {
			if id != "" && id == w {
				return true
			}
		}
	}
	return false
}

// alike tells whether somebody whom a platform or a tool knows is somebody of the SIS as far as mail and name tell.
func alike(m, user object) bool {
	for _, name := range []string{"email"} {
		if v := m.text(name); v != "" && strings.EqualFold(v, user.text("email")) {
			return true
		}
	}
	given, family := first(m, "given_name", "givenName"), first(m, "family_name", "familyName")
	if given != "" && family != "" && strings.EqualFold(given, user.text("givenName")) && strings.EqualFold(family, user.text("familyName")) {
		return true
	}
	name := m.text("name")
	return name != "" && strings.EqualFold(name, user.text("givenName")+" "+user.text("familyName"))
}

func first(o object, names ...string) string {
	for _, n := range names {
		if v := o.text(n); v != "" {
			return v
		}
	}
	return ""
}

// as lists what a system knows somebody by: the ids that it should have, the id of its own that it has beside one of these,
// or else those of whoever has their mail address or name.
func (h Holding) as(ids []string, user object) []string {
	var own, like []string
	for id, x := range h.Objects["users"] {
		switch {
		case one(ids, id, x.text("userMasterIdentifier"), x.text("identifier")):
			own = append(own, id)
		case alike(x, user):
			like = append(like, id)
		}
	}
	if len(own) == 0 {
		own = like
	}
	return append(own, ids...)
}

// enrolls tells whether a system holds that somebody is in the class.
func (h Holding) enrolls(ids []string) bool {
	for _, e := range h.Objects["enrollments"] {
		if one(ids, refersTo(e, "user")) && e.text("status") != "tobedeleted" {
			return true
		}
	}
	return false
}
