package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// Plan is what a run will do: which checks of which suites.
type Plan struct {
	Suites []Suite // those that judge the target's profiles
	Checks []Check // in the order of their suites
	// Levels are the requirements that the run asks for, with the level that
	// holds: the strictest among its profiles.
	Levels map[string]catalogue.Level
	// Asked are those of the whole profiles, whatever the focus.
	Asked map[string]catalogue.Level
	Focus []string
}

// judging lists the suites that judge a target's profiles: one file describes one product,
// which may be several services and play several roles.
func judging(target *Target, suites []Suite) ([]Suite, error) {
	var out []Suite
	judged := map[string]bool{}
	for _, s := range suites {
		mine := slices.DeleteFunc(slices.Clone(target.Profiles), func(id string) bool { return !slices.Contains(s.Profiles, id) })
		for _, id := range mine {
			judged[id] = true
		}
		if len(mine) > 0 {
			out = append(out, s)
		}
	}
	unjudged := slices.DeleteFunc(slices.Clone(target.Profiles), func(id string) bool { return judged[id] })
	if len(unjudged) > 0 {
		return nil, &ConfigError{File: target.path, Key: "profiles", Cause: "no suite of this program judges " + strings.Join(unjudged, ", "),
			Remedy: "see `rollcall list profiles`"}
	}
	return out, nil
}

// planFor selects the checks that decide anything the target's profiles ask
// for, narrowed by focus: check ids, requirement ids, prefixes ending in *, or
// labels. A focus that matches nothing is an error.
func planFor(target *Target, suites []Suite, c *catalogue.Catalogue, focus []string) (*Plan, error) {
	p := &Plan{Suites: suites, Levels: map[string]catalogue.Level{}, Focus: focus}
	for _, id := range target.Profiles {
		if !slices.ContainsFunc(suites, func(s Suite) bool { return slices.Contains(s.Profiles, id) }) {
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
	for _, suite := range suites {
		for _, check := range suite.Checks {
			if slices.ContainsFunc(check.Requirements, func(r string) bool { return p.Levels[r] != "" }) && focused(check, focus) {
				if suite.Groups != nil {
					check.Group = suite.Groups(target, check)
				}
				p.Checks = append(p.Checks, check)
			}
		}
	}
	for _, f := range focus {
		if !slices.ContainsFunc(p.Checks, func(c Check) bool { return focused(c, []string{f}) }) {
			return nil, &ConfigError{Key: "--focus", Cause: fmt.Sprintf("%q matches no check, requirement or label of the chosen profiles", f),
				Remedy: spelling.Remedy(f, focusable(suites, p.Levels), "see `rollcall list checks` and `rollcall list requirements`")}
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
func focusable(suites []Suite, levels map[string]catalogue.Level) []string {
	out := slices.Sorted(maps.Keys(levels))
	for _, suite := range suites {
		for _, c := range suite.Checks {
			out = append(append(out, c.ID), c.Labels...)
		}
	}
	return out
}

// suite finds one of the plan's by its id.
func (p *Plan) suite(id string) Suite {
	return p.Suites[slices.IndexFunc(p.Suites, func(s Suite) bool { return s.ID == id })]
}

// has tells whether a check is one of the suite.
func (s Suite) has(id string) bool {
	return slices.ContainsFunc(s.Checks, func(c Check) bool { return c.ID == id })
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
// order, and groups are dealt out in turn. The split depends on the checks alone, so that
// it can be repeated.
func shards(checks []Check, n int) [][]string {
	n = max(1, min(n, len(checks)))
	out := make([][]string, n)
	dealt := map[string]int{}
	for i, c := range checks {
		at := i % n
		if c.Group != "" {
			if _, known := dealt[c.Group]; !known {
				dealt[c.Group] = len(dealt) % n
			}
			at = dealt[c.Group]
		}
		out[at] = append(out[at], c.ID)
	}
	return slices.DeleteFunc(out, func(s []string) bool { return len(s) == 0 })
}
