package driver

import (
	"maps"
	"slices"
)

const enrollments = "enrollments"

// seat is who is in which class.
type seat struct{ user, class string }

// seatOf gives the seat of an enrollment and its role; false where it doesn't say whose it is and of
// which class.
func seatOf(enrollment map[string]any) (at seat, role string, ok bool) {
	v := viewOf(enrollments, enrollment, asWritten)
	at = seat{user: first(v.values["user"].items), class: first(v.values["class"].items)}
	return at, canonical(anyCase, first(v.values["role"].items)), at.user != "" && at.class != ""
}

// Name gives the enrollments that the product keeps without their sourcedIds the ones that they have
// in what is known, by who is in which class, and as what where the product tells: of active ones before
// others, and of what is known first before the rest. Those that nobody knows are called by
// their class, user and role. Without it they are not among the objects.
func (h *Held) Name(known ...Objects) {
	if len(h.Unnamed) == 0 {
		return
	}
	type named struct{ id, role string }
	seats := map[seat][]named{}
	for _, flagged := range []bool{false, true} {
		for _, objects := range known {
			for _, id := range slices.Sorted(maps.Keys(objects[enrollments])) {
				at, role, ok := seatOf(objects[enrollments][id])
				if status, _ := text(objects[enrollments][id]["status"]); ok && (status == "tobedeleted") == flagged {
					seats[at] = append(seats[at], named{id, role})
				}
			}
		}
	}
	for _, members := range h.Unnamed {
		at, role, _ := seatOf(members)
		id := at.class + "/" + at.user + "/" + role
		free := slices.IndexFunc(seats[at], func(n named) bool { return (role == "" || role == n.role) && h.Objects[enrollments][n.id] == nil })
		if free >= 0 {
			id = seats[at][free].id
		}
		if !h.Objects.put(enrollments, id, members) {
			h.Twice = append(h.Twice, enrollments+"/"+id)
		}
	}
	h.Unnamed = nil
}
