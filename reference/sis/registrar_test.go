package sis

import (
	"errors"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// What an office does is seen as a consumer would: by what is active, by what changed since, and by the lists of
// classes.
func TestRegistrar(t *testing.T) {
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenStore(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := Load(t.Context(), s, d); err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-time.Second)
	var class, other, learner string
	for e := range d.Enrollments() {
		switch {
		case e.Status != fixtures.Active || e.Role != "student":
		case class == "":
			class, learner = e.Class, e.User
		case e.Class != class && other == "":
			other = e.Class
		}
	}
	g := NewRegistrar(s)
	in := func(user, class string) bool {
		t.Helper()
		now, err := Unload(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		for e := range now.Enrollments() {
			if e.User == user && e.Class == class && e.Status == fixtures.Active {
				return true
			}
		}
		return false
	}
	listed := func(user, class string) bool {
		t.Helper()
		c, err := s.Find(t.Context(), Classes, class)
		if err != nil {
			t.Fatal(err)
		}
		u, err := s.Find(t.Context(), Users, user)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := s.Members(t.Context(), relationClassStudents, c)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if k == u {
				return true
			}
		}
		return false
	}
	user := func(id string) (out fixtures.User) {
		now, err := Unload(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		for u := range now.Users() {
			if u.SourcedID == id {
				out = u
			}
		}
		return out
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	newcomer, err := g.Add(t.Context(), Newcomer{"Nia", "Okoro", class})
	must(err)
	if u := user(newcomer); !in(newcomer, class) || !listed(newcomer, class) || u.GivenName != "Nia" || u.DateLastModified.Before(began) {
		t.Errorf("the newcomer is %+v", u)
	}
	must(g.Withdraw(t.Context(), learner, class))
	if in(learner, class) {
		t.Error("who was withdrawn is in the class")
	}
	if err := g.Withdraw(t.Context(), learner, class); !errors.Is(err, ErrNotThere) {
		t.Errorf("withdrawing twice: %v", err)
	}
	must(g.Move(t.Context(), newcomer, class, other))
	if in(newcomer, class) || !in(newcomer, other) || !listed(newcomer, other) {
		t.Error("who moved is in the wrong class")
	}
	must(g.Rename(t.Context(), learner, "", "Renamed"))
	if u := user(learner); u.FamilyName != "Renamed" || u.GivenName == "" {
		t.Errorf("who was renamed is %s %s", u.GivenName, u.FamilyName)
	}
	_, err = g.Enroll(t.Context(), learner, class, "student")
	must(err)
	if !in(learner, class) {
		t.Error("who came back isn't in the class")
	}
	must(g.CloseClass(t.Context(), other))
	if in(newcomer, other) {
		t.Error("a class that is over has a learner")
	}
	must(g.Leave(t.Context(), newcomer))
	if user(newcomer).Status != fixtures.ToBeDeleted {
		t.Error("who left isn't flagged")
	}
	for what, err := range map[string]error{
		"nobody":      g.Rename(t.Context(), "nobody", "A", "B"),
		"no class":    g.CloseClass(t.Context(), other),
		"gone before": g.Leave(t.Context(), newcomer),
	} {
		if err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := g.Add(t.Context(), Newcomer{"", "x", class}); !errors.Is(err, ErrNoName) {
		t.Errorf("a person without a name: %v", err)
	}
}
