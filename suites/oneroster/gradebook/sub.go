package gradebook

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/scores"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const (
	// parentsTried is how many parents a sub-collection is looked at below.
	parentsTried = 8
	// mostMembers bounds a sub-collection that is read whole.
	mostMembers = 5000
	// most is how many parents are looked at for those that have members.
	most = 5000
)

// sub is a sub-collection, with what tells its members.
type sub struct {
	op, name, parent string
	needs, beside    []string
	// parents lists some with members, the ids for the path of each.
	parents func(g *Gradebook) [][]string
	// members tells what one holds.
	members func(g *Gradebook, ids []string) rest.Members
	// more says that others may stand there too.
	more bool
}

var subs = []sub{
	{op: "getCategoriesForClass", name: "categories-for-class", parent: "class", needs: []string{"categories", "lineItems"},
		parents: classesWithItems, members: categoriesOf, more: true},
	{op: "getLineItemsForClass", name: "line-items-for-class", parent: "class", needs: []string{"lineItems"},
		parents: classesWithItems, members: func(g *Gradebook, ids []string) rest.Members { return g.lineItemsOf(ids[0]) }},
	{op: "getResultsForClass", name: "results-for-class", parent: "class", needs: []string{"results", "lineItems"},
		parents: classesWithItems, members: resultsOfClass},
	{op: "getResultsForLineItemForClass", name: "results-for-line-item", parent: "line item of a class",
		needs: []string{"results", "lineItems"}, parents: itemsWithResults, members: resultsOfItem},
	{op: "getResultsForStudentForClass", name: "results-for-student", parent: "student in a class",
		needs: []string{"results", "lineItems"}, parents: studentsWithResults, members: resultsOfStudent},
	{op: "getScoreScalesForClass", name: "score-scales-for-class", parent: "class", needs: []string{"scoreScales", "lineItems"},
		parents: classesWithScales, members: scalesOfClass},
	{op: "getScoreScalesForSchool", name: "score-scales-for-school", parent: "school", needs: []string{"scoreScales"},
		beside: []string{"classes"}, parents: schoolsWithScales, members: scalesOfSchool},
}

const (
	subEmpty = "sub.empty"
	subOther = "sub.line-item-of-other-class"
)

func subChecks(s *service.Service) []rest.Check {
	var out []rest.Check
	for _, x := range subs {
		if !s.Serves(x.op) {
			continue // 1.1 has fewer
		}
		op := s.Operation(x.op)
		needs := []rest.Need{rest.Covered(x.op, op.Path), rest.Whole(x.needs...)}
		if len(x.beside) > 0 {
			needs = append(needs, rest.Known(x.beside...))
		}
		id := "sub." + x.name
		out = append(out, rest.Check{ID: id, Title: op.Path + " holds what is of its parent",
			Requirements: []string{id}, Labels: []string{"sub"},
			Needs: append(needs, rest.Need{Text: "a " + x.parent + " with members"}),
			Body:  func(ctx context.Context, t *rest.T) { compareSub(ctx, t, op, x, id) }})
	}
	return append(out,
		rest.Check{ID: subEmpty, Title: "A known class without line items is an empty page", Requirements: []string{subEmpty},
			Labels: []string{"sub"}, Needs: []rest.Need{rest.Covered("getLineItemsForClass", "sub-collections"), rest.Whole("lineItems", "results"),
				{Text: "a class without line items, or a line item without results"}}, Body: judgeEmpty},
		rest.Check{ID: subOther, Title: "A line item has no results under another class",
			Requirements: []string{subOther}, Labels: []string{"sub"},
			Needs: []rest.Need{rest.Covered("getResultsForLineItemForClass", "sub-collections"), rest.Whole("lineItems", "results"),
				{Text: "line items of two classes"}}, Body: judgeOther},
	)
}

func compareSub(ctx context.Context, t *rest.T, op service.Operation, x sub, id string) {
	g := read(t)
	parents := x.parents(g)
	random := rand.New(rand.NewPCG(t.Session().Seed, 31))
	random.Shuffle(len(parents), func(i, j int) { parents[i], parents[j] = parents[j], parents[i] })
	// Where a class has one line item alone nobody sees whether it is looked at.
	several := map[string]int{}
	for _, ids := range parents {
		several[ids[0]]++
	}
	slices.SortStableFunc(parents, func(a, b []string) int { return min(several[b[0]], 2) - min(several[a[0]], 2) })
	tried, answered := 0, false
	for _, ids := range parents {
		m := x.members(g, ids)
		if len(m.Must) == 0 || len(m.Must) > mostMembers || tried >= parentsTried || !g.listed(collectionOf[op.Root()], ids[0]) {
			continue
		}
		tried++
		got := t.ReadAll(ctx, op.PathFor(ids...), op.Wrapper, 2*mostMembers)
		if !got.Usable(t, id) {
			if got.First.Problem != "" {
				break // one stall is enough
			}
			continue
		}
		answered = true
		missing := rest.Apart(m.Must, got.IDs)
		var extra []string
		if !x.more {
			extra = slices.DeleteFunc(rest.Apart(got.IDs, m.May), func(id string) bool { return got.Deleted[id] })
		}
		t.Assert(id, len(missing) == 0 && len(extra) == 0, harness.Finding{
			Expected: fmt.Sprintf("the %d %s of its parent", len(m.Must), op.Wrapper),
			Seen:     fmt.Sprintf("%d; %s", len(got.IDs), rest.Differ(missing, extra)),
			Where:    op.PathFor(ids...), Responses: []*harness.Response{got.First.Response}})
	}
	if tried == 0 {
		t.Lacks("no "+x.parent+" has "+op.Wrapper, "Load "+op.Wrapper+" of a "+x.parent+".", id)
	}
	if tried > 0 && !answered {
		t.Blocked(id) // nothing is answered, whoever the parent
	}
}

// collectionOf names the collection of rosters in which the parents of a path stand.
var collectionOf = map[string]string{"classes": "classes", "schools": "orgs"}

func classesWithItems(g *Gradebook) (out [][]string) {
	for _, class := range g.classes[:min(len(g.classes), most)] {
		out = append(out, []string{class})
	}
	return out
}

// itemsWithResults are pairs of a class and a line item, of the first results.
func itemsWithResults(g *Gradebook) (out [][]string) {
	return g.pairs(func(item, _ uint32) uint32 { return item })
}

func studentsWithResults(g *Gradebook) (out [][]string) {
	return g.pairs(func(_, student uint32) uint32 { return student })
}

// pairs lists classes with what is told of their results, each once.
func (g *Gradebook) pairs(of func(item, student uint32) uint32) (out [][]string) {
	type pair struct{ class, second uint32 }
	met := map[pair]bool{}
	for i := range g.Results {
		r := &g.Results[i]
		x := g.ItemOf(r.Item)
		if len(out) >= most || x == nil || x.Class == 0 || r.Student == 0 || !g.Active(r.Status) || !g.Active(x.Status) {
			continue
		}
		if p := (pair{x.Class, of(r.Item, r.Student)}); !met[p] {
			met[p] = true
			out = append(out, []string{g.Text(p.class), g.Text(p.second)})
		}
	}
	return out
}

func classesWithScales(g *Gradebook) (out [][]string) {
	for _, s := range g.sortedScales() {
		if id := g.Text(s.Class); id != "" && !slices.ContainsFunc(out, func(ids []string) bool { return ids[0] == id }) && len(out) < most {
			out = append(out, []string{id})
		}
	}
	return out
}

func schoolsWithScales(g *Gradebook) (out [][]string) {
	for _, id := range g.Rosters.Schools() {
		out = append(out, []string{g.Text(id)})
	}
	return out
}

// categoriesOf tells the categories of a class: those to which its line items refer.
func categoriesOf(g *Gradebook, ids []string) rest.Members {
	m := rest.Members{Parent: ids[0], Must: map[string]bool{}, May: map[string]bool{}}
	for _, i := range g.items[ids[0]] {
		x := &g.Items[i]
		c := g.Index("category", g.Text(x.Category))
		if c >= 0 && g.Active(x.Status) && g.Categories[c].Status == "active" {
			m.Must[g.Categories[c].SourcedID] = true
		}
	}
	return m
}

func resultsOfClass(g *Gradebook, ids []string) rest.Members {
	return g.resultsOf(ids[0], func(*scores.Result) bool { return true })
}

func resultsOfItem(g *Gradebook, ids []string) rest.Members {
	item, _ := g.Symbol(ids[1])
	return g.resultsOf(ids[0], func(r *scores.Result) bool { return r.Item == item })
}

func resultsOfStudent(g *Gradebook, ids []string) rest.Members {
	student, _ := g.Symbol(ids[1])
	return g.resultsOf(ids[0], func(r *scores.Result) bool { return r.Student == student })
}

// resultsOf tells some results of a class: the class of a result is that of its line item. Where
// a result names another, and where its line item is flagged for deletion, nobody knows.
func (g *Gradebook) resultsOf(parent string, some func(r *scores.Result) bool) rest.Members {
	m := rest.Members{Parent: parent, Must: map[string]bool{}, May: map[string]bool{}}
	class, _ := g.Symbol(parent)
	for _, i := range g.results()[class] {
		r := &g.Results[i]
		x := g.ItemOf(r.Item)
		own := x != nil && x.Class == class
		if !some(r) {
			continue
		}
		id := g.ResultID(int(i))
		m.May[id] = true
		if own && (r.Class == 0 || r.Class == class) && g.Active(r.Status) && g.Active(x.Status) {
			m.Must[id] = true
		}
	}
	return m
}

// scalesOfClass tells the score scales of a class. What its line items and results use may be
// there as well.
func scalesOfClass(g *Gradebook, ids []string) rest.Members {
	m := rest.Members{Parent: ids[0], Must: map[string]bool{}, May: map[string]bool{}}
	for _, s := range g.Scales {
		if g.Text(s.Class) == ids[0] {
			m.May[s.ID] = true
			if s.Status == "active" {
				m.Must[s.ID] = true
			}
		}
	}
	for _, i := range g.items[ids[0]] {
		m.May[g.Text(g.Items[i].Scale)] = true
	}
	return m
}

// scalesOfSchool tells those of the classes of a school. Of classes that the rosters don't have
// nobody knows the school.
func scalesOfSchool(g *Gradebook, ids []string) rest.Members {
	m := rest.Members{Parent: ids[0], Must: map[string]bool{}, May: map[string]bool{}}
	for _, s := range g.Scales {
		c, known := g.Rosters.Class(s.Class)
		switch {
		case !known:
			m.May[s.ID] = true
		case g.Text(c.School) == ids[0]:
			m.May[s.ID] = true
			if s.Status == "active" {
				m.Must[s.ID] = true
			}
		}
	}
	return m
}

// judgeEmpty asks for the results of a line item that has none, or for the line items of a class
// that has none.
func judgeEmpty(ctx context.Context, t *rest.T) {
	g := read(t)
	var op service.Operation
	path, wrapper := "", ""
	scored := map[uint32]bool{}
	for i := range g.Results {
		scored[g.Results[i].Item] = true
	}
	for i := range g.Items {
		x := &g.Items[i]
		if symbol, _ := g.Symbol(x.ID); g.Active(x.Status) && x.Class != 0 && x.ID != "" && !scored[symbol] {
			op = t.Service.Operation("getResultsForLineItemForClass")
			path, wrapper = op.PathFor(g.Text(x.Class), x.ID), op.Wrapper
			break
		}
	}
	if path == "" {
		for _, id := range g.Rosters.Classes() {
			if class := g.Text(id); len(g.items[class]) == 0 {
				op = t.Service.Operation("getLineItemsForClass")
				path, wrapper = op.PathFor(class), op.Wrapper
				break
			}
		}
	}
	if path == "" {
		t.NotApplicable(subEmpty, "every line item has results, and no class is known that has no line items")
		return
	}
	page := rest.TakeApart(t.Get(ctx, path, ""), wrapper)
	if page.Status == 200 && !page.OK() || page.Status >= 500 || rest.Between(page.Response) {
		t.NotTested(t.BlockedAt(page.Response, page.Why()), subEmpty)
		return
	}
	if page.Status != 200 && (!t.ItsOwn(ctx, page.Response, subEmpty) || !fullAnswers(ctx, t, g, op)) {
		return
	}
	t.Assert(subEmpty, page.Status == 200, harness.Finding{Expected: "200 and an empty list, for the parent is known", Seen: page.Summary(),
		Where: path, Responses: []*harness.Response{page.Response}})
}

// fullAnswers tells whether a sub-collection answers for a parent that has members. Where it
// doesn't, what is asked of an empty one is blocked by its endpoint.
func fullAnswers(ctx context.Context, t *rest.T, g *Gradebook, op service.Operation) bool {
	parents := classesWithItems(g)
	if op.Parameters() > 1 {
		parents = itemsWithResults(g)
	}
	if len(parents) == 0 {
		return true
	}
	page := rest.TakeApart(t.Get(ctx, op.PathFor(parents[0]...), ""), op.Wrapper)
	return t.ReadyPage(page, subEmpty)
}

// judgeOther asks for the results of a line item under a class that it isn't of.
func judgeOther(ctx context.Context, t *rest.T) {
	g := read(t)
	op := t.Service.Operation("getResultsForLineItemForClass")
	items := itemsWithResults(g)
	other := -1
	if len(items) > 0 {
		other = slices.IndexFunc(g.classes, func(class string) bool { return class != items[0][0] && len(g.lineItemsOf(class).Must) > 0 })
	}
	if other < 0 {
		t.NotApplicable(subOther, "no two classes have line items with results")
		return
	}
	path := op.PathFor(g.classes[other], items[0][1])
	page := rest.TakeApart(t.Get(ctx, path, ""), op.Wrapper)
	switch {
	case page.Status == 404 || page.Status == 400 || page.Status == 422:
		t.Examined(subOther, 1)
	case page.OK():
		t.Assert(subOther, len(page.Objects) == 0, harness.Finding{Expected: "404, or no results", Seen: page.Summary(),
			Where: path, Responses: []*harness.Response{page.Response}})
	default:
		t.NotTested(t.BlockedAt(page.Response, page.Why()), subOther)
	}
}
