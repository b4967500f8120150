package rostering

import (
	"slices"
	"strings"
	"testing"
)

func TestFields(t *testing.T) {
	// chosen bends objects of which only some members were asked for.
	chosen := func(change func(a *reply, o object)) func(*provider) {
		return func(s *provider) {
			s.change = func(a *reply) {
				if a.status != 200 || !a.q.Has("fields") {
					return
				}
				for _, o := range a.page() {
					change(a, o)
				}
				if o, single := a.body[a.op.Wrapper].(object); single {
					change(a, o)
				}
			}
		}
	}
	asks := func(a *reply, name string) bool { return slices.Contains(strings.Split(a.q.Get("fields"), ","), name) }
	ignored := func(when func(a *reply) bool) func(*provider) {
		return func(s *provider) {
			s.ask = func(a *reply) {
				if when(a) {
					a.q.Del("fields")
				}
			}
		}
	}
	bent(t, "fields", []row{
		{"fields is ignored", ignored(func(*reply) bool { return true }), []string{"fields.others-left-out", "fields.single", "fields.sub-collections", "fields.unknown"}},
		{"single objects ignore fields", ignored(func(a *reply) bool { return a.op.Single }), []string{"fields.single", "fields.unknown"}},
		{"sub-collections ignore fields", ignored(func(a *reply) bool { return a.op.Sub() }), []string{"fields.sub-collections"}},
		{"a member comes along", chosen(func(_ *reply, o object) { o["vendor"] = "x" }), []string{"fields.others-left-out", "fields.single", "fields.sub-collections"}},
		{"what is asked for is missing", chosen(func(_ *reply, o object) { delete(o, "familyName") }), []string{"fields.repeated", "fields.selected", "fields.single"}},
		{"a single object lacks what is asked for", chosen(func(a *reply, o object) {
			if a.op.Single {
				delete(o, "status")
			}
		}), []string{"fields.single"}},
		{"another value", chosen(func(a *reply, o object) {
			if asks(a, "familyName") {
				o["familyName"] = "X"
			}
		}), []string{"fields.values"}},
		{"a reference is cut to its id", chosen(func(_ *reply, o object) {
			if c, ok := o["course"].(object); ok {
				o["course"] = object{"sourcedId": c["sourcedId"]}
			}
		}), []string{"fields.nested-objects"}},
		{"fewer objects", listed(func(a *reply) {
			if a.q.Has("fields") && len(a.page()) > 2 {
				a.set(a.page()[1:])
			}
		}), []string{"fields.same-objects"}},
		{"another total", listed(func(a *reply) {
			if a.q.Has("fields") {
				a.header.Set("X-Total-Count", "1")
			}
		}), []string{"fields.same-objects"}},
		{"a list with commas is refused", refusing("fields", ",", 400), []string{"fields.comma-list", "fields.sub-collections"}},
		{"an unknown field is ignored", func(s *provider) {
			s.ask = func(a *reply) {
				known := strings.TrimSuffix(strings.TrimSuffix(a.q.Get("fields"), "noSuchField"), ",")
				if known != a.q.Get("fields") {
					a.q.Set("fields", known)
				}
				if known == "" {
					a.q.Del("fields")
				}
			}
		}, []string{"fields.unknown"}},
		{"an unknown field breaks the server", refusing("fields", "noSuchField", 500), []string{"fields.unknown"}},
		{"the first field alone counts", asking(func(a *reply) {
			if f := a.q["fields"]; len(f) > 1 {
				a.q["fields"] = f[:1]
			}
		}), []string{"fields.repeated"}},
		{"fields may not be repeated", asking(func(a *reply) {
			if len(a.q["fields"]) > 1 {
				a.refuse(400, "invalid_selection_field", "twice")
			}
		}), []string{"fields.repeated"}},
	})
}
