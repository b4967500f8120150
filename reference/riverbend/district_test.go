package riverbend

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/district"
)

// held is how many active enrollments a consumer holds.
func held(t *testing.T, c *district.Consumer) (n int) {
	t.Helper()
	roster, err := c.Mirror.District(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for e := range roster.Enrollments() {
		if e.Status == fixtures.Active {
			n++
		}
	}
	return n
}

// The whole district is up, linked and in step, follows the SIS, and has forgotten nothing after a restart.
func TestWhole(t *testing.T) {
	o := Options{DB: filepath.Join(t.TempDir(), "district.db"), Every: time.Hour}
	d, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	p, c := d.Platforms[0], d.Cast
	if c.Class == "" || c.Learner.ID == "" || c.Leaver.ID == "" || c.Other == "" || c.Reader == nil || c.Outsider.ID == "" {
		t.Fatalf("the cast is %+v", c)
	}
	if p.Roles(c.Class, c.Leaver.ID) == nil || held(t, d.Assessment.Consumer) < 50 || held(t, d.Tools[1].Sync) < 50 {
		t.Fatal("the systems aren't in step")
	}
	if err := d.Assessment.Take(t.Context(), c.Class, ""); err != nil {
		t.Fatal(err)
	}
	if err := d.SIS.Registrar().Withdraw(t.Context(), c.Leaver.ID, c.Class); err != nil {
		t.Fatal(err)
	}
	for name, out := range d.Sync(t.Context()) {
		if out.Err() != nil {
			t.Errorf("%s: %v", name, out.Err())
		}
	}
	if p.Roles(c.Class, c.Leaver.ID) != nil {
		t.Error("who was withdrawn is in the course")
	}
	results := func() int {
		t.Helper()
		roster, err := d.SIS.Roster(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for r := range roster.AssessmentResults() {
			if r.Student == c.Learner.ID && r.AssessmentLineItem != "" {
				n++
			}
		}
		return n
	}
	before := results()
	if before == 0 {
		t.Error("the SIS has no assessment results")
	}
	secret := d.SIS.Main.Secret
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Platforms[0].Roles(c.Class, c.Leaver.ID) != nil || results() != before || d.SIS.Main.Secret != secret || d.Cast.Leaver != c.Leaver {
		t.Error("a restart took something away")
	}
}

// What is left out isn't there, and the rest is.
func TestWithout(t *testing.T) {
	d, err := Start(t.Context(), Options{Without: []string{SIS, "tool"}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.SIS != nil || len(d.Tools) > 0 || len(d.Platforms) != 1 || d.Catalog == nil {
		t.Errorf("%+v", d)
	}
	if _, err := Start(t.Context(), Options{Without: []string{"nothing"}}); err == nil {
		t.Error("a system that there isn't can be left out")
	}
}
