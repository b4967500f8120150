package districtfault

import (
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
)

// classes are mistakes in which class is which.
func classes() map[string]behaviour {
	anew := newRenamed("class", func(x read) string { return "course-" + x.text("classCode") + x.SourcedID[len(x.SourcedID)-4:] })
	return map[string]behaviour{
		"between-class-split":  source(isPlatform, split),
		"between-class-merged": source(isPlatform, merged),
		"between-class-anew": together(source(isPlatform, func() func(read) []read { return each(anew.change) }),
			pushed(isPlatform, func(objects []push.Object) []push.Object {
				for i := range objects {
					objects[i].Body = clone(objects[i].Body)
					anew.rewrite(objects[i].Body, anew.from)
				}
				return objects
			})),
		"between-stale-enrollments": source(isPlatform, func() func(read) []read {
			return each(func(x *read) bool {
				if x.Collection == sis.Enrollments && x.Status == sync.ToBeDeleted {
					x.Status, x.body["status"] = sync.Active, sync.Active
				}
				return true
			})
		}),
	}
}

// split has every other learner of a class be in a class of its own.
func split() func(read) []read {
	met := map[string]int{}
	return func(x read) []read {
		switch x.Collection {
		case sis.Classes:
			other := x
			other.body = clone(x.body)
			other.SourcedID = x.SourcedID + "-2"
			other.body["sourcedId"], other.body["title"] = other.SourcedID, x.text("title")+" (2)"
			return []read{x, other}
		case sis.Enrollments:
			if class, _ := x.body["class"].(map[string]any); x.text("role") == "student" {
				id, _ := class["sourcedId"].(string)
				if met[id]++; met[id]%2 == 0 {
					class["sourcedId"] = id + "-2"
				}
			}
		}
		return []read{x}
	}
}

// merged has all classes of a school be one after another the same two: each takes in the learners of the one before.
func merged() func(read) []read {
	before := map[string]string{} // class to the one that takes it in
	last := map[string]string{}   // by school
	return func(x read) []read {
		switch x.Collection {
		case sis.Classes:
			if x.Status == sync.Active {
				school := refers(x.body, "school")
				before[x.SourcedID], last[school] = last[school], x.SourcedID
			}
		case sis.Enrollments:
			class := refers(x.body, "class")
			for from, into := range before {
				if into != class || x.text("role") != "student" { // who is in one is in the next as well
					continue
				}
				other := x
				other.body = clone(x.body)
				other.SourcedID = x.SourcedID + "-2"
				other.body["sourcedId"] = other.SourcedID
				other.body["class"].(map[string]any)["sourcedId"] = from
				return []read{x, other}
			}
		}
		return []read{x}
	}
}

// changes are mistakes in what changes.
func changes() map[string]behaviour {
	skipping := func() func(read) []read {
		return each(func(x *read) bool { return x.mode != sync.Delta || x.Status != sync.ToBeDeleted })
	}
	missing := func() func(read) []read {
		return each(func(x *read) bool {
			return x.mode != sync.Delta || x.Collection != sis.Enrollments || x.Status != sync.Active
		})
	}
	return map[string]behaviour{
		"between-deletions-skipped":        source(isPlatform, skipping),
		"between-reader-deletions-skipped": source(is(riverbend.Reader), skipping),
		"between-newcomer-missed":          source(isPlatform, missing),
		"between-reader-newcomer-missed":   source(is(riverbend.Reader), missing),
		"between-sync-slow": seams(func(s *riverbend.Seams) {
			s.Every = func(system string, every time.Duration) time.Duration {
				if isPlatform(system) {
					return every * 100
				}
				return every
			}
		}),
		"between-sync-late": source(isPlatform, lately),
		// The consumer is right, and the platform takes what it says once and then no more.
		"between-platform-lingers": school(func() func(fixtures.District) fixtures.District {
			was := map[[3]string]fixtures.Enrollment{}
			return func(d fixtures.District) fixtures.District {
				return view{District: d, enrollments: func(e fixtures.Enrollment) (fixtures.Enrollment, bool) {
					key := [3]string{e.User, e.Class, e.Role}
					if e.Status == fixtures.Active {
						was[key] = e
					} else if old, there := was[key]; there {
						return old, true
					}
					return e, true
				}}
			}
		}),
		"between-platform-closed": school(func() func(fixtures.District) fixtures.District {
			known := map[[2]string]bool{}
			return func(d fixtures.District) fixtures.District {
				first := len(known) == 0
				return view{District: d, enrollments: func(e fixtures.Enrollment) (fixtures.Enrollment, bool) {
					key := [2]string{e.User, e.Class}
					if first {
						known[key] = true
					}
					return e, known[key]
				}}
			}
		}),
	}
}

// lateBy is longer than a judged district says that a change may take, and shorter than never.
const lateBy = 17 * time.Second

// lately has a system take long over what changed; what changes together is late together.
func lately() func(read) []read {
	known := map[string]string{} // status by enrollment
	var last time.Time
	return func(x read) []read {
		if x.Collection == sis.Enrollments {
			if x.mode == sync.Delta && known[x.SourcedID] != x.Status && time.Since(last) > lateBy/2 {
				time.Sleep(lateBy)
				last = time.Now()
			}
			known[x.SourcedID] = x.Status
		}
		return []read{x}
	}
}
