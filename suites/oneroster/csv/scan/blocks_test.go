package scan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/bundle"
)

// A district of many blocks, whose files are checked by several workers at once
// and mark the records of others meanwhile.
func TestManyBlocks(t *testing.T) {
	d, err := fixtures.New(fixtures.Scale(2000), fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bundle.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	counts, err := bundle.Write(f, d, bundle.Options{Outcomes: 40})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var rows int64
	for _, c := range counts {
		rows += c.Rows
	}
	if r := scanned(t, path, Options{Workers: 4}); r.Rows != rows || len(r.Findings) > 0 {
		t.Errorf("%d of %d rows, %q", r.Rows, rows, describe(r))
	}
}
