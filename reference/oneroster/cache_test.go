package oneroster

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edu/rollcall/reference/store"
)

func TestDerivedCacheForgets(t *testing.T) {
	cache := newDerivedCache(1000)
	computed := map[string]int{}
	get := func(key string, n int) {
		t.Helper()
		d, err := cache.get(key, 0, func(*derived) (derived, error) { computed[key]++; return derived{keys: make([]int32, n)}, nil })
		if err != nil || len(d.keys) != n {
			t.Fatalf("%s: %d keys, %v", key, len(d.keys), err)
		}
	}
	get("a", 300)
	get("b", 300)
	get("a", 300) // now b is the one used least recently
	get("c", 300)
	get("a", 300)
	get("c", 300)
	if computed["a"] != 1 || computed["c"] != 1 {
		t.Errorf("computed %v", computed)
	}
	get("b", 300)
	if computed["b"] != 2 {
		t.Errorf("b was kept beyond the capacity: %v", computed)
	}
	get("huge", 5000)
	get("huge", 5000)
	if computed["huge"] != 1 || cache.recent.Len() != 1 {
		t.Errorf("a list larger than the cache: %v, %d kept", computed, cache.recent.Len())
	}
	for i := range 1000 { // empty lists are not free
		get(fmt.Sprint("empty ", i), 0)
	}
	if cache.recent.Len() > 20 || len(cache.entries) != cache.recent.Len() {
		t.Errorf("%d empty lists are kept, %d entries", cache.recent.Len(), len(cache.entries))
	}
}

func TestDerivedCacheDoesNotKeepErrors(t *testing.T) {
	cache := newDerivedCache(1000)
	broken := errors.New("broken")
	if _, err := cache.get("a", 0, func(*derived) (derived, error) { return derived{}, broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if d, err := cache.get("a", 0, func(*derived) (derived, error) { return derived{keys: []int32{1}}, nil }); err != nil || len(d.keys) != 1 {
		t.Errorf("%v, %v", d, err)
	}
}

func TestDerivedCacheComputesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newDerivedCache(1000)
		var computed atomic.Int32
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				d, err := cache.get("a", 0, func(*derived) (derived, error) {
					computed.Add(1)
					time.Sleep(time.Second)
					return derived{keys: []int32{7}}, nil
				})
				if err != nil || len(d.keys) != 1 || d.keys[0] != 7 {
					t.Errorf("%v, %v", d, err)
				}
			})
		}
		wait.Wait()
		if computed.Load() != 1 {
			t.Errorf("computed %d times", computed.Load())
		}
	})
}

// Whoever asks after a write gets nothing older than that, even where somebody else
// began before it.
func TestDerivedCacheIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newDerivedCache(1000)
		get := func(now store.Version) store.Version {
			d, err := cache.get("a", now, func(*derived) (derived, error) {
				time.Sleep(time.Second)
				return derived{at: now}, nil
			})
			if err != nil {
				t.Error(err)
			}
			return d.at
		}
		var wait sync.WaitGroup
		wait.Go(func() { get(1) })
		time.Sleep(time.Millisecond)
		wait.Go(func() {
			if at := get(2); at != 2 {
				t.Errorf("version %d", at)
			}
		})
		wait.Wait()
		if at := get(1); at != 2 || cache.recent.Len() != 1 || cache.size != 64 {
			t.Errorf("version %d, %d entries of %d keys", at, cache.recent.Len(), cache.size)
		}
	})
}
