package world

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
)

func riverbend(t *testing.T) *World {
	t.Helper()
	w, err := New(7)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestSeed: a seed always makes the same people, and another one others.
func TestSeed(t *testing.T) {
	a, b := riverbend(t), riverbend(t)
	other, err := New(8)
	if err != nil {
		t.Fatal(err)
	}
	if a.Seed() != 7 || !slices.EqualFunc(a.User, b.User, func(x, y fixtures.User) bool { return x.SourcedID == y.SourcedID }) {
		t.Error("the same seed makes others")
	}
	if a.User[0].SourcedID == other.User[0].SourcedID {
		t.Error("another seed makes the same people")
	}
}

// TestTick: each change is later than any before, and none is told a time after the last once that is settled.
func TestTick(t *testing.T) {
	w := riverbend(t)
	last := w.Tick()
	for range 100 {
		if at := w.Tick(); !at.After(last) || at.Truncate(time.Millisecond) != at {
			t.Fatalf("%s comes after %s", at, last)
		} else {
			last = at
		}
	}
	end := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	w.Settle(end)
	w.each(func(b *fixtures.Base) {
		if b.DateLastModified.After(end) {
			t.Errorf("%s changed at %s", b.SourcedID, b.DateLastModified)
		}
	})
	for _, c := range Collections() {
		for _, o := range w.All(c, "1.2") {
			if at := fmt.Sprint(o["dateLastModified"]); at > end.Format(instant) {
				t.Errorf("%s %v changed at %s", c, o["sourcedId"], at)
			}
		}
	}
}

// TestAdd: who is added stands where was said, with a new sourcedId, and is told as a change.
func TestAdd(t *testing.T) {
	w := riverbend(t)
	before := w.Tick()
	class := w.Class[w.OpenClasses()[0]]
	for where, at := range []func() int{func() int { return 0 }, func() int { return (len(w.User) - 1) / 2 },
		func() int { return len(w.User) - 1 }} {
		user := w.AddUser(where, "student", class.School)
		if u := w.User[at()]; u.SourcedID != user || u.Status != fixtures.Active || !u.DateLastModified.After(before) ||
			u.Roles[0].Role != "student" || u.Roles[0].Org != class.School {
			t.Errorf("at %d: %+v", where, u)
		}
		seat := w.Enroll(where, user, class.SourcedID, class.School, "student")
		if got := w.Seats(func(e fixtures.Enrollment) bool { return e.SourcedID == seat && e.User == user }); len(got) != 1 {
			t.Errorf("at %d: the seats are %v", where, got)
		}
	}
	added := w.AddClass(2, class)
	if c := w.Class[len(w.Class)-1]; c.SourcedID != added || c.Course != class.Course || c.Title == class.Title || c.ClassCode == class.ClassCode {
		t.Errorf("%+v", c)
	}
	seen := map[string]bool{}
	w.each(func(b *fixtures.Base) {
		if len(b.SourcedID) > 3 && b.SourcedID[:3] == "rc-" && seen[b.SourcedID] {
			t.Errorf("%s is there twice", b.SourcedID)
		}
		seen[b.SourcedID] = true
	})
}

// TestFlag: what is flagged is no longer among what is active, and is again once it is restored.
func TestFlag(t *testing.T) {
	w := riverbend(t)
	i := w.People(func(u fixtures.User) bool { return true })[0]
	is := func(u fixtures.User) bool { return u.SourcedID == w.User[i].SourcedID }
	before := w.Tick()
	w.Flag(&w.User[i].Base, false)
	if w.User[i].Status != fixtures.ToBeDeleted || !w.User[i].DateLastModified.After(before) || len(w.People(is)) != 0 {
		t.Errorf("%+v", w.User[i].Base)
	}
	before = w.Tick()
	w.Flag(&w.User[i].Base, true)
	if w.User[i].Status != fixtures.Active || !w.User[i].DateLastModified.After(before) || len(w.People(is)) != 1 {
		t.Errorf("%+v", w.User[i].Base)
	}
	class := w.OpenClasses()[0]
	org := slices.IndexFunc(w.Org, func(o fixtures.Org) bool { return o.SourcedID == w.Class[class].School })
	w.Flag(&w.Org[org].Base, false)
	if slices.Contains(w.OpenClasses(), class) {
		t.Error("a class is open in a school that is flagged")
	}
}

// TestVersions: an object is told in both versions by the same facts, each by its own members.
func TestVersions(t *testing.T) {
	w := riverbend(t)
	for _, c := range Collections() {
		modern, old := w.All(c, "1.2"), w.All(c, "1.1")
		for _, list := range [][]map[string]any{modern, old} {
			for _, o := range list {
				if o["sourcedId"] == "" || o["status"] == "" || o["dateLastModified"] == "" {
					t.Fatalf("%s: %v", c, o)
				}
				for name, v := range o {
					if v == nil || v == "" {
						t.Errorf("%s %v: %s is empty", c, o["sourcedId"], name)
					}
				}
			}
		}
		if len(modern) == 0 || len(old) > len(modern) {
			t.Errorf("%s: %d objects in 1.2, %d in 1.1", c, len(modern), len(old))
		}
	}
	for i, o := range w.All("users", "1.1") {
		u := w.User[i]
		if o["sourcedId"] != u.SourcedID || o["role"] != oldRole(u.Roles[0].Role) || o["roles"] != nil || o["orgs"] == nil {
			t.Errorf("1.1: %v", o)
		}
	}
	for i, o := range w.All("users", "1.2") {
		if len(o["roles"].([]any)) != len(w.User[i].Roles) || o["role"] != nil || o["orgs"] != nil {
			t.Errorf("1.2: %v", o)
		}
	}
}
