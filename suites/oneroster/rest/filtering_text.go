package rest

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Filters on text that holds what a parser may stumble over.

// holding picks a property and a value that holds one of the characters, and
// that few share.
func holding(samples []filterSample, chars string) (filterSample, property, string, bool) {
	for _, s := range samples {
		for _, p := range s.properties("text") {
			for _, v := range p.sorted() {
				if p.name != "sourcedId" && strings.ContainsAny(v, chars) && p.counts[v] < len(p.all) {
					return s, p, v, true
				}
			}
		}
	}
	return filterSample{}, property{}, "", false
}

// asked reads a filter whose encoding is given as it shall be sent.
func (s filterSample) asked(ctx context.Context, t *T, id, encoded, plain string, want map[string]bool) {
	op := s.List
	page := t.List(ctx, op.Path, op.Wrapper, "limit="+strconv.Itoa(most(t.Service, gatherLimit))+"&filter="+encoded)
	g := Collected{IDs: Set(page.IDs), First: page}
	if !page.OK() {
		g.Why = page.Why()
	}
	if o, is := s.filterless(ctx, t, id, page.Response); is {
		t.NotTested(o, id)
		return
	}
	judgeFilter(ctx, t, id, plain, g, exactly(want))
}

// stumbling are characters over which a parser may stumble, by the requirement of each kind.
var stumbling = []struct{ id, text, chars string }{
	{filterAt + "apostrophe", "a text with an apostrophe", "'"},
	{filterAt + "reserved-characters", "a text with a character that URLs reserve", "+&%#="},
	{filterAt + "utf8", "a text with a letter beyond ASCII", "áàâäãåéèêëíìîïóòôöõúùûüñçßøÁÉÍÓÚÑÇŁłŠšŽžĐđ李王张陳田中山本김이박محمدعليאבגд"},
}

// characterNeeds are those of filters on such texts.
func characterNeeds(of *service.Service) []Need {
	var out []Need
	for _, x := range stumbling {
		out = append(out, happens(x.text, "no text holds such a character",
			func(_ *T, samples []filterSample) bool { _, _, _, ok := holding(samples, x.chars); return ok }).For(x.id))
	}
	text := func(is func(p property) bool) func(*T, []filterSample) bool {
		return func(_ *T, samples []filterSample) bool {
			return holds(samples, func(_ filterSample, p property) bool { return is(p) }, "text")
		}
	}
	return append(out,
		found("a text with a blank", "no text holds a blank", of.Words.PhraseLoad,
			func(_ *T, samples []filterSample) bool { _, _, _, ok := phrase(samples); return ok }).
			For(filterAt+"percent-encoding", filterAt+"plus-as-blank"),
		found("any text", "no collection has texts", "Load some objects.", text(func(p property) bool {
			return p.name != "sourcedId" && len(p.counts) > 0 || slices.ContainsFunc(p.sorted(), heldApart)
		})).For(filterAt+"literal-operators"),
		found("a collection with three different texts", "no collection has three different texts",
			"Load three objects with different names.", text(func(p property) bool { return p.name != "sourcedId" && len(p.counts) >= 3 })).
			For(filterAt+"literal-wildcards"),
		dividedText().For(filterAt+"literal-patterns"))
}

// heldApart tells whether a text looks like two clauses of a filter, and can be written in one.
func heldApart(text string) bool {
	return strings.Contains(text, " AND ") && !strings.Contains(text, "'")
}

func filterCharacters(ctx context.Context, t *T) {
	const operators, wildcards, percent, plus = filterAt + "literal-operators", filterAt + "literal-wildcards",
		filterAt + "percent-encoding", filterAt + "plus-as-blank"
	samples := filterSamples(t)
	for _, try := range stumbling {
		s, p, v, ok := holding(samples, try.chars)
		if !ok {
			continue
		}
		same := p.where(func(x string) bool { return x == v })
		loose := p.where(func(x string) bool { return fold(x) == fold(v) })
		s.filtered(ctx, t, try.id, p.name+"="+quote(v), answer{same, union(same, loose)})
	}
	if s, p, v, ok := phrase(samples); ok {
		same := p.where(func(x string) bool { return x == v })
		plain := p.name + "=" + quote(v)
		s.asked(ctx, t, percent, percentAll(plain), plain, same)
		s.asked(ctx, t, plus, strings.ReplaceAll(url.QueryEscape(plain), "%20", "+"), plain, same)
	}
	judgeOperators(ctx, t, operators)
	judgeWildcards(ctx, t, wildcards)
	judgePatterns(ctx, t, filterAt+"literal-patterns")
}

// phrase picks a text of plain words with a blank between.
func phrase(samples []filterSample) (filterSample, property, string, bool) {
	for _, s := range samples {
		for _, p := range s.properties("text") {
			for _, v := range p.sorted() {
				if strings.Contains(v, " ") && plainLetters(v) && !strings.ContainsAny(v, "'%_\\&+#") && !strings.Contains(v, " AND ") &&
					!strings.Contains(v, " OR ") && p.counts[v] < len(p.all) {
					return s, p, v, true
				}
			}
		}
	}
	return filterSample{}, property{}, "", false
}

// percentAll encodes everything but unreserved characters.
func percentAll(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// judgeOperators asks for a text with AND inside: one that is there where there
// is one, else one that isn't and so must leave nothing.
func judgeOperators(ctx context.Context, t *T, id string) {
	for _, s := range filterSamples(t) {
		for _, p := range s.properties("text") {
			for _, v := range p.sorted() {
				if heldApart(v) {
					s.filtered(ctx, t, id, p.name+"="+quote(v), exactly(p.where(func(x string) bool { return x == v })))
				}
			}
		}
	}
	for _, s := range filterSamples(t) {
		for _, p := range s.properties("text") {
			if p.name == "sourcedId" || len(p.counts) == 0 {
				continue
			}
			for _, word := range []string{" AND ", " OR "} {
				s.filtered(ctx, t, id, p.name+"="+quote(t.Own("no"+word+"such text")), exactly(map[string]bool{}))
			}
			return
		}
	}
}

// judgeWildcards asks for texts that hold a percent sign or an underscore: a
// wildcard would find more.
func judgeWildcards(ctx context.Context, t *T, id string) {
	for _, s := range filterSamples(t) {
		for _, p := range s.properties("text") {
			if p.name == "sourcedId" || len(p.counts) < 3 {
				continue
			}
			for _, char := range []string{"%", "_"} {
				s.filtered(ctx, t, id, p.name+"~"+quote(t.Own(char)), exactly(p.where(func(v string) bool { return strings.Contains(v, char) })))
			}
			return
		}
	}
}

// judgePatterns asks for texts that would be regular expressions: each finds some text,
// or breaks, where it is taken for one, and as it stands hardly any.
func judgePatterns(ctx context.Context, t *T, id string) {
	for _, s := range filterSamples(t) {
		for _, p := range s.properties("text") {
			part, ok := p.needle()
			if p.name == "sourcedId" || !ok {
				continue
			}
			op := s.List
			ask := func(value string) Collected {
				return t.ReadAll(ctx, op.Path, op.Wrapper, 2*computeMost, "filter", p.name+"~"+quote(value))
			}
			// What can't be asked at all says nothing of patterns.
			if g := ask(part); g.Why != "" && brokenDown(g.First.Response) {
				t.NotTested(t.BlockedAt(g.First.Response, g.Why), id)
				return
			} else if g.Why != "" || len(g.IDs) == 0 {
				t.NotTested(t.BlockedBy(filterAt+"contains", "plain letters are not found: "+g.First.Summary(), g.First.Response), id)
				return
			}
			if g := ask(t.Own("no such text")); g.Why != "" && brokenDown(g.First.Response) {
				t.NotTested(t.BlockedAt(g.First.Response, g.Why), id)
				return
			} else if g.Why != "" || len(g.IDs) > 0 {
				t.NotTested(t.BlockedBy(filterAt+"no-match", "what no text holds leaves something: "+g.First.Summary(), g.First.Response), id)
				return
			}
			for _, pattern := range []string{part[:1] + "." + part[2:], ".*", "^" + part[:1], part + "|" + part, "[" + part + "]", "(", part + "(",
				"*", "[", `\w`} {
				must := p.where(func(v string) bool { return strings.Contains(v, pattern) })
				may := p.where(func(v string) bool { return strings.Contains(fold(v), fold(pattern)) })
				s.filtered(ctx, t, id, p.name+"~"+quote(t.Own(pattern)), answer{must, may})
			}
			return
		}
	}
}

func filterNoMatch(ctx context.Context, t *T) {
	const id = filterAt + "no-match"
	for _, name := range t.Service.Samples.Filtered {
		op := t.Service.Collection(name).List
		if !t.Session().Covers(op.ID) || !filled(t, op) {
			continue // what is empty anyhow proves nothing
		}
		p := part(ctx, t, t.Service.Collection(name), 0, 10, "filter", t.key()+"='no-such-object-here'")
		ok := p.Status == 200 && p.Problem == "" && len(p.Objects) == 0 && (p.Fault == "" || strings.TrimSpace(string(p.Body)) == "{}")
		if !ok && !p.OK() && !t.ItsOwn(ctx, p.Response, id) {
			continue
		}
		samples := filterSamples(t)
		if i := slices.IndexFunc(samples, func(s filterSample) bool { return s.Name == name }); i >= 0 {
			if o, is := samples[i].filterless(ctx, t, id, p.Response); is {
				t.NotTested(o, id)
				continue
			}
		}
		t.Assert(id, ok, harness.Finding{Expected: "200 and an empty list", Seen: p.Summary() + ", " + objects(len(p.Objects)),
			Responses: []*harness.Response{p.Response}})
	}
}

// filteredSub tells whether a parent has as many members as filters are tried on.
func filteredSub(m Members) bool { return len(m.Must) >= 2 && len(m.May) <= 500 }

func filterSub(ctx context.Context, t *T) {
	const id = filterAt + "sub-collections"
	op, parents := sampleSub(t)
	for _, m := range parents {
		key := m.Parent
		if !filteredSub(m) {
			continue
		}
		one := SortedKeys(m.Must)[0]
		g := t.ReadAll(ctx, op.PathFor(key), op.Wrapper, 1000, "filter", "sourcedId="+quote(one))
		if g.Why != "" && !g.First.OK() && !subAnswers(ctx, t, op.PathFor(key), op, g.First, id) {
			return
		}
		for _, s := range filterSamples(t) {
			if s.Kind != op.Kind {
				continue
			}
			if o, is := s.filterless(ctx, t, id, g.First.Response); is {
				t.NotTested(o, id)
				return
			}
		}
		judgeFilter(ctx, t, id, "sourcedId="+quote(one), g, exactly(map[string]bool{one: true}))
		// A filter must not lead to the whole collection. That nobody from outside is listed
		// without one either is judged with the sub-collections.
		outsider, plain := outside(parents, m), t.ReadAll(ctx, op.PathFor(key), op.Wrapper, 1000)
		if outsider != "" && plain.Why == "" && !plain.IDs[outsider] {
			g = t.ReadAll(ctx, op.PathFor(key), op.Wrapper, 1000, "filter", "sourcedId="+quote(outsider))
			if g.Why == "" { // how it is said that nothing is left is judged elsewhere
				judgeFilter(ctx, t, id, "sourcedId="+quote(outsider), g, exactly(map[string]bool{}))
			}
		}
		return
	}
}

// outside finds a member of other parents that is none of this one; empty where all are.
func outside(parents []Members, of Members) string {
	for _, m := range parents {
		for _, id := range SortedKeys(m.Must) {
			if !of.May[id] {
				return id
			}
		}
	}
	return ""
}
