package scan

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// check judges one value that is not blank, and keeps what the rules between
// columns want to know of it (OneRoster 1.2 CSV Binding §4).
func (w *worker) check(column int, c *table.Column, v []byte) {
	switch c.Kind {
	case table.GUID:
		w.identifier(column, v)
	case table.Ref:
		if w.far[column] != nil {
			w.found[column] = w.refer(column, v)
			return
		}
		// Rows that follow each other often refer to the same record.
		if bytes.Equal(v, w.before[column]) {
			return
		}
		w.astray = false
		if w.found[column] = w.refer(column, v); w.found[column] > 0 && !w.astray && !w.f.targets[column].dropped {
			w.before[column] = append(w.before[column][:0], v...)
		} else {
			w.before[column] = w.before[column][:0]
		}
	case table.Refs:
		w.refers(column, v)
	case table.Enum:
		w.value[column] = w.term(column, c, v)
	case table.Enums:
		w.items(column, v, func(item []byte) { w.term(column, c, item) })
	case table.Bool:
		switch string(v) {
		case "true":
			w.value[column] = 1
		case "false":
			w.value[column] = 0
		default:
			w.value[column] = none
			detail := flagDetail(v)
			w.wrong(column, rule.Vocabulary, v, detail != "", detail)
		}
	case table.Date:
		// Most rows of a file have the same days.
		if bytes.Equal(v, w.before[column]) {
			return
		}
		day, ok := parseDay(v)
		w.before[column] = append(w.before[column][:0], v...)
		if !ok {
			w.before[column] = w.before[column][:0]
			detail := dayDetail(v)
			clear := detail != ""
			w.wrong(column, rule.Format, v, clear, cmp.Or(detail, dateDetail(v)))
			day = none
		}
		w.value[column] = day
	case table.Year:
		w.value[column] = none
		if n, ok := digits(v); ok && len(v) == 4 {
			w.value[column] = int32(n)
		} else {
			w.say(column, rule.Format, v, numberDetail(v))
		}
	case table.Status, table.DateTime:
		w.change(column, c, v)
	case table.Int:
		if !isInt(v) {
			w.say(column, rule.Format, v, numberDetail(v))
		}
	case table.Float:
		if !isFloat(v) {
			w.say(column, rule.Format, v, sheet(v))
		}
	case table.Text:
		if maybeSheet(v) {
			w.damaged(column, v)
		}
	case table.Texts:
		w.texts(column, c, v)
	case table.UserIDs, table.Scale:
		if !isPairs(v) {
			w.say(column, rule.Format, v, "")
		}
	}
}

// texts judges a list of texts.
func (w *worker) texts(column int, c *table.Column, v []byte) {
	if maybeSheet(v) && c.Suggested == nil {
		w.damaged(column, v)
	}
	if c.Suggested == nil && bytes.IndexByte(v, ',') < 0 && v[0] > ' ' {
		return // one item, and it isn't blank
	}
	w.items(column, v, func(item []byte) {
		if c.Suggested != nil && !slices.Contains(c.Suggested, string(item)) {
			w.add(w.rule.codes, w.field[column], item, gradeDetail(c, item))
		}
	})
}

// numberDetail tells why a whole number is none.
func numberDetail(v []byte) string {
	if whole, cut := bytes.CutSuffix(v, []byte(".0")); cut && isInt(whole) {
		return sheetNumber
	}
	return sheet(v)
}

// change judges status and dateLastModified, which go with the mode.
func (w *worker) change(column int, c *table.Column, v []byte) {
	if c.Need == table.Change && w.f.mode == bulk {
		w.say(column, rule.Mode, v, "filled in a bulk file")
		return
	}
	if c.Kind == table.Status {
		if !w.status && string(v) != "active" {
			w.say(column, rule.Vocabulary, v, "")
		}
		return
	}
	switch valid, utc := parseInstant(v); {
	case !valid:
		w.say(column, rule.Format, v, cmp.Or(dayDetail(v[:min(len(v), 10)]), instantDetail(v)))
	case !utc:
		w.say(column, rule.UTC, v, "")
	}
}

// guidByte tells which bytes an identifier may hold.
var guidByte = func() (t [256]uint8) {
	for _, c := range []byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_/@") {
		t[c] = 1
	}
	return t
}()

func isGUID(v []byte) bool {
	if len(v) > 255 {
		return false
	}
	for ; len(v) >= 4; v = v[4:] {
		if guidByte[v[0]]&guidByte[v[1]]&guidByte[v[2]]&guidByte[v[3]] == 0 {
			return false
		}
	}
	for _, c := range v {
		if guidByte[c] == 0 {
			return false
		}
	}
	return true
}

func (w *worker) identifier(column int, v []byte) {
	if !isGUID(v) {
		if detail := sheet(v); detail == sheetError || detail == sheetExponent {
			w.spoilt(column, v, detail)
			w.found[column] = 0
			return
		}
		w.say(column, rule.Format, v, sheet(v))
	}
	w.self = w.f.s.hash(v)
	if w.f.targets[column] != nil || w.f.rules[column][rule.References] >= 0 {
		w.found[column] = w.refer(column, v) // demographics: it is the user's
	}
}

// refer follows a reference, and gives the place of what it leads to, one up; 0
// where it leads nowhere that is known.
func (w *worker) refer(column int, v []byte) uint32 {
	t := w.f.targets[column]
	if t == nil {
		return 0
	}
	if t == w.f {
		w.later[column] = append(w.later[column], later{from: w.self, to: w.f.s.hash(v), at: w.at()})
		return 0
	}
	p, ok := w.find(column, t, v)
	if !ok {
		if !w.f.unresolved(column) || w.status {
			return 0
		}
		// What it was before a spreadsheet had it counts as what the row says of others,
		// so that nobody is accused of what follows.
		detail, meant := w.lostWay(t, v)
		w.say(column, rule.References, v, detail)
		w.astray = true
		return meant
	}
	if t.dropped && !w.status && t.marked(p)&markDeleted != 0 {
		w.add(w.rule.deleted, w.field[column], v, "the same delta deletes it in "+t.table.Name+".csv")
	}
	return p + 1
}

func (w *worker) refers(column int, v []byte) {
	w.found[column] = 0
	w.items(column, v, func(item []byte) {
		if trimmed := bytes.TrimSpace(item); len(trimmed) != len(item) {
			w.add(w.rule.blanks, w.field[column], v, "a blank beside a comma")
			item = trimmed
		}
		if p := w.refer(column, item); p > 0 {
			w.found[column] = p
		}
	})
}

// items takes a list apart; visit may be nil.
func (w *worker) items(column int, v []byte, visit func(item []byte)) {
	for rest := v; ; {
		i := bytes.IndexByte(rest, ',')
		item := rest
		if i >= 0 {
			item = rest[:i]
		}
		if len(bytes.TrimSpace(item)) == 0 {
			if w.f.rules[column][rule.Format] >= 0 {
				w.say(column, rule.Format, v, "an empty item")
			}
		} else if visit != nil {
			visit(item)
		}
		if i < 0 {
			return
		}
		rest = rest[i+1:]
	}
}

// term gives the number of a term, one up; 0 for one that extends the
// vocabulary.
func (w *worker) term(column int, c *table.Column, v []byte) int32 {
	// What the row before said, most often.
	if last := w.value[column]; last > 0 && int(last) <= len(c.Terms) && string(v) == c.Terms[last-1] {
		return last
	}
	for i, t := range c.Terms {
		if string(v) == t {
			return int32(i) + 1
		}
	}
	if !c.Extensible || !isExtension(v) {
		detail := ""
		for _, t := range c.Terms {
			if strings.EqualFold(bare(string(v)), t) {
				detail = "the vocabulary has " + t
			}
		}
		clear := detail != ""
		w.wrong(column, rule.Vocabulary, v, clear, cmp.Or(detail, sheet(v)))
	}
	return 0
}

func isExtension(v []byte) bool { return len(v) > 4 && string(v[:4]) == "ext:" }

// digits reads a number of decimal digits.
func digits(v []byte) (n int, ok bool) {
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(v) > 0 && len(v) < 10
}

// parseDay reads YYYY-MM-DD as a number of days that orders dates.
func parseDay(v []byte) (day int32, ok bool) {
	if len(v) != 10 || v[4] != '-' || v[7] != '-' {
		return 0, false
	}
	y, ok1 := digits(v[:4])
	m, ok2 := digits(v[5:7])
	d, ok3 := digits(v[8:10])
	if !ok1 || !ok2 || !ok3 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, false
	}
	return int32(y)*372 + int32(m)*31 + int32(d), true
}

// dayDetail says what is wrong with a date that has the right form and is in no
// calendar; empty for another form.
func dayDetail(v []byte) string {
	if len(v) != 10 || v[4] != '-' || v[7] != '-' {
		return ""
	}
	y, ok1 := digits(v[:4])
	m, ok2 := digits(v[5:7])
	d, ok3 := digits(v[8:])
	switch {
	case !ok1 || !ok2 || !ok3:
		return ""
	case m < 1 || m > 12:
		return "no such month"
	case d < 1 || d > daysIn(y, m):
		return "no such day in that month"
	}
	return ""
}

// Ways to write flags that aren't true and false; other texts tell nothing.
const (
	flagCase   = "in another case"
	flagNumber = "a number for a flag"
	flagWord   = "a word for a flag"
)

func init() {
	remedies[flagCase] = "Write true and false in lower case; .NET, Python and spreadsheets don't by themselves."
	remedies[flagNumber] = "Write true for 1 and false for 0."
	remedies[flagWord] = "Write true and false, in lower case."
}

func flagDetail(v []byte) string {
	switch strings.ToLower(bare(string(v[:min(len(v), 20)]))) {
	case "true", "false":
		return flagCase
	case "0", "1":
		return flagNumber
	case "yes", "no", "y", "n", "t", "f", "on", "off":
		return flagWord
	}
	return ""
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// yearOf gives the year of a day that parseDay read.
func yearOf(day int32) int32 { return (day - 32) / 372 }

// parseInstant reads an ISO 8601 date-time; utc tells whether it ends in Z.
func parseInstant(v []byte) (valid, utc bool) {
	if len(v) < 20 || v[10] != 'T' {
		return false, false
	}
	if _, ok := parseDay(v[:10]); !ok {
		return false, false
	}
	h, ok1 := digits(v[11:13])
	m, ok2 := digits(v[14:16])
	s, ok3 := digits(v[17:19])
	if !ok1 || !ok2 || !ok3 || v[13] != ':' || v[16] != ':' || h > 23 || m > 59 || s > 60 {
		return false, false
	}
	rest := v[19:]
	if rest[0] == '.' {
		i := 1
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		if i == 1 || i > 10 {
			return false, false
		}
		rest = rest[i:]
	}
	if len(rest) == 1 && rest[0] == 'Z' {
		return true, true
	}
	if len(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' {
		zh, ok1 := digits(rest[1:3])
		zm, ok2 := digits(rest[4:6])
		return ok1 && ok2 && zh < 24 && zm < 60, false
	}
	return false, false
}

func isInt(v []byte) bool {
	if len(v) > 1 && (v[0] == '-' || v[0] == '+') {
		v = v[1:]
	}
	_, ok := digits(v)
	return ok
}

// isFloat takes decimal numbers, with a fraction and an exponent.
func isFloat(v []byte) bool {
	i := 0
	run := func() (n int) {
		for i < len(v) && v[i] >= '0' && v[i] <= '9' {
			i, n = i+1, n+1
		}
		return n
	}
	if i < len(v) && (v[i] == '-' || v[i] == '+') {
		i++
	}
	n := run()
	if i < len(v) && v[i] == '.' {
		i++
		n += run()
	}
	if n == 0 {
		return false
	}
	if i < len(v) && (v[i] == 'e' || v[i] == 'E') {
		i++
		if i < len(v) && (v[i] == '-' || v[i] == '+') {
			i++
		}
		if run() == 0 {
			return false
		}
	}
	return i == len(v)
}

// isPairs takes {left:right}, several joined by commas.
func isPairs(v []byte) bool {
	for {
		if len(v) < 5 || v[0] != '{' {
			return false
		}
		end := bytes.IndexByte(v, '}')
		colon := bytes.IndexByte(v, ':')
		if end < 0 || colon < 2 || colon > end-2 {
			return false
		}
		v = v[end+1:]
		if len(v) == 0 {
			return true
		}
		if v[0] != ',' {
			return false
		}
		v = v[1:]
	}
}
