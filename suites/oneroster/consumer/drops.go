package consumer

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/importer"
)

// The bundles that are dropped.
const (
	bundleBulk   = "bulk"
	bundleDelta  = "delta"
	bundleCut    = "cut"
	bundleBroken = "broken"
	bundleEmpty  = "empty"
)

// Drops judges products that take CSV bundles which are dropped for them.
func Drops() harness.Suite {
	return harness.Suite{
		ID: "oneroster.consumer-csv", Title: "OneRoster CSV importers (drops)", Role: "importer",
		Checks:   append(dropChecks(), setChecks()...),
		Profiles: []string{"or12-csv-consumer", importer.Profile},
		Section:  driver.NewSection,
		Open:     func(_ context.Context, s *harness.Session) (any, error) { return openDrops(s) },
		Doctor:   dropDoctor,
	}
}

func dropChecks() []harness.Check {
	life, err := dropPhases()
	if err != nil {
		panic(err) // embedded data
	}
	var out []harness.Check
	for _, p := range life {
		needs := []harness.Need{dropped(), inStep()}
		if p.Expect == expectFirst {
			needs[1] = readable()
		}
		out = append(out, harness.Check{ID: "csv.drops." + p.ID, Title: p.Title, Requirements: prefixed("or12.", p.decides()),
			Labels: []string{"csv-drops", p.Expect}, Group: "csv-drops", Timeout: phaseTimeout, Needs: needs,
			Body: func(ctx context.Context, t *harness.T) { t.Session().Shared.(*judge).live(ctx, t, p) }})
	}
	return out
}

// dropped is the need of a way to have the product take a bundle.
func dropped() harness.Need {
	return harness.Need{Text: "a way to drop bundles for the product (consumer.drop)", Unmet: func(_ context.Context,
		t *harness.T) (harness.Obstacle, bool) {
		if s := driver.Of(t.Session().Target); s.Drop.Set() || s.Sync.Set() {
			return harness.Unconfigured(anotherLife, anotherLifeRemedy), another(t.Session().Target, drops)
		}
		return harness.Unconfigured("nothing says where bundles are dropped for the product",
			"Add consumer.drop to the target file (a folder, an upload, SFTP), or consumer.sync that takes ROLLCALL_BUNDLE."), true
	}}
}

func openDrops(s *harness.Session) (*judge, error) {
	w, err := newWorld(s.Seed)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for bundles: %w", err)
	}
	j := &judge{version: "1.2", prefix: "or12.", section: driver.Of(s.Target), world: w, dir: s.Dir,
		gone: map[place]bool{}, accused: map[place]bool{}, broken: map[string]string{}, held: driver.Objects{}, known: driver.Objects{}}
	j.owner = j.prefix + drops + ".bulk"
	j.truth = j.told(w)
	j.driver = driver.New(s, nil)
	return j, nil
}

// bundle makes what is dropped in a phase, and gives its path.
func (j *judge) bundle(p phase) (string, error) {
	o := bundle.Options{Version: j.version}
	if p.Bundle == bundleDelta {
		o.Delta, o.Since = true, j.dropped
	}
	var d fixtures.District = j.world
	var file bytes.Buffer
	if _, err := bundle.Write(&file, d, o); err != nil {
		return "", fmt.Errorf("making a bundle to drop: %w", err)
	}
	data := file.Bytes()
	var err error
	switch p.Bundle {
	case bundleCut:
		data = data[:2*len(data)/3]
	case bundleBroken:
		data, err = rewritten(data, func(name string, text []byte) []byte {
			if name != "users.csv" {
				return text
			}
			end := bytes.LastIndexByte(text[:len(text)/2], '\n') + 1
			return append(append(bytes.Clone(text[:end]), []byte("\"a quote that never ends,\xff\xfe\r\n")...), text[end:]...)
		})
	case bundleEmpty:
		data, err = rewritten(data, func(name string, text []byte) []byte {
			if name == "manifest.csv" {
				return text
			}
			return text[:bytes.IndexByte(text, '\n')+1]
		})
	}
	if err != nil {
		return "", err
	}
	path := filepath.Join(j.dir, "oneroster.zip")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return "", fmt.Errorf("writing a bundle to drop: %w", err)
	}
	return path, nil
}

// rewritten writes a zip anew, with its entries changed.
func rewritten(data []byte, change func(name string, text []byte) []byte) ([]byte, error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("reading a bundle that was just made: %w", err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("reading a bundle that was just made: %w", err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("reading a bundle that was just made: %w", err)
		}
		entry, err := w.Create(f.Name)
		if err != nil {
			return nil, fmt.Errorf("breaking a bundle: %w", err)
		}
		if _, err := entry.Write(change(f.Name, text)); err != nil {
			return nil, fmt.Errorf("breaking a bundle: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("breaking a bundle: %w", err)
	}
	return out.Bytes(), nil
}
