// Package daily draws what of many like cases a test tries today.
//
// There are more faults, pairs, mutants and odd answers than one run has time for. Each day
// takes others, the same ones all day, so that a failure can be looked at. It is imported by
// tests only, and must not know what is tried.
package daily

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

const (
	// EnvSeed names the environment variable whose number takes the place of the day.
	EnvSeed = "ROLLCALL_SEED"
	// EnvAll names the one by which all is tried, and nothing drawn.
	EnvAll = "ROLLCALL_MATRIX"
)

// All tells whether everything is tried.
func All() bool { return os.Getenv(EnvAll) != "" }

// Seed gives the number by which a test draws: that of the day since 1970, unless EnvSeed has
// one, which is what named says. It ends the test where that isn't a number.
func Seed(t testing.TB) (seed uint64, named bool) {
	t.Helper()
	text := os.Getenv(EnvSeed)
	if text == "" {
		return uint64(time.Now().Unix() / 86_400), false
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is %q; it is a number", EnvSeed, text)
	}
	return seed, true
}

// Draw gives the first few of the numbers below n in an order that a seed makes.
func Draw(seed uint64, n, few int) []int {
	return rand.New(rand.NewPCG(seed, seed)).Perm(n)[:min(few, n)]
}

// Share skips a test on all days but one in every so many, by its name.
func Share(t testing.TB, every uint64) {
	t.Helper()
	if All() {
		return
	}
	if seed, _ := Seed(t); !turn(t.Name(), seed, every) {
		t.Skipf("tried one day in %d; %s=all takes everything", every, EnvAll)
	}
}

// turn tells whether a name has its day.
func turn(name string, day, every uint64) bool {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(name)) // it never fails
	return (sum.Sum64()>>16+day)%every == 0
}
