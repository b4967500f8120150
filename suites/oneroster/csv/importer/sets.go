package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures/broken"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// Expectation is what a product has to do with a set.
type Expectation string

// The expectations. Refusing means to refuse the bundle or to report the error;
// a bundle that breaks no MUST may be taken either way.
const (
	Accept Expectation = "accept"
	Refuse Expectation = "refuse"
	Either Expectation = "either"
)

// Set is one bundle to be imported.
type Set struct {
	// File is where it lies: e.g. ValidFileSet/Rostering/VRb001.zip, which is
	// valid, of rostering, bulk (b, otherwise delta d or of 1.1 o), the first.
	File   string
	Case   string // id of the case; empty for a bundle that is right in every way
	Title  string
	Base   string
	Area   string
	Topic  string // the last part of the requirement that it decides
	Expect Expectation
	// Files are those that its case changes, without .csv; none where it is right in every way.
	Files []string

	sound *broken.Bundle // what it is made of
	apply func(*broken.Bundle) ([]byte, error)
}

// Sound gives what the set is made of, before it is broken: the caller may change it.
func (s Set) Sound() *broken.Bundle { return s.sound.Clone() }

// Make breaks a bundle that was made of Sound, and packs it: the set with other values.
func (s Set) Make(of *broken.Bundle) ([]byte, error) { return s.apply(of) }

// Options say which sets are wanted.
type Options struct {
	Old   bool     // those of 1.1 too, for products that claim it
	Areas []string // none: all
}

// Sets lists the sets in the order in which they should be tried: what is right
// first.
func Sets(o Options) ([]Set, error) {
	if len(o.Areas) == 0 {
		o.Areas = Areas()
	}
	for _, a := range o.Areas {
		if !slices.Contains(Areas(), a) {
			return nil, fmt.Errorf("there is no area %q; there are %s", a, strings.Join(Areas(), ", "))
		}
	}
	bases := []string{broken.Bulk, broken.Delta}
	if o.Old {
		bases = append(bases, broken.Old)
	}
	var out []Set
	for _, base := range bases {
		sets, err := setsOf(base)
		if err != nil {
			return nil, err
		}
		out = append(out, sets...)
	}
	out = slices.DeleteFunc(out, func(s Set) bool { return !slices.Contains(o.Areas, s.Area) })
	slices.SortStableFunc(out, func(a, b Set) int { return strings.Compare(order(a), order(b)) })
	counts := map[string]int{}
	for i, s := range out {
		counts[prefix(s)]++
		out[i].File = fileName(s, counts[prefix(s)])
	}
	return out, nil
}

func order(s Set) string {
	return map[Expectation]string{Accept: "1", Either: "2", Refuse: "3"}[s.Expect] + strconv.Itoa(slices.Index(Areas(), s.Area)) + s.Topic
}

// setsOf makes the sets of one base: every combination of files that is right,
// and every case.
func setsOf(base string) ([]Set, error) {
	whole, err := broken.Base(base)
	if err != nil {
		return nil, err
	}
	version := "1.2"
	if base == broken.Old {
		version = "1.1"
	}
	v, err := table.Load(version)
	if err != nil {
		return nil, err
	}
	cases, err := broken.Cases()
	if err != nil {
		return nil, err
	}
	topics, err := topics()
	if err != nil {
		return nil, err
	}
	var out []Set
	for _, c := range combinations(base, v) {
		b := reduced(whole, v, func(file string) bool { return slices.Contains(c.files, file) })
		out = append(out, Set{Title: c.title, Base: base, Area: c.area, Topic: "valid", Expect: Accept, sound: b,
			apply: (*broken.Bundle).Pack})
	}
	for _, c := range cases {
		if c.Base != base && (c.Base != "" || base != broken.Bulk) || c.Name() != "bundle.zip" {
			continue // of another base, or about the name of the package itself
		}
		area, mixed := areaOfCase(c)
		s := Set{Case: c.ID, Title: c.Title, Base: base, Area: area, Topic: "oddities", Expect: Accept}
		b := whole
		if !mixed {
			b = reduced(whole, v, func(file string) bool { a := areaOf(file); return a == Rostering || a == area })
		}
		s.sound, s.apply, s.Files = b, c.Apply, filesOf(c)
		if len(c.Breaks) > 0 {
			s.Topic, s.Expect = topics(c.Breaks)
		}
		out = append(out, s)
	}
	return out, nil
}

// filesOf lists the files that a case changes.
func filesOf(c broken.Case) (out []string) {
	for _, s := range c.Steps {
		if s.File != "" && !slices.Contains(out, s.File) {
			out = append(out, s.File)
		}
	}
	return out
}

// topics makes a function that tells, from the rules which a set breaks, what the
// product must do with it and which requirement that decides.
func topics() (func(breaks []string) (topic string, expect Expectation), error) {
	cat, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	requirement := map[string]string{}
	for _, version := range table.Versions() {
		v, err := table.Load(version)
		if err != nil {
			return nil, err
		}
		rules, err := rule.Load(v)
		if err != nil {
			return nil, err
		}
		for _, r := range rules.Rules {
			requirement[r.ID] = r.Requirement
		}
	}
	return func(breaks []string) (string, Expectation) {
		id := strings.TrimPrefix(requirement[breaks[0]], rule.Prefix)
		first, last, _ := strings.Cut(id, ".")
		if !slices.Contains([]string{"package", "manifest", "text", "header", "rules"}, first) {
			first = last // of a file: required, format, vocabulary, references, unique, mode, utc
		}
		if first == "utc" {
			first = "format"
		}
		for _, b := range breaks {
			if r, known := cat.Requirement(requirement[b]); known && r.Level == catalogue.Must {
				return first, Refuse
			}
		}
		return first, Either
	}, nil
}

// Write writes the sets, and the sheet that is filled in with what the product
// does, into a folder.
func Write(dir string, sets []Set) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of the sets: %w", err)
	}
	for _, s := range sets {
		data, err := s.Make(s.sound)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(s.File))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("making a folder of sets: %w", err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return fmt.Errorf("writing a set: %w", err)
		}
	}
	return WriteSheet(filepath.Join(dir, SheetFile), sets, nil)
}
