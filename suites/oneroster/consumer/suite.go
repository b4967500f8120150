package consumer

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
)

// phaseTimeout bounds a phase: three or four syncs, each of which has a limit of its own. A product that syncs by
// itself may do so once in some hours.
const phaseTimeout = 24 * time.Hour

// Suite judges OneRoster 1.2 consumers: of rosters, gradebooks and resources.
func Suite() harness.Suite {
	return suite("1.2", "oneroster.consumer", "consumer.", "OneRoster 1.2 Consumers (REST)")
}

// Suite11 judges those of OneRoster 1.1.
func Suite11() harness.Suite {
	return suite("1.1", "oneroster.consumer-v1p1", "v1p1.consumer.", "OneRoster 1.1 Consumers (REST)")
}

func suite(version, id, checks, title string) harness.Suite {
	prefix := map[string]string{"1.1": "or11", "1.2": "or12"}[version]
	return harness.Suite{
		ID: id, Title: title, Role: "consumer",
		Checks: checksOf(version, checks),
		Profiles: []string{prefix + "-rostering-consumer", prefix + "-gradebook-pull-consumer", prefix + "-gradebook-push-consumer",
			prefix + "-resources-consumer"},
		Section: driver.NewSection,
		Open:    func(ctx context.Context, s *harness.Session) (any, error) { return open(ctx, s, version) },
		Doctor:  doctor(version),
	}
}

// checksOf are the phases of a product's life in their order, and after them what its calls tell.
func checksOf(version, id string) []harness.Check {
	life, err := phases()
	if err != nil {
		panic(err) // embedded data
	}
	cat, err := catalogue.Load()
	if err != nil {
		panic(err) // embedded data
	}
	prefix := map[string]string{"1.1": "or11.", "1.2": "or12."}[version]
	var out []harness.Check
	add := func(name, title string, requirements, labels []string, needs []harness.Need, body func(context.Context, *judge, *harness.T)) {
		requirements = slices.DeleteFunc(prefixed(prefix, requirements), func(r string) bool { _, known := cat.Requirement(r); return !known })
		if len(requirements) == 0 {
			return // the version has nothing of the kind
		}
		out = append(out, harness.Check{ID: id + name, Title: title, Requirements: requirements, Labels: labels, Group: id + "life",
			Timeout: phaseTimeout, Needs: needs, Body: func(ctx context.Context, t *harness.T) { body(ctx, t.Session().Shared.(*judge), t) }})
	}
	for _, p := range life {
		if !slices.Contains(p.Versions, version) {
			continue
		}
		needs := []harness.Need{triggered()}
		if p.Expect != expectFirst {
			needs = append(needs, inStep())
		} else {
			needs = append(needs, readable())
		}
		if p.Of != rosters {
			needs = append(needs, keeps(p.Of))
		}
		if p.Mode == driver.Delta {
			needs = append(needs, toldDeltas())
		}
		add(p.ID, p.Title, p.decides(), []string{"consumer", p.Expect}, needs, func(ctx context.Context, j *judge, t *harness.T) {
			j.live(ctx,
				t, p)
		})
	}
	for _, c := range callChecks {
		add(c.id, c.title, []string{rosters + "." + c.id}, []string{"consumer", "calls"}, []harness.Need{triggered(), synced()},
			func(_ context.Context, j *judge, t *harness.T) { c.body(j, t, j.prefix+rosters+"."+c.id) })
	}
	for _, c := range pushChecks() {
		add(c.ID, c.Title, below(grades, c.Requirements), c.Labels, []harness.Need{pushes()}, func(ctx context.Context, _ *judge,
			t *harness.T) {
			c.Body(ctx, t)
		})
	}
	for _, of := range []string{rosters, grades, resources} {
		add("covers."+of, "Which operations and parameters are used", covered(cat, prefix, of), []string{"consumer", "covers"},
			[]harness.Need{triggered(), synced()}, func(_ context.Context, j *judge, t *harness.T) { j.covers(t) })
	}
	return out
}

func below(of string, ids []string) []string { return prefixed(of+".", ids) }

func prefixed(prefix string, ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = prefix + id
	}
	return out
}

// triggered is the need of a way to make the product sync.
func triggered() harness.Need {
	return harness.Need{Text: "a way to make the product sync (consumer.sync)", Unmet: func(_ context.Context,
		t *harness.T) (harness.Obstacle, bool) {
		if driver.Of(t.Session().Target).Sync.Set() {
			return harness.Unconfigured(anotherLife, anotherLifeRemedy), another(t.Session().Target, t.Session().Shared.(*judge).version)
		}
		return harness.Unconfigured("nothing says how the product is made to sync",
			"Add consumer.sync to the target file: a command, a webhook, steps, its schedule, or a person."), true
	}}
}

// later tells that the product has another life in this run before one, by other profiles of the target. A life is that of
// a version, or of drops, which come in this order: 1.2, 1.1, drops.
func later(target *harness.Target, life string) bool {
	return slices.ContainsFunc(target.Profiles, func(profile string) bool {
		calls := strings.HasSuffix(profile, "-consumer") && !strings.Contains(profile, "-csv-")
		return calls && (life == drops || life == "1.1" && strings.HasPrefix(profile, "or12-"))
	})
}

// another tells that the product has had another life: what it holds then is not what a first sync finds, unless it is made
// empty in between.
func another(target *harness.Target, life string) bool {
	return later(target, life) && !driver.Of(target).Reset.Set()
}

// What is said of a product that has had another life.
const (
	anotherLife       = "the product holds what other profiles of this run have left there"
	anotherLifeRemedy = "Add consumer.reset to the target file, by which the product is made empty, or judge these profiles in a run of their own."
)

// holding is what of the target file says how to read what the product holds.
func holding(t *harness.T) (harness.Obstacle, bool) {
	if driver.Of(t.Session().Target).Holds.Set() {
		return harness.Obstacle{}, false
	}
	return harness.Unconfigured("nothing says how to read what the product holds",
		"Add consumer.holds to the target file: an export, a query, the product's own provider, or pages."), true
}

// readable is the need of a first sync of which it can be seen what it brought.
func readable() harness.Need {
	return harness.Need{Text: "a way to read what the product holds (consumer.holds)", Unmet: func(ctx context.Context,
		t *harness.T) (harness.Obstacle, bool) {
		if o, unmet := holding(t); unmet {
			return o, true
		}
		j := t.Session().Shared.(*judge)
		o, stops := j.begin(ctx)
		return o, stops && j.nothing == nil
	}}
}

// inStep is the need of a first sync that brought something.
func inStep() harness.Need {
	return harness.Need{Text: "a first sync that brought something, and a way to read it (consumer.holds)",
		Unmet: func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
			if o, unmet := holding(t); unmet {
				return o, true
			}
			return t.Session().Shared.(*judge).begin(ctx)
		}}
}

// synced is the need of a first sync, whatever it brought.
func synced() harness.Need {
	return harness.Need{Text: "a first sync", Unmet: func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
		j := t.Session().Shared.(*judge)
		o, stops := j.begin(ctx)
		return o, stops && len(j.first.calls) == 0
	}}
}

// keeps is the need of a product that holds something of a service.
func keeps(service string) harness.Need {
	words := map[string]string{grades: "of the gradebook", resources: "of the resources"}[service]
	return harness.Need{Text: "a product that holds something " + words, Unmet: func(_ context.Context, t *harness.T) (harness.Obstacle,
		bool) {
		j := t.Session().Shared.(*judge)
		for collection := range j.truth {
			if serviceOf(collection) == service && j.memory.keeps(collection) {
				return harness.Obstacle{}, false
			}
		}
		return harness.NoData("the product holds nothing "+words,
			"Have it read them, and tell of them by consumer.holds; or leave the profile out."), true
	}}
}

// toldDeltas is the need of a product that can be told to read changes only.
func toldDeltas() harness.Need {
	return harness.Need{Text: "a product that can be told to read changes only (consumer.sync.modes)",
		Unmet: func(_ context.Context, t *harness.T) (harness.Obstacle, bool) {
			if driver.Of(t.Session().Target).Sync.Knows(driver.Delta) {
				return harness.Obstacle{}, false
			}
			return noDeltas(), true
		}}
}
