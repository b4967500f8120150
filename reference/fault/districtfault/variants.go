package districtfault

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
)

// declares has the district say how an id is made.
func declares(ids ...riverbend.ID) behaviour {
	return seams(func(s *riverbend.Seams) { s.IDs = append(s.IDs, ids...) })
}

// variants are legal.
func variants() map[string]behaviour {
	number := func(id string) string {
		sum := sha256.Sum256([]byte(id))
		return "p/" + hex.EncodeToString(sum[:5])
	}
	return map[string]behaviour{
		"between-declared-prefix": together(named(isPlatform, func(x read) string { return "lms:" + x.SourcedID }),
			declares(riverbend.ID{Kind: "person", At: riverbend.Platform, Prefix: "lms:"})),
		"between-declared-table": together(named(isPlatform, func(x read) string { return number(x.SourcedID) }),
			declares(riverbend.ID{Kind: "person", At: riverbend.Platform, Table: number})),
		"between-master-identifier": named(isPlatform, func(x read) string { return x.text("userMasterIdentifier") }),
		"between-second-platform":   {Bend: func(o *riverbend.Options) { o.Platforms = 2 }},
		"between-without-mail": source(func(string) bool { return true }, func() func(read) []read {
			return each(func(x *read) bool {
				if x.Collection == sis.Users {
					delete(x.body, "email")
				}
				return true
			})
		}),
		"between-other-district":  {Bend: func(o *riverbend.Options) { o.DataSeed = 77 }},
		"between-scaled-district": {Bend: func(o *riverbend.Options) { o.Data = fixtures.Scale(300) }},
		"between-more-roles": claimed(func(c map[string]any, _ *platform.Pending) {
			c[lti.Namespace+"roles"] = append(rolesOf(c), "http://purl.imsglobal.org/vocab/lis/v2/system/person#User")
		}),
		"between-without-demographics": source(func(string) bool { return true }, func() func(read) []read {
			return each(func(x *read) bool { return x.Collection != sis.Demographics })
		}),
		"between-full-syncs": hooks(func(string) bool { return true }, func(h *service.Hooks) {
			former := h.Options
			h.Options = func(o *sync.Options) {
				if former != nil {
					former(o)
				}
				o.Mode = sync.Full
			}
		}),
		"between-class-in-context": claimed(func(c map[string]any, _ *platform.Pending) {
			if context, is := c[lti.Namespace+"context"].(map[string]any); is {
				context["label"] = lis(c)["course_section_sourcedid"]
			}
		}),
	}
}
