package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Need is something without which a check, or a part of it, has nothing to look at: a
// setting of the target file, data of a kind, a first step that works. What can be known
// before the body begins is a need; what shows in the midst of it the body says itself, by
// NotTested.
type Need struct {
	// Text says in a plain phrase what must be there, e.g. "at least two orgs".
	Text string
	// Of are the requirements of the check that stand on it; none: all of them.
	Of []string
	// Unmet tells what is in the way; ok is false where nothing is. It may ask the target
	// through t, and reports nothing itself. It is nil where the body alone can tell.
	Unmet func(ctx context.Context, t *T) (o Obstacle, ok bool)
}

// For gives the need as one of the named requirements alone.
func (n Need) For(requirements ...string) Need {
	n.Of = requirements
	return n
}

// InBody is a need that only shows in the midst of a check: the body decides it.
func InBody(text string) Need { return Need{Text: text} }

// Needed says in words what a requirement of the check needs.
func (c Check) Needed(requirement string) []string {
	var out []string
	for _, n := range c.Needs {
		if (len(n.Of) == 0 || slices.Contains(n.Of, requirement)) && !slices.Contains(out, n.Text) {
			out = append(out, n.Text)
		}
	}
	return out
}

// needs tells what is wrong with the needs of a check as values.
func (c Check) needs() error {
	for _, n := range c.Needs {
		if why := unplain(n.Text); why != "" {
			return fmt.Errorf("check %s needs %q, %s", c.ID, n.Text, why)
		}
		for _, id := range n.Of {
			if !slices.Contains(c.Requirements, id) {
				return fmt.Errorf("check %s needs %q for %s, which it doesn't decide", c.ID, n.Text, id)
			}
		}
	}
	return nil
}

// unplain says why a text is no plain phrase; "" where it is one.
func unplain(text string) string {
	switch first, _, _ := strings.Cut(text, " "); {
	case strings.TrimSpace(text) == "":
		return "which says nothing"
	case strings.TrimSpace(text) != text, strings.Contains(text, "  "), strings.ContainsAny(text, "\n\t"):
		return "which has blanks that it needs not"
	case strings.HasSuffix(text, "."), strings.Contains(text, ". "):
		return "which is no phrase but a sentence"
	case unicode.IsUpper([]rune(text)[0]) && !slices.Contains(properNames, first):
		return "which doesn't begin like a phrase"
	}
	return ""
}

// properNames are the words with a capital by which a phrase may begin.
var properNames = []string{"Rollcall", "Rollcall's", "HTTPS", "TLS"}

// perform decides what the check needs, and then runs its body. A body of which no
// requirement is left isn't run.
func (t *T) perform(ctx context.Context) {
	t.begin(ctx)
	if t.meet(ctx) {
		t.check.Body(ctx, t)
	}
}

// meet decides the needs of the check, in their order, and says of each that isn't met what
// is in the way. Of several that are in the way of one requirement the first is told, unless
// a later one is broken and not merely missing. It tells whether anything is left to look at.
func (t *T) meet(ctx context.Context) bool {
	for _, n := range t.check.Needs {
		of := n.Of
		if len(of) == 0 {
			of = t.check.Requirements
		}
		free, missing := t.standing(of)
		if n.Unmet == nil || len(free)+len(missing) == 0 {
			continue
		}
		o, unmet := n.Unmet(ctx, t)
		if !unmet {
			continue
		}
		if o.outranks() {
			t.forget(missing)
			free = append(free, missing...)
		}
		if len(free) > 0 {
			t.NotTested(o, free...)
			t.halt(free)
		}
	}
	return slices.ContainsFunc(t.check.Requirements, t.Met)
}

// standing parts requirements into those of which nothing is in the way yet, and those that
// lack something; what was found broken, or not to apply, is in neither.
func (t *T) standing(requirements []string) (free, missing []string) {
	for _, id := range requirements {
		t.on(id, func(o *outcome) {
			switch {
			case !o.unmet:
				free = append(free, id)
			case o.notTested != "" && !o.broken():
				missing = append(missing, id)
			}
		})
	}
	return free, missing
}

// forget takes back what was said to be missing.
func (t *T) forget(requirements []string) {
	for _, id := range requirements {
		t.on(id, func(o *outcome) { o.notTested, o.remedy, o.blame = "", "", nil })
	}
}

// halt notes that something is in the way of requirements.
func (t *T) halt(requirements []string) {
	for _, id := range requirements {
		t.on(id, func(o *outcome) { o.unmet = true })
	}
}

// Met tells whether all is there that a requirement of the check needs. A body that still has
// others to look at asks it before it begins with this one.
func (t *T) Met(requirement string) (met bool) {
	t.on(requirement, func(o *outcome) { met = !o.unmet })
	return met
}
