package resourcesearch

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

const subjects = "subjects"

// subjectChecks judge the tree of subjects.
func subjectChecks() []rest.Check {
	some := rest.Present("a subject", "there are no subjects", "Load subjects.", func(t *rest.T) bool { return len(read(t).Subjects) > 0 })
	return []rest.Check{
		{ID: "subjects.tree", Title: "The subjects are a tree, whose nodes are told apart by numbers",
			Requirements: []string{"subjects.unique", "subjects.parent", "subjects.tree", "subjects.one-root"},
			Labels:       []string{rest.DataLabel, "subjects"}, Needs: []rest.Need{rest.Whole(subjects), some}, Body: judgeTree},
		{ID: "subjects.known", Title: "The subjects of items are served", Requirements: []string{"subjects.known"},
			Labels: []string{rest.DataLabel, "subjects"}, Needs: []rest.Need{rest.Whole(subjects), some}, Body: judgeKnown},
	}
}

// number reads a whole number from 1.
func number(raw json.RawMessage) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	return n, err == nil && n > 0
}

// above tells what a subject has for its parent: none, where it is a root, however that is written.
func above(s Subject) (parent int, root, legible bool) {
	switch strings.TrimSpace(string(s.Parent)) {
	case "", "null", "0", `"0"`, `""`, `"null"`:
		return 0, true, true
	}
	n, ok := number(s.Parent)
	return n, false, ok
}

func judgeTree(_ context.Context, t *rest.T) {
	const unique, parents, tree, root = "subjects.unique", "subjects.parent", "subjects.tree", "subjects.one-root"
	list := read(t).Subjects
	sent := "GET /subjects (the crawl)"
	evidence := func(i int) []string { return t.CrawlEvidence(subjects, i) }
	up := map[int]int{} // to 0 from a root
	for i, s := range list {
		n, ok := number(s.Identifier)
		if !ok {
			continue // judged by itself
		}
		_, met := up[n]
		t.Assert(unique, !met, harness.Finding{Sent: sent, Expected: "each identifier once", Seen: fmt.Sprintf("%d twice", n), Where: s.Name,
			Exchanges: evidence(i)})
		up[n], _, _ = above(s)
	}
	if len(up) == 0 {
		t.NotTested(t.BlockedBy("subjects.identifier", "no subject has an identifier that can be read"))
		return
	}
	lost := map[int]bool{} // parents that aren't there
	roots := 0
	for _, s := range list {
		if p, is, ok := above(s); is {
			roots++
		} else if _, there := up[p]; ok && !there {
			lost[p] = true
		}
	}
	// A root may be left out, since by its type it can't have what a root has: then all that stand
	// directly below it name the one that isn't told.
	unlisted := roots == 0 && len(lost) == 1
	for i, s := range list {
		p, is, ok := above(s)
		_, there := up[p]
		seen := ""
		switch {
		case is:
		case !ok:
			seen = "parent " + string(s.Parent)
		case !there && !unlisted:
			seen = fmt.Sprintf("parent %d, which isn't there", p)
		}
		t.Assert(parents, seen == "", harness.Finding{Sent: sent, Expected: "the number of a subject that is there, or none", Seen: seen,
			Where: s.Name + " /parent", Exchanges: evidence(i)})
	}
	for _, n := range slices.Sorted(maps.Keys(up)) {
		met := map[int]bool{}
		at := n
		for at != 0 && !met[at] {
			met[at] = true
			next, there := up[at]
			if !there {
				next = 0
			}
			at = next
		}
		t.Assert(tree, at == 0, harness.Finding{Sent: sent, Expected: "a way by parents to a root", Seen: fmt.Sprintf("it comes back to %d", at),
			Where: fmt.Sprintf("subject %d", n)})
	}
	if unlisted {
		roots = 1
	}
	if roots == 0 {
		t.NotTested(t.BlockedBy(tree, "no subject is without a parent"), root)
		return
	}
	t.Assert(root, roots == 1, harness.Finding{Sent: sent, Expected: "one root", Seen: strconv.Itoa(roots), Where: "/subjects/*/parent"})
}

func judgeKnown(_ context.Context, t *rest.T) {
	const id = "subjects.known"
	known := map[string]bool{}
	for _, s := range read(t).Subjects {
		known[rest.Fold(s.Name)] = true
	}
	unknown := map[string]int{}
	for i, item := range read(t).Items {
		for _, name := range item.Subject {
			if known[rest.Fold(name)] {
				t.Examined(id, 1)
				continue
			}
			if unknown[name]++; unknown[name] == 1 && len(unknown) <= mostShown {
				t.Fail(id, harness.Finding{Sent: "GET /resources (the crawl)", Expected: "the name of a subject that /subjects has", Seen: name,
					Where: item.Name + " /subject", Exchanges: t.CrawlEvidence(resources, i)})
			}
		}
	}
	t.Absent("no item names a subject", id)
}
