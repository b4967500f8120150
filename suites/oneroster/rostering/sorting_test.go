package rostering

import (
	"slices"
	"sync/atomic"
	"testing"
)

// sortedBy bends pages of a sort that satisfies when.
func sortedBy(when func(a *reply) bool, change func(a *reply, page []object) []object) func(*provider) {
	return listed(func(a *reply) {
		if a.q.Has("sort") && when(a) {
			a.set(change(a, slices.Clone(a.page())))
		}
	})
}

func TestSorting(t *testing.T) {
	backwards := func(_ *reply, page []object) []object { slices.Reverse(page); return page }
	always := func(*reply) bool { return true }
	order := func(want string) func(a *reply) bool {
		return func(a *reply) bool { return a.q.Get("orderBy") == want }
	}
	by := func(names ...string) func(a *reply) bool {
		return func(a *reply) bool { return slices.Contains(names, a.q.Get("sort")) }
	}
	bent(t, "sort", []row{
		{"sort is ignored", asking(func(a *reply) { a.q.Del("sort") }), []string{"sort.ascending", "sort.chronological", "sort.default-ascending", "sort.descending", "sort.every-field", "sort.paged", "sort.sub-collections", "sort.unicode"}},
		{"asc falls", sortedBy(order("asc"), backwards), []string{"sort.ascending", "sort.chronological", "sort.paged", "sort.sub-collections", "sort.unicode"}},
		{"desc rises", sortedBy(order("desc"), backwards), []string{"sort.descending", "sort.sub-collections"}},
		{"falling by default", sortedBy(order(""), backwards), []string{"sort.default-ascending"}},
		{"orderBy is ignored", asking(func(a *reply) { a.q.Del("orderBy") }), []string{"sort.descending", "sort.sub-collections"}},
		{"sorting loses an object", sortedBy(always, func(_ *reply, page []object) []object { return page[:max(len(page)-1, 0)] }), []string{"sort.paged", "sort.same-set"}},
		{"sort is refused", refusing("sort", "^dateLastModified$", 400), []string{"sort.ascending", "sort.default-ascending", "sort.descending", "sort.every-field"}},
		{"each page is sorted by itself", sortedBy(func(a *reply) bool { return asked(a, "limit") < 10 }, func(a *reply, page []object) []object {
			if asked(a, "offset") > 0 {
				slices.Reverse(page)
			}
			return page
		}), []string{"sort.paged"}},
		{"every other page of a sort begins elsewhere", func(s *provider) {
			var calls atomic.Int64
			s.ask = func(a *reply) {
				if a.op.ID == "getAllUsers" && a.q.Get("sort") == "status" && asked(a, "limit") < 10 && calls.Add(1)%2 == 0 {
					a.q.Set("offset", "3")
				}
			}
		}, []string{"sort.paged"}},
		{"names in no order", sortedBy(by("familyName", "username", "givenName"), func(_ *reply, page []object) []object {
			for i := 0; i+2 < len(page); i += 3 {
				page[i], page[i+2] = page[i+2], page[i]
			}
			return page
		}), []string{"sort.every-field", "sort.unicode"}},
		{"dates in no order", sortedBy(func(a *reply) bool { return a.q.Get("sort") == "dateLastModified" && a.op.Kind == "enrollment" }, func(_ *reply, page []object) []object {
			for i := 0; i+2 < len(page); i += 3 {
				page[i], page[i+2] = page[i+2], page[i]
			}
			return page
		}), []string{"sort.chronological", "sort.every-field"}},
		{"one property that can't be sorted on", refusing("sort", "^enabledUser$", 400), []string{"sort.every-field"}},
		{"one property is left unsorted", forgiving("sort", "^username$"), []string{"sort.every-field", "sort.unicode"}},
		{"404 to an unknown property", refusing("sort", "^noSuchProperty$", 404), []string{"sort.unknown-field"}},
		{"404 to an impossible order", refusing("orderBy", "^sideways$", 404), []string{"sort.invalid-order"}},
		{"a server error to an unknown property", refusing("sort", "^no", 500), []string{"sort.no-500"}},
		{"sub-collections are not sorted", asking(func(a *reply) {
			if a.op.Sub() {
				a.q.Del("sort")
			}
		}), []string{"sort.sub-collections"}},
	})
}
