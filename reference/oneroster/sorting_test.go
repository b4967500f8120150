package oneroster

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// The short cut for plain identifiers must not change any order.
func TestPlainValuesCollateLikeBytes(t *testing.T) {
	const alphabet = "-0123456789abcdefghijklmnopqrstuvwxyz"
	random := rand.New(rand.NewPCG(1, 1))
	values := []string{"", "-", "--", "a", "aa", "ae", "a-e", "ch", "ll", "dz", "lj", "ij", "0", "00", "10", "9"}
	for range 3000 {
		value := make([]byte, random.IntN(5)+1)
		for i := range value {
			value[i] = alphabet[random.IntN(len(alphabet))]
		}
		values = append(values, string(value))
	}
	slices.Sort(values)
	values = slices.Compact(values)
	collator := newCollator()
	for i, a := range values {
		for _, b := range []string{values[random.IntN(len(values))], values[min(i+1, len(values)-1)]} {
			if got, want := collator.CompareString(a, b), cmp.Compare(a, b); got != want {
				t.Fatalf("%q and %q collate %d, their bytes %d", a, b, got, want)
			}
		}
	}
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		values []string
		kind   propertyKind
		want   []int32
	}{
		{nil, textProperty, []int32{}},
		{[]string{"b", "", "a-1", "a1"}, textProperty, []int32{3, 0, 1, 2}},
		{[]string{"b", "B", "a", "Ä", "z", "é"}, textProperty, []int32{2, 3, 0, 1, 5, 4}},
		{[]string{"e\u0301", "f", "\u00e9"}, textProperty, []int32{0, 2, 0}}, // one letter, two spellings
		{[]string{"2026-01-02", "", "2025-12-31"}, dateProperty, []int32{2, 0, 1}},
		{[]string{"10", "9", "", "-1.5", "0.0", "-0", "1e1", "-20"}, numberProperty, []int32{6, 5, 0, 2, 3, 3, 6, 1}},
		{[]string{"1,10", "1,9", "1"}, numberProperty, []int32{2, 1, 0}},
	} {
		var values texts
		for _, v := range c.values {
			values.add([]byte(v))
		}
		if got := places(&values, c.kind); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("places(%q) = %v, want %v", c.values, got, c.want)
		}
	}
}
