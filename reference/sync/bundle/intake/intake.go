package intake

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Rule is one thing that a bundle is held to.
type Rule string

// The rules, by what they are about.
const (
	Package    Rule = "bundle.package"    // a zip of the standard's files at its root, each once, none encrypted
	Manifest   Rule = "bundle.manifest"   // every property, once, with a value that there is
	Text       Rule = "bundle.text"       // UTF-8, RFC 4180, no line break within a field
	Header     Rule = "bundle.header"     // all columns, in their order, and behind them metadata.*
	Mode       Rule = "bundle.mode"       // status and dateLastModified: blank in bulk, filled in deltas
	Required   Rule = "bundle.required"   // what must be filled is
	Format     Rule = "bundle.format"     // dates, numbers, flags, identifiers have their form
	Vocabulary Rule = "bundle.vocabulary" // terms are those of the standard, or begin with ext: where that may be
	Unique     Rule = "bundle.unique"     // a sourcedId is there once in a file
	References Rule = "bundle.references" // what a bulk bundle refers to is in it
	Sense      Rule = "bundle.sense"      // rows don't contradict each other
)

// Rules lists them all.
func Rules() []Rule {
	return []Rule{Package, Manifest, Text, Header, Mode, Required, Format, Vocabulary, Unique, References, Sense}
}

// RefusedError says what is wrong with a bundle: where, and nothing of what stands there.
type RefusedError struct {
	Rule  Rule
	Where string // a file and its line
	What  string
	More  int // things beside the first that are wrong
}

func (e *RefusedError) Error() string {
	text := "the bundle is refused: " + e.Where + ": " + e.What
	if e.More > 0 {
		text += fmt.Sprintf("; and %d more things are wrong", e.More)
	}
	return text
}

// maxLine is the longest line that is read; maxRatio how much an entry may be smaller packed than it is.
const (
	maxLine  = 1 << 20
	maxRatio = 1 << 10
)

// intake is a bundle that is being looked at.
type intake struct {
	tables tables
	rules  []Rule
	found  *RefusedError
	files  map[string]func() (io.ReadCloser, error)
	modes  map[string]string // by file, as the manifest says
	ids    map[string]*set
	seed   maphash.Seed
	senses senses
}

// Check holds a bundle, a zip or a folder, to rules. What is wrong with it is a *RefusedError.
func Check(ctx context.Context, at string, rules []Rule) error {
	t, err := load()
	if err != nil {
		return err
	}
	k := &intake{tables: t, rules: rules, files: map[string]func() (io.ReadCloser, error){}, modes: map[string]string{},
		ids: map[string]*set{}, seed: maphash.MakeSeed(), senses: newSenses()}
	done, err := k.open(at)
	if err != nil {
		return fmt.Errorf("looking at the bundle: %w", err)
	}
	defer done()
	version := k.manifest()
	for _, f := range t.of(version) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if k.files[f.name] != nil && k.modes[f.name] != absent {
			k.file(f)
		}
	}
	k.sensesEnd()
	if k.found != nil {
		return k.found
	}
	return nil
}

// breaks notes that a rule is broken.
func (k *intake) breaks(r Rule, where, what string, arguments ...any) {
	switch {
	case !slices.Contains(k.rules, r):
	case k.found == nil:
		k.found = &RefusedError{Rule: r, Where: where, What: fmt.Sprintf(what, arguments...)}
	default:
		k.found.More++
	}
}

func (k *intake) open(at string) (done func(), err error) {
	done = func() {}
	info, err := os.Stat(at)
	if err != nil {
		return done, err
	}
	if info.IsDir() {
		entries, err := os.ReadDir(at)
		for _, e := range entries {
			if name, is := strings.CutSuffix(e.Name(), ".csv"); is {
				k.files[name] = func() (io.ReadCloser, error) { return os.Open(filepath.Join(at, e.Name())) }
			}
		}
		return done, err
	}
	z, err := zip.OpenReader(at)
	if err != nil {
		return done, err
	}
	for _, e := range z.File {
		name, is := strings.CutSuffix(e.Name, ".csv")
		base := path.Base(strings.ReplaceAll(e.Name, `\`, "/"))
		meant := strings.TrimSuffix(strings.ToLower(base), ".csv")
		switch {
		case e.FileInfo().IsDir() || !strings.HasSuffix(strings.ToLower(base), ".csv") || !k.tables.known(meant):
			if strings.Contains(e.Name, "..") || path.IsAbs(e.Name) {
				k.breaks(Package, e.Name, "the name leads out of the bundle")
			}
			continue // nobody needs it
		case base != e.Name:
			k.breaks(Package, e.Name, "the file isn't at the root of the bundle")
		case !is || !k.exact(name):
			k.breaks(Package, e.Name, "the name is written otherwise than the standard has it")
		case k.files[name] != nil:
			k.breaks(Package, e.Name, "the file is there twice")
		case e.Flags&1 != 0:
			k.breaks(Package, e.Name, "the file is encrypted")
		case e.UncompressedSize64 > maxRatio*max(e.CompressedSize64, maxRatio):
			k.breaks(Package, e.Name, "the file is %d bytes that are packed in %d", e.UncompressedSize64, e.CompressedSize64)
		}
		if is && e.Flags&1 == 0 {
			k.files[name] = e.Open
		}
	}
	return func() { _ = z.Close() }, nil
}

func (k *intake) exact(name string) bool {
	return name == "manifest" || slices.ContainsFunc(k.tables.modern, func(f file) bool { return f.name == name })
}

const (
	absent = "absent"
	bulk   = "bulk"
	delta  = "delta"
)

// manifest reads manifest.csv, and gives the version of the bundle.
func (k *intake) manifest() string {
	const name = "manifest.csv"
	if k.files["manifest"] == nil {
		k.breaks(Package, name, "it isn't there")
		return "1.2"
	}
	values := map[string]string{}
	rows := 0
	k.read("manifest", func(line int, row []string) bool {
		at := fmt.Sprintf("%s, line %d", name, line)
		switch {
		case rows == 0 && !slices.Equal(row, []string{"propertyName", "value"}):
			k.breaks(Manifest, at, "the header is not propertyName,value")
			return false
		case rows > 0 && values[row[0]] != "":
			k.breaks(Manifest, at, "the property is there twice")
		case rows > 0:
			values[row[0]] = row[1]
		}
		rows++
		return true
	})
	version := values["oneroster.version"]
	if values["manifest.version"] != "1.0" {
		k.breaks(Manifest, name, "manifest.version is not 1.0")
	}
	if !slices.Contains([]string{"1.1", "1.2", "1.2.1"}, version) {
		k.breaks(Manifest, name, "oneroster.version is neither 1.1 nor 1.2")
	}
	for _, f := range k.tables.of(version) {
		mode := values["file."+f.name]
		if !slices.Contains([]string{absent, bulk, delta}, mode) {
			k.breaks(Manifest, name, "file.%s is not absent, bulk or delta", f.name)
		}
		k.modes[f.name] = mode
	}
	return version
}

// read gives the rows of a file with the lines on which they begin, the header too.
func (k *intake) read(name string, yield func(line int, row []string) bool) {
	in, err := k.files[name]()
	if err != nil {
		k.breaks(Text, name+".csv", "it can't be read: %v", err)
		return
	}
	defer in.Close()
	r := csv.NewReader(&lines{in: in})
	r.ReuseRecord = true
	first := true
	for {
		row, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			k.breaks(Text, name+".csv", "it can't be read: %s", bare(err))
			return
		}
		line, _ := r.FieldPos(0)
		if first {
			first, row[0] = false, strings.TrimPrefix(row[0], "\uFEFF")
		}
		for _, value := range row {
			if slices.Contains(k.rules, Text) && (!utf8.ValidString(value) || strings.ContainsAny(value, "\r\n")) {
				k.breaks(Text, fmt.Sprintf("%s.csv, line %d", name, line), "it is not UTF-8, or has a line break within a field")
				return
			}
		}
		if !yield(line, row) {
			return
		}
	}
}

// bare is an error of reading without what was read.
func bare(err error) string {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Sprintf("line %d: %v", p.Line, p.Err)
	}
	return err.Error()
}

// lines refuses a line that never ends.
type lines struct {
	in   io.Reader
	long int
}

func (l *lines) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	if i := bytes.LastIndexByte(p[:n], '\n'); i >= 0 {
		l.long = n - i - 1
	} else if l.long += n; l.long > maxLine {
		return 0, fmt.Errorf("a line is longer than %d bytes", maxLine)
	}
	return n, err
}
