package tool

import (
	"regexp"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Whether two pages are the same page cannot be told by their bytes: they hold
// tokens, times and names. It is told by their elements and words, as a share of
// what either has.

var varying = regexp.MustCompile(`[0-9a-fA-F]{8,}|[0-9]+`)

// likeness is how much two pages have in common, from 0 to 1.
func likeness(a, b browser.Frame) float64 {
	elements := overlap(count(a.Marks), count(b.Marks))
	words := overlap(count(strings.Fields(a.Title+" "+a.Text)), count(strings.Fields(b.Title+" "+b.Text)))
	return (elements + words) / 2
}

func count(items []string) map[string]int {
	out := map[string]int{}
	for _, s := range items {
		out[varying.ReplaceAllString(s, "0")]++
	}
	return out
}

// overlap is the share of common items among all; two empty sets are alike.
func overlap(a, b map[string]int) float64 {
	common, all := 0, 0
	for s, n := range a {
		common += min(n, b[s])
		all += max(n, b[s])
	}
	for s, n := range b {
		if _, there := a[s]; !there {
			all += n
		}
	}
	if all == 0 {
		return 1
	}
	return float64(common) / float64(all)
}
