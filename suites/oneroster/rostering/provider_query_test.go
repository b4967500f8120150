package rostering

import (
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// knows tells whether objects of a kind have a member.
func (s *provider) knows(kind, name string) bool {
	first, _, _ := strings.Cut(name, ".")
	if slices.Contains([]string{"children", "grades", "metadata", "subjects"}, first) {
		return true
	}
	return slices.ContainsFunc(s.data[service.Rostering().CollectionOf(kind).Name], func(o object) bool { _, has := o[first]; return has })
}

// query is what a request asks of a list.
func (s *provider) query(a *reply) resttest.Query {
	return resttest.Query{Values: a.q, Knows: func(name string) bool { return s.knows(a.op.Kind, name) }, Holds: s.holds}
}

// selected leaves the members that fields names.
func (s *provider) selected(a *reply, list []object) ([]object, bool) {
	list, ok := s.query(a).Selected(list)
	if !ok {
		a.refuse(400, "invalid_selection_field", "an unknown field")
	}
	return list, ok
}
