package rest

import (
	"fmt"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// sampleSub gives the sub-collection on which parameters are tried, and what its parents
// hold. Where it can't be, the requirements are settled.
func sampleSub(t *T, ids ...string) (op service.Operation, parents []Members, ok bool) {
	sub := t.Service.Samples.Sub
	op = t.Service.Operation(sub.Operation)
	if !t.Session().Covers(op.ID) {
		t.Outside("sub-collections", ids...)
		return op, nil, false
	}
	if t.parentless(op) {
		t.NotTested(*t.alone, ids...)
		return op, nil, false
	}
	if !t.Need(ids, sub.Needs...) {
		return op, nil, false
	}
	return op, model(t).Members(), true
}

// lacksMembers says that no parent has as many members as are needed.
func lacksMembers(t *T, many string, ids ...string) {
	sub := t.Service.Samples.Sub
	t.Lacks(fmt.Sprintf("no %s has %s", sub.Parent, sub.Count(many)), fmt.Sprintf("%s %s in a %s.", sub.Load, sub.Count(many), sub.Parent),
		ids...)
}

// modifiedOf gives when an object of a whole collection changed, as it says.
func modifiedOf(t *T, kind, id string) string {
	raw := crawl(t).Raw(t.Service.CollectionOf(kind).Name)
	if i := raw.Find(id); i >= 0 {
		if _, object, err := raw.At(i); err == nil {
			return Read[Base](object).DateLastModified
		}
	}
	return ""
}
