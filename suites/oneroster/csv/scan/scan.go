package scan

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/idset"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// Options say how to scan. The zero value detects the version and uses every
// core.
type Options struct {
	Version string    // "1.1" or "1.2"; empty: as the manifest says
	Workers int       // 0: one a core
	Spill   io.Writer // gets every single finding as CSV; nil: none
	Limit   int64     // bytes that a bundle may unpack to; 0: source.DefaultLimit
	Now     time.Time // of births in the future; zero: the time of the scan
	// Progress is told how many bytes of all have been read; may be nil.
	Progress func(done, total int64)
}

// scanner is one scan under way.
type scanner struct {
	o       Options
	bundle  *source.Bundle
	version *table.Version
	rules   *rule.Set
	seed    maphash.Seed
	reader  *reader
	spill   *spill

	manifest  manifest
	closed    *obstacle        // why nothing of the bundle can be read
	files     map[string]*file // that were read, by name
	result    *Result
	unpacked  int64
	announced int64
	roleBits  map[string]uint16
	keys      [keyKinds]*idset.Sink         // that later files look up
	today     int32                         // as parseDay has it
	afterward []func(context.Context) error // rules that need all files, in order
}

// Known tells whether any version has a file of that name.
func Known(name string) bool {
	if name == "manifest" {
		return true
	}
	for _, v := range table.Versions() {
		if t, err := table.Load(v); err == nil && t.File(name) != nil {
			return true
		}
	}
	return false
}

// Scan reads a bundle. An error means that the judge itself could not go on:
// what is wrong with the bundle is in the result.
func Scan(ctx context.Context, b *source.Bundle, o Options) (*Result, error) {
	if err := b.Within(o.Limit); err != nil {
		return nil, err
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	s := &scanner{o: o, bundle: b, seed: maphash.MakeSeed(), files: map[string]*file{},
		result: &Result{Path: b.Path, Kind: b.Kind, Examined: map[string]int64{}}}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	s.today, _ = parseDay([]byte(o.Now.UTC().AddDate(0, 0, 1).Format(time.DateOnly))) // it is tomorrow somewhere
	if o.Spill != nil {
		s.spill = newSpill(o.Spill)
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	if err := s.read(ctx); err != nil {
		return nil, err
	}
	for _, rest := range s.afterward {
		if err := rest(ctx); err != nil {
			return nil, err
		}
	}
	s.finish()
	if s.spill != nil {
		return s.result, s.spill.end()
	}
	return s.result, nil
}

// begin reads the manifest, settles the version and judges the package.
func (s *scanner) begin() error {
	s.manifest = readManifest(s.bundle)
	version, reason := s.settle()
	var err error
	if s.version, err = table.Load(version); err != nil {
		return err
	}
	if s.rules, err = rule.Load(s.version); err != nil {
		return err
	}
	s.result.Version, s.result.Reason = version, reason
	s.closed = closedBy(s.bundle)
	s.judgePackage()
	s.judgeManifest()
	s.roleBits = map[string]uint16{}
	for i, name := range roleNames {
		s.roleBits[name] = 1 << i
	}
	for _, e := range s.bundle.Entries {
		s.announced += max(e.Size, 0)
	}
	return nil
}

// roleNames are the roles of both versions that rules look at, each a bit.
var roleNames = []string{"student", "teacher", "parent", "guardian", "relative", "aide", "proctor", "administrator", "counselor",
	"principal",
	"districtAdministrator", "siteAdministrator", "systemAdministrator"}

// otherRole is the bit of a role that extends the vocabulary.
const otherRole = 1 << 15

// read takes the files in the order of the tables: one goroutine unpacks ahead,
// the others check.
func (s *scanner) read(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.reader = newReader(queue + s.o.Workers + 2)
	streams := make(chan *stream, 1)
	go func() {
		defer close(streams)
		for i := range s.version.Files {
			e := s.bundle.Entry(s.version.Files[i].Name)
			if e == nil {
				continue
			}
			st := &stream{entry: e, blocks: make(chan block, queue), count: s.spill != nil}
			select {
			case streams <- st:
			case <-ctx.Done():
				return
			}
			s.reader.read(ctx, st)
		}
	}()
	for st := range streams {
		f := newFile(s, s.version.File(st.entry.Name), st)
		if err := f.check(ctx); err != nil {
			return err
		}
		s.files[f.table.Name] = f
		s.result.Rows += f.rows
		s.result.Bytes += st.bytes
	}
	return ctx.Err()
}

// finish lists what was found, in order.
func (s *scanner) finish() {
	s.judgeData()
	s.blame()
	for i := range s.version.Files {
		t := &s.version.Files[i]
		r := FileResult{Name: t.Name, Declared: s.manifest.mode(t.Name)}
		if f := s.files[t.Name]; f != nil {
			r.Path, r.Mode, r.Rows, r.Bytes = f.stream.entry.Path, f.mode.String(), f.rows, f.stream.bytes
		}
		s.result.Files = append(s.result.Files, r)
	}
}

// report adds what was found to the result; line numbers are settled by then.
func (s *scanner) report(file, column string, number int, t *tally, line func(place) int64) {
	if t == nil || t.count == 0 {
		return
	}
	r := s.rules.Rules[number]
	out := Finding{Rule: r, File: file, Column: column, Count: t.count}
	samples := t.first
	if t.count > int64(len(t.first)) && t.last.field+len(t.last.value) > 0 {
		samples = append(slices.Clip(samples), t.last)
	}
	for _, x := range samples {
		e := Example{Field: x.field, Value: shown(x.value, x.private), Detail: x.detail, Remedy: remedies[x.detail]}
		if line != nil {
			e.Line = line(x.place)
		}
		out.Examples = append(out.Examples, e)
	}
	s.result.Findings = append(s.result.Findings, out)
}

// listed is how many examples are kept of what is said of headers, manifests and
// packages: as many as a file has columns, and no more for a zip of many entries.
const listed = 25

// say reports one thing about the bundle or a file as a whole.
func (s *scanner) say(id, file string, value, detail string) { s.advise(id, file, value, detail, "") }

// advise is say with a remedy for just that. What breaks one rule in one file is
// one finding; of the package it is one finding whatever the entry.
func (s *scanner) advise(id, file, value, detail, remedy string) {
	r := &s.rules.Rules[s.rules.Number(id)]
	if s.spill != nil {
		s.spill.write(file, r, 0, 0, cut(value))
	}
	e := Example{Value: cut(value), Detail: cut(detail), Remedy: remedy}
	ofPackage := strings.HasPrefix(id, "package.")
	i := slices.IndexFunc(s.result.Findings, func(f Finding) bool {
		return f.Rule.ID == id && f.Column == "" && (f.File == file || ofPackage)
	})
	if i < 0 {
		s.result.Findings = append(s.result.Findings, Finding{Rule: *r, File: file, Count: 1, Examples: []Example{e}})
		return
	}
	f := &s.result.Findings[i]
	if f.File != file {
		for j := range f.Examples {
			f.Examples[j].File = cmp.Or(f.Examples[j].File, f.File)
		}
		f.File = ""
	}
	if f.File == "" {
		e.File = file
	}
	if f.Count++; len(f.Examples) <= listed {
		f.Examples = append(f.Examples, e)
	} else {
		f.Examples[listed] = e // the last
	}
}

// cut shortens what is shown; whole characters only.
func cut(text string) string {
	const most = 400 // a value of a header or a manifest, or a sentence with a path in it
	if len(text) <= most {
		return text
	}
	n := most
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

// examined notes that so many things were looked at for a requirement.
func (s *scanner) examined(id string, n int64) {
	if n > 0 {
		s.result.Examined[rule.Prefix+id] += n
	}
}

// hash is that of an identifier, by a seed of this scan.
func (s *scanner) hash(v []byte) uint64 { return maphash.Bytes(s.seed, v) }

// pair is the hash of two identifiers together.
func pair(a, b uint64) uint64 { return a*0x9E3779B97F4A7C15 ^ (b<<31 | b>>33) }

// group runs one function on every worker.
func group(n int, run func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = run(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
