package corpus

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, "users")
	if err != nil {
		t.Fatal(err)
	}
	const n = 2500
	for i := range n {
		if i%100 == 0 {
			if err := w.Page(Page{Offset: i, Limit: 100, Count: 100, First: w.Len()}); err != nil {
				t.Fatal(err)
			}
		}
		id := fmt.Sprintf("id/%d", i)
		if i == 2000 {
			id = "id/7"
		}
		if err := w.Add(id, fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close("broke off", 99, map[string]int{"a": 1}); err != nil {
		t.Fatal(err)
	}
	c, err := Open(dir, "users")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Len() != n || c.Complete || c.Reason != "broke off" || c.Total != 99 {
		t.Errorf("read back %+v", c.Meta)
	}
	var facts map[string]int
	if err := c.Fact(&facts); err != nil || facts["a"] != 1 {
		t.Errorf("facts are %v, %v", facts, err)
	}
	seen := 0
	err = c.Each(func(i int, id string, object []byte) bool {
		if i != seen || string(object) != fmt.Sprintf(`{"n":%d}`, i) {
			t.Fatalf("object %d reads %s", i, object)
		}
		seen++
		return true
	})
	if err != nil || seen != n {
		t.Errorf("read %d objects, %v", seen, err)
	}
	if i := c.Find("id/1234"); i != 1234 {
		t.Errorf("found at %d", i)
	}
	if c.Has("id/2000") || c.Has("") || !c.Has("id/7") {
		t.Error("membership is wrong")
	}
	if again := c.Repeated(5); len(again) != 1 || len(again["id/7"]) != 2 {
		t.Errorf("repeated: %v", again)
	}
	if p, ok := c.PageOf(1234); !ok || p.Offset != 1200 {
		t.Errorf("page of 1234 is %+v, %v", p, ok)
	}
	if _, err := Open(dir, "orgs"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a collection that was never crawled: %v", err)
	}
}
