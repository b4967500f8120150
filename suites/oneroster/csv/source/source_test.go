package source

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func known(name string) bool { return slices.Contains([]string{"manifest", "users", "orgs"}, name) }

type item struct {
	name string
	data string
	flag uint16
}

func zipped(t testing.TB, items ...item) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, i := range items {
		w, err := z.CreateHeader(&zip.FileHeader{Name: i.name, Method: zip.Deflate, Flags: i.flag})
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

func written(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func opened(t *testing.T, path string) *Bundle {
	t.Helper()
	b, err := Open(path, known)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func faults(b *Bundle) []string {
	out := []string{}
	for _, p := range b.Problems {
		out = append(out, string(p.Fault)+" "+p.Entry)
	}
	slices.Sort(out)
	return out
}

func TestZip(t *testing.T) {
	good := []item{{"manifest.csv", "a", 0}, {"users.csv", "b", 0}}
	for _, test := range []struct {
		name  string
		items []item
		want  []string
		files int
	}{
		{"right", good, []string{}, 2},
		{"folder", []item{{"export/", "", 0}, {"export/users.csv", "b", 0}}, []string{"root export/users.csv"}, 1},
		{"backslash", []item{{`export\users.csv`, "b", 0}}, []string{`root export\users.csv`}, 1},
		{"twice", append(good, item{"users.csv", "c", 0}), []string{"once users.csv"}, 2},
		{"case", []item{{"Users.csv", "b", 0}, {"orgs.CSV", "b", 0}}, []string{"name-case Users.csv", "name-case orgs.CSV"}, 2},
		{"unknown", append(good, item{"pupils.csv", "", 0}, item{"readme.txt", "", 0}), []string{"known pupils.csv", "known readme.txt"}, 2},
		{"litter", append(good, item{"__MACOSX/._users.csv", "", 0}, item{".DS_Store", "", 0}), []string{"litter .DS_Store", "litter __MACOSX/._users.csv"}, 2},
		{"traversal", append(good, item{"../orgs.csv", "", 0}, item{"/orgs.csv", "", 0}, item{`a\..\..\orgs.csv`, "", 0}, item{`C:\orgs.csv`, "", 0}),
			[]string{"safe-name ../orgs.csv", "safe-name /orgs.csv", `safe-name C:\orgs.csv`, `safe-name a\..\..\orgs.csv`}, 2},
		{"encrypted", append(good, item{"orgs.csv", "x", 1}), []string{"plain orgs.csv"}, 2},
		{"bomb", append(good, item{"orgs.csv", strings.Repeat("0", 8<<20), 0}), []string{"size orgs.csv"}, 2},
	} {
		b := opened(t, written(t, "bundle.zip", zipped(t, test.items...)))
		if got := faults(b); !slices.Equal(got, test.want) || len(b.Entries) != test.files {
			t.Errorf("%s: %q and %d files, want %q and %d", test.name, got, len(b.Entries), test.want, test.files)
		}
	}
}

func TestNoZip(t *testing.T) {
	whole := zipped(t, item{"users.csv", strings.Repeat("abc", 100), 0})
	for name, data := range map[string][]byte{"cut": whole[:len(whole)-30], "empty": nil, "other": []byte("hello, I am no zip at all")} {
		b := opened(t, written(t, "bundle.zip", data))
		if got := faults(b); len(got) != 1 || !strings.HasPrefix(got[0], "zip ") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := faults(opened(t, written(t, "bundle.bin", whole))); !slices.Equal(got, []string{"extension bundle.bin"}) {
		t.Errorf("another extension: %q", got)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "nothing.zip"), known); err == nil {
		t.Error("a file that isn't there was opened")
	}
}

// A zip without its directory is read from the front, be it streamed, with sizes,
// stored, in zip64 or cut within an entry.
func TestSalvage(t *testing.T) {
	text := strings.Repeat("one,two\n", 5000) + "end"
	streamed := zipped(t, item{"manifest.csv", "a", 0}, item{"users.csv", text, 0}, item{"orgs.csv", "o", 0})
	var sized bytes.Buffer
	z := zip.NewWriter(&sized)
	for _, name := range []string{"manifest.csv", "users.csv", "orgs.csv"} {
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, CompressedSize64: uint64(len(text)), UncompressedSize64: uint64(len(text))})
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	_ = z.Close()
	for _, test := range []struct {
		name  string
		data  []byte
		want  []string
		users string // how users.csv ends; empty: by an error
	}{
		{"streamed", streamed[:len(streamed)-40], []string{"manifest", "users", "orgs"}, "end"},
		{"sized", sized.Bytes()[:sized.Len()-40], []string{"manifest", "users", "orgs"}, "end"},
		{"within users", streamed[:150], []string{"manifest", "users"}, ""},
		{"before users", streamed[:60], []string{"manifest"}, ""},
	} {
		b := opened(t, written(t, "bundle.zip", test.data))
		var names []string
		for _, e := range b.Entries {
			names = append(names, e.Name)
		}
		if !slices.Equal(names, test.want) || !slices.Contains(faults(b), "zip bundle.zip") {
			t.Errorf("%s: %q, %q", test.name, names, faults(b))
		}
		e := b.Entry("users")
		if e == nil {
			continue
		}
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if test.users != "" && (err != nil || string(got) != text) || test.users == "" && err == nil {
			t.Errorf("%s: %d bytes of users.csv, %v", test.name, len(got), err)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"manifest.csv": "m", "Users.csv": "u", "sub/orgs.csv": "o", ".DS_Store": "", "notes.txt": ""} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link.csv")); err != nil {
		t.Skip("no symbolic links here")
	}
	b := opened(t, dir)
	want := []string{"known notes.txt", "litter .DS_Store", "name-case Users.csv", "root sub/orgs.csv", "safe-name link.csv"}
	if got := faults(b); !slices.Equal(got, want) || len(b.Entries) != 3 {
		t.Errorf("%q and %d files, want %q", got, len(b.Entries), want)
	}
	r, err := b.Entry("orgs").Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, _ := io.ReadAll(r); string(text) != "o" {
		t.Errorf("orgs.csv holds %q", text)
	}
}

func TestLooseAndStream(t *testing.T) {
	b := opened(t, written(t, "users.csv", []byte("a,b\n")))
	if b.Kind != "file" || b.Entry("users") == nil {
		t.Errorf("%s %v", b.Kind, b.Entries)
	}
	s, err := Spool(bytes.NewReader(zipped(t, item{"users.csv", "b", 0})), known, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s.Kind != "zip" || s.Entry("users") == nil || len(s.Problems) > 0 {
		t.Errorf("%s %v %v", s.Kind, s.Entries, s.Problems)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzOpen holds the reader of packages to two promises: it never panics, and
// whatever it lists can be read without end or error being a surprise.
func FuzzOpen(f *testing.F) {
	f.Add(zipped(f, item{"users.csv", "a,b\n", 0}, item{"manifest.csv", "x", 0}))
	f.Add(zipped(f, item{"../users.csv", "a,b\n", 0}, item{"x/orgs.csv", "x", 1}))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		b := &Bundle{Size: int64(len(data))}
		b.bytes(bytes.NewReader(data), "bundle.zip", nil, known)
		for i := range b.Entries {
			r, err := b.Entries[i].Open()
			if err != nil {
				continue
			}
			_, _ = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
			_ = r.Close()
		}
	})
}

// A directory of several megabytes is not read, and what unpacks to
// more than it may is refused with both figures.
func TestBounds(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes long under the race detector, and is about memory")
	}
	var many []item
	for range 20_000 {
		many = append(many, item{name: strings.Repeat("x", 250) + ".csv"})
	}
	b := opened(t, written(t, "many.zip", zipped(t, many...)))
	if got := faults(b); !slices.Equal(got, []string{"size many.zip"}) || len(b.Entries) > 0 {
		t.Errorf("%d faults, the first %q", len(got), got[:1])
	}
	small := opened(t, written(t, "small.zip", zipped(t, item{"users.csv", "123456", 0}, item{"orgs.csv", "12345", 0})))
	if err := small.Within(11); err != nil {
		t.Error(err)
	}
	var large *TooLarge
	if err := small.Within(10); !errors.As(err, &large) || large.Unpacked != 11 || large.Limit != 10 {
		t.Errorf("%v", err)
	}
	if _, err := Spool(strings.NewReader("12345678901"), known, 10); !errors.As(err, &large) {
		t.Errorf("a stream without an end: %v", err)
	}
}

// What is there and can't be read is told from what is not there.
func TestShut(t *testing.T) {
	b := opened(t, written(t, "a.zip", zipped(t, item{"users.csv", "a", 1}, item{"x/Orgs.csv", "a", 1})))
	for _, name := range []string{"users", "orgs"} {
		if x := b.ShutFile(name); x == nil || x.Fault != Encrypted || b.Entry(name) != nil {
			t.Errorf("%s: %+v", name, x)
		}
	}
	if b.ShutFile("manifest") != nil {
		t.Error("a file that is not there is shut")
	}
}
