package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
)

// A filter or an order over a collection asks for one property of all its documents, and
// reading a million documents for it takes seconds. So their values are kept beside them
// in columns, a few thousand in a row, each different one once.
//
// Columns are made of many documents at a time: at a load, and whenever enough have come
// behind. Nobody who writes waits for them: which documents were replaced since is noted,
// and these and the last ones are read themselves.

// Columns say what is kept in columns.
type Columns struct {
	// Form names the columns and the form of their values, in any words. Columns of
	// another form than they had when a store was opened before are made anew.
	Form string
	// Values yields the values that a document has, by the names of their columns: any
	// bytes, valid during the call of yield alone, and each column but once. It may be called
	// from several goroutines.
	Values func(c Collection, body []byte, yield func(column string, value []byte))
}

// rowForm names the form of rows, which columns of another form don't have.
const rowForm = "1 "

// form is the form as a number, which nobody else is likely to have.
func (c *Columns) form() stamp {
	h := fnv.New64a()
	h.Write([]byte(rowForm + c.Form))
	return stamp(h.Sum64() >> 1)
}

const (
	// blockLength is how many keys a row of a column is for.
	blockLength = 4096
	// sealedAfter is how many documents behind the columns are read themselves until they
	// are put in; it costs a writer a fraction of a second each time.
	sealedAfter = 8 * blockLength
	// replacedMost is how many that were replaced are read themselves until all columns
	// are made anew.
	replacedMost = 4 * blockLength
)

// columnsEnd is the first key that columns know nothing of.
func columnsEnd(next Key) Key { return next - next%blockLength }

// blocks makes the rows of the columns of one collection, of documents that come in the
// order of their keys.
type blocks struct {
	of      Collection
	values  *Columns
	current int64 // block
	columns map[string]*block
	rows    [][]any // that are made
}

// block is a row under way.
type block struct {
	numbers [blockLength]uint16 // of the value, by key; 0 is none
	known   map[string]uint16
	texts   [][]byte
}

func newBlocks(c Collection, v *Columns) *blocks {
	return &blocks{of: c, values: v, columns: map[string]*block{}}
}

func (b *blocks) add(key Key, body []byte) {
	if n := int64(key / blockLength); n != b.current {
		b.finish()
		b.current = n
	}
	b.values.Values(b.of, body, func(column string, value []byte) {
		x := b.columns[column]
		if x == nil {
			x = &block{known: map[string]uint16{}}
			b.columns[column] = x
		}
		number, known := x.known[string(value)]
		if !known {
			x.texts = append(x.texts, bytes.Clone(value))
			number = uint16(len(x.texts)) // at most blockLength
			x.known[string(value)] = number
		}
		x.numbers[key%blockLength] = number
	})
}

// finish makes the rows of the block under way.
func (b *blocks) finish() {
	for column, x := range b.columns {
		if len(x.texts) == 0 {
			continue
		}
		b.rows = append(b.rows, []any{string(b.of), column, Key(b.current), x.encode()})
		*x = block{known: map[string]uint16{}}
	}
}

// all yields the rows.
func (b *blocks) all() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range b.rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// A row is encoded as the number of values, the values with their lengths, and a number
// for each key: of one byte where that is enough, otherwise of two.
func (x *block) encode() []byte {
	out := binary.AppendUvarint(nil, uint64(len(x.texts)))
	for _, text := range x.texts {
		out = binary.AppendUvarint(out, uint64(len(text)))
		out = append(out, text...)
	}
	for _, number := range x.numbers {
		if len(x.texts) < 1<<8 {
			out = append(out, byte(number))
		} else {
			out = binary.LittleEndian.AppendUint16(out, number)
		}
	}
	return out
}

var errDamagedColumn = errors.New("the stored column is damaged; load the data again")

// decoded is a row that was read. Its texts are parts of what was read.
type decoded struct {
	texts   [][]byte // the first is none
	numbers []byte
	width   int // of a number
}

func (x *decoded) decode(b []byte) error {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > blockLength {
		return errDamagedColumn
	}
	b = b[w:]
	x.texts = append(x.texts[:0], nil)
	for range n {
		length, w := binary.Uvarint(b)
		if w <= 0 || length > uint64(len(b)-w) {
			return errDamagedColumn
		}
		x.texts = append(x.texts, b[w:w+int(length)])
		b = b[w+int(length):]
	}
	x.numbers, x.width = b, 2
	if n < 1<<8 {
		x.width = 1
	}
	if len(b) != x.width*blockLength {
		return errDamagedColumn
	}
	return nil
}

// value is that of the n-th key.
func (x *decoded) value(n int) ([]byte, error) {
	number := int(x.numbers[n*x.width])
	if x.width == 2 {
		number |= int(x.numbers[n*2+1]) << 8
	}
	if number >= len(x.texts) {
		return nil, errDamagedColumn
	}
	return x.texts[number], nil
}

// Column calls visit with the value that each document has in a column, in the order of
// the collection; it is empty where a document has none. It is only valid during the call.
func (d *database) Column(ctx context.Context, c Collection, column string, visit Visit) error {
	if err := d.known(c); err != nil {
		return err
	}
	if d.columns == nil {
		return errors.New("the store was opened without columns")
	}
	err := d.column(ctx, c, column, visit)
	if err != nil {
		return fmt.Errorf("reading the column %s of %s: %w", column, c, err)
	}
	return nil
}

func (d *database) column(ctx context.Context, c Collection, column string, visit Visit) error {
	// Columns only ever become newer, and so does what is noted of them: whatever is
	// put in meanwhile was committed after the version that the caller holds.
	d.mu.RLock()
	h := d.held[c]
	live, sealed := h.at.live.Clone(), h.sealed
	d.mu.RUnlock()
	replaced, err := lists(replacedTable).read(ctx, d.engine, string(c), Whole)
	if err != nil {
		return err
	}
	fresh := map[Key][]byte{}
	var picked []byte
	// pick copies the value, for what is yielded is valid during that call alone. So is what
	// it returns until the next.
	pick := func(body []byte) []byte {
		picked = picked[:0]
		d.columns.Values(c, body, func(name string, v []byte) {
			if name == column {
				picked = append(picked, v...)
			}
		})
		return picked
	}
	err = d.Read(ctx, c, replaced, func(key Key, body []byte) error {
		fresh[key] = bytes.Clone(pick(body))
		return nil
	})
	if err != nil {
		return err
	}
	keys := live.Iterator()
	// upTo visits the documents below a key, whose values stand in a row; none do where
	// there is no row.
	upTo := func(end Key, row *decoded) error {
		for keys.HasNext() && Key(keys.PeekNext()) < end {
			key := Key(keys.Next())
			value, is := fresh[key]
			if !is && row != nil {
				var err error
				if value, err = row.value(int(key % blockLength)); err != nil {
					return err
				}
			}
			if err := visit(key, value); err != nil {
				return err
			}
		}
		return nil
	}
	var row decoded
	statement := fmt.Sprintf(`SELECT block, data FROM %s WHERE collection = $1 AND name = $2 ORDER BY block`, columnsTable)
	err = d.engine.query(ctx, statement, []any{string(c), column}, func(n int64, data []byte) error {
		first := Key(n) * blockLength
		if first >= sealed {
			return nil
		}
		if err := row.decode(data); err != nil {
			return err
		}
		if err := upTo(first, nil); err != nil {
			return err
		}
		return upTo(first+blockLength, &row)
	})
	if err != nil {
		return err
	}
	if err := upTo(sealed, nil); err != nil {
		return err
	}
	return d.Scan(ctx, c, sealed, 1<<31-1, func(key Key, body []byte) error {
		if !live.Contains(uint32(key)) {
			return nil // it came meanwhile
		}
		return visit(key, pick(body))
	})
}

// sealedAtOnce is how many documents are read before their rows are written, which
// bounds the memory that a load takes.
const sealedAtOnce = 8 * blockLength

// seal makes the columns of the documents from a key on, as far as they fill rows, and
// returns how far that is.
func (d *database) seal(ctx context.Context, t transaction, c Collection, from, next Key) (Key, error) {
	end := columnsEnd(next)
	forget := fmt.Sprintf(`DELETE FROM %s WHERE collection = $1 AND block >= $2`, columnsTable)
	if err := t.execute(ctx, forget, string(c), from/blockLength); err != nil {
		return 0, err
	}
	if from == 0 {
		if err := t.execute(ctx, fmt.Sprintf(`DELETE FROM %s WHERE relation = $1`, replacedTable), string(c)); err != nil {
			return 0, err
		}
	}
	read := fmt.Sprintf(`SELECT key, body FROM %s WHERE key >= $1 AND key < $2 ORDER BY key`, table(c))
	for ; from < end; from = min(from+sealedAtOnce, end) {
		b := newBlocks(c, d.columns)
		err := t.query(ctx, read, []any{from, min(from+sealedAtOnce, end)}, func(n int64, body []byte) error {
			b.add(Key(n), body)
			return nil
		})
		if err != nil {
			return 0, err
		}
		b.finish()
		if err := t.insert(ctx, columnsTable, []string{"collection", "name", "block", "data"}, b.all()); err != nil {
			return 0, err
		}
	}
	return end, nil
}

// sealWhatIsDue makes columns of a collection where there is enough to make them of.
func (u *update) sealWhatIsDue(c Collection, x *touched) error {
	from := x.sealed
	switch {
	case u.d.columns == nil:
		return nil
	case x.replaced > replacedMost:
		from = 0
	case x.next-x.sealed < sealedAfter:
		return nil
	}
	sealed, err := u.d.seal(u.ctx, u.t, c, from, x.next)
	if err != nil {
		return fmt.Errorf("making columns: %w", err)
	}
	x.sealed = sealed
	if from == 0 {
		x.replaced = 0
	}
	return nil
}

// reform forgets columns that have another form.
func (d *database) reform(ctx context.Context, t transaction) error {
	if d.columns == nil {
		return nil
	}
	e, err := readEntry(ctx, t, columnsTable, "")
	if err != nil || e.stamp == d.columns.form() {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM ` + columnsTable,
		`DELETE FROM ` + replacedTable,
		fmt.Sprintf(`UPDATE %s SET sealed = 0, stamp = stamp + 1`, collectionsTable),
	} {
		if err := t.execute(ctx, statement); err != nil {
			return err
		}
	}
	return writeEntry(ctx, t, columnsTable, entry{stamp: d.columns.form()})
}
