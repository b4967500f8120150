package scan

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// What spreadsheets make of values when somebody opens a file, looks at it and saves it
// again: long numbers lose their last digits, grades and codes become days, numbers lose
// the zeros in front. Each detail has a remedy of its own for somebody who has Excel.
const (
	sheetError    = "an error message of a spreadsheet stands for the value"
	sheetExponent = "a spreadsheet made a rounded number of a long one, and its last digits are lost"
	sheetMonth    = "a spreadsheet made a date of it, as it does of 9-12"
	sheetFormula  = "it is written as a formula for a spreadsheet"
	sheetQuote    = "an apostrophe stands before the number, as somebody types it into a spreadsheet"
	sheetZeros    = "a record has it with zeros in front: a spreadsheet drops them"
	sheetPadded   = "a record has it without the zeros in front"
	sheetFraction = "a record has it without .0: a program took the identifier for a number"
	sheetCase     = "a record has it in other upper and lower case, and case counts"
	sheetDay      = "a date as a spreadsheet shows it"
	sheetSerial   = "the number by which a spreadsheet counts days"
	sheetTime     = "a date with a time behind it"
	sheetInstant  = "a date and a time as a spreadsheet shows them"
	sheetSolid    = "a date without its hyphens"
	sheetNumber   = "a number with .0 behind it, as programs write that took it for a fraction"
	sheetGrade    = "the code has two digits: a spreadsheet drops the zero in front"
)

// anew is the remedy for what only a new export brings back.
const anew = "Export the file anew, for a spreadsheet doesn't give back what it has changed. To look at it " + asText

// asText tells how a file is opened in Excel without harm.
const asText = "don't open it in Excel by a double click: choose Data, From Text/CSV, and load the columns as Text."

func init() {
	for detail, remedy := range map[string]string{
		sheetError:    anew,
		sheetExponent: anew,
		sheetMonth:    anew,
		sheetFormula:  "Write the value alone, without = and the quotes that were to keep its zeros.",
		sheetQuote:    "Delete the apostrophe.",
		sheetZeros:    anew,
		sheetPadded:   anew,
		sheetFraction: "Write identifiers as text, without .0.",
		sheetCase:     "Write the reference exactly as the sourcedId of the record.",
		sheetDay:      "Write dates as 2026-08-17: in Excel mark the column, choose Format Cells, Custom, and type yyyy-mm-dd before saving.",
		sheetSerial:   "Write dates as 2026-08-17: in Excel mark the column, choose Format Cells, Custom, and type yyyy-mm-dd before saving.",
		sheetTime:     "Write the day alone, such as 2026-08-17: in Excel mark the column, choose Format Cells, Custom, and type yyyy-mm-dd before saving.",
		sheetInstant:  "Write it as 2026-08-17T06:00:00.000Z, in UTC; what Excel has shortened only a new export brings back.",
		sheetSolid:    "Write dates as 2026-08-17, with hyphens.",
		sheetNumber:   "Write the number without .0.",
		sheetGrade:    anew,
	} {
		remedies[detail] = remedy
	}
}

// sheetErrors are the messages of Excel and its like.
var sheetErrors = []string{"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}

// months as spreadsheets of several languages shorten them.
var months = strings.Fields("jan feb mar apr may jun jul aug sep sept oct nov dec mrz mär mai okt dez janv févr fév mars avr juin juil août aoû déc ene abr ago dic gen mag giu lug set ott mrt mei")

// sheet tells what a spreadsheet has made of a value; empty when nothing.
func sheet(v []byte) string {
	switch {
	case len(v) < 2 || len(v) > 64:
		return ""
	case v[0] == '#':
		if slices.Contains(sheetErrors, string(v)) || len(v) > 2 && len(bytes.Trim(v, "#")) == 0 {
			return sheetError
		}
	case v[0] == '=':
		if bytes.HasPrefix(v, []byte(`="`)) && bytes.HasSuffix(v, []byte(`"`)) {
			return sheetFormula
		}
	case v[0] == '\'':
		if _, ok := digits(v[1:min(len(v), 10)]); ok && len(v) > 2 {
			return sheetQuote
		}
	case isExponent(v):
		return sheetExponent
	case isMonth(v):
		return sheetMonth
	}
	return ""
}

// maybeSheet passes over nearly all values at the cost of a few comparisons.
func maybeSheet(v []byte) bool {
	n := len(v)
	switch c := v[0]; {
	case c == '#', c == '=', c == '\'':
		return true
	case n < 5 || n > 30:
		return false
	case c <= '9':
		return v[n-3] == '+' || v[n-4] == '+' || n < 12 && (v[1] == '-' || v[2] == '-' || v[1] == '.' || v[2] == '.')
	default:
		return n < 9 && v[n-3] == '-'
	}
}

// isExponent tells a number as spreadsheets write long ones: 1.23457E+11.
func isExponent(v []byte) bool {
	i := bytes.LastIndexByte(v, '+')
	if i < 2 || v[i-1] != 'E' && v[i-1] != 'e' || len(v)-i > 4 {
		return false
	}
	if _, ok := digits(v[i+1:]); !ok {
		return false
	}
	for _, c := range v[:i-1] {
		if (c < '0' || c > '9') && c != '.' && c != ',' {
			return false
		}
	}
	return v[0] >= '0' && v[0] <= '9'
}

// isMonth tells a day that a spreadsheet made of two numbers: 9-Dec, Dec-09, 09. Dez.
func isMonth(v []byte) bool {
	text := strings.ToLower(string(v))
	left, right, cut := strings.Cut(text, "-")
	if !cut {
		left, right, cut = strings.Cut(text, ". ")
	}
	if !cut {
		return false
	}
	right = strings.TrimSuffix(right, ".")
	number := func(s string, from, to int) bool {
		n, ok := digits([]byte(s))
		return ok && len(s) >= from && len(s) <= 2 && n <= to
	}
	return number(left, 1, 31) && slices.Contains(months, right) || slices.Contains(months, left) && number(right, 2, 99)
}

// damaged notes a text that a spreadsheet has spoilt. Names of terms may be Sep-26.
func (w *worker) damaged(column int, v []byte) {
	detail := sheet(v)
	name := w.f.table.Columns[column].Name
	if detail == "" || detail == sheetMonth && (name == "title" || name == "name" || name == "comment" || name == "description") {
		return
	}
	w.note(w.rule.sheet, w.field[column], v, w.f.private(w.field[column]) && (detail == sheetFormula || detail == sheetQuote), detail)
}

// spoilt notes an identifier that a spreadsheet has spoilt. It says nothing of the
// record then: rounded numbers are alike, and references lead to none of them.
func (w *worker) spoilt(column int, v []byte, detail string) {
	w.spoiled++
	w.wrong(column, rule.Format, v, true, detail)
}

// lostWay tells why a reference that leads nowhere may have lost its way: what a
// spreadsheet made of it, or an identifier that is nearly the same, and whose place, one
// up, is given then.
func (w *worker) lostWay(t *file, v []byte) (detail string, meant uint32) {
	if detail := sheet(v); detail != "" {
		return detail, 0
	}
	is := func(v []byte) bool {
		p, ok := t.ids.Find(w.f.s.hash(v))
		if ok {
			meant = p + 1
		}
		return ok
	}
	if _, number := digits(v[:min(len(v), 9)]); number && len(v) < 20 {
		padded := slices.Clone(v)
		for len(padded) < 20 {
			if padded = append([]byte{'0'}, padded...); is(padded) {
				return sheetZeros, meant
			}
		}
		for bare := v; len(bare) > 1 && bare[0] == '0'; {
			if bare = bare[1:]; is(bare) {
				return sheetPadded, meant
			}
		}
	}
	if whole, cut := bytes.CutSuffix(v, []byte(".0")); cut && is(whole) {
		return sheetFraction, meant
	}
	if lower := bytes.ToLower(v); is(lower) || is(bytes.ToUpper(v)) {
		return sheetCase, meant
	}
	return "", 0
}

// dateDetail tells dates that aren't written as the standard has them.
func dateDetail(v []byte) string {
	if detail := sheet(v); detail != "" {
		return detail
	}
	n, number := digits(v)
	switch {
	case number && len(v) == 8 && n > 19000000 && n < 21000000:
		return sheetSolid
	case number && len(v) == 5 && n > 20000 && n < 60000:
		return sheetSerial
	case len(v) > 10 && (v[10] == 'T' || v[10] == ' '):
		if _, ok := parseDay(v[:10]); ok {
			return sheetTime
		}
	}
	for _, separator := range []byte("/.-") {
		parts := bytes.Split(v, []byte{separator})
		if len(parts) != 3 || len(v) > 10 {
			continue
		}
		all := true
		for _, p := range parts {
			_, ok := digits(p)
			all = all && ok
		}
		if all {
			return sheetDay
		}
	}
	return ""
}

// instantDetail tells a date-time that is written in another way.
func instantDetail(v []byte) string {
	day, rest, timed := bytes.Cut(v, []byte{' '})
	if timed && len(rest) >= 4 && bytes.IndexByte(rest, ':') > 0 && dateDetail(day) == sheetDay {
		return sheetInstant
	}
	return ""
}

// gradeDetail tells a code of a grade that lost its zero.
func gradeDetail(c *table.Column, v []byte) string {
	if len(v) == 1 && slices.Contains(c.Suggested, "0"+string(v)) {
		return sheetGrade
	}
	return sheet(v)
}
