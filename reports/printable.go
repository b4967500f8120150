package reports

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes a string that came from a target safe to show to a person:
// control characters, bidirectional overrides and invisible format characters
// become a visible code point, such as ⟨U+202E⟩. Tabs and line feeds stay. A
// target could otherwise rewrite a terminal, or turn the order of a line round
// so that a failure reads as a pass.
func Printable(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	for _, c := range strings.ToValidUTF8(s, "\uFFFD") {
		if hidden(c) {
			fmt.Fprintf(&b, "⟨U+%04X⟩", c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// hidden tells characters that change how others are shown, or can't be seen.
// The joiners U+200C and U+200D stay: Persian, Hindi and emoji need them.
func hidden(c rune) bool {
	switch c {
	case '\t', '\n', '\u200C', '\u200D':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return c == 0xFFFE || c == 0xFFFF || unicode.In(c, unicode.Cc, unicode.Cf) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, c) // these are seen: signs before Arabic numbers
}

// OneLine is Printable for places that hold a single line.
func OneLine(s string) string {
	return strings.Join(strings.Fields(Printable(s)), " ")
}

func oneLine(s string) string { return OneLine(s) }

// Cell is Printable for a cell of a CSV file that people open in a spreadsheet: what
// a spreadsheet would run as a formula begins with an apostrophe, which makes it
// text (OWASP, CSV Injection). Numbers stay numbers.
func Cell(s string) string {
	out := Printable(s)
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(out, unicode.IsSpace))
	if !strings.ContainsRune("=+-@＝＋－＠|%", first) && !strings.HasPrefix(out, "\t") {
		return out
	}
	if _, err := strconv.ParseFloat(out, 64); err == nil {
		return out
	}
	return "'" + out
}

// Cells is Cell for a whole row.
func Cells(row ...string) []string {
	out := make([]string, len(row))
	for i, s := range row {
		out[i] = Cell(s)
	}
	return out
}
