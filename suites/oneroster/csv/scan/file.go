package scan

import (
	"context"
	"errors"
	"sort"
	"strconv"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/idset"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// mode is how the rows of a file are to be read.
type mode uint8

const (
	bulk mode = iota
	delta
)

func (m mode) String() string {
	if m == delta {
		return "delta"
	}
	return "bulk"
}

// fact is what other files want to know of a record. The meaning of its parts
// is the file's own.
type fact struct {
	ref   uint32 // place of another record, one up; 0: none
	a, b  int32  // dates as days, or values as float bits
	kind  uint8  // type as the number of its term, one up; 0: none or another
	flags uint8
}

// flags of facts.
const (
	deleted uint8 = 1 << iota
	hasMin
	hasMax
)

// entry is the identifier of a row and what is to be known of it.
type entry struct {
	hash uint64
	fact fact
}

// later is a reference into the file itself, which can only be followed once
// all of it is read.
type later struct {
	from, to uint64
	at       place
}

// file is one data file while it is read and afterwards.
type file struct {
	s        *scanner
	table    *table.File
	stream   *stream
	rules    [][7]int
	mode     mode
	layout   []int // position in the header → column of the table; -1: extension
	nameless bool  // the header has blank columns
	header   bool  // there was one, and some of its columns are known

	targets []*file // column → file that it refers to; nil: not there
	indexed bool    // others refer to it: every identifier gets a place
	row     rowRule // the rules between columns and files

	workers []*worker
	lines   []int32 // lines of each block
	starts  []int64 // line on which each block begins, counted from one

	ids        idset.Places
	facts      []fact
	marks      []uint32 // what later files say of a record; atomically
	orgs       []uint32 // of users: their primary orgs, one up
	moreOrgs   []primaryOrg
	homes      homes
	rows       int64
	filled     []int64         // by column: values that are not blank
	shut       *obstacle       // why nothing can be read by columns
	cut        *obstacle       // why identifiers are missing: what refers to them may be right
	lossy      *obstacle       // why rows are missing
	spoilt     *obstacle       // why identifiers say nothing: a spreadsheet has spoilt them
	dropped    bool            // some records are flagged for deletion
	pairsAgain map[uint64]bool // pairs of class and user that are enrolled more than once, or seem so
	late       map[int]bool    // rules whose examples lack their values until the file is read again
}

// rowRule looks at a row after its cells, and fills the fact of its entry.
type rowRule func(w *worker, e *entry)

func newFile(s *scanner, t *table.File, st *stream) *file {
	f := &file{s: s, table: t, stream: st, rules: s.rules.Columns(t.Name), targets: make([]*file, len(t.Columns)), late: map[int]bool{},
		filled: make([]int64, len(t.Columns))}
	for _, other := range s.version.Files {
		for _, c := range other.Columns {
			f.indexed = f.indexed || c.Target == t.Name
		}
	}
	for i, c := range t.Columns {
		switch {
		case c.Target == t.Name:
			f.targets[i] = f
		case c.Target != "":
			f.targets[i] = s.files[c.Target]
		}
	}
	if t.Name == "demographics" {
		f.targets[0] = s.files["users"]
	}
	return f
}

// private tells whether values at a position of the header are personal; those
// of extension columns may be.
func (f *file) private(position int) bool {
	if position < 0 || position >= len(f.layout) {
		return false // a finding without a value
	}
	column := f.layout[position]
	return column < 0 || f.table.Columns[column].Private
}

// column gives a column of the table by name; it panics where the table has
// none, for that is a mistake of this program.
func (f *file) column(name string) int {
	i := f.table.Column(name)
	if i < 0 {
		panic(f.table.Name + " has no column " + name)
	}
	return i
}

// check reads all blocks of the file.
func (f *file) check(ctx context.Context) error {
	first, there := <-f.stream.blocks
	if !there {
		return f.end(ctx)
	}
	body := f.begin(&first)
	if body {
		f.row = f.ruleOfRows()
	}
	f.workers = make([]*worker, f.s.o.Workers)
	for i := range f.workers {
		f.workers[i] = newWorker(f)
	}
	if body {
		f.workers[0].block(first)
	}
	f.note(first.number, f.workers[0])
	f.s.reader.release(first.data)
	type lined struct{ number, lines int32 }
	counted := make([][]lined, len(f.workers))
	err := group(len(f.workers), func(i int) error {
		w := f.workers[i]
		for b := range f.stream.blocks {
			if f.header {
				w.block(b)
			} else {
				w.lines = 0
			}
			if err := w.tooMany(); err != nil {
				return err
			}
			counted[i] = append(counted[i], lined{b.number, w.lines})
			f.s.reader.release(b.data)
			if i == 0 && f.s.o.Progress != nil {
				f.s.o.Progress(f.s.unpacked+int64(b.number)*blockSize, f.s.announced)
			}
		}
		return nil
	})
	for _, list := range counted {
		for _, c := range list {
			for int(c.number) >= len(f.lines) {
				f.lines = append(f.lines, 0)
			}
			f.lines[c.number] = c.lines
		}
	}
	if err := errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	return f.end(ctx)
}

func (f *file) note(number int32, w *worker) {
	for int(number) >= len(f.lines) {
		f.lines = append(f.lines, 0)
	}
	f.lines[number] = w.lines
}

// line gives the line of a place, counted from one.
func (f *file) line(p place) int64 {
	if int(p.block) < len(f.starts) {
		return f.starts[p.block] + int64(p.line)
	}
	return 0
}

// end puts together what the workers saw and reports it.
func (f *file) end(ctx context.Context) error {
	s := f.s
	s.unpacked += f.stream.bytes
	if f.stream.err != nil && ctx.Err() == nil && f.shut == nil {
		f.lose("text.readable", f.stream.err.Error())
		s.say("text.readable", f.stream.entry.Path, "", f.stream.err.Error())
	}
	s.examined("text.readable", 1)
	at := int64(1)
	for _, n := range f.lines {
		f.starts = append(f.starts, at)
		at += int64(n)
	}
	f.sum()
	if f.stream.err == nil && f.rows == 0 && (f.header || f.stream.bytes == 0) {
		detail := "there is a header and no row"
		if f.stream.bytes == 0 {
			detail = "the file is empty, it has not even a header"
		}
		s.say("package.not-empty", f.stream.entry.Path, "", detail)
	}
	s.examined("package.not-empty", 1)
	total := f.tallies()
	if n := s.rules.Number("text.spreadsheet"); f.spoilt != nil && total[n] != nil {
		// One accusation: what the spreadsheet did to identifiers weighs more.
		delete(total, n)
		s.block(f.spoilt, "text.spreadsheet")
	}
	if n := s.rules.Number("text.blank-line"); f.nameless && total[n] != nil {
		// One accusation: a spreadsheet left both.
		detail := "a blank row"
		if x := total[n].count; x > 1 {
			detail = strconv.FormatInt(x, 10) + " blank rows"
		}
		s.advise("header.unknown", f.stream.entry.Path, "", detail+", the first in line "+strconv.FormatInt(f.line(total[n].first[0].place), 10),
			blankRemedy)
		delete(total, n)
		s.block(&obstacle{"header.unknown", f.stream.entry.Path, "blank rows and columns are told together"}, "text.blank-line")
	}
	repeated, err := f.join(total)
	if err != nil {
		return err
	}
	f.lineEnds()
	f.count()
	if err := f.again(ctx, total, repeated); err != nil {
		return err
	}
	if err := f.judgePairs(ctx, total); err != nil {
		return err
	}
	f.publish(total)
	for _, w := range f.workers {
		*w = worker{}
	}
	f.workers = nil
	return nil
}

// sum adds up what the workers saw, and tells what of the file is missing.
func (f *file) sum() {
	var unclosed, endless, torn, misfit, spoiled int64
	for _, w := range f.workers {
		f.rows += w.rows
		unclosed, endless, torn, misfit, spoiled = unclosed+w.unclosed, endless+w.endless, torn+w.torn, misfit+w.misfit, spoiled+w.spoiled
		for _, c := range w.cols {
			if c.Column != nil {
				f.filled[c.number] += c.filled
			}
		}
	}
	switch {
	case f.shut != nil:
	case spoiled > 0:
		f.lose(rule.Kebab(f.table.Name)+".format", "a spreadsheet has spoilt "+strconv.FormatInt(spoiled, 10)+" identifiers")
		f.spoilt = f.cut
	case unclosed > 0:
		f.lose("text.quoting", "a quote is never closed, and what follows is lost in it")
	case endless > 0:
		f.lose("text.record-size", "a record is longer than 1 MiB, and nobody knows which rows are in it")
	case torn > 0:
		f.lossy = &obstacle{"text.quoting", f.stream.entry.Path, strconv.FormatInt(torn, 10) +
			" rows have quotes that end in the middle of a value"}
	case misfit > 0:
		f.lossy = &obstacle{"text.width", f.stream.entry.Path, strconv.FormatInt(misfit, 10) +
			" rows have another number of fields than the header"}
		if misfit == f.rows {
			f.shut = f.lossy // no row can be read by columns
		}
	}
}

// lose says why rows of the file, and identifiers with them, are missing.
func (f *file) lose(id, detail string) {
	b := &obstacle{id, f.stream.entry.Path, detail}
	f.lossy = b
	if f.cut == nil {
		f.cut = b
	}
}

// publish reports the tallies of the file.
func (f *file) publish(total map[int]*tally) {
	var numbers []int
	for n := range total {
		numbers = append(numbers, n)
	}
	sort.Ints(numbers)
	for _, n := range numbers {
		f.s.report(f.stream.entry.Path, f.columnOf(n), n, total[n], f.line)
	}
}

// columnOf names the column that a rule belongs to; empty for none.
func (f *file) columnOf(number int) string {
	for i, row := range f.rules {
		for _, n := range row {
			if n == number {
				return f.table.Columns[i].Name
			}
		}
	}
	return ""
}

func (f *file) tallies() map[int]*tally {
	out := map[int]*tally{}
	for _, w := range f.workers {
		for n, t := range w.tally {
			if t == nil {
				continue
			}
			if out[n] == nil {
				out[n] = &tally{}
			}
			out[n].merge(t)
		}
	}
	return out
}

// Remedies for files that are written in another way as a whole.
const (
	wideRemedy = "Save the file as UTF-8: in Excel choose Save As, CSV UTF-8 (Comma delimited)."
	loneRemedy = "Save the file with CRLF: in Excel for the Mac choose CSV UTF-8 (Comma delimited), not CSV (Macintosh)."
)

// lineEnds reports files whose lines end in different ways.
func (f *file) lineEnds() {
	var crlf, lf int64
	for _, w := range f.workers {
		crlf, lf = crlf+w.crlf, lf+w.lf
	}
	path := f.stream.entry.Path
	f.s.examined("text.line-end", 1)
	f.s.examined("text.mixed-ends", 1)
	if f.shut == nil {
		f.s.examined("text.utf8", 1)
	}
	if f.shut != nil && f.shut.rule == "header.split" {
		f.s.block(f.shut, "text.utf8", "text.line-end") // said along with it
		return
	}
	if f.stream.lone {
		f.s.advise("text.line-end", path, "", "all lines end in CR alone", loneRemedy)
	}
	if crlf > 0 && lf > 0 {
		f.s.say("text.mixed-ends", path, "", "some lines end in CRLF and some in LF")
	}
	if f.stream.wide != "" {
		f.s.advise("text.utf8", path, "", "the file is "+f.stream.wide, wideRemedy)
	}
}

// count notes how much was looked at.
func (f *file) count() {
	s, name := f.s, rule.Kebab(f.table.Name)
	if f.shut != nil {
		return
	}
	for _, id := range []string{"text.control", "text.quoting", "text.line-break", "text.width", "text.record-size", "text.blank-line",
		"text.length", "text.encoded-twice",
		"text.replaced", "text.spreadsheet"} {
		s.examined(id, f.rows)
	}
	for _, id := range []string{"required", "mode", "unique"} {
		s.examined(name+"."+id, f.rows)
	}
	for i, c := range f.table.Columns {
		filled := f.filled[i]
		if c.Suggested != nil {
			s.examined("rules.grade-codes", filled)
		}
		for a, n := range f.rules[i] {
			switch rule.Aspect(a) {
			case rule.Format, rule.UTC, rule.Vocabulary:
				if n >= 0 {
					s.examined(name+"."+s.rules.Aspect(rule.Aspect(a)), filled)
				}
			case rule.References:
				if n < 0 || filled == 0 {
					continue
				}
				if f.targets[i] == nil {
					f.missingTarget(i, c)
					continue
				}
				if f.unresolved(i) {
					s.examined(name+".references", filled)
				}
			}
		}
	}
}

// missingTarget reports a file that is not there though others refer to it.
func (f *file) missingTarget(i int, c table.Column) {
	target := c.Target
	if target == "" {
		target = "users"
	}
	if !f.complete() || f.s.bundle.Kind == "file" || !f.s.readable() || f.s.there(target) {
		return
	}
	f.s.examined("package.complete", 1)
	f.s.say("package.complete", f.stream.entry.Path, target+".csv", c.Name+" refers to it, and it is not in the package")
}

// unresolved tells whether a reference that leads nowhere is wrong: in a delta
// it may lead to earlier data.
func (f *file) unresolved(column int) bool {
	t := f.targets[column]
	return f.complete() && t != nil && t.complete() && t.cut == nil && t.shut == nil
}

// complete tells whether a file holds all records of its kind: its rows are bulk, or
// the manifest says so though the rows carry a status.
func (f *file) complete() bool {
	return f.mode == bulk || f.s.manifest.mode(f.table.Name) == "bulk"
}
