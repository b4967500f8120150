package alignment

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// The requirements, below the service.
const (
	resolves = "objectives.resolves"
	anItem   = "objectives.item"
	leaf     = "objectives.leaf"
	inUse    = "objectives.in-use"
	within   = "objectives.below-item"
)

// Checks judge the alignments of a service whose objects in holders have some.
func Checks(holders []Holder) []rest.Check {
	return []rest.Check{
		{
			ID: "objectives.resolution", Title: "Learning objectives are items of a competency framework, and fit",
			Requirements: []string{resolves, anItem, leaf, inUse, within}, Labels: []string{"objectives"},
			Needs: []rest.Need{server(), {Text: "line items or results that name learning objectives of CASE"}},
			Body:  func(ctx context.Context, t *rest.T) { resolution(ctx, t, holders) },
		},
	}
}

// server needs a CASE server in the target file.
func server() rest.Need {
	return rest.Need{
		Text: "a CASE server in the target file",
		Unmet: func(_ context.Context, t *rest.T) (harness.Obstacle, bool) {
			return harness.Unconfigured("the target file names no CASE server, and identifiers of learning objectives don't say where they lead",
				"Give oneroster.case.url the base URL of the server that has the frameworks; `rollcall serve case` is one to try."), baseOf(t) == nil
		},
	}
}

func baseOf(t *rest.T) *url.URL {
	u, err := url.Parse(string(oneroster.Of(t.Session().Target).CASE.URL))
	if err != nil || u.Host == "" {
		return nil
	}
	return u
}

// each visits what the crawl has of the holders.
func each(t *rest.T, holders []Holder, visit func(use)) error {
	for i := range holders {
		raw := crawled(t).Raw(holders[i].Collection)
		if raw == nil {
			continue
		}
		err := raw.Each(func(n int, _ string, object []byte) bool {
			for _, u := range read(&holders[i], n, object) {
				visit(u)
			}
			return true
		})
		if err != nil {
			return fmt.Errorf("reading the crawl of %s: %w", holders[i].Collection, err)
		}
	}
	return nil
}

// nothing says of requirements of which nothing was looked at why that is: a collection that
// was not read to its end, or data that have nothing of the kind.
func nothing(t *rest.T, holders []Holder, what string, requirements ...string) {
	left := slices.DeleteFunc(slices.Clone(requirements), func(id string) bool { return !t.Met(id) || t.Looked(id) })
	if len(left) == 0 {
		return
	}
	var names []string
	for _, h := range holders {
		if crawled(t).Raw(h.Collection) != nil {
			names = append(names, h.Collection)
		}
	}
	if len(names) == 0 || t.Need(left, names...) {
		t.Absent(what, left...)
	}
}

func crawled(t *rest.T) *rest.Corpus { return t.Session().Shared.(rest.Model).Crawled() }

// shown is how many findings of a requirement have the exchange of the crawl beside them: to
// find the page an object came on costs a pass over the pages.
const shown = 3

// finder makes findings of places in the crawl.
type finder struct {
	t    *rest.T
	told map[string]int
}

func (f finder) fail(requirement string, u use, finding harness.Finding) {
	finding.Sent = "GET /" + u.holder.Collection + " (the crawl)"
	if finding.Where == "" {
		finding.Where = u.where()
	}
	if f.told[requirement]++; f.told[requirement] <= shown {
		finding.Exchanges = append(finding.Exchanges, f.t.CrawlEvidence(u.holder.Collection, u.index)...)
	}
	f.t.Fail(requirement, finding)
}

// objective is a learning objective that objects name.
type objective struct {
	first  use
	latest use // the one with the latest scoreDate; its date is empty where none has one
	uses   int
}

// pair is what a result says of its line item's objectives.
type pair struct{ items, item, key string }

// named is what the crawl has of learning objectives of CASE, each once.
type named struct {
	objectives map[string]*objective
	order      []string           // of the objectives, as they were met
	items      map[pair]bool      // a line item, and an objective of it
	has        map[[2]string]bool // line items with objectives of CASE
	results    map[pair]use       // a result's line item, and an objective of the result
	pairs      []pair             // in their order
}

// gather reads the crawl.
func gather(t *rest.T, holders []Holder) (*named, error) {
	n := &named{objectives: map[string]*objective{}, items: map[pair]bool{}, has: map[[2]string]bool{}, results: map[pair]use{}}
	return n, each(t, holders, n.add)
}

func (n *named) add(u use) {
	key := u.key
	o := n.objectives[key]
	if o == nil {
		o = &objective{first: u}
		n.objectives[key] = o
		n.order = append(n.order, key)
	}
	o.uses++
	if u.scored > o.latest.scored {
		o.latest = u
	}
	if u.holder.Item == "" {
		n.items[pair{u.holder.Collection, u.sourcedID, key}] = true
		n.has[[2]string{u.holder.Collection, u.sourcedID}] = true
		return
	}
	p := pair{u.holder.Items, u.item, key}
	if _, met := n.results[p]; !met && u.item != "" {
		n.results[p] = u
		n.pairs = append(n.pairs, p)
	}
}

// trial is the resolution of what one service names.
type trial struct {
	finder
	*resolver
	named *named
}

// resolution asks the CASE server for each objective.
func resolution(ctx context.Context, t *rest.T, holders []Holder) {
	n, err := gather(t, holders)
	if err != nil {
		t.NotTested(harness.Unreached(err.Error()))
		return
	}
	all := []string{resolves, anItem, leaf, inUse, within}
	ask := func(ctx context.Context, r harness.Request) *harness.Response { return t.Elsewhere(ctx, r) }
	token := oneroster.Of(t.Session().Target).CASE.Token
	r := trial{finder{t, map[string]int{}}, newResolver(baseOf(t), token, ask), n}
	for _, key := range n.order {
		r.objective(ctx, key, n.objectives[key])
	}
	r.placed(ctx)
	for _, quirk := range r.quirks {
		t.Note(resolves, "of the CASE server, and not of the product: %s", quirk)
	}
	if len(n.order) == 0 {
		nothing(t, holders, "no line item and no result names a learning objective of CASE", all...)
		return
	}
	if o, is := r.obstacle(); is {
		t.NotTested(o, all...)
		return
	}
	nothing(t, holders, "nothing that the CASE server knows is of that kind", anItem, leaf, inUse)
	nothing(t, holders, "no result of an aligned line item names an objective", within)
}

// objective looks at what an identifier leads to.
func (r trial) objective(ctx context.Context, key string, o *objective) {
	item, a := r.item(ctx, key)
	switch a.kind {
	case unusable:
		return
	case unknown:
		r.strange(ctx, key, o, a)
		return
	}
	r.t.Examined(resolves, o.uses)
	r.t.Examined(anItem, 1)
	if item.Document.Identifier == "" {
		r.quirk("items don't say of which document they are (CFDocumentURI)")
	}
	e, known := r.edges(ctx, key)
	if known && e.hasChildren(key) {
		r.fail(leaf, o.first, harness.Finding{
			Expected: "an item that has none below it",
			Seen:     fmt.Sprintf("%s, which others are children of; named %d times", item.name(), o.uses),
		})
	} else if known {
		r.t.Examined(leaf, 1)
	}
	r.current(ctx, item, e, known, o)
}

// strange tells an identifier that leads nowhere from one that leads to a framework.
func (r trial) strange(ctx context.Context, key string, o *objective, a answer) {
	document, asked := r.document(ctx, key)
	switch asked.kind {
	case unusable: // it may be one
	case found:
		r.t.Examined(resolves, o.uses)
		r.fail(anItem, o.first, harness.Finding{
			Expected:  "an item of a framework",
			Seen:      fmt.Sprintf("the framework %s itself; named %d times", document.name(), o.uses),
			Responses: []*harness.Response{asked.response},
		})
	default:
		r.fail(resolves, o.first, harness.Finding{
			Expected:  "an item that the CASE server of the target file knows",
			Seen:      fmt.Sprintf("%s, of which it knows nothing; named %d times", key, o.uses),
			Count:     o.uses,
			Responses: []*harness.Response{a.response},
		})
	}
}

// inactive are the adoption statuses of frameworks that nobody is to use, or not yet.
var inactive = []string{"Draft", "Private Draft", "Deprecated", "Retired", "Pending Implementation"}

// current looks whether an item was in use when results were aligned to it.
func (r trial) current(ctx context.Context, item node, e edges, known bool, o *objective) {
	key, _ := Key(item.Identifier)
	day := o.latest.scored
	if len(day) > len("2006-01-02") {
		day = day[:len("2006-01-02")]
	}
	successor := ""
	if known {
		for _, next := range e.to("replacedBy", key) {
			successor += fmt.Sprintf("; %s %s took its place", next.Identifier, next.Title)
		}
	}
	switch {
	case item.Ended != "" && day > item.Ended:
		r.fail(inUse, o.latest, harness.Finding{
			Expected: "an item that was in use on " + day,
			Seen:     fmt.Sprintf("%s, which ended on %s%s", item.name(), item.Ended, successor),
		})
		return
	case successor != "":
		r.fail(inUse, o.first, harness.Finding{Expected: "an item that nothing took the place of", Seen: item.name() + successor})
		return
	}
	of, is := Key(item.Document.Identifier)
	if !is {
		return
	}
	document, a := r.document(ctx, of)
	switch {
	case a.kind != found:
	case slices.Contains(inactive, document.Status):
		r.fail(inUse, o.first, harness.Finding{
			Expected: "an item of a framework in use",
			Seen:     fmt.Sprintf("%s of %s, which is %s", item.name(), document.name(), document.Status),
		})
	default:
		r.t.Examined(inUse, 1)
	}
}

// placed looks whether what results are aligned to is what their line items are aligned to,
// or below it.
func (r trial) placed(ctx context.Context) {
	for _, p := range r.named.pairs {
		if !r.named.has[[2]string{p.items, p.item}] {
			continue
		}
		if r.named.items[p] {
			r.t.Examined(within, 1)
			continue
		}
		if _, a := r.item(ctx, p.key); a.kind != found {
			continue // it leads nowhere, which is told
		}
		above, known := r.above(ctx, p.key)
		if !known {
			continue
		}
		if slices.ContainsFunc(slices.Collect(maps.Keys(above)), func(key string) bool { return r.named.items[pair{p.items, p.item, key}] }) {
			r.t.Examined(within, 1)
			continue
		}
		r.fail(within, r.named.results[p], harness.Finding{
			Expected: "an objective of the line item " + p.item + ", or one below it",
			Seen:     p.key + ", which is neither",
		})
	}
}
