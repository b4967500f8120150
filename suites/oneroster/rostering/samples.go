package rostering

import "fmt"

// sampleSub gives the sub-collection on which parameters are tried, and what its parents
// hold. Where it can't be, the requirements are settled.
func sampleSub(t *T, ids ...string) (op Operation, parents []parentOf, ok bool) {
	sub := t.service.Samples.Sub
	op = t.service.Operation(sub.Operation)
	if !t.Session().Covers(op.ID) {
		outside(t, "sub-collections", ids...)
		return op, nil, false
	}
	if !need(t, ids, sub.Needs...) {
		return op, nil, false
	}
	return op, roster(t).subMembers(), true
}

// lacksMembers says that no parent has as many members as are needed.
func lacksMembers(t *T, many string, ids ...string) {
	sub := t.service.Samples.Sub
	lacks(t, fmt.Sprintf("no %s has %s", sub.Parent, sub.Count(many)), fmt.Sprintf("%s %s in a %s.", sub.Load, sub.Count(many), sub.Parent), ids...)
}

// modifiedOf gives when an object of a whole collection changed, as it says.
func modifiedOf(t *T, kind, id string) string {
	raw := roster(t).Raw(t.service.CollectionOf(kind).Name)
	if i := raw.Find(id); i >= 0 {
		if _, object, err := raw.At(i); err == nil {
			return read[Base](object).DateLastModified
		}
	}
	return ""
}
