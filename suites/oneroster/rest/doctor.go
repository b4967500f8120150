package rest

import (
	"context"
	"fmt"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// doctor reads every collection that the profiles cover. Where none can be read the
// set-up is at fault and the run can't begin; where one can't, the run judges it. An
// empty collection is no fault, but leaves requirements not-tested.
func doctor(ctx context.Context, of *service.Service, beside []*Beside, s *harness.Session) []harness.Diagnosis {
	var out []harness.Diagnosis
	var seen []*harness.Response
	for _, c := range of.Collections {
		if !s.Covers(c.List.ID) {
			continue
		}
		op := c.List
		page := takeApart(of, s.Do(ctx, harness.Request{URL: address(s.Base, op.Path, paged(op, "limit", "1"))}), op.Wrapper)
		seen = append(seen, page.Response)
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
	if _, nothing := s.Everywhere("collection", of.Words.Data+" objects", of.Path, seen); !nothing {
		for _, b := range beside {
			out = append(out, b.doctor(ctx, of, s)...)
		}
		return out
	}
	// The parameter may be at fault, which the run judges; and where the profiles cover
	// one collection alone, others tell whether the service is there at all.
	witnesses := []string{"/" + of.Samples.Collection}
	if len(seen) < 2 {
		for _, name := range of.Samples.Witnesses {
			witnesses = append(witnesses, "/"+name)
		}
	}
	for _, path := range witnesses {
		r := s.Do(ctx, harness.Request{URL: s.Base + path})
		if len(seen) < 2 && (r.Status == 401 || r.Status == 403) {
			return out // the service is there, and this token isn't for that collection
		}
		seen = append(seen, r)
	}
	if fault, nothing := s.Everywhere("collection", of.Words.Data+" objects", of.Path, seen); nothing {
		return []harness.Diagnosis{fault}
	}
	return out
}

func count(total int) string {
	if total < 0 {
		return "not announced"
	}
	return fmt.Sprint(total)
}
