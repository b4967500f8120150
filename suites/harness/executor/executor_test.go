package executor

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func collect(ctx context.Context, specs []Spec) map[string]Result {
	got := map[string]Result{}
	_ = Run(ctx, specs, 1, func(r Result) { got[r.ID] = r })
	return got
}

func TestStates(t *testing.T) {
	got := collect(context.Background(), []Spec{
		{ID: "fine", Timeout: time.Minute, Body: func(context.Context) {}},
		{ID: "panics", Timeout: time.Minute, Body: func(context.Context) { panic("ouch") }},
		{ID: "slow", Timeout: 20 * time.Millisecond, Body: func(ctx context.Context) { <-ctx.Done() }},
	})
	for id, want := range map[string]State{"fine": Done, "panics": Panicked, "slow": TimedOut} {
		if got[id].State != want {
			t.Errorf("%s ended as %s (%s), want %s", id, got[id].State, got[id].Message, want)
		}
	}
	if got["panics"].Message != "ouch" {
		t.Errorf("the panic says %q", got["panics"].Message)
	}
}

func TestEverySpecIsReportedOnceAndGroupsKeepOrder(t *testing.T) {
	var order []string
	var specs []Spec
	for i := range 450 {
		id := fmt.Sprintf("s%03d", i)
		spec := Spec{ID: id, Timeout: time.Minute, Body: func(context.Context) {}}
		if i%3 == 0 {
			spec.Group = "flow"
			spec.Body = func(context.Context) { order = append(order, id) }
		}
		specs = append(specs, spec)
	}
	counts := map[string]int{}
	if err := Run(context.Background(), specs, 7, func(r Result) { counts[r.ID]++ }); err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		if counts[s.ID] != 1 {
			t.Errorf("%s was reported %d times", s.ID, counts[s.ID])
		}
	}
	if len(order) != 150 || !slices.IsSorted(order) {
		t.Errorf("the flow ran out of order: %v", order)
	}
}

func TestCancelledRunLeavesTheRestNotRun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	got := collect(ctx, []Spec{
		{ID: "first", Group: "g", Timeout: time.Minute, Body: func(context.Context) { cancel() }},
		{ID: "second", Group: "g", Timeout: time.Minute, Body: func(context.Context) { t.Error("ran after the end") }},
	})
	if got["first"].State != Interrupted || got["second"].State != NotRun {
		t.Errorf("got %+v", got)
	}
}

// Spec ids hold dots and hyphens, which Ginkgo must not read as anything.
func TestRunTwiceInOneProcess(t *testing.T) {
	for range 3 {
		got := collect(context.Background(), []Spec{{ID: "a.b-c", Timeout: time.Minute, Body: func(context.Context) {}}})
		if got["a.b-c"].State != Done {
			t.Fatalf("got %+v", got)
		}
	}
}

// A body that waits because it was asked to may take longer than its time, as far
// as its patience goes; one that only takes long may not.
func TestWaitingIsNoTimeTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := func(pauses int) func(context.Context) {
			return func(ctx context.Context) {
				for range pauses {
					resume := Pause(ctx)
					select {
					case <-ctx.Done():
					case <-time.After(time.Hour):
					}
					resume()
				}
			}
		}
		for name, c := range map[string]struct {
			spec Spec
			late bool
		}{
			"waits within its patience":       {Spec{Timeout: time.Minute, Patience: 3 * time.Hour, Body: wait(3)}, false},
			"waits for longer than that":      {Spec{Timeout: time.Minute, Patience: 2 * time.Hour, Body: wait(3)}, true},
			"waits though it has no patience": {Spec{Timeout: time.Minute, Body: wait(1)}, true},
			"waits twice at once": {Spec{Timeout: time.Minute, Patience: 2 * time.Hour, Body: func(ctx context.Context) {
				var group sync.WaitGroup
				group.Go(func() { wait(1)(ctx) })
				group.Go(func() { wait(2)(ctx) })
				group.Wait()
			}}, false},
			"works for too long after": {Spec{Timeout: time.Minute, Patience: 3 * time.Hour, Body: func(ctx context.Context) {
				wait(1)(ctx)
				<-ctx.Done()
			}}, true},
		} {
			if late := bounded(context.Background(), c.spec); late != c.late {
				t.Errorf("a body that %s: late is %t", name, late)
			}
		}
	})
}

func TestBodyThatDoesNotEndIsLeftBehind(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	got := collect(context.Background(), []Spec{
		{ID: "hangs", Timeout: time.Millisecond, Body: func(context.Context) { <-never }},
		{ID: "fine", Timeout: time.Minute, Body: func(context.Context) {}},
	})
	if got["hangs"].State != TimedOut || got["fine"].State != Done {
		t.Errorf("got %+v", got)
	}
}
