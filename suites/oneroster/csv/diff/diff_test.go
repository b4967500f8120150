package diff

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures/broken"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
)

func text(s string) *string { return &s }

// open packs a base, changed by steps, and opens it.
func open(t *testing.T, base string, steps ...broken.Step) *source.Bundle {
	t.Helper()
	b, err := broken.Base(base)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := (&broken.Case{ID: t.Name(), Steps: steps}).Apply(b)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(path, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := source.Open(path, scan.Known)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	return out
}

func compare(t *testing.T, old, new *source.Bundle, o Options) *Result {
	t.Helper()
	r, err := Bundles(t.Context(), old, new, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *Result) file(t *testing.T, name string) File {
	t.Helper()
	i := slices.IndexFunc(r.Files, func(f File) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("%s is not compared", name)
	}
	return r.Files[i]
}

func kinds(r *Result) []string {
	out := []string{}
	for _, n := range r.Notes {
		out = append(out, n.File+" "+n.Kind)
	}
	return out
}

func TestSameBundle(t *testing.T) {
	r := compare(t, open(t, broken.Bulk), open(t, broken.Bulk), Options{})
	for _, f := range r.Files {
		if f.Added+f.Changed+f.Deleted != 0 || f.Unchanged != f.Before || f.Before == 0 {
			t.Errorf("%+v", f)
		}
	}
	if len(r.Files) != 21 || len(r.Notes) > 0 {
		t.Errorf("%d files, notes %q", len(r.Files), kinds(r))
	}
}

func TestBulkAfterBulk(t *testing.T) {
	r := compare(t, open(t, broken.Bulk), open(t, broken.Bulk,
		broken.Step{File: "users", Where: "sourcedId=u2", Column: "email", Value: text("tom@example.org")},
		broken.Step{File: "users", Where: "sourcedId=u3", CopyRow: true, Column: "sourcedId", Value: text("u9")},
		broken.Step{File: "enrollments", Where: "sourcedId=e3", DropRow: true},
	), Options{MassLeast: 1})
	u, e := r.file(t, "users"), r.file(t, "enrollments")
	if u.Added != 1 || u.Changed != 1 || u.Deleted != 0 || u.Unchanged != 3 || !slices.Equal(u.Examples.Added, []string{"u9"}) {
		t.Errorf("users: %+v", u)
	}
	if e.Deleted != 1 || e.Unchanged != 2 || !slices.Equal(e.Examples.Deleted, []string{"e3"}) {
		t.Errorf("enrollments: %+v", e)
	}
	if got := kinds(r); !slices.Equal(got, []string{"enrollments " + MassDeletion}) {
		t.Errorf("notes %q", got)
	}
}

// Another name alone is a wedding; another name and other accounts is another
// person.
func TestReusedID(t *testing.T) {
	name := []broken.Step{{File: "users", Where: "sourcedId=u2", Column: "givenName", Value: text("Uma")}, {File: "users", Where: "sourcedId=u2", Column: "familyName", Value: text("Diaz")}}
	if got := kinds(compare(t, open(t, broken.Bulk), open(t, broken.Bulk, name...), Options{})); len(got) > 0 {
		t.Errorf("a new name: %q", got)
	}
	all := append(name, broken.Step{File: "users", Where: "sourcedId=u2", Column: "username", Value: text("uma")})
	if got := kinds(compare(t, open(t, broken.Bulk), open(t, broken.Bulk, all...), Options{})); !slices.Equal(got, []string{"users " + Reused}) {
		t.Errorf("another person: %q", got)
	}
}

// All records of a file are never too few to be an accident, and the same ones under
// other sourcedIds are named.
func TestRekeyed(t *testing.T) {
	id := func(file string, row int, id string) broken.Step {
		return broken.Step{File: file, Row: row, ID: text(id)}
	}
	r := compare(t, open(t, broken.Bulk), open(t, broken.Bulk, id("orgs", 0, "n1"), id("orgs", 1, "n2"), id("orgs", 2, "n3"), id("orgs", 3, "n4"), id("users", 1, "n5")), Options{})
	if got := kinds(r); !slices.Equal(got, []string{"orgs " + MassDeletion, "orgs " + Rekeyed, "users " + Rekeyed}) {
		t.Errorf("notes %q", got)
	}
	if n := r.Notes[1]; n.Count != 4 || !strings.Contains(n.Detail, "identifier") || n.Examples[0] != "d1 is now n1" {
		t.Errorf("%+v", n)
	}
	// Who goes and who comes are two people.
	other := []broken.Step{id("users", 1, "n5"), {File: "users", Where: "sourcedId=n5", Column: "identifier", Value: text("77")}}
	if got := kinds(compare(t, open(t, broken.Bulk), open(t, broken.Bulk, other...), Options{})); len(got) > 0 {
		t.Errorf("another person: %q", got)
	}
	gone := broken.Step{File: "orgs", Empty: "rows"}
	if got := kinds(compare(t, open(t, broken.Bulk), open(t, broken.Bulk, gone), Options{})); !slices.Equal(got, []string{"orgs " + MassDeletion}) {
		t.Errorf("all gone: %q", got)
	}
}

func TestDeltaAfterBulk(t *testing.T) {
	r := compare(t, open(t, broken.Bulk), open(t, broken.Delta,
		broken.Step{File: "enrollments", Where: "sourcedId=e3", Column: "status", Value: text("tobedeleted")},
		broken.Step{File: "results", CopyRow: true, Column: "sourcedId", Value: text("n9")},
		broken.Step{File: "results", Where: "sourcedId=n9", Column: "studentSourcedId", Value: text("nobody")},
		broken.Step{File: "resources", Drop: true},
		broken.Step{File: "manifest", Where: "propertyName=file.resources", Column: "value", Value: text("absent")},
		broken.Step{File: "categories", CopyRow: true, Column: "sourcedId", Value: text("a9")},
		broken.Step{File: "categories", Where: "sourcedId=a9", Column: "status", Value: text("tobedeleted")},
		broken.Step{File: "users", Where: "sourcedId=p1", Column: "status", Value: text("tobedeleted")},
	), Options{})
	e, n := r.file(t, "enrollments"), r.file(t, "results")
	if e.Mode != "delta" || e.Deleted != 1 || e.Unchanged != 2 || n.Added != 1 {
		t.Errorf("enrollments %+v, results %+v", e, n)
	}
	want := []string{"results " + Dangling, "categories " + DeletesNone, "users " + Orphans, "roles " + Orphans}
	if got := kinds(r); !slices.Equal(got, want) {
		t.Errorf("notes %q, want %q", got, want)
	}
	if errors, warnings := r.Errors(); errors != 1 || warnings != 3 {
		t.Errorf("%d errors, %d warnings", errors, warnings)
	}
}

func TestFileGone(t *testing.T) {
	r := compare(t, open(t, broken.Bulk), open(t, broken.Bulk, broken.Step{File: "demographics", Drop: true},
		broken.Step{File: "manifest", Where: "propertyName=file.demographics", Column: "value", Value: text("absent")}), Options{})
	if got := kinds(r); !slices.Equal(got, []string{"demographics " + FileGone}) {
		t.Errorf("notes %q", got)
	}
}

func TestVersionsDiffer(t *testing.T) {
	if _, err := Bundles(t.Context(), open(t, broken.Old), open(t, broken.Bulk), Options{}); err == nil {
		t.Error("bundles of different versions were compared")
	}
}

// A difference from what can't be read is none: which bundle, which file and why.
func TestUnreadable(t *testing.T) {
	for want, step := range map[string]broken.Step{
		"users.csv: fields are separated by semicolons": {File: "users", Form: "semicolons"},
		"users.csv: line 1: a quote":                    {File: "users", Replace: "sourcedId,", With: "\"sourcedId,"},
		"users.csv: line 4: a quote is never closed":    {File: "users", Replace: "they/them", With: "\"they/them"},
		"enrollments.csv: line 3: the row has":          {File: "enrollments", Replace: "\r\ne3,,,", With: "\r\ne3,,"},
		"users.csv: the entry is encrypted":             {File: "users", Method: "locked"},
		"checksum":                                      {File: "users", Method: "damaged"},
		"manifest.csv: this is HTML":                    {File: "manifest", Replace: "propertyName", With: "<html>"},
		"there is no column sourcedId":                  {File: "users", Column: "sourcedId", Columns: "drop"},
		"this is binary":                                {File: "orgs", Replace: "sourcedId", With: "\x00"},
	} {
		for _, second := range []bool{false, true} {
			good, bad := open(t, broken.Bulk), open(t, broken.Bulk, step)
			old, new := bad, good
			if second {
				old, new = good, bad
			}
			_, err := Bundles(t.Context(), old, new, Options{})
			var unreadable *Unreadable
			if !errors.As(err, &unreadable) || unreadable.Bundle != bad.Path || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v", want, err)
			}
		}
	}
	blank := open(t, broken.Bulk, broken.Step{File: "orgs", Blank: 2})
	if r := compare(t, open(t, broken.Bulk), blank, Options{}); r.file(t, "orgs").Added != 0 || r.file(t, "orgs").Deleted != 0 {
		t.Errorf("blank rows and columns: %+v", r.file(t, "orgs"))
	}
}
