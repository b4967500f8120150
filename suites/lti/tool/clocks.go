package tool

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// A value that follows the clock, or the value before it, can be guessed, however long it
// is and however unlike the last one it looks in five logins. All logins of a run tell: of
// values drawn at random, ten in a row don't grow by chance (1 in 3 million). What grows
// may have a clock in front and random digits behind (a ULID, a UUID of version 7): then it
// grows by far more a second than any clock counts.

// drawn is what a tool made up for one login: after the login began, and before the
// authentication request came.
type drawn struct {
	began, came  time.Time
	state, nonce string
}

// mostDrawn bounds how many are kept.
const mostDrawn = 400

// chainLength is how many values, one after the other, are looked at at least.
const chainLength = 10

// fastest is how much a clock can count a second: nanoseconds, and a little more.
const fastest = 4e9

// chain picks values that were made one after the other.
func chain(all []drawn) []drawn {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b drawn) int { return a.came.Compare(b.came) })
	var out []drawn
	for _, d := range all {
		if len(out) == 0 || out[len(out)-1].came.Before(d.began) {
			out = append(out, d)
		}
	}
	return out
}

// clocked says of values that were made one after the other that they follow a clock or a
// counter, "" where they don't, or where there are too few of them.
func clocked(all []drawn, of func(drawn) string) string {
	list := chain(all)
	if len(list) < chainLength {
		return ""
	}
	texts := make([]string, len(list))
	for i, d := range list {
		texts[i] = of(d)
	}
	texts = telling(texts)
	base := baseOf(texts)
	numbers := make([]*big.Int, len(texts))
	for i, t := range texts {
		if numbers[i] = number(t, base); i > 0 && numbers[i].Cmp(numbers[i-1]) <= 0 {
			return ""
		}
	}
	last := len(list) - 1
	seconds := list[last].came.Sub(list[0].began).Seconds()
	grown, _ := new(big.Float).SetInt(new(big.Int).Sub(numbers[last], numbers[0])).Float64()
	if seconds <= 0 || grown/seconds > fastest {
		return ""
	}
	return fmt.Sprintf("of %d, each is greater than the one before, by %.4g a second: they are a clock or a counter", len(list), grown/seconds)
}

// telling leaves out what is the same in all texts: characters at a place of their own where
// all are of one length, and what they begin with otherwise.
func telling(texts []string) []string {
	same := !slices.ContainsFunc(texts, func(t string) bool { return len(t) != len(texts[0]) })
	if same {
		var places []int
		for i := range len(texts[0]) {
			if slices.ContainsFunc(texts, func(t string) bool { return t[i] != texts[0][i] }) {
				places = append(places, i)
			}
		}
		out := make([]string, len(texts))
		for i, t := range texts {
			for _, at := range places {
				out[i] += t[at : at+1]
			}
		}
		return out
	}
	head := len(texts[0])
	for _, t := range texts {
		head = min(head, common(texts[0], t))
	}
	for head > 0 && texts[0][head-1] >= '0' && texts[0][head-1] <= '9' { // of a number that gets longer
		head--
	}
	var out []string
	for _, t := range texts {
		out = append(out, t[head:])
	}
	return out
}

// The digits of numbers, as many as a base has.
const digits = "0123456789abcdefghijklmnopqrstuvwxyz"

// baseOf gives the smallest base in which all texts are numbers; 0: in none, and then they
// are ordered by their bytes.
func baseOf(texts []string) int {
	all := strings.ToLower(strings.Join(texts, ""))
	for _, base := range []int{10, 16, 36} {
		if all != "" && strings.Trim(all, digits[:base]) == "" {
			return base
		}
	}
	return 0
}

// number reads a text in a base.
func number(text string, base int) *big.Int {
	if base > 0 {
		if n, ok := new(big.Int).SetString(text, base); ok {
			return n
		}
	}
	out := new(big.Int)
	for _, c := range []byte(text) {
		out.Add(out.Lsh(out, 6), big.NewInt(int64(c&63)))
	}
	return out
}
