package ecosystem

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
)

// checks are one for each requirement: each looks at what was seen at all hops of its flow.
func checks() []harness.Check {
	c, err := catalogue.Load()
	if err != nil {
		panic(fmt.Errorf("the catalogue: %w", err)) // embedded data; its own tests read it
	}
	var out []harness.Check
	for _, f := range Flows() {
		for _, q := range requirementsOf[f.Name] {
			r, _ := c.Requirement(prefix + q)
			out = append(out, harness.Check{
				ID:           "district." + q,
				Title:        r.Title,
				Requirements: []string{prefix + q},
				Labels:       []string{f.Name},
				Needs:        []harness.Need{harness.InBody("both ends of flow " + fmt.Sprint(f.Number))},
				Group:        "district",
				Body:         func(_ context.Context, t *harness.T) { told(t, q) },
			})
		}
	}
	return out
}

// verdicts is what all checks share.
type verdicts struct {
	seen    *Sightings
	rulings []*ruling
}

func open(_ context.Context, s *harness.Session) (any, error) {
	seen, err := read(s.Dir)
	if err != nil {
		return nil, err
	}
	show := func(member, value string) string {
		value = s.Redactor().Value(member, value)
		if r := []rune(value); len(r) > 120 {
			value = string(r[:120]) + "…"
		}
		return value
	}
	return &verdicts{seen, judged(seen, Of(s.Target), s.Target, show)}, nil
}

// told reports what was made out of a requirement, hop by hop.
func told(t *harness.T, q string) {
	v := t.Session().Shared.(*verdicts)
	id := prefix + q
	met := false
	for _, r := range v.rulings {
		if r.requirement != q {
			continue
		}
		met = true
		result := reports.HopResult{Hop: r.hop, Flow: r.flow, From: r.from, To: r.to, Examined: r.examined, Verdict: reports.Pass}
		for _, f := range r.faults {
			t.Fail(id, harness.Finding{Expected: f.expected, Seen: f.seen, Where: f.where, Cause: f.cause, Exchanges: v.adopt(t, f.exchanges),
				Hop: r.hop})
		}
		switch {
		case len(r.faults) > 0:
			result.Verdict = reports.Fail
		case r.examined > 0:
			t.Examined(id, r.examined)
			v.adopt(t, v.seen.evidence(r))
		case r.grey == nil:
			result.Verdict, result.Reason = reports.NotTested, "nothing was met by which it could be told"
			result.Remedy = "name people, places and content of the district file so that each flow has something to carry"
			t.NotTested(harness.NoData(result.Reason, result.Remedy), id)
		}
		if g := r.grey; g != nil {
			if r.examined == 0 && len(r.faults) == 0 {
				result.Verdict, result.Reason, result.Remedy = reports.NotTested, g.reason, g.remedy
				if g.blocked != "" {
					result.Remedy = "It hangs on " + prefix + g.blocked + "."
				}
			}
			t.NotTested(g.obstacle(v.adopt(t, g.exchanges)), id)
		}
		for _, n := range r.notes {
			t.Note(id, "%s", n)
		}
		if result.Reason == "" {
			result.Reason = strings.Join(r.notes, "; ")
		}
		t.Hop(id, result)
	}
	if !met {
		t.NotTested(harness.Unconfigured("no two systems of the district have this flow between them",
			"name systems of both roles: district.systems"), id)
	}
}

func (g grey) obstacle(exchanges []string) harness.Obstacle {
	switch {
	case g.blocked != "":
		return harness.BlockedBy(prefix+g.blocked, g.reason).Seen(exchanges...)
	case g.data:
		return harness.NoData(g.reason, g.remedy)
	}
	return harness.Unconfigured(g.reason, g.remedy)
}

// mostEnds bounds the exchanges that prove one finding.
const mostEnds = 12

// adopt takes exchanges of the story among the evidence of a check.
func (v *verdicts) adopt(t *harness.T, ids []string) (out []string) {
	for _, id := range ids {
		if e, kept := v.seen.Exchanges[id]; kept && !slices.Contains(out, id) && len(out) < mostEnds {
			e.System = v.seen.whose(e.URL)
			out = append(out, t.Adopt(&e))
		}
	}
	return out
}

// whose names the system that is met at an address; empty where that is none of the district, or not one alone.
func (s *Sightings) whose(address string) (name string) {
	at := host(address)
	for _, y := range s.Systems {
		if at != "" && slices.Contains(y.Hosts, at) {
			if name != "" {
				return ""
			}
			name = y.Name
		}
	}
	return name
}

// evidence lists exchanges in which something was seen that holds: of both ends.
func (s *Sightings) evidence(r *ruling) (out []string) {
	add := func(ids []string, most int) { out = append(out, ids[:min(most, len(ids))]...) }
	switch r.flow {
	case 1, 2, 3, 7:
		add(s.SIS.Exchanges, 3)
	}
	for _, x := range s.Rosters {
		if (r.flow == 1 && x.Platform == r.to || r.flow == 3 && x.Platform == r.from) && x.When == Before {
			add(x.Exchanges, 2)
		}
	}
	for _, h := range s.Holdings {
		if (r.flow == 1 || r.flow == 2) && h.System == r.to && h.When == Before {
			add([]string{h.Exchange}, 1)
		}
	}
	for _, l := range s.Launches {
		if r.flow == 7 && l.Platform == r.from && l.Tool == r.to && len(out) < 8 {
			add(l.Exchanges, 2)
		}
	}
	for _, k := range s.Picks {
		if (r.flow == 4 || r.flow == 5) && k.Platform == r.to && k.From == r.from {
			add(k.Exchanges, 4)
		}
	}
	for _, g := range s.Grades {
		if r.flow == 6 && g.Platform == r.to {
			add(g.Exchanges, 6)
		}
		if r.flow == 9 && g.Platform == r.from {
			add(g.RegisterExchanges, 6)
		}
	}
	if r.flow == 8 {
		add(s.Results.Exchanges, 6)
	}
	return out
}

// picture draws the systems of a district; its hops come of what the checks say.
func picture(t *harness.Target) *reports.District {
	d := &reports.District{Hops: []reports.Hop{}}
	var seen []SystemSeen
	for _, y := range Of(t).Systems {
		told := SystemSeen{Name: y.Name, Title: y.Name, Role: y.Role, Within: time.Duration(y.Within)}
		if y.File != "" {
			if file, err := harness.ReadTarget(beside(t, y.File), os.LookupEnv, standing()...); err == nil {
				told.Title, told.Vendor = orText(file.Product, file.Name), file.Vendor
				told.Holds = driver.Of(file).Holds.Set()
			}
		}
		seen = append(seen, told)
	}
	for _, role := range Roles() {
		for _, y := range systemsOf(seen, role) {
			d.Systems = append(d.Systems, reports.DistrictSystem{Name: y.Name, Title: y.Title, Role: y.Role, Vendor: y.Vendor,
				Missing: y.Problem != ""})
		}
	}
	for _, f := range Flows() {
		d.Flows = append(d.Flows, reports.DistrictFlow{Number: f.Number, Title: f.Title, Text: f.Text})
	}
	return d
}
