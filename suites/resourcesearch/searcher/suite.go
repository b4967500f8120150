package searcher

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Profile is what a product claims in which people search a catalogue.
const Profile = "rs10-searcher"

// searchTimeout bounds a search with all that belongs to it: pages, what is chosen, and a search after it.
const searchTimeout = 20 * time.Minute

// Suite judges products that search.
func Suite() harness.Suite {
	return harness.Suite{
		ID:       "resourcesearch.searcher",
		Title:    "LTI Resource Search 1.0 Searchers",
		Role:     "searcher",
		Profiles: []string{Profile},
		Section:  NewSection,
		Checks:   checks(),
		Open:     func(ctx context.Context, s *harness.Session) (any, error) { return open(ctx, s) },
		Doctor:   doctor,
	}
}

// checks are the searches in their order, and after them what the calls tell.
func checks() []harness.Check {
	all, err := searches()
	if err != nil {
		panic(err) // embedded data; the package's tests read it
	}
	const group = "searcher"
	var out []harness.Check
	for _, q := range all {
		var decided []string
		for _, id := range q.decides() {
			decided = append(decided, prefix+id)
		}
		needs := []harness.Need{begun()}
		out = append(out, harness.Check{ID: "searcher." + q.ID, Title: q.Title, Requirements: decided, Labels: []string{"searcher",
			q.Expect}, Group: group,
			Timeout: searchTimeout, Needs: needs, Body: func(ctx context.Context, t *harness.T) { t.Session().Shared.(*judge).run(ctx, t, q) }})
	}
	for _, c := range callChecks {
		out = append(out, harness.Check{ID: "searcher." + c.id, Title: c.title, Requirements: []string{prefix + c.id},
			Labels: []string{"searcher", "calls"},
			Group:  group, Timeout: searchTimeout, Needs: []harness.Need{called()},
			Body: func(_ context.Context, t *harness.T) { c.body(t.Session().Shared.(*judge), t, prefix+c.id) }})
	}
	return out
}

// begun is the need of a first search that found something.
func begun() harness.Need {
	return harness.Need{Text: "a plain search that shows what it finds (searcher.search)", Unmet: func(ctx context.Context,
		t *harness.T) (harness.Obstacle, bool) {
		j := t.Session().Shared.(*judge)
		return j.begin(ctx)
	}}
}

// called is the need of a search that called the catalogue, whatever it showed.
func called() harness.Need {
	return harness.Need{Text: "a search", Unmet: func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
		j := t.Session().Shared.(*judge)
		o, stops := j.begin(ctx)
		return o, stops && len(j.plain.calls) == 0
	}}
}

// doctor looks whether the product can be made to search, and finds something.
func doctor(ctx context.Context, s *harness.Session) (out []harness.Diagnosis) {
	section := Of(s.Target)
	say := func(d harness.Diagnosis) { out = append(out, d) }
	if !section.Search.Set() {
		return []harness.Diagnosis{{Name: "searcher.search", Fatal: true, Detail: "nothing says how the product is made to search",
			Remedy: "add one of command, webhook and steps: docs/judging-a-searcher.md has an example of each"}}
	}
	if section.Search.way() == "steps" {
		path, err := browser.Find()
		if err != nil {
			return []harness.Diagnosis{{Name: "browser", Fatal: true, Detail: err.Error(),
				Remedy: "install Chromium (apt-get install chromium-headless-shell, or chromium where there is none), or name one in ROLLCALL_CHROMIUM"}}
		}
		say(harness.Diagnosis{Name: "browser", OK: true, Detail: path})
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	j, err := open(ctx, s)
	if err != nil {
		o := cause(err)
		say(harness.Diagnosis{Name: "searcher.listen", Fatal: true, Detail: o.Reason(), Remedy: "see the section searcher of the target file"})
		return out
	}
	defer j.close() // the run opens its own
	o, stops := j.begin(ctx)
	switch {
	case stops && o.Owner() == "":
		say(harness.Diagnosis{Name: "searcher.search", Fatal: true, Detail: o.Reason(), Remedy: o.Remedy()})
	case stops:
		say(harness.Diagnosis{Name: "searcher.search", Detail: o.Reason() + ": the run will say so",
			Remedy: "see that searcher.search.shows leads to the names of what was found"})
	default:
		say(harness.Diagnosis{Name: "searcher.search", OK: true, Detail: fmt.Sprintf("a search shows %s, by %s", listed(j.plain.names, 3),
			count(len(j.plain.calls), "call", "calls"))})
	}
	if !section.Search.confesses() {
		say(harness.Diagnosis{Name: "searcher.search.shows.problem", Detail: "nothing says how the product tells that a search failed",
			Remedy: "add what is there then, a CSS selector or text=…"})
	}
	if len(section.Choose) == 0 && section.Search.way() == "steps" {
		say(harness.Diagnosis{Name: "searcher.choose", Detail: "nothing says how an item is put into a course: what becomes of it won't be judged",
			Remedy: "add choose and open"})
	}
	return out
}
