package rest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const filterAt = "filter."

// filterChecks judge filter by computing each answer from the crawl.
func filterChecks(of *service.Service) []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = filterAt + requirements[i]
		}
		return Check{ID: "filter." + name, Title: title, Requirements: requirements, Labels: []string{"filter"}, Needs: needs, Body: body}
	}
	varied := inBody("a collection whose objects differ in a date, a text and a term of a vocabulary")
	list := []Check{
		c("equality", "The predicates = and != leave what they say", varied, filterEquality, "equal", "not-equal", "sourced-id", "vocabulary",
			"boolean", "not-ignored"),
		c("order", "The predicates >, >=, < and <= leave what they say", threeDates(), filterOrder, "greater",
			"greater-or-equal", "less", "less-or-equal", "date", "date-time"),
		c("contains", "The predicate ~ leaves the objects whose text contains the value", []Need{dividedText()}, filterContains, "contains"),
		c("logic", "AND leaves what satisfies both clauses, OR what satisfies either", crossed(), filterLogic, "and", "or", "many-clauses"),
		c("or-confined", "OR never reaches outside the collection asked", inBody(of.Words.Outside), filterConfined, "or-confined"),
		c("date-forms", "Instants are understood in every form of ISO 8601", threeTimes(), filterDateForms,
			"date-time-forms", "bare-date"),
		c("text-order", "Order predicates work on text, or are refused", fiveTexts(of), filterTextOrder, "text-order"),
		c("nested", "Nested properties and lists can be filtered, or are refused", nestedNeeds(of),
			filterNested, "nested", "list-contains", "list-equal"),
		c("every-field", "A collection can be filtered on each single-valued property",
			differing(func(_ *T, _ filterSample, p property) bool { return p.divided() }), filterEvery, "every-field"),
		c("refused", "What is no filter is refused, and never a server error", nil, filterRefused, "unknown-field", "malformed", "unquoted",
			"bad-literal", "no-500"),
		c("characters", "Quotes, operators, wildcards and reserved characters in a value stand for themselves",
			characterNeeds(of), filterCharacters,
			"apostrophe", "literal-operators", "literal-wildcards", "literal-patterns", "percent-encoding",
			"reserved-characters", "plus-as-blank", "utf8"),
		c("no-match", "A filter that nothing satisfies is an empty page", filledSample(of), filterNoMatch, "no-match"),
		c("sub-collections", "Sub-collections can be filtered", sampled(of, "two", filteredSub), filterSub, "sub-collections"),
	}
	if of.Numbers() {
		list = append(list, c("number", "Numbers are compared as numbers", []Need{happens("numbers that stand in another order than as texts",
			"no collection has numbers that stand in another order than as texts",
			func(_ *T, samples []filterSample) bool {
				return slices.ContainsFunc(samples, func(s filterSample) bool {
					return slices.ContainsFunc(s.numbers(), func(p property) bool { _, ok := p.telling(); return ok })
				})
			})}, filterNumbers, "number"))
	}
	return list
}

// answer is what a filter has to leave, and what it may leave besides where the
// standard is open.
type answer struct{ must, may map[string]bool }

func exactly(ids map[string]bool) answer { return answer{ids, ids} }

// filtered reads what a filter leaves of a collection, and judges it against the
// computed answers: any of them will do.
func (s filterSample) filtered(ctx context.Context, t *T, id, filter string, answers ...answer) bool {
	op := s.List
	g := t.ReadAll(ctx, op.Path, op.Wrapper, 2*computeMost, "filter", filter)
	if o, is := s.filterless(ctx, t, id, g.First.Response); is {
		t.NotTested(o, id)
		return false
	}
	return judgeFilter(ctx, t, id, filter, g, answers...)
}

// filterless tells, of a filter that was refused, whether none is taken: where the simplest,
// whatever its property, is refused as well, that is the one cause.
func (s filterSample) filterless(ctx context.Context, t *T, id string, r *harness.Response) (harness.Obstacle, bool) {
	const equal = filterAt + "equal"
	if id == equal || !refuses(r) {
		return fine()
	}
	var last *harness.Response
	tried := 0
	for _, p := range s.properties("text", "vocabulary") {
		v, ok := p.dividing()
		if !ok || tried >= 3 {
			continue
		}
		tried++
		page := part(ctx, t, s.Collection, 0, 1, "filter", p.name+"="+quote(v))
		if last = page.Response; !refuses(last) {
			return fine()
		}
	}
	if last == nil {
		return fine()
	}
	return t.BlockedBy(equal, "a filter with = is refused whatever the property: "+last.Summary(), last).
		Expecting("200, and the objects that the filter leaves"), true
}

// refuses tells whether an answer says that what was asked for is not to be had so.
func refuses(r *harness.Response) bool {
	return r.Problem == "" &&
		slices.Contains([]int{http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusNotImplemented}, r.Status)
}

func judgeFilter(ctx context.Context, t *T, id, filter string, g Collected, answers ...answer) bool {
	shown := []*harness.Response{g.First.Response}
	where := "filter=" + t.Session().Redactor().URL("filter=" + filter)[len("filter="):]
	if g.Why != "" && g.First.OK() {
		g.Usable(t, id)
		return false
	}
	if g.Why != "" {
		if !t.ItsOwn(ctx, g.First.Response, id) {
			return false
		}
		t.Fail(id, harness.Finding{Expected: "200 and the " + objects(len(answers[0].must)) + " that the filter leaves", Seen: g.Why,
			Where: where, Responses: shown})
		return false
	}
	for _, a := range answers {
		if len(Apart(a.must, g.IDs)) == 0 && len(Apart(g.IDs, a.may)) == 0 {
			t.Examined(id, 1)
			return true
		}
	}
	a := answers[0]
	t.Fail(id, harness.Finding{Expected: "the " + objects(len(a.must)) + " that the filter leaves",
		Seen: fmt.Sprintf("%s; %s", objects(len(g.IDs)), difference(a.must, Without(g.IDs, a.may, a.must))), Where: where, Responses: shown})
	return false
}

// objects counts them in words of a sentence.
func objects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}

// refusedInstead tells whether a filter was refused properly; some requirements
// allow that.
func refusedInstead(g Collected) bool {
	return g.First != nil && (g.First.Status == 400 || g.First.Status == 422)
}

// dividing picks a value that some objects have and others don't.
func (p property) dividing() (string, bool) {
	for _, v := range p.sorted() {
		if n := p.counts[v]; n > 0 && n < len(p.all) && !strings.ContainsAny(v, "'%_\\") {
			return v, true
		}
	}
	return "", false
}

// divided tells whether there is such a value.
func (p property) divided() bool {
	_, ok := p.dividing()
	return ok
}

func filterEquality(ctx context.Context, t *T) {
	const equal, not, byID, term, truth, ignored = filterAt + "equal", filterAt + "not-equal", filterAt + "sourced-id",
		filterAt + "vocabulary", filterAt + "boolean", filterAt + "not-ignored"
	list := filterSamples(t)
	for i, s := range list {
		if i >= 3 {
			break
		}
		for _, kind := range []string{"text", "vocabulary", "boolean"} {
			for n, p := range s.properties(kind) {
				v, ok := p.dividing()
				if !ok || n > 2 {
					continue
				}
				same := p.where(func(x string) bool { return x == v })
				id := equal
				switch {
				case p.name == "sourcedId":
					id = byID
				case kind == "vocabulary":
					id = term
				case kind == "boolean":
					id = truth
				}
				loose, other := same, p.where(func(x string) bool { return x != v })
				apart := other
				if t.Service.Content { // a search may take no heed of case
					loose = p.where(func(x string) bool { return fold(x) == fold(v) })
					apart = p.where(func(x string) bool { return fold(x) != fold(v) })
				}
				right := s.filtered(ctx, t, id, p.name+"="+quote(v), answer{same, loose})
				if id != equal && right {
					t.Examined(equal, 1)
				}
				judgeIgnored(ctx, t, ignored, s, p.name+"="+quote(v), same)
				s.filtered(ctx, t, not, p.name+"!="+quote(v), answer{apart, union(other, p.absent())})
			}
		}
	}
	// That all are enabled, or active, is a state of affairs and no lack.
	t.Absent("no collection has objects that differ in such a property", truth, term)
	t.Settle(t.lackingSmall("no collection has objects that differ in such a property", "Load objects with different values."))
}

// judgeIgnored looks whether a filter that leaves few objects gave them all.
func judgeIgnored(ctx context.Context, t *T, id string, s filterSample, filter string, want map[string]bool) {
	p := part(ctx, t, s.Collection, 0, PageSize(t), "filter", filter)
	if !p.OK() {
		return // refused: not ignored
	}
	whole := len(p.IDs) >= min(len(s.objects), 100) && len(want) < len(p.IDs)
	t.Assert(id, !whole, harness.Finding{Expected: objects(len(want)) + ", or a refusal",
		Seen: objects(len(p.IDs)) + ", as without the filter", Responses: []*harness.Response{p.Response}})
}

func filterOrder(ctx context.Context, t *T) {
	kinds := map[string]string{"date": filterAt + "date", "date-time": filterAt + "date-time"}
	predicates := []struct {
		id, sign string
		want     func(c int) bool
	}{
		{filterAt + "greater", ">", func(c int) bool { return c > 0 }}, {filterAt + "greater-or-equal", ">=", func(c int) bool { return c >= 0 }},
		{filterAt + "less", "<", func(c int) bool { return c < 0 }}, {filterAt + "less-or-equal", "<=", func(c int) bool { return c <= 0 }},
	}
	tried := map[string]int{}
	for _, s := range filterSamples(t) {
		for _, p := range s.properties("date", "date-time") {
			if len(p.counts) < 3 || tried[p.kind] >= 3 {
				continue
			}
			tried[p.kind]++
			values := p.sorted()
			boundary := values[len(values)/2]
			if p.kind == "date-time" {
				boundary = asUTC(boundary)
			}
			all := true
			for _, x := range predicates {
				want := p.where(func(v string) bool { return x.want(p.compare(v, boundary)) })
				all = s.filtered(ctx, t, x.id, p.name+x.sign+quote(boundary), exactly(want)) && all
			}
			// The kind of property is judged by the equality too, which has no
			// boundary to mistake.
			t.Examined(kinds[p.kind], 1)
			same := p.where(func(v string) bool { return p.compare(v, boundary) == 0 })
			s.filtered(ctx, t, kinds[p.kind], p.name+"="+quote(boundary), exactly(same))
			if p.kind == "date-time" {
				judgeMilliseconds(ctx, t, s, p, kinds[p.kind])
			}
			_ = all
		}
	}
}

// threeDates are the needs of the predicates that compare.
func threeDates() []Need {
	three := func(kinds ...string) func(*T, []filterSample) bool {
		return func(_ *T, samples []filterSample) bool {
			return holds(samples, func(_ filterSample, p property) bool { return len(p.counts) >= 3 }, kinds...)
		}
	}
	const without = "no collection has three different dates"
	const load = "Load objects with different dates, and change some at different times."
	return []Need{
		found("a collection with three different dates", without, load, three("date", "date-time")).
			For(filterAt+"greater", filterAt+"greater-or-equal", filterAt+"less", filterAt+"less-or-equal"),
		found("a collection with three different dates without a time", without, load, three("date")).For(filterAt + "date"),
		happens("objects that changed at three different times",
			"no collection has objects that changed at three different times", three("date-time")).
			For(filterAt + "date-time"),
	}
}

// filterNumbers asks for what is above and below a number where a comparison of texts would
// leave others.
func filterNumbers(ctx context.Context, t *T) {
	const id = filterAt + "number"
	for _, s := range filterSamples(t) {
		for _, p := range s.numbers() {
			v, ok := p.telling()
			if !ok {
				continue
			}
			s.filtered(ctx, t, id, p.name+">"+quote(v), exactly(p.where(func(x string) bool { return p.compare(x, v) > 0 })))
			s.filtered(ctx, t, id, p.name+"<"+quote(v), exactly(p.where(func(x string) bool { return p.compare(x, v) < 0 })))
		}
	}
}

func filterContains(ctx context.Context, t *T) {
	const id = filterAt + "contains"
	tried := 0
	for _, s := range filterSamples(t) {
		for _, p := range s.properties("text") {
			if tried >= 4 || p.name == "sourcedId" {
				continue
			}
			needle, ok := p.needle()
			if !ok {
				continue
			}
			tried++
			must := p.where(func(v string) bool { return strings.Contains(v, needle) })
			may := p.where(func(v string) bool { return strings.Contains(fold(v), fold(needle)) })
			s.filtered(ctx, t, id, p.name+"~"+quote(needle), answer{must, may})
		}
	}
}

// dividedText needs a text with a part that only some objects have.
func dividedText() Need {
	return found("a text with a part that divides the objects", "no text has a part that divides the objects",
		"Load objects with different names.", func(_ *T, samples []filterSample) bool {
			return holds(samples, func(_ filterSample, p property) bool {
				_, ok := p.needle()
				return ok && p.name != "sourcedId"
			}, "text")
		})
}

// needle picks three letters from inside a value that some values hold and
// others don't, so that neither equality nor a beginning would find the same.
func (p property) needle() (string, bool) {
	for _, v := range p.sorted() {
		letters := []rune(v)
		for i := 1; i+4 <= len(letters); i++ {
			part := string(letters[i : i+3])
			if strings.ContainsAny(part, "'%_\\&+# ") || !plainLetters(part) {
				continue
			}
			n := len(p.where(func(x string) bool { return strings.Contains(fold(x), fold(part)) }))
			if n > 0 && n < len(p.values) {
				return part, true
			}
		}
	}
	return "", false
}

func plainLetters(s string) bool {
	return !slices.ContainsFunc([]rune(s), func(r rune) bool { return r > 0x7F })
}

// fold removes the distinctions that a case-insensitive or accent-insensitive
// comparison of a database ignores.
func fold(s string) string { return strings.ToLower(stripAccents(s)) }

// clauses are two that each leave other objects of a sample, so that both matter.
type clauses struct {
	filterSample
	left, right string
	both        map[string]bool
	either      map[string]bool
}

// twoProperties looks for a sample with two properties that divide its objects differently.
func twoProperties(samples []filterSample) (clauses, bool) {
	for _, s := range samples {
		ps := slices.DeleteFunc(s.properties("vocabulary", "boolean", "date", "text"),
			func(p property) bool { return !p.divided() || p.name == "sourcedId" })
		for i, p := range ps {
			for _, q := range ps[i+1:] {
				for _, v := range p.sorted() {
					for _, w := range q.sorted() {
						a := p.where(func(x string) bool { return x == v })
						b := q.where(func(x string) bool { return x == w })
						both := intersect(a, b)
						// Only operands of which each matters tell the operators apart.
						if len(both) > 0 && len(both) < len(a) && len(both) < len(b) && !strings.ContainsAny(v+w, "'%_\\&+#") {
							return clauses{s, p.name + "=" + quote(v), q.name + "=" + quote(w), both, union(a, b)}, true
						}
					}
				}
			}
		}
	}
	return clauses{}, false
}

// crossed needs such a sample.
func crossed() []Need {
	return []Need{found("a collection with two properties that divide its objects differently",
		"no collection has two properties that divide its objects differently",
		"Load objects that differ in two properties, such as status and type.",
		func(_ *T, samples []filterSample) bool { _, ok := twoProperties(samples); return ok })}
}

func filterLogic(ctx context.Context, t *T) {
	const and, or, many = filterAt + "and", filterAt + "or", filterAt + "many-clauses"
	c, _ := twoProperties(filterSamples(t))
	c.filtered(ctx, t, and, c.left+" AND "+c.right, exactly(c.both))
	c.filtered(ctx, t, or, c.left+" OR "+c.right, exactly(c.either))
	// The third clause takes one of them out, so that it counts too.
	out := SortedKeys(c.both)[0]
	if t.Service.Content { // all that have its name go with it
		out = c.property(t.key(), "text").values[out]
		c.both = Without(c.both, c.property(t.key(), "text").where(func(v string) bool { return v == out }), nil)
	} else {
		delete(c.both, out)
	}
	three := c.left + " AND " + c.right + " AND " + t.key() + "!=" + quote(out)
	if g := t.ReadAll(ctx, c.List.Path, c.List.Wrapper, 2*computeMost, "filter", three); refusedInstead(g) {
		t.Examined(many, 1)
	} else {
		judgeFilter(ctx, t, many, three, g, exactly(c.both))
	}
}

func filterConfined(ctx context.Context, t *T) {
	const id = filterAt + "or-confined"
	filter := "status='active' OR status='tobedeleted'"
	for _, c := range t.Service.Collections {
		if c.Part == nil || !t.Session().Covers(c.List.ID) || !t.Need([]string{id}, c.Part.Of, c.Name) {
			continue
		}
		r := crawl(t)
		inside := r.IDs(c.Name)
		if len(inside) == r.Raw(c.Part.Of).Len() || len(inside) == 0 || len(inside) > computeMost {
			continue
		}
		op := c.List
		g := t.ReadAll(ctx, op.Path, op.Wrapper, 2*computeMost, "filter", filter)
		if g.Why != "" {
			if t.ItsOwn(ctx, g.First.Response, id) {
				t.NotTested(t.BlockedBy(filterAt+"or", g.First.Line()+": "+g.Why, g.First.Response), id)
			}
			continue
		}
		// Outside is who doesn't belong there by the whole collection: that the
		// derived one lists them all is judged by itself.
		extra := slices.DeleteFunc(Apart(g.IDs, inside), func(x string) bool {
			i := r.Index(c.Kind, x)
			if i < 0 {
				return false
			}
			may, _ := model(t).Stands(c, i)
			return may
		})
		t.Assert(id, len(extra) == 0, harness.Finding{Expected: "objects of /" + c.Name + " only",
			Seen: fmt.Sprintf("%d others (%s)", len(extra),
				Examples(extra)), Where: "filter=" + filter, Responses: []*harness.Response{g.First.Response}})
	}
	t.Lacks("every object is in every derived collection", t.Service.Words.OutsideLoad, id)
}
