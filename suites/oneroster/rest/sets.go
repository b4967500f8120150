package rest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Set makes a set of ids.
func Set(ids []string) map[string]bool {
	out := map[string]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out
}

// SortedKeys lists a set.
func SortedKeys(set map[string]bool) []string {
	var out []string
	for id := range set {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// Apart lists what a holds and b doesn't.
func Apart(a, b map[string]bool) []string {
	var out []string
	for id := range a {
		if !b[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Without drops from got what is allowed but not required, so that the difference names
// only what is wrong.
func Without(got, may, must map[string]bool) map[string]bool {
	out := map[string]bool{}
	for id := range got {
		if must[id] || !may[id] {
			out[id] = true
		}
	}
	return out
}

func union(a, b map[string]bool) map[string]bool {
	out := map[string]bool{}
	for id := range a {
		out[id] = true
	}
	for id := range b {
		out[id] = true
	}
	return out
}

func intersect(a, b map[string]bool) map[string]bool {
	out := map[string]bool{}
	for id := range a {
		if b[id] {
			out[id] = true
		}
	}
	return out
}

// difference words how two sets differ, at most three examples each way; empty when they
// don't.
func difference(want, got map[string]bool) string {
	return Differ(Apart(want, got), Apart(got, want))
}

// Differ words what is missing and what is too many.
func Differ(missing, extra []string) string {
	var parts []string
	if len(missing) > 0 {
		parts = append(parts, fmt.Sprintf("%d missing (%s)", len(missing), Examples(missing)))
	}
	if len(extra) > 0 {
		parts = append(parts, fmt.Sprintf("%d too many (%s)", len(extra), Examples(extra)))
	}
	return strings.Join(parts, ", ")
}

// Examples shows the first of some ids.
func Examples(ids []string) string {
	if len(ids) > 3 {
		return strings.Join(ids[:3], ", ") + ", …"
	}
	return strings.Join(ids, ", ")
}

// inWords puts words into a list: orgs, users and classes.
func inWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// everySatisfies is a filter that every object satisfies.
const everySatisfies = "sourcedId!='no-such-object-here'"

// Parent is one below which a sub-collection lies, and what tells of what is listed there that
// doesn't belong to it.
type Parent struct {
	Path    string
	Where   string
	Foreign func(Collected) []string
}

// NoMembers judges what the sub-collection of a parent that has no members lists: nothing, as
// it is and by a filter that everything satisfies. plain is the answer without a filter. How a
// filter is refused is judged elsewhere, and so is one that reaches beyond a parent that has
// members, such as full: that filters do is one cause. full is nil where no parent has any.
func (t *T) NoMembers(ctx context.Context, id string, plain *Page, wrapper string, bare Parent, full *Parent) {
	every := Query("filter", everySatisfies)
	for _, filtered := range []bool{false, true} {
		page := plain
		if filtered {
			page = t.List(ctx, bare.Path, wrapper, every)
		}
		got, extra := bare.listed(page)
		if len(extra) == 0 { // that nothing comes proves nothing of who has members
			continue
		}
		if filtered && full != nil {
			other := t.List(ctx, full.Path, wrapper, every)
			if _, beyond := full.listed(other); len(beyond) > 0 {
				t.NotTested(t.BlockedBy(filterAt+"sub-collections", "a filter on what a parent has reaches beyond it, whether or not it has members",
					other.Response, page.Response).Expecting("members of the parent alone"), id)
				return
			}
		}
		t.Fail(id, harness.Finding{Expected: "nothing, for the parent has no members",
			Seen:  fmt.Sprintf("%d objects; %s", len(got.IDs), Differ(nil, extra)),
			Where: bare.Where, Responses: []*harness.Response{page.Response}})
		return
	}
}

// listed takes what a page lists, and what of it doesn't belong to the parent.
func (p Parent) listed(page *Page) (got Collected, foreign []string) {
	got = Collected{IDs: Set(page.IDs), Deleted: map[string]bool{}}
	if !page.OK() {
		return got, nil
	}
	for i, object := range page.IDs {
		if Read[Base](page.Objects[i]).Status == "tobedeleted" {
			got.Deleted[object] = true
		}
	}
	return got, p.Foreign(got)
}
