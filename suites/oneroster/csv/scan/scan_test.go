package scan

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures/broken"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
)

func text(s string) *string { return &s }

// packed writes a base, changed by steps, as a zip.
func packed(t testing.TB, base string, steps ...broken.Step) string {
	t.Helper()
	b, err := broken.Base(base)
	if err != nil {
		t.Fatal(err)
	}
	data, err := (&broken.Case{ID: t.Name(), Steps: steps}).Apply(b)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func scanned(t testing.TB, path string, o Options) *Result {
	t.Helper()
	src, err := source.Open(path, Known)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r, err := Scan(context.Background(), src, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func describe(r *Result) []string {
	var out []string
	for _, f := range r.Findings {
		e := Example{}
		if len(f.Examples) > 0 {
			e = f.Examples[0]
		}
		out = append(out, strings.TrimSpace(strings.Join([]string{f.Rule.ID, f.File, f.Column, e.Value, e.Detail}, " ")))
	}
	return out
}

// What is wrong in which way is the matrix's to prove (cmd/rollcall); here it is
// how findings are counted and placed.

func TestClean(t *testing.T) {
	for _, workers := range []int{1, 4} {
		for base, want := range map[string]string{broken.Bulk: "1.2", broken.Delta: "1.2", broken.Old: "1.1"} {
			r := scanned(t, packed(t, base), Options{Workers: workers})
			if r.Version != want || r.Rows < 20 || len(r.Findings) > 0 {
				t.Errorf("%s: version %s, %d rows: %q", base, r.Version, r.Rows, describe(r))
			}
		}
	}
}

// large writes a folder whose users.csv spans many blocks; every thousandth row
// has a bad flag, and the last repeats the first.
func large(t testing.TB, rows int) string {
	t.Helper()
	dir := t.TempDir()
	var b bytes.Buffer
	b.WriteString("sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\r\n")
	for i := range rows {
		flag := "true"
		if i%1000 == 999 {
			flag = "yes"
		}
		id := i
		if i == rows-1 {
			id = 0
		}
		b.WriteString("u" + itoa(id) + ",,," + flag + ",name" + itoa(i) + ",,\"Ann, the first\",Lee,,,,,,,,,,,,,,\r\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "users.csv"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// Counts and lines are the same however many workers read.
func TestPlaces(t *testing.T) {
	const rows = 40_000
	dir := large(t, rows)
	for _, workers := range []int{1, 2, 7} {
		r := scanned(t, dir, Options{Workers: workers})
		if r.Rows != rows {
			t.Fatalf("%d rows", r.Rows)
		}
		for _, want := range []struct {
			rule  string
			count int64
			lines []int64
		}{
			{"users.enabledUser.vocabulary", rows / 1000, []int64{1001, 2001, 3001, rows + 1}},
			{"users.sourcedId.unique", 1, []int64{rows + 1}},
		} {
			i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Rule.ID == want.rule })
			if i < 0 {
				t.Fatalf("no %s in %q", want.rule, describe(r))
			}
			var lines []int64
			for _, e := range r.Findings[i].Examples {
				lines = append(lines, e.Line)
			}
			if r.Findings[i].Count != want.count || !slices.Equal(lines, want.lines) {
				t.Errorf("%d workers: %s %d times on lines %v, want %d times on %v", workers, want.rule, r.Findings[i].Count, lines, want.count, want.lines)
			}
		}
	}
}

// Personal values are shown by their shape.
func TestPrivate(t *testing.T) {
	r := scanned(t, packed(t, broken.Bulk, broken.Step{File: "demographics", Column: "birthDate", Value: text("3. Mai 2010")}), Options{})
	if len(r.Findings) != 1 || r.Findings[0].Examples[0].Value != "9. xxx 9999" {
		t.Errorf("%q", describe(r))
	}
}

func TestSpill(t *testing.T) {
	var all bytes.Buffer
	r := scanned(t, large(t, 5000), Options{Spill: &all})
	if got := strings.Count(all.String(), "orcsv.users.vocabulary"); got != 5 || len(r.Findings) == 0 || !strings.Contains(all.String(), "users.csv,3001,4,orcsv.users.vocabulary,yes\n") {
		t.Errorf("%d lines:\n%s", got, all.String())
	}
}

// A package that can't be read passes nothing.
func TestNothingToLookAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(path, []byte("PK or something like that"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := scanned(t, path, Options{})
	if len(r.Examined) != 1 || len(r.Findings) != 1 {
		t.Errorf("examined %v, found %q", r.Examined, describe(r))
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	src, err := source.Open(large(t, 5000), Known)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := Scan(ctx, src, Options{}); err == nil {
		t.Error("an interrupted scan gave a result")
	}
}

// textOf reads a file of a clean bundle.
func textOf(t testing.TB, name string) string {
	t.Helper()
	src, err := source.Open(packed(t, broken.Bulk), Known)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r, err := src.Entry(name).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// No finding, of whatever kind, lets out what stands in a personal column, nor
// does the list of all findings.
func TestNothingPersonal(t *testing.T) {
	const secret = "Zyxwvut"
	long := strings.Repeat("x", 300)
	for name, step := range map[string]broken.Step{
		"bare quote":      {File: "users", Replace: "Ann,", With: secret + `"x,`},
		"shifted":         {File: "users", Replace: "true,ann", With: "true," + secret + ",ann"},
		"line break":      {File: "users", Column: "givenName", Value: text(secret + "\nx")},
		"control":         {File: "users", Column: "givenName", Value: text(secret + "\x01")},
		"too long":        {File: "users", Column: "givenName", Value: text(secret + long)},
		"endless":         {File: "users", Column: "givenName", Value: text(secret + strings.Repeat("ab,\"\"", 400_000))},
		"score":           {File: "results", Column: "score", Value: text("8675309")},
		"format":          {File: "demographics", Column: "birthDate", Value: text(secret)},
		"no header":       {File: "users", Replace: textOf(t, "users")[:strings.Index(textOf(t, "users"), "\r\n")+2] + "u1,,,true,ann", With: "u1,,,true," + secret},
		"extension":       {File: "users", Replace: "Ann,Lee", With: `"` + secret + `"x,Lee`},
		"quote in orgs":   {File: "orgs", Replace: "District,district", With: secret + `",district`},
		"unclosed at end": {File: "demographics", Replace: "Dallas", With: `"` + secret},
	} {
		var all bytes.Buffer
		r := scanned(t, packed(t, broken.Bulk, step), Options{Spill: &all})
		if len(r.Findings) == 0 {
			t.Errorf("%s: nothing was found", name)
		}
		for _, f := range r.Findings {
			for _, e := range f.Examples {
				if said := e.Value + e.Detail; strings.Contains(said, secret) || strings.Contains(said, "8675309") {
					t.Errorf("%s: %s says %q", name, f.Rule.ID, said)
				}
			}
		}
		if strings.Contains(all.String(), secret) || strings.Contains(all.String(), "8675309") {
			t.Errorf("%s: the list of all says %s", name, all.String())
		}
	}
}

// A number that no float holds is in no range.
func TestGiganticScore(t *testing.T) {
	r := scanned(t, packed(t, broken.Bulk, broken.Step{File: "results", Column: "score", Value: text("9e400")}), Options{})
	if len(r.Findings) != 1 || r.Findings[0].Rule.ID != "rules.result-range" {
		t.Errorf("%q", describe(r))
	}
}
