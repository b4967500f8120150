package rostering

import (
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// targetChecks judge whether what the objects of a roster refer to is there.
func targetChecks(of *service.Service) []rest.Check {
	return rules(
		targets(of, "enrollment-user", "enrollments", "users"),
		targets(of, "enrollment-class", "enrollments", "classes"),
		targets(of, "enrollment-school", "enrollments", "orgs"),
		targets(of, "class-course", "classes", "courses"),
		targets(of, "class-school", "classes", "orgs"),
		targets(of, "class-terms", "classes", "academicSessions"),
		targets(of, "course", "courses", "orgs", "academicSessions"),
		targets(of, "org", "orgs"),
		targets(of, "session", "academicSessions"),
		targets(of, "user-orgs", "users", "orgs"),
		targets(of, "user-agents", "users"),
		rule{"references.active", "Active enrollments refer to active users, classes and schools", "references.active",
			[]string{"enrollments", "users", "classes", "orgs"}, "enrollments", "an active enrollment", activeReferences},
	)
}

// targets makes the rule that what active objects of a collection refer to at
// some places was met in the crawl of the target's collection.
func targets(of *service.Service, requirement, holder string, others ...string) rule {
	places := map[string][]string{
		"enrollment-user": {"/user"}, "enrollment-class": {"/class"}, "enrollment-school": {"/school"},
		"class-course": {"/course"}, "class-school": {"/school"}, "class-terms": {"/terms/*"}, "course": {"/schoolYear", "/org"},
		"org": {"/parent", "/children/*"}, "session": {"/parent", "/children/*"}, "user-orgs": {"/roles/*/org",
			"/primaryOrg", "/orgs/*"}, "user-agents": {"/agents/*"},
	}[requirement]
	kind := of.Collection(holder).Kind
	return rule{"references." + requirement, fmt.Sprintf("What /%s refers to at %s exists", holder, strings.Join(places, " and ")),
		"references." + requirement,
		append([]string{holder}, others...), holder, fmt.Sprintf("active objects in /%s with a reference at %s", holder,
			strings.Join(places, " or ")),
		func(r *Roster, see verdictOn) {
			if kind == "enrollment" {
				enrollmentTargets(r, places[0], see)
				return
			}
			_ = r.Raw(holder).Each(func(i int, id string, object []byte) bool {
				if rest.Read[Base](object).Status != "active" {
					return true
				}
				for _, p := range rest.References(of.Kinds[kind], object) {
					for _, at := range places {
						if p.At == at && p.Ref.SourcedID != "" { // a missing sourcedId is judged by the form
							see(r.Has(p.Want, p.Ref.SourcedID), place{i, id, at}, "a "+p.Want+" that the service lists", p.Ref.SourcedID+", which it doesn't")
						}
					}
				}
				return true
			})
		}}
}

// enrollmentTargets does the same over the columns.
func enrollmentTargets(r *Roster, at string, see verdictOn) {
	known := map[uint32]bool{}
	kind := map[string]string{"/user": "user", "/class": "class", "/school": "org"}[at]
	eachEnrollment(r, func(i int, e Enrollment) {
		symbol := map[string]uint32{"/user": e.User, "/class": e.Class, "/school": e.School}[at]
		if r.Text(e.Status) != "active" || symbol == 0 {
			return
		}
		there, met := known[symbol]
		if !met {
			there = r.Has(kind, r.Text(symbol))
			known[symbol] = there
		}
		if there {
			see(true, place{}, "", "")
			return
		}
		see(false, enrollmentAt(r, i, at), "a "+kind+" that the service lists", r.Text(symbol)+", which it doesn't")
	})
}

func activeReferences(r *Roster, see verdictOn) {
	gone := func(status string) bool { return status == "tobedeleted" }
	eachEnrollment(r, func(i int, e Enrollment) {
		if r.Text(e.Status) != "active" {
			return
		}
		user, class, school := r.User(r.Text(e.User)), r.Class(r.Text(e.Class)), r.Org(r.Text(e.School))
		switch {
		case user != nil && gone(user.Status):
			see(false, enrollmentAt(r, i, "/user"), "an active user", user.SourcedID+" is tobedeleted")
		case class != nil && gone(class.Status):
			see(false, enrollmentAt(r, i, "/class"), "an active class", class.SourcedID+" is tobedeleted")
		case school != nil && gone(school.Status):
			see(false, enrollmentAt(r, i, "/school"), "an active school", school.SourcedID+" is tobedeleted")
		default:
			see(true, place{}, "", "")
		}
	})
}
