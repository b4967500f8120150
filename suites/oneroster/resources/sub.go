package resources

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const (
	// parentsTried is how many parents a sub-collection is looked at below.
	parentsTried = 4
	// mostResources bounds a sub-collection that is read whole.
	mostResources = 5000
)

// subChecks compare the resources of classes, courses and users with what these refer to.
func subChecks(s *service.Service) []rest.Check {
	var out []rest.Check
	for _, x := range []struct{ op, parent string }{
		{"getResourcesForClass", "class"}, {"getResourcesForCourse", "course"}, {"getResourcesForUser", "user"},
	} {
		if !s.Serves(x.op) {
			continue // 1.1 has none of users
		}
		id := "sub.resources-for-" + x.parent
		out = append(out, rest.Check{ID: id, Title: "The resources of a " + x.parent + " are those that it refers to",
			Requirements: []string{id, "sub.empty"}, Labels: []string{"sub"},
			Needs: needsOf(s.Operation(x.op), x.parent),
			Body:  func(ctx context.Context, t *rest.T) { compareSub(ctx, t, t.Service.Operation(x.op), id) }})
	}
	return out
}

// needsOf are those of a comparison of the resources of parents with what these refer to.
func needsOf(op service.Operation, parent string) []rest.Need {
	beside := []string{op.Root()}
	switch op.Root() {
	case "classes":
		beside = append(beside, "courses")
	case "courses", "users":
		beside = []string{"classes", "courses", op.Root()}
	}
	return []rest.Need{
		rest.Covered(op.ID, op.Path),
		rest.Known(beside...),
		rest.Whole("resources"),
		{Text: "a " + parent + " with resources, and one without"},
	}
}

func compareSub(ctx context.Context, t *rest.T, op service.Operation, id string) {
	const empty = "sub.empty"
	c := read(t)
	parents := c.parents(op.Root())
	random := rand.New(rand.NewPCG(t.Session().Seed, 31))
	// The fullest first: it shows best what is left out.
	slices.SortStableFunc(parents, func(a, b string) int {
		return len(c.holders[op.Root()][b].Resources) - len(c.holders[op.Root()][a].Resources)
	})
	if len(parents) > parentsTried {
		others := parents[1:]
		random.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	}
	tried, answered := 0, false
	for _, parent := range parents {
		m := c.members(op.Root(), parent)
		if len(m.Must) == 0 || len(m.Must) > mostResources || tried >= parentsTried {
			continue
		}
		tried++
		g := t.ReadAll(ctx, op.PathFor(parent), op.Wrapper, 2*mostResources)
		if !g.Usable(t, id) {
			if g.First.Problem != "" {
				break // one stall is enough
			}
			continue
		}
		answered = true
		missing := rest.Apart(m.Must, g.IDs)
		extra := slices.DeleteFunc(rest.Apart(g.IDs, m.May), func(id string) bool { return g.Deleted[id] })
		t.Assert(id, len(missing) == 0 && len(extra) == 0, harness.Finding{
			Expected: fmt.Sprintf("the %d resources that it refers to", len(m.Must)),
			Seen:     fmt.Sprintf("%d resources; %s", len(g.IDs), rest.Differ(missing, extra)),
			Where:    parent, Responses: []*harness.Response{g.First.Response}})
	}
	if tried == 0 {
		t.Lacks("no parent of /"+op.Root()+" refers to an active resource", "Assign a resource to one of /"+op.Root()+".", id)
	}
	if tried > 0 && !answered {
		t.Blocked(id, empty) // nothing is answered, whoever the parent
		return
	}
	judgeEmpty(ctx, t, op, empty, id)
}

// judgeEmpty asks for the resources of a parent that refers to none.
func judgeEmpty(ctx context.Context, t *rest.T, op service.Operation, id, members string) {
	bare := read(t).bare[op.Root()]
	if bare == "" {
		t.NotApplicable(id, "each of /"+op.Root()+" refers to a resource")
		return
	}
	page := rest.TakeApart(t.Get(ctx, op.PathFor(bare), ""), op.Wrapper)
	if page.Status == 200 && !page.OK() || page.Status >= 500 || rest.Between(page.Response) {
		t.NotTested(t.BlockedAt(page.Response, page.Why()), id)
		return
	}
	if page.Status != 200 && !t.ItsOwn(ctx, page.Response, id) {
		return
	}
	t.Assert(id, page.Status == 200, harness.Finding{Expected: "200 and an empty list, for the parent is known", Seen: page.Summary(),
		Where: bare, Responses: []*harness.Response{page.Response}})
	below := func(parent string, may map[string]bool) rest.Parent {
		return rest.Parent{Path: op.PathFor(parent), Where: parent, Foreign: func(g rest.Collected) []string {
			return slices.DeleteFunc(rest.Apart(g.IDs, may), func(id string) bool { return g.Deleted[id] })
		}}
	}
	var full *rest.Parent
	c := read(t)
	for _, parent := range c.parents(op.Root()) {
		if m := c.members(op.Root(), parent); len(m.Must) > 0 {
			other := below(parent, m.May)
			full = &other
			break
		}
	}
	t.NoMembers(ctx, members, page, op.Wrapper, below(bare, map[string]bool{}), full)
}
