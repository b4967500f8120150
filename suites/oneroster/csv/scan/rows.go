package scan

import (
	"context"
	"fmt"
	"hash/maphash"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/split"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// Row is one row of a file while it is visited.
type Row struct {
	w    *worker
	line int64
}

// Value gives the value of a column of the table; empty where the file lacks the
// column. It is valid until the next call.
func (r *Row) Value(column int) []byte { return r.w.cell(column) }

// Unreadable tells why a bundle can't be read row by row.
type Unreadable struct{ File, Cause string }

func (e *Unreadable) Error() string {
	if e.File == "" {
		return e.Cause
	}
	return e.File + ": " + e.Cause
}

// Readable tells whether all files of a bundle can be opened, and whether there are
// any: an error is an *Unreadable. What is in them Rows tells.
func Readable(b *source.Bundle) error {
	if by := closedBy(b); by != nil {
		return &Unreadable{by.file, by.detail}
	}
	for _, x := range b.Shut {
		if b.ShutFile(x.Name) != nil {
			return &Unreadable{x.Path, x.Detail}
		}
	}
	for _, p := range b.Problems {
		if p.Fault == source.Unreadable {
			return &Unreadable{p.Entry, p.Detail}
		}
	}
	if m := readManifest(b); m.shut != nil || m.err != nil {
		if m.err != nil {
			return &Unreadable{"", m.err.Error()}
		}
		return &Unreadable{m.shut.file, m.shut.detail}
	}
	if len(b.Entries) == 0 {
		return &Unreadable{"", "there is no file of OneRoster CSV in it"}
	}
	return nil
}

// Rows visits the rows of a file in order, without judging them, until visit
// returns false. Blank rows are passed over. An error is an *Unreadable where the
// file, or one of its rows, can't be read by columns: whoever draws conclusions from
// what is not there must not go on then.
func Rows(ctx context.Context, v *table.Version, t *table.File, e *source.Entry, visit func(r *Row) bool) error {
	rules, err := rule.Load(v)
	if err != nil {
		return err
	}
	// A scanner whose findings nobody asks for.
	s := &scanner{version: v, rules: rules, seed: maphash.MakeSeed(), files: map[string]*file{}, bundle: &source.Bundle{},
		result: &Result{Examined: map[string]int64{}}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	st := &stream{entry: e, blocks: make(chan block, queue)}
	r := newReader(queue + 3)
	go r.read(ctx, st)
	f := newFile(s, t, st)
	var w *worker
	at := int64(1)
	for b := range st.blocks {
		if b.number == 0 {
			body := f.begin(&b)
			switch {
			case f.shut != nil:
				return &Unreadable{e.Path, f.shut.detail}
			case f.cut != nil:
				return &Unreadable{e.Path, f.cut.detail}
			case !body:
				return nil // an empty file has no rows
			}
			w = newWorker(f)
		}
		more, err := w.rowsOf(b, at, visit)
		if err != nil || !more {
			return err
		}
		at += int64(w.split.Lines())
		r.release(b.data)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if st.err != nil {
		return &Unreadable{e.Path, st.err.Error()}
	}
	return nil
}

// rowsOf visits the rows of one block; false when visit had enough.
func (w *worker) rowsOf(b block, at int64, visit func(r *Row) bool) (more bool, err error) {
	w.number = b.number
	w.split.Reset(b.data)
	if b.number == 0 {
		w.split.Next()
	}
	row := Row{w: w}
	for w.split.Next() {
		row.line = at + int64(w.split.Line())
		cause := ""
		switch {
		case b.long:
			cause = "the record is longer than 1 MiB: a quote is never closed, or this is no CSV"
		case len(w.split.Raw(0)) == 0 && w.blankRow():
			continue
		case w.split.Problem&split.Unterminated != 0:
			cause = "a quote is never closed"
		case w.split.Problem&split.AfterQuote != 0:
			cause = "text behind a closing quote"
		case len(w.split.Fields) != len(w.f.layout):
			cause = fmt.Sprintf("the row has %d fields, the header %d", len(w.split.Fields), len(w.f.layout))
		}
		if cause != "" {
			return false, &Unreadable{w.f.stream.entry.Path, fmt.Sprintf("line %d: %s", row.line, cause)}
		}
		if !visit(&row) {
			return false, nil
		}
	}
	return true, nil
}

// VersionOf tells which version a bundle is of and why, as a scan does.
func VersionOf(b *source.Bundle) (version, reason string) {
	s := &scanner{bundle: b, manifest: readManifest(b)}
	return s.settle()
}

// ModeOf gives the mode that a bundle declares for a file: bulk, delta, absent,
// or empty.
func ModeOf(b *source.Bundle, file string) string {
	m := readManifest(b)
	return m.mode(file)
}
