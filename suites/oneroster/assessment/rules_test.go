package assessment

import (
	"math"
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/scores"
)

// seen runs a scan over a book and gives the ids that were found wrong.
func seen(b *scores.Book, scan func(*scores.Book, rest.See)) (wrong []string) {
	scan(b, func(ok bool, at rest.Place, _, _ string) {
		if !ok {
			wrong = append(wrong, at.ID)
		}
	})
	return wrong
}

// TestTree finds items that are ancestors of themselves, and no others.
func TestTree(t *testing.T) {
	for name, test := range map[string]struct {
		parents map[string]string
		want    []string
	}{
		"a tree":                {map[string]string{"test": "", "part": "test", "q1": "part", "q2": "part"}, nil},
		"its own parent":        {map[string]string{"test": "test", "part": "test"}, []string{"test"}},
		"a circle of two":       {map[string]string{"a": "b", "b": "a", "c": "a"}, []string{"a", "b"}},
		"a circle of three":     {map[string]string{"a": "b", "b": "c", "c": "a", "d": "c", "e": "d"}, []string{"a", "b", "c"}},
		"a parent that is gone": {map[string]string{"a": "gone"}, nil},
	} {
		wrong := seen(book(test.parents), tree)
		slices.Sort(wrong)
		if !slices.Equal(wrong, test.want) {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}

func book(parents map[string]string) *scores.Book {
	var items []scores.Item
	b := scores.NewBook(terms)
	for id, parent := range parents {
		items = append(items, scores.Item{ID: id, Status: b.Intern("active"), Parent: b.Intern(parent)})
	}
	b.Fill(items, nil)
	return b
}

// TestOrder compares percentiles by scores.
func TestOrder(t *testing.T) {
	b := scores.NewBook(terms)
	active, item := b.Intern("active"), b.Intern("q")
	results := func(pairs ...[2]float64) {
		var out []scores.Result
		for _, p := range pairs {
			out = append(out, scores.Result{Item: item, Status: active, Score: p[0], Percentile: p[1]})
		}
		b.Fill(nil, out)
	}
	wrong := 0
	count := func(ok bool, _ rest.Place, _, _ string) {
		if !ok {
			wrong++
		}
	}
	for _, test := range []struct {
		pairs [][2]float64
		wrong int
	}{
		{[][2]float64{{1, 10}, {2, 20}, {3, 90}}, 0},
		{[][2]float64{{1, 10}, {1, 12}, {2, 12}}, 0},
		{[][2]float64{{3, 10}, {2, 20}, {1, 30}}, 2},
		{[][2]float64{{math.NaN(), 10}, {2, 5}}, 0},
	} {
		results(test.pairs...)
		wrong = 0
		ordered(b, count)
		if wrong != test.wrong {
			t.Errorf("%v: %d", test.pairs, wrong)
		}
	}
}
