package searcher

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher/catalog"
)

// What a page shows of an item is its name, and perhaps more; it may be cut, and what is markup in it may be left out. An item
// is known all the same; whether its name is shown as it is written is another question.

var tag = regexp.MustCompile(`<[^<>]*>`)

// spaced is a text with one blank where there are some, as pages break lines where they like.
func spaced(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

// forms are those in which a text may stand for what it is.
func forms(s string) []string {
	s = spaced(s)
	out := []string{s}
	for _, x := range []string{spaced(tag.ReplaceAllString(s, " ")), spaced(tag.ReplaceAllString(s, "")), html.UnescapeString(s),
		html.UnescapeString(html.UnescapeString(s))} {
		if x != "" && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// leastOfName is how many letters of a name that is cut are enough to know it.
const leastOfName = 8

// known finds the item that a text shows, the one with the longest name of those that it has in it.
func known(shown string, items []catalog.Item) (catalog.Item, bool) {
	best, length := catalog.Item{}, 0
	for _, i := range items {
		for _, name := range forms(i.Name) {
			for _, text := range forms(shown) {
				cut, isCut := strings.CutSuffix(strings.TrimSuffix(text, "..."), "…")
				isCut = isCut || strings.HasSuffix(text, "...")
				is := strings.Contains(text, name) || isCut && len(cut) >= leastOfName && strings.HasPrefix(name, strings.TrimSpace(cut))
				if is && len(name) > length {
					best, length = i, len(name)
				}
			}
		}
	}
	return best, length > 0
}

// shownOf counts how often each item is shown, by the name that it has; strangers are names of no item.
func shownOf(names []string, items []catalog.Item) (counts map[string]int, strangers []string) {
	counts = map[string]int{}
	for _, n := range names {
		if i, is := known(n, items); is {
			counts[i.Name]++
		} else if spaced(n) != "" {
			strangers = append(strangers, n)
		}
	}
	return counts, strangers
}

// missing lists the items of which fewer are shown than there are.
func missing(want []catalog.Item, counts map[string]int) (out []catalog.Item) {
	left := map[string]int{}
	for name, n := range counts {
		left[name] = n
	}
	for _, i := range want {
		if left[i.Name]--; left[i.Name] < 0 {
			out = append(out, i)
		}
	}
	return out
}

// written tells whether a name stands as it is in one of the texts, or is cut there.
func written(name string, texts []string) bool {
	return slices.ContainsFunc(texts, func(s string) bool {
		cut, isCut := strings.CutSuffix(strings.TrimSuffix(spaced(s), "..."), "…")
		isCut = isCut || strings.HasSuffix(s, "...")
		return strings.Contains(spaced(s), spaced(name)) || isCut && len(cut) >= leastOfName && strings.HasPrefix(spaced(name),
			strings.TrimSpace(cut))
	})
}

// listed names some, and says how many more there are.
func listed(names []string, most int) string {
	if len(names) == 0 {
		return "nothing"
	}
	var out []string
	for _, n := range names[:min(most, len(names))] {
		if r := []rune(spaced(n)); len(r) > 60 {
			n = string(r[:60]) + "…"
		}
		out = append(out, "“"+spaced(n)+"”")
	}
	text := strings.Join(out, ", ")
	if more := len(names) - most; more > 0 {
		text += " and " + count(more, "more", "more")
	}
	return text
}

func namesOf(items []catalog.Item) (out []string) {
	for _, i := range items {
		out = append(out, i.Name)
	}
	return out
}
