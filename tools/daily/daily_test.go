package daily

import (
	"fmt"
	"slices"
	"testing"
)

// Every case has its day within the share, and each day has some.
func TestTurn(t *testing.T) {
	tried := map[string]int{}
	for day := range uint64(3) {
		some := 0
		for i := range 60 {
			if name := fmt.Sprint("TestDataChecks/", i); turn(name, 20_000+day, 3) {
				tried[name]++
				some++
			}
		}
		if some < 10 || some > 30 {
			t.Errorf("day %d tries %d of 60", day, some)
		}
	}
	for name, n := range tried {
		if n != 1 {
			t.Errorf("%s is tried %d times in three days", name, n)
		}
	}
	if len(tried) != 60 {
		t.Errorf("%d of 60 were tried in three days", len(tried))
	}
}

func TestAll(t *testing.T) {
	t.Setenv(EnvAll, "all")
	n := 0
	for i := range 9 {
		t.Run(fmt.Sprint(i), func(t *testing.T) { Share(t, 3); n++ })
	}
	if n != 9 {
		t.Errorf("%d of 9 were tried", n)
	}
}

func TestDraw(t *testing.T) {
	if a, b := Draw(1, 50, 5), Draw(1, 50, 5); len(a) != 5 || !slices.Equal(a, b) {
		t.Errorf("%v, %v", a, b)
	}
	if a, b := Draw(1, 50, 5), Draw(2, 50, 5); slices.Equal(a, b) {
		t.Errorf("two seeds draw %v", a)
	}
	if a := Draw(1, 3, 5); len(a) != 3 {
		t.Errorf("%v of 3", a)
	}
}
