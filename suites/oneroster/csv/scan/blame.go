package scan

import (
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
)

// obstacle is a first step that failed: the rule that owns it, where, and what was
// seen. What stands on that step is blocked by the rule and not accused again.
type obstacle struct {
	rule, file, detail string
}

// Blocked is a requirement that could not be examined, or not everywhere, because
// another is broken.
type Blocked struct {
	Requirement string
	Owner       string // the requirement that is broken
	File        string // path in the bundle of the file that can't be read
	Reason      string
}

// rowRules look at text row by row; where no row can be read they saw nothing.
var rowRules = []string{"manifest.data-agree", "text.control", "text.quoting", "text.line-break", "text.width", "text.record-size",
	"text.blank-line",
	"text.length", "text.encoded-twice", "text.replaced", "text.spreadsheet"}

// headerRules look at names of columns.
var headerRules = []string{"header.complete", "header.order", "header.case", "header.unknown", "header.metadata-last", "header.once",
	"header.retired"}

// manifestRules stand on a manifest that can be read.
var manifestRules = []string{"manifest.header", "manifest.rows", "manifest.version", "manifest.oneroster-version", "manifest.properties",
	"manifest.known", "manifest.once", "manifest.modes", "manifest.present", "manifest.declared", "manifest.data-agree", "package.rostering"}

// block notes that rules stand on a step that failed.
func (s *scanner) block(by *obstacle, rules ...string) {
	for _, id := range rules {
		b := Blocked{Requirement: s.rules.Rules[s.rules.Number(id)].Requirement, Owner: rule.Prefix + by.rule, File: by.file, Reason: reason(by)}
		known := func(x Blocked) bool { return x.Requirement == b.Requirement && x.Owner == b.Owner }
		if b.Requirement != b.Owner && !slices.ContainsFunc(s.result.Blocked, known) {
			s.result.Blocked = append(s.result.Blocked, b)
		}
	}
}

func reason(by *obstacle) string {
	if by.file == "" {
		return by.detail
	}
	return by.file + ": " + by.detail
}

// shutBy tells why nothing in a file can be read by columns; nil when it can, or
// when there is no such file.
func (s *scanner) shutBy(name string) *obstacle {
	if s.closed != nil {
		return s.closed
	}
	if x := s.bundle.ShutFile(name); x != nil {
		return &obstacle{ruleOf(x.Fault), x.Path, x.Detail}
	}
	if f := s.files[name]; f != nil {
		return f.shut
	}
	return nil
}

// there tells whether the package holds a file, readable or not.
func (s *scanner) there(name string) bool {
	return s.bundle.Entry(name) != nil || s.bundle.ShutFile(name) != nil
}

// whole tells whether what a file doesn't say can be held against others: it is
// there in bulk, and every row of it was read.
func (s *scanner) whole(name string) bool {
	f := s.files[name]
	return f != nil && f.complete() && f.shut == nil && f.lossy == nil
}

// blame lists what could not be examined, once all files were read.
func (s *scanner) blame() {
	if s.closed != nil {
		for i := range s.rules.Rules {
			if r := &s.rules.Rules[i]; s.result.Examined[r.Requirement] == 0 {
				s.block(s.closed, r.ID)
			}
		}
		return
	}
	if by := s.manifest.shut; by != nil {
		s.block(by, manifestRules...)
	} else if s.manifest.slip != "" {
		s.block(&obstacle{"header.split", s.bundle.Entry("manifest").Path, s.manifest.slip}, "manifest.header", "manifest.rows")
	}
	for i := range s.version.Files {
		t := &s.version.Files[i]
		by, f := s.shutBy(t.Name), s.files[t.Name]
		columns := s.rules.Columns(t.Name)
		if by != nil {
			s.block(by, rowRules...)
			s.block(by, headerRules...)
		}
		for c, column := range t.Columns {
			for _, n := range columns[c] {
				if by != nil && n >= 0 {
					s.block(by, s.rules.Rules[n].ID)
				}
			}
			// A reference into a file that lacks identifiers leads nowhere for that.
			n := columns[c][rule.References]
			if n < 0 || f == nil || by != nil {
				continue
			}
			target := column.Target
			if target == "" {
				target = "users" // of demographics
			}
			if into := s.shutBy(target); into != nil {
				s.block(into, s.rules.Rules[n].ID)
			} else if x := s.files[target]; x != nil && x.cut != nil {
				s.block(x.cut, s.rules.Rules[n].ID)
			}
		}
	}
	for i := range s.rules.Rules {
		s.blameRule(&s.rules.Rules[i])
	}
}

// blameRule says of a rule between columns and files whether it could be examined:
// by the columns that it needs, in each of the places where it holds.
func (s *scanner) blameRule(r *rule.Rule) {
	for _, place := range r.Needs {
		var by *obstacle
		all, bulkOnly, filled := true, true, int64(-1)
		for _, need := range place {
			name, column, _ := strings.Cut(need, ".")
			t := s.version.File(name)
			if t == nil || t.Column(column) < 0 || !s.there(name) && s.closed == nil {
				all = false
				break
			}
			f := s.files[name]
			switch {
			case by != nil:
			case s.shutBy(name) != nil:
				by = s.shutBy(name)
			case f.without(t.Column(column)) != nil:
				by = f.without(t.Column(column))
			case r.Absence && f.lossy != nil:
				by = f.lossy
			default:
				bulkOnly = bulkOnly && f.complete()
				if n := f.filled[t.Column(column)]; filled < 0 || n < filled {
					filled = n
				}
			}
		}
		switch {
		case !all:
		case by != nil:
			s.block(by, r.ID)
		case bulkOnly && !r.Absence && s.result.Examined[r.Requirement] == 0:
			s.examined(r.ID, filled)
		}
	}
}

// without tells that the header lacks a column.
func (f *file) without(column int) *obstacle {
	if slices.Contains(f.layout, column) || f.rows == 0 {
		return nil
	}
	return &obstacle{"header.complete", f.stream.entry.Path, "there is no column " + f.table.Columns[column].Name}
}

// ruleOf gives the rule that a fault of the package breaks.
func ruleOf(f source.Fault) string {
	if f == source.Closed {
		return "text.readable"
	}
	return "package." + string(f)
}
