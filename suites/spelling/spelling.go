package spelling

import (
	"cmp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// most is how many names are suggested: a longer list is no hint.
const most = 3

// longest bounds what is compared: no name that we know is longer, and the work grows
// with the square.
const longest = 120

// Near lists the names in known that word may stand for, the likeliest first: those
// a few letters away, and those of which word is a part (paging.total-count of
// or12.rostering.paging.total-count).
func Near(word string, known []string) []string {
	if word == "" || len(word) > longest {
		return nil
	}
	type candidate struct {
		name string
		far  int
	}
	var found []candidate
	low := plain(word)
	for _, name := range known {
		if name == "" || len(name) > longest || slices.ContainsFunc(found, func(c candidate) bool { return c.name == name }) {
			continue
		}
		other := plain(name)
		far := levenshtein.ComputeDistance(low, other)
		switch {
		case far <= allowed(len(low)):
		case len(low) >= 4 && partOf(low, other):
			far = allowed(len(low)) + 1
		default:
			// The last part may be misspelt and the ones before it left out.
			parts := strings.Split(other, ".")
			n := strings.Count(low, ".") + 1
			if len(low) < 4 || n >= len(parts) {
				continue
			}
			tail := strings.Join(parts[len(parts)-n:], ".")
			if far = levenshtein.ComputeDistance(low, tail); far > allowed(len(low)) {
				continue
			}
			far += allowed(len(low)) + 1
		}
		found = append(found, candidate{name, far})
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.far, b.far) })
	var out []string
	for _, c := range found[:min(len(found), most)] {
		out = append(out, c.name)
	}
	return out
}

// plain drops what people get wrong without misspelling.
func plain(name string) string {
	return strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(strings.TrimSpace(name)))
}

// allowed is how many letters may be wrong in a name of n: two, since an exchange of
// neighbours counts as two, and one in five of a long one.
func allowed(n int) int {
	if n < 3 {
		return 1
	}
	return max(2, min(n/5, 8))
}

// partOf tells whether word is whole parts of a name.
func partOf(word, name string) bool {
	at := strings.Index(name, word)
	if at < 0 {
		return false
	}
	whole := func(i int) bool { return i < 0 || i >= len(name) || strings.ContainsRune(".-", rune(name[i])) }
	return whole(at-1) && whole(at+len(word))
}

// Hint is the question "did you mean …?", or "" where nothing is near.
func Hint(word string, known []string) string {
	near := Near(word, known)
	if len(near) == 0 {
		return ""
	}
	last := len(near) - 1
	if last == 0 {
		return "did you mean " + near[0] + "?"
	}
	return "did you mean " + strings.Join(near[:last], ", ") + " or " + near[last] + "?"
}

// Remedy puts the hint, where there is one, before what else helps.
func Remedy(word string, known []string, otherwise string) string {
	if hint := Hint(word, known); hint != "" {
		return hint + " Else " + otherwise
	}
	return otherwise
}
