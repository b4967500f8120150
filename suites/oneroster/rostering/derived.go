package rostering

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// derivation says which objects of a whole collection a derived one holds, as the
// description has it (service.Part), on the roster's own objects.
type derivation struct {
	service.Collection
	only     func(r *Roster, i int) bool // may stand in it
	complete func(r *Roster, i int) bool // must stand in it
	telling  func(r *Roster, i int) bool // says what kind it is, in words that the standard knows
	what     string
	load     string // what to load where there is nothing of the kind
}

// words are what reports say of a derived collection: what its objects have, and what to
// load where there is none.
var words = map[string][2]string{
	"terms":          {"type term (or semester)", "a session of type term"},
	"gradingPeriods": {"type gradingPeriod", "a session of type gradingPeriod"},
	"schools":        {"type school", "an org of type school"},
	"students":       {"a role student", "a user with the role student"},
	"teachers":       {"a role teacher", "a user with the role teacher"},
}

// derivations lists those of the service.
func derivations(of *service.Service) []derivation {
	var out []derivation
	for _, c := range of.Collections {
		if c.Part != nil {
			out = append(out, derive(of, c))
		}
	}
	return out
}

// derive makes the rules of one derived collection from its description.
func derive(of *service.Service, c service.Collection) derivation {
	d := derivation{Collection: c, what: words[c.Name][0], load: words[c.Name][1]}
	if c.Part.Of == "users" {
		d.only, d.complete, d.telling = anyRole(c.Part.Any), currentRole(c.Part.All), knownRole
		return d
	}
	value := func(r *Roster, i int) string { return r.Orgs[i].Type }
	if c.Part.Of == "academicSessions" {
		value = func(r *Roster, i int) string { return r.Sessions[i].Type }
	}
	member, _ := of.Kinds[c.Kind].Member(c.Part.At)
	oneOf := func(terms []string) func(*Roster, int) bool {
		return func(r *Roster, i int) bool { return slices.Contains(terms, value(r, i)) }
	}
	d.only, d.complete = oneOf(c.Part.Any), oneOf(c.Part.All)
	// What is outside of a vocabulary is judged there, and tells nothing here.
	d.telling = func(r *Roster, i int) bool {
		return strings.HasPrefix(value(r, i), "ext:") || slices.Contains(member.Terms, value(r, i))
	}
	return d
}

// Stands tells whether an object of a whole collection may stand in a derived one, and
// whether it must.
func (r *Roster) Stands(c service.Collection, i int) (may, must bool) {
	d := r.derivation(c.Name)
	return d.only(r, i), d.complete(r, i)
}

// derivation gives the rules of a derived collection.
func (r *Roster) derivation(name string) derivation { return r.derived[name] }

func knownRole(r *Roster, i int) bool {
	return slices.ContainsFunc(r.Users[i].Roles, func(x Role) bool { return x.Role != "" })
}

func anyRole(roles []string) func(*Roster, int) bool {
	return func(r *Roster, i int) bool { return slices.ContainsFunc(roles, r.Users[i].HasRole) }
}

// currentRole asks for a role that is neither over nor still to come: whether
// such a one still makes a student is not settled.
func currentRole(roles []string) func(*Roster, int) bool {
	today := time.Now().UTC()
	yesterday, tomorrow := today.AddDate(0, 0, -1).Format(time.DateOnly), today.AddDate(0, 0, 1).Format(time.DateOnly)
	return func(r *Roster, i int) bool {
		return slices.ContainsFunc(r.Users[i].Roles, func(x Role) bool {
			return slices.Contains(roles, x.Role) && (x.BeginDate == "" || x.BeginDate <= yesterday) && (x.EndDate == "" || x.EndDate >= tomorrow)
		})
	}
}

// kindRequirement governs the member by which an object of a whole collection says
// what kind it is of.
func (d derivation) kindRequirement(r *Roster, i int) string {
	switch {
	case d.Part.Of == "academicSessions":
		return "vocabulary.session-type"
	case d.Part.Of == "orgs":
		return "vocabulary.org-type"
	case r.alone || r.Users[i].Roles == nil:
		return "payload.required-user"
	case len(r.Users[i].Roles) == 0:
		return "payload.user-roles"
	}
	return "payload.required-role"
}

// rightful lists the sourcedIds in a derived collection that belong there.
func (r *Roster) rightful(name string) []string {
	d := r.derivation(name)
	return slices.DeleteFunc(rest.SortedKeys(r.IDs(name)), func(id string) bool {
		i := r.Index(d.Kind, id)
		return i < 0 || !d.only(r, i)
	})
}

// noSuchID is a sourcedId that no provider has.
const noSuchID = "rollcall-no-such-object-7d1e"

// derivedChecks compare the derived collections with what the crawl of the whole
// one says they must hold.
func derivedChecks(of *service.Service) []rest.Check {
	var out []rest.Check
	for _, d := range derivations(of) {
		name := service.Kebab(d.Name)
		only, complete := "derived."+name+"-only", "derived."+name+"-complete"
		out = append(out, rest.Check{
			ID: "derived." + name, Title: fmt.Sprintf("/%s holds those of /%s that have %s, and all of them", d.Name, d.Part.Of, d.what),
			Requirements: []string{only, complete}, Labels: []string{rest.DataLabel, "derived"},
			Needs: []rest.Need{rest.Whole(d.Part.Of, d.Name), {Text: "an object in /" + d.Name}},
			Body:  func(ctx context.Context, t *rest.T) { compareDerived(t, d, only, complete) },
		})
	}
	return append(out, rest.Check{
		ID: "derived.wrong-kind", Title: "The single read of a derived kind knows no object of another kind",
		Requirements: []string{"derived.wrong-kind"}, Labels: []string{"derived"},
		Needs: []rest.Need{{Text: "a user who is no student, an org that is no school, a session that is no term"}},
		Body:  wrongKind,
	})
}

func compareDerived(t *rest.T, d derivation, only, complete string) {
	r := roster(t)
	kind := d.Kind
	derived := r.IDs(d.Name)
	for _, id := range rest.SortedKeys(derived) {
		i := r.Index(kind, id)
		if i < 0 {
			// An object unknown to the whole collection is the business of the
			// whole collection's completeness; here it is too many.
			t.Fail(only, harness.Finding{Sent: "GET /" + d.Name + " (the crawl)", Expected: "objects that /" + d.Part.Of + " lists too",
				Seen: "an object that it doesn't", Where: id,
				Exchanges: t.CrawlEvidence(d.Name, r.Raw(d.Name).Find(id))})
			continue
		}
		if !d.only(r, i) && !d.telling(r, i) {
			t.NotTested(t.BlockedBy(d.kindRequirement(r, i),
				"some objects of /"+d.Part.Of+" don't say what kind they are of").Seen(t.CrawlEvidence(d.Part.Of, i)...), only)
			continue
		}
		t.Assert(only, d.only(r, i), harness.Finding{Sent: "GET /" + d.Name + " (the crawl)", Expected: "only objects with " + d.what,
			Seen: "one without", Where: id,
			Exchanges: t.CrawlEvidenceIf(!d.only(r, i), d.Name, id)})
	}
	wanted := 0
	for i := range r.Raw(d.Part.Of).Len() {
		if !d.complete(r, i) {
			continue
		}
		wanted++
		id, _, err := r.Raw(d.Part.Of).At(i)
		if err != nil {
			continue
		}
		t.Assert(complete, derived[id], harness.Finding{Sent: "GET /" + d.Name + " (the crawl)",
			Expected: "every object of /" + d.Part.Of + " with " + d.what, Seen: "one is missing", Where: id,
			Exchanges: t.CrawlEvidenceIf(!derived[id], d.Part.Of, id)})
	}
	if len(derived) == 0 {
		t.NotTested(harness.NoData("/"+d.Name+" is empty", "Load "+d.load+"."), only)
	}
	if wanted == 0 {
		judgeOpen(t, d, derived, complete)
	}
}

// judgeOpen judges a derived collection where the whole one holds only what may stand in
// it, as semesters may in /terms: all of them, or none.
func judgeOpen(t *rest.T, d derivation, derived map[string]bool, complete string) {
	r := roster(t)
	var open, listed []string
	for i := range r.Raw(d.Part.Of).Len() {
		id, _, err := r.Raw(d.Part.Of).At(i)
		if err != nil || !d.only(r, i) {
			continue
		}
		if open = append(open, id); derived[id] {
			listed = append(listed, id)
		}
	}
	switch {
	case len(open) == 0:
		t.NotTested(harness.NoData("/"+d.Part.Of+" holds no object with "+d.what, "Load "+d.load+"."), complete)
	case len(listed) == 0:
		t.NotTested(harness.NoData(fmt.Sprintf("whether the %d objects of /%s that could stand in /%s have to is not settled, and none does",
			len(open), d.Part.Of, d.Name), "Load "+d.load+"."), complete)
	default:
		missing := slices.DeleteFunc(open, func(id string) bool { return derived[id] })
		t.Assert(complete, len(missing) == 0, harness.Finding{Sent: "GET /" + d.Name + " (the crawl)",
			Expected: "all objects of /" + d.Part.Of + " with " + d.what + ", as some are listed", Seen: fmt.Sprintf("%d are missing (%s)",
				len(missing), rest.Examples(missing)),
			Exchanges: t.CrawlEvidenceIf(len(missing) > 0, d.Name, listed[0])})
	}
}

// wrongKind asks for objects under a derived path that they don't belong to.
func wrongKind(ctx context.Context, t *rest.T) {
	const id = "derived.wrong-kind"
	asked := false
	for _, d := range derivations(t.Service) {
		c := d.Collection
		if !t.Session().Covers(c.Read.ID) || !t.Need([]string{id}, d.Part.Of) {
			continue
		}
		r := roster(t)
		// A route that knows no object at all proves nothing.
		if rightful := slices.DeleteFunc(r.rightful(d.Name), func(x string) bool { return x == "" }); len(rightful) > 0 {
			control := t.Get(ctx, c.Read.PathFor(rightful[0]), "")
			if !t.Ready(control, 200, id) {
				asked = true
				continue
			}
		}
		for i := range r.Raw(d.Part.Of).Len() {
			if d.only(r, i) || !d.telling(r, i) {
				continue
			}
			other, _, err := r.Raw(d.Part.Of).At(i)
			if err != nil || other == "" {
				continue
			}
			asked = true
			response := t.Get(ctx, c.Read.PathFor(other), "")
			if rest.Between(response) {
				t.NotTested(t.BlockedAt(response, response.Summary()), id)
				break
			}
			if response.Status != 404 {
				if unknown := t.Get(ctx, c.Read.PathFor(noSuchID), ""); unknown.Status == response.Status {
					t.NotTested(t.BlockedBy("errors.unknown-object", "objects that don't exist are answered the same: "+unknown.Summary(), unknown), id)
					break
				}
			}
			t.Assert(id, response.Status == 404, harness.Finding{
				Expected: "404, for the object has not " + d.what, Seen: response.Summary(), Where: other, Responses: []*harness.Response{response}})
			break
		}
	}
	if !asked {
		t.Lacks("every object is of every derived kind", "Load a user who is no student, an org that is no school, or a session that is no term.",
			id)
	}
}
