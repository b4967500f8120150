package districtfault

import (
	"slices"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/riverbend"
)

// resourcing are mistakes in what is there for whom.
func resourcing() map[string]behaviour {
	byTitle := newRenamed("resource", func(x read) string { return "res: " + x.text("title") })
	return map[string]behaviour{
		"between-resource-to-all": seams(func(s *riverbend.Seams) {
			s.Registered = func(_ string, r *platform.Registration) { r.Resource = nil }
		}),
		"between-resource-every-role": school(func() func(fixtures.District) fixtures.District {
			return func(d fixtures.District) fixtures.District {
				return view{District: d, resources: func(r fixtures.Resource) (fixtures.Resource, bool) {
					r.Roles = nil
					return r, true
				}}
			}
		}),
		"between-resource-wrong-role": school(func() func(fixtures.District) fixtures.District {
			return func(d fixtures.District) fixtures.District {
				return view{District: d, resources: func(r fixtures.Resource) (fixtures.Resource, bool) {
					if slices.Contains(r.Roles, "student") {
						r.Roles = []string{"administrator"}
					}
					return r, true
				}}
			}
		}),
		"between-resource-unassigned": school(func() func(fixtures.District) fixtures.District {
			return func(d fixtures.District) fixtures.District {
				return view{District: d, resources: func(r fixtures.Resource) (fixtures.Resource, bool) { return r, false }}
			}
		}),
		"between-resource-by-title": source(isPlatform, func() func(read) []read { return each(byTitle.change) }),
		"between-resource-vendor-id": source(isPlatform, func() func(read) []read {
			return each(func(x *read) bool {
				if x.Collection == resources.Resources {
					x.body["applicationId"] = x.body["vendorResourceId"]
					x.body["vendorResourceId"] = "lms-" + x.SourcedID
				}
				return true
			})
		}),
	}
}
