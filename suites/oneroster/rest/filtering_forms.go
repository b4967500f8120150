package rest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// stripAccents removes combining marks.
func stripAccents(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// asUTC writes an instant with milliseconds and Z, the usual form.
func asUTC(v string) string {
	at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(v))
	if err != nil {
		return v
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// judgeMilliseconds asks on both sides of an instant, one millisecond away: what
// drops the fraction, or the time of day, can't tell them apart.
func judgeMilliseconds(ctx context.Context, t *T, s filterSample, p property, id string) {
	values := p.sorted()
	at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(values[len(values)/2]))
	if err != nil {
		return
	}
	for _, step := range []time.Duration{-time.Millisecond, time.Millisecond} {
		boundary := at.Add(step).UTC().Format("2006-01-02T15:04:05.000Z")
		want := p.where(func(v string) bool { return p.compare(v, boundary) > 0 })
		s.filtered(ctx, t, id, p.name+">"+quote(boundary), exactly(want))
	}
}

// changedThrice looks for a sample whose objects changed at three different times, and gives
// the one in the middle.
func changedThrice(samples []filterSample) (s filterSample, p property, at time.Time, ok bool) {
	for _, s := range samples {
		p := s.property("dateLastModified", "date-time")
		if len(p.counts) < 3 {
			continue
		}
		values := p.sorted()
		if at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(values[len(values)/2])); err == nil {
			return s, p, at.UTC().Truncate(time.Second), true
		}
	}
	return filterSample{}, property{}, time.Time{}, false
}

// threeTimes needs such a sample.
func threeTimes() []Need {
	return []Need{happens("objects that changed at three different times",
		"no collection has objects that changed at three different times",
		func(_ *T, samples []filterSample) bool { _, _, _, ok := changedThrice(samples); return ok })}
}

func filterDateForms(ctx context.Context, t *T) {
	const forms, bare = filterAt + "date-time-forms", filterAt + "bare-date"
	s, p, at, _ := changedThrice(filterSamples(t))
	want := p.where(func(v string) bool { return p.compare(v, at.Format(time.RFC3339Nano)) > 0 })
	for _, layout := range []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05+00:00"} {
		s.filtered(ctx, t, forms, "dateLastModified>"+quote(at.Format(layout)), exactly(want))
	}
	east := at.In(time.FixedZone("", 2*3600)).Format("2006-01-02T15:04:05-07:00")
	s.filtered(ctx, t, forms, "dateLastModified>"+quote(east), exactly(want))
	day := at.Format(time.DateOnly)
	since := p.where(func(v string) bool { return p.compare(v, day+"T00:00:00Z") >= 0 })
	op := s.List
	if g := t.ReadAll(ctx, op.Path, op.Wrapper, 2*computeMost, "filter", "dateLastModified>="+quote(day)); refusedInstead(g) {
		t.Examined(bare, 1)
	} else {
		judgeFilter(ctx, t, bare, "dateLastModified>="+quote(day), g, exactly(since))
	}
}

// plainTexts looks for a sample with five different texts, of which the one in the middle can
// be written in a filter as it is.
func plainTexts(samples []filterSample) (s filterSample, p property, boundary string, ok bool) {
	for _, s := range samples {
		for _, p := range s.properties("text") {
			if p.name == "sourcedId" || len(p.counts) < 5 {
				continue
			}
			values := p.sorted()
			boundary := values[len(values)/2]
			if !strings.ContainsAny(boundary, "'%_\\&+#") && plainLetters(boundary) {
				return s, p, boundary, true
			}
		}
	}
	return filterSample{}, property{}, "", false
}

// fiveTexts needs such a sample.
func fiveTexts(of *service.Service) []Need {
	return []Need{found("a collection with five different plain texts", "no collection has five different plain texts",
		"Load five "+of.Words.Many+" with different names.",
		func(_ *T, samples []filterSample) bool { _, _, _, ok := plainTexts(samples); return ok })}
}

func filterTextOrder(ctx context.Context, t *T) {
	const id = filterAt + "text-order"
	s, p, boundary, _ := plainTexts(filterSamples(t))
	var answers []answer
	for _, compare := range orders() {
		answers = append(answers, exactly(p.where(func(v string) bool { return compare(v, boundary) >= 0 })))
	}
	op := s.List
	filter := p.name + ">=" + quote(boundary)
	if g := t.ReadAll(ctx, op.Path, op.Wrapper, 2*computeMost, "filter", filter); refusedInstead(g) {
		t.Examined(id, 1)
	} else {
		judgeFilter(ctx, t, id, filter, g, answers...)
	}
}

// nestedNeeds are those of filters on members within members, and on lists.
func nestedNeeds(of *service.Service) []Need {
	return []Need{
		found(of.Words.Nested, "no collection has references that differ", of.Words.NestedLoad,
			func(_ *T, samples []filterSample) bool {
				return slices.ContainsFunc(samples, func(s filterSample) bool {
					return slices.ContainsFunc(s.kind.Nested, func(name string) bool { return s.property(name, "text").divided() })
				})
			}).For(filterAt + "nested"),
		happens("a list of grades or subjects that differs", "no collection has a list of grades or subjects that differs",
			func(_ *T, samples []filterSample) bool {
				return slices.ContainsFunc(samples, func(s filterSample) bool {
					return slices.ContainsFunc(s.kind.Lists, func(name string) bool {
						_, _, ok := twoOf(s.lists(name), len(s.objects))
						return ok
					})
				})
			}).For(filterAt+"list-contains", filterAt+"list-equal"),
	}
}

func filterNested(ctx context.Context, t *T) {
	const nested, contains, equal = filterAt + "nested", filterAt + "list-contains", filterAt + "list-equal"
	for _, s := range filterSamples(t) {
		for _, name := range s.kind.Nested {
			p := s.property(name, "text")
			v, ok := p.dividing()
			if !ok {
				continue
			}
			judgeOrRefused(ctx, t, s, nested, name+"="+quote(v), exactly(p.where(func(x string) bool { return x == v })))
		}
		for _, name := range s.kind.Lists {
			lists := s.lists(name)
			v, w, ok := twoOf(lists, len(s.objects))
			if !ok {
				continue
			}
			any := map[string]bool{}
			for id, l := range lists {
				if slices.Contains(l, v) || slices.Contains(l, w) {
					any[id] = true
				}
			}
			all, loose := holdersOf(lists, v)
			judgeOrRefused(ctx, t, s, contains, name+"~"+quote(v), answer{all, loose})
			if x, ok := behind(lists, len(s.objects)); ok {
				must, may := holdersOf(lists, x)
				judgeOrRefused(ctx, t, s, contains, name+"~"+quote(x), answer{must, may})
			}
			judgeOrRefused(ctx, t, s, contains, name+"~"+quote(v+","+w), exactly(any), exactly(map[string]bool{}))
			only, _ := holdersAlone(lists, v)
			judgeOrRefused(ctx, t, s, equal, name+"="+quote(v), answer{only, all})
			if x, ok := anywhere(lists, len(s.objects)); ok { // who finds it first in a list of several finds it behind as well
				only, same := holdersAlone(lists, x)
				all, _ = holdersOf(lists, x)
				judgeOrRefused(ctx, t, s, equal, name+"="+quote(x), answer{only, same}, exactly(all))
			}
			break
		}
	}
}

// judgeOrRefused asks a filter that may be refused, but must not be wrong.
func judgeOrRefused(ctx context.Context, t *T, s filterSample, id, filter string, answers ...answer) {
	op := s.List
	if g := t.ReadAll(ctx, op.Path, op.Wrapper, 2*computeMost, "filter", filter); refusedInstead(g) {
		t.Examined(id, 1)
		t.Note(id, "%s was refused, as the standard's text leaves open", filter)
	} else {
		judgeFilter(ctx, t, id, filter, g, answers...)
	}
}

// lists gives a list property of every object that has it.
func (s filterSample) lists(name string) map[string][]string {
	out := map[string][]string{}
	for id, o := range s.objects {
		l, _ := o[name].([]any)
		for _, v := range l {
			if text, isText := v.(string); isText {
				out[id] = append(out[id], text)
			}
		}
	}
	return out
}

// holdersOf gives what holds an entry, and what may be taken to hold it: a contains that works
// on the text of each entry is a sane reading as well.
func holdersOf(lists map[string][]string, entry string) (must, may map[string]bool) {
	must, may = map[string]bool{}, map[string]bool{}
	for id, l := range lists {
		if slices.Contains(l, entry) {
			must[id] = true
		}
		if slices.ContainsFunc(l, func(x string) bool { return strings.Contains(fold(x), fold(entry)) }) {
			may[id] = true
		}
	}
	return must, may
}

// holdersAlone gives those whose list is that entry, and those whose list holds nothing else.
func holdersAlone(lists map[string][]string, entry string) (only, same map[string]bool) {
	only, same = map[string]bool{}, map[string]bool{}
	for id, l := range lists {
		if slices.ContainsFunc(l, func(x string) bool { return x != entry }) {
			continue
		}
		same[id] = true
		if len(l) == 1 {
			only[id] = true
		}
	}
	return only, same
}

// anywhere picks an entry that is the first of some lists of several and stands behind in others.
func anywhere(lists map[string][]string, all int) (string, bool) {
	first, later := map[string]bool{}, map[string]bool{}
	for _, l := range lists {
		for i, x := range l {
			first[x] = first[x] || i == 0 && len(l) > 1
			later[x] = later[x] || i > 0
		}
	}
	for _, x := range slices.Sorted(maps.Keys(first)) {
		holders, _ := holdersOf(lists, x)
		if first[x] && later[x] && len(holders) < all && !strings.ContainsAny(x, "',%_\\&+#") {
			return x, true
		}
	}
	return "", false
}

// behind picks an entry that stands behind others in a list, and that divides the objects: who
// looks at the first of a list alone doesn't find it there.
func behind(lists map[string][]string, all int) (string, bool) {
	counts, later := map[string]int{}, map[string]bool{}
	for _, l := range lists {
		for i, x := range l {
			counts[x]++
			later[x] = later[x] || i > 0
		}
	}
	for _, x := range slices.Sorted(maps.Keys(counts)) {
		if counts[x] < all && later[x] && !strings.ContainsAny(x, "',%_\\&+#") {
			return x, true
		}
	}
	return "", false
}

// twoOf picks two entries that divide the objects.
func twoOf(lists map[string][]string, all int) (v, w string, ok bool) {
	counts := map[string]int{}
	for _, l := range lists {
		for _, x := range l {
			counts[x]++
		}
	}
	var names []string
	for x, n := range counts {
		if n < all && !strings.ContainsAny(x, "',%_\\&+#") {
			names = append(names, x)
		}
	}
	slices.Sort(names)
	if len(names) < 2 {
		return "", "", false
	}
	return names[0], names[len(names)-1], true
}

func filterEvery(ctx context.Context, t *T) {
	const id = filterAt + "every-field"
	for _, s := range filterSamples(t) {
		for _, p := range s.properties("text", "vocabulary", "boolean", "date", "date-time") {
			v, ok := p.dividing()
			if !ok {
				continue
			}
			if p.kind == "date-time" {
				v = asUTC(v)
			}
			s.filtered(ctx, t, id, p.name+"="+quote(v), exactly(p.where(func(x string) bool { return p.compare(x, v) == 0 })))
		}
	}
}

func filterRefused(ctx context.Context, t *T) {
	const field, malformed, unquoted, literal, alive = filterAt + "unknown-field", filterAt + "malformed", filterAt + "unquoted",
		filterAt + "bad-literal", filterAt + "no-500"
	refused := func(status int) bool { return status == 400 || status == 422 }
	named, state, dated := t.property(), t.state(), t.dated()
	for _, try := range []struct {
		id, filter string
		ok         func(int) bool
	}{
		{field, "noSuchProperty='x'", func(s int) bool { return s == 400 }},
		{field, "no.such.property='x'", func(s int) bool { return s == 400 }},
		{malformed, state, refused}, {malformed, state + "=", refused}, {malformed, "='active'", refused}, {malformed, state + "='active",
			refused},
		{malformed, state + "='active' AND", refused}, {malformed, state + "='active' AND AND " + state + "='active'", refused},
		{unquoted, state + "=active", refused}, {unquoted, state + "=’active’", refused}, {unquoted, state + `="active"`, refused},
		{literal, dated + ">'yesterday'", refused}, {literal, dated + ">'2026-99-99T00:00:00Z'", refused},
		{"", named + "='O''Brien'", nil}, {"", named + "='''", nil}, {"", named + "~'%'", nil}, {"",
			named + "='" + strings.Repeat("x",
				2000) + "'", nil}, {"", "((((", nil}, {"", named + "='a' OR OR", nil}, {"", state + "='active' and " + state + "='active'", nil},
	} {
		r, ok := provoked(ctx, t, t.sample().List.Path, Query("filter", try.filter, "limit", "5"),
			slices.DeleteFunc([]string{alive, try.id}, func(id string) bool { return id == "" })...)
		if !ok {
			continue
		}
		shown := []*harness.Response{r}
		t.Assert(alive, r.Status < 500 && r.Problem == "",
			harness.Finding{Expected: "no server error", Seen: r.Summary(), Where: "filter=" + try.filter, Responses: shown})
		if try.id == "" {
			continue
		}
		if r.Status >= 500 || r.Problem != "" {
			t.NotTested(t.BlockedBy(alive, "filter="+try.filter+" is answered with "+r.Summary(), r), try.id)
			continue
		}
		if !try.ok(r.Status) && r.Status != 200 && !t.ItsOwn(ctx, r, try.id) {
			continue
		}
		t.Assert(try.id, try.ok(r.Status), harness.Finding{Expected: "400", Seen: r.Summary(), Where: "filter=" + try.filter, Responses: shown})
	}
	survives := func(path, q, where string) {
		if r, ok := provoked(ctx, t, path, q, alive); ok {
			t.Assert(alive, r.Status < 500 && r.Problem == "",
				harness.Finding{Expected: "no server error", Seen: r.Summary(), Where: where, Responses: []*harness.Response{r}})
		}
	}
	survives(t.sample().List.Path, Query("filter", state+"='active'", "filter", state+"='tobedeleted'", "limit", "5"), "filter, given twice")
	eachStructured(t, func(path, property string) {
		for _, sign := range []string{"=", "~"} {
			filter := property + sign + "'09'"
			survives(path, Query("filter", filter, "limit", "5"), path+", filter="+filter)
		}
	})
}
