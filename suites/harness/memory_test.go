package harness

import "testing"

// TestProcessesShareTheMemory holds what all processes of a run may take together to
// what the target file says.
func TestProcessesShareTheMemory(t *testing.T) {
	for _, c := range []struct {
		mib, cores, objects, want int
	}{
		{0, 4, 1000, 4}, {0, 4, 200_000, 2}, {0, 4, 500_000, 1}, {0, 1, 1000, 1}, {0, 4, 50_000_000, 1},
		{4000, 4, 500_000, 4}, {200, 4, 1000, 4}, {100, 2, 100_000, 1},
	} {
		target := &Target{Limits: Limits{MemoryMiB: c.mib}}
		n := target.fit(c.cores, c.objects)
		if n != c.want {
			t.Errorf("%d MiB for %d objects: %d processes, want %d", c.mib, c.objects, n, c.want)
		}
		if all := int64(n)*target.memory(n)>>20 + ownMemory; c.mib == 0 && all > defaultMemory {
			t.Errorf("%d processes take %d MiB together", n, all)
		}
	}
}
