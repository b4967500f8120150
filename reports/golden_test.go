package reports

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden compares with a file in testdata, or rewrites it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./reports -update writes it)", err)
	}
	if bytes.Equal(got, want) {
		return
	}
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := 0; i < len(g) || i < len(w); i++ {
		var a, b []byte
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if !bytes.Equal(a, b) {
			t.Fatalf("%s differs at line %d:\n got %q\nwant %q\n(go test ./reports -update rewrites it)", path, i+1, a, b)
		}
	}
}

// rendered gives the sample in a format.
func rendered(t *testing.T, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Render(format, &b, sample()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for _, f := range Formats() {
		if f.Name == "html" {
			continue // looked at by the browser test; its bytes change with every touch of the style
		}
		t.Run(f.Name, func(t *testing.T) { golden(t, "sample."+f.File, rendered(t, f.Name)) })
	}
	t.Run("colour", func(t *testing.T) {
		var b bytes.Buffer
		if err := Text(&b, sample(), TextOptions{Color: true}); err != nil {
			t.Fatal(err)
		}
		golden(t, "sample.report.ansi", b.Bytes())
	})
}
