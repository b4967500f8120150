package sis

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestRankCacheForgets(t *testing.T) {
	cache := newRankCache(1000)
	computed := map[string]int{}
	get := func(key string, n int) {
		t.Helper()
		ranks, err := cache.get(key, func() ([]int32, error) { computed[key]++; return make([]int32, n), nil })
		if err != nil || len(ranks) != n {
			t.Fatalf("%s: %d ranks, %v", key, len(ranks), err)
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

func TestRankCacheDoesNotKeepErrors(t *testing.T) {
	cache := newRankCache(1000)
	broken := errors.New("broken")
	if _, err := cache.get("a", func() ([]int32, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if ranks, err := cache.get("a", func() ([]int32, error) { return []int32{1}, nil }); err != nil || len(ranks) != 1 {
		t.Errorf("%v, %v", ranks, err)
	}
}

func TestRankCacheComputesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newRankCache(1000)
		var computed atomic.Int32
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				ranks, err := cache.get("a", func() ([]int32, error) {
					computed.Add(1)
					time.Sleep(time.Second)
					return []int32{7}, nil
				})
				if err != nil || len(ranks) != 1 || ranks[0] != 7 {
					t.Errorf("%v, %v", ranks, err)
				}
			})
		}
		wait.Wait()
		if computed.Load() != 1 {
			t.Errorf("computed %d times", computed.Load())
		}
	})
}
