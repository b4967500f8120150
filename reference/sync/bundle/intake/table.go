package intake

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
)

//go:embed columns.yaml
var columnsFile []byte

// column is one column of a file.
type column struct {
	name     string
	required bool // in every row
	change   bool // in deltas alone
	kind     string
	to       string   // the file that a reference leads to
	terms    []string // of a vocabulary
	open     bool     // terms may be added
}

// file is one data file.
type file struct {
	name    string
	columns []column
}

// tables are the files of both versions, in the order in which they are read.
type tables struct{ modern, old []file }

var load = sync.OnceValues(func() (tables, error) {
	type entry struct {
		File    string   `yaml:"file"`
		Columns []string `yaml:"columns"`
	}
	var f struct {
		Vocabularies map[string][]string `yaml:"vocabularies"`
		New          []string            `yaml:"new"`
		Files        []entry             `yaml:"files"`
		Old          []entry             `yaml:"old"`
	}
	var t tables
	if err := strictyaml.Unmarshal(columnsFile, &f); err != nil {
		return t, fmt.Errorf("reading the columns of bundles: %w", err)
	}
	read := func(e entry) (file, error) {
		out := file{name: e.File}
		for _, text := range e.Columns {
			words := strings.Fields(text)
			if len(words) < 2 {
				return out, fmt.Errorf("reading the columns of %s.csv: %q has no form", e.File, text)
			}
			c := column{name: strings.TrimRight(words[0], "!~"), required: strings.HasSuffix(words[0], "!"),
				change: strings.HasSuffix(words[0], "~"), kind: words[1]}
			if strings.HasPrefix(c.kind, "ref") {
				c.to = words[2]
			}
			if strings.HasPrefix(c.kind, "enum") {
				name, open := strings.CutSuffix(words[2], "+")
				if c.terms, c.open = f.Vocabularies[name], open; c.terms == nil {
					return out, fmt.Errorf("reading the columns of %s.csv: there is no vocabulary %q", e.File, name)
				}
			}
			out.columns = append(out.columns, c)
		}
		return out, nil
	}
	for _, e := range f.Files {
		modern, err := read(e)
		if err != nil {
			return t, err
		}
		t.modern = append(t.modern, modern)
		if slices.Contains(f.New, e.File) {
			continue
		}
		if i := slices.IndexFunc(f.Old, func(o entry) bool { return o.File == e.File }); i >= 0 {
			if modern, err = read(f.Old[i]); err != nil {
				return t, err
			}
		}
		t.old = append(t.old, modern)
	}
	return t, nil
})

// of gives the files of a version.
func (t tables) of(version string) []file {
	if version == "1.1" {
		return t.old
	}
	return t.modern
}

// known tells whether a file is one of the standard, in whatever case.
func (t tables) known(name string) bool {
	return strings.EqualFold(name, "manifest") || slices.ContainsFunc(t.modern, func(f file) bool { return strings.EqualFold(f.name, name) })
}
