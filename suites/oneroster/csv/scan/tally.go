package scan

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
)

// firsts is how many examples of a rule are kept besides the last.
const firsts = 3

// longest is how much of a value is shown.
const longest = 120

// place is where something stands: the line counted from the first of its
// block, until all blocks are read.
type place struct{ block, line int32 }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.block, q.block), cmp.Compare(p.line, q.line))
}

type sample struct {
	place
	field   int
	value   []byte
	private bool // the value is personal, or may be
	detail  string
}

// tally counts how often a rule is broken in a file, and keeps the first and
// the last places.
type tally struct {
	count int64
	first []sample
	last  sample
}

func (t *tally) add(p place, field int, value []byte, private bool, detail string) {
	t.count++
	if len(t.first) < firsts {
		t.first = append(t.first, sample{p, field, slices.Clone(value[:min(len(value), longest)]), private, detail})
		return
	}
	t.last.place, t.last.field, t.last.private, t.last.detail = p, field, private, detail
	t.last.value = append(t.last.value[:0], value[:min(len(value), longest)]...)
}

// merge takes over what another goroutine counted.
func (t *tally) merge(o *tally) {
	all := append(t.first, o.first...)
	last := t.last
	if o.count > firsts && (t.count <= firsts || last.compare(o.last.place) < 0) {
		last = o.last
	}
	t.count += o.count
	slices.SortStableFunc(all, func(a, b sample) int { return a.compare(b.place) })
	if len(all) > firsts {
		if end := all[len(all)-1]; last.field == 0 && last.value == nil || last.compare(end.place) < 0 {
			last = end
		}
		all = all[:firsts]
	}
	t.first, t.last = all, last
}

// shown renders a value: a personal one by its shape, letters as x and digits
// as 9, so that the mistake shows and the person doesn't.
func shown(value []byte, private bool) string {
	s := string(value)
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if !private {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return '9'
		case unicode.IsLetter(r):
			return 'x'
		}
		return r
	}, s)
}

// spill writes every single place as a line of CSV, for those who want them all.
type spill struct {
	mu sync.Mutex
	w  *csv.Writer
}

func newSpill(w io.Writer) *spill {
	s := &spill{w: csv.NewWriter(w)}
	_ = s.w.Write([]string{"file", "line", "field", "rule", "value"}) // end tells of any error
	return s
}

func (s *spill) write(file string, r *rule.Rule, line int64, field int, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.w.Write(reports.Cells(file, strconv.FormatInt(line, 10), strconv.Itoa(field), r.Requirement, value)) // end tells of any error
}

// end writes what is still held back, and tells whether all could be written.
func (s *spill) end() error {
	s.w.Flush()
	if err := s.w.Error(); err != nil {
		return fmt.Errorf("writing the list of findings: %w", err)
	}
	return nil
}
