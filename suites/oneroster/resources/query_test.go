package resources

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
)

// query is what a request asks of resources.
func (s *provider) query(a *reply) resttest.Query {
	return resttest.Query{Values: a.q, Knows: func(name string) bool {
		return name == "metadata" || slices.ContainsFunc(s.data["resources"], func(o object) bool { _, has := o[name]; return has })
	}}
}

// selected leaves the members that fields names.
func (s *provider) selected(a *reply, list []object) ([]object, bool) {
	list, ok := s.query(a).Selected(list)
	if !ok {
		a.refuse(400, "invalid_selection_field", "an unknown field")
	}
	return list, ok
}
