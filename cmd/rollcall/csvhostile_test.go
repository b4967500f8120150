package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	csvcases "github.com/rollcall-edu/rollcall/fixtures/broken"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/tools/daily"
)

// hostile is a bundle that nobody can mean, and the exit codes of those who read
// it.
type hostile struct {
	name   string
	bundle func(t *testing.T) []byte
	check  int
	diff   int
	load   int
	says   string // by import
}

// hostileBundles lists them. Where diff or import are 0 nothing is lost by it.
var hostileBundles = []hostile{
	{"empty", raw(""), 1, 2, 2, "is empty"},
	{"two letters", raw("PK"), 1, 2, 2, ""},
	{"no zip", raw("sourcedId,status\r\n"), 1, 2, 2, ""},
	{"empty zip", zipped(), 1, 2, 2, "manifest"},
	{"folders alone", zipped(item{"a/", ""}, item{"a/b/", ""}), 1, 2, 2, ""},
	{"nothing of the standard", zipped(item{"readme.txt", "x"}), 1, 2, 2, ""},
	{"cut in the middle", cutBundle, 1, 2, 2, "cut short"},
	{"another's directory", changed(func(b []byte) { b[len(b)-6] ^= 0x7F }), 1, 2, 2, ""},
	{"NULs for users", with("users", strings.Repeat("\x00", 3<<20)), 1, 2, 2, "users.csv"},
	{"NULs for the manifest", with("manifest", strings.Repeat("\x00", 1000)), 1, 2, 2, "manifest.csv"},
	{"one open quote", with("users", `"`), 1, 2, 2, "quote"},
	{"an open quote of 3 MiB", with("users", `"`+noise(3<<20)), 1, 2, 2, "users.csv"},
	{"noise", with("orgs", noise(1<<20)), 1, 2, 2, "orgs.csv"},
	{"bytes", with("orgs", string(randomBytes(1<<20))), 1, 2, 2, "orgs.csv"},
	{"a hundred thousand columns", with("orgs", strings.Repeat("x,", 100_000)+"\r\n"), 1, 2, 2, "orgs.csv"},
	{"a column again and again", with("orgs", "sourcedId,name"+strings.Repeat(",name", 50_000)+"\r\n"), 1, 0, 2, "again"},
	{"a manifest of 5 MiB", with("manifest", "propertyName,value\r\n"+strings.Repeat("file.users,bulk\r\n", 300_000)), 1, 0, 2, "orcsv.manifest"},
	{"commas alone", with("orgs", "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\r\n"+strings.Repeat(",,,,,,\r\n", 100_000)), 1, 0, 2, "orcsv."},
	{"one row a million times", with("orgs", "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\r\n"+noiseRows(400)+
		strings.Repeat("d1,,,District,district,1,d1\r\n", 1_000_000)), 1, 0, 2, "sourcedId"},
	{"a bomb", bent(csvcases.Step{File: "users", Bomb: true}), 1, 2, 2, "unpack to"},
	{"all encrypted", everyFile(csvcases.Step{Method: "locked"}), 1, 2, 2, "encrypted"},
	{"all damaged", everyFile(csvcases.Step{Method: "damaged"}), 1, 2, 2, "checksum"},
	{"all semicolons", everyFile(csvcases.Step{Form: "semicolons"}), 1, 2, 2, "semicolons"},
	{"all tabs", everyFile(csvcases.Step{Form: "tabs"}), 1, 2, 2, "tabs"},
	{"all exchanged", everyFile(csvcases.Step{Form: "exchanged"}), 1, 2, 2, "exchanged"},
	{"all UTF-16", everyFile(csvcases.Step{Encoding: "utf-16"}), 1, 0, 2, "UTF-16"},
	{"all UTF-32", everyFile(csvcases.Step{Encoding: "utf-32-be-bare"}), 1, 0, 2, "UTF-32"},
	{"all carriage returns", everyFile(csvcases.Step{Ends: "cr"}), 1, 0, 2, "CR"},
	{"all in a folder", inFolder, 1, 0, 2, "folder"},
	{"all empty", everyFile(csvcases.Step{Empty: "all"}), 1, 0, 2, ""},
	{"headers alone", everyFile(csvcases.Step{Empty: "rows"}), 1, 0, 2, ""},
	{"flags as .NET writes them", bent(csvcases.Step{File: "users", Column: "enabledUser", All: text("True")}), 1, 0, 2, "true and false"},
	{"a day that is in no calendar", bent(csvcases.Step{File: "demographics", Column: "birthDate", Value: text("2010-13-01")}), 1, 0, 2, "no such month"},
	{"a reference that leads nowhere", bent(csvcases.Step{File: "enrollments", Column: "userSourcedId", Value: text("nobody")}), 1, 0, 2, "orcsv.enrollments.references"},
	{"identifiers that a spreadsheet spoilt", bent(csvcases.Step{File: "users", Row: 0, ID: text("1.2E+11")}), 1, 0, 2, "spreadsheet"},
	{"a workbook", zipped(item{"[Content_Types].xml", "<x/>"}, item{"xl/workbook.xml", "<x/>"}), 1, 2, 2, "workbook"},
	{"a workbook inside", bent(csvcases.Step{Add: "roster.xlsx", With: "PK"}), 0, 0, 0, ""},
	{"all in single cells", everyFile(csvcases.Step{Form: "one-cell"}), 1, 2, 2, "quoted cell"},
	{"a delta", func(t *testing.T) []byte { return packed(t, csvcases.Delta) }, 0, 0, 2, "delta"},
	{"blank identifiers", bent(csvcases.Step{File: "users", Column: "sourcedId", All: text("")}), 1, 0, 2, "sourcedId"},
	{"names of the terminal's", zipped(item{"\x1b[31musers.csv\x1b[0m", "a"}, item{"=cmd|' /C calc'!A0.csv", "a"}, item{"users\r\n  passed.csv", "a"}), 1, 2, 2, ""},
	{"far out of the package", zipped(item{"../../etc/users.csv", "a"}, item{"/users.csv", "a"}, item{"C:users.csv", "a"}), 1, 2, 2, ""},
	{"300,000 entries", manyEntries, 1, 2, 2, "directory"},
}

func text(s string) *string { return &s }

type item struct{ name, data string }

func raw(s string) func(*testing.T) []byte { return func(*testing.T) []byte { return []byte(s) } }

func zipped(items ...item) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for _, i := range items {
			w, err := z.Create(i.name)
			if err == nil {
				_, err = io.WriteString(w, i.data)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
}

func manyEntries(t *testing.T) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := range 300_000 {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("entry-%06d.csv", i), Method: zip.Store}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// packed is a right bundle, changed by steps.
func packed(t *testing.T, base string, steps ...csvcases.Step) []byte {
	t.Helper()
	b, err := csvcases.Base(base)
	if err != nil {
		t.Fatal(err)
	}
	out, err := (&csvcases.Case{ID: t.Name(), Steps: steps}).Apply(b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func bent(s ...csvcases.Step) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return packed(t, csvcases.Bulk, s...) }
}

// with puts another text in the place of a file.
func with(file, text string) func(*testing.T) []byte {
	return bent(csvcases.Step{File: file, Drop: true}, csvcases.Step{Add: file + ".csv", With: text})
}

func everyFile(s csvcases.Step) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		b, err := csvcases.Base(csvcases.Bulk)
		if err != nil {
			t.Fatal(err)
		}
		var all []csvcases.Step
		for _, file := range b.Order {
			s.File = file
			all = append(all, s)
		}
		return packed(t, csvcases.Bulk, all...)
	}
}

func inFolder(t *testing.T) []byte {
	b, err := csvcases.Base(csvcases.Bulk)
	if err != nil {
		t.Fatal(err)
	}
	var all []csvcases.Step
	for _, file := range b.Order {
		all = append(all, csvcases.Step{File: file, Name: "export/" + file + ".csv"})
	}
	return packed(t, csvcases.Bulk, all...)
}

func cutBundle(t *testing.T) []byte {
	b := packed(t, csvcases.Bulk)
	return b[:len(b)/2]
}

func changed(change func(b []byte)) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		b := packed(t, csvcases.Bulk)
		change(b)
		return b
	}
}

func randomBytes(n int) []byte {
	random, out := rand.New(rand.NewPCG(1, 2)), make([]byte, n)
	for i := range out {
		out[i] = byte(random.IntN(256))
	}
	return out
}

func noise(n int) string {
	random, out := rand.New(rand.NewPCG(3, 4)), make([]byte, n)
	for i := range out {
		out[i] = byte('a' + random.IntN(26))
	}
	return string(out)
}

// noiseRows keeps what follows from looking like a bomb.
func noiseRows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "n%d,,,%s,school,,\r\n", i, noise(200))
	}
	return b.String()
}

// hostilePeak bounds the memory of all readers, in MiB: what such a bundle unpacks to
// goes far beyond it.
const hostilePeak = 500

// TestCSVHostile gives bundles that nobody can mean to everybody who reads bundles:
// no panic, no verdict of error, bounded memory, the right exit codes, and a store
// that stays as it was where a bundle is refused.
func TestCSVHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("hostile bundles run by themselves: make products")
	}
	dir := t.TempDir()
	good, db := filepath.Join(dir, "good.zip"), filepath.Join(dir, "roster.db")
	if err := os.WriteFile(good, packed(t, csvcases.Bulk), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, h := range hostileBundles {
		t.Run(h.name, func(t *testing.T) {
			daily.Share(t, 2)
			path := filepath.Join(t.TempDir(), "bundle.zip")
			if err := os.WriteFile(path, h.bundle(t), 0o600); err != nil {
				t.Fatal(err)
			}
			begun := peakMiB(t, true)
			code, out, errs := call(t, "", "csv", "check", "-q", path, "--format", "json")
			if code != h.check {
				t.Errorf("check ends with %d, want %d: %s", code, h.check, errs)
			}
			blamed(t, []byte(out))
			if code, out, errs := call(t, "", "csv", "diff", good, path); code != h.diff {
				t.Errorf("diff ends with %d, want %d: %s%s", code, h.diff, out, errs)
			}
			if code, out, errs := call(t, "", "csv", "import", good, "--db", db); code != 0 {
				t.Fatalf("the good bundle: %d %s%s", code, out, errs)
			}
			before := labelOf(t, db)
			if code, out, errs = call(t, "", "csv", "import", path, "--db", db); code != h.load || !strings.Contains(errs, h.says) {
				t.Errorf("import ends with %d, want %d with %q: %s%s", code, h.load, h.says, out, errs)
			}
			if after := labelOf(t, db); code != 0 && after != before {
				t.Errorf("the store held %q and holds %q after a refusal", before, after)
			}
			if peak := peakMiB(t, false); peak > begun+hostilePeak {
				t.Errorf("memory went from %d to %d MiB", begun, peak)
			}
		})
	}
}

// labelOf tells what a store holds.
func labelOf(t *testing.T, db string) string {
	t.Helper()
	s, err := sis.OpenStore(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	label, err := s.Label(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range sis.Collections() {
		n, err := s.Count(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		label += fmt.Sprintf(", %d %s", n, c)
	}
	return label
}

// blamed holds a report to blaming only what is there to be blamed.
func blamed(t *testing.T, text []byte) {
	t.Helper()
	var r reports.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Errorf("the report: %v", err)
		return
	}
	verdicts := map[string]reports.Verdict{}
	for _, q := range r.Requirements {
		verdicts[q.ID] = q.Verdict
	}
	for _, q := range r.Requirements {
		switch {
		case q.Verdict == reports.Error, q.Verdict == reports.Unknown:
			t.Errorf("%s is %s: %s", q.ID, q.Verdict, q.Reason)
		case q.Verdict == reports.NotTested && (q.Blame == nil || q.Blame.Kind != reports.BlockedBy || verdicts[q.Blame.Requirement] != reports.Fail):
			t.Errorf("%s is not tested, and nothing that failed is to blame: %+v", q.ID, q.Blame)
		}
	}
}

// peakMiB gives the most memory that this process has held since it was last asked
// to forget; 0 where the system doesn't tell.
func peakMiB(t *testing.T, forget bool) int {
	t.Helper()
	if forget {
		_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // Linux alone has it
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int
	_, _ = fmt.Sscan(rest, &kib)
	return kib >> 10
}

// A bundle beyond the limit is refused with the figure and the flag; beyond a higher
// one it is read.
func TestCSVTooLarge(t *testing.T) {
	packed := randomBytes(20 << 20) // so much that it doesn't look like a bomb
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "users.csv", Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: 9 << 30})
	if err == nil {
		_, err = w.Write(packed)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", path}, {"import", path, "--db", filepath.Join(t.TempDir(), "x.db")}, {"diff", path, path}} {
		code, out, errs := call(t, "", append([]string{"csv"}, args...)...)
		if code != 2 || !strings.Contains(errs, "9.0 GiB") || !strings.Contains(errs, "8.0 GiB") || !strings.Contains(errs, "--max-unpacked") {
			t.Errorf("%s: %d %s%s", args[0], code, out, errs)
		}
	}
	if code, out, _ := call(t, "", "csv", "check", path, "--max-unpacked", "10"); code != 1 || !strings.Contains(out, "text.readable") {
		t.Errorf("under a higher limit: %d %s", code, out)
	}
}

// TestCSVOutputsAreSafe holds everything that people open to showing no character
// that a terminal obeys and no cell that a spreadsheet runs.
func TestCSVOutputsAreSafe(t *testing.T) {
	dir := t.TempDir()
	path, spill := filepath.Join(dir, "bundle.zip"), filepath.Join(dir, "all.csv")
	data := packed(t, csvcases.Bulk, csvcases.Step{Add: "=cmd|' /C calc'!A0.csv", With: "x"}, csvcases.Step{Add: "a\x1b[2Jb\u202e.csv", With: "x"},
		csvcases.Step{Add: "@sum(1).txt", With: "x"}, csvcases.Step{File: "orgs", Column: "type", Value: text("=1+1")},
		csvcases.Step{File: "orgs", Row: 1, Column: "type", Value: text("\x1b]0;x\a")})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, table, _ := call(t, "", "csv", "check", "-q", path, "--format", "csv", "--spill", spill)
	all, err := os.ReadFile(spill)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"--format csv": table, "--spill": string(all)} {
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(rows) < 5 {
			t.Fatalf("%s: %v, %d rows", name, err, len(rows))
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "@") {
					t.Errorf("%s has a cell that a spreadsheet runs: %q", name, cell)
				}
			}
		}
		if !strings.Contains(text, "'=cmd") || !strings.Contains(text, "'@sum") {
			t.Errorf("%s doesn't name the entries:\n%s", name, text)
		}
	}
	outputs := map[string]string{"--format csv": table, "--spill": string(all)}
	for _, format := range []string{"text", "sarif", "junit", "html"} {
		_, outputs[format], _ = call(t, "", "csv", "check", "-q", path, "--format", format)
	}
	for name, text := range outputs {
		if strings.ContainsAny(text, "\x1b\a\u202e") || strings.Contains(text, "\\u001b") {
			t.Errorf("%s shows control characters as they are", name)
		}
	}
}
