package catalog

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestSpan(t *testing.T) {
	type span struct{ low, high float64 }
	for _, c := range []struct {
		kind Kind
		text string
		want *span
	}{
		{Number, "4", &span{4, 4}}, {Number, "4.50", &span{4.5, 4.5}}, {Number, "-1", &span{-1, -1}},
		{Number, "", nil}, {Number, "four", nil}, {Number, "NaN", nil}, {Number, "0x10", nil}, {Number, "1e3", nil}, {Number, "1.2.3", nil},
		{Measure, "850L", &span{850, 850}}, {Measure, "850", &span{850, 850}}, {Measure, "6.2", &span{6.2, 6.2}}, {Measure, "K", nil}, {Measure, "L", nil},
		{Ages, "11", &span{11, 11}}, {Ages, "11-12", &span{11, 12}}, {Ages, "5 - 7", &span{5, 7}}, {Ages, "12-11", nil}, {Ages, "-5", nil}, {Ages, "5-", nil},
		{Ages, "5-7-9", nil}, {Ages, "all", nil},
		{Date, "2024-02-29", &span{1709164800, 1709164800}}, {Date, "2023-02-29", nil}, {Date, "2024", nil}, {Date, "2024-02-29T00:00:00Z", nil},
		{Duration, "PT45M", &span{2700, 2700}}, {Duration, "PT1H", &span{3600, 3600}}, {Duration, "PT60M", &span{3600, 3600}},
		{Duration, "P1DT2H3M4S", &span{93784, 93784}}, {Duration, "P1W", &span{604800, 604800}}, {Duration, "P1Y2M", &span{36720000, 36720000}},
		{Duration, "PT0.5H", &span{1800, 1800}}, {Duration, "pt1,5m", &span{90, 90}}, {Duration, "PT0S", &span{0, 0}},
		{Duration, "P", nil}, {Duration, "PT", nil}, {Duration, "P1DT", nil}, {Duration, "45M", nil}, {Duration, "PT45", nil}, {Duration, "PT5M1H", nil},
		{Duration, "PT1H1H", nil}, {Duration, "P1H", nil}, {Duration, "PTxM", nil}, {Duration, "PT-5M", nil}, {Duration, "PT1S5", nil},
		{Text, "5", nil},
	} {
		low, high, is := c.kind.span(c.text)
		if is != (c.want != nil) || is && (span{low, high}) != *c.want {
			t.Errorf("%s %q: %v to %v, %v", c.kind, c.text, low, high, is)
		}
	}
}

// There is a field for each member of a resource, or for what is within it, but for the link and
// the relevance.
func TestFieldsAreMembers(t *testing.T) {
	var names []string
	for _, f := range Fields() {
		member, _, within := strings.Cut(f.Name, ".")
		if !slices.Contains(names, member) {
			names = append(names, member)
		}
		if within && (f.Sorted || !f.Many) {
			t.Errorf("%s is within a list of several", f.Name)
		}
	}
	var members []string
	typed := reflect.TypeFor[Resource]()
	for i := range typed.NumField() {
		name, _, _ := strings.Cut(typed.Field(i).Tag.Get("json"), ",")
		members = append(members, name)
	}
	if want := append(slices.Clone(members), relevance); !slices.Equal(Members(), want) {
		t.Errorf("members are %v, want %v", Members(), want)
	}
	for _, m := range members {
		if (m != "ltiLink") != slices.Contains(names, m) {
			t.Errorf("%s is a field: %v", m, slices.Contains(names, m))
		}
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"O'Hara's Élan, 3rd (C++) \"x\" 漢字ドリル": "oharas elan 3rd c x 漢字ドリル",
		"l’école—ŒUVRE\tﬁn":                    "lecole œuvre ﬁn",
		"' \\ : ~ ! & | * -":                   "",
		strings.Repeat("x", 300):               strings.Repeat("x", longestWord),
	} {
		if got := strings.Join(words(text), " "); got != want {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
}

// What is chosen of a resource stands in the order of the standard, whatever the order of the wish.
func TestEncodeKeepsCharacters(t *testing.T) {
	r := &Resource{Name: "Ash & Alder <3", Publisher: "x", LearningResourceType: []string{"Other"}}
	text, err := encode(r)
	if err != nil || !strings.Contains(string(text), "Ash & Alder <3") {
		t.Errorf("%s, %v", text, err)
	}
	var back Resource
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(&back, r) {
		t.Errorf("%+v, %v", back, err)
	}
}
