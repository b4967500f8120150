package scan

import (
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
)

// Result is everything a scan found.
type Result struct {
	Path     string
	Kind     string // zip, folder or file
	Version  string // whose tables were used
	Reason   string // why that version
	Files    []FileResult
	Findings []Finding // in the order of the files, then of the rules
	// Examined tells how many things were looked at, by requirement id.
	Examined map[string]int64
	// Blocked lists what could not be examined everywhere, and whose fault that is.
	Blocked []Blocked
	Rows    int64 // rows of data in all files
	Bytes   int64 // unpacked
}

// FileResult says what a data file of the version is like in the bundle.
type FileResult struct {
	Name     string // without .csv
	Path     string // in the bundle; empty when it isn't there
	Declared string // in the manifest: absent, bulk, delta, or empty when it says nothing usable
	Mode     string // by which it was checked: bulk or delta
	Rows     int64
	Bytes    int64
}

// Finding is one rule broken in one file, or in the package, however often.
type Finding struct {
	Rule     rule.Rule
	File     string // path in the bundle; empty for the bundle as a whole, or for several entries
	Column   string // empty when it is about no column
	Count    int64
	Examples []Example // the first ones and the last
}

// Remedy says what to do, by what was seen; where nothing particular was, by the
// rule.
func (f *Finding) Remedy() string {
	var out []string
	for _, e := range f.Examples {
		remedy := e.Remedy
		if remedy == "" {
			remedy = f.Rule.Remedy
		}
		if !slices.Contains(out, remedy) {
			out = append(out, remedy)
		}
	}
	return strings.Join(out, " ")
}

// Example is one place where a rule is broken.
type Example struct {
	File   string // path in the bundle, where it isn't that of the finding
	Line   int64  // counted from one; 0 when it is about no line
	Field  int    // counted from one; 0 when it is about no field
	Value  string // as found, cut; personal values by their shape alone
	Detail string
	Remedy string // empty: that of the rule
}

// Broken tells whether anything of a requirement is broken.
func (r *Result) Broken(requirement string) bool {
	for _, f := range r.Findings {
		if f.Rule.Requirement == requirement {
			return true
		}
	}
	return false
}
