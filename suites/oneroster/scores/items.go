package scores

import (
	"fmt"
	"math"
	"strconv"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// itemChecks judge what items say of themselves.
func itemChecks(t Terms) []rest.Check {
	needs := []string{t.Items}
	return []rest.Check{
		Rule("items.bounds-ordered", "The smallest score of a "+t.Words+" is no greater than the largest", t.Items,
			"a "+t.Words+" with resultValueMin and resultValueMax", needs, nil, boundsOrdered),
		Rule("items.titles-distinct", "No two peers among the "+t.Words+"s have the same title", t.Items, "two active "+t.Words+"s",
			needs, nil, titlesDistinct),
	}
}

func boundsOrdered(b *Book, see rest.See) {
	for i := range b.Items {
		x := &b.Items[i]
		if math.IsNaN(x.Min) || math.IsNaN(x.Max) {
			continue
		}
		see(x.Min <= x.Max, b.atItem(i, "/resultValueMin"), "no more than resultValueMax, "+plain(x.Max), plain(x.Min))
	}
}

// titlesDistinct compares active items with their peers: those of the same class, or parts of
// the same whole. Of what has neither nobody knows its peers.
func titlesDistinct(b *Book, see rest.See) {
	type name struct {
		peers uint32
		title string
	}
	first := map[name]string{}
	b.eachItem(func(i int, x *Item) {
		peers := x.Class
		if b.Peers == "parent" {
			peers = x.Parent
		}
		if peers == 0 || x.Title == "" {
			return
		}
		at := name{peers, x.Title}
		other, twice := first[at]
		if !twice {
			first[at] = x.ID
		}
		same := twice && other != x.ID // the same object twice is judged as that
		see(!same, b.atItem(i, "/title"), "a title that no other "+b.Words+" of "+b.Text(peers)+" has", "that of "+other)
	})
}

// plain writes a number as people do.
func plain(n float64) string {
	if n == math.Trunc(n) && math.Abs(n) < 1e15 {
		return fmt.Sprintf("%.0f", n)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}
