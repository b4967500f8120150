package catalog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// The oracle answers searches in the plainest way, from all resources as they were read, with no
// code of the catalogue's own.

// comparisons are the fields and how their values are read: t text, n number, d date, p period, a ages.
var comparisons = map[string]byte{
	"name": 't', "description": 't', "subject": 't', "learningResourceType": 't', "language": 't', "author": 't', "publisher": 't', "url": 't',
	"technicalFormat": 't', "educationalAudience": 't', "accessMode": 't', "accessibilityFeatures": 't', "accessibilityHazards": 't', "textComplexity.name": 't',
	"learningObjectives.caseItemGUID": 't', "learningObjectives.targetName": 't', "learningObjectives.alignmentType": 't', "rating": 'n',
	"publishDate": 'd', "timeRequired": 'p', "typicalAgeRange": 'a',
}

// ends gives the ends of a value of the oracle's own reckoning, of our own well-formed data.
func ends(kind byte, text string) (low, high float64) {
	switch kind {
	case 'n':
		low, _ = strconv.ParseFloat(text, 64)
	case 'd':
		t, _ := time.Parse("2006-01-02", text)
		low = float64(t.YearDay()) + 1000*float64(t.Year())
	case 'p':
		d, _ := time.ParseDuration(strings.ToLower(strings.TrimPrefix(text, "PT")))
		low = d.Minutes()
	case 'a':
		if _, err := fmt.Sscanf(text, "%g-%g", &low, &high); err != nil {
			panic(text)
		}
		return low, high
	}
	return low, low
}

// valuesAt gives the texts that stand at a path of a document.
func valuesAt(v any, path []string) []string {
	switch v := v.(type) {
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, valuesAt(x, path)...)
		}
		return out
	case map[string]any:
		if len(path) > 0 {
			return valuesAt(v[path[0]], path[1:])
		}
	case string:
		if len(path) == 0 {
			return []string{v}
		}
	}
	return nil
}

// wish is a clause of the oracle.
type wish struct{ field, predicate, value string }

func (w wish) String() string {
	return w.field + w.predicate + "'" + strings.ReplaceAll(w.value, "'", "''") + "'"
}

func (w wish) grants(r map[string]any) bool {
	kind := comparisons[w.field]
	any := false
	for _, v := range valuesAt(r, strings.Split(w.field, ".")) {
		switch {
		case w.predicate == "~":
			any = any || strings.Contains(strings.ToLower(v), strings.ToLower(w.value))
		case kind == 't':
			c := strings.Compare(strings.ToLower(v), strings.ToLower(w.value))
			any = any || map[string]bool{"=": c == 0, "!=": c == 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[w.predicate]
		default:
			a, b := ends(kind, v)
			c, d := ends(kind, w.value)
			any = any || map[string]bool{
				"=": a <= d && b >= c, "!=": a <= d && b >= c, "<": b < c, "<=": b <= d, ">": a > d, ">=": a >= c,
			}[w.predicate]
		}
	}
	return any != (w.predicate == "!=")
}

// draw makes a clause of a value that there is, as it stands or cut, in capitals or not.
func draw(chance *rand.Rand, all []map[string]any) wish {
	fields := make([]string, 0, len(comparisons))
	for f := range comparisons {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	for {
		w := wish{field: fields[chance.IntN(len(fields))], predicate: []string{"=", "!=", "<", "<=", ">", ">=", "~"}[chance.IntN(7)]}
		values := valuesAt(all[chance.IntN(len(all))], strings.Split(w.field, "."))
		if len(values) == 0 || strings.Contains(values[0], ",") {
			continue // lists have a test of their own
		}
		w.value = values[chance.IntN(len(values))]
		if w.predicate == "~" && len(w.value) > 4 {
			runes := []rune(w.value)
			from := chance.IntN(len(runes) - 3)
			w.value = string(runes[from : from+1+chance.IntN(3)])
		}
		if comparisons[w.field] == 't' && chance.IntN(3) == 0 {
			w.value = strings.ToUpper(w.value)
		}
		if strings.Contains(w.value, ",") {
			continue
		}
		return w
	}
}

// Whatever is searched for, both databases find what the oracle finds, in its order.
func TestSearchesAsTheOracle(t *testing.T) {
	for name, dsn := range map[string]func(*testing.T) string{
		"sqlite":   func(*testing.T) string { return "" },
		"postgres": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) { compareWithOracle(t, dsn(t)) })
	}
}

func compareWithOracle(t *testing.T, dsn string) {
	const items, rounds = 300, 150
	s := serve(t, dsn, items, nil)
	var all []map[string]any
	for offset := 0; offset < items; offset += 100 {
		all = append(all, s.search(t, "offset="+strconv.Itoa(offset)).Resources...)
	}
	chance := rand.New(rand.NewPCG(1, 2))
	some := 0
	for range rounds {
		one, two := draw(chance, all), draw(chance, all)
		text, operator := one.String(), []string{"", " AND ", " OR "}[chance.IntN(3)]
		if operator != "" {
			text += operator + two.String()
		}
		var want []map[string]any
		for _, r := range all {
			a, b := one.grants(r), two.grants(r)
			if operator == "" && a || operator == " AND " && a && b || operator == " OR " && (a || b) {
				want = append(want, r)
			}
		}
		query := filter(text)
		if field := one.field; chance.IntN(2) == 0 && !strings.Contains(field, ".") {
			descending := chance.IntN(2) == 0
			query += "&sort=" + field
			if descending {
				query += "&orderBy=desc"
			}
			slices.SortStableFunc(want, func(x, y map[string]any) int { return order(field, descending, x, y) })
		}
		got := s.search(t, query)
		if got.total != len(want) || mustJSON(got.Resources) != mustJSON(append([]map[string]any{}, want[:min(100, len(want))]...)) {
			t.Errorf("%s finds %d, the oracle %d, or in another order", text, got.total, len(want))
		}
		if 0 < len(want) && len(want) < items {
			some++
		}
	}
	if some < rounds/2 {
		t.Errorf("only %d searches of %d find a part", some, rounds)
	}
	for list, wanted := range map[string][]string{
		"learningResourceType='game, LECTURE'": {"Game", "Lecture"}, "language='es,fr'": {"es", "fr"}, "language='zh'": {"zh"},
	} {
		field, _, _ := strings.Cut(list, "=")
		want := 0
		for _, r := range all {
			if slices.ContainsFunc(valuesAt(r, []string{field}), func(v string) bool { return slices.Contains(wanted, v) }) {
				want++
			}
		}
		if got := s.search(t, filter(list)).total; got != want || want == 0 {
			t.Errorf("%s finds %d, want %d", list, got, want)
		}
		if got := s.search(t, filter(strings.Replace(list, "=", "!=", 1))).total; got != items-want {
			t.Errorf("not %s finds %d, want %d", list, got, items-want)
		}
	}
	for text, wanted := range map[string]float64{"textComplexity.value>='700L'": 700, "textComplexity.value>='700'": 700} {
		want := 0
		for _, r := range all {
			if slices.ContainsFunc(valuesAt(r, []string{"textComplexity", "value"}), func(v string) bool {
				n, err := strconv.ParseFloat(strings.TrimSuffix(v, "L"), 64)
				return err == nil && n >= wanted
			}) {
				want++
			}
		}
		if got := s.search(t, filter(text)).total; got != want || want == 0 {
			t.Errorf("%s finds %d, want %d", text, got, want)
		}
	}
	for _, words := range []string{"reading", "FRACTIONS", "o'hara", "élise", "elise"} {
		want := map[string]int{"reading": 0}[words]
		plain := strings.NewReplacer("'", "", "é", "e", "É", "e").Replace
		for _, r := range all {
			body := r["name"].(string)
			for _, f := range []string{"subject", "description", "author", "learningResourceType", "publisher",
				"learningObjectives.targetName", "learningObjectives.targetDescription"} {
				body += " " + strings.Join(valuesAt(r, strings.Split(f, ".")), " ")
			}
			tokens := strings.FieldsFunc(strings.ToLower(plain(body)), func(c rune) bool { return strings.ContainsRune(" .,:;?!/()¿-+&", c) })
			if slices.Contains(tokens, strings.ToLower(plain(words))) {
				want++
			}
		}
		if got := s.search(t, filter("search~'"+strings.ReplaceAll(words, "'", "''")+"'")).total; got != want || want == 0 {
			t.Errorf("the word %s is found %d times, want %d", words, got, want)
		}
	}
}

// order is that of two resources by the first value of a field; what has none comes last.
func order(field string, descending bool, x, y map[string]any) int {
	a, b := valuesAt(x, []string{field}), valuesAt(y, []string{field})
	switch {
	case len(a) == 0 || len(b) == 0:
		return min(1, len(b)) - min(1, len(a))
	}
	var c int
	if kind := comparisons[field]; kind == 't' {
		c = strings.Compare(strings.ToLower(a[0]), strings.ToLower(b[0]))
	} else {
		low, _ := ends(kind, a[0])
		other, _ := ends(kind, b[0])
		c = int(min(1, max(-1, low-other)))
	}
	if descending {
		return -c
	}
	return c
}
