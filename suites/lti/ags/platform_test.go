package ags

import (
	"testing"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// The checks are values that hold, and decide all that the profile asks for.
func TestPlatformPart(t *testing.T) {
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := platform.Suite(PlatformPart())
	if err := s.Validate(c); err != nil {
		t.Error(err)
	}
	if left := s.Uncovered(c); len(left) > 0 {
		t.Errorf("no check decides %v", left)
	}
}

// What stands below a line item is put behind its path (AGS 2.0 §3.3.1).
func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/items/7":          "https://a.example/items/7/scores",
		"https://a.example/items/7/":         "https://a.example/items/7/scores",
		"https://a.example/items/7?type=3":   "https://a.example/items/7/scores?type=3",
		"https://a.example/items/7?u=x/y?z=": "https://a.example/items/7/scores?u=x/y?z=",
		"https://a.example/i%2Fs/7?":         "https://a.example/i%2Fs/7/scores?",
	} {
		if got := below(in, "scores"); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	for in, want := range map[string]string{
		"https://a.example/items":          "https://a.example/items?tag=a+b%26c",
		"https://a.example/items?course=7": "https://a.example/items?course=7&tag=a+b%26c",
	} {
		if got := query(in, "tag", "a b&c"); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	for in, want := range map[string]string{
		"https://a.example/items/7":        "https://a.example/items/987654321",
		"https://a.example/items/ab?x=1":   "https://a.example/items/rollcall-nothing-here?x=1",
		"https://a.example/7/lineitem?i=2": "https://a.example/7/rollcall-nothing-here?i=2",
	} {
		if got := strangeOf(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// A result is a part of its maximum, which is 1 where nothing is said.
func TestShares(t *testing.T) {
	for _, x := range []struct {
		m    map[string]any
		part float64
		fits bool
	}{
		{map[string]any{"resultScore": 30.0, "resultMaximum": 40.0}, 0.75, true},
		{map[string]any{"resultScore": 0.75}, 0.75, true},
		{map[string]any{"resultScore": 3.0}, 0.75, false},
		{map[string]any{"resultScore": 0.0, "resultMaximum": 40.0}, 0, true},
		{map[string]any{"resultMaximum": 40.0}, 0, false},
		{map[string]any{"resultScore": "30", "resultMaximum": 40.0}, 0.75, false},
		{map[string]any{"resultScore": 74.6, "resultMaximum": 100.0}, 0.75, true},
		{nil, 0, false},
	} {
		if got := near(x.part)(x.m); got != x.fits {
			t.Errorf("%v is %v: %t", x.m, x.part, got)
		}
	}
}

// A number stands in a page by itself.
func TestNumbers(t *testing.T) {
	for text, want := range map[string]bool{"Points 613 / 617": true, "613.00": true, "613,0": true, "6130": false, "0.613": false, "1613": false, "": false, "613.5": false} {
		if got := number(text, 613); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

// The claim is read as tools read it.
func TestEndpoint(t *testing.T) {
	of := func(v any) endpoint { return endpointOf(platform.Launch{Claims: map[string]any{claimName: v}}) }
	if e := of(map[string]any{"scope": []any{scopeItems, 7}, "lineitems": "https://a.example/i", "lineitem": ""}); !e.there || len(e.scopes) != 1 || e.items == "" || e.item != "" {
		t.Errorf("%+v", e)
	}
	if e := of("https://a.example"); e.there {
		t.Errorf("a text: %+v", e)
	}
	if e := endpointOf(platform.Launch{}); e.there {
		t.Errorf("nothing: %+v", e)
	}
}

// A list is none where there is no list, and an empty one is.
func TestLists(t *testing.T) {
	for body, want := range map[string]bool{"[]": true, `[{"id":"x"}]`: true, "{}": false, "null": false, "": false, "[1]": false} {
		if _, is := listOf(&harness.Response{Body: []byte(body)}); is != want {
			t.Errorf("%s: %t", body, is)
		}
	}
}
