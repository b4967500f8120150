// Package districtfault has mistakes between the systems of a district, and what is odd there within the law: each
// system is right by itself, and what one gives on to the next is changed at the seams of reference/riverbend. What
// each breaks is data; the flow of the requirement is the hop at which it is made.
package districtfault

import (
	_ "embed"
	"encoding/json"
	"net/http"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
)

//go:embed faults.yaml
var faultTable []byte

//go:embed variants.yaml
var variantTable []byte

type behaviour = fault.Behaviour[riverbend.Options]

// Kind is the faults and variants of a district.
var Kind = fault.NewKind("district", func() (fault.Tables, error) {
	return fault.ReadTables("district", faultTable, variantTable, behaviours(), nil, nil)
}, behaviours, func(*riverbend.Options, fault.Fault) {})

func behaviours() map[string]behaviour {
	return fault.Gather(people(), classes(), changes(), resourcing(), members(), launches(), content(), scores(), grades(), tests(), dead(),
		variants())
}

// seams is a behaviour that changes seams.
func seams(change func(*riverbend.Seams)) behaviour {
	return behaviour{Bend: func(o *riverbend.Options) { change(&o.Seams) }}
}

// together is several behaviours as one.
func together(all ...behaviour) behaviour {
	return behaviour{Bend: func(o *riverbend.Options) {
		for _, b := range all {
			b.Bend(o)
		}
	}}
}

// isPlatform tells whether a system is one of the platforms.
func isPlatform(system string) bool {
	return system == riverbend.Platform || system == riverbend.Second
}

// is tells whether a system is one.
func is(name string) func(string) bool { return func(system string) bool { return system == name } }

// hooks changes the consumers of some systems.
func hooks(of func(system string) bool, change func(*service.Hooks)) behaviour {
	return seams(func(s *riverbend.Seams) {
		former := s.Hooks
		s.Hooks = func(system string, h service.Hooks) service.Hooks {
			if former != nil {
				h = former(system, h)
			}
			if of(system) {
				change(&h)
			}
			return h
		}
	})
}

// school changes what platforms take from their consumers, by a view that is made for each platform.
func school(view func() func(fixtures.District) fixtures.District) behaviour {
	return seams(func(s *riverbend.Seams) {
		views := map[string]func(fixtures.District) fixtures.District{}
		former := s.Roster
		s.Roster = func(system string, d fixtures.District) fixtures.District {
			if former != nil {
				d = former(system, d)
			}
			if views[system] == nil {
				views[system] = view()
			}
			return views[system](d)
		}
	})
}

// made changes what platforms are made of.
func made(change func(*platform.Config)) behaviour {
	return seams(func(s *riverbend.Seams) {
		former := s.Platform
		s.Platform = func(system string, c *platform.Config) {
			if former != nil {
				former(system, c)
			}
			change(c)
		}
	})
}

// claimed changes the claims of launches.
func claimed(change func(claims map[string]any, l *platform.Pending)) behaviour {
	return made(func(c *platform.Config) {
		former := c.Claims
		c.Claims = func(claims map[string]any, l *platform.Pending) {
			if former != nil {
				former(claims, l)
			}
			change(claims, l)
		}
	})
}

// served is put around what platforms serve.
func served(wrap func() func(http.Handler) http.Handler) behaviour {
	return seams(func(s *riverbend.Seams) {
		former := s.Serve
		s.Serve = func(system string, h http.Handler) http.Handler {
			if isPlatform(system) {
				h = wrap()(h)
			}
			if former != nil {
				h = former(system, h)
			}
			return h
		}
	})
}

// pushed changes what a system pushes to the SIS.
func pushed(of func(system string) bool, change func([]push.Object) []push.Object) behaviour {
	return seams(func(s *riverbend.Seams) {
		former := s.Push
		s.Push = func(system string, f push.From) push.From {
			if former != nil {
				f = former(system, f)
			}
			if !of(system) {
				return f
			}
			return changed{f, change}
		}
	})
}

// clone copies what is to be changed of JSON.
func clone(v map[string]any) map[string]any {
	var out map[string]any
	text, _ := json.Marshal(v)     // it is JSON
	_ = json.Unmarshal(text, &out) // it was just written
	return out
}
