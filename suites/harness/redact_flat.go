package harness

import (
	"html"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// flat is a text made comparable: letters and digits alone, in lower case, each with
// the place in the original that it came from. Blanks, quotes and whatever else stands
// between are left out, so that a value is found however it was wrapped or punctuated;
// `+/-_=` are among them, so that both alphabets of base64 are one.
type flat struct {
	text  []byte
	from  []int32 // where the unit that a byte came from begins in the original
	to    []int32 // where it ends
	start []bool  // a word begins here
}

// room makes room for n bytes. Lower case may be longer than upper case, by one byte in three.
func (f *flat) room(n int) {
	if n += n/2 + utf8.UTFMax; cap(f.text) < n {
		f.text, f.from, f.to, f.start = make([]byte, n), make([]int32, n), make([]int32, n), make([]bool, n)
	}
	f.text, f.from, f.to, f.start = f.text[:n], f.from[:n], f.to[:n], f.start[:n]
}

// plain is a text with one more layer of escapes taken off, and where each byte came from.
type plain struct {
	text string
	from []int32 // nil: the text is the original
	to   []int32
}

func (p *plain) at(i int) (from, to int32) {
	if p.from == nil {
		return int32(i), int32(i + 1)
	}
	return p.from[i], p.to[i]
}

// folded tells of each ASCII byte what it becomes; 0: it only separates.
var folded = func() (t [128]byte) {
	for c := '0'; c <= '9'; c++ {
		t[c] = byte(c)
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = byte(c), byte(c)
	}
	return t
}()

// fill makes f the comparable form of p.
func (f *flat) fill(p *plain) {
	f.room(len(p.text))
	k, apart := 0, true
	for i := 0; i < len(p.text); {
		c := p.text[i]
		if c < utf8.RuneSelf {
			l := folded[c]
			if l == 0 {
				apart = true
				i++
				continue
			}
			f.text[k], f.start[k] = l, apart
			f.from[k], f.to[k] = p.at(i)
			apart = false
			k++
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(p.text[i:])
		if !(r == utf8.RuneError || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) {
			apart = true
			i += n
			continue
		}
		from, _ := p.at(i)
		_, to := p.at(i + n - 1)
		var buffer [utf8.UTFMax]byte
		m := 1
		if buffer[0] = c; r != utf8.RuneError {
			m = utf8.EncodeRune(buffer[:], unicode.ToLower(r))
		}
		for _, b := range buffer[:m] {
			f.text[k], f.start[k], f.from[k], f.to[k] = b, apart, from, to
			apart = false
			k++
		}
		i += n
	}
	f.text, f.from, f.to, f.start = f.text[:k], f.from[:k], f.to[:k], f.start[:k]
}

// maxLayers is how often escapes are taken off: JSON in a form in JSON, and one more.
const maxLayers = 4

// escaped lists the bytes by which an escape begins.
const escaped = `%\&`

// peel takes one layer of escapes off: percent-encoding, the escapes of JSON and of
// programming languages, character references of HTML. ok is false where there are none.
func peel(p *plain) (out *plain, ok bool) { return p.peel(escaped) }

// peelOf does so with a text, for escapes that begin with one of the given bytes.
func peelOf(s, begin string) (*plain, bool) { return (&plain{text: s}).peel(begin) }

func (p *plain) peel(begin string) (out *plain, ok bool) {
	if !strings.ContainsAny(p.text, begin) {
		return nil, false
	}
	text := make([]byte, 0, len(p.text))
	out = &plain{from: make([]int32, 0, len(p.text)), to: make([]int32, 0, len(p.text))}
	emit := func(s string, i, n int) {
		from, _ := p.at(i)
		_, to := p.at(i + n - 1)
		for k := range len(s) {
			text, out.from, out.to = append(text, s[k]), append(out.from, from), append(out.to, to)
		}
	}
	for i := 0; i < len(p.text); {
		s, n := "", 0
		switch c := p.text[i]; {
		case strings.IndexByte(begin, c) < 0:
		case c == '%':
			s, n = percent(p.text[i:])
		case c == '\\':
			s, n = backslash(p.text[i:])
		case c == '&':
			s, n = reference(p.text[i:])
		}
		if n > 0 {
			ok = true
			emit(s, i, n)
			i += n
			continue
		}
		from, to := p.at(i)
		text, out.from, out.to = append(text, p.text[i]), append(out.from, from), append(out.to, to)
		i++
	}
	out.text = string(text)
	return out, ok
}

func percent(b string) (string, int) {
	if len(b) < 3 {
		return "", 0
	}
	if v, ok := hexNumber(b[1:3]); ok {
		return string([]byte{byte(v)}), 3
	}
	return "", 0
}

func backslash(b string) (string, int) {
	if len(b) < 2 {
		return "", 0
	}
	switch b[1] {
	case 'u', 'U':
		if len(b) >= 6 {
			if v, ok := hexNumber(b[2:6]); ok {
				if v >= 0xD800 && v < 0xDC00 && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
					if low, ok := hexNumber(b[8:12]); ok && low >= 0xDC00 && low < 0xE000 {
						return string(rune(0x10000 + (v-0xD800)<<10 + low - 0xDC00)), 12
					}
				}
				return string(rune(v)), 6
			}
		}
	case 'x':
		if len(b) >= 4 {
			if v, ok := hexNumber(b[2:4]); ok {
				return string([]byte{byte(v)}), 4
			}
		}
	case 'n', 'r', 't', 'b', 'f', 'v', 'a':
		return " ", 2
	}
	return b[1:2], 2
}

func reference(b string) (string, int) {
	if len(b) < 4 {
		return "", 0
	}
	if b[1] != '#' {
		for i := 1; i < min(len(b), 34); i++ {
			switch c := b[i]; {
			case c == ';':
				if s := html.UnescapeString(b[:i+1]); s[0] != '&' || b[:i+1] == "&amp;" {
					return s, i + 1
				}
				return "", 0
			case !isAlnum(c):
				return "", 0
			}
		}
		return "", 0
	}
	i, base := 2, 10
	if b[2] == 'x' || b[2] == 'X' {
		i, base = 3, 16
	}
	v, first := 0, i
	for ; i < len(b) && i < first+10; i++ {
		d := digitOf(b[i])
		if d < 0 || d >= base {
			break
		}
		v = min(v*base+d, utf8.MaxRune+1)
	}
	if i == first || v > utf8.MaxRune {
		return "", 0
	}
	if i < len(b) && b[i] == ';' {
		i++
	}
	return string(rune(v)), i
}

func hexNumber(b string) (v int, ok bool) {
	for i := range len(b) {
		d := digitOf(b[i])
		if d < 0 || d > 15 {
			return 0, false
		}
		v = v<<4 | d
	}
	return v, true
}

// digitOf gives the value of a digit of any base up to sixteen; -1 for anything else.
func digitOf(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func isAlnum(c byte) bool { return c < utf8.RuneSelf && folded[c] != 0 }

// layers calls look with a text, and again with each layer of escapes taken off, as long as
// look says to go deeper.
func layers(s string, look func(p *plain, f *flat) (deeper bool)) {
	f := flats.Get().(*flat)
	defer flats.Put(f)
	p := &plain{text: s}
	for range maxLayers {
		f.fill(p)
		if !look(p, f) {
			return
		}
		next, ok := peel(p)
		if !ok {
			return
		}
		p = next
	}
}

var flats = sync.Pool{New: func() any { return &flat{} }}

// comparable gives the comparable form of a text, as it stands and with all escapes off.
func comparable(s string) (forms []string) {
	layers(s, func(_ *plain, f *flat) bool {
		forms = append(forms, string(f.text))
		return true
	})
	return forms
}

// asWritten gives the comparable form of a text as it stands, escapes and all.
func asWritten(s string) (form string) {
	layers(s, func(_ *plain, f *flat) bool {
		form = string(f.text)
		return false
	})
	return form
}
