package rostering

import (
	"context"
	"fmt"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// doctor looks for seed data: one object of every collection that the profiles
// cover. An empty collection is no fault, but leaves requirements not-tested.
func doctor(ctx context.Context, s *harness.Session) []harness.Diagnosis {
	var out []harness.Diagnosis
	for _, c := range collections {
		if !s.Covers(c.List) {
			continue
		}
		op := operation(c.List)
		page := takeApart(s.Do(ctx, harness.Request{URL: address(s.Base, op.Path, query("limit", "1"))}), op.Wrapper)
		d := harness.Diagnosis{Name: "seed data: /" + c.Name, OK: true, Detail: fmt.Sprintf("has objects (total %s)", count(page.Total))}
		switch {
		case !page.OK():
			d.OK, d.Detail = false, page.Why()
			d.Remedy = fmt.Sprintf("Open %s with a token of your own and look; the run goes on and judges this answer.", page.URL)
		case len(page.Objects) == 0:
			d.OK, d.Detail = false, "is empty"
			d.Remedy = fmt.Sprintf("Load at least one object that /%s lists; what needs one will be not-tested.", c.Name)
		}
		out = append(out, d)
	}
	return out
}

func count(total int) string {
	if total < 0 {
		return "not announced"
	}
	return fmt.Sprint(total)
}
