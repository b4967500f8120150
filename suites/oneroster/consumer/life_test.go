package consumer

import (
	"archive/zip"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// TestSuites: every check decides requirements that there are, and every requirement of the profiles is decided.
func TestSuites(t *testing.T) {
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		uncovered []string
		err       error
	}{
		{Suite().Uncovered(c), Suite().Validate(c)}, {Suite11().Uncovered(c), Suite11().Validate(c)}, {Drops().Uncovered(c), Drops().Validate(c)},
	} {
		if s.err != nil || len(s.uncovered) > 0 {
			t.Errorf("%v; nobody decides %v", s.err, s.uncovered)
		}
	}
}

// TestBundles: each of the bundles that are dropped can be made, and a zip that isn't cut can be opened.
func TestBundles(t *testing.T) {
	w, err := newWorld(7)
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{version: "1.2", world: w, dir: t.TempDir(), dropped: newYear(time.Now())}
	for _, kind := range []string{bundleBulk, bundleDelta, bundleCut, bundleBroken, bundleEmpty} {
		mixed(w)
		path, err := j.bundle(phase{Bundle: kind})
		if err != nil {
			t.Fatal(err)
		}
		r, err := zip.OpenReader(path)
		if (err == nil) != (kind != bundleCut) {
			t.Errorf("%s: %v", kind, err)
		}
		if err == nil {
			_ = r.Close()
		}
	}
}

// TestNewYear: the days are in a week of the year after.
func TestNewYear(t *testing.T) {
	for _, day := range []string{"2026-12-01", "2027-01-05", "2025-12-29", "2031-06-01"} {
		before, _ := time.Parse(time.DateOnly, day)
		at := newYear(before)
		if year, _ := at.ISOWeek(); !at.Before(before) || year == at.Year() {
			t.Errorf("before %s it is %s", day, at)
		}
	}
}

// TestChanges: each change changes something that a product would hold.
func TestChanges(t *testing.T) {
	w, err := newWorld(7)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"add", "rename", "move", "withdraw", "delete", "restore", "second-role", "future", "close-org", "vanish", "mixed",
		"grade", "regrade", "restatus", "unmark", "recategorize", "leave", "ungrade", "lose-grades", "equip", "unequip",
		"details", "relocate", "reseat", "switch-off", "renumber", "minimal", "extend", "every-role"} {
		before := truthOf(w, "1.2")
		changes[name](w)
		if len(touches(before, truthOf(w, "1.2"))) == 0 {
			t.Errorf("%s changes nothing", name)
		}
	}
}

// TestOtherOfLength: a name that is as long as another one isn't that.
func TestOtherOfLength(t *testing.T) {
	for _, name := range []string{"Ashby", "Zzz", "O'Brien", "Ångström", "李", "7", ""} {
		if other := otherOfLength(name); len(other) != len(name) || other == name && name != "" {
			t.Errorf("%q becomes %q", name, other)
		}
	}
}
