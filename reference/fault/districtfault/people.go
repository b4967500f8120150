package districtfault

import (
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
)

// named gives people other ids at some systems, and has these push under the former ones.
func named(of func(string) bool, id func(x read) string) behaviour {
	n := newRenamed("user", id)
	return together(source(of, func() func(read) []read { return each(n.change) }), pushed(of, func(objects []push.Object) []push.Object {
		for i := range objects {
			objects[i].Body = clone(objects[i].Body)
			n.rewrite(objects[i].Body, n.from)
		}
		return objects
	}))
}

func byMail(x read) string { return strings.ToLower(x.text("email")) }

func byName(x read) string {
	return strings.ToLower(strings.ReplaceAll(x.text("givenName")+"."+x.text("familyName"), " ", "-"))
}

// people are mistakes in who somebody is, between the SIS and those who read it.
func people() map[string]behaviour {
	return map[string]behaviour{
		"between-person-by-mail":    named(isPlatform, byMail),
		"between-person-by-name":    named(isPlatform, byName),
		"between-person-folded":     named(isPlatform, func(x read) string { return strings.ToUpper(x.SourcedID) }),
		"between-person-prefixed":   named(isPlatform, func(x read) string { return "lms:" + x.SourcedID }),
		"between-person-cut":        named(isPlatform, func(x read) string { return x.SourcedID[:min(len(x.SourcedID), 12)] }),
		"between-person-numbered":   numbered(),
		"between-reader-by-mail":    named(is(riverbend.Reader), byMail),
		"between-person-mixed":      source(isPlatform, mixed),
		"between-person-missing":    source(isPlatform, func() func(read) []read { return each(everyThirdLearner()) }),
		"between-reader-incomplete": source(is(riverbend.Reader), func() func(read) []read { return each(everyThirdLearner()) }),
		"between-role-widened": source(isPlatform, func() func(read) []read {
			return each(roles(map[string]string{"student": "teacher"}))
		}),
		"between-role-narrowed": source(isPlatform, func() func(read) []read {
			return each(roles(map[string]string{"teacher": "student"}))
		}),
	}
}

// numbered gives people numbers, by the order in which they come: others with each full reading.
func numbered() behaviour {
	n := 1000
	return named(isPlatform, func(read) string {
		n++
		return fmt.Sprintf("%d", n)
	})
}

// mixed has each person be called, and reached, as the one before.
func mixed() func(read) []read {
	var last map[string]any
	return each(func(x *read) bool {
		if x.Collection != sis.Users || x.mode != sync.Full {
			return true
		}
		own := map[string]any{}
		for _, name := range []string{"givenName", "familyName", "middleName", "username", "email", "identifier", "userMasterIdentifier"} {
			own[name] = x.body[name]
			if v, there := last[name]; there && v != nil {
				x.body[name] = v
			}
		}
		last = own
		return true
	})
}

// everyThirdLearner leaves some learners out of their classes.
func everyThirdLearner() func(x *read) bool {
	met := map[string]int{}
	return func(x *read) bool {
		if x.Collection != sis.Enrollments || x.text("role") != "student" || x.Status != sync.Active {
			return true
		}
		class := refers(x.body, "class")
		met[class]++
		return met[class]%3 != 0
	}
}

// roles has enrollments in one role be in another.
func roles(to map[string]string) func(x *read) bool {
	return func(x *read) bool {
		if x.Collection == sis.Enrollments && to[x.text("role")] != "" {
			x.body["role"] = to[x.text("role")]
		}
		return true
	}
}
