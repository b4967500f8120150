package scan

import (
	"context"
	"hash/maphash"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
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

// Line gives the line of the row, counted from one.
func (r *Row) Line() int64 { return r.line }

// Rows visits the rows of a file in order, without judging them, until visit
// returns false. Rows of another width than the header are passed over. An error
// means that the file could not be read to its end.
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
	stopped := false
	for b := range st.blocks {
		if b.number == 0 {
			if !f.begin(&b) {
				return nil // no header, no rows
			}
			w = newWorker(f)
		}
		if !stopped {
			stopped = !w.rowsOf(b, at, visit)
			at += int64(w.split.Lines())
		}
		if stopped {
			break
		}
		r.release(b.data)
	}
	if stopped {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return st.err
}

// rowsOf visits the rows of one block; false when visit had enough.
func (w *worker) rowsOf(b block, at int64, visit func(r *Row) bool) bool {
	w.number = b.number
	w.split.Reset(b.data)
	if b.number == 0 {
		w.split.Next()
	}
	row := Row{w: w}
	for w.split.Next() {
		if b.long || len(w.split.Fields) != len(w.f.layout) {
			continue
		}
		row.line = at + int64(w.split.Line())
		if !visit(&row) {
			return false
		}
	}
	return true
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
