package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	File   string // e.g. VRb001.zip: valid or invalid, rostering, bulk (b) or delta (d) or 1.1 (o), number
	Case   string // id of the case; empty for a clean bundle
	Title  string
	Base   string
	Topic  string // the last part of the requirement that it decides
	Expect Expectation
	bundle func() ([]byte, error)
}

// Sets lists the sets in the order in which they should be tried: what is right
// first. old adds those of 1.1, for products that claim it too.
func Sets(old bool) ([]Set, error) {
	cases, err := broken.Cases()
	if err != nil {
		return nil, err
	}
	topics, err := topics()
	if err != nil {
		return nil, err
	}
	bases := map[string]*broken.Bundle{}
	var out []Set
	for _, name := range []string{broken.Bulk, broken.Delta, broken.Old} {
		if name == broken.Old && !old {
			continue
		}
		b, err := broken.Base(name)
		if err != nil {
			return nil, err
		}
		bases[name] = b
		out = append(out, Set{Title: "a bundle that is right in every way", Base: name, Topic: "valid", Expect: Accept, bundle: b.Pack})
	}
	for _, c := range cases {
		base := c.Base
		if base == "" {
			base = broken.Bulk
		}
		if bases[base] == nil || c.Name() != "bundle.zip" {
			continue // of a version that isn't asked for, or about the name of the file itself
		}
		s := Set{Case: c.ID, Title: c.Title, Base: base, Topic: "oddities", Expect: Accept, bundle: func() ([]byte, error) { return c.Apply(bases[base]) }}
		if len(c.Breaks) > 0 {
			s.Topic, s.Expect = topics(c.Breaks)
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b Set) int { return strings.Compare(order(a), order(b)) })
	counts := map[string]int{}
	for i := range out {
		prefix := map[Expectation]string{Accept: "V", Refuse: "I", Either: "E"}[out[i].Expect] + "R" + map[string]string{broken.Bulk: "b", broken.Delta: "d", broken.Old: "o"}[out[i].Base]
		counts[prefix]++
		out[i].File = fmt.Sprintf("%s%03d.zip", prefix, counts[prefix])
	}
	return out, nil
}

func order(s Set) string {
	return map[Expectation]string{Accept: "1", Either: "2", Refuse: "3"}[s.Expect] + s.Topic
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
		data, err := s.bundle()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, s.File), data, 0o644); err != nil {
			return fmt.Errorf("writing a set: %w", err)
		}
	}
	return WriteSheet(filepath.Join(dir, SheetFile), sets, nil)
}
