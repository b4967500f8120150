package tool

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// TestClocks: clocks and counters are told from random values, and from random values that
// have a clock in front.
func TestClocks(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	hex := func(n int) string {
		out := ""
		for range n {
			out += strconv.FormatUint(random.Uint64N(16), 16)
		}
		return out
	}
	count := 0
	counted := func() int { count += 1 + random.IntN(3); return count }
	for name, test := range map[string]struct {
		make func(at time.Time) string
		want bool
	}{
		"uniqid":                     {func(at time.Time) string { return fmt.Sprintf("%08x%05x", at.Unix(), at.Nanosecond()/1000) }, true},
		"uniqid behind a word":       {func(at time.Time) string { return fmt.Sprintf("state-%08x%05x", at.Unix(), at.Nanosecond()/1000) }, true},
		"milliseconds":               {func(at time.Time) string { return fmt.Sprint(at.UnixMilli()) }, true},
		"milliseconds of base 36":    {func(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 36) }, true},
		"nanoseconds":                {func(at time.Time) string { return fmt.Sprint(at.UnixNano()) }, true},
		"a counter that gets longer": {func(time.Time) string { return fmt.Sprintf("login-%d", 95+counted()) }, true},
		"an id of a database":        {func(at time.Time) string { return fmt.Sprintf("%08x7a3f91cc04%06x", at.Unix(), 0x2f00aa+counted()) }, true},
		"random":                     {func(time.Time) string { return hex(32) }, false},
		"random, short":              {func(time.Time) string { return hex(8) }, false},
		"a ULID": {func(at time.Time) string {
			return fmt.Sprintf("%012x", at.UnixMilli()) + hex(20)
		}, false},
		"a UUID of version 7": {func(at time.Time) string {
			u := fmt.Sprintf("%012x", at.UnixMilli())
			return u[:8] + "-" + u[8:] + "-7" + hex(3) + "-9" + hex(3) + "-" + hex(12)
		}, false},
		"seconds and eight random digits": {func(at time.Time) string { return fmt.Sprintf("%x", at.Unix()) + hex(8) }, false},
	} {
		var all []drawn
		at := time.Unix(1_795_000_000, 123_456_789)
		for range 24 {
			came := at.Add(time.Duration(20+random.IntN(80)) * time.Millisecond)
			all = append(all, drawn{began: at, came: came, state: test.make(at.Add(10 * time.Millisecond))})
			at = came.Add(time.Duration(1+random.IntN(1500)) * time.Millisecond)
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		why := clocked(all, func(d drawn) string { return d.state })
		if (why != "") != test.want {
			t.Errorf("%s: %q; such as %s, %s", name, why, all[0].state, all[1].state)
		}
		if few := clocked(all[:chainLength-1], func(d drawn) string { return d.state }); few != "" {
			t.Errorf("%s: %d values say %q", name, chainLength-1, few)
		}
	}
}
