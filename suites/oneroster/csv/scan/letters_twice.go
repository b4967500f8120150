package scan

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Text that was written as UTF-8, read as Windows-1252 or another old encoding, and
// written as UTF-8 again: José becomes JosÃ©. And U+FFFD, which a program wrote where it
// couldn't read a letter at all.

var (
	replaced = []byte("\uFFFD")
	// What C3, with which most letters of Europe begin, is in the encodings of old
	// Macs and of DOS: Jos√©, Jos├®.
	macLead = []byte("√")
	dosLead = []byte("├")
)

const lostLetter = "the letter is lost: a program couldn't read it"

func init() {
	remedies[lostLetter] = "Export the file anew as UTF-8; what stood there is lost in this one."
}

// windows gives the byte that a character stands for in Windows-1252, for those
// bytes that continue a letter of UTF-8; what Windows-1252 leaves open is as in Latin-1.
func windows(r rune) (byte, bool) {
	if r >= 0x80 && r <= 0xBF {
		return byte(r), true
	}
	const high = "€\x00‚ƒ„…†‡ˆ‰Š‹Œ\x00Ž\x00\x00‘’“”•–—˜™š›œ\x00žŸ"
	i := byte(0x80)
	for _, x := range high {
		if x == r {
			return i, true
		}
		i++
	}
	return 0, false
}

// closers stand behind a word in capitals as well, which may end in any of the
// letters that begin what was encoded twice: «AMANHÃ», GÅ™.
const closers = "»«›‹”“’‘„‚…™®©ªº°–—·•¹²³´¨\u00A0"

// maybeTwice tells whether a record holds anything that twice must look at.
func maybeTwice(record []byte) bool {
	for rest := record; ; {
		i := bytes.IndexByte(rest, 0xC3)
		if i < 0 || i+2 >= len(rest) {
			break
		}
		if c := rest[i+1]; c >= 0x82 && c <= 0xB4 {
			switch rest[i+2] {
			case 0xC2, 0xC5, 0xC6, 0xCB, 0xE2:
				return true
			}
		}
		rest = rest[i+2:]
	}
	return bytes.Contains(record, macLead) || bytes.Contains(record, dosLead)
}

// twice finds the first letter of a value that was encoded twice: what it looks like
// now and what it was. It takes nothing for that which could be meant: one letter is
// enough in the encodings of Europe, others have to come in twos.
func twice(v []byte) (now, was string) {
	before := rune(0)
	for i := 0; i < len(v); {
		r, size := utf8.DecodeRune(v[i:])
		if r == '√' || r == '├' {
			if next, n := utf8.DecodeRune(v[i+size:]); next >= 0x80 && next != utf8.RuneError {
				return string(v[i : i+size+n]), ""
			}
		}
		letter, n := once(v[i:])
		if n > 0 {
			after, _ := utf8.DecodeRune(v[i+n:])
			certain := false
			switch {
			case r == 'â':
				certain = letter >= 0x2010 && letter <= 0x2044 || letter == '€' || letter == '™'
			case r == 'Ã' || r == 'Ä' || r == 'Å' || r == 'Â':
				last, _ := utf8.DecodeLastRune(v[i : i+n])
				meant := bytes.ContainsRune([]byte(closers), last) && (r != 'Â' || last == '»' || last == '”' || last == '’' || last == '…')
				certain = letter >= 0xA0 && letter != '×' && letter != '÷' && (!meant || unicode.IsLower(before) || unicode.IsLower(after))
			default:
				second, m := once(v[i+n:])
				certain = m > 0 && unicode.IsLetter(letter) && unicode.IsLetter(second)
			}
			if certain {
				return string(v[i : i+n]), string(letter)
			}
		}
		before = r
		i += size
	}
	return "", ""
}

// once reads a character that was encoded twice: the letter, and how many bytes it
// takes now; 0 for none.
func once(v []byte) (letter rune, n int) {
	var raw [utf8.UTFMax]byte
	want := 1
	for k := 0; k < want; k++ {
		r, size := utf8.DecodeRune(v[n:])
		if k == 0 {
			if r < 0xC2 || r > 0xF4 {
				return 0, 0
			}
			switch raw[0] = byte(r); {
			case r >= 0xF0:
				want = 4
			case r >= 0xE0:
				want = 3
			default:
				want = 2
			}
		} else {
			b, ok := windows(r)
			if !ok {
				return 0, 0
			}
			raw[k] = b
		}
		n += size
	}
	letter, size := utf8.DecodeRune(raw[:want])
	if letter == utf8.RuneError || size != want {
		return 0, 0
	}
	return letter, n
}

// letters looks at the values of a row for letters that are lost or were encoded
// twice; each kind once a row. Two letters tell nobody's name.
func (w *worker) letters(lost, again bool) {
	for i := range w.split.Fields {
		raw := w.split.Raw(i)
		if lost && bytes.Contains(raw, replaced) {
			w.note(w.rule.replaced, i, replaced, false, lostLetter)
			lost = false
		}
		if !again {
			continue
		}
		if now, was := twice(raw); now != "" {
			detail := ""
			if was != "" && unicode.IsPrint([]rune(was)[0]) {
				detail = "it was " + was
			}
			w.note(w.rule.twice, i, []byte(now), false, detail)
			again = false
		}
	}
}
