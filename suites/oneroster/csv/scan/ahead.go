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
	hashes   [split.Ahead]uint64
	places   [split.Ahead]uint32 // one up; 0: nowhere, or not looked up
	known    [split.Ahead]bool
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
	for i := range rows {
		x.known[i], x.hashes[i] = false, 0
		if x.position >= len(rows[i].Fields) || rows[i].Fields[x.position].Doubled {
			continue
		}
		field := rows[i].Fields[x.position]
		v := w.split.Text(field)
		x.known[i] = true
		if i > 0 && x.known[i-1] && bytes.Equal(v, before) {
			x.hashes[i] = x.hashes[i-1]
		} else {
			x.hashes[i] = w.f.s.hash(v)
		}
		before = v
	}
	x.ids.FindAll(x.hashes[:len(rows)], x.places[:len(rows)])
}

// find gives the place that a value of the current row leads to, one up; 0 for none.
func (w *worker) find(column int, t *file, v []byte) (place uint32, ok bool) {
	if x := w.far[column]; x != nil {
		if i := w.split.Taken(); i >= 0 && x.known[i] {
			return x.places[i] - 1, x.places[i] != 0
		}
	}
	return t.ids.Find(w.f.s.hash(v))
}
