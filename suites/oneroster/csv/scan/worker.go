package scan

import (
	"bytes"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/idset"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/split"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// worker checks blocks of one file. What it learns is its own until the file is
// read, so that workers never wait for each other.
type worker struct {
	f     *file
	split split.Splitter
	position
	tally []*tally // by number of the rule
	cols  []col    // by position in the row
	rows  int64
	crlf  int64
	lf    int64
	// Rows that say nothing, or not what stands where:
	unclosed, endless, torn, misfit int64
	spoiled                         int64 // identifiers that a spreadsheet has spoilt
	lines                           int32 // of the last block
	silent                          bool  // a row is tried: nothing is noted but that it stumbled
	stumbled                        bool
	astray                          bool // the reference that was followed last leads nowhere as it stands

	entries list[entry]
	sink    idset.Sink            // identifiers, where nobody refers to them
	later   map[int][]later       // by column
	keys    [keyKinds]*idset.Sink // keys that must be unique, and pairs
	placed  bool                  // a user has a role at an org
	stays   idset.Short           // pairs of class and user that are enrolled
	rule    struct {
		quoting, lineBreak, lineEnd, control, utf8, width, long, blank, length int
		deleted, blanks, codes, sheet, twice, replaced                         int
	}

	// Of the current row, by column of the table:
	field  []int   // position in the row; -1: not there
	value  []int32 // day of a date, number of a term (one up), 1 for true; see cells.go
	found  []uint32
	far    []*far   // what was looked up before; nil: nothing
	before [][]byte // what the found of a column was found for, of this row or one before
	status bool     // the row is flagged tobedeleted
	self   uint64
	entry  entry // here, for one of its own would be garbage a row
}

// col is a column where it stands in the rows.
type col struct {
	*table.Column       // nil: an extension
	number        int   // in the table
	filled        int64 // values that are not blank
	needed        bool  // a blank value may be wrong
	blank         bool  // nothing is kept of the value of the row before
}

type position struct {
	number int32
	base   int64
}

// none is the value of a date that is not there or not readable.
const none = -1 << 31

// Kinds of keys.
const (
	keyPrimaryRole = iota // user and org of a primary role: unique
	keyTeacher            // class and days of a primary teacher: unique
	keyRole               // user and org of any role, where more than one row of the user names a primary org
	keyEnrolled           // user and class of a student
	keyKinds
)

// key takes a key of the current row.
func (w *worker) key(kind int, hash uint64) {
	if w.keys[kind] == nil {
		w.keys[kind] = &idset.Sink{}
	}
	w.keys[kind].Add(hash)
}

// two makes one key of two places. No two pairs make the same, nor does what a Sink
// keeps of them where b is less than 2^23.
func two(a, b uint32) uint64 { return (uint64(b)<<32 | uint64(a)) * 0x9E3779B97F4A7C15 }

func newWorker(f *file) *worker {
	n := len(f.table.Columns)
	w := &worker{
		f:      f,
		tally:  make([]*tally, len(f.s.rules.Rules)),
		cols:   make([]col, len(f.layout)),
		field:  make([]int, n),
		value:  make([]int32, n),
		found:  make([]uint32, n),
		before: make([][]byte, n),
		later:  map[int][]later{},
	}
	for i := range w.field {
		w.field[i], w.value[i] = -1, none
	}
	for position, column := range f.layout {
		if column >= 0 {
			w.field[column] = position
			c := &f.table.Columns[column]
			w.cols[position] = col{Column: c, number: column, needed: c.Need == table.Required || c.Need == table.Change}
		}
	}
	w.far = w.farColumns()
	number := f.s.rules.Number
	w.rule.quoting, w.rule.lineBreak = number("text.quoting"), number("text.line-break")
	w.rule.lineEnd, w.rule.control = number("text.line-end"), number("text.control")
	w.rule.utf8, w.rule.width, w.rule.long = number("text.utf8"), number("text.width"), number("text.record-size")
	w.rule.blank, w.rule.length = number("text.blank-line"), number("text.length")
	w.rule.sheet, w.rule.twice, w.rule.replaced = number("text.spreadsheet"), number("text.encoded-twice"), number("text.replaced")
	w.rule.deleted, w.rule.blanks, w.rule.codes = number("rules.deleted-target"), number("rules.reference-blank"), number("rules.grade-codes")
	return w
}

// add notes a finding in the current row.
func (w *worker) add(number, field int, value []byte, detail string) {
	w.note(number, field, value, w.f.private(field) || w.structural(number), detail)
}

func (w *worker) note(number, field int, value []byte, private bool, detail string) {
	if w.silent {
		w.stumbled = true
		return
	}
	t := w.tally[number]
	if t == nil {
		t = &tally{}
		w.tally[number] = t
	}
	t.add(w.at(), field+1, value, private, detail)
	if s := w.f.s.spill; s != nil {
		s.write(w.f.stream.entry.Path, &w.f.s.rules.Rules[number], w.base+int64(w.split.Line()), field+1, shown(value, private))
	}
}

// structural tells whether a rule is about records that can't be trusted to have
// their values in the right fields: nobody knows whose name stands there.
func (w *worker) structural(number int) bool {
	r := &w.rule
	return number == r.quoting || number == r.lineBreak || number == r.lineEnd || number == r.control || number == r.long || number == r.width
}

func (w *worker) at() place { return place{w.number, int32(w.split.Line())} }

// say notes a finding about a column of the current row.
func (w *worker) say(column int, a rule.Aspect, value []byte, detail string) {
	w.add(w.f.rules[column][a], w.field[column], value, detail)
}

// wrong notes a value that is no value of its column. Where a mask would hide what
// is wrong with it, it is shown as it stands.
func (w *worker) wrong(column int, a rule.Aspect, value []byte, clear bool, detail string) {
	field := w.field[column]
	w.note(w.f.rules[column][a], field, value, w.f.private(field) && !clear, detail)
}

// rowSays notes that a rule between columns is broken, shown by one of them.
func (w *worker) rowSays(number, column int, detail string) {
	w.add(number, w.field[column], w.cell(column), detail)
}

// raw gives a value of the current row between its quotes.
func (w *worker) raw(column int) []byte {
	if p := w.field[column]; p >= 0 && p < len(w.split.Fields) {
		return w.split.Raw(p)
	}
	return nil
}

// cell gives a value of the current row by column of the table.
func (w *worker) cell(column int) []byte {
	if p := w.field[column]; p >= 0 && p < len(w.split.Fields) {
		return w.split.Value(p)
	}
	return nil
}

// block checks the records of one block.
func (w *worker) block(b block) {
	w.number, w.base = b.number, b.base
	w.split.Reset(b.data)
	if b.number == 0 {
		w.split.Next() // the header
	}
	for rows := w.split.ReadAhead(); len(rows) > 0; rows = w.split.ReadAhead() {
		w.lookAhead(rows)
		for w.split.Take() {
			w.row(b.long)
		}
	}
	w.lines = int32(w.split.Lines())
	if b.long {
		w.lines = max(w.lines, 1)
	}
}

// row judges the current record; long marks the beginning of one that is too long.
func (w *worker) row(long bool) {
	raw := w.split.Bytes()
	switch n := len(raw); {
	case n > 1 && raw[n-1] == '\n' && raw[n-2] == '\r':
		w.crlf++
	case n > 0 && raw[n-1] == '\n':
		w.lf++
	}
	if long {
		w.add(w.rule.long, 0, raw[:min(len(raw), 80)], "the record is longer than 1 MiB")
		w.rows++
		w.endless++
		return
	}
	if len(w.split.Raw(0)) == 0 && w.blankRow() {
		detail := ""
		if len(w.split.Fields) > 1 {
			detail = commasAlone
		}
		w.add(w.rule.blank, 0, nil, detail)
		return
	}
	if w.split.Problem != 0 {
		w.problem()
	}
	if w.split.Problem&split.Unterminated != 0 {
		w.rows++
		w.unclosed++
		return
	}
	if w.split.Problem&split.AfterQuote != 0 {
		// Nobody knows which value stands in which field.
		w.rows++
		w.torn++
		w.keep()
		return
	}
	width := len(w.f.layout)
	if got := len(w.split.Fields); got != width {
		if got < width || !w.padded(width) {
			w.rows++
			w.misfits(width)
			return
		}
		w.add(w.rule.width, width, nil, paddedRow)
		w.split.Fields = w.split.Fields[:width]
	}
	if !w.split.Plain {
		w.text(raw)
	}
	w.rows++
	w.record()
}

// commasAlone, and the details below, have remedies of their own.
const commasAlone = "a row of commas alone"

// remedies of what is seen row by row, by what is said of it.
var remedies = map[string]string{commasAlone: blankRemedy, paddedRow: blankRemedy}

func init() {
	for _, x := range separators {
		remedies[separatedRow(x.word)] = "Separate the fields of every row by commas, as in the header: two files were put together, or half of one was saved in Excel."
	}
}

func separatedRow(word string) string {
	return "the fields of the row are separated by " + word + ", not commas"
}

// blankRow tells a row that says nothing at all.
func (w *worker) blankRow() bool {
	for _, f := range w.split.Fields {
		if f.Start != f.End {
			return false
		}
	}
	return true
}

// paddedRow is said of a row that goes on behind the last column.
const paddedRow = "blank fields stand behind the last column"

// padded tells a row that says nothing behind the last column.
func (w *worker) padded(width int) bool {
	for _, f := range w.split.Fields[width:] {
		if f.Start != f.End {
			return false
		}
	}
	return true
}

// misfits notes a row that has another number of fields than the header. One that is
// too short and right as far as it goes lacks fields at its end: it is read, so that
// what it says of others isn't missed.
func (w *worker) misfits(width int) {
	got := len(w.split.Fields)
	detail := "the row has too many fields"
	if got < width {
		detail = "the row has too few fields"
	}
	if got == 1 {
		for _, x := range separators {
			if bytes.Count(w.split.Raw(0), []byte(x.text)) > 1 {
				detail = separatedRow(x.word)
			}
		}
	}
	w.add(w.rule.width, min(got, width)-1, nil, detail)
	if got < width && w.short() {
		return
	}
	w.misfit++
	w.keep()
}

// short reads a row that lacks fields, if those that it has fit their columns.
func (w *worker) short() bool {
	if p := w.field[0]; p < 0 || p >= len(w.split.Fields) || len(w.split.Raw(p)) == 0 || len(w.split.Fields) < 2 {
		return false
	}
	kept := map[int]int{}
	for column, list := range w.later {
		kept[column] = len(list)
	}
	w.silent, w.stumbled = true, false
	w.cells()
	fits := !w.stumbled
	if fits {
		w.end()
	} else {
		for column := range w.later {
			w.later[column] = w.later[column][:kept[column]]
		}
	}
	w.silent = false
	return fits
}

// keep takes the identifier of a row whose other values can't be trusted.
func (w *worker) keep() {
	if p := w.field[0]; p == 0 && w.f.indexed && len(w.split.Raw(0)) > 0 && isGUID(w.split.Value(0)) {
		w.entries.add(entry{hash: w.f.s.hash(w.split.Value(0)), fact: fact{a: none, b: none}})
	}
}

// problem notes what the splitter stumbled over, each kind once a record.
func (w *worker) problem() {
	p := w.split.Problem
	column := min(w.split.Column, len(w.split.Fields)-1)
	value := w.split.Raw(column)
	for _, x := range []struct {
		p      split.Problem
		number int
	}{{split.Unterminated | split.BareQuote | split.AfterQuote, w.rule.quoting}, {split.LineBreak, w.rule.lineBreak},
		{split.BareCR, w.rule.lineEnd}, {split.Control, w.rule.control}} {
		if p&x.p != 0 && (p&split.Unterminated == 0 || x.number == w.rule.quoting) {
			_, detail := problemRule(p & x.p)
			w.add(x.number, column, value, detail)
		}
	}
}

// text judges the characters of a row.
func (w *worker) text(raw []byte) {
	if !utf8.Valid(raw) {
		w.notUTF8()
		return
	}
	if lost, again := bytes.Contains(raw, replaced), maybeTwice(raw); lost || again {
		w.letters(lost, again)
	}
}

func (w *worker) notUTF8() {
	for i := range w.split.Fields {
		if raw := w.split.Raw(i); !utf8.Valid(raw) {
			w.add(w.rule.utf8, i, nil, "bytes that are no UTF-8")
			return
		}
	}
}

// record checks the cells of a row, then what holds between them.
func (w *worker) record() {
	w.cells()
	w.end()
}

// cells checks the cells of a row.
func (w *worker) cells() {
	f := w.f
	w.self = 0
	fields := w.split.Fields
	// Before any reference is followed: what is deleted may lead nowhere.
	w.status = f.mode == delta && string(w.cell(1)) == "tobedeleted"
	for position := range w.cols {
		c := &w.cols[position]
		if c.Column == nil {
			continue
		}
		if position >= len(fields) || fields[position].Start == fields[position].End {
			if !c.blank {
				w.blank(c.number)
				c.blank = true
			}
			if c.needed && position < len(fields) { // otherwise the row is too short
				w.empty(c.number, c.Column)
			}
			continue
		}
		c.blank = false
		c.filled++
		value := w.split.Text(fields[position])
		if fields[position].Doubled {
			value = w.split.Value(position)
		}
		if len(value) > 255 {
			w.long(c.number, value)
		}
		w.check(c.number, c.Column, value)
	}
}

// blank notes that a column says nothing in the current row.
func (w *worker) blank(column int) {
	w.value[column], w.found[column] = none, 0
	w.before[column] = w.before[column][:0]
}

// end checks what holds between the cells of a row, and keeps its identifier.
func (w *worker) end() {
	f := w.f
	e := &w.entry
	*e = entry{hash: w.self}
	if w.status {
		e.fact.flags |= deleted
	}
	if f.row != nil {
		f.row(w, e)
	}
	switch {
	case w.self == 0: // without an identifier there is nothing to refer to
	case f.indexed:
		w.entries.add(*e)
	default:
		w.sink.Add(e.hash)
	}
}

func (w *worker) empty(column int, c *table.Column) {
	switch {
	case c.Need == table.Required:
		w.say(column, rule.Required, nil, "")
	case c.Need == table.Change && w.f.mode == delta:
		w.say(column, rule.Mode, nil, "blank in a delta file")
	}
}

func (w *worker) long(column int, value []byte) {
	if n := utf8.RuneCount(value); n > 255 {
		switch w.f.table.Columns[column].Kind {
		case table.Text:
			w.add(w.rule.length, w.field[column], value, "the value is longer than importers must keep")
		}
	}
}
