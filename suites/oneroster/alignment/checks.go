package alignment

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/scores"
)

// The requirements, below the service.
const (
	resolves = "objectives.resolves"
	anItem   = "objectives.item"
	leaf     = "objectives.leaf"
	inUse    = "objectives.in-use"
	within   = "objectives.below-item"
)

// Checks judge where the learning objectives of items and results lead.
func Checks(terms scores.Terms) []rest.Check {
	return []rest.Check{{
		ID: "objectives.resolution", Title: "Learning objectives are items of a competency framework, and fit",
		Requirements: []string{resolves, anItem, leaf, inUse, within}, Labels: []string{"objectives"},
		Needs: []rest.Need{server(), {Text: "a " + terms.Words + " or a result that names learning objectives of CASE"}},
		Body:  func(ctx context.Context, t *rest.T) { resolution(ctx, t, terms) },
	}}
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

func baseOf(t *rest.T) *url.URL { return baseURL(t.Session()) }

func baseURL(s *harness.Session) *url.URL {
	u, err := url.Parse(string(oneroster.Of(s.Target).CASE.URL))
	if err != nil || u.Host == "" {
		return nil
	}
	return u
}

// nothing says of requirements of which nothing was looked at why that is: a collection that
// was not read to its end, or data that have nothing of the kind.
func nothing(t *rest.T, terms scores.Terms, what string, requirements ...string) {
	left := slices.DeleteFunc(slices.Clone(requirements), func(id string) bool { return !t.Met(id) || t.Looked(id) })
	if len(left) > 0 && t.Need(left, terms.Items, terms.Results) {
		t.Absent(what, left...)
	}
}

// shown is how many findings of a requirement have the exchange of the crawl beside them: to
// find the page an object came on costs a pass over the pages.
const shown = 3

// objective is a learning objective that items and results name.
type objective struct {
	first  scores.Placed
	latest scores.Placed // the one that was scored last
	uses   int
}

// pair is an item, by its number, and a learning objective that a result of it names.
type pair struct {
	item int
	key  string
}

// trial is the resolution of what one service names.
type trial struct {
	*resolver
	t    *rest.T
	book *scores.Book
	told map[string]int

	objectives map[string]*objective
	order      []string // of the objectives, as they were met
	results    map[pair]scores.Placed
	pairs      []pair // of the results, in their order
}

// resolution asks the CASE server for each objective.
func resolution(ctx context.Context, t *rest.T, terms scores.Terms) {
	ask := func(ctx context.Context, r harness.Request) *harness.Response { return t.Elsewhere(ctx, r) }
	r := trial{
		resolver: newResolver(baseOf(t), oneroster.Of(t.Session().Target).CASE.Token, ask), t: t,
		book: t.Session().Shared.(scores.Holder).Scores(), told: map[string]int{},
		objectives: map[string]*objective{}, results: map[pair]scores.Placed{},
	}
	r.recall(placeOf(t.Session()))
	defer func() { r.remember(placeOf(t.Session())) }()
	r.book.EachObjective(func(o scores.Placed) bool {
		r.add(o)
		return true
	})
	for _, key := range r.order {
		r.objective(ctx, key, r.objectives[key])
	}
	r.placed(ctx)
	for _, quirk := range r.quirks {
		t.Note(resolves, "of the CASE server, and not of the product: %s", quirk)
	}
	all := []string{resolves, anItem, leaf, inUse, within}
	if len(r.order) == 0 {
		nothing(t, terms, "no "+terms.Words+" and no result names a learning objective of CASE", all...)
		return
	}
	if o, is := r.obstacle(); is {
		t.NotTested(o, all...)
		return
	}
	nothing(t, terms, "nothing that the CASE server knows is of that kind", anItem, leaf, inUse)
	nothing(t, terms, "no result of an aligned "+terms.Words+" names an objective", within)
}

// add takes in a place where an objective is named. An identifier that is no UUID is judged as
// that.
func (r *trial) add(at scores.Placed) {
	key, is := Key(at.ID)
	if !is || at.Source != scores.SourceCASE {
		return
	}
	o := r.objectives[key]
	if o == nil {
		o = &objective{first: at, latest: at}
		r.objectives[key] = o
		r.order = append(r.order, key)
	}
	o.uses++
	if at.Day > o.latest.Day {
		o.latest = at
	}
	if item, of := r.book.ResultItem(at); of {
		p := pair{item, key}
		if _, met := r.results[p]; !met {
			r.results[p] = at
			r.pairs = append(r.pairs, p)
		}
	}
}

func (r *trial) fail(requirement string, at scores.Placed, finding harness.Finding) {
	place := r.book.Where(at)
	finding.Sent = "GET /" + place.Collection + " (the crawl)"
	finding.Where = place.ID + " " + place.Pointer
	if r.told[requirement]++; r.told[requirement] <= shown {
		finding.Exchanges = r.t.CrawlEvidence(place.Collection, place.Index)
	}
	r.t.Fail(requirement, finding)
}

// objective looks at what an identifier leads to.
func (r *trial) objective(ctx context.Context, key string, o *objective) {
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
func (r *trial) strange(ctx context.Context, key string, o *objective, a answer) {
	document, asked := r.document(ctx, key)
	switch asked.kind {
	case unusable: // it may be one
	case found:
		r.t.Examined(resolves, o.uses)
		r.fail(anItem, o.first, harness.Finding{
			Expected:  "an item of a framework",
			Seen:      fmt.Sprintf("the framework %s itself; named %d times", document.name(), o.uses),
			Responses: r.shows(ctx, "CFDocuments", key, "CFDocument", asked),
		})
	default:
		r.fail(resolves, o.first, harness.Finding{
			Expected:  "an item that the CASE server of the target file knows",
			Seen:      fmt.Sprintf("%s, of which it knows nothing; named %d times", key, o.uses),
			Count:     o.uses,
			Responses: r.shows(ctx, "CFItems", key, "CFItem", a),
		})
	}
}

// inactive are the adoption statuses of frameworks that nobody is to use, or not yet.
var inactive = []string{"Draft", "Private Draft", "Deprecated", "Retired", "Pending Implementation"}

// current looks whether an item was in use when results were aligned to it.
func (r *trial) current(ctx context.Context, item node, e edges, known bool, o *objective) {
	key, _ := Key(item.Identifier)
	day := ""
	if scored, known := o.latest.Scored(); known {
		day = scored.Format(time.DateOnly)
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

// placed looks whether what results are aligned to is what their item is aligned to, or below
// it.
func (r *trial) placed(ctx context.Context) {
	for _, p := range r.pairs {
		own := map[string]bool{}
		item := &r.book.Items[p.item]
		for _, o := range r.book.Sets(item.Objectives) {
			if key, is := Key(o.ID); is && o.Source == scores.SourceCASE {
				own[key] = true
			}
		}
		if len(own) == 0 {
			continue
		}
		if own[p.key] {
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
		if slices.ContainsFunc(slices.Collect(maps.Keys(above)), func(key string) bool { return own[key] }) {
			r.t.Examined(within, 1)
			continue
		}
		r.fail(within, r.results[p], harness.Finding{
			Expected: "an objective of " + item.ID + ", or one below it",
			Seen:     p.key + ", which is neither",
		})
	}
}
