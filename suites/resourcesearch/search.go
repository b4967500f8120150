package resourcesearch

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// searchChecks judge the pseudo-field search. How a search finds words is the catalogue's own business,
// stems and synonyms included; what is judged is what nobody expects of any: words that are there aren't
// found, or things that have none of them are.
func searchChecks() []rest.Check {
	c := func(name, title string, needs []rest.Need, body func(context.Context, *rest.T), requirements ...string) rest.Check {
		return rest.Check{ID: "search." + name, Title: title, Requirements: requirements, Labels: []string{"search"}, Needs: needs, Body: body}
	}
	words := []rest.Need{rest.Present("names with words that few items share", "no name has a word that few items share",
		"Load items with different names.", func(t *rest.T) bool { return len(words(t)) > 0 })}
	return []rest.Check{
		c("words", "A search finds what has its words, and not what has none of them", words, searchWords,
			"search.finds", "search.only", "search.all-words", "search.case", "search.combined"),
		c("no-match", "A search for what there isn't is an empty page", []rest.Need{anItem()}, searchNothing, "search.no-match"),
		c("quiet", "No search is a server error", nil, searchOdd, "search.quiet"),
		c("relevance", "The most relevant come first by relevance", words, searchRelevance, "sort.relevance"),
	}
}

const (
	shortWord  = 5   // letters that a word has at least: shorter ones may be passed over by a search
	stemLength = 4   // of its letters that a word has in every form
	mostFound  = 300 // items that a word may find, to be read whole
)

// word is one of names, with the items that have it there.
type word struct {
	text  string
	items map[string]bool
}

// split takes a text into words of letters, in lower case.
func split(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
}

// words gives those of names that some items share and most don't, the rarest first.
func words(t *rest.T) []word {
	objects := t.Objects(resources)
	found := map[string]map[string]bool{}
	for id, o := range objects {
		name, _ := o["name"].(string)
		for _, one := range split(name) {
			if len(one) < shortWord || strings.ContainsFunc(one, func(r rune) bool { return r > 0x7F }) {
				continue
			}
			if found[one] == nil {
				found[one] = map[string]bool{}
			}
			found[one][id] = true
		}
	}
	var out []word
	for _, one := range slices.Sorted(maps.Keys(found)) {
		if n := len(found[one]); n <= mostFound && n < len(objects) {
			out = append(out, word{one, found[one]})
		}
	}
	slices.SortStableFunc(out, func(a, b word) int { return len(a.items) - len(b.items) })
	return out
}

// written gathers all that an item says, in lower case.
func written(v any, into *strings.Builder) {
	switch v := v.(type) {
	case string:
		into.WriteString(strings.ToLower(v))
		into.WriteByte('\n')
	case []any:
		for _, one := range v {
			written(one, into)
		}
	case map[string]any:
		for _, one := range v {
			written(one, into)
		}
	}
}

// mentions tells whether anything that an item says has the stem of a word in it.
func mentions(o map[string]any, word string) bool {
	var all strings.Builder
	written(o, &all)
	return strings.Contains(rest.Fold(all.String()), word[:min(len(word), stemLength)])
}

// searched reads what a search finds; ok is false where that could not be read, and the requirements are
// settled then.
func searched(ctx context.Context, t *rest.T, text, and string, ids ...string) (rest.Collected, bool) {
	op := t.Service.Collection(resources).List
	g := t.ReadAll(ctx, op.Path, op.Wrapper, 5*mostFound, "filter", "search~"+rest.Quote(text)+and)
	if g.Why == "" {
		return g, true
	}
	if g.First.OK() { // far more than have the word
		return g, true
	}
	if !t.ItsOwn(ctx, g.First.Response, ids...) {
		return g, false
	}
	for _, id := range ids {
		t.Fail(id, harness.Finding{Expected: "200 and what the search finds", Seen: g.Why, Where: "search~" + rest.Quote(text),
			Responses: []*harness.Response{g.First.Response}})
	}
	return g, false
}

func searchWords(ctx context.Context, t *rest.T) {
	const finds, only, all, folded, combined = "search.finds", "search.only", "search.all-words", "search.case", "search.combined"
	list := words(t)
	objects := t.Objects(resources)
	tried := []word{list[0], list[len(list)/2], list[len(list)-1]}
	tried = slices.CompactFunc(tried, func(a, b word) bool { return a.text == b.text })
	narrow, strict := true, true // whether searches find what they have to, and nothing else
	var last rest.Collected
	for i, w := range tried {
		g, ok := searched(ctx, t, w.text, "", finds)
		if !ok {
			narrow = false
			break
		}
		narrow = judgeFound(t, finds, w.text, g, w.items)
		strict = judgeOnly(t, only, g, objects, w.text) && strict
		last = g
		if i > 0 {
			continue
		}
		if loud, ok := searched(ctx, t, strings.ToUpper(w.text), "", folded); ok {
			t.Assert(folded, len(rest.Apart(g.IDs, loud.IDs))+len(rest.Apart(loud.IDs, g.IDs)) == 0, harness.Finding{
				Expected: fmt.Sprintf("%d items, as in lower case", len(g.IDs)), Seen: fmt.Sprintf("%d items", len(loud.IDs)),
				Where: "search~" + rest.Quote(strings.ToUpper(w.text)), Responses: []*harness.Response{loud.First.Response, g.First.Response}})
		}
	}
	if strict {
		searchTwo(ctx, t, list, objects)
	} else {
		t.NotTested(t.BlockedBy(only, "searches find what has none of their words"), all)
	}
	if narrow {
		searchNarrowed(ctx, t, tried[len(tried)-1], objects)
	} else {
		t.NotTested(t.BlockedBy(finds, "the search alone doesn't find what it has to", answered(last)...), combined)
	}
	t.Settle(t.BlockedBy(finds, "no search is answered with items"), only, folded, all, combined)
}

// answered gives the first answer of a search, where one came.
func answered(g rest.Collected) []*harness.Response {
	if g.First == nil || g.First.Response == nil {
		return nil
	}
	return []*harness.Response{g.First.Response}
}

// judgeFound holds what a search found to the items that have its words in their names.
func judgeFound(t *rest.T, id, text string, g rest.Collected, want map[string]bool) bool {
	if g.Why != "" { // everything and more: what is too much is judged by itself
		t.Examined(id, 1)
		return true
	}
	missing := rest.Apart(want, g.IDs)
	return t.Assert(id, len(missing) == 0, harness.Finding{
		Expected: fmt.Sprintf("the %d items with %s in their names among them", len(want), text),
		Seen:     fmt.Sprintf("%d items, without %s", len(g.IDs), rest.Examples(missing)), Where: "search~" + rest.Quote(text),
		Responses: []*harness.Response{g.First.Response}})
}

// judgeOnly holds that each of the items found has something to do with one of the words.
func judgeOnly(t *rest.T, id string, g rest.Collected, objects map[string]map[string]any, texts ...string) bool {
	var strange []string
	for _, x := range g.Order {
		o, known := objects[x]
		if known && !slices.ContainsFunc(texts, func(w string) bool { return mentions(o, w) }) {
			strange = append(strange, x)
		}
	}
	return t.Assert(id, len(strange) == 0, harness.Finding{Expected: "items that have to do with " + strings.Join(texts, " or "),
		Seen:  fmt.Sprintf("%d of %d have nothing of it in any text (%s)", len(strange), len(g.Order), rest.Examples(strange)),
		Where: "search~" + rest.Quote(strings.Join(texts, " ")), Responses: []*harness.Response{g.First.Response}})
}

// searchTwo looks for two words that a name has both, and others one alone.
func searchTwo(ctx context.Context, t *rest.T, list []word, objects map[string]map[string]any) {
	const finds, all = "search.finds", "search.all-words"
	for i := len(list) - 1; i >= 0; i-- {
		for j := len(list) - 1; j > i; j-- {
			a, b := list[i], list[j]
			both := map[string]bool{}
			for id := range a.items {
				if b.items[id] {
					both[id] = true
				}
			}
			one := map[string]bool{} // that have the first in their name, and nothing of the second at all
			for id := range a.items {
				if !mentions(objects[id], b.text) {
					one[id] = true
				}
			}
			if len(both) == 0 || len(one) == 0 {
				continue
			}
			text := a.text + " " + b.text
			g, ok := searched(ctx, t, text, "", finds)
			if !ok {
				return
			}
			judgeFound(t, finds, text, g, both)
			extra := slices.DeleteFunc(slices.Clone(g.Order), func(id string) bool { return !one[id] })
			t.Assert(all, len(extra) == 0, harness.Finding{
				Expected: "items with both words", Where: "search~" + rest.Quote(text), Responses: []*harness.Response{g.First.Response},
				Seen: fmt.Sprintf("also %d that have nothing of %s (%s)", len(extra), b.text, rest.Examples(extra)),
			})
			return
		}
	}
	t.Lacks("no two words stand together in a name, and one of them alone in another", "Load items with different names.", all)
}

// searchNarrowed adds a clause to a search.
func searchNarrowed(ctx context.Context, t *rest.T, w word, objects map[string]map[string]any) {
	const id = "search.combined"
	for _, field := range []string{"rating", "publisher", "name"} {
		value := ""
		of := map[string]bool{}
		for _, x := range slices.Sorted(maps.Keys(w.items)) {
			text, is := objects[x][field].(string)
			if is && usable(text) && (value == "" || text == value) {
				value, of[x] = text, true
			}
		}
		if value == "" || len(of) == len(w.items) && field != "name" {
			continue
		}
		and := " AND " + field + "=" + rest.Quote(value)
		g, ok := searched(ctx, t, w.text, and, id)
		if !ok {
			return
		}
		others := slices.DeleteFunc(slices.Clone(g.Order), func(x string) bool {
			text, is := objects[x][field].(string)
			return !is || rest.Fold(text) == rest.Fold(value)
		})
		missing := rest.Apart(of, g.IDs)
		t.Assert(id, len(others) == 0 && len(missing) == 0 && g.Why == "", harness.Finding{
			Expected: fmt.Sprintf("what the search finds with %s %s", field, value),
			Seen:     fmt.Sprintf("%d items, %d of them with another, and %d missing", len(g.Order), len(others), len(missing)),
			Where:    "search~" + rest.Quote(w.text) + and, Responses: []*harness.Response{g.First.Response}})
		return
	}
	t.Lacks("no property divides what a search finds", "Load items with different ratings.", id)
}

// noWord is one that no item has.
const noWord = "zqxwvkj"

func searchNothing(ctx context.Context, t *rest.T) {
	const id = "search.no-match"
	p := t.Page(ctx, resources, 0, 10, "filter", "search~"+rest.Quote(t.Own(noWord)))
	if !p.OK() && p.Status != http.StatusOK && !t.ItsOwn(ctx, p.Response, id) {
		return
	}
	empty := p.Status == http.StatusOK && p.Problem == "" && len(p.Objects) == 0
	if !empty {
		if o, other := otherCause(ctx, t, p); other {
			t.NotTested(o, id)
			return
		}
	}
	t.Assert(id, empty, harness.Finding{Expected: "200 and an empty list",
		Seen: fmt.Sprintf("%s, %d items", p.Summary(), len(p.Objects)), Responses: []*harness.Response{p.Response}})
}

// otherCause tells what a search without a find has failed by, where it isn't of that search alone: any
// filter that nothing satisfies is refused, or any search finds what has none of its words.
func otherCause(ctx context.Context, t *rest.T, p *rest.Page) (harness.Obstacle, bool) {
	if p.Status != http.StatusOK {
		plain := t.Page(ctx, resources, 0, 10, "filter", "name="+rest.Quote(t.Own(noWord)))
		if plain.Status == p.Status {
			return t.BlockedBy("filter.no-match", "a filter that nothing satisfies is answered so, whatever it filters by", plain.Response), true
		}
		return harness.Obstacle{}, false
	}
	list := words(t)
	if len(list) == 0 {
		return harness.Obstacle{}, false
	}
	found := t.Page(ctx, resources, 0, mostItems, "filter", "search~"+rest.Quote(list[0].text))
	for _, raw := range found.Objects {
		var o map[string]any
		if json.Unmarshal(raw, &o) == nil && !mentions(o, list[0].text) {
			return t.BlockedBy("search.only", "searches find what has none of their words", found.Response), true
		}
	}
	return harness.Obstacle{}, false
}

func searchOdd(ctx context.Context, t *rest.T) {
	const id = "search.quiet"
	for _, text := range []string{`"`, `"open`, "*", "ab*", "(", ")", "a AND", "OR OR", "NOT", "NEAR(a b", "^a", "name:a",
		"-", "a -b", `\`, "'", "{a}", "a & | b", "a\tb\n", "%", "_", "<->", ":*", "!", "a\u0001b", "日本", strings.Repeat("word ", 300)} {
		r, ok := t.Provoked(ctx, "/"+resources, rest.Query("filter", "search~"+rest.Quote(t.Own(text)), "limit", "3"), id)
		if !ok {
			continue
		}
		t.Assert(id, r.Status > 0 && r.Status < 500 && r.Problem == "", harness.Finding{Expected: "no server error", Seen: r.Summary(),
			Where: fmt.Sprintf("search~%q", text[:min(len(text), 20)]), Responses: []*harness.Response{r}})
	}
}

func searchRelevance(ctx context.Context, t *rest.T) {
	const id = "sort.relevance"
	list := words(t)
	w := list[len(list)-1]
	p := t.Page(ctx, resources, 0, mostItems, "filter", "search~"+rest.Quote(w.text), "sort", "relevance", "orderBy", "desc")
	if !t.ReadyPage(p, id) {
		return
	}
	told, rises := 0, false
	last := 0.0
	for _, o := range p.Objects {
		var item struct {
			Relevance *float64 `json:"relevance"`
		}
		if json.Unmarshal(o, &item) != nil || item.Relevance == nil {
			continue
		}
		rises = rises || told > 0 && *item.Relevance > last
		last, told = *item.Relevance, told+1
	}
	if told < 2 {
		t.NotApplicable(id, "items don't tell their relevance")
		return
	}
	t.Assert(id, !rises, harness.Finding{Expected: "relevance that never rises", Seen: "it rises", Where: "sort=relevance&orderBy=desc",
		Responses: []*harness.Response{p.Response}})
}
