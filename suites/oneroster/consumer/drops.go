package consumer

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/importer"
)

// The bundles that are dropped.
const (
	bundleBulk   = "bulk"
	bundleDelta  = "delta"
	bundleCut    = "cut"
	bundleBroken = "broken"
	bundleEmpty  = "empty"
	bundleUsers  = "users-empty"
	bundleNone   = "nothing"
	bundlePartly = "partly"
	bundleSchool = "school-lost"
	bundleGrows  = "growing"
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
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for bundles: %w", err)
	}
	return dropJudge(s)
}

// dropJudge is a judge who watches no calls.
func dropJudge(s *harness.Session) (*judge, error) {
	w, err := newWorld(s.Seed)
	if err != nil {
		return nil, err
	}
	j := &judge{version: "1.2", prefix: "or12.", section: driver.Of(s.Target), world: w, dir: s.Dir,
		gone: map[place]bool{}, blame: newBlame(), held: driver.Objects{}, known: driver.Objects{}}
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
	if p.Bundle == bundleSchool {
		d = without(j.world, j.world.Class[j.world.OpenClasses()[0]].School)
	}
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
	case bundleUsers:
		data, err = rewritten(data, func(name string, text []byte) []byte {
			if name != "users.csv" {
				return text
			}
			return text[:bytes.IndexByte(text, '\n')+1]
		})
	case bundleNone:
		data, err = lacking(data, func(string) bool { return true })
	case bundlePartly:
		data, err = lacking(data, func(file string) bool { return file == "demographics" })
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

// grow has a product sync while a bundle is still being written for it.
func (j *judge) grow(ctx context.Context, p phase, s *occasion, path string) {
	left, err := j.driver.Begin(ctx, driver.Occasion{Mode: p.Mode, Bundle: path})
	switch {
	case err != nil:
		s.outcome = driver.Outcome{Fault: err}
		return
	case left == nil || !j.section.Sync.Set():
		s.idle = true
		return
	}
	s.outcome = j.driver.Sync(ctx, driver.Occasion{Mode: p.Mode})
	as, err := left()
	if s.taken = !as; err != nil {
		s.outcome.Fault = err
	}
}

// lacking leaves files out of a bundle, and calls them absent.
func lacking(data []byte, lacks func(file string) bool) ([]byte, error) {
	return rewritten(data, func(name string, text []byte) []byte {
		file := strings.TrimSuffix(name, ".csv")
		switch {
		case file != "manifest" && lacks(file):
			return nil
		case file != "manifest":
			return text
		}
		var out []byte
		for line := range bytes.Lines(text) {
			property, _, _ := strings.Cut(string(line), ",")
			if file, is := strings.CutPrefix(property, "file."); is && lacks(file) {
				line = []byte(property + ",absent\r\n")
			}
			out = append(out, line...)
		}
		return out
	})
}

// without is a roster in which a school is missing, with all that is of it and nothing that refers to it.
func without(w *world.World, school string) *world.World {
	out := *w
	gone := map[string]bool{school: true}
	lacks := func(ids ...string) bool { return slices.ContainsFunc(ids, func(id string) bool { return gone[id] }) }
	out.Org = kept(w.Org, func(o fixtures.Org) (string, bool) { return o.SourcedID, lacks(o.SourcedID, o.Parent) }, gone)
	out.Course = kept(w.Course, func(c fixtures.Course) (string, bool) { return c.SourcedID, lacks(c.Org) }, gone)
	out.Class = kept(w.Class, func(c fixtures.Class) (string, bool) { return c.SourcedID, lacks(c.School, c.Course) }, gone)
	out.User = slices.Clone(w.User)
	for i := range out.User {
		u := &out.User[i]
		u.Roles = slices.DeleteFunc(slices.Clone(u.Roles), func(r fixtures.Role) bool { return gone[r.Org] })
		if gone[u.PrimaryOrg] {
			u.PrimaryOrg = ""
		}
	}
	out.User = kept(out.User, func(u fixtures.User) (string, bool) { return u.SourcedID, len(u.Roles) == 0 }, gone)
	for i := range out.User {
		u := &out.User[i]
		u.Agents = slices.DeleteFunc(slices.Clone(u.Agents), func(id string) bool { return gone[id] })
	}
	out.Enrollment = kept(w.Enrollment, func(e fixtures.Enrollment) (string, bool) {
		return e.SourcedID, lacks(e.Class, e.User, e.School)
	}, gone)
	out.Demographic = kept(w.Demographic, func(d fixtures.Demographics) (string, bool) { return "", lacks(d.SourcedID) }, gone)
	return &out
}

// kept leaves out of a list what is lacking, and notes what that is.
func kept[O any](list []O, lacking func(O) (id string, is bool), gone map[string]bool) (out []O) {
	for _, o := range list {
		id, is := lacking(o)
		if is {
			gone[id] = true
		} else {
			out = append(out, o)
		}
	}
	return out
}

// rewritten writes a zip anew, with its entries changed; what becomes nil is left out.
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
		if text = change(f.Name, text); text == nil {
			continue
		}
		entry, err := w.Create(f.Name)
		if err != nil {
			return nil, fmt.Errorf("breaking a bundle: %w", err)
		}
		if _, err := entry.Write(text); err != nil {
			return nil, fmt.Errorf("breaking a bundle: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("breaking a bundle: %w", err)
	}
	return out.Bytes(), nil
}
