package resourcesearch

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The description of the service can be read, and each check of the suite says what it decides.
func TestSuite(t *testing.T) {
	for _, s := range []struct {
		name   string
		checks int
	}{{"catalog", len(Suite().Checks)}, {"links", len(LinkSuite().Checks)}} {
		if s.checks == 0 {
			t.Errorf("the suite of %s has no checks", s.name)
		}
	}
	for _, c := range slices.Concat(Suite().Checks, LinkSuite().Checks) {
		if len(c.Requirements) == 0 || c.Body == nil || c.Title == "" {
			t.Errorf("%s says nothing of what it decides", c.ID)
		}
	}
}

func TestAgeRange(t *testing.T) {
	for text, want := range map[string][3]int{"11-12": {11, 12, 1}, "5-5": {5, 5, 1}, "0-100": {0, 100, 1}, "12-11": {12, 11, 0}, "11": {}, "11-": {}, "-12": {},
		"a-b": {}, " 1-2": {}, "1-2-3": {}, "": {}} {
		low, high, ok := ageRange(text)
		if ok != (want[2] == 1) || ok && (low != want[0] || high != want[1]) {
			t.Errorf("%q is %d to %d, %v", text, low, high, ok)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]int{"PT45M": 2700, "PT1H": 3600, "PT60M": 3600, "P1D": 86400, "P1DT1H1M1S": 90061, "P2W": 1209600, "PT1.5S": 1} {
		if seconds, fixed, ok := duration(text); !ok || !fixed || seconds != want {
			t.Errorf("%s is %d seconds (%v, %v)", text, seconds, fixed, ok)
		}
	}
	for _, text := range []string{"", "P", "PT", "P1DT", "45", "PT45", "pt45m", "PT-1M", "P1H"} {
		if _, _, ok := duration(text); ok {
			t.Errorf("%q is a duration", text)
		}
	}
	for _, text := range []string{"P1Y", "P1M", "P1Y2M3D"} {
		if _, fixed, ok := duration(text); !ok || fixed {
			t.Errorf("%s is always as long", text)
		}
	}
	for _, seconds := range []int{60, 3600, 90060, 61} { // a duration that is written otherwise is the same
		if again, fixed, ok := duration(otherwise(seconds)); again != seconds || !fixed || !ok {
			t.Errorf("%d seconds, written otherwise, are %d", seconds, again)
		}
	}
}

func FuzzForms(f *testing.F) {
	for _, s := range []string{"11-12", "PT1H", "P1Y", "en-US", "https://a.example/x?y", "http://A.example:80", "javascript:alert(1)", "//x", "12-11"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if low, high, ok := ageRange(text); ok && (low > high || spelt([2]int{low, high}) == "") {
			t.Errorf("%q is %d to %d", text, low, high)
		}
		if seconds, fixed, ok := duration(text); ok && (seconds < 0 && len(text) < 20 || !fixed && !strings.ContainsAny(text, "YM")) {
			t.Errorf("%q is %d seconds", text, seconds)
		}
		if origin := originOf(text); origin != "" && !strings.HasPrefix(origin, "http://") && !strings.HasPrefix(origin, "https://") {
			t.Errorf("the origin of %q is %q", text, origin)
		}
		for _, word := range split(text) {
			if word == "" || word != strings.ToLower(word) && utf8.ValidString(text) {
				t.Errorf("%q has the word %q", text, word)
			}
		}
	})
}

// FuzzLinkOf holds what reads items to end, whatever they are.
func FuzzLinkOf(f *testing.F) {
	for _, s := range []string{`{"name":"a","ltiLink":{"launch_url":"https://t.example/x","custom":{"properties":[{"name":"k","value":"v"}]}}}`, `{"ltiLink":null}`, `[]`,
		`{"ltiLink":{"secure_launch_url":"https://t.example/s","launch_url":"http://t.example/p"}}`, `{"ltiLink":{"launch_url":7}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if l, has := linkOf(raw); has != (l.origin != "") || has && l.address == "" {
			t.Errorf("the link of %q is %+v", raw, l)
		}
	})
}

// The link that is launched is the one by TLS, where there are two.
func TestLinkOf(t *testing.T) {
	for raw, want := range map[string]string{
		`{"ltiLink":{"launch_url":"http://t.example/p","secure_launch_url":"https://t.example/s"}}`: "https://t.example/s",
		`{"ltiLink":{"launch_url":"http://T.example/p"}}`:                                           "http://T.example/p",
		`{"ltiLink":{"launch_url":"app:open"}}`:                                                     "",
		`{"ltiLink":{}}`:                                                                            "",
		`{"url":"https://page.example"}`:                                                            "",
	} {
		if l, has := linkOf([]byte(raw)); has != (want != "") || has && l.address != want {
			t.Errorf("%s leads to %q", raw, l.address)
		}
	}
}

func shelved(lists ...[]string) values {
	v := values{"subject", map[string][]string{}, len(lists)}
	for n, list := range lists {
		if len(list) > 0 {
			v.of[string(rune('a'+n))] = list
		}
	}
	return v
}

func ids(m map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(m)), "") }

// Where a link has two addresses both are tried.
func TestBothAddresses(t *testing.T) {
	l, _ := linkOf([]byte(`{"ltiLink":{"launch_url":"http://t.example/p","secure_launch_url":"https://t.example/s"}}`))
	if l.address != "https://t.example/s" || l.plain != "http://t.example/p" {
		t.Errorf("the addresses are %q and %q", l.address, l.plain)
	}
	if l, _ := linkOf([]byte(`{"ltiLink":{"launch_url":"http://t.example/p"}}`)); l.plain != "" {
		t.Errorf("the other address of one is %q", l.plain)
	}
}

// A filter is tried with an entry that divides the items, one behind others if there is one, and what it leaves is computed.
func TestTelling(t *testing.T) {
	v := shelved([]string{"Art", "Clay"}, []string{"Art"}, []string{"art"}, nil, nil)
	entry, ok := v.telling()
	if !ok || entry != "Clay" {
		t.Errorf("it is tried with %q", entry)
	}
	if a := v.equal("Art"); ids(a.Must) != "ab" || ids(a.May) != "abc" {
		t.Errorf("Art leaves %s, and may leave %s", ids(a.Must), ids(a.May))
	}
	if other, ok := v.beside("Clay"); !ok || other != "Art" {
		t.Errorf("beside Clay stands %q", other)
	}
	for name, v := range map[string]values{"all alike": shelved([]string{"Art"}, []string{"Art"}), "nothing": shelved(nil, nil), "unusable": shelved([]string{"it's", "a,b", ""}, nil)} {
		if entry, ok := v.telling(); ok {
			t.Errorf("%s: it is tried with %q", name, entry)
		}
	}
	part, ok := shelved([]string{"Geometry"}, []string{"History"}).part()
	if !ok || !strings.Contains("geometry history", part) || len(part) != 4 {
		t.Errorf("the part is %q", part)
	}
}

// The range of ages that is asked for leaves some out, and overlaps with others where that can be.
func TestMiddleAges(t *testing.T) {
	for name, x := range map[string]struct {
		of   map[string][2]int
		want [2]int
		ok   bool
	}{
		"overlapping": {map[string][2]int{"a": {5, 7}, "b": {6, 9}, "c": {12, 14}}, [2]int{5, 7}, true},
		"apart":       {map[string][2]int{"a": {5, 6}, "b": {8, 9}}, [2]int{5, 6}, true},
		"all alike":   {map[string][2]int{"a": {5, 6}, "b": {5, 6}}, [2]int{}, false},
		"none":        {nil, [2]int{}, false},
	} {
		if got, ok := middleAges(x.of); got != x.want || ok != x.ok {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
}

// What mentions a word in any member, or has its stem, may be found by it.
func TestMentions(t *testing.T) {
	item := map[string]any{"name": "Halves", "subject": []any{"Fractions"}, "learningObjectives": []any{map[string]any{"targetName": "NF.1"}}, "rating": 4.0}
	for word, want := range map[string]bool{"fraction": true, "fracture": true, "halves": true, "nf.1": true, "geometry": false, "4": false} {
		if mentions(item, word) != want {
			t.Errorf("%s is mentioned: %v", word, !want)
		}
	}
}
