package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/idset"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
)

// errEnough ends a second reading that has seen all it wanted.
var errEnough = errors.New("enough was read")

// again reads the file once more where that is needed, and only so far: keys
// that seem to be there twice are compared as texts before anyone is accused,
// and places that were kept without their values get them.
func (f *file) again(ctx context.Context, total map[int]*tally, repeated []recall) error {
	wanted := map[place][]*sample{}
	for n, t := range total {
		if !f.late[n] {
			continue
		}
		t.settle()
		for i := range t.first {
			wanted[t.first[i].place] = append(wanted[t.first[i].place], &t.first[i])
		}
		if t.count > int64(len(t.first)) {
			wanted[t.last.place] = append(wanted[t.last.place], &t.last)
		}
	}
	if len(wanted) == 0 && len(repeated) == 0 {
		return nil
	}
	texts := make([]map[uint64]firstSeen, len(repeated))
	open := len(repeated)
	for i := range repeated {
		texts[i] = map[uint64]firstSeen{}
	}
	err := f.each(ctx, f.s.bundle.Entry(f.table.Name), func(w *worker) bool {
		p := w.at()
		for _, x := range wanted[p] {
			if column := x.field - 1; column >= 0 {
				x.value, x.field, x.private = slices.Clone(w.cell(column)), w.field[column]+1, f.table.Columns[column].Private
			}
		}
		delete(wanted, p)
		for i := range repeated {
			r := &repeated[i]
			t := total[r.number]
			if t != nil && len(t.first) >= firsts {
				continue
			}
			hash, text, ok := r.key(w)
			hash = idset.Trim(hash)
			if _, suspect := r.hashes[hash]; !ok || !suspect {
				continue
			}
			seen, met := texts[i][hash]
			switch {
			case !met:
				texts[i][hash] = firstSeen{text, f.line(p)}
			case seen.text == text:
				t := touch(total, r.number)
				t.add(p, w.field[r.column]+1, w.cell(r.column), f.table.Columns[r.column].Private, fmt.Sprintf("first on line %d", seen.line))
				if len(t.first) >= firsts || t.count >= r.count {
					open--
				}
			}
		}
		return len(wanted) > 0 || open > 0
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	for _, r := range repeated {
		if t := total[r.number]; t != nil {
			t.count = max(t.count, r.count) // all of them, as one at least is proved
		}
	}
	return nil
}

type firstSeen struct {
	text string
	line int64
}

// each reads the rows of a file in order, without judging them.
func (f *file) each(ctx context.Context, e *source.Entry, visit func(w *worker) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	st := &stream{entry: e, blocks: make(chan block, queue)}
	r := newReader(queue + 3)
	go r.read(ctx, st)
	w := newWorker(f)
	for b := range st.blocks {
		w.number = b.number
		w.split.Reset(b.data)
		if b.number == 0 {
			w.split.Next()
		}
		for w.split.Next() {
			if len(w.split.Fields) > len(f.layout) && w.padded(len(f.layout)) {
				w.split.Fields = w.split.Fields[:len(f.layout)]
			}
			if n := len(w.split.Fields); b.long || n > len(f.layout) || n < 2 && n < len(f.layout) {
				continue
			}
			if !visit(w) {
				return errEnough
			}
		}
		r.release(b.data)
	}
	return ctx.Err()
}
