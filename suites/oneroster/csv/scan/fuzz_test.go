package scan

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
)

// FuzzManifest holds the reader of manifests to never panicking, and to giving
// only modes that there are.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{"propertyName,value\r\nmanifest.version,1.0\r\nfile.users,bulk\r\n", "\"propertyName\",value\nfile.users*,Delta\n", "\xEF\xBB\xBFa", "\"", ",\n,"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m := manifest{there: true}
		m.parse(text)
		for _, name := range []string{"users", "orgs", ""} {
			switch m.mode(name) {
			case "", "absent", "bulk", "delta":
			default:
				t.Fatalf("mode %q", m.mode(name))
			}
		}
	})
}

// FuzzFile scans any text as users.csv: it must come to an end, and what was
// found must lie in the file.
func FuzzFile(f *testing.F) {
	f.Add(textOf(f, "users"), textOf(f, "manifest"))
	f.Add("sourcedId,status\n\"", "file.users,delta")
	f.Add("sourcedId,status,dateLastModified\r\n1,active,x\r\n", "")
	f.Fuzz(func(t *testing.T, users, manifest string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"users.csv": users, "manifest.csv": manifest} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b, err := source.Open(dir, Known)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		r, err := Scan(context.Background(), b, Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Findings {
			if x.Count < 1 || len(x.Examples) == 0 || int64(len(x.Examples)) > x.Count {
				t.Fatalf("%s: %d times, %d examples", x.Rule.ID, x.Count, len(x.Examples))
			}
		}
	})
}
