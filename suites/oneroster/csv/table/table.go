package table

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
)

//go:embed tables.yaml
var text []byte

// Need says when a column must be filled.
type Need uint8

// A column is always filled, may be blank, or goes with the mode: filled in
// delta files and blank in bulk files (OneRoster 1.2 CSV Binding §3).
const (
	Optional Need = iota
	Required
	Change
)

// Kind is the type of a column's values (OneRoster 1.2 CSV Binding §4).
type Kind uint8

// The kinds. Lists are one field with items joined by commas.
const (
	Text Kind = iota
	GUID
	Ref
	Refs
	Status
	DateTime
	Date
	Year
	Bool
	Int
	Float
	Texts
	UserIDs // {type:id}, …
	Scale   // {lhs:rhs}, …
	Enum
	Enums
)

var kinds = map[string]Kind{"text": Text, "guid": GUID, "ref": Ref, "refs": Refs, "status": Status, "datetime": DateTime, "date": Date,
	"year": Year, "bool": Bool, "int": Int, "float": Float, "texts": Texts, "userids": UserIDs, "scale": Scale, "enum": Enum, "enums": Enums}

// Column is one column of a data file.
type Column struct {
	Name       string
	Need       Need
	Kind       Kind
	Target     string   // file that a Ref or Refs leads to
	Vocabulary string   // name of Terms
	Terms      []string // of Enum and Enums
	Suggested  []string // codes that items of Texts should be; nil: any
	Extensible bool     // terms beginning with ext: are allowed too
	Private    bool     // values are personal and never shown
	Retired    bool     // in 1.2.0 only: may be absent from the header
}

// File is one data file in one version.
type File struct {
	Name    string // without .csv
	Columns []Column
}

// Column finds a column by name; -1 when the file has none of it.
func (f *File) Column(name string) int {
	return slices.IndexFunc(f.Columns, func(c Column) bool { return c.Name == name })
}

// Version is everything that one version of the binding defines.
type Version struct {
	Name     string // "1.1" or "1.2"
	Files    []File // in an order in which references lead backwards, or to the file itself
	Required []string
	Optional []string // properties of the manifest that may be absent
	Modes    []string
}

// File finds a data file by name; nil when the version has none of it.
func (v *Version) File(name string) *File {
	if i := slices.IndexFunc(v.Files, func(f File) bool { return f.Name == name }); i >= 0 {
		return &v.Files[i]
	}
	return nil
}

// Versions lists the names of the versions, the newest last.
func Versions() []string { return []string{"1.1", "1.2"} }

// Load compiles the tables of one version.
func Load(version string) (*Version, error) {
	all, err := load()
	if err != nil {
		return nil, err
	}
	if v := all[version]; v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("there are no tables of OneRoster CSV %q; there are those of %s", version, strings.Join(Versions(), " and "))
}

type document struct {
	Vocabularies map[string][]string
	Manifest     struct{ Properties, Optional, Modes []string }
	Files        []struct {
		File     string
		Versions []string
		Columns  []string
	}
}

var load = sync.OnceValues(func() (map[string]*Version, error) {
	var d document
	if err := strictyaml.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("reading the tables of OneRoster CSV: %w", err)
	}
	out := map[string]*Version{}
	for _, name := range Versions() {
		v := &Version{Name: name, Optional: d.Manifest.Optional, Modes: d.Manifest.Modes, Required: slices.Clone(d.Manifest.Properties)}
		for _, f := range d.Files {
			if !slices.Contains(f.Versions, name) {
				continue
			}
			file := File{Name: f.File}
			for _, line := range f.Columns {
				c, err := d.column(line, name)
				if err != nil {
					return nil, fmt.Errorf("the tables of OneRoster CSV %s: %s: %w", name, f.File, err)
				}
				file.Columns = append(file.Columns, c)
			}
			v.Files = append(v.Files, file)
			v.Required = append(v.Required, "file."+f.File)
		}
		if err := v.validate(); err != nil {
			return nil, fmt.Errorf("the tables of OneRoster CSV %s: %w", name, err)
		}
		out[name] = v
	}
	return out, nil
})

// column reads "name need type [argument] [flags]".
func (d *document) column(line, version string) (Column, error) {
	words := strings.Fields(line)
	if len(words) < 3 {
		return Column{}, fmt.Errorf("column %q lacks a need or a type", line)
	}
	c := Column{Name: words[0]}
	switch words[1] {
	case "yes":
		c.Need = Required
	case "no":
	case "change":
		c.Need = Change
	default:
		return c, fmt.Errorf("column %s: need %q is none of yes, no, change", c.Name, words[1])
	}
	kind, known := kinds[words[2]]
	if !known {
		return c, fmt.Errorf("column %s: type %q is not known", c.Name, words[2])
	}
	c.Kind = kind
	rest := words[3:]
	switch kind {
	case Ref, Refs, Enum, Enums:
		if len(rest) == 0 {
			return c, fmt.Errorf("column %s: type %s needs an argument", c.Name, words[2])
		}
		if kind == Ref || kind == Refs {
			c.Target = rest[0]
		} else if c.Vocabulary = rest[0]; d.Vocabularies[rest[0]] == nil {
			return c, fmt.Errorf("column %s: there is no vocabulary %s", c.Name, rest[0])
		} else {
			c.Terms = d.Vocabularies[rest[0]]
		}
		rest = rest[1:]
	case Texts:
		if len(rest) > 0 && d.Vocabularies[rest[0]] != nil {
			if version == "1.1" {
				c.Suggested = d.Vocabularies[rest[0]]
			}
			rest = rest[1:]
		}
	case Status:
		c.Vocabulary, c.Terms = "status", []string{"active", "tobedeleted"}
	}
	for _, flag := range rest {
		switch flag {
		case "ext":
			c.Extensible = version != "1.1" // introduced with 1.2
		case "private":
			c.Private = true
		case "retired":
			c.Retired = true
		default:
			return c, fmt.Errorf("column %s: flag %q is not known", c.Name, flag)
		}
	}
	return c, nil
}

// validate tells what is wrong with a version as data.
func (v *Version) validate() error {
	before := map[string]bool{}
	for _, f := range v.Files {
		if before[f.Name] {
			return fmt.Errorf("%s is there twice", f.Name)
		}
		before[f.Name] = true
		if len(f.Columns) < 4 || f.Columns[0].Name != "sourcedId" || f.Columns[1].Name != "status" || f.Columns[2].Name != "dateLastModified" {
			return fmt.Errorf("%s does not begin with sourcedId, status, dateLastModified", f.Name)
		}
		names := map[string]bool{}
		for _, c := range f.Columns {
			if names[c.Name] {
				return fmt.Errorf("%s has column %s twice", f.Name, c.Name)
			}
			names[c.Name] = true
			if c.Target != "" && !before[c.Target] {
				return fmt.Errorf("%s.%s leads to %s, which does not stand before it", f.Name, c.Name, c.Target)
			}
		}
	}
	return nil
}
