package scores

import (
	"math"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

func scaleOf(pairs ...[2]string) Scale {
	var s scale
	for _, p := range pairs {
		s.Values = append(s.Values, struct {
			LHS string `json:"itemValueLHS"`
			RHS string `json:"itemValueRHS"`
		}{p[0], p[1]})
	}
	return newScale(rest.NewSymbols(), s)
}

// TestSpan reads sides of values as the standard writes them, and as products do.
func TestSpan(t *testing.T) {
	for text, want := range map[string][2]float64{
		"7": {7, math.NaN()}, "7-10": {7, 10}, "'7'-'10'": {7, 10}, "7 – 10": {7, 10}, "89.5% - 100%": {89.5, 100}, "-3--1": {-3, -1},
		"A": {math.NaN(), math.NaN()}, "": {math.NaN(), math.NaN()}, "7-": {math.NaN(), math.NaN()}, "2026-01-02": {math.NaN(), math.NaN()},
	} {
		from, to := span(text)
		same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
		if !same(from, want[0]) || !same(to, want[1]) {
			t.Errorf("%q: %v to %v", text, from, to)
		}
	}
}

// TestHolds tells which scores are of a scale: ranges count with both ends, and what lies between
// neighbours is of one of them.
func TestHolds(t *testing.T) {
	ranges := scaleOf([2]string{"90-100", "A"}, [2]string{"80-89", "B"}, [2]string{"0-50", "F"})
	least := scaleOf([2]string{"90", "A"}, [2]string{"80", "B"})
	letters := scaleOf([2]string{"A", "excellent"}, [2]string{"B", "good"})
	points := scaleOf([2]string{"A", "4"}, [2]string{"B", "3"})
	for _, test := range []struct {
		of           Scale
		score        float64
		holds, known bool
	}{
		{ranges, 90, true, true}, {ranges, 100, true, true}, {ranges, 89.5, true, true}, {ranges, 101, false, true},
		{ranges, 60, false, true}, {ranges, -1, false, true},
		{least, 95, true, true}, {least, 120, true, true}, {least, 79, false, true},
		{letters, 3, false, false}, {points, 3.5, true, true}, {points, 2, false, true}, {Scale{}, 1, false, false},
	} {
		if holds, known := test.of.Holds(test.score); holds != test.holds || known != test.known {
			t.Errorf("%v of %+v: %v, %v", test.score, test.of.Values, holds, known)
		}
	}
	for text, want := range map[string]bool{"A": true, " b ": true, "90-100": true, "C": false, "95": true, "60": false} {
		if got := ranges.Names(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestIdentifiers tells the forms of identifiers of CASE.
func TestIdentifiers(t *testing.T) {
	for id, want := range map[string][2]bool{
		"b411da94-c804-5b23-8ce8-ec02c7239f40": {true, true}, "B411DA94-C804-5B23-8CE8-EC02C7239F40": {true, false},
		"b411da94-c804-7b23-8ce8-ec02c7239f40": {true, false}, "5.NF.B.7": {false, false},
		"https://case.example/b411da94-c804-5b23-8ce8-ec02c7239f40": {false, false},
	} {
		if got := [2]bool{anyUUID.MatchString(id), caseUUID.MatchString(id)}; got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
}

// TestFlags finds what doesn't go together.
func TestFlags(t *testing.T) {
	for name, test := range map[string]struct {
		status         string
		flags          Flags
		status1, agree bool // found wrong
	}{
		"late":                       {"submitted", Late, false, false},
		"submitted early":            {"submitted", InProgress, false, false},
		"graded as nothing":          {"fully graded", Missing | Late, false, false},
		"submitted and missing":      {"submitted", Missing, true, false},
		"graded and in progress":     {"fully graded", InProgress, true, false},
		"not submitted, incomplete":  {"not submitted", Incomplete, true, false},
		"in progress and late":       {"ext:half", InProgress | Late, false, true},
		"missing and incomplete":     {"partially graded", Missing | Incomplete, false, true},
		"in progress and incomplete": {"partially graded", Incomplete | InProgress, false, true},
	} {
		b := NewBook(Terms{})
		b.Fill(nil, []Result{{Status: b.Intern("active"), ScoreStatus: b.Intern(test.status), Flags: test.flags}})
		found := func(scan func(*Book, rest.See)) (wrong bool) {
			scan(b, func(ok bool, _ rest.Place, _, _ string) { wrong = wrong || !ok })
			return wrong
		}
		if status, agree := found(statusFlags), found(flagsAgree); status != test.status1 || agree != test.agree {
			t.Errorf("%s: %v, %v", name, status, agree)
		}
	}
}
