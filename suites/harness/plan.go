package harness

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// Plan is what a run will do: which checks of which suite, in which shards.
type Plan struct {
	Suite  Suite
	Checks []Check
	// Levels are the requirements that the run asks for, with the level that
	// holds: the strictest among its profiles.
	Levels map[string]catalogue.Level
	// Asked are those of the whole profiles, whatever the focus.
	Asked map[string]catalogue.Level
	Focus []string
}

// planFor selects the checks that decide anything the target's profiles ask
// for, narrowed by focus: check ids, requirement ids, prefixes ending in *, or
// labels. A focus that matches nothing is an error.
func planFor(target *Target, suite Suite, c *catalogue.Catalogue, focus []string) (*Plan, error) {
	p := &Plan{Suite: suite, Levels: map[string]catalogue.Level{}, Focus: focus}
	for _, id := range target.Profiles {
		if !slices.Contains(suite.Profiles, id) {
			continue
		}
		profile, _ := c.Profile(id)
		for _, r := range profile.Requirements {
			if l := c.LevelOf(profile, r, target.Stance); l != catalogue.Off {
				p.Levels[r] = stricter(p.Levels[r], l)
			}
		}
	}
	p.Asked = p.Levels
	for _, check := range suite.Checks {
		if slices.ContainsFunc(check.Requirements, func(r string) bool { return p.Levels[r] != "" }) && focused(check, focus) {
			p.Checks = append(p.Checks, check)
		}
	}
	for _, f := range focus {
		if !slices.ContainsFunc(p.Checks, func(c Check) bool { return focused(c, []string{f}) }) {
			return nil, &ConfigError{Key: "--focus", Cause: fmt.Sprintf("%q matches no check, requirement or label of the chosen profiles", f),
				Remedy: spelling.Remedy(f, focusable(suite, p.Levels), "see `rollcall list checks` and `rollcall list requirements`")}
		}
	}
	if len(focus) > 0 {
		// Only what the chosen checks decide is asked for.
		decided := map[string]catalogue.Level{}
		for _, check := range p.Checks {
			for _, r := range check.Requirements {
				if l := p.Levels[r]; l != "" && (focusedRequirement(r, focus) || focused(Check{ID: check.ID, Labels: check.Labels}, focus)) {
					decided[r] = l
				}
			}
		}
		p.Levels = decided
	}
	return p, nil
}

// focusable lists what a focus may name.
func focusable(suite Suite, levels map[string]catalogue.Level) []string {
	out := slices.Sorted(maps.Keys(levels))
	for _, c := range suite.Checks {
		out = append(append(out, c.ID), c.Labels...)
	}
	return out
}

func focused(c Check, focus []string) bool {
	if len(focus) == 0 {
		return true
	}
	return slices.ContainsFunc(focus, func(f string) bool {
		return matches(c.ID, f) || slices.Contains(c.Labels, f) ||
			slices.ContainsFunc(c.Requirements, func(r string) bool { return matches(r, f) })
	})
}

func focusedRequirement(id string, focus []string) bool {
	return slices.ContainsFunc(focus, func(f string) bool { return matches(id, f) })
}

func matches(id, pattern string) bool {
	if prefix, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(id, prefix)
	}
	return id == pattern
}

// shards splits checks over n processes; those of one group stay together and in
// order. The split depends on ids alone, so that a resumed run repeats it.
func shards(checks []Check, n int) [][]string {
	n = max(1, min(n, len(checks)))
	out := make([][]string, n)
	for i, c := range checks {
		at := i % n
		if c.Group != "" {
			h := fnv.New32a()
			h.Write([]byte(c.Group))
			at = int(h.Sum32() % uint32(n))
		}
		out[at] = append(out[at], c.ID)
	}
	return slices.DeleteFunc(out, func(s []string) bool { return len(s) == 0 })
}
