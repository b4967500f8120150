package tool

import "testing"

// Counters and clocks are seen, random values are not.
func TestPattern(t *testing.T) {
	for _, test := range []struct {
		name string
		list []string
		seen bool
	}{
		{"random", []string{"Zk3-aQ9xT1bLw0", "pR7_mmE2hXcV8d", "a0QnU5sKj-4yGf", "w9BtLx2ZoI6eDr", "Hq1vN8_uYc3SkM"}, false},
		{"random behind a word", []string{"state-8f3a91c2", "state-01be77d4", "state-c95f2a60", "state-4d38e1bb"}, false},
		{"a counter", []string{"000000001007", "000000001008", "000000001009", "000000001010"}, true},
		{"a counter in hex, by threes", []string{"st-1a7-x", "st-1aa-x", "st-1ad-x", "st-1b0-x"}, true},
		{"a clock", []string{"1795000000123", "1795000000391", "1795000000702", "1795000000840"}, true},
		{"twice", []string{"8f3a91c2", "01be77d4", "8f3a91c2", "c95f2a60"}, true},
	} {
		if got := pattern(test.list); (got != "") != test.seen {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}

// A respelled text is another one, and nobody else's.
func TestRespelled(t *testing.T) {
	for _, test := range [][3]string{{"rollcall", "", "ROLLCALL"}, {"1000", "", "1000 "}, {"a", "A", "A "}} {
		if got := respelled(test[0], test[1]); got != test[2] {
			t.Errorf("%q: %q", test[0], got)
		}
	}
}
