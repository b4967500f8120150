package scan

import (
	"bytes"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/idset"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/split"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// Most of the time of a large scan would go into waiting for memory, once for each
// reference into a file of many records. So references are followed for a few rows at
// once, whose ways to memory then go side by side.

// manyRecords is from how many records on what is kept of a file is out of the way.
const manyRecords = 1 << 14

// far is a column whose references lead into a file of many records, and where those of
// the rows that were read ahead lead.
type far struct {
	position int // in the row
	ids      *idset.Places
	hashes   [split.Ahead]uint64 // each once where rows that follow each other have the same
	places   [split.Ahead]uint32 // of each hash, one up; 0: nowhere
	which    [split.Ahead]int8   // of the hashes is that of a row; -1: none
}

// farColumns finds such columns; by column of the table, nil for others.
func (w *worker) farColumns() []*far {
	out := make([]*far, len(w.field))
	for column, c := range w.f.table.Columns {
		t := w.f.targets[column]
		if w.field[column] >= 0 && t != nil && t != w.f && t.ids.Len() >= manyRecords && (c.Kind == table.Ref || c.Kind == table.GUID) {
			out[column] = &far{position: w.field[column], ids: &t.ids}
		}
	}
	return out
}

// lookAhead follows the references of rows before they are checked.
func (w *worker) lookAhead(rows []split.Record) {
	for _, x := range w.far {
		if x != nil {
			x.follow(w, rows)
		}
	}
}

func (x *far) follow(w *worker, rows []split.Record) {
	var before []byte
	n := 0
	for i := range rows {
		x.which[i] = -1
		if x.position >= len(rows[i].Fields) || rows[i].Fields[x.position].Doubled {
			continue
		}
		v := w.split.Text(rows[i].Fields[x.position])
		if n == 0 || !bytes.Equal(v, before) {
			x.hashes[n] = w.f.s.hash(v)
			n++
		}
		x.which[i] = int8(n - 1)
		before = v
	}
	x.ids.FindAll(x.hashes[:n], x.places[:n])
}

// find gives the place that a value of the current row leads to.
func (w *worker) find(column int, t *file, v []byte) (place uint32, ok bool) {
	if x := w.far[column]; x != nil {
		if i := w.split.Taken(); i >= 0 && x.which[i] >= 0 {
			p := x.places[x.which[i]]
			return p - 1, p != 0
		}
	}
	return t.ids.Find(w.f.s.hash(v))
}
