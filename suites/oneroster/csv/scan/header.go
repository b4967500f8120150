package scan

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/split"
)

// begin reads the header, and takes it off the first block. body is false where
// nothing can be read by it: then the file is shut, by the rule that owns what is
// wrong, and nothing else is said of it.
func (f *file) begin(first *block) (body bool) {
	var s split.Splitter
	s.Reset(first.data)
	if !s.Next() {
		return false
	}
	path := f.stream.entry.Path
	var names []string
	for i := range s.Fields {
		names = append(names, strings.ToValidUTF8(string(s.Value(i)), "\uFFFD"))
	}
	kind := kindOf(first.data)
	switch {
	case kind != "":
		f.close("header.split", "", "this is "+kind+", no CSV", "Export the file as CSV.")
		return false
	case first.long:
		f.close("text.record-size", "", "the first record is longer than 1 MiB: a quote is never closed, or this is no CSV", "")
		return false
	case s.Problem&(split.Unterminated|split.LineBreak) != 0:
		f.close("text.quoting", "", "line 1: a quote is not closed on that line, and the header runs on", "")
		return false
	case s.Problem != 0:
		id, detail := problemRule(s.Problem)
		f.s.say(id, path, "", "line 1: "+detail)
	}
	if !f.judgeHeader(names, first.data) {
		return false
	}
	for _, id := range []string{"split", "complete", "order", "case", "unknown", "metadata-last", "once"} {
		f.s.examined("header."+id, 1)
	}
	if f.table.Name == "users" && f.s.version.Name != "1.1" {
		f.s.examined("header.retired", 1)
	}
	f.modeOf(&s)
	return true
}

// close says why nothing in the file can be read by columns. What else is wrong with
// the file as a whole is said along with it: whoever saves it anew mends both.
func (f *file) close(id, value, detail, remedy string) {
	path := f.stream.entry.Path
	if id == "header.split" {
		detail += along(f.stream.wide, f.stream.lone)
	}
	f.shut = &obstacle{id, path, detail}
	f.s.advise(id, path, value, detail, remedy)
}

// find gives the column of the table that a name of the header means: in another
// case, and with characters that nobody sees, it is still that column.
func (f *file) find(name string) (column int, exact bool) {
	if i := f.table.Column(name); i >= 0 {
		return i, true
	}
	seen := bare(name)
	for i, c := range f.table.Columns {
		if strings.EqualFold(c.Name, seen) {
			return i, false
		}
	}
	return -1, false
}

// judgeHeader compares names with the table and lays the columns out: a slip of
// case or order costs one finding, and the rest is still read. It is false where
// this is no header of the file.
func (f *file) judgeHeader(names []string, head []byte) bool {
	path := f.stream.entry.Path
	known := map[int]bool{}
	for _, n := range names {
		if c, _ := f.find(n); c >= 0 {
			known[c] = true
		}
	}
	switch {
	case len(known) <= 1 && f.exchanged(head):
		f.close("header.split", "", "rows and columns are exchanged: the names of the columns stand one below the other",
			"Write the names in the first line, and one line for each record: in Excel copy all, and choose Paste Special, Transpose.")
		return false
	case len(known) == 0 && separated(names) != "":
		detail := separated(names)
		f.close("header.split", "", detail, separatedRemedy(detail))
		return false
	case len(known) <= 1 && f.below(head) > 1:
		f.close("header.split", "", fmt.Sprintf("the names of the columns stand in line %d, below what is no header", f.below(head)),
			"Delete the lines above the names of the columns: in Excel mark the rows, and choose Delete.")
		return false
	case len(known) == 0 || len(known) == 1 && len(names) > 1:
		// No header, or another file altogether: one finding, not one a column.
		// What stands there may be a person's row: only its shape is shown.
		first := []rune(shown([]byte(strings.Join(names, ",")), true))
		few := "none"
		if len(known) == 1 {
			few = "only one"
		}
		f.close("header.complete", string(first[:min(len(first), 60)]), few+" of the columns of "+f.table.Name+".csv is in the first line",
			"Write the names of the columns in the first line.")
		return false
	}
	f.layout = make([]int, len(names))
	var nameless []int
	seen, extension, order := map[int]bool{}, false, []int{}
	for position, name := range names {
		column, exact := f.find(name)
		f.layout[position] = -1
		detail := fmt.Sprintf("column %d", position+1)
		hidden := unseenIn(name)
		switch {
		case column >= 0 && seen[column]:
			f.s.say("header.once", path, name, detail)
			continue
		case column >= 0:
			seen[column] = true
			f.layout[position] = column
			order = append(order, column)
			switch {
			case hidden != "":
				f.s.advise("header.case", path, name, detail+" holds "+hidden,
					"Delete the character; it can't be seen, and importers don't know the column by that name.")
			case !exact:
				f.s.say("header.case", path, name, "the standard writes "+f.table.Columns[column].Name)
			}
			if extension {
				f.s.say("header.metadata-last", path, name, "it stands to the right of an extension column")
			}
			if f.table.Columns[column].Retired {
				f.s.say("header.retired", path, name, detail)
			}
		case bare(name) == "":
			nameless = append(nameless, position+1)
		case strings.HasPrefix(bare(name), "metadata.") && len(bare(name)) > len("metadata."):
			extension = true
			if hidden != "" {
				f.s.advise("header.unknown", path, name, detail+" holds "+hidden, "Delete the character.")
			}
			if slices.Contains(names[:position], name) {
				f.s.say("header.once", path, name, detail)
			}
		default:
			f.s.say("header.unknown", path, name, detail)
		}
	}
	f.judgeNameless(nameless)
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
	if !seen[0] {
		f.cut = &obstacle{"header.complete", path, "there is no column sourcedId"}
	}
	f.header = true
	return true
}

// judgeNameless reports columns without a name: spreadsheets save every column that
// was ever touched.
func (f *file) judgeNameless(positions []int) {
	if len(positions) == 0 {
		return
	}
	detail := fmt.Sprintf("column %d is blank", positions[0])
	if n := len(positions); n > 1 {
		detail = fmt.Sprintf("%d columns are blank, from column %d on", n, positions[0])
	}
	f.nameless = true
	f.s.advise("header.unknown", f.stream.entry.Path, "", detail+": a name is missing", blankRemedy)
}

// blankRemedy is for what a spreadsheet saves though it looks empty.
const blankRemedy = "Delete what is blank: in Excel mark the columns behind the last name and the rows below the last record, choose Delete, and save again. A column that holds something needs a name that begins with metadata."

// exchanged tells whether the names of the columns stand in the first column.
func (f *file) exchanged(head []byte) bool {
	var s split.Splitter
	s.Reset(head)
	found := map[int]bool{}
	for n := 0; n <= 2*len(f.table.Columns) && s.Next(); n++ {
		if c, _ := f.find(string(s.Value(0))); c >= 0 {
			found[c] = true
		}
	}
	return len(found) >= 3
}

// along words what is wrong with a whole file besides.
func along(wide string, lone bool) string {
	switch {
	case wide != "":
		return ", and the file is " + wide
	case lone:
		return ", and all lines end in CR alone"
	}
	return ""
}

// below gives the line of the header where others stand before it: titles, blank
// rows, sep=; for Excel. 0 where there is none.
func (f *file) below(head []byte) int {
	var s split.Splitter
	s.Reset(head)
	for n := 0; n < 10 && s.Next(); n++ {
		names := make([]string, len(s.Fields))
		for i := range s.Fields {
			names[i] = string(s.Value(i))
		}
		if len(names) == 1 {
			for _, x := range separators {
				if strings.Count(names[0], x.text) > 1 {
					names = strings.Split(names[0], x.text)
				}
			}
		}
		found := map[int]bool{}
		for _, name := range names {
			if c, _ := f.find(strings.Trim(name, `"`)); c >= 0 {
				found[c] = true
			}
		}
		if len(found) >= 3 {
			return s.Line() + 1
		}
	}
	return 0
}

// separators that are none in CSV, with the words for them.
var separators = []struct{ text, word string }{{";", "semicolons"}, {"\t", "tabs"}, {"|", "bars"}, {":", "colons"}, {"^", "carets"},
	{"~", "tildes"}}

// separated names a separator that is none in CSV, where it seems to be used.
func separated(names []string) string {
	if len(names) != 1 {
		return ""
	}
	if strings.Count(names[0], ",") > 1 {
		return oneCell
	}
	for _, x := range separators {
		if strings.Count(names[0], x.text) > 1 {
			return separatedBy(x.word)
		}
	}
	return ""
}

const oneCell = "each line is one quoted cell, commas and all"

func separatedBy(word string) string {
	detail := "fields are separated by " + word + ", not commas"
	if word == "semicolons" {
		detail += ": Excel saves it like this where numbers are written with a decimal comma"
	}
	return detail
}

// separatedRemedy says how to get commas.
func separatedRemedy(detail string) string {
	switch {
	case strings.HasPrefix(detail, oneCell):
		return "Export the file anew. It was saved with all of each line in column A: in Excel choose Data, From Text/CSV, Delimiter Comma, before saving as CSV UTF-8 (Comma delimited)."
	case strings.Contains(detail, "semicolons"):
		return "Export the file anew and don't save it in Excel; or set the list separator of Windows to a comma (Settings, Region, Additional settings) and save it again as CSV UTF-8 (Comma delimited)."
	}
	return "Save it again as CSV UTF-8 (Comma delimited), or export it anew with commas between the fields (RFC 4180)."
}

// kindOf names what a file is that is no text; empty for text.
func kindOf(head []byte) string {
	for _, x := range []struct{ magic, kind string }{
		{"PK\x03\x04", "a zip or an Excel workbook"}, {"\xD0\xCF\x11\xE0", "an Excel workbook"}, {"%PDF-", "a PDF"}, {"\x1F\x8B", "gzip"},
		{"<", "HTML or XML"}, {"{", "JSON"}, {"[", "JSON"},
	} {
		if bytes.HasPrefix(head, []byte(x.magic)) {
			return x.kind
		}
	}
	line, _, _ := bytes.Cut(head[:min(len(head), 4096)], lineFeed)
	if bytes.IndexByte(line, 0) >= 0 {
		return "binary: its first line holds NUL"
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
