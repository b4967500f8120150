package lti

import (
	"strconv"
	"testing"
	"time"
)

func TestKept(t *testing.T) {
	now := time.Unix(1000, 0)
	k := NewKept[int](3)
	for i := range 5 {
		k.Put(strconv.Itoa(i), i, now, now.Add(time.Minute))
	}
	if k.Len() != 3 {
		t.Errorf("%d are kept, want 3", k.Len())
	}
	if _, there := k.Get("1", now); there {
		t.Error("the oldest is still there")
	}
	if v, there := k.Get("4", now); !there || v != 4 {
		t.Errorf("the newest: %d, %t", v, there)
	}
	k.Put("2", 20, now, now.Add(time.Hour))
	if v, _ := k.Get("2", now); v != 20 || k.Len() != 3 {
		t.Errorf("put again: %d of %d", v, k.Len())
	}
	k.Drop("3")
	k.Drop("3")
	later := now.Add(time.Minute)
	if _, there := k.Get("4", later); there {
		t.Error("what is over is still there")
	}
	k.Put("5", 5, later, later.Add(time.Minute))
	if v, there := k.Get("2", later); !there || v != 20 || k.Len() != 2 {
		t.Errorf("what is not over: %d, %t, %d kept", v, there, k.Len())
	}
}

// Taking things away in any order leaves nothing behind.
func TestKeptLeavesNothing(t *testing.T) {
	now := time.Unix(1000, 0)
	k := NewKept[bool](10)
	k.Put("stays", true, now, now.Add(time.Hour))
	for i := range 1000 {
		k.Put(strconv.Itoa(i), true, now, now.Add(time.Minute))
		k.Drop(strconv.Itoa(i))
	}
	if k.Len() != 1 || len(k.named) != 1 {
		t.Errorf("%d and %d are kept, want 1", k.Len(), len(k.named))
	}
}
