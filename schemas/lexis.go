package schemas

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string and gives its value.
func (w *walker) text() (text string, ok bool) {
	w.pos++ // the quote
	start := w.pos
	var high byte
	for w.pos < len(w.doc) {
		switch c := w.doc[w.pos]; {
		case c == '"':
			text = w.doc[start:w.pos]
			w.pos++
			if high >= utf8.RuneSelf && !utf8.ValidString(text) {
				w.illFormed()
			}
			return text, true
		case c == '\\':
			return w.escaped(start)
		case c < ' ':
			return "", w.broken("A control character must be escaped inside a string.")
		default:
			high |= c
			w.pos++
		}
	}
	return "", w.broken("The document ends inside a string.")
}

func (w *walker) illFormed() {
	w.add(Finding{Keyword: KeywordEncoding, Severity: Error, Expected: "UTF-8", Seen: "bytes that are not UTF-8",
		Message: "JSON is exchanged in UTF-8 (RFC 8259 section 8.1). Perhaps the text is in Latin-1 or Windows-1252."})
}

// escaped goes on reading a string at its first escape.
func (w *walker) escaped(start int) (text string, ok bool) {
	out := append(w.scratch[:0], w.doc[start:w.pos]...)
	lone := false
	for w.pos < len(w.doc) {
		c := w.doc[w.pos]
		switch {
		case c == '"':
			w.pos++
			w.scratch = out
			if !utf8.Valid(out) {
				w.illFormed()
			}
			if lone {
				w.add(Finding{Keyword: KeywordEncoding, Severity: Error, Expected: "surrogates in pairs", Seen: "a lone surrogate",
					Message: `A \u escape gives half of a character (RFC 8259 section 8.2). Perhaps the text was cut in the middle of one.`})
			}
			return string(out), true
		case c < ' ':
			return "", w.broken("A control character must be escaped inside a string.")
		case c != '\\':
			out = append(out, c)
			w.pos++
			continue
		}
		if w.pos+1 >= len(w.doc) {
			w.pos = len(w.doc)
			break
		}
		if w.doc[w.pos+1] == 'u' {
			r, ok := w.hex(w.pos)
			if !ok {
				return "", w.broken("Four hexadecimal digits should follow.")
			}
			w.pos += 6
			if utf16.IsSurrogate(r) {
				low, _ := w.hex(w.pos)
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					r = pair
					w.pos += 6
				} else {
					lone = true
					r = utf8.RuneError
				}
			}
			out = utf8.AppendRune(out, r)
			continue
		}
		i := strings.IndexByte(`"\/bfnrt`, w.doc[w.pos+1])
		if i < 0 {
			return "", w.broken("JSON has no such escape.")
		}
		out = append(out, "\"\\/\b\f\n\r\t"[i])
		w.pos += 2
	}
	return "", w.broken("The document ends inside a string.")
}

// hex reads the \uXXXX at a position.
func (w *walker) hex(at int) (rune, bool) {
	if at+6 > len(w.doc) || w.doc[at] != '\\' || w.doc[at+1] != 'u' {
		return 0, false
	}
	var r rune
	for i := at + 2; i < at+6; i++ {
		switch c := w.doc[i]; {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// maxNumber bounds the length of a number in bytes. A double needs 17 digits and
// writes none longer than 324 without an exponent.
const maxNumber = 400

func (w *walker) number(n *node) bool {
	start := w.pos
	if w.doc[w.pos] == '-' {
		w.pos++
	}
	whole := w.digits()
	if whole == 0 || whole > 1 && w.doc[w.pos-whole] == '0' {
		return w.broken("A number needs digits, and no leading zero.")
	}
	plain := true
	if w.pos < len(w.doc) && w.doc[w.pos] == '.' {
		plain = false
		w.pos++
		if w.digits() == 0 {
			return w.broken("A number needs digits after its point.")
		}
	}
	if w.pos < len(w.doc) && w.doc[w.pos]|0x20 == 'e' {
		plain = false
		w.pos++
		if w.pos < len(w.doc) && (w.doc[w.pos] == '+' || w.doc[w.pos] == '-') {
			w.pos++
		}
		if w.digits() == 0 {
			return w.broken("A number needs digits in its exponent.")
		}
	}
	text := w.doc[start:w.pos]
	if !plain || len(text) > 15 { // shorter ones are exact in a double
		if !isDouble(text) {
			w.extreme = true
			w.add(Finding{Keyword: KeywordNumber, Severity: Warning, Expected: "a number within the range of a double", Seen: "a number beyond it",
				Message: "Readers will differ in what they make of this number (RFC 8259 section 6)."})
		}
		if n != nil && (n.kinds&kindNumber == 0 || n.minimum != nil || n.above != nil) {
			w.offend() // perhaps; exact arithmetic will tell
		}
		return true
	}
	if n != nil && (n.minimum != nil || n.above != nil) {
		value, err := strconv.ParseFloat(text, 64)
		if err != nil || n.minimum != nil && value < *n.minimum || n.above != nil && value <= *n.above {
			w.offend()
		}
	}
	return true
}

func (w *walker) digits() (count int) {
	for w.pos < len(w.doc) && '0' <= w.doc[w.pos] && w.doc[w.pos] <= '9' {
		w.pos++
		count++
	}
	return count
}

// isDouble says whether a number is safe to compute with: gojsonschema takes
// numbers as exact fractions, so that a long exponent would cost it gigabytes.
func isDouble(number string) bool {
	if len(number) > maxNumber {
		return false
	}
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		exponent, err := strconv.Atoi(number[i+1:])
		if err != nil || exponent < -400 || exponent > 400 {
			return false
		}
	}
	_, err := strconv.ParseFloat(number, 64)
	return err == nil
}
