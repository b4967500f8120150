package rule

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/rollcall-edu/rollcall/strictyaml"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

//go:embed rules.yaml
var text []byte

// Prefix begins the requirement ids of the catalogue that rules decide.
const Prefix = "orcsv."

// Rule is one way in which a bundle can be wrong.
type Rule struct {
	ID          string // e.g. users.givenName.required, text.quoting
	Requirement string // id in the catalogue
	Expected    string
	Remedy      string
	// Needs lists, for a rule between columns and files, what it looks at: places,
	// each with its columns as file.column.
	Needs [][]string
	// Absence tells that the rule concludes from what is not there, so that it can't
	// be held against anybody where rows are missing.
	Absence bool
	// Loses tells that whoever takes the data all the same loses or corrupts some:
	// an importer refuses them.
	Loses bool
}

// Aspect is what a rule of a column looks at.
type Aspect int

// The aspects; every column has a rule for those that make sense for it.
const (
	Required Aspect = iota
	Mode
	Format
	UTC
	Vocabulary
	References
	Unique
	Aspects // how many there are
)

var aspectNames = [Aspects]string{"required", "mode", "format", "utc", "vocabulary", "references", "unique"}

// Set is all rules of one version, numbered.
type Set struct {
	Rules   []Rule
	numbers map[string]int
	columns map[string][][Aspects]int // file → column → aspect → number; -1 for none
}

type wording struct{ Expected, Remedy string }

type between struct {
	Needs   []string
	Absence bool
}

type document struct {
	Rules        map[string]wording
	Between      map[string]between
	Loses        []string
	Columns      map[string]wording
	Formats      map[string]string
	FormatRemedy string `yaml:"formatRemedy"`
}

var read = sync.OnceValues(func() (*document, error) {
	var d document
	if err := strictyaml.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("reading the rules of OneRoster CSV: %w", err)
	}
	return &d, nil
})

// Load makes the rules of a version.
func Load(v *table.Version) (*Set, error) {
	d, err := read()
	if err != nil {
		return nil, err
	}
	s := &Set{numbers: map[string]int{}, columns: map[string][][Aspects]int{}}
	for _, id := range slices.Sorted(maps.Keys(d.Rules)) {
		w := d.Rules[id]
		r := Rule{
			ID:          id,
			Requirement: Prefix + id,
			Expected:    w.Expected,
			Remedy:      w.Remedy,
			Absence:     d.Between[id].Absence,
			Loses:       slices.Contains(d.Loses, id),
		}
		for _, place := range d.Between[id].Needs {
			r.Needs = append(r.Needs, strings.Fields(place))
		}
		s.add(r)
	}
	for _, f := range v.Files {
		rows := make([][Aspects]int, len(f.Columns))
		for i, c := range f.Columns {
			for a := range Aspects {
				rows[i][a] = -1
				w, makes := d.wording(f.Name, c, a)
				if !makes {
					continue
				}
				rows[i][a] = s.add(Rule{ID: f.Name + "." + c.Name + "." + aspectNames[a], Requirement: Prefix + Kebab(f.Name) + "." + aspectNames[a],
					Expected: w.Expected, Remedy: w.Remedy, Loses: loses(f.Name, c, a)})
			}
		}
		s.columns[f.Name] = rows
	}
	return s, nil
}

// loses tells which values of columns can't be taken without loss: records without
// an identifier or with that of another, flags that are neither true nor false, lists
// that can't be taken apart, and roles and profiles of nobody.
func loses(file string, c table.Column, a Aspect) bool {
	switch a {
	case Unique:
		return true
	case Required:
		return c.Kind == table.GUID
	case Vocabulary:
		return c.Kind == table.Bool
	case Format:
		return c.Kind == table.UserIDs
	case References:
		return c.Name == "userSourcedId" && (file == "roles" || file == "userProfiles")
	}
	return false
}

func (s *Set) add(r Rule) int {
	s.numbers[r.ID] = len(s.Rules)
	s.Rules = append(s.Rules, r)
	return len(s.Rules) - 1
}

// Number finds a rule that belongs to no column; it panics on an id that
// rules.yaml doesn't hold, for that is a mistake of this program.
func (s *Set) Number(id string) int {
	n, known := s.numbers[id]
	if !known {
		panic("rules.yaml has no rule " + id)
	}
	return n
}

// Columns gives the rules of a file's columns: column, aspect, number; -1 where
// an aspect makes no sense.
func (s *Set) Columns(file string) [][Aspects]int { return s.columns[file] }

// formats names the wording of a kind's format, for kinds that have one.
var formats = map[table.Kind]string{table.GUID: "guid", table.Refs: "refs", table.Enums: "refs", table.DateTime: "datetime",
	table.Date: "date", table.Year: "year", table.Int: "int", table.Float: "float", table.Texts: "texts",
	table.UserIDs: "userids", table.Scale: "scale"}

// wording says what a rule of a column expects; false where it makes no sense.
func (d *document) wording(file string, c table.Column, a Aspect) (wording, bool) {
	switch a {
	case Required:
		return d.Columns["required"], c.Need == table.Required
	case Mode:
		w := d.Columns["blank"]
		return wording{Expected: w.Expected + "; or " + d.Columns["filled"].Expected, Remedy: w.Remedy}, c.Need == table.Change
	case Format:
		name, makes := formats[c.Kind]
		return wording{Expected: d.Formats[name], Remedy: d.FormatRemedy}, makes
	case UTC:
		return d.Columns["utc"], c.Kind == table.DateTime
	case Vocabulary:
		w := d.Columns["vocabulary"]
		terms := strings.Join(c.Terms, ", ")
		if c.Kind == table.Bool {
			terms = "true, false"
		}
		if c.Extensible {
			terms += ", or a term that begins with ext:"
		}
		w.Expected = strings.ReplaceAll(w.Expected, "{terms}", terms)
		return w, c.Kind == table.Enum || c.Kind == table.Enums || c.Kind == table.Status || c.Kind == table.Bool
	case References:
		w := d.Columns["references"]
		target := c.Target
		if file == "demographics" && c.Name == "sourcedId" {
			target = "users" // OneRoster 1.2 CSV Binding §4: it is the user's
		}
		return wording{Expected: strings.ReplaceAll(w.Expected, "{target}", target),
			Remedy: strings.ReplaceAll(w.Remedy, "{target}", target)}, target != ""
	case Unique:
		return d.Columns["unique"], c.Kind == table.GUID
	}
	return wording{}, false
}

// Kebab writes the name of a file as requirement ids do: academic-sessions.
func Kebab(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Aspect gives the name of an aspect, as ids write it.
func (s *Set) Aspect(a Aspect) string { return aspectNames[a] }
