package rostering

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// derivation says which objects of a whole collection a derived one holds.
type derivation struct {
	name     string // path segment
	whole    string
	only     func(r *Roster, i int) bool // may stand in it
	complete func(r *Roster, i int) bool // must stand in it
	telling  func(r *Roster, i int) bool // says what kind it is, in words that the standard knows
	what     string
	load     string // what to load where there is nothing of the kind
}

var derivations = []derivation{
	{"terms", "academicSessions", sessionType("term", "semester"), sessionType("term"), knownSession, "type term (or semester)", "a session of type term"},
	{"grading-periods", "academicSessions", sessionType("gradingPeriod"), sessionType("gradingPeriod"), knownSession, "type gradingPeriod", "a session of type gradingPeriod"},
	{"schools", "orgs", orgType("school"), orgType("school"), knownOrg, "type school", "an org of type school"},
	{"students", "users", userRole("student"), currentRole("student"), knownRole, "a role student", "a user with the role student"},
	{"teachers", "users", userRole("teacher"), currentRole("teacher"), knownRole, "a role teacher", "a user with the role teacher"},
}

func sessionType(types ...string) func(*Roster, int) bool {
	return func(r *Roster, i int) bool { return slices.Contains(types, r.Sessions[i].Type) }
}

func orgType(types ...string) func(*Roster, int) bool {
	return func(r *Roster, i int) bool { return slices.Contains(types, r.Orgs[i].Type) }
}

// What is outside of a vocabulary is judged there, and tells nothing here.
func knownSession(r *Roster, i int) bool {
	t := r.Sessions[i].Type
	return strings.HasPrefix(t, "ext:") || slices.Contains([]string{"gradingPeriod", "semester", "schoolYear", "term"}, t)
}

func knownOrg(r *Roster, i int) bool {
	t := r.Orgs[i].Type
	return strings.HasPrefix(t, "ext:") || slices.Contains([]string{"department", "district", "local", "national", "school", "state"}, t)
}

func knownRole(r *Roster, i int) bool {
	return slices.ContainsFunc(r.Users[i].Roles, func(x Role) bool { return x.Role != "" })
}

func userRole(role string) func(*Roster, int) bool {
	return func(r *Roster, i int) bool { return r.Users[i].HasRole(role) }
}

// currentRole asks for a role that is neither over nor still to come: whether
// such a one still makes a student is not settled.
func currentRole(role string) func(*Roster, int) bool {
	today := time.Now().UTC()
	yesterday, tomorrow := today.AddDate(0, 0, -1).Format(time.DateOnly), today.AddDate(0, 0, 1).Format(time.DateOnly)
	return func(r *Roster, i int) bool {
		return slices.ContainsFunc(r.Users[i].Roles, func(x Role) bool {
			return x.Role == role && (x.BeginDate == "" || x.BeginDate <= yesterday) && (x.EndDate == "" || x.EndDate >= tomorrow)
		})
	}
}

// kindRequirement governs the member by which an object of a whole collection says
// what kind it is of.
func (d derivation) kindRequirement(r *Roster, i int) string {
	switch {
	case d.whole == "academicSessions":
		return "vocabulary.session-type"
	case d.whole == "orgs":
		return "vocabulary.org-type"
	case r.Users[i].Roles == nil:
		return "payload.required-user"
	case len(r.Users[i].Roles) == 0:
		return "payload.user-roles"
	}
	return "payload.required-role"
}

// spool gives the name under which a derived collection was crawled.
func (d derivation) spool() string {
	if d.name == "grading-periods" {
		return "gradingPeriods"
	}
	return d.name
}

func derivationOf(spool string) derivation {
	for _, d := range derivations {
		if d.spool() == spool {
			return d
		}
	}
	panic("no derivation of " + spool)
}

// rightful lists the sourcedIds in a derived collection that belong there.
func (r *Roster) rightful(spool string) []string {
	d, kind := derivationOf(spool), r.service.Collection(spool).Kind
	return slices.DeleteFunc(sortedKeys(r.members(spool)), func(id string) bool {
		i := r.Index(kind, id)
		return i < 0 || !d.only(r, i)
	})
}

// noSuchID is a sourcedId that no provider has.
const noSuchID = "rollcall-no-such-object-7d1e"

// derivedChecks compare the derived collections with what the crawl of the whole
// one says they must hold.
func derivedChecks() []Check {
	var out []Check
	for _, d := range derivations {
		only, complete := "derived."+d.name+"-only", "derived."+d.name+"-complete"
		out = append(out, Check{
			ID: "derived." + d.name, Title: fmt.Sprintf("/%s holds those of /%s that have %s, and all of them", d.spool(), d.whole, d.what),
			Requirements: []string{only, complete}, Labels: []string{ruleLabel, "derived"}, Needs: "an object in /" + d.spool(),
			Body: func(ctx context.Context, t *T) { compareDerived(t, d, only, complete) },
		})
	}
	return append(out, Check{
		ID: "derived.wrong-kind", Title: "The single read of a derived kind knows no object of another kind",
		Requirements: []string{"derived.wrong-kind"}, Labels: []string{"derived"},
		Needs: "a user who is no student, an org that is no school, a session that is no term",
		Body:  wrongKind,
	})
}

func compareDerived(t *T, d derivation, only, complete string) {
	if !need(t, []string{only, complete}, d.whole, d.spool()) {
		return
	}
	r := roster(t)
	kind := t.service.Collection(d.spool()).List.Kind
	derived := r.members(d.spool())
	for _, id := range sortedKeys(derived) {
		i := r.Index(kind, id)
		if i < 0 {
			// An object unknown to the whole collection is the business of the
			// whole collection's completeness; here it is too many.
			t.Fail(only, harness.Finding{Sent: "GET /" + d.spool() + " (the crawl)", Expected: "objects that /" + d.whole + " lists too", Seen: "an object that it doesn't", Where: id,
				Exchanges: exhibit(t, d.spool(), r.Raw(d.spool()).Find(id))})
			continue
		}
		if !d.only(r, i) && !d.telling(r, i) {
			t.NotTested(t.BlockedBy(d.kindRequirement(r, i), "some objects of /"+d.whole+" don't say what kind they are of").Seen(exhibit(t, d.whole, i)...), only)
			continue
		}
		t.Assert(only, d.only(r, i), harness.Finding{Sent: "GET /" + d.spool() + " (the crawl)", Expected: "only objects with " + d.what, Seen: "one without", Where: id,
			Exchanges: exhibitIf(!d.only(r, i), t, d.spool(), id)})
	}
	wanted := 0
	for i := range r.Raw(d.whole).Len() {
		if !d.complete(r, i) {
			continue
		}
		wanted++
		id, _, err := r.Raw(d.whole).At(i)
		if err != nil {
			continue
		}
		t.Assert(complete, derived[id], harness.Finding{Sent: "GET /" + d.spool() + " (the crawl)", Expected: "every object of /" + d.whole + " with " + d.what, Seen: "one is missing", Where: id,
			Exchanges: exhibitIf(!derived[id], t, d.whole, id)})
	}
	if len(derived) == 0 {
		t.NotTested(harness.NoData("/"+d.spool()+" is empty", "Load "+d.load+"."), only)
	}
	if wanted == 0 {
		judgeOpen(t, d, derived, complete)
	}
}

// judgeOpen judges a derived collection where the whole one holds only what may stand in
// it, as semesters may in /terms: all of them, or none.
func judgeOpen(t *T, d derivation, derived map[string]bool, complete string) {
	r := roster(t)
	var open, listed []string
	for i := range r.Raw(d.whole).Len() {
		id, _, err := r.Raw(d.whole).At(i)
		if err != nil || !d.only(r, i) {
			continue
		}
		if open = append(open, id); derived[id] {
			listed = append(listed, id)
		}
	}
	switch {
	case len(open) == 0:
		t.NotTested(harness.NoData("/"+d.whole+" holds no object with "+d.what, "Load "+d.load+"."), complete)
	case len(listed) == 0:
		t.NotTested(harness.NoData(fmt.Sprintf("whether the %d objects of /%s that could stand in /%s have to is not settled, and none does", len(open), d.whole, d.spool()), "Load "+d.load+"."), complete)
	default:
		missing := slices.DeleteFunc(open, func(id string) bool { return derived[id] })
		t.Assert(complete, len(missing) == 0, harness.Finding{Sent: "GET /" + d.spool() + " (the crawl)", Expected: "all objects of /" + d.whole + " with " + d.what + ", as some are listed", Seen: fmt.Sprintf("%d are missing (%s)", len(missing), examples(missing)),
			Exchanges: exhibitIf(len(missing) > 0, t, d.spool(), listed[0])})
	}
}

// exhibitIf gives the crawl's evidence of an object, where it is needed.
func exhibitIf(wanted bool, t *T, name, id string) []string {
	if !wanted {
		return nil
	}
	return exhibit(t, name, roster(t).Raw(name).Find(id))
}

func sortedKeys(set map[string]bool) []string {
	var out []string
	for id := range set {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// wrongKind asks for objects under a derived path that they don't belong to.
func wrongKind(ctx context.Context, t *T) {
	const id = "derived.wrong-kind"
	asked := false
	for _, d := range derivations {
		c := t.service.Collection(d.spool())
		if !t.Session().Covers(c.Read.ID) || !need(t, []string{id}, d.whole) {
			continue
		}
		r := roster(t)
		// A route that knows no object at all proves nothing.
		if rightful := slices.DeleteFunc(r.rightful(d.spool()), func(x string) bool { return x == "" }); len(rightful) > 0 {
			control := get(ctx, t, c.Read.PathFor(rightful[0]), "")
			if !t.Ready(control, 200, id) {
				asked = true
				continue
			}
		}
		for i := range r.Raw(d.whole).Len() {
			if d.only(r, i) || !d.telling(r, i) {
				continue
			}
			other, _, err := r.Raw(d.whole).At(i)
			if err != nil || other == "" {
				continue
			}
			asked = true
			response := get(ctx, t, c.Read.PathFor(other), "")
			if between(response) {
				t.NotTested(blockedBy(t, response, response.Summary()), id)
				break
			}
			if response.Status != 404 {
				if unknown := get(ctx, t, c.Read.PathFor(noSuchID), ""); unknown.Status == response.Status {
					t.NotTested(t.BlockedBy(errorsAt+"unknown-object", "objects that don't exist are answered the same: "+unknown.Summary(), unknown), id)
					break
				}
			}
			t.Assert(id, response.Status == 404, harness.Finding{
				Expected: "404, for the object has not " + d.what, Seen: response.Summary(), Where: other, Responses: []*harness.Response{response}})
			break
		}
	}
	if !asked {
		lacks(t, "every object is of every derived kind", "Load a user who is no student, an org that is no school, or a session that is no term.", id)
	}
}
