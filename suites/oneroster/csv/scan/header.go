package scan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/split"
)

// begin reads the header, and takes it off the first block. body is false where
// nothing can be read by it.
func (f *file) begin(first *block) (body bool) {
	var s split.Splitter
	s.Reset(first.data)
	path := f.stream.entry.Path
	for _, id := range []string{"complete", "order", "case", "unknown", "metadata-last", "once"} {
		f.s.examined("header."+id, 1)
	}
	if f.table.Name == "users" && f.s.version.Name != "1.1" {
		f.s.examined("header.retired", 1)
	}
	if !s.Next() {
		return false
	}
	var names []string
	for i := range s.Fields {
		names = append(names, strings.ToValidUTF8(string(s.Value(i)), "\uFFFD"))
	}
	if s.Problem != 0 {
		id, detail := problemRule(s.Problem)
		f.s.say(id, path, "", "line 1: "+detail)
	}
	f.judgeHeader(names)
	f.modeOf(&s)
	return f.header
}

// judgeHeader compares names with the table and lays the columns out: a slip of
// case or order costs one finding, and the rest is still read.
func (f *file) judgeHeader(names []string) {
	path := f.stream.entry.Path
	find := func(name string) (int, bool) {
		if i := f.table.Column(name); i >= 0 {
			return i, true
		}
		for i, c := range f.table.Columns {
			if strings.EqualFold(c.Name, strings.TrimSpace(name)) {
				return i, false
			}
		}
		return -1, false
	}
	if !slices.ContainsFunc(names, func(n string) bool { c, _ := find(n); return c >= 0 }) {
		// No header, or another file altogether: one finding, not one a column.
		// What stands there may be a person's row: only its shape is shown.
		first := []rune(shown([]byte(strings.Join(names, ",")), true))
		f.s.say("header.complete", path, string(first[:min(len(first), 60)]), separated(names)+"none of the columns of "+f.table.Name+".csv is in the first line")
		return
	}
	seen := map[int]bool{}
	f.layout = make([]int, len(names))
	extension, order := false, []int{}
	for position, name := range names {
		column, exact := find(name)
		f.layout[position] = -1
		detail := fmt.Sprintf("column %d", position+1)
		switch {
		case column >= 0 && seen[column]:
			f.s.say("header.once", path, name, detail)
			continue
		case column >= 0:
			seen[column] = true
			f.layout[position] = column
			order = append(order, column)
			if !exact {
				f.s.say("header.case", path, name, "the standard writes "+f.table.Columns[column].Name)
			}
			if extension {
				f.s.say("header.metadata-last", path, name, "it stands to the right of an extension column")
			}
			if f.table.Columns[column].Retired {
				f.s.say("header.retired", path, name, detail)
			}
		case strings.HasPrefix(name, "metadata.") && len(name) > len("metadata."):
			extension = true
			if slices.Contains(names[:position], name) {
				f.s.say("header.once", path, name, detail)
			}
		default:
			f.s.say("header.unknown", path, name, detail)
		}
	}
	for i, c := range f.table.Columns {
		if !seen[i] && !c.Retired {
			f.s.say("header.complete", path, c.Name, fmt.Sprintf("column %d of the standard is missing", i+1))
		}
	}
	if !slices.IsSorted(order) {
		want := slices.Sorted(slices.Values(order))
		i := 0
		for i < len(order) && order[i] == want[i] {
			i++
		}
		f.s.say("header.order", path, f.table.Columns[order[i]].Name, "it stands where "+f.table.Columns[want[i]].Name+" belongs")
	}
	// A file without its identifiers is some other file.
	f.header = len(order) >= 2 || len(order) == len(names) && len(order) > 0
}

// separated names a separator that is none in CSV, where it seems to be used.
func separated(names []string) string {
	if len(names) != 1 {
		return ""
	}
	for text, word := range map[string]string{";": "semicolons", "\t": "tabs", "|": "bars"} {
		if strings.Count(names[0], text) > 1 {
			return "fields are separated by " + word + ", not commas; "
		}
	}
	return ""
}

// sampled is how many rows are looked at to learn the mode.
const sampled = 200

// modeOf settles how rows are read: as declared, unless the rows at the
// beginning are all of the other kind, for the data win over the manifest
// (OneRoster 1.2 CSV Binding §4).
func (f *file) modeOf(s *split.Splitter) {
	declared := f.s.manifest.mode(f.table.Name)
	if declared == "delta" {
		f.mode = delta
	}
	status := slices.Index(f.layout, 1)
	modified := slices.Index(f.layout, 2)
	if status < 0 || modified < 0 {
		return
	}
	filled, blank := 0, 0
	for range sampled {
		if !s.Next() {
			break
		}
		if max(status, modified) >= len(s.Fields) {
			continue
		}
		a, b := len(s.Raw(status)) > 0, len(s.Raw(modified)) > 0
		switch {
		case a && b:
			filled++
		case !a && !b:
			blank++
		default:
			filled++
			blank++
		}
	}
	was := f.mode
	switch {
	case filled > 0 && blank == 0:
		f.mode = delta
	case blank > 0 && filled == 0:
		f.mode = bulk
	}
	f.s.examined("manifest.data-agree", 1)
	if declared != "" && declared != "absent" && f.mode != was {
		f.s.say("manifest.data-agree", f.stream.entry.Path, declared, fmt.Sprintf("the manifest declares %s, the rows are %s", was, f.mode))
	}
}

// problemRule gives the rule that a problem of the splitter breaks.
func problemRule(p split.Problem) (id, detail string) {
	switch {
	case p&split.Unterminated != 0:
		return "text.quoting", "a quote is never closed"
	case p&split.BareQuote != 0:
		return "text.quoting", "a quote inside a field that is not quoted"
	case p&split.AfterQuote != 0:
		return "text.quoting", "text behind a closing quote; inner quotes are doubled"
	case p&split.LineBreak != 0:
		return "text.line-break", "a line break inside quotes"
	case p&split.BareCR != 0:
		return "text.line-end", "a carriage return without a line feed"
	}
	return "text.control", "a control character"
}
