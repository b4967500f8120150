package rest

import "github.com/rollcall-edu/rollcall/suites/oneroster/service"

// parentIDs gives sourcedIds for the path parameters of an operation, from whatever the
// crawl brought: for a sub-collection those of a parent that has members, as far as the
// service's model tells. ok is false when the crawl brought none.
func parentIDs(t *T, op service.Operation) (ids []string, ok bool) {
	switch {
	case op.Parameters() == 0:
		return nil, true
	case op.Single:
		return firstID(t, op.Root())
	}
	// What refers to its parent tells of it, whether or not the service beside is read.
	if ids, ok := model(t).Parents(op); ok {
		return ids, true
	}
	if op.Parameters() == 1 && !t.parentless(op) {
		return firstID(t, op.Root())
	}
	return nil, false
}

// firstID gives an object of a collection. A derived collection that lists nothing, or what
// doesn't belong into it, is made up for from the whole one.
func firstID(t *T, name string) ([]string, bool) {
	if raw := crawl(t).Beside(name); raw != nil {
		id, _, err := raw.At(0)
		return []string{id}, err == nil && id != ""
	}
	c := t.Service.Collection(name)
	whole := c.Name
	if c.Part != nil {
		whole = c.Part.Of
	}
	raw := crawl(t).Raw(whole)
	if raw == nil {
		return nil, false
	}
	// An object that is flagged for deletion may be on its way out.
	spare, tried := "", 0
	for i := range raw.Len() {
		if c.Part != nil {
			if _, must := model(t).Stands(c, i); !must {
				continue
			}
		}
		if tried++; tried > 100 {
			break
		}
		id, object, err := raw.At(i)
		if err != nil || id == "" {
			continue
		}
		if Read[Base](object).Status != "tobedeleted" {
			return []string{id}, true
		}
		if spare == "" {
			spare = id
		}
	}
	return []string{spare}, spare != ""
}
