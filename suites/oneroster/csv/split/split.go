package split

import (
	"encoding/binary"
	"math/bits"
)

// Problem is a set of things that are wrong with a record by RFC 4180, or by
// the rule of OneRoster 1.2 CSV Binding §3 that no field holds a line break.
type Problem uint8

// The problems.
const (
	BareQuote    Problem = 1 << iota // a quote inside a field that doesn't begin with one
	AfterQuote                       // text between a closing quote and the next comma
	LineBreak                        // a line break inside a quoted field
	BareCR                           // a carriage return that no line feed follows
	Unterminated                     // a quoted field that never ends
	Control                          // NUL or another control character but a tab
)

// Field is where one field of a record lies in the block: without its quotes.
type Field struct {
	Start, End int32
	Quoted     bool
	Doubled    bool // it holds doubled quotes
}

// Pad is how many bytes after the end of a block must be readable: the splitter
// looks at eight bytes at a time.
const Pad = 8

// Splitter reads the records of one block. The zero value is ready for Reset.
type Splitter struct {
	Record
	buf  []byte // the block, and Pad bytes more
	seen uint64 // the words of the current record, one above the other
	end  int
	pos  int // of what isn't split yet
	line int // of the next record, counted from the first of the block

	ahead        [Ahead]Record
	ready, taken int
	scratch      []byte
}

// Record is where one record lies in the block.
type Record struct {
	Fields []Field
	// Problem says what is wrong with the record; Column which field shows it first,
	// counted from zero.
	Problem Problem
	Column  int
	// Plain says that it holds ASCII alone. It may be false for one that is followed by
	// another character.
	Plain bool

	start, stop int
	at          int // its line
}

// Ahead is how many records ReadAhead reads.
const Ahead = 16

// Reset begins a block: data with at least Pad bytes of capacity behind it.
func (s *Splitter) Reset(data []byte) {
	s.end = len(data)
	s.buf = data[:len(data)+Pad]
	clear(s.buf[s.end:])
	s.pos, s.line, s.ready, s.taken = 0, 0, 0, 0
}

// Line gives the line on which the current record begins, counted from zero in
// the block.
func (s *Splitter) Line() int { return s.at }

// Lines gives how many lines the block has had so far.
func (s *Splitter) Lines() int { return s.line }

// Bytes gives the bytes of the current record, its line end included.
func (s *Splitter) Bytes() []byte { return s.buf[s.start:s.stop] }

// Text gives a field of a record as it stands between its quotes.
func (s *Splitter) Text(f Field) []byte { return s.buf[f.Start:f.End] }

// Raw gives field i as it stands between its quotes, doubled quotes and all.
func (s *Splitter) Raw(i int) []byte { f := s.Fields[i]; return s.buf[f.Start:f.End] }

// Value gives field i with doubled quotes made single. It is valid until the
// next call.
func (s *Splitter) Value(i int) []byte {
	f := s.Fields[i]
	raw := s.buf[f.Start:f.End]
	if !f.Doubled {
		return raw
	}
	s.scratch = s.scratch[:0]
	for j := 0; j < len(raw); j++ {
		s.scratch = append(s.scratch, raw[j])
		if raw[j] == '"' && j+1 < len(raw) && raw[j+1] == '"' {
			j++
		}
	}
	return s.scratch
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// hits marks the bytes of a word that may be a comma, a quote or a control character:
// all below a hyphen. One comparison is three times as fast as three, and what it takes
// for a hit besides, a blank most often, is rare in identifiers, dates and flags.
func hits(w uint64) uint64 { return ^((w | highs) - ones*'-') &^ w & highs }

// special tells the bytes that a splitter stops at.
var special = func() (t [256]bool) {
	for c := range 0x20 {
		t[c] = true
	}
	t[','], t['"'] = true, true
	return t
}()

// next finds the next byte from p on that is a comma, a quote or a control
// character; s.end when there is none.
func (s *Splitter) next(p int) int {
	buf, end := s.buf, s.end
	for p < end {
		word := binary.LittleEndian.Uint64(buf[p:])
		s.seen |= word
		m := hits(word)
		if m == 0 {
			p += 8
			continue
		}
		p += bits.TrailingZeros64(m) >> 3
		if special[buf[p]] {
			return min(p, end)
		}
		p++
	}
	return end
}

// note keeps a problem of the field that is being read.
func (s *Splitter) note(p Problem) {
	if s.Problem == 0 {
		s.Column = len(s.Fields)
	}
	s.Problem |= p
}

// ReadAhead reads the next records, so that what is to be looked up for them can be
// looked up at once, and gives them; none at the end of the block. Take makes one after
// the other the current one. Nothing else may be read before all are taken.
func (s *Splitter) ReadAhead() []Record {
	s.ready, s.taken = 0, 0
	for s.ready < len(s.ahead) {
		s.Fields = s.ahead[s.ready].Fields
		if !s.Next() {
			break
		}
		s.ahead[s.ready] = s.Record
		s.ready++
	}
	return s.ahead[:s.ready]
}

// Take makes the next of the records that were read ahead the current one.
func (s *Splitter) Take() bool {
	if s.taken == s.ready {
		return false
	}
	s.Record = s.ahead[s.taken]
	s.taken++
	return true
}

// Taken tells which of the records that were read ahead the current one is.
func (s *Splitter) Taken() int { return s.taken - 1 }

// Next reads the next record; false at the end of the block. A blank line is a
// record with one empty field.
func (s *Splitter) Next() bool {
	if s.pos >= s.end {
		return false
	}
	s.Fields = s.Fields[:0]
	s.Problem, s.Column = 0, 0
	s.start, s.at = s.pos, s.line
	s.seen = 0
	s.pos = s.fields(s.pos)
	s.stop, s.Plain = s.pos, s.seen&highs == 0
	return true
}

// fields reads the fields of the record that begins at p, and gives where the next one
// begins. Each word is looked at once, however many fields end in it.
func (s *Splitter) fields(p int) int {
	buf, end, from := s.buf, s.end, p
	list := s.Fields // which stays in registers
words:
	for p < end {
		word := binary.LittleEndian.Uint64(buf[p:])
		s.seen |= word
		for m := hits(word); m != 0; m &= m - 1 {
			q := p + bits.TrailingZeros64(m)>>3
			c := buf[q]
			if c == ',' {
				list = append(list, Field{Start: int32(from), End: int32(q)})
				from = q + 1
				continue
			}
			if !special[c] {
				continue
			}
			s.Fields = list
			if c != '"' {
				if stop, after := s.delimits(q); stop {
					s.Fields = append(list, Field{Start: int32(from), End: int32(q)})
					return after
				}
				continue
			}
			if q > from {
				s.note(BareQuote)
				continue
			}
			var more bool
			if from, more = s.quoted(q); !more {
				return from
			}
			p, list = from, s.Fields
			continue words
		}
		p += 8
	}
	s.Fields = append(list, Field{Start: int32(from), End: int32(end)})
	_, after := s.delimits(end)
	return after
}

// delimits tells whether the byte at q ends the record, and where the next one
// begins; another control character than a tab is noted.
func (s *Splitter) delimits(q int) (stop bool, after int) {
	if q >= s.end {
		s.line++
		return true, s.end
	}
	switch c := s.buf[q]; {
	case c == '\n':
		s.line++
		return true, q + 1
	case c == '\r':
		if q+1 < s.end && s.buf[q+1] == '\n' {
			s.line++
			return true, q + 2
		}
		s.note(BareCR)
	case c < 0x20 && c != '\t':
		s.note(Control)
	}
	return false, 0
}

// quoted reads a field that begins with a quote at p. It gives where the next
// field begins, or, when more is false, the next record.
func (s *Splitter) quoted(p int) (next int, more bool) {
	f := Field{Start: int32(p + 1), Quoted: true}
	q := p + 1
	for {
		q = s.next(q)
		if q >= s.end {
			s.note(Unterminated)
			f.End = int32(s.end)
			s.Fields = append(s.Fields, f)
			s.line++
			return s.end, false
		}
		switch c := s.buf[q]; {
		case c == '"' && q+1 < s.end && s.buf[q+1] == '"':
			f.Doubled = true
			q += 2
			continue
		case c == '"':
			f.End = int32(q)
			return s.closed(f, q+1)
		case c == '\n':
			s.note(LineBreak)
			s.line++
		case c == '\r':
			if q+1 >= s.end || s.buf[q+1] != '\n' {
				s.note(LineBreak)
			}
		case c < 0x20 && c != '\t':
			s.note(Control)
		}
		q++
	}
}

// closed reads what follows a closing quote: a comma or the end of the record;
// anything else is noted and passed over.
func (s *Splitter) closed(f Field, q int) (next int, more bool) {
	for {
		if q < s.end && s.buf[q] == ',' {
			s.Fields = append(s.Fields, f)
			return q + 1, true
		}
		before := s.Problem
		stop, after := s.delimits(q)
		if stop {
			s.Fields = append(s.Fields, f)
			return after, false
		}
		if s.Problem == before {
			s.note(AfterQuote)
		}
		q = s.next(q + 1)
	}
}
