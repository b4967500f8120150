package rostering

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// membership is a span: must holds what the sub-collection has to hold, may what
// it is allowed to hold besides. What is flagged tobedeleted may count or not.
// Where references lead nowhere it may hold more than can be told: some that are
// in doubt, or anything, when it is open.
type membership struct {
	must, may map[string]bool
	doubt     map[string]bool // shared among memberships
	open      bool
	over      bool // it holds more than was computed
}

func newMembership() *membership {
	return &membership{must: map[string]bool{}, may: map[string]bool{}}
}

// extra lists what a sub-collection holds and may not. What is flagged for
// deletion and unknown to the whole collection is judged with the lifecycle.
func (m *membership) extra(r *Roster, kind string, g rest.Collected) []string {
	if m.open {
		return nil
	}
	return slices.DeleteFunc(rest.Apart(g.IDs, m.may), func(id string) bool { return m.doubt[id] || g.Deleted[id] && !r.Has(kind, id) })
}

func (m *membership) add(id string, active bool) {
	if id == "" {
		return
	}
	m.may[id] = true
	if active {
		m.must[id] = true
	}
}

// sub is a sub-collection: which operation, below which parents, holding what.
type sub struct {
	op          string
	requirement string
	needs       []string
	// members gives for each parent (ids joined by NUL) what it holds.
	members func(r *Roster) map[string]*membership
}

func subs(of *service.Service) []sub {
	enrolled := []string{"enrollments", "classes", "users"}
	list := []sub{
		{"getStudentsForClass", "students-for-class", enrolled, usersOfClass("student", false)},
		{"getTeachersForClass", "teachers-for-class", enrolled, usersOfClass("teacher", false)},
		{"getEnrollmentsForClassInSchool", "enrollments-for-class-in-school", enrolled, enrollmentsOf(true)},
		{"getEnrollmentsForSchool", "enrollments-for-school", []string{"enrollments", "classes", "schools"}, enrollmentsOf(false)},
		{"getStudentsForClassInSchool", "students-for-class-in-school", enrolled, usersOfClass("student", true)},
		{"getTeachersForClassInSchool", "teachers-for-class-in-school", enrolled, usersOfClass("teacher", true)},
		{"getCoursesForSchool", "courses-for-school", []string{"classes", "courses", "schools"}, coursesOfSchool},
		{"getStudentsForSchool", "students-for-school", []string{"enrollments", "users", "schools"}, usersOfSchool("student")},
		{"getTeachersForSchool", "teachers-for-school", []string{"enrollments", "users", "schools"}, usersOfSchool("teacher")},
		{"getTermsForSchool", "terms-for-school", []string{"classes", "academicSessions", "terms", "schools"}, termsOfSchool},
		{"getClassesForStudent", "classes-for-student", enrolled, classesOfUser("student", "students")},
		{"getClassesForTeacher", "classes-for-teacher", enrolled, classesOfUser("teacher", "teachers")},
		{"getClassesForUser", "classes-for-user", enrolled, classesOfUser("", "users")},
		{"getGradingPeriodsForTerm", "grading-periods-for-term", []string{"academicSessions", "terms"}, periodsOfTerm},
	}
	for _, op := range of.Operations {
		if op.By != "" && op.Kind == "class" {
			list = append(list, sub{op.ID, strings.TrimPrefix(service.Kebab(op.ID), "get-"), []string{"classes", op.Root()},
				classesBy(op.By, rightfulIn(op.Root()))})
		}
	}
	return list
}

// subChecks compare each sub-collection with what the crawl says it holds, for
// the fullest parent, an empty one and some by chance.
func subChecks(of *service.Service) []rest.Check {
	var out []rest.Check
	for _, s := range subs(of) {
		id := "sub." + s.requirement
		requirements := []string{id}
		if s.requirement != "terms-for-school" && s.requirement != "courses-for-school" {
			requirements = append(requirements, "sub.empty")
		}
		out = append(out, rest.Check{
			ID: "sub." + s.requirement, Title: of.Operation(s.op).Path + " holds what the whole collections say",
			Requirements: requirements, Labels: []string{"sub"},
			Needs: []rest.Need{rest.Covered(s.op, of.Operation(s.op).Path), rest.Whole(s.needs...),
				{Text: "a parent with members, and one without"}},
			Body: func(ctx context.Context, t *rest.T) { compareSub(ctx, t, s, id, len(requirements) > 1) },
		})
	}
	return append(out, rest.Check{
		ID: "sub.class-of-other-school", Title: "A class is not found under a school that it doesn't belong to",
		Requirements: []string{"sub.class-of-other-school"}, Labels: []string{"sub"},
		Needs: []rest.Need{rest.Covered("getEnrollmentsForClassInSchool", "the operation"), rest.Whole("classes", "schools", "enrollments"),
			{Text: "two schools, and a class with an enrollment"}},
		Body: classOfOtherSchool,
	})
}

const (
	parentsTried = 4
	// gatherMost bounds a sub-collection that is read whole; parents with more
	// are left out where others will do.
	gatherMost = 5000
)

func compareSub(ctx context.Context, t *rest.T, s sub, id string, judgeEmpty bool) {
	const empty = "sub.empty"
	op := t.Service.Operation(s.op)
	full, bare := pickParents(alive(roster(t), op, s.members(roster(t))), t.Session().Seed)
	var answered *harness.Response
	for _, p := range full {
		if len(p.may) > gatherMost {
			answered = windows(ctx, t, op, id, p)
			continue
		}
		g := t.ReadAll(ctx, op.PathFor(strings.Split(p.ids, "\x00")...), op.Wrapper, 2*gatherMost)
		if !g.Usable(t, id) {
			if g.First.Problem != "" {
				break // one stall is enough
			}
			continue
		}
		answered = g.First.Response
		missing, extra := rest.Apart(p.must, g.IDs), p.extra(roster(t), op.Kind, g)
		t.Assert(id, len(missing) == 0 && len(extra) == 0, harness.Finding{
			Expected: fmt.Sprintf("%d objects, as the whole collections say", len(p.must)),
			Seen:     fmt.Sprintf("%d objects; %s", len(g.IDs), rest.Differ(missing, extra)),
			Where:    p.ids, Responses: []*harness.Response{g.First.Response}})
	}
	if len(full) == 0 {
		t.NotApplicable(id, "no parent has a member that it must list")
	}
	if !judgeEmpty {
		return
	}
	for _, p := range bare {
		response := t.Get(ctx, op.PathFor(strings.Split(p.ids, "\x00")...), "")
		page := rest.TakeApart(response, op.Wrapper)
		if response.Status == 200 && !page.OK() || response.Status >= 500 {
			t.NotTested(t.BlockedAt(response, page.Why()), empty)
			continue
		}
		if answered == nil && response.Status != 200 && len(full) > 0 {
			t.Blocked(empty) // nothing is answered, whoever the parent
			continue
		}
		t.Assert(empty, response.Status == 200,
			harness.Finding{Expected: "200 and an empty list, for the parent is known", Seen: response.Summary(), Where: p.ids,
				Responses: []*harness.Response{response}})
		if roster(t).lost() {
			continue // who that is nobody can tell: it may have members
		}
		var other *rest.Parent
		if len(full) > 0 {
			other = full[0].below(t, op)
		}
		t.NoMembers(ctx, id, page, op.Wrapper, *p.below(t, op), other)
	}
	if len(bare) == 0 {
		t.NotApplicable(empty, "every parent has a member")
	}
}

// plainRoles are the roles that the standard has for enrollments, and those that it has for
// users, which OneRoster 1.1 once allowed here.
var plainRoles = []string{"administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"}

// plain tells whether a role says who somebody is in a class. An extension (vocabularies,
// OneRoster 1.2 §4.13) names none of the standard's roles; any other text may count as one of
// them to whoever serves it.
func plain(role string) bool {
	return slices.Contains(plainRoles, role) || strings.HasPrefix(role, "ext:")
}

// lost tells whether a reference by which members are told leads nowhere or in a circle, or
// somebody's role can't be told: then nobody knows that a parent has none. A state has a
// million enrollments to look through, and each sub-collection asks: it is told once.
func (r *Roster) lost() bool { return r.astray() }

// goneAstray looks.
func (r *Roster) goneAstray() bool {
	asked := map[uint32]bool{}
	gone := func(kind string, id uint32) bool { // each is asked for once
		known := asked[id]
		asked[id] = true
		return !known && !r.Has(kind, r.Text(id))
	}
	for _, e := range r.Enrollments {
		if gone("user", e.User) || gone("class", e.Class) || gone("org", e.School) || !plain(r.Text(e.Role)) {
			return true
		}
	}
	for i := range r.Classes {
		c := &r.Classes[i]
		if !r.Has("org", idOf(c.School)) || !r.Has("course", idOf(c.Course)) ||
			slices.ContainsFunc(c.Terms, func(x Ref) bool { return !r.Has("academicSession", x.SourcedID) }) {
			return true
		}
	}
	settled := true
	sessionsAcyclic(r, func(ok bool, _ place, _, _ string) { settled = settled && ok })
	return !settled || slices.ContainsFunc(r.Sessions, func(s AcademicSession) bool {
		return s.Parent != nil && !r.Has("academicSession", s.Parent.SourcedID)
	})
}

// alive leaves out the parents that are flagged for deletion, and those that no
// collection lists, which a broken reference names: what is below them is not settled.
func alive(r *Roster, op service.Operation, members map[string]*membership) map[string]*membership {
	segments := strings.Split(strings.Trim(op.Path, "/"), "/")
	for ids := range members {
		for i, id := range strings.Split(ids, "\x00") {
			if kind := r.Service.Collection(segments[2*i]).Kind; r.Status(kind, id) == "tobedeleted" || !r.Has(kind, id) {
				delete(members, ids)
			}
		}
	}
	return members
}

type parent struct {
	ids string
	*membership
}

// below is the parent as the sub-collection of an operation lies below it.
func (p parent) below(t *rest.T, op service.Operation) *rest.Parent {
	return &rest.Parent{Path: op.PathFor(strings.Split(p.ids, "\x00")...), Where: p.ids,
		Foreign: func(g rest.Collected) []string { return p.extra(roster(t), op.Kind, g) }}
}

// pickParents chooses some parents with members, the fullest that is not too
// large among them, and one without.
func pickParents(members map[string]*membership, seed uint64) (full, bare []parent) {
	var keys []string
	for ids := range members {
		keys = append(keys, ids)
	}
	slices.Sort(keys)
	random := rand.New(rand.NewPCG(seed, 17))
	random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	var largest, huge parent
	for _, ids := range keys {
		m := members[ids]
		switch n := len(m.may); {
		case n == 0:
			if len(bare) == 0 {
				bare = append(bare, parent{ids, m})
			}
		case len(m.must) == 0 || m.over: // none that is certain
		case n > gatherMost:
			if huge.membership == nil || n < len(huge.may) {
				huge = parent{ids, m}
			}
		case largest.membership == nil || n > len(largest.may):
			if largest.membership != nil && len(full) < parentsTried-1 {
				full = append(full, largest)
			}
			largest = parent{ids, m}
		case len(full) < parentsTried-1:
			full = append(full, parent{ids, m})
		}
	}
	if largest.membership != nil {
		full = append(full, largest)
	}
	if len(full) == 0 && huge.membership != nil {
		full = append(full, huge)
	}
	return full, bare
}

// windows judges a sub-collection that is too large to be read whole by pages
// from its beginning, its middle and its end: each must hold something, nothing
// that doesn't belong there, and nothing may come past the last that belongs.
func windows(ctx context.Context, t *rest.T, op service.Operation, id string, p parent) (last *harness.Response) {
	path := op.PathFor(strings.Split(p.ids, "\x00")...)
	size := rest.PageSize(t)
	for _, offset := range []int{0, len(p.must) / 2, max(0, len(p.must)-size), len(p.may)} {
		page := t.List(ctx, path, op.Wrapper, rest.Query("limit", strconv.Itoa(size), "offset", strconv.Itoa(offset)))
		past := offset >= len(p.may)
		if past && (rest.PastEnd(page.Response, offset, page.Total) || p.open || len(p.doubt) > 0) {
			return last
		}
		if !t.ReadyPage(page, id) {
			t.Hinders(page.Response)
			return last
		}
		last = page.Response
		g := rest.Collected{IDs: rest.Set(page.IDs), Deleted: map[string]bool{}}
		for i, object := range page.IDs {
			if rest.Read[Base](page.Objects[i]).Status == "tobedeleted" {
				g.Deleted[object] = true
			}
		}
		extra := p.extra(roster(t), op.Kind, g)
		finding := harness.Finding{Expected: fmt.Sprintf("members of it alone, at least %d in all, as the whole collections say", len(p.must)),
			Seen: fmt.Sprintf("%d objects; %s", len(g.IDs), rest.Differ(nil, extra)), Where: fmt.Sprintf("%s, from %d on", p.ids,
				offset), Responses: []*harness.Response{page.Response}}
		t.Assert(id, len(extra) == 0 && (past || len(g.IDs) > 0), finding)
	}
	return last
}

// classOfOtherSchool asks for a class under the wrong school.
func classOfOtherSchool(ctx context.Context, t *rest.T) {
	const id = "sub.class-of-other-school"
	r := roster(t)
	used := map[uint32]bool{}
	for _, e := range r.Enrollments {
		used[e.Class] = true
	}
	schools := r.rightful("schools")
	for i := range r.Classes {
		c := &r.Classes[i]
		symbol, known := r.Symbol(c.SourcedID)
		other := slices.IndexFunc(schools, func(s string) bool { return s != idOf(c.School) })
		if !known || !used[symbol] || other < 0 || idOf(c.School) == "" {
			continue
		}
		op := t.Service.Operation("getEnrollmentsForClassInSchool")
		page := t.List(ctx, op.PathFor(schools[other], c.SourcedID), op.Wrapper, "")
		ok := page.Status == 404 || page.OK() && len(page.Objects) == 0
		if rest.Between(page.Response) || page.Status == 200 && !page.OK() {
			t.NotTested(t.BlockedAt(page.Response, page.Why()), id)
			return
		}
		if !ok && page.Status != 200 {
			if unknown := t.Get(ctx, op.PathFor(noSuchID, c.SourcedID), ""); unknown.Status == page.Status {
				t.NotTested(t.BlockedBy("errors.unknown-parent", "schools that don't exist are answered the same: "+unknown.Summary(), unknown), id)
				return
			}
		}
		t.Assert(id, ok, harness.Finding{Expected: "404 or an empty list, for the class belongs to school " + idOf(c.School),
			Seen:  page.Summary(),
			Where: schools[other] + " " + c.SourcedID, Responses: []*harness.Response{page.Response}})
		return
	}
	t.NotApplicable(id, "there are no two schools with a class that somebody is enrolled in")
}
